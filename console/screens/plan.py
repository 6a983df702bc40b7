"""Plan: tonight's rounds while they are made, then routes, stops with reasons, bins left with reasons."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.actions import Room, Selection
from console.i18n import N_, _, ngettext
from console.screens.room import RoomScreen
from console.screens.scenes import city_scene
from console.view import LeftView, PlanView, RouteView, StopView, View
from console.widgets.citymap import CityMap
from console.widgets.columns import Cell, Column
from console.widgets.grid import Grid
from console.widgets.panel import Gauge, Line, Pair, Panel, Say
from console.wording import STATE_WORDS, clock, duration, figure, percent

Sheet = Literal["stops", "left", "map"]
SHEETS: tuple[Sheet, ...] = ("stops", "left", "map")


class RouteLine(NamedTuple):
    """A route with its times in the city's own time."""

    route: RouteView
    leaves: str
    back: str


class StopLine(NamedTuple):
    """A stop with its time in the city's own time."""

    stop: StopView
    time: str


ROUTE_COLUMNS: list[Column[RouteLine]] = [
    Column(N_("Truck"), 8, lambda r: Cell(r.route.truck_id, "note"), lambda r: r.route.truck_id),
    Column(N_("Leaves"), 6, lambda r: Cell(r.leaves), lambda r: r.route.departs_at),
    Column(N_("Back"), 6, lambda r: Cell(r.back), lambda r: r.route.returns_at, drop=2),
    Column(N_("Bins"), 5, lambda r: Cell(str(r.route.bins)), lambda r: r.route.bins, kind="number"),
    Column(N_("Tips"), 5, lambda r: Cell(str(r.route.tips)), lambda r: r.route.tips, kind="number", drop=3),
    Column("km", 6, lambda r: Cell(f"{r.route.km:.1f}"), lambda r: r.route.km, kind="number"),
    Column("kWh", 6, lambda r: Cell(f"{r.route.kwh:.0f}"), lambda r: r.route.kwh, kind="number"),
    Column("t", 5, lambda r: Cell(f"{r.route.kg / 1000:.1f}"), lambda r: r.route.kg, kind="number", drop=1, grow=True),
]
STOP_COLUMNS: list[Column[StopLine]] = [
    Column("#", 3, lambda s: Cell(str(s.stop.seq), "dim"), lambda s: s.stop.seq, kind="number"),
    Column(N_("Time"), 6, lambda s: Cell(s.time), lambda s: s.stop.arrives_at),
    Column(
        N_("Place"),
        14,
        lambda s: Cell(s.stop.bin_id or s.stop.place_id or _kind(s.stop), _level(s.stop)),
        lambda s: s.stop.bin_id or s.stop.kind,
    ),
    Column(
        N_("Fill"), 6, lambda s: Cell(percent(s.stop.fill)), lambda s: s.stop.fill, kind="number", drop=2
    ),
    Column(N_("Overflow"), 8, lambda s: Cell(percent(s.stop.overflow_p)), lambda s: s.stop.overflow_p, kind="number",
           drop=3),
    Column(N_("Load"), 7, lambda s: Cell(f"{s.stop.load_kg / 1000:.1f} t", "dim"), lambda s: s.stop.load_kg,
           kind="number", drop=4),
    Column(N_("Why"), 12, lambda s: Cell(s.stop.reason or _kind(s.stop), "dim"),
           lambda s: s.stop.reason, grow=True, drop=1),
]  # fmt: skip
LEFT_COLUMNS: list[Column[LeftView]] = [
    Column(N_("Bin"), 12, lambda b: Cell(b.bin_id, "bad" if b.due else "plain"), lambda b: b.bin_id),
    Column(N_("Due"), 4, lambda b: Cell(_("due") if b.due else "", "bad"), lambda b: b.due),
    Column(N_("Fill"), 6, lambda b: Cell(percent(b.fill)), lambda b: b.fill, kind="number"),
    Column(N_("Overflow"), 8, lambda b: Cell(percent(b.overflow_p)), lambda b: b.overflow_p, kind="number", drop=1),
    Column(N_("Why"), 20, lambda b: Cell(b.reason, "dim"), lambda b: b.reason, grow=True),
]


def _level(stop: StopView) -> Literal["plain", "warn", "note"]:
    return "plain" if stop.kind == "bin" else "warn" if stop.kind == "tip" else "note"


def _kind(stop: StopView) -> str:
    return _(STATE_WORDS.get(stop.kind, stop.kind))


class PlanScreen(RoomScreen):
    """Summary on top, lists left, map right."""

    ROOM: ClassVar[Room] = "plan"

    def __init__(self) -> None:
        super().__init__()
        self.sheet: Sheet = "stops"

    def compose_room(self) -> ComposeResult:
        """Summary, routes, stops or bins left, map."""
        yield Panel(N_("Plan"), id="head")
        with Horizontal():
            with Vertical(id="lists"):
                yield Grid[RouteLine](
                    ROUTE_COLUMNS, lambda r: r.route.truck_id, hint=N_("no plan yet; n makes one"), id="routes"
                )
                yield Grid[StopLine](
                    STOP_COLUMNS, lambda s: str(s.stop.seq), hint=N_("no route is selected"), id="stops"
                )
                yield Grid[LeftView](
                    LEFT_COLUMNS, lambda b: b.bin_id, sort=1, descending=True, hint=N_("the plan leaves no bin"),
                    id="left",
                )  # fmt: skip
            yield CityMap(glyphs=self.app.settings.console.glyphs)

    def draw(self, view: View, before: View | None) -> None:
        """Progress always; lists and map when the plan changed."""
        self._draw_head(view)
        plan = view.plan
        routes = plan.routes if plan else ()
        grid = self.query_one("#routes", Grid)
        grid.border_title = _("Routes")
        grid.fill({r.truck_id: RouteLine(r, f"{view.local(r.departs_at):%H:%M}", f"{view.local(r.returns_at):%H:%M}")
                   for r in routes})  # fmt: skip
        self._draw_stops(view)
        left = self.query_one("#left", Grid)
        left.border_title = _("Bins left")
        left.fill({item.bin_id: item for item in plan.left} if plan else {})
        self._draw_sheet()
        city = self.query_one(CityMap)
        city.border_title = _("Routes")
        if before is None or before.plan is not view.plan or before.bins is not view.bins:
            city.show(city_scene(view))

    def _draw_head(self, view: View) -> None:
        panel, plan, progress = self.query_one("#head", Panel), view.plan, view.progress
        lines: list[Line] = []
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
        return [
            Pair(f"{number}  {plan.day:%d/%m/%Y}  {made}", state, "good" if plan.state == "published" else "note"),
            Pair("  ".join(parts), _("{n} due missed").format(n=due), "bad" if due else "good"),
            *(Say(f"! {text}", "warn") for text in plan.warnings[:2]),
        ]

    def _draw_stops(self, view: View) -> None:
        row = self.query_one("#routes", Grid).row
        grid = self.query_one("#stops", Grid)
        stops = row.route.stops if row else ()
        grid.fill({str(stop.seq): StopLine(stop, f"{view.local(stop.arrives_at):%H:%M}") for stop in stops})
        if row:
            away = duration(row.route.returns_at - row.route.departs_at)
            grid.border_title = _("Stops of {truck}, {time}").format(truck=row.route.truck_id, time=away)

    def _draw_sheet(self) -> None:
        wide = self.app.size.width >= 110
        shown = "stops" if self.sheet == "map" else self.sheet
        self.query_one("#stops").set_class(shown != "stops", "hidden")
        self.query_one("#left").set_class(shown != "left", "hidden")
        self.set_class(self.sheet == "map" and not wide, "-map")

    def selection(self) -> Selection:
        """The truck, and the bin of the stop."""
        route, stop = self.query_one("#routes", Grid).row, self.query_one("#stops", Grid).row
        bin_id = stop.stop.bin_id or "" if stop else ""
        return Selection(truck_id=route.route.truck_id if route else "", bin_id=bin_id)

    def do_panel_next(self) -> None:
        """Stops, bins left, and on a narrow terminal the map."""
        sheets = SHEETS[:2] if self.app.size.width >= 110 else SHEETS
        self.sheet = sheets[(sheets.index(self.sheet) + 1) % len(sheets)] if self.sheet in sheets else sheets[0]
        self._draw_sheet()
        self.query_one(CityMap if self.sheet == "map" else f"#{self.sheet}").focus()

    @on(Grid.Moved, "#stops, #left")
    def mark_stop(self, message: Grid.Moved) -> None:
        """Show the stop's bin on the map."""
        if message.grid.has_focus:
            key = self.selection().bin_id if message.grid.id == "stops" else message.key
            self.query_one(CityMap).select(key or None)

    @on(Grid.Chosen, "#routes")
    def open_route(self) -> None:
        """Go to its stops."""
        self.sheet = "stops"
        self._draw_sheet()
        self.query_one("#stops").focus()

    @on(Grid.Chosen, "#stops, #left")
    def open_bin(self, message: Grid.Chosen) -> None:
        """Go to the bin."""
        key = self.selection().bin_id if message.grid.id == "stops" else message.key
        if key:
            self.app.go_to(key)

    def on_city_map_picked(self, message: CityMap.Picked) -> None:
        """Go to what was clicked."""
        self.app.go_to(message.key)
