"""Chargers: every EVSE live, and orders to stations with each step of their answer."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll

from console.actions import Action, Room, Selection
from console.actions.records import TOGETHER
from console.i18n import N_, _
from console.records.values import Sheet
from console.screens.places import (
    fault_of,
    open_list,
    open_station,
    parts_alarmed,
    power_cell,
    state_cell,
    state_of,
    tell_evse,
    tell_order,
    tell_parts,
    who_charges,
)
from console.screens.room import RoomScreen
from console.screens.sift import Sift, tell_sieve
from console.screens.tables import ORDER_COLUMNS, OrderLine, order_lines
from console.view import EvseView, StationView, View
from console.view.sieve import Facets, Sieve
from console.widgets.columns import Cell, Column
from console.widgets.grid import Grid
from console.widgets.panel import Line, Pair, Panel, Say
from console.wording import NOTHING, percent


class PlaceLine(NamedTuple):
    """An EVSE with its station and the name of its site; a station without EVSEs (parked) has `evse` None."""

    station: StationView
    evse: EvseView | None
    site: str = ""
    parts: tuple[str, ...] = ()
    """Parts of the station for which an alarm stands."""

    @property
    def key(self) -> str:
        """Its name: station/number."""
        return f"{self.station.station_id}/{self.evse.number}" if self.evse else self.station.station_id

    @property
    def state(self) -> str:
        """What it is doing, in one word."""
        return state_of(self.station, self.evse)

    @property
    def facets(self) -> Facets:
        """What it can be picked by."""
        fault = fault_of(self.evse)
        return {
            "state": (self.state,) if self.state else (),
            "site": (self.site,),
            "vendor": (self.station.vendor,),
            "fault": (fault, *self.parts) if fault else self.parts,
            "group": self.station.groups or ("",),
        }


PLACE_COLUMNS: list[Column[PlaceLine]] = [
    Column("EVSE", 14, lambda p: Cell(p.key), lambda p: p.key, grow=True),
    Column(N_("State"), 16, lambda p: state_cell(p.state), lambda p: state_cell(p.state).text),
    Column("kW", 14, lambda p: power_cell(p.station, p.evse), lambda p: p.evse.power_kw if p.evse else None,
           kind="bar"),
    Column(
        N_("Battery"), 8, lambda p: Cell(percent(p.evse.soc if p.evse else None)),
        lambda p: p.evse.soc if p.evse else None, kind="number", drop=1,
    ),
    Column(N_("Truck"), 10, lambda p: Cell(who_charges(p.evse) or NOTHING, "note"),
           lambda p: who_charges(p.evse) or None),
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
    Column(N_("Site"), 12, lambda p: Cell(p.site or NOTHING, "dim"), lambda p: p.site or None, drop=6),
]  # fmt: skip


class ChargersScreen(RoomScreen):
    """Board left, the selected EVSE right, orders below."""

    ROOM: ClassVar[Room] = "chargers"

    def __init__(self) -> None:
        super().__init__()
        self.sieve = Sieve()
        self.waiting_only = False
        """Whether the orders listed are those that still wait."""

    def compose_room(self) -> ComposeResult:
        """Board, facts, orders."""
        with Horizontal():
            with Vertical():
                yield Grid[PlaceLine](
                    PLACE_COLUMNS,
                    lambda p: p.key,
                    find=lambda p: f"{p.key} {state_cell(p.state).text} {who_charges(p.evse)} {p.station.name}",
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
            with VerticalScroll(classes="side"):
                yield Panel(N_("Station"), id="facts")
                yield Panel(N_("Answer"), id="answer")

    def draw(self, view: View, before: View | None) -> None:
        """Rows that changed, the selected EVSE, orders as they go."""
        grid = self.query_one("#evses", Grid)
        self._tell_title(grid)
        parts = parts_alarmed(view)
        lines = [
            PlaceLine(station, evse, self._site_of(view, station), parts.get(station.station_id, ()))
            for station in view.stations.values()
            for evse in (station.evses or (None,))
        ]
        grid.fill({line.key: line for line in lines})
        self._draw_orders(view, changed=before is None or before.orders is not view.orders)
        self._draw_facts(view)
        self._draw_answer(view)

    @staticmethod
    def _site_of(view: View, station: StationView) -> str:
        place = view.places.get(station.place_id) if station.place_id else None
        return place.name if place else station.place_id or ""

    def _draw_orders(self, view: View, *, changed: bool) -> None:
        """The orders; those that wait count down, so they are drawn though nothing changed."""
        orders = self.query_one("#orders", Grid)
        waiting = sum(order.waits and order.target in view.stations for order in view.orders.values())
        if self.waiting_only:
            orders.border_title = _("Orders that wait ({n}), with the time left").format(n=waiting)
        else:
            orders.border_title = _("Orders") + (" · " + _("{n} wait").format(n=waiting) if waiting else "")
        if changed or waiting:
            lines = order_lines(view, frozenset(view.stations), routine=False)
            if self.waiting_only:
                lines = {key: line for key, line in lines.items() if line.order.waits}
            orders.fill(lines)

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
        if row.site:
            lines.append(Pair(_("stands at"), row.site))
        if station.groups:
            lines.append(Pair(_("groups"), ", ".join(station.groups)))
        if station.admission == "parked":
            lines.append(Say(_("It is unknown here. y admits it, n refuses it."), "warn"))
        if evse is not None:
            lines += tell_evse(view, station, evse)
        panel.say([*lines, *tell_parts(station, row.parts)])

    def _draw_answer(self, view: View) -> None:
        """What the selected order asked and was answered, in full."""
        panel = self.query_one("#answer", Panel)
        row: OrderLine | None = self.query_one("#orders", Grid).row
        panel.display = row is not None
        if row is not None:
            panel.say(tell_order(view, row.order))

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
        """The EVSE under the cursor, or every marked one, shown or not; firmware and logs take all of them as one."""
        grid = self.query_one("#evses", Grid)
        rows = [row for key, row in grid.listing.rows.items() if key in grid.marked]
        if not rows or action.id in TOGETHER or action.id.startswith("order."):
            return [self.selection()]
        return [self._at(row) for row in rows]

    def do_mark(self) -> None:
        """Mark the row, or take its mark off, and go on to the next."""
        grid = self.query_one("#evses", Grid)
        if grid.row is not None:
            grid.marked ^= {grid.row.key}
            grid.touch([grid.row.key])
            grid.action_move(1)
            self._tell_title(grid)

    def do_mark_all(self) -> None:
        """Mark every row the filter shows, or none."""
        grid = self.query_one("#evses", Grid)
        grid.marked = frozenset() if grid.marked else frozenset(row.key for row in grid.listed())
        grid.refresh()
        self._tell_title(grid)

    def _tell_title(self, grid: Grid[PlaceLine]) -> None:
        marks = _("{n} marked").format(n=len(grid.marked)) if grid.marked else ""
        grid.border_title = " · ".join(filter(None, (_("Charging stations"), tell_sieve(self.sieve), marks)))

    def do_board_pick(self) -> None:
        """Pick what is shown, by values and their counts."""
        rows = self.query_one("#evses", Grid).listing.rows.values()
        self.app.push_screen(Sift(self.sieve, [row.facets for row in rows], self._sift))

    def do_board_all(self) -> None:
        """Show every station again."""
        self._sift(Sieve())

    def _sift(self, sieve: Sieve) -> None:
        self.sieve = sieve
        grid = self.query_one("#evses", Grid)
        grid.keep_only(
            (lambda row: sieve.lets(row.facets)) if sieve else None,
            N_("no station is like that\np changes what is picked, 0 shows all"),
        )
        self._tell_title(grid)

    def do_panel_next(self) -> None:
        """All orders, or those that still wait."""
        self.waiting_only = not self.waiting_only
        self._draw_orders(self.app.view, changed=True)

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        """Open the page of the station, also from an order of it."""
        if message.grid.id == "evses":
            at = self.selection()
            open_station(self.app, at.station_id, at.evse)
        else:
            line: OrderLine | None = message.grid.row
            if line is not None:
                open_station(self.app, line.order.target, 0)

    def do_list(self, sheet: Sheet) -> None:
        """Open a list of the selected station in the records room."""
        open_list(self.app, sheet, self.selection().station_id)

    def select(self, key: str) -> None:
        """Put the cursor on an EVSE, or the first of a station."""
        grid = self.query_one("#evses", Grid)
        if not grid.select(key):
            grid.select(f"{key}/1")
