"""Plan: tonight's rounds while they are made, then routes and stops beside the map, each with why, and shaped by hand.

The cursor of the lists moves on the map, and a mark picked on the map (click, or Enter for the one in its middle) moves
the cursor. What was drawn once is not drawn again while the plan stays the same: plans of thousands of stops scroll.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.actions import Room, Selection
from console.i18n import N_, _, language, ngettext
from console.screens.plan_lists import (
    LEFT_COLUMNS,
    ROUTE_COLUMNS,
    STOP_COLUMNS,
    RouteLine,
    StopLine,
    route_lines,
    stop_lines,
)
from console.screens.plan_shaping import ShapingScreen
from console.screens.scenes import city_scene
from console.view import LeftView, PlanView, RouteView, View
from console.why import tell_why
from console.widgets.citymap import CityMap
from console.widgets.grid import Grid
from console.widgets.panel import Gauge, Line, Pair, Panel, Say
from console.widgets.scene import Scene
from console.wording import STATE_WORDS, clock, duration, figure, percent

Sheet = Literal["stops", "left", "map"]
SHEETS: tuple[Sheet, ...] = ("stops", "left", "map")
WIDE = 110


class PlanScreen(ShapingScreen):
    """Summary on top, lists left, why under them, map right."""

    ROOM: ClassVar[Room] = "plan"

    def __init__(self) -> None:
        super().__init__()
        self.sheet: Sheet = "stops"
        self._filled: tuple[PlanView | None, str] | None = None
        """The plan in the lists, and the language it is in."""
        self._stops_of: tuple[RouteView | None, str] | None = None
        self._scene: Scene | None = None

    def compose_room(self) -> ComposeResult:
        """Summary, routes, stops or bins left, why, map."""
        yield Panel(N_("Plan"), id="head")
        with Horizontal():
            with Vertical(id="lists"):
                yield Grid[RouteLine](ROUTE_COLUMNS, lambda r: r.key, hint=N_("no plan yet; n makes one"), id="routes")
                yield Grid[StopLine](
                    STOP_COLUMNS, lambda s: str(s.stop.seq), hint=N_("no route is selected"), id="stops",
                    find=lambda s: f"{s.stop.bin_id or ''} {s.stop.place_id or ''} {s.why}",
                )  # fmt: skip
                yield Grid[LeftView](
                    LEFT_COLUMNS, lambda b: b.bin_id, sort=1, descending=True, hint=N_("the plan leaves no bin"),
                    id="left",
                )  # fmt: skip
                yield Panel(N_("Why"), id="why")
            yield CityMap(glyphs=self.app.settings.console.glyphs)

    # drawing

    def draw(self, view: View, before: View | None) -> None:
        """Progress always; lists and map when the plan changed."""
        self._draw_head(view)
        self.prepare()
        plan = view.plan
        if before is None or self._filled != (plan, language()):
            self._filled, self._stops_of = (plan, language()), None
            grid = self.query_one("#routes", Grid)
            grid.border_title = _("Routes")
            grid.fill(route_lines(view, plan.routes if plan else ()))
            left = self.query_one("#left", Grid)
            left.border_title = _("Bins left")
            left.fill({item.bin_id: item for item in plan.left} if plan else {})
            self._draw_sheet()
        self._draw_stops(view)
        self._draw_map(view, before)
        self._draw_why(view)

    def _draw_head(self, view: View) -> None:
        panel, plan, progress = self.query_one("#head", Panel), view.plan, view.progress
        lines: list[Line] = []
        if self.busy:
            lines.append(Say(f"… {self.busy}", "note"))
        if progress is not None and progress.failed:
            lines.append(Say(_("no plan: {why}").format(why=progress.failed), "bad"))
        elif progress is not None:
            share = min(1.0, progress.elapsed_s / progress.seconds) if progress.seconds else 0.0
            label = _("planning {day}: {phase}").format(day=progress.day, phase=progress.phase or "…")
            value = f"{progress.elapsed_s:.0f}/{progress.seconds:.0f} s"
            if progress.served is not None:
                value += "  " + ngettext("{n} bin", "{n} bins", progress.served).format(n=progress.served)
            lines.append(Gauge(label, share, value, "note"))
        if plan is None:
            lines.append(
                Say(_("No plan yet. n makes one; the night job does it by itself: binwatt plan --publish"), "dim")
            )
        else:
            lines += self._describe(view, plan)
        panel.say(lines)

    def _describe(self, view: View, plan: PlanView) -> list[Line]:
        state = _(STATE_WORDS.get(plan.state, plan.state))
        number = _("plan {number}").format(number=plan.plan_id)
        if plan.based_on is not None:
            number = _("plan {number}, shaped from {other}, {n} edits").format(
                number=plan.plan_id, other=plan.based_on, n=plan.edits
            )
        made = _("made {time} by {who} in {seconds:.0f} s").format(
            time=clock(view, plan.made_at), who=plan.made_by, seconds=plan.solve_seconds
        )
        due = sum(item.due for item in plan.left)
        parts = [
            ngettext("{n} truck", "{n} trucks", len(plan.routes)).format(n=len(plan.routes)),
            figure(plan.km, "km", 1),
            figure(plan.kwh, "kWh"),
            figure(plan.hours, "h", 1),
            f"{plan.kg / 1000:.1f} t",
            ngettext("{n} bin", "{n} bins", plan.served).format(n=plan.served),
            _("{n} left").format(n=len(plan.left)),
        ]
        lines: list[Line] = [
            Pair(f"{number}  {plan.day:%d/%m/%Y}  {made}", state, "good" if plan.state == "published" else "note"),
            Pair("  ".join(parts), _("{n} due missed").format(n=due), "bad" if due else "good"),
        ]
        if plan.broken:
            words = _("it breaks {n} rules: {first}").format(n=len(plan.broken), first=plan.broken[0])
            lines.append(Say(words, "bad"))
        if plan.note:
            lines.append(Say(plan.note, "note", head=_("note")))
        return [*lines, *(Say(f"! {text}", "warn") for text in plan.warnings[: 1 if self._short else 2])]

    @property
    def _short(self) -> bool:
        return self.app.size.height < 34

    def _draw_stops(self, view: View) -> None:
        row = self.query_one("#routes", Grid).row
        route = row.route if row else None
        if self._stops_of == (route, language()):
            return
        self._stops_of = (route, language())
        grid = self.query_one("#stops", Grid)
        grid.fill(stop_lines(view, route.stops if route else ()))
        if route is not None:
            away = duration(route.returns_at - route.departs_at)
            grid.border_title = _("Stops of {truck}, {time}").format(truck=route.truck_id, time=away)
        else:
            grid.border_title = ""

    def _draw_map(self, view: View, before: View | None) -> None:
        """Bins and routes; the selected route lies over the others."""
        city = self.query_one(CityMap)
        city.border_title = _("Routes")
        if self._scene is None or before is None or before.plan is not view.plan or before.bins is not view.bins:
            self._scene = city_scene(view)
        truck = self.selection().truck_id
        if self._scene.over != truck:
            self._scene = replace(self._scene, over=truck)
        city.show(self._scene)

    def _draw_why(self, view: View) -> None:
        panel, at = self.query_one("#why", Panel), self.selection()
        stop, item = self.query_one("#stops", Grid).row, self.query_one("#left", Grid).row
        lines: list[Line] = [Say(_("v goes from stops to bins left; there too every bin says why"), "dim")]
        if self.sheet == "left" and item is not None:
            lines = [Say(tell_why(view, item.why, item.reason), "bad" if item.due else "plain", head=item.bin_id)]
        elif self.sheet != "left" and at.bin_id and stop is not None:
            lines = [Say(tell_why(view, stop.stop.why, stop.stop.reason), head=at.bin_id)]
            if self._short:
                panel.say(lines)
                return
            where = view.bins.get(at.bin_id)
            expected = _("expected {fill}, overflow {risk}").format(
                fill=percent(stop.stop.fill), risk=percent(stop.stop.overflow_p)
            )
            lines.append(Pair(where.address or where.name if where else "", expected))
        elif self.sheet != "left" and at.truck_id and (route := self.route_of(at.truck_id)) is not None:
            lines = [self._spare(route)]
        panel.say(lines)

    def _spare(self, route: RouteView) -> Line:
        """What a route needs of the battery."""
        if route.target_kwh is None:
            return Pair(route.truck_id, figure(route.kwh, "kWh"))
        words = _("leaves with {target}; nine days in ten it needs at most {most}").format(
            target=figure(route.target_kwh, "kWh"), most=figure(route.kwh_p90, "kWh")
        )
        return Say(words, head=route.truck_id)

    def _draw_sheet(self) -> None:
        wide = self.app.size.width >= WIDE
        shown = "stops" if self.sheet == "map" else self.sheet
        self.query_one("#stops").set_class(shown != "stops", "hidden")
        self.query_one("#left").set_class(shown != "left", "hidden")
        self.set_class(self.sheet == "map" and not wide, "-map")

    def say_busy(self, words: str) -> None:
        """Show what is being worked out in the head."""
        super().say_busy(words)
        if self.is_mounted:
            self._draw_head(self.app.view)

    # where the cursor is

    def selection(self) -> Selection:
        """The route; its bin with the cursor in the stops or on the map; only the bin among those left."""
        route, stop = self.query_one("#routes", Grid), self.query_one("#stops", Grid).row
        truck = route.row.route.truck_id if route.row else ""
        if self.sheet == "left":
            item = self.query_one("#left", Grid).row
            return Selection(bin_id=item.bin_id if item else "")
        if route.has_focus or stop is None:
            return Selection(truck_id=truck)
        return Selection(truck_id=truck, bin_id=stop.stop.bin_id or "")

    def select(self, key: str) -> None:
        """Put the cursor on a truck's route, on the stop of a bin, or on a bin left."""
        plan = self.app.view.plan
        if plan is None:
            return
        for line in route_lines(self.app.view, plan.routes).values():
            stop = next((stop for stop in line.route.stops if stop.bin_id == key), None)
            if key in {line.key, line.route.truck_id} or stop is not None:
                self._turn_to("stops" if self.sheet == "left" else self.sheet)
                self.query_one("#routes", Grid).select(line.key)
                self._draw_stops(self.app.view)
                if stop is not None:
                    self.query_one("#stops", Grid).select(str(stop.seq))
                    self.query_one("#stops").focus()
                return
        if any(item.bin_id == key for item in plan.left):
            self._turn_to("left")
            self.query_one("#left", Grid).select(key)
            self.query_one("#left").focus()

    def _turn_to(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self._draw_sheet()

    def do_panel_next(self) -> None:
        """Stops, bins left, and on a narrow terminal the map."""
        sheets = SHEETS[:2] if self.app.size.width >= WIDE else SHEETS
        self._turn_to(sheets[(sheets.index(self.sheet) + 1) % len(sheets)] if self.sheet in sheets else sheets[0])
        self.query_one(CityMap if self.sheet == "map" else f"#{self.sheet}").focus()
        self._follow()

    def on_descendant_focus(self) -> None:
        """Another list, other possibilities."""
        if self.app.loaded and self.drawn is not None:
            self._follow()

    def _follow(self) -> None:
        """Why, map and keys follow the cursor."""
        self._draw_why(self.app.view)
        self._draw_map(self.app.view, self.app.view)
        self.show_keys()

    @on(Grid.Moved, "#stops, #left")
    def mark_stop(self, message: Grid.Moved) -> None:
        """Show the stop's bin on the map, and bring it into its window."""
        if message.grid.has_focus:
            self.query_one(CityMap).select(self.selection().bin_id or None, reveal=True)

    @on(Grid.Chosen, "#routes")
    def open_route(self) -> None:
        """Go to its stops."""
        self._turn_to("stops")
        self.query_one("#stops").focus()

    @on(Grid.Chosen, "#stops, #left")
    def open_bin(self) -> None:
        """Look at the bin on the map from near."""
        key = self.selection().bin_id
        if not key:
            return
        city = self.query_one(CityMap)
        if self.app.size.width < WIDE:
            self._turn_to("map")
        city.select(key, centre=True)
        city.near()

    def on_city_map_picked(self, message: CityMap.Picked) -> None:
        """The cursor goes to what was picked; what is in no list is looked at in its own room."""
        self.query_one(CityMap).select(message.key)
        plan = self.app.view.plan
        known = {item.bin_id for item in plan.left} if plan else set()
        if plan is not None:
            known |= {route.truck_id for route in plan.routes}
            known |= {stop.bin_id for route in plan.routes for stop in route.stops if stop.bin_id is not None}
        if message.key in known:
            self.select(message.key)
        else:
            self.app.go_to(message.key)
