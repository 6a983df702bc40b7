"""Two plans side by side: figures, trucks, and the bins that fare otherwise."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.i18n import N_, _
from console.screens.plan_edit import signed
from console.view import PlanView, RouteView, View
from console.view.compare import Comparison, compare
from console.widgets.columns import Cell, Column, Level
from console.widgets.grid import Grid

FIGURES: dict[str, tuple[str, str, int]] = {
    "km": (N_("way"), "km", 1),
    "hours": (N_("time on duty"), "h", 1),
    "kwh": (N_("energy"), "kWh", 0),
    "cost": (N_("cost"), "", 0),
    "tonnes": (N_("collected"), "t", 1),
    "bins": (N_("bins emptied"), "", 0),
    "left": (N_("bins left"), "", 0),
    "missed": (N_("due missed"), "", 0),
    "overflows": (N_("expected overflows"), "", 1),
}
DEARER = frozenset({"km", "hours", "kwh", "cost", "left", "missed", "overflows"})
"""More of these is worse."""


class Row(NamedTuple):
    """A line of the table."""

    number: int
    what: str
    mine: str
    other: str
    change: str
    level: Level


COLUMNS: list[Column[Row]] = [
    Column("", 26, lambda row: Cell(row.what), lambda row: row.number, grow=True),
    Column(N_("this"), 20, lambda row: Cell(row.mine), lambda row: row.mine),
    Column(N_("other"), 20, lambda row: Cell(row.other, "dim"), lambda row: row.other),
    Column(N_("change"), 12, lambda row: Cell(row.change, row.level), lambda row: row.change, drop=1),
]


def rows_of(found: Comparison, view: View) -> dict[str, Row]:
    """The table: figures, then trucks, then bins."""
    rows: list[tuple[str, str, str, str, Level]] = []
    for figure in found.figures:
        name, unit, digits = FIGURES[figure.what]
        change = round(figure.change, digits)
        worse = (change > 0) == (figure.what in DEARER)
        level: Level = "plain" if change == 0 else "warn" if worse else "good"
        shown = f"{{:,.{digits}f}} {unit}"
        mine, other = (shown.format(value).replace(",", "\N{NARROW NO-BREAK SPACE}").rstrip()
                       for value in (figure.mine, figure.other))  # fmt: skip
        rows.append((_(name), mine, other, signed(figure.change, unit, digits), level))
    for pair in found.trucks:
        change_km = (pair.mine.km if pair.mine else 0.0) - (pair.other.km if pair.other else 0.0)
        row = (pair.truck_id, _route(pair.mine, view), _route(pair.other, view), signed(change_km, "km"))
        rows.append((*row, "plain"))
    rows += [(moved.bin_id, moved.mine or _("left"), moved.other or _("left"), "", "note") for moved in found.moved]
    return {str(number): Row(number, *row) for number, row in enumerate(rows)}


def _route(route: RouteView | None, view: View) -> str:
    if route is None:
        return "·"
    return f"{view.local(route.departs_at):%H:%M} {route.bins} · {route.km:.1f} km"


class Compare(ModalScreen[None]):
    """The plan on the table beside another."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,c", "dismiss")]
    DEFAULT_CSS = """
    Compare { align: center middle; background: $background 60%; }
    Compare > Vertical {
        width: 100; max-width: 98%; height: 92%; border: round $accent; border-title-color: $text-accent;
        border-subtitle-color: $text-muted; background: $surface;
    }
    Compare Grid, Compare Grid:focus { border: none; }
    """

    def __init__(self, view: View, mine: PlanView, other: PlanView) -> None:
        super().__init__()
        self.view = view
        self.mine = mine
        self.other = other

    def compose(self) -> ComposeResult:
        """The table."""
        with Vertical() as box:
            box.border_title = _("Plan {mine} beside plan {other}").format(
                mine=self.mine.plan_id, other=self.other.plan_id
            )
            box.border_subtitle = _("Esc closes")
            yield Grid[Row](COLUMNS, lambda row: str(row.number), find=lambda row: row.what, id="compared")

    def on_mount(self) -> None:
        """Fill it."""
        grid = self.query_one(Grid)
        grid.fill(rows_of(compare(self.mine, self.other), self.view))
        grid.focus()
