"""The small picker of the board: which stations are shown, by state, site, vendor, fault and group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from console.i18n import N_, _
from console.screens.ask import BOX
from console.screens.places import state_words
from console.view.sieve import Facet, Facets, Sieve
from console.widgets.columns import fit

FACET_WORDS: dict[Facet, str] = {
    "state": N_("State"),
    "site": N_("Site"),
    "vendor": N_("Vendor"),
    "fault": N_("Fault"),
    "group": N_("Group"),
}
WIDTH = 42
"""Cells of a line in the picker, its count apart."""


def value_words(facet: Facet, value: str) -> str:
    """A value of a facet as a person reads it."""
    if facet == "state":
        return state_words(value)
    return value or _("none")


def tell_sieve(sieve: Sieve) -> str:
    """What is picked, for a title."""
    return " · ".join(
        f"{_(FACET_WORDS[facet])}: {', '.join(sorted(value_words(facet, value) for value in wanted))}"
        for facet, wanted in sieve.wanted.items()
    )


class Sift(ModalScreen[None]):
    """Values with their counts; Enter or space picks one or takes it back, at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,p,q", "dismiss"),
        Binding("j", "move(1)"),
        Binding("k", "move(-1)"),
        Binding("space", "pick"),
        Binding("0", "clear"),
    ]
    DEFAULT_CSS = f"Sift {{{BOX} & OptionList {{ scrollbar-size-vertical: 1; }} }}"

    def __init__(self, sieve: Sieve, places: Sequence[Facets], tell: Callable[[Sieve], None]) -> None:
        super().__init__()
        self.sieve = sieve
        self.places = places
        self.tell = tell
        self.values: list[tuple[Facet, str]] = []
        """The value on each line that has one, in order."""

    def compose(self) -> ComposeResult:
        """The lines."""
        with Vertical() as box:
            box.border_title = _("Show only")
            box.border_subtitle = _("Enter: pick, 0: all, Esc: done")
            yield OptionList()

    def on_mount(self) -> None:
        """Fill it."""
        self._fill()
        self.query_one(OptionList).action_first()

    def _fill(self) -> None:
        chosen = self.query_one(OptionList)
        held = chosen.highlighted
        chosen.clear_options()
        self.values = []
        for facet, counts in self.sieve.count(self.places).items():
            chosen.add_option(Option(Text(_(FACET_WORDS[facet]), "bold"), disabled=True))
            for value, number in counts.items():
                mark = "■" if value in self.sieve.wanted.get(facet, ()) else "□"
                words = fit(f" {mark} {value_words(facet, value)}", WIDTH)
                chosen.add_option(Option(f"{words}{number:>5}", id=str(len(self.values))))
                self.values.append((facet, value))
        chosen.highlighted = held

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Pick a value or take it back."""
        facet, value = self.values[int(event.option_id or 0)]
        self._show(self.sieve.toggled(facet, value))

    def _show(self, sieve: Sieve) -> None:
        self.sieve = sieve
        self._fill()
        self.tell(sieve)

    def action_pick(self) -> None:
        """The same by the space bar."""
        self.query_one(OptionList).action_select()

    def action_clear(self) -> None:
        """Show everything."""
        self._show(Sieve())

    def action_move(self, by: int) -> None:
        """Move with the keys of the grids."""
        chosen = self.query_one(OptionList)
        if by > 0:
            chosen.action_cursor_down()
        else:
            chosen.action_cursor_up()
