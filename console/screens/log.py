"""Log: what happened, what was ordered, what needs looking at."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from console.actions import Room, Selection
from console.i18n import N_, _
from console.screens.room import RoomScreen
from console.screens.tables import ALARM_COLUMNS, ORDER_COLUMNS, LogLine, OrderLine, event_columns, order_lines
from console.view import AlarmView, View
from console.widgets.grid import Grid
from console.wording import tell

Sheet = Literal["events", "orders", "alarms"]
SHEETS: tuple[Sheet, ...] = ("events", "orders", "alarms")


class LogScreen(RoomScreen):
    """One list at a time, newest first."""

    ROOM: ClassVar[Room] = "log"

    def __init__(self) -> None:
        super().__init__()
        self.sheet: Sheet = "events"

    def compose_room(self) -> ComposeResult:
        """The three lists."""
        with ContentSwitcher(initial="events"):
            yield Grid[LogLine](
                event_columns(),
                lambda line: str(line.number),
                find=lambda line: f"{line.event.subject} {line.event.kind} {tell(line.event)} {line.event.who}",
                descending=True,
                follow=True,
                hint=N_("nothing has happened yet"),
                id="events",
            )
            yield Grid[OrderLine](
                ORDER_COLUMNS,
                lambda line: str(line.order.order_id),
                find=lambda line: f"{line.order.target} {line.order.kind} {line.order.state} {line.order.who}",
                descending=True,
                follow=True,
                hint=N_("nothing was ordered yet"),
                id="orders",
            )
            yield Grid[AlarmView](
                ALARM_COLUMNS,
                lambda alarm: str(alarm.alarm_id),
                find=lambda alarm: f"{alarm.subject} {alarm.kind} {alarm.text}",
                hint=N_("no alarm stands"),
                id="alarms",
            )

    def draw(self, view: View, before: View | None) -> None:
        """The lists that changed."""
        events, orders, alarms = (self.query_one(f"#{sheet}", Grid) for sheet in SHEETS)
        titles = (_("Events"), _("Orders"), _("Alarms"))
        for sheet, grid in zip(SHEETS, (events, orders, alarms), strict=True):
            names = (f"[b]{t}[/b]" if s == sheet else t for s, t in zip(SHEETS, titles, strict=True))
            grid.border_title = " · ".join(names)
        if before is None or before.events is not view.events:
            lines = (LogLine(e.event_id, e, f"{view.local(e.at):%d/%m %H:%M}") for e in view.events)
            events.fill({str(line.number): line for line in lines})
        if before is None or before.orders is not view.orders or any(one.waits for one in view.orders.values()):
            orders.fill(order_lines(view))
        alarms.fill({str(number): alarm for number, alarm in view.alarms.items()})

    def selection(self) -> Selection:
        """The alarm under the cursor, when alarms are shown."""
        row = self.query_one("#alarms", Grid).row if self.sheet == "alarms" else None
        return Selection(alarm_id=row.alarm_id if row else 0)

    def do_panel_next(self) -> None:
        """The next list."""
        self.sheet = SHEETS[(SHEETS.index(self.sheet) + 1) % len(SHEETS)]
        self.query_one(ContentSwitcher).current = self.sheet
        self.query_one(f"#{self.sheet}").focus()
        self.show_keys()

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Go to what the line is about."""
        row = message.grid.row
        if isinstance(row, LogLine):
            self.app.go_to(row.event.subject)
        elif isinstance(row, OrderLine):
            self.app.go_to(row.order.target)
        elif isinstance(row, AlarmView):
            self.app.go_to(row.subject)
