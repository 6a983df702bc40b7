"""Overview: the city at a glance. Map, what the night holds, what to look at."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.actions import Room, Selection
from console.i18n import N_, _, ngettext
from console.screens.room import RoomScreen
from console.screens.scenes import city_scene
from console.screens.tables import ALARM_COLUMNS, BIN_COLUMNS
from console.view import AlarmView, BinView, View
from console.view.values import BinState
from console.widgets.citymap import CityMap
from console.widgets.columns import Level
from console.widgets.grid import Grid
from console.widgets.panel import Gauge, Line, Pair, Panel, Say
from console.widgets.scene import SHAPES
from console.wording import STATE_WORDS, clock, figure

TALL = 34
"""Lines from which there is room for all the figures."""
BIN_LEVELS: tuple[tuple[BinState, Level], ...] = (
    ("over", "bad"),
    ("high", "bad"),
    ("half", "warn"),
    ("low", "good"),
    ("blind", "dim"),
)


class OverviewScreen(RoomScreen):
    """Map left; bins, night, depot and alarms right."""

    ROOM: ClassVar[Room] = "overview"

    def compose_room(self) -> ComposeResult:
        """Map and panels."""
        with Horizontal():
            yield CityMap(glyphs=self.app.settings.console.glyphs)
            with Vertical(classes="side"):
                yield Panel(N_("Bins"), id="fill")
                yield Panel(N_("Tonight"), id="night")
                yield Panel(N_("Power"), id="power")
                yield Grid[AlarmView](
                    ALARM_COLUMNS, lambda alarm: str(alarm.alarm_id), hint=N_("no alarm stands"), id="alarms"
                )
                yield Grid[BinView](
                    BIN_COLUMNS[:2], lambda tin: tin.bin_id, sort=1, descending=True, hint=N_("no bins yet"),
                    id="fullest",
                )  # fmt: skip

    def draw(self, view: View, before: View | None) -> None:
        """Everything that changed."""
        city = self.query_one(CityMap)
        city.border_title = view.city
        if before is None or before.bins is not view.bins or before.plan is not view.plan or (
            before.trucks is not view.trucks or before.stations is not view.stations
        ):  # fmt: skip
            city.show(city_scene(view))
        self._draw_bins(view)
        self._draw_night(view)
        self._draw_power(view)
        alarms = self.query_one("#alarms", Grid)
        alarms.border_title = _("Alarms")
        alarms.fill({str(number): alarm for number, alarm in view.alarms.items()})
        fullest = self.query_one("#fullest", Grid)
        fullest.border_title = _("Fullest bins")
        fullest.fill(view.bins)

    def _draw_bins(self, view: View) -> None:
        panel = self.query_one("#fill", Panel)
        count = Counter(tin.state(view.now) for tin in view.bins.values())
        if not view.bins:
            panel.say([Say(_("no bins yet; binwatt import bins FILE"), "dim")])
            return
        lines: list[Line] = []
        for look, level in BIN_LEVELS:
            shape = SHAPES[look]
            lines.append(
                Gauge(f"{shape.glyph} {_(shape.name):<11.11}", count[look] / len(view.bins), f"{count[look]:>4}", level)
            )
        panel.say(lines)

    def _draw_night(self, view: View) -> None:
        panel, plan, progress = self.query_one("#night", Panel), view.plan, view.progress
        lines: list[Line] = []
        if progress is not None and not progress.failed:
            share = progress.elapsed_s / progress.seconds if progress.seconds else 0.0
            lines.append(Gauge(_("planning"), share, f"{progress.elapsed_s:.0f} s", "note"))
        elif progress is not None:
            lines.append(Say(_("no plan: {why}").format(why=progress.failed), "bad"))
        if plan is None:
            lines.append(Say(_("no plan yet; 3 then n makes one"), "dim"))
        else:
            state = _(STATE_WORDS.get(plan.state, plan.state))
            routes = len(plan.routes)
            count = ngettext("{n} truck", "{n} trucks", routes).format(n=routes)
            level: Level = "good" if plan.state == "published" else "note"
            lines.append(Pair(f"{plan.day:%d/%m}  {count}", state, level))
            if self.app.size.height >= TALL:
                lines.append(Pair(figure(plan.km, "km", 1), figure(plan.kwh, "kWh")))
            served = ngettext("{n} bin", "{n} bins", plan.served).format(n=plan.served)
            missed = _("{n} not reached").format(n=plan.unserved)
            lines.append(Pair(served, missed, "bad" if plan.unserved else "good"))
        panel.say(lines)

    def _draw_power(self, view: View) -> None:
        panel = self.query_one("#power", Panel)
        lines: list[Line] = []
        for place in view.places.values():
            if place.site_limit_kw is None:
                continue
            drawn = sum(s.power_kw for s in view.stations.values() if s.place_id == place.place_id)
            share = drawn / place.site_limit_kw if place.site_limit_kw else 0.0
            level: Level = "bad" if share > 1 else "warn" if share > 0.9 else "good"
            lines.append(Gauge(f"{place.name:.12}", share, f"{drawn:.0f}/{place.site_limit_kw:.0f} kW", level))
        charging = sum(bool(e.transaction) for s in view.stations.values() for e in s.evses)
        online = sum(s.online for s in view.stations.values())
        working = _("{online}/{all} online, {charging} charging").format(
            online=online, all=len(view.stations), charging=charging
        )
        lines.append(Pair(_("stations"), working))
        waiting = [need for need in view.needs.values() if need.state == "open"]
        if waiting and self.app.size.height >= TALL:
            first = min(waiting, key=lambda need: need.ready_by)
            lines.append(Pair(_("departure"), f"{first.truck_id} {clock(view, first.ready_by)}"))
        panel.say(lines)

    def selection(self) -> Selection:
        """The alarm, and what it is about."""
        alarm = self.query_one("#alarms", Grid).row
        tin = self.query_one("#fullest", Grid).row
        return Selection(
            bin_id=tin.bin_id if tin else "",
            alarm_id=alarm.alarm_id if alarm else 0,
        )

    @on(Grid.Chosen, "#alarms")
    def open_alarm(self) -> None:
        """Go to what the alarm is about."""
        alarm = self.query_one("#alarms", Grid).row
        if alarm is not None:
            self.app.go_to(alarm.subject)

    @on(Grid.Chosen, "#fullest")
    def open_bin(self, message: Grid.Chosen) -> None:
        """Go to the bin."""
        if message.key:
            self.app.go_to(message.key)

    @on(Grid.Moved, "#fullest")
    def mark_bin(self, message: Grid.Moved) -> None:
        """Show the bin on the map."""
        self.query_one(CityMap).select(message.key)

    def on_city_map_picked(self, message: CityMap.Picked) -> None:
        """Go to what was clicked on the map."""
        self.app.go_to(message.key)
