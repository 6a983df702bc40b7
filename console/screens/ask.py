"""Small dialogs that ask for a word or let one be picked. Escape gives None."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from console.actions import Options
from console.i18n import _

BOX = """
    align: center middle; background: $background 60%;
    & > Vertical {
        width: 62; max-width: 90%; height: auto; max-height: 80%; border: round $accent;
        border-title-color: $text-accent; padding: 1 2; background: $surface;
    }
    & Input, & OptionList { margin-top: 1; }
"""


class Ask(ModalScreen[str | None]):
    """One line of text."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave")]
    DEFAULT_CSS = f"Ask {{{BOX}}}"

    def __init__(self, help_text: str, label: str, start: str = "") -> None:
        super().__init__()
        self.help_text = help_text
        self.label = label
        self.start = start

    def compose(self) -> ComposeResult:
        """What is asked, and where to type it."""
        with Vertical() as box:
            box.border_title = self.label
            box.border_subtitle = _("Enter: go on, Esc: leave")
            yield Label(self.help_text)
            yield Input(self.start, placeholder=self.label, select_on_focus=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give what was typed."""
        self.dismiss(event.value)

    def action_leave(self) -> None:
        """Give nothing."""
        self.dismiss(None)


class Pick(ModalScreen[str | None]):
    """One of several; of many, typing leaves those that hold all the words typed."""

    FEW = 9
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave"),
        Binding("j,down", "move(1)"),
        Binding("k,up", "move(-1)"),
    ]
    DEFAULT_CSS = f"Pick {{{BOX}}}\nPick OptionList {{ max-height: 14; }}"

    def __init__(self, label: str, options: Options) -> None:
        super().__init__()
        self.label = label
        self.options = options
        self.left = options
        """Those the typed words leave."""

    def compose(self) -> ComposeResult:
        """The options, and where to type when they are many."""
        with Vertical() as box:
            box.border_title = self.label
            box.border_subtitle = _("Enter: go on, Esc: leave")
            if len(self.options) > self.FEW:
                yield Input(placeholder=_("type to search"))
            yield OptionList(*(Option(text) for _value, text in self.options))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Leave what matches, the first of it chosen."""
        words = event.value.casefold().split()
        self.left = tuple(one for one in self.options if all(word in one[1].casefold() for word in words))
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([Option(text) for _value, text in self.left])
        listed.highlighted = 0 if self.left else None

    def on_input_submitted(self) -> None:
        """Give what is chosen; while nothing matches, stay."""
        chosen = self.query_one(OptionList).highlighted
        if self.left:
            self.dismiss(self.left[chosen or 0][0])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give what was picked."""
        self.dismiss(self.left[event.option_index][0])

    def action_move(self, by: int) -> None:
        """Move with the keys of the grids."""
        chosen = self.query_one(OptionList)
        if by > 0:
            chosen.action_cursor_down()
        else:
            chosen.action_cursor_up()

    def action_leave(self) -> None:
        """Give nothing."""
        self.dismiss(None)
