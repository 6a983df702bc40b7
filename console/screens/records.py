"""Records: lists read from the store on demand, of one station or of all, and what can be done with their lines."""

from __future__ import annotations

import csv
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import ContentSwitcher, Static

from console.actions import Room, Selection
from console.errors import ActionDisabled
from console.hands import Hands
from console.i18n import N_, _
from console.records.values import HEADS, TITLES, WHOLE_CITY, Record, Sheet
from console.screens.room import RoomScreen
from console.view import View
from console.widgets.columns import Cell, Column
from console.widgets.grid import Grid
from fleet.errors import FleetError

SHEETS: tuple[Sheet, ...] = tuple(HEADS)
AGAIN_SECONDS = 3.0
"""How often a list that is looked at is read again."""


def columns_of(sheet: Sheet) -> list[Column[Record]]:
    """The columns of a list; the widest grows, the last are dropped first where it is narrow."""
    heads = HEADS[sheet]
    widest = max(range(len(heads)), key=lambda number: heads[number][1])
    return [
        Column(
            title,
            width,
            lambda record, number=number: Cell(record.cells[number], record.level),  # type: ignore[misc]
            lambda record, number=number: record.cells[number],  # type: ignore[misc]
            drop=max(0, number - 2) if number != widest else 0,
            grow=number == widest,
        )
        for number, (title, width) in enumerate(heads)
    ]


class Detail(ModalScreen[None]):
    """A line in full; a message with request and reply side by side."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss")]
    DEFAULT_CSS = """
    Detail { align: center middle; background: $background 60%; }
    Detail > Horizontal { width: 96%; height: 90%; border: round $accent; border-title-color: $text-accent;
        background: $surface; padding: 0 1; }
    Detail VerticalScroll { width: 1fr; border-title-color: $text-muted; border: round $panel-lighten-2; }
    Detail Static { height: auto; }
    """

    def __init__(self, title: str, record: Record) -> None:
        super().__init__()
        self.head = title
        self.record = record

    def compose(self) -> ComposeResult:
        """One column of facts, or two of a pair."""
        facts = dict(self.record.facts)
        with Horizontal() as box:
            box.border_title = self.head
            box.border_subtitle = _("Esc closes")
            if "raw" in facts:
                for title, name, raw in ((_("Request"), "request", "raw"), (_("Reply"), "reply", "raw reply")):
                    with VerticalScroll() as part:
                        part.border_title = title
                        yield Static(f"{facts[name]}\n\n{facts[raw]}", markup=False)
            else:
                with VerticalScroll():
                    text = "\n".join(f"{name}: {value}" for name, value in facts.items() if value not in (None, ""))
                    yield Static(" · ".join(self.record.cells) + "\n\n" + text, markup=False)


class RecordsScreen(RoomScreen):
    """One list at a time; capitals go from list to list."""

    ROOM: ClassVar[Room] = "records"

    def __init__(self) -> None:
        super().__init__()
        self.sheet: Sheet = "transactions"
        self.station_id = ""
        """Whose lines are listed; empty: everybody's."""

    def compose_room(self) -> ComposeResult:
        """A grid a list."""
        with ContentSwitcher(initial=self.sheet):
            for sheet in SHEETS:
                yield Grid[Record](
                    columns_of(sheet),
                    lambda record: record.key,
                    find=lambda record: " ".join(record.cells),
                    follow=True,
                    hint=N_("nothing to list"),
                    id=sheet,
                )

    def on_mount(self) -> None:
        """Read, and again while somebody looks."""
        super().on_mount()
        self.set_interval(AGAIN_SECONDS, self._read_if_seen)
        self.open(self.sheet, self.station_id)

    def open(self, sheet: Sheet, station_id: str) -> None:
        """Show a list of a station, or of all with an empty id."""
        self.sheet, self.station_id = sheet, station_id
        if not self.is_mounted or not self.query(ContentSwitcher):
            return
        self.query_one(ContentSwitcher).current = sheet
        self.grid.focus()
        self.do_list_again()
        self.show(self.app.view)

    @property
    def grid(self) -> Grid[Record]:
        """The grid that is shown."""
        return self.query_one(f"#{self.sheet}", Grid)

    def draw(self, view: View, before: View | None) -> None:  # noqa: ARG002 - the room's signature
        """The title: which list, whose lines."""
        whose = self.station_id if self.station_id and self.sheet not in WHOLE_CITY else _("all stations")
        self.grid.border_title = f"{_(TITLES[self.sheet])} · {whose}"

    def selection(self) -> Selection:
        """The line under the cursor."""
        row = self.grid.row if self.is_mounted and self.query(ContentSwitcher) else None
        if row is None:
            return Selection(sheet=self.sheet)
        return Selection(
            station_id=row.station_id,
            evse=row.evse,
            sheet=self.sheet,
            record=row.key,
            state=row.state,
            value=row.value,
            name=row.name,
        )

    def _read_if_seen(self) -> None:
        if self.is_current:
            self.do_list_again()

    def do_list_again(self) -> None:
        """Read the list from the store."""
        self.read(self.sheet, "" if self.sheet in WHOLE_CITY else self.station_id)

    @work(thread=True, exclusive=True, group="read")
    def read(self, sheet: Sheet, station_id: str) -> None:
        """Read a list, off the screen's thread."""
        hands = self.app.hands
        if hands is None:
            return
        try:
            records = hands.read_records(sheet, station_id or None)
        except FleetError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error")
            return
        self.call_later(self._fill, sheet, station_id, records)

    def _fill(self, sheet: Sheet, station_id: str, records: tuple[Record, ...]) -> None:
        if sheet == self.sheet and station_id in (self.station_id, ""):
            self.grid.fill({record.key: record for record in records})
            self.show_keys()

    def do_list(self, sheet: Sheet) -> None:
        """Go to another list, of the same station."""
        row = self.grid.row
        self.open(sheet, self.station_id or (row.station_id if row and sheet in ("messages", "variables") else ""))

    def do_list_all(self) -> None:
        """Those of all stations."""
        self.open(self.sheet, "")

    def do_card_used(self) -> None:
        """The charges of the selected card, of all stations."""
        row = self.grid.row
        if row is not None:
            self.open("transactions", "")
            self.grid.find_text(row.key)

    def do_list_write(self) -> None:
        """Write the list into a CSV file."""
        sheet, records = self.sheet, self.grid.listed()
        heads = [title for title, _width in HEADS[sheet]]

        def write(hands: Hands) -> None:
            del hands
            path = self.app.settings.data_dir / "lists" / f"{sheet}.csv"
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("w", newline="", encoding="utf-8") as file:
                    csv.writer(file).writerows([heads, *(record.cells for record in records)])
            except OSError as error:
                raise ActionDisabled(f"{path}: {error.strerror or error}") from error
            self.app.call_from_thread(self.notify, str(path), title=_("CSV"))

        self.app.carry_out(write)

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Show the line in full."""
        row: Record | None = message.grid.row
        if row is None:
            return
        self.app.push_screen(Detail(f"{_(TITLES[self.sheet])} {row.cells[0]}", row))
