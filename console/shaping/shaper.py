"""Whoever works edits out: opens a plan with its problem, tries an edit, keeps it, takes it back.

Everything is worked out on one version of one plan and written only if that is still the newest: the store decides.
Lives in a worker process beside the console (console.shaping.bench), in tests in the test's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from console.errors import NoRoads, ShapingImpossible
from console.shaping.newcomer import take_in
from console.shaping.rows import Facts, LinesOf, edit_args, read_draft, read_facts, write_change
from console.shaping.values import Broken, EditCall, Tried
from fleet.store import Store, WholePlan, Work
from fleet.store.shaping import Way
from fleet.tables import PlanEdit
from routing.edit import KINDS, Draft, Edit, Edited, apply, measure, to_draft
from routing.edit.whole import make_whole, reasons_of
from routing.errors import EditError, RoutingError
from routing.packing import pack, unpack
from routing.plan import Reason
from routing.problem import Locks, Problem
from routing.roads import Network, route_geometry


@dataclass(frozen=True, slots=True)
class Opened:
    """One version of one plan, ready for edits."""

    whole: WholePlan
    draft: Draft
    facts: Facts

    @property
    def at(self) -> tuple[int, int]:
        """Plan and version."""
        return self.whole.plan.plan_id or 0, self.whole.plan.version


class Shaper:
    """Edits of plans in one store, in one operator's name."""

    def __init__(self, store: Store, operator: str, reserve: float) -> None:
        self._store = store
        self._operator = operator
        self._reserve = reserve
        self._problem: tuple[tuple[int, int], Problem] | None = None
        self._opened: Opened | None = None
        self._tried: tuple[Tried, Edited] | None = None
        self._roads: Network | None = None

    def try_edit(self, plan_id: int, version: int, call: EditCall) -> Tried:
        """What an edit of this version of a plan would change; nothing is written.

        Raises:
            EditError: it makes no sense.
            PlanChanged: the plan is at another version by now.
            ShapingImpossible: no problem is kept with the plan.
        """
        opened = self._open(plan_id, version)
        edited = apply(self._with_newcomer(opened, call), to_edit(call))
        tried = tell(opened, call, edited)
        self._tried = tried, edited
        return tried

    def accept(self, plan_id: int, version: int, call: EditCall) -> int:
        """Keep an edit, in a draft made for it where the plan is none to shape; gives the draft's number."""
        opened = self._open(plan_id, version)
        known = self._tried
        if known is None or (known[0].plan_id, known[0].version, known[0].call) != (plan_id, version, call):
            self.try_edit(plan_id, version, call)
            known = self._tried
        assert known is not None
        edited = known[1]
        args = edit_args(opened.draft, edited, call.args)
        return self._write(opened, edited, (call.kind, args), "edit")

    def undo(self, plan_id: int, version: int) -> Tried:
        """Take the last edit of a draft back."""
        return self._turn(plan_id, version, "undo")

    def redo(self, plan_id: int, version: int) -> Tried:
        """Do the edit taken back last again."""
        return self._turn(plan_id, version, "redo")

    # inside

    def _with_newcomer(self, opened: Opened, call: EditCall) -> Draft:
        """The draft, with the bin to add in its problem where the planner had not offered it."""
        name, problem = str(call.args.get("bin") or ""), opened.draft.problem
        if call.kind != "add" or any(visit.bin == name for visit in problem.visits):
            return opened.draft
        with self._store.read() as work:
            row = next((row for row in work.bins.all() if row.bin_id == name), None)
        if row is None:
            return opened.draft
        wide = take_in(problem, row, opened.facts, self._network())
        plan = opened.draft.plan
        plan = make_whole(wide, {route.truck: route for route in plan.routes}, reasons_of(plan))  # it is left, as yet
        return replace(opened.draft, problem=wide, plan=plan)

    def _turn(self, plan_id: int, version: int, way: Way) -> Tried:
        opened = self._open(plan_id, version)
        with self._store.read() as work:
            row = work.shaping.to_undo(plan_id) if way == "undo" else work.shaping.to_redo(plan_id)
        if row is None:
            raise ShapingImpossible(f"plan {plan_id}: there is nothing to {way}")
        sketch = row.args["before" if way == "undo" else "after"]
        draft = to_draft(
            opened.draft.problem, sketch, reasons=_reasons(opened, row, way), risks=opened.draft.risks, on=opened.draft
        )
        crews = tuple(sketch["routes"])
        edited = Edited(draft, measure(opened.draft, draft, crews), crews)
        self._write(opened, edited, (row.kind, {"edit": row.args["edit"]}), way)
        return tell(opened, EditCall(row.kind, row.args["edit"]), edited)

    def _write(self, opened: Opened, edited: Edited, edit: tuple[str, Mapping[str, Any]], way: Way) -> int:
        plan = opened.whole.plan
        plan_id, version = opened.at
        change = write_change(opened.draft, edited, edit, opened.facts, opened.whole, self._lines(), way)
        with self._store.begin() as work:
            if plan.state != "draft" or plan.based_on is None:
                plan_id, version = work.shaping.begin(plan_id, self._operator), 1
            after = work.shaping.save(plan_id, version, change, self._operator)
            if len(edited.draft.problem.visits) != len(opened.draft.problem.visits):
                work.shaping.keep_problem(plan_id, pack(replace(edited.draft.problem, locks=Locks())))
            whole = work.plans.whole(plan_id)
        assert whole is not None
        # what was just written is what is opened: the figures need not be worked out again
        facts = replace(opened.facts, why={**opened.facts.why, **_whys(whole)})
        self._opened = Opened(whole, edited.draft, facts) if whole.plan.version == after else None
        self._tried = None
        return plan_id

    def _open(self, plan_id: int, version: int) -> Opened:
        if self._opened is not None and self._opened.at == (plan_id, version) and self._is_newest(plan_id, version):
            return self._opened
        with self._store.read() as work:
            whole = work.plans.whole(plan_id)
            if whole is None:
                raise ShapingImpossible(f"there is no plan {plan_id}")
            if whole.plan.version != version:
                work.shaping.refuse_stale(plan_id)
            problem = self._unpacked(work, plan_id)
            bins = [(row.bin_id, row.lat, row.lon) for row in work.bins.all()]
            places = [(row.place_id, row.lat, row.lon) for row in work.places.all()]
            battery = {row.truck_id: row.battery_kwh for row in work.trucks.all() if row.battery_kwh is not None}
        draft = read_draft(whole, problem)
        facts = read_facts(whole, bins, places, battery, self._reserve)
        self._opened = Opened(whole, draft, facts)
        return self._opened

    def _is_newest(self, plan_id: int, version: int) -> bool:
        with self._store.read() as work:
            plan = work.plans.get(plan_id)
        return plan is not None and plan.version == version

    def _unpacked(self, work: Work, plan_id: int) -> Problem:
        kept = work.shaping.problem(plan_id)
        if kept is None:
            raise ShapingImpossible(
                f"plan {plan_id} is of an older binwatt, which kept no problem with it: make a new plan to shape"
            )
        key = kept[0], hash(kept[1])
        if self._problem is None or self._problem[0] != key:
            self._problem = key, unpack(kept[1])
        return self._problem[1]

    def _network(self) -> Network | None:
        if self._roads is None:
            from console.roads import open_roads

            try:
                self._roads = open_roads(self._store)[0]
            except (NoRoads, RoutingError, OSError):
                return None
        return self._roads

    def _lines(self) -> LinesOf:
        if self._network() is None:
            return lambda points, _truck: [list(point) for point in points]  # straight: better than no map
        return self._along

    def _along(self, points: Sequence[tuple[float, float]], _truck: str) -> list[list[float]]:
        assert self._roads is not None
        line: list[list[float]] = []
        try:
            legs = route_geometry(self._roads, points)
        except RoutingError:
            return [list(point) for point in points]
        for leg in legs:
            for lat, lon in leg.line:
                point = [round(lat, 6), round(lon, 6)]
                if not line or line[-1] != point:
                    line.append(point)
        return line


def to_edit(call: EditCall) -> Edit:
    """The edit a call names; EditError for a kind or fields there are none of."""
    try:
        return KINDS[call.kind](**call.args)
    except (KeyError, TypeError) as error:
        raise EditError(f"there is no edit {call.kind} with {sorted(call.args)}") from error


def tell(opened: Opened, call: EditCall, edited: Edited) -> Tried:
    """What an edit changes, for a screen."""
    delta, (plan_id, version) = edited.delta, opened.at
    return Tried(
        plan_id,
        version,
        call,
        delta.km,
        delta.minutes,
        delta.money,
        delta.kwh,
        delta.overflows,
        tuple((truck, margin.before, margin.after) for truck, margin in delta.margins.items()),
        tuple(Broken(one.rule, one.truck, one.text) for one in delta.broken),
        delta.mended,
        _same(edited.draft, opened.draft),
    )


def _same(one: Draft, other: Draft) -> bool:
    """Whether two drafts of one plan are alike; their matrices are not looked at."""
    return (one.plan, one.problem.locks, one.starts) == (other.plan, other.problem.locks, other.starts)


def _reasons(opened: Opened, row: PlanEdit, way: Way) -> dict[str, Reason]:
    """Why bins are left: as now, and as before the edit where it is taken back."""
    reasons: dict[str, Reason] = dict(reasons_of(opened.draft.plan))
    if way == "undo":
        reasons |= {name: Reason[code] for name, code in row.args.get("reasons", {}).items()}
    return reasons


def _whys(whole: WholePlan) -> dict[str, Mapping[str, Any]]:
    stops = {stop.bin_id: stop.why for _, stops in whole.routes for stop in stops if stop.bin_id is not None}
    return {**{row.bin_id: row.why for row in whole.left}, **stops}
