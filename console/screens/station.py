"""One station on one screen: connectors and power live, what holds it, what it is, said and was ordered."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll

from console.actions import Room, Selection
from console.i18n import N_, _
from console.records.values import Sheet
from console.screens.places import (
    open_list,
    power_cell,
    state_cell,
    state_of,
    tell_charge,
    tell_fault,
    tell_order,
    who_charges,
)
from console.screens.room import RoomScreen
from console.screens.station_panels import tell_identity, tell_limit, tell_problems
from console.screens.tables import ORDER_COLUMNS, OrderLine, order_lines
from console.station.curves import make_curves
from console.station.values import ConnectorFacts, MessageLine, StationFacts
from console.view import EvseView, StationView, View
from console.widgets.chart import PowerChart
from console.widgets.columns import Cell, Column
from console.widgets.grid import Grid
from console.widgets.panel import Panel
from console.wording import NOTHING, figure, percent
from fleet.errors import StoreError

AGAIN_SECONDS = 5.0
"""How often what the View does not hold is read again."""
MOST_CONNECTORS = 6
"""Lines of connectors shown at once; more are scrolled."""


class PlugLine(NamedTuple):
    """A connector and the live state of its EVSE; while the store is read, one for each EVSE."""

    station: StationView
    evse: EvseView
    connector: ConnectorFacts | None
    alone: bool
    """Whether it is its EVSE's only one: then the EVSE's live state is its own."""

    @property
    def key(self) -> str:
        """EVSE and connector."""
        return self.connector.name if self.connector else f"{self.evse.number}.1"

    @property
    def live(self) -> EvseView | None:
        """The EVSE's live figures, where they are this connector's: one of several that is free has none."""
        if self.alone or self.connector is None or self.connector.status in ("Occupied", "Faulted"):
            return self.evse
        return None

    @property
    def state(self) -> str:
        """What it does, in one word."""
        if self.alone or self.connector is None or not self.station.online:
            return state_of(self.station, self.evse)
        return self.connector.status


PLUG_COLUMNS: list[Column[PlugLine]] = [
    Column("EVSE", 5, lambda p: Cell(p.key), lambda p: p.key),
    Column(N_("State"), 18, lambda p: state_cell(p.state), lambda p: p.state, grow=True),
    Column("kW", 14, lambda p: power_cell(p.station, p.live), lambda p: p.live.power_kw if p.live else None,
           kind="bar"),
    Column(N_("Battery"), 8, lambda p: Cell(percent(p.live.soc if p.live else None)),
           lambda p: p.live.soc if p.live else None, kind="number", drop=1),
    Column(N_("Who"), 10, lambda p: Cell(who_charges(p.live) or NOTHING, "note"),
           lambda p: who_charges(p.live) or None, drop=2),
    Column(N_("Profile"), 22, lambda p: Cell(p.live.profile if p.live else "", "dim"),
           lambda p: p.live.profile if p.live else None, drop=3),
]  # fmt: skip


OWN_ORDER_COLUMNS = [column for column in ORDER_COLUMNS if column.title != "Target"]
"""Here all are of one station."""


class SaidLine(NamedTuple):
    """A message with its local time."""

    message: MessageLine
    time: str


MESSAGE_COLUMNS: list[Column[SaidLine]] = [
    Column(N_("Time"), 8, lambda line: Cell(line.time, "dim"), lambda line: line.message.number),
    Column(N_("Message"), 18, lambda line: Cell(f"{'→' if line.message.sent else '←'} {line.message.action}"),
           lambda line: line.message.action, grow=True),
    Column(N_("Answer"), 10,
           lambda line: Cell(line.message.answer or "…",
                             "plain" if line.message.answer == "OK" else "bad" if line.message.answer else "warn"),
           lambda line: line.message.answer, drop=1),
    Column("ms", 5, lambda line: Cell(figure(line.message.milliseconds, ""), "dim"),
           lambda line: line.message.milliseconds, kind="number", drop=2),
]  # fmt: skip


class StationScreen(RoomScreen):
    """Connectors, chart, orders and messages left; facts right. Where it is low, v turns orders into messages."""

    ROOM: ClassVar[Room] = "station"

    def __init__(self) -> None:
        super().__init__()
        self.station_id = ""
        self.facts: StationFacts | None = None
        """What the store said of it last; None until it is read."""
        self.wanted = 0
        """The EVSE the cursor is to stand on."""

    def compose_room(self) -> ComposeResult:
        """Everything."""
        with Horizontal():
            with Vertical():
                yield Grid[PlugLine](PLUG_COLUMNS, lambda p: p.key, hint=N_("it told of no connector yet"), id="plugs")
                yield PowerChart(id="power")
                with Horizontal(id="below"):
                    yield Grid[OrderLine](
                        OWN_ORDER_COLUMNS,
                        lambda line: str(line.order.order_id),
                        sort=0,
                        descending=True,
                        follow=True,
                        hint=N_("no orders yet; each shows here how far it is"),
                        id="orders",
                    )
                    yield Grid[SaidLine](
                        MESSAGE_COLUMNS,
                        lambda line: str(line.message.number),
                        hint=N_("no messages within the hour"),
                        id="said",
                    )
            with VerticalScroll(classes="side"):
                yield Panel(N_("Fault"), id="fault")
                yield Panel(N_("This charge"), id="charge")
                yield Panel(N_("Limit"), id="limit")
                yield Panel(N_("Station"), id="identity")
                yield Panel(N_("Answer"), id="answer")

    def on_mount(self) -> None:
        """Read, and again while somebody looks."""
        super().on_mount()
        self.set_interval(AGAIN_SECONDS, self._read_if_seen)
        self._point()

    def on_screen_resume(self) -> None:
        """Read at once what may have changed meanwhile."""
        super().on_screen_resume()
        self._read_if_seen()

    def open(self, station_id: str, evse: int = 0) -> None:
        """Show a station, the cursor on one of its EVSEs."""
        if station_id != self.station_id:
            self.station_id, self.facts = station_id, None
        self.wanted = evse
        if self.is_mounted and self.query("#plugs"):
            self.show_again()
            self._point()
            self._read_if_seen()

    def _point(self) -> None:
        """Put the cursor on the EVSE one came from."""
        plugs = self.query_one("#plugs", Grid)
        plugs.select(f"{self.wanted}.1")
        plugs.focus()

    def station(self, view: View) -> StationView | None:
        """The station shown: the one opened, else the first there is."""
        if self.station_id not in view.stations:
            self.station_id, self.facts = next(iter(view.stations), ""), None
        return view.stations.get(self.station_id)

    def _read_if_seen(self) -> None:
        if self.is_current and self.station(self.app.view) is not None:
            self.read(self.station_id)

    @work(thread=True, exclusive=True, group="read")
    def read(self, station_id: str) -> None:
        """Read the station, off the screen's thread."""
        hands = self.app.hands
        if hands is None:
            return
        try:
            facts = hands.read_station(station_id)
        except StoreError:  # the feed tells of it, and of its end; what was read before stays
            return
        self.call_later(self._take, station_id, facts)

    def _take(self, station_id: str, facts: StationFacts | None) -> None:
        if station_id == self.station_id and facts != self.facts:
            self.facts = facts
            self.draw(self.app.view, None)

    # drawing

    def draw(self, view: View, before: View | None) -> None:
        """The live parts from the View, the rest as it was read last."""
        station = self.station(view)
        if station is None:
            self.query_one("#plugs", Grid).fill({})
            return
        facts = self.facts or StationFacts(station.station_id)
        self._draw_plugs(station, facts)
        self._draw_chart(view, station, facts)
        self._draw_orders(view, station, changed=before is None or before.orders is not view.orders)
        said = self.query_one("#said", Grid)
        said.border_title = _("Messages")
        if self.facts is not None:
            lines = (SaidLine(line, f"{view.local(line.at):%H:%M:%S}") for line in facts.messages)
            said.fill({str(line.message.number): line for line in lines})
        self._draw_panels(view, station, facts)

    def _draw_plugs(self, station: StationView, facts: StationFacts) -> None:
        grid = self.query_one("#plugs", Grid)
        told: dict[int, list[ConnectorFacts]] = {}
        for connector in facts.connectors:
            told.setdefault(connector.evse, []).append(connector)
        lines = [
            PlugLine(station, evse, connector, alone=len(told.get(evse.number, ())) < 2)
            for evse in station.evses
            for connector in told.get(evse.number, [None])
        ]
        grid.border_title = " · ".join(filter(None, (station.station_id, station.name)))
        grid.styles.height = 3 + max(1, min(MOST_CONNECTORS, len(lines)))
        grid.fill({line.key: line for line in lines})

    def _draw_chart(self, view: View, station: StationView, facts: StationFacts) -> None:
        chart = self.query_one(PowerChart)
        chart.border_title = _("Power")
        chart.border_subtitle = _("now {now}, today {today}").format(
            now=figure(station.power_kw, "kW", 1), today=figure(facts.kwh_today, "kWh", 1)
        )
        chart.show(make_curves(view, station, facts))

    def _draw_orders(self, view: View, station: StationView, *, changed: bool) -> None:
        orders = self.query_one("#orders", Grid)
        waiting = sum(order.waits and order.target == station.station_id for order in view.orders.values())
        orders.border_title = _("Orders") + (" · " + _("{n} wait").format(n=waiting) if waiting else "")
        if changed or waiting:
            orders.fill(order_lines(view, frozenset({station.station_id})))

    def _draw_panels(self, view: View, station: StationView, facts: StationFacts) -> None:
        plug: PlugLine | None = self.query_one("#plugs", Grid).row
        order: OrderLine | None = self.query_one("#orders", Grid).row
        panels = {
            "fault": (tell_fault(station, plug.evse) if plug else []) + tell_problems(view, station, facts),
            "charge": tell_charge(view, plug.evse) if plug else [],
            "limit": tell_limit(view, station, facts),
            "identity": tell_identity(view, station, facts),
            "answer": tell_order(view, order.order) if order else [],
        }
        for name, lines in panels.items():
            panel = self.query_one(f"#{name}", Panel)
            panel.display = bool(lines)
            panel.say(lines)

    # what is selected and done

    def selection(self) -> Selection:
        """The connector and the order under the cursors."""
        plug: PlugLine | None = self.query_one("#plugs", Grid).row
        order: OrderLine | None = self.query_one("#orders", Grid).row
        return Selection(
            station_id=self.station_id,
            evse=plug.evse.number if plug else 0,
            order_id=order.order.order_id if order else 0,
        )

    def do_station_leave(self) -> None:
        """Back to the board: its cursor is where it was."""
        self.app.switch_mode("chargers")

    def do_panel_next(self) -> None:
        """The messages in the place of the orders, where there is room for one; the cursor goes along."""
        self.set_class(not self.has_class("-said"), "-said")
        self.query_one("#said" if self.has_class("-said") else "#orders", Grid).focus()

    def do_list(self, sheet: Sheet) -> None:
        """Open a list of this station in the records room."""
        open_list(self.app, sheet, self.station_id)

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """A message opens the list of messages, where it is shown with its reply."""
        if message.grid.id == "said":
            self.do_list("messages")

    def select(self, key: str) -> None:
        """Show the station of this key, STATION or STATION/EVSE."""
        station_id, _slash, evse = key.partition("/")
        self.open(station_id, int(evse) if evse.isdecimal() else 0)
