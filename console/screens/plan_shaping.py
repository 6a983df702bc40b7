"""The verbs of shaping: from a key to an edit, its panel, and the store. Every one can be undone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import work

from console.actions import Room
from console.edits import tell_edit
from console.errors import ActionDisabled, ConsoleError
from console.hands import Hands
from console.i18n import N_, _
from console.screens.ask import Ask, Pick
from console.screens.plan_compare import Compare
from console.screens.plan_edit import EditPanel, signed
from console.screens.room import RoomScreen
from console.shaping.values import EditCall, Tried
from console.view import PlanView, RouteView
from fleet.errors import FleetError
from routing.errors import RoutingError

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")
IMPROVE_SECONDS = 1.6
"""Of the two seconds a person waits: the rest compiles and checks."""
FEED_SECONDS = 2.0
"""How long an edit waits to see the one before it come back from the store."""
PRINTS = (
    ("pdf:fr", N_("PDF, French")),
    ("pdf:ar", N_("PDF, Arabic")),
    ("pdf:en", N_("PDF, English")),
    ("html:fr", N_("page for a phone, French")),
    ("html:ar", N_("page for a phone, Arabic")),
    ("gpx:fr", N_("GPX for navigation")),
    ("geojson:fr", N_("GeoJSON")),
    ("csv:fr", N_("CSV table")),
    ("gpkg:fr", N_("GeoPackage, whole plan")),
)


class ShapingScreen(RoomScreen):
    """A room in which the plan on the table can be shaped."""

    ROOM: ClassVar[Room] = "plan"
    busy = ""
    """What is being worked out; shown while it is."""

    def __init__(self) -> None:
        super().__init__()
        self._hand = asyncio.Lock()
        """One edit at a time, in the order of the keys."""

    prepared = False
    """Whether whoever works edits out was told to be ready."""

    def prepare(self) -> None:
        """Have the first edit found ready: once, when there is a plan to shape."""
        if not self.prepared and self.plan() is not None:
            self.prepared = True
            self.app.carry_out(lambda hands: hands.prepare())

    def say_busy(self, words: str) -> None:
        """Show what is being worked out, or that nothing is."""
        self.busy = words

    def plan(self) -> PlanView | None:
        """The plan on the table."""
        return self.app.view.plan

    def route_of(self, truck: str) -> RouteView | None:
        """The selected route, or the first of a truck."""
        plan = self.plan()
        return next((route for route in plan.routes if route.truck_id == truck), None) if plan else None

    # edits

    def do_plan_drop(self) -> None:
        """Leave the bin out."""
        self.edit("drop", {"bin": self.selection().bin_id})

    def do_plan_add(self) -> None:
        """Empty a bin that is left: ask by whom."""
        self.add_bin(self.selection().bin_id)

    @work
    async def add_bin(self, bin_id: str) -> None:
        """Ask for the truck, then add."""
        best = ("", _("the truck it costs least"))
        truck = await self.app.push_screen_wait(Pick(_("Truck"), (best, *self._trucks())))
        if truck is not None:
            self.edit("add", {"bin": bin_id, "truck": truck or None})

    def do_plan_move(self) -> None:
        """Another truck."""
        at = self.selection()
        self.to_other_truck("move", "truck", at.truck_id, {"bin": at.bin_id})

    def do_plan_split(self) -> None:
        """The rest of the route to another truck."""
        at = self.selection()
        self.to_other_truck("split", "other", at.truck_id, {"bin": at.bin_id, "truck": at.truck_id})

    def do_plan_swap(self) -> None:
        """Two trucks exchange routes."""
        at = self.selection()
        self.to_other_truck("swap", "other", at.truck_id, {"one": at.truck_id})

    @work
    async def to_other_truck(self, kind: str, field: str, mine: str, args: dict[str, str]) -> None:
        """Ask for another truck, then edit."""
        truck = await self.app.push_screen_wait(Pick(_("To which truck"), self._trucks(but=mine)))
        if truck is not None:
            self.edit(kind, {**args, field: truck})

    def do_plan_earlier(self) -> None:
        """One stop earlier."""
        self._shift(-1)

    def do_plan_later(self) -> None:
        """One stop later."""
        self._shift(1)

    def _shift(self, by: int) -> None:
        at = self.selection()
        route = self.route_of(at.truck_id)
        bins = [stop.bin_id for stop in route.stops if stop.bin_id is not None] if route else []
        if at.bin_id not in bins:
            return
        position = bins.index(at.bin_id) + by
        if 0 <= position < len(bins):
            self.edit("move", {"bin": at.bin_id, "truck": at.truck_id, "position": position})

    def do_plan_lock(self) -> None:
        """Lock or unlock what the cursor stands on: a stop's bin, else the route."""
        at = self.selection()
        route = self.route_of(at.truck_id)
        if route is None:
            return
        stop = next((stop for stop in route.stops if stop.bin_id == at.bin_id and at.bin_id), None)
        locked = stop.locked if stop is not None else route.locked
        self.edit("unlock" if locked else "lock", {"truck": at.truck_id, "bin": at.bin_id or None}, ask=False)

    @work
    async def do_plan_start(self) -> None:
        """Ask for the hour, then edit."""
        at = self.selection()
        route = self.route_of(at.truck_id)
        if route is None:
            return
        now = f"{self.app.view.local(route.departs_at):%H:%M}"
        typed = await self.app.push_screen_wait(
            Ask(_("HH:MM in the city's time; empty: when it is best"), _("Departure of {truck}").format(
                truck=at.truck_id), now)
        )  # fmt: skip
        if typed is None:
            return
        try:
            seconds = self._seconds(typed.strip(), route.departs_at)
        except ValueError:
            self.notify(_("that is no time of day; write HH:MM"), severity="error")
            return
        self.edit("start", {"truck": at.truck_id, "seconds": seconds})

    def _seconds(self, typed: str, near: datetime) -> int | None:
        """A time of day as seconds of the plan: of the plan's own day, counted from its midnight."""
        plan, view = self.plan(), self.app.view
        if not typed or plan is None:
            return None
        hours, minutes = (int(part) for part in typed.split(":"))
        if not (0 <= hours < 24 and 0 <= minutes < 60):
            raise ValueError(typed)
        local = view.local(near)
        midnight = local.replace(year=plan.day.year, month=plan.day.month, day=plan.day.day, hour=0, minute=0,
                                 second=0, microsecond=0)  # fmt: skip
        wanted = local.replace(hour=hours, minute=minutes, second=0, microsecond=0)
        return round((wanted - midnight).total_seconds())

    def do_plan_improve(self) -> None:
        """Search around the locks."""
        self.edit("improve", {"seconds": IMPROVE_SECONDS})

    @work(group="edit")
    async def edit(self, kind: str, args: dict[str, Any], *, ask: bool = True) -> None:
        """Work an edit out, show what it changes, and keep it if the operator says so."""
        async with self._hand:
            await self._edit(kind, args, ask=ask)

    async def _edit(self, kind: str, args: dict[str, Any], *, ask: bool) -> None:
        plan = self.plan()
        if plan is None:
            return
        call = EditCall(kind, args)
        tried = await self._told(tell_edit(kind, args), lambda hands: hands.try_edit(plan.plan_id, plan.version, call))
        if tried is None:
            return
        if tried.same and kind not in {"lock", "unlock"}:
            self.notify(_("nothing better was found") if kind == "improve" else _("nothing changes"), timeout=4)
            return
        if ask and not await self.app.push_screen_wait(EditPanel(tried, self.app.settings.plan.currency)):
            return
        kept = await self._told(tell_edit(kind, args), lambda hands: hands.accept(plan.plan_id, plan.version, call))
        if kept is not None:
            self._tell_kept(tried, kept)
            await self._see(kept, plan)

    def _tell_kept(self, tried: Tried, plan_id: int) -> None:
        words = _("kept in plan {number}; u takes it back").format(number=plan_id)
        self.notify(words, title=tell_edit(tried.call.kind, tried.call.args), timeout=4)

    async def _see(self, plan_id: int, before: PlanView) -> None:
        """Wait until the feed shows what was just written: the next edit builds on it."""
        until = time.monotonic() + FEED_SECONDS
        while time.monotonic() < until:
            now = self.plan()
            if now is not None and now.plan_id == plan_id and (now.plan_id, now.version) != (
                before.plan_id, before.version
            ):  # fmt: skip
                return
            await asyncio.sleep(0.05)

    @work(group="edit")
    async def do_plan_undo(self) -> None:
        """Take the last edit back."""
        await self._turn(N_("taken back: {edit}"), lambda hands, plan: hands.undo(plan.plan_id, plan.version))

    @work(group="edit")
    async def do_plan_redo(self) -> None:
        """Do it again."""
        await self._turn(N_("done again: {edit}"), lambda hands, plan: hands.redo(plan.plan_id, plan.version))

    async def _turn(self, words: str, deed: Callable[[Hands, PlanView], Tried]) -> None:
        async with self._hand:
            await self._turned(words, deed)

    async def _turned(self, words: str, deed: Callable[[Hands, PlanView], Tried]) -> None:
        plan = self.plan()
        if plan is None:
            return
        tried = await self._told(_("taking back"), lambda hands: deed(hands, plan))
        if tried is not None:
            edit = tell_edit(tried.call.kind, tried.call.args)
            change = f"{signed(tried.km, 'km')}  {signed(tried.minutes, 'min', 0)}"
            self.notify(f"{_(words).format(edit=edit)}  {change}", timeout=4)
            await self._see(plan.plan_id, plan)

    # beside others, and on paper

    @work
    async def do_plan_compare(self) -> None:
        """Pick another plan of the day and show both."""
        plan = self.plan()
        if plan is None:
            return
        others = await self._told(_("reading"), lambda hands: hands.other_plans(plan.plan_id))
        if others is None:
            return
        if not others:
            self.notify(_("there is no other plan of that day"), severity="warning")
            return
        chosen: str | None = "0"
        if len(others) > 1:
            names = tuple((str(number), self._title_of(other)) for number, other in enumerate(others))
            chosen = await self.app.push_screen_wait(Pick(_("Beside which plan"), names))
        if chosen is not None:
            await self.app.push_screen(Compare(self.app.view, plan, others[int(chosen)]))

    def _title_of(self, plan: PlanView) -> str:
        made = f"{self.app.view.local(plan.made_at):%H:%M}"
        return _("plan {number}, {state}, made {time} by {who}").format(
            number=plan.plan_id, state=_(plan.state), time=made, who=plan.made_by
        )

    @work
    async def do_plan_print(self) -> None:
        """Pick a kind of sheet, write it, say where it lies."""
        plan, at = self.plan(), self.selection()
        if plan is None:
            return
        kinds = tuple((value, _(text)) for value, text in PRINTS)
        chosen = await self.app.push_screen_wait(Pick(_("Route sheets"), kinds))
        if chosen is None:
            return
        kind, language = chosen.split(":")
        truck = at.truck_id or None
        files = await self._told(
            _("writing sheets"), lambda hands: hands.print_sheets(plan.plan_id, kind, language, truck)
        )
        if files:
            self.notify(str(files[0]), title=_("written"), timeout=10)

    # inside

    def _trucks(self, but: str = "") -> tuple[tuple[str, str], ...]:
        """Every truck to pick from, those with a route first, with its bins."""
        plan, known = self.plan(), []
        routes = {route.truck_id: route for route in plan.routes} if plan else {}
        for truck_id in sorted(
            self.app.view.trucks.keys() | routes.keys(), key=lambda name: (name not in routes, name)
        ):
            route = routes.get(truck_id)
            words = _("no route") if route is None else _("{n} bins, {km:.1f} km").format(n=route.bins, km=route.km)
            if truck_id != but:
                known.append((truck_id, f"{truck_id}  {words}"))
        return tuple(known)

    async def _told(self, words: str, deed: Callable[[Hands], T]) -> T | None:
        """Do something slow off the screen's thread; what goes wrong is one toast, and then None."""
        hands = self.app.hands
        if hands is None:
            return None
        self.say_busy(words)
        try:
            return await asyncio.to_thread(deed, hands)
        except ActionDisabled as reason:
            self.notify(str(reason), severity="warning", timeout=8)
        except (FleetError, ConsoleError, RoutingError) as error:
            self.notify(str(error), severity="error", timeout=10)
        finally:
            self.say_busy("")
        return None
