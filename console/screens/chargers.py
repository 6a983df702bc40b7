"""Chargers: every EVSE live, and orders to stations with each step of their answer."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.actions import Action, Room, Selection
from console.actions.records import TOGETHER
from console.i18n import N_, _
from console.records.values import WHOLE_CITY, Sheet
from console.screens.records import RecordsScreen
from console.screens.room import RoomScreen
from console.screens.tables import ORDER_COLUMNS, OrderLine, order_lines
from console.view import EvseView, StationView, View
from console.widgets.columns import Cell, Column, Level
from console.widgets.grid import Grid
from console.widgets.panel import Gauge, Line, Pair, Panel, Say
from console.wording import NOTHING, STATE_SIGNS, STATE_WORDS, STATUS_WORDS, ago, clock, figure, percent

LONGEST = 120
"""Letters of an argument or answer that are shown."""
IDLE_KW = 0.1
"""Below this nothing is charged, only kept awake."""


class PlaceLine(NamedTuple):
    """An EVSE with its station; a station without EVSEs (parked) has `evse` None."""

    station: StationView
    evse: EvseView | None

    @property
    def key(self) -> str:
        """Its name: station/number."""
        return f"{self.station.station_id}/{self.evse.number}" if self.evse else self.station.station_id


def doing(evse: EvseView) -> str:
    """What an EVSE is doing in the finer words of 1.6; 2.0.1 only says that it is occupied."""
    if evse.status != "Occupied":
        return evse.status
    if evse.transaction is None:
        return "Preparing"
    return "Charging" if (evse.power_kw or 0.0) > IDLE_KW else "SuspendedEVSE"


def _status(line: PlaceLine) -> Cell:
    if line.station.admission != "accepted":
        return Cell(f"? {_(STATE_WORDS.get(line.station.admission, line.station.admission))}", "warn")
    if not line.station.online:
        return Cell("⊘ " + _("offline"), "dim")
    if line.evse is None:
        return Cell(NOTHING, "dim")
    status = doing(line.evse)
    levels: dict[str, Level] = {"Faulted": "bad", "Charging": "good", "Unavailable": "dim", "Available": "plain"}
    return Cell(f"{STATE_SIGNS.get(status, '?')} {_(STATUS_WORDS.get(status, status))}", levels.get(status, "note"))


def _power(line: PlaceLine) -> Cell:
    evse = line.evse
    if evse is None or evse.power_kw is None:
        return Cell(NOTHING, "dim", 0.0)
    most = evse.max_kw or line.station.max_kw or 1.0
    return Cell(f"{evse.power_kw:.1f}", "good", evse.power_kw / most)


def _truck(line: PlaceLine) -> str:
    charge = line.evse.transaction if line.evse else None
    return (charge.truck_id or charge.token) if charge else ""


PLACE_COLUMNS: list[Column[PlaceLine]] = [
    Column("EVSE", 14, lambda p: Cell(p.key), lambda p: p.key, grow=True),
    Column(N_("State"), 16, _status, lambda p: _status(p).text),
    Column("kW", 14, _power, lambda p: p.evse.power_kw if p.evse else None, kind="bar"),
    Column(
        N_("Battery"), 7, lambda p: Cell(percent(p.evse.soc if p.evse else None)),
        lambda p: p.evse.soc if p.evse else None, kind="number", drop=1,
    ),
    Column(N_("Truck"), 10, lambda p: Cell(_truck(p) or NOTHING, "note"), lambda p: _truck(p) or None),
    Column(
        N_("Limit"), 8,
        lambda p: Cell(f"{p.station.limit_kw:g} kW" if p.station.limit_kw is not None else NOTHING, "warn"),
        lambda p: p.station.limit_kw, kind="number", drop=2,
    ),
    Column("OCPP", 6, lambda p: Cell(p.station.protocol.removeprefix("ocpp"), "dim"),
           lambda p: p.station.protocol, drop=4),
    Column(
        N_("Profile"), 22, lambda p: Cell(p.evse.profile if p.evse else "", "dim"),
        lambda p: p.evse.profile if p.evse else None, drop=5,
    ),
]  # fmt: skip


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


class ChargersScreen(RoomScreen):
    """Board left, the selected EVSE right, orders below."""

    ROOM: ClassVar[Room] = "chargers"

    def compose_room(self) -> ComposeResult:
        """Board, facts, orders."""
        with Horizontal():
            with Vertical():
                yield Grid[PlaceLine](
                    PLACE_COLUMNS,
                    lambda p: p.key,
                    find=lambda p: f"{p.key} {_status(p).text} {_truck(p)} {p.station.name}",
                    hint=N_("no stations yet\nbinwatt import stations FILE; they connect to ws://HOST:9000/ocpp/ID"),
                    id="evses",
                )
                yield Grid[OrderLine](
                    ORDER_COLUMNS,
                    lambda line: str(line.order.order_id),
                    sort=0,
                    descending=True,
                    follow=True,
                    hint=N_("no orders yet; each shows here how far it is"),
                    id="orders",
                )
            with Vertical(classes="side"):
                yield Panel(N_("Station"), id="facts")
                yield Panel(N_("Answer"), id="answer")

    def draw(self, view: View, before: View | None) -> None:
        """Rows that changed, the selected EVSE, orders as they go."""
        grid = self.query_one("#evses", Grid)
        self._tell_marks(grid)
        lines = [PlaceLine(station, evse) for station in view.stations.values() for evse in (station.evses or (None,))]
        grid.fill({line.key: line for line in lines})
        orders = self.query_one("#orders", Grid)
        orders.border_title = _("Orders")
        if before is None or before.orders is not view.orders:
            orders.fill(order_lines(view, frozenset(view.stations), routine=False))
        self._draw_facts(view)
        self._draw_answer()

    def _draw_facts(self, view: View) -> None:
        panel = self.query_one("#facts", Panel)
        row: PlaceLine | None = self.query_one("#evses", Grid).row
        if row is None:
            panel.say([Say(_("no station is selected"), "dim")])
            return
        station, evse = row.station, row.evse
        lines: list[Line] = [
            Say(station.name, head=row.key),
            Pair(_("made by"), f"{station.vendor} {station.model}".strip() or NOTHING),
            Pair(_("firmware"), station.firmware or NOTHING),
            Pair("OCPP", station.protocol.removeprefix("ocpp") or NOTHING),
        ]
        if station.admission == "parked":
            lines.append(Say(_("It is unknown here. y admits it, n refuses it."), "warn"))
        if evse is not None:
            lines += self._evse_lines(view, row, evse)
        panel.say(lines)

    def _evse_lines(self, view: View, row: PlaceLine, evse: EvseView) -> list[Line]:
        state = _status(row)
        lines: list[Line] = [
            Pair(_("state"), state.text, state.level),
            Pair(_("power"), f"{figure(evse.power_kw, 'kW', 1)} / {evse.max_kw:g} kW"),
            Pair(_("offered"), figure(evse.offered_kw, "kW", 1)),
        ]
        if evse.error_code and evse.error_code != "NoError":
            lines.append(Say(f"✖ {evse.error_code} {evse.info}", "bad"))
        if row.station.limit_kw is not None:
            lines.append(Pair(_("limited to"), f"{row.station.limit_kw:g} kW", "warn"))
        if evse.profile:
            lines.append(Pair(_("profile"), evse.profile))
        charge = evse.transaction
        if charge is not None:
            start = charge.start_wh
            taken = None if start is None or evse.energy_wh is None else (evse.energy_wh - start) / 1000
            lines += [
                Pair(_("charge"), f"#{charge.transaction_id} {charge.truck_id or charge.token}", "note"),
                Pair(_("since"), f"{clock(view, charge.started_at)} ({ago(view, charge.started_at)})"),
                Pair(_("taken"), figure(taken, "kWh", 1)),
                Gauge(_("battery"), evse.soc or 0.0, percent(evse.soc), "good"),
            ]
            need = view.needs.get(charge.truck_id)
            if need is not None:
                lines.append(Pair(_("ready by"), clock(view, need.ready_by)))
        return lines

    def _draw_answer(self) -> None:
        """What the selected order asked and was answered, in full."""
        panel = self.query_one("#answer", Panel)
        row: OrderLine | None = self.query_one("#orders", Grid).row
        if row is None:
            panel.display = False
            return
        panel.display = True
        order = row.order
        lines: list[Line] = [Say(f"{order.who} {order.why}".rstrip(), head=f"#{order.order_id}")]
        lines += [Say(f"{name}: {_short(value)}", "dim") for name, value in order.args.items()]
        for name, value in (order.answer or {}).items():
            if isinstance(value, dict):
                lines += [Say(f"{key} = {_short(item)}") for key, item in list(value.items())[:40]]
            else:
                lines.append(Say(f"{name}: {_short(value)}"))
        panel.say(lines)

    def selection(self) -> Selection:
        """The EVSE under the cursor."""
        row: PlaceLine | None = self.query_one("#evses", Grid).row
        order: OrderLine | None = self.query_one("#orders", Grid).row
        return replace(self._at(row), order_id=order.order.order_id if order else 0, marked=self._stations_marked())

    def _at(self, row: PlaceLine | None) -> Selection:
        if row is None:
            return Selection()
        return Selection(station_id=row.station.station_id, evse=row.evse.number if row.evse else 0)

    def _stations_marked(self) -> tuple[str, ...]:
        marked = self.query_one("#evses", Grid).marked
        return tuple(sorted({key.partition("/")[0] for key in marked}))

    def targets(self, action: Action) -> list[Selection]:
        """The EVSE under the cursor, or every marked one; firmware and logs take all marked stations as one."""
        grid = self.query_one("#evses", Grid)
        rows = [row for row in grid.listed() if row.key in grid.marked]
        if not rows or action.id in TOGETHER or action.id == "order.again":
            return [self.selection()]
        return [self._at(row) for row in rows]

    def do_mark(self) -> None:
        """Mark the row, or take its mark off, and go on to the next."""
        grid = self.query_one("#evses", Grid)
        if grid.row is not None:
            grid.marked ^= {grid.row.key}
            grid.touch([grid.row.key])
            grid.action_move(1)
            self._tell_marks(grid)

    def do_mark_all(self) -> None:
        """Mark every row the filter shows, or none."""
        grid = self.query_one("#evses", Grid)
        grid.marked = frozenset() if grid.marked else frozenset(row.key for row in grid.listed())
        grid.refresh()
        self._tell_marks(grid)

    def _tell_marks(self, grid: Grid[PlaceLine]) -> None:
        marks = _("{n} marked").format(n=len(grid.marked)) if grid.marked else ""
        grid.border_title = " · ".join(filter(None, (_("Charging stations"), marks)))

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Open what the station said."""
        if message.grid.id == "evses":
            self.do_list("messages")

    def do_list(self, sheet: Sheet) -> None:
        """Open a list of the selected station in the records room."""
        station_id = "" if sheet in WHOLE_CITY else self.selection().station_id
        self.app.switch_mode("records")
        self.app.call_after_refresh(self._open, sheet, station_id)

    def _open(self, sheet: Sheet, station_id: str) -> None:
        if isinstance(self.app.screen, RecordsScreen):
            self.app.screen.open(sheet, station_id)

    def select(self, key: str) -> None:
        """Put the cursor on an EVSE, or the first of a station."""
        grid = self.query_one("#evses", Grid)
        if not grid.select(key):
            grid.select(f"{key}/1")
