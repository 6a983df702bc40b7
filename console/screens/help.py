"""The keys of a screen, from the registry."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from console.actions import ALL_ROOMS, Room, Selection, actions_of
from console.actions.values import EVERYWHERE
from console.i18n import N_, _
from console.view import View

GRID_KEYS = (
    ("j k ↑ ↓", N_("move the cursor; g and G go to the ends")),
    ("/", N_("filter as you type, ! turns a word round, Esc clears it")),
    ("s S", N_("sort by the next column, turn the order round; or click a head")),
    ("⏎", N_("open what the cursor stands on")),
    ("Tab", N_("go to the next list or to the map; arrows move a map, the wheel zooms it")),
    ("ctrl+p", N_("the palette: everything by name, themes, a picture of the screen")),
)


class Help(ModalScreen[None]):
    """Key, name and help of everything the screen can do; what cannot be done now says why."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter", "dismiss")]
    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help > VerticalScroll {
        width: 100; max-width: 96%; height: auto; max-height: 92%; border: round $accent;
        border-title-color: $text-accent; padding: 0 1; background: $surface;
    }
    Help Static { height: auto; }
    """

    def __init__(self, room: Room, view: View, at: Selection) -> None:
        super().__init__()
        self.room = room
        self.view = view
        self.at = at

    def compose(self) -> ComposeResult:
        """The table."""
        with VerticalScroll() as box:
            box.border_title = _("Keys of {screen}").format(screen=_(ALL_ROOMS[self.room]))
            box.border_subtitle = _("Esc closes")
            yield Static(self._table())

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        own = [action for action in actions_of(self.room) if action.rooms is not EVERYWHERE]
        shared = [action for action in actions_of(self.room) if action.rooms is EVERYWHERE]
        for action in own:
            reason = action.why_not(self.view, self.at)
            text = Text(_(action.help))
            if reason:
                text.append(f"  ({reason})", "dim italic")
            table.add_row(Text(action.sign, "bold"), _(action.label), text)
        for sign, words in GRID_KEYS:
            table.add_row(Text(sign, "bold"), "", Text(_(words), "dim"))
        for action in shared:
            table.add_row(Text(action.sign, "bold"), _(action.label), _(action.help))
        return table
