"""Bins: every container live, and all that is known of the one under the cursor."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Sparkline

from console.actions import Room, Selection
from console.i18n import N_, _
from console.screens.room import RoomScreen
from console.screens.scenes import city_scene
from console.screens.tables import BIN_COLUMNS, BIN_LEVELS, look_of
from console.view import BinView, StopView, View
from console.widgets.citymap import CityMap
from console.widgets.grid import Grid
from console.widgets.panel import Gauge, Line, Pair, Panel, Say
from console.widgets.scene import SHAPES
from console.wording import ago, clock, figure, percent

HOURS_SHOWN = 72


class BinsScreen(RoomScreen):
    """Grid left, the selected bin right."""

    ROOM: ClassVar[Room] = "bins"

    def __init__(self) -> None:
        super().__init__()
        self._asked = ""
        self._history: tuple[tuple[datetime, float], ...] = ()

    def compose_room(self) -> ComposeResult:
        """Grid, facts, history, map."""
        with Horizontal():
            yield Grid[BinView](
                BIN_COLUMNS,
                lambda tin: tin.bin_id,
                find=lambda tin: f"{tin.bin_id} {tin.name} {tin.address} {tin.stream} {tin.truck_id}",
                sort=1,
                descending=True,
                hint=N_("no bins yet\nbinwatt import bins FILE   or   --from-osm FILE.osm.pbf"),
                id="bins",
            )
            with Vertical(classes="side"):
                yield Panel(N_("Bin"), id="facts")
                yield Sparkline([], summary_function=max, id="history")
                yield CityMap(glyphs=self.app.settings.console.glyphs)

    def draw(self, view: View, before: View | None) -> None:
        """Rows that changed, and the selected bin."""
        grid = self.query_one("#bins", Grid)
        grid.border_title = _("Bins of {city}").format(city=view.city)
        grid.fill(view.bins)
        city = self.query_one(CityMap)
        if before is None or before.bins is not view.bins or before.plan is not view.plan:
            city.show(city_scene(view))
        tin = self._selected(view)
        if tin is not None and city.selected != tin.bin_id:
            city.select(tin.bin_id)
        self._draw_facts(view, tin)

    def _selected(self, view: View) -> BinView | None:
        row = self.query_one("#bins", Grid).row
        return view.bins.get(row.bin_id) if row is not None else None

    def _draw_facts(self, view: View, tin: BinView | None) -> None:
        panel = self.query_one("#facts", Panel)
        if tin is None:
            panel.say([Say(_("no bin is selected"), "dim")])
            return
        if self._asked != tin.bin_id:
            self._ask_history(tin.bin_id)
        look = look_of(tin)
        name = tin.address or tin.name or tin.stream
        lines: list[Line] = [
            Say(name, head=f"{SHAPES[look].glyph} {tin.bin_id}"),
            Gauge(_("fill"), (tin.fill or 0.0) / tin.overflow_fill, percent(tin.fill), BIN_LEVELS[look]),
            Pair(_("read"), f"{clock(view, tin.read_at)} ({ago(view, tin.read_at)})"),
            Pair(_("sensor"), self._sensor(view, tin), "plain" if tin.quality == "ok" else "warn"),
            Pair(_("emptied"), clock(view, tin.emptied_at)),
            Pair(_("size"), f"{figure(tin.capacity_l, 'l')} {tin.stream}"),
        ]
        if tin.expected_fill is not None or tin.overflow_p is not None:
            expected = _("{fill}, overflow {risk}").format(
                fill=percent(tin.expected_fill), risk=percent(tin.overflow_p)
            )
            lines.append(Pair(_("expected"), expected, "bad" if (tin.overflow_p or 0) >= 0.5 else "plain"))
        stop = self._stop(view, tin)
        if stop is not None:
            lines.append(Pair(_("planned"), f"{tin.truck_id} {clock(view, stop.arrives_at)}", "note"))
        elif tin.left_reason:
            lines.append(Say(_("left: {reason}").format(reason=tin.left_reason), "warn"))
        history = self._history
        if history:
            lines.append(Pair(_("last {n} h").format(n=HOURS_SHOWN), _("{n} readings").format(n=len(history))))
        panel.say(lines)

    def _sensor(self, view: View, tin: BinView) -> str:
        state = tin.state(view.now)
        if tin.read_at is None:
            return _("never heard")
        if state == "blind":
            return _("silent since {time}").format(time=clock(view, tin.read_at))
        quality = _("well") if tin.quality == "ok" else tin.quality
        return _("{quality}, battery {charge}").format(quality=quality, charge=percent(tin.battery))

    def _stop(self, view: View, tin: BinView) -> StopView | None:
        if view.plan is None or not tin.truck_id:
            return None
        stops = (stop for route in view.plan.routes if route.truck_id == tin.truck_id for stop in route.stops)
        return next((stop for stop in stops if stop.bin_id == tin.bin_id), None)

    def _ask_history(self, bin_id: str) -> None:
        """Read the bin's last days in a thread; it is drawn when it comes, if the cursor is still there."""
        self._asked, self._history = bin_id, ()
        self.query_one("#history", Sparkline).data = []
        self.app.carry_out(lambda hands: self.app.call_from_thread(self._show_history, bin_id, hands.history(bin_id)))

    def _show_history(self, bin_id: str, history: tuple[tuple[datetime, float], ...]) -> None:
        if bin_id != self._asked or not self.is_mounted:
            return
        now = self.app.view.now
        self._history = tuple((at, fill) for at, fill in history if (now - at).total_seconds() < HOURS_SHOWN * 3600)
        # hours without a reading keep the fill before: the curve is one of time, not of readings
        hourly: list[float] = []
        for hour in range(HOURS_SHOWN, 0, -1):
            inside = [fill for at, fill in self._history if hour - 1 <= (now - at).total_seconds() / 3600 < hour]
            hourly.append(inside[-1] if inside else (hourly[-1] if hourly else 0.0))
        self.query_one("#history", Sparkline).data = hourly if self._history else []
        self._draw_facts(self.app.view, self._selected(self.app.view))

    def selection(self) -> Selection:
        """The bin under the cursor."""
        row = self.query_one("#bins", Grid).row
        return Selection(bin_id=row.bin_id if row else "")

    def select(self, bin_id: str) -> None:
        """Put the cursor on a bin."""
        self.query_one("#bins", Grid).select(bin_id)

    def do_map_centre(self) -> None:
        """Centre the map on the bin."""
        self.query_one(CityMap).select(self.selection().bin_id, centre=True)

    def on_grid_chosen(self) -> None:
        """Enter: look at the bin from near."""
        city = self.query_one(CityMap)
        city.select(self.selection().bin_id, centre=True)
        city.near()

    def on_city_map_picked(self, message: CityMap.Picked) -> None:
        """A click on the map moves the cursor."""
        self.select(message.key)
