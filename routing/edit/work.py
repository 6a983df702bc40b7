"""Edits carried out: tours changed, driven again, and the plan made whole of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from routing.edit.delta import measure
from routing.edit.drive import Track
from routing.edit.improve import improve
from routing.edit.index import Index, Step, tour_of
from routing.edit.place import best_places, put_best
from routing.edit.values import (
    Add,
    Draft,
    Drop,
    Edit,
    Edited,
    Improve,
    Lock,
    Move,
    Split,
    Start,
    Swap,
    Unlock,
)
from routing.edit.whole import make_whole, reasons_of
from routing.errors import EditError
from routing.problem import Locks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from routing.plan import Plan, Route
    from routing.problem import Truck, Visit

ASKED = 3
"""How many trucks are asked exactly for the best place of a bin."""

Tours = dict[str, tuple[Step, ...]]


def apply(draft: Draft, edit: Edit) -> Edited:
    """The draft after `edit`, with what changes and every rule that is then broken.

    Raises EditError for an edit that makes no sense: names this plan does not know, a bin that is not where the edit
    says, a route that is locked.
    """
    if isinstance(edit, Improve):
        return _improve(draft, edit)
    return _Bench(draft).apply(edit)


def _improve(draft: Draft, edit: Improve) -> Edited:
    found = improve(draft, edit)
    if found is None:
        return Edited(draft, measure(draft, draft, ()), ())
    index, routes = Index.of(draft.problem), {route.truck: route for route in found.routes}
    for truck, when in draft.starts.items():  # a search may put a departure off: a person set this one
        route = routes.get(truck)
        if route is not None and route.departs != when:
            timed = Track(index, index.truck(truck), route.bins).drive(tour_of(route), when)
            routes[truck] = timed or route
    found = make_whole(draft.problem, routes, reasons_of(found))
    changed = _changed(draft.plan, found)
    after = replace(draft, plan=found)
    return Edited(after, measure(draft, after, changed), changed)


class _Bench:
    """One edit at work on one draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.index = Index.of(draft.problem)
        self.routes: Mapping[str, Route] = {route.truck: route for route in draft.plan.routes}
        self.home = {name: route.truck for route in draft.plan.routes for name in route.bins}

    def apply(self, edit: Edit) -> Edited:
        locks, starts, tours = self.draft.problem.locks, self.draft.starts, Tours()
        match edit:
            case Move():
                tours = self._move(edit)
                locks = _pinned(locks, {edit.bin: edit.truck})
            case Add():
                return self._add(edit)
            case Drop():
                tours = self._without(edit.bin)
                locks = _freed(locks, {edit.bin})
                locks = replace(locks, dropped=locks.dropped | {edit.bin})
            case Lock() | Unlock():
                locks = self._lock(edit)
            case Swap():
                tours = self._swap(edit)
                locks = _pinned(locks, {name: truck for truck, tour in tours.items() for name in _bins(tour)})
            case Start():
                tours = {edit.truck: self._tour(edit.truck, "has no route to start")}
                starts = {truck: when for truck, when in starts.items() if truck != edit.truck}
                if edit.seconds is not None:
                    starts[edit.truck] = edit.seconds
            case Split():
                tours = self._split(edit)
                moved = set(_bins(tours[edit.other])) - set(_bins(self._steps(edit.other)))
                locks = _pinned(locks, dict.fromkeys(moved, edit.other))
            case Improve():  # `apply` took it
                raise EditError("a search is no edit of single tours")
            case _:
                assert_never(edit)
        return self._edited(tours, locks, starts)

    def _edited(self, tours: Tours, locks: Locks, starts: Mapping[str, int]) -> Edited:
        draft = self.draft
        routes: dict[str, Route | None] = {}
        for name, steps in tours.items():
            track = Track(self.index, self.index.truck(name), _bins(steps))
            routes[name] = track.drive(steps, starts.get(name))
        starts = {truck: when for truck, when in starts.items() if routes.get(truck, self.routes.get(truck))}
        problem = draft.problem if locks == draft.problem.locks else replace(draft.problem, locks=locks)
        plan = draft.plan
        if routes:
            kept = {name: route for name, route in ({**self.routes, **routes}).items() if route is not None}
            plan = make_whole(problem, kept, reasons_of(plan))
        after = replace(draft, problem=problem, plan=plan, starts=starts)
        trucks = tuple(name for name, route in routes.items() if route != self.routes.get(name))
        return Edited(after, measure(draft, after, trucks), trucks)

    # single edits

    def _move(self, edit: Move) -> Tours:
        source = self._home(edit.bin)
        tours = self._without(edit.bin)
        self._unlocked(edit.truck)
        self.index.truck(edit.truck)
        if edit.position is None:
            tours |= self._insert(edit.bin, edit.truck, tours if edit.truck == source else {})
            return tours
        steps = list(tours.get(edit.truck, self._steps(edit.truck)))
        slots = [at for at, (kind, _) in enumerate(steps) if kind == "bin"]
        at = slots[edit.position] if 0 <= edit.position < len(slots) else (slots[-1] + 1 if slots else 0)
        steps.insert(at, ("bin", edit.bin))
        tours[edit.truck] = tuple(steps)
        return tours

    def _insert(self, name: str, truck: str, tours: Tours | None = None) -> Tours:
        chosen = self.index.truck(truck)
        self._unlocked(truck)
        if tours and truck in tours:
            track = Track(self.index, chosen, _bins(tours[truck]))
            route = track.drive(tours[truck], self.draft.starts.get(truck))
        else:
            route = self.routes.get(truck)
        return {truck: put_best(self.index, chosen, route, name, self.draft.starts.get(truck))}

    def _add(self, edit: Add) -> Edited:
        """With the truck asked for; else of those it roughly costs least, the first that breaks nothing by it."""
        best: Edited | None = None
        for truck in self._likely_trucks(edit):
            locks = _pinned(self.draft.problem.locks, {edit.bin: truck})
            edited = self._edited(self._insert(edit.bin, truck), locks, self.draft.starts)
            worse = best is not None and len(edited.delta.broken) >= len(best.delta.broken)
            best = best if worse else edited
            if not edited.delta.broken:
                break
        assert best is not None
        return best

    def _likely_trucks(self, edit: Add) -> list[str]:
        visit = self.index.visit(edit.bin)
        if edit.bin in self.home:
            raise EditError(f"bin {edit.bin} is emptied by {self.home[edit.bin]} already; move it instead")
        if visit.location is None:
            raise EditError(f"bin {edit.bin} lies outside the road network; correct its position or import roads")
        if edit.truck is not None:
            return [edit.truck]
        able = [truck for truck in self.index.problem.trucks if self._takes(truck, visit)]
        able = able or [truck for truck in self.index.problem.trucks if truck.truck not in self._fixed()]
        if not able:
            raise EditError("every route is locked; unlock one first")

        def roughly(truck: Truck) -> float:
            fixed = 0.0 if truck.truck in self.routes else truck.fixed_cost
            return fixed + best_places(self.index, truck, self._steps(truck.truck), edit.bin)[0].money

        return [truck.truck for truck in sorted(able, key=roughly)[:ASKED]]

    def _without(self, name: str) -> Tours:
        source = self._home(name)
        self._unlocked(source)
        return {source: tuple(step for step in self._steps(source) if step != ("bin", name))}

    def _swap(self, edit: Swap) -> Tours:
        if edit.one == edit.other:
            raise EditError(f"truck {edit.one} cannot swap with itself")
        tours: Tours = {}
        for truck, source in ((edit.one, edit.other), (edit.other, edit.one)):
            self.index.truck(truck)
            self._unlocked(truck)
            tours[truck] = self._steps(source)
        if not any(tours.values()):
            raise EditError(f"neither {edit.one} nor {edit.other} has a route to swap")
        return tours

    def _split(self, edit: Split) -> Tours:
        steps = list(self._tour(edit.truck, "has no route to split"))
        if ("bin", edit.bin) not in steps:
            raise EditError(f"bin {edit.bin} is not on the route of {edit.truck}")
        if edit.truck == edit.other:
            raise EditError("a route is split between two trucks; name another one")
        self.index.truck(edit.other)
        for truck in (edit.truck, edit.other):
            self._unlocked(truck)
        at = steps.index(("bin", edit.bin))
        return {edit.truck: tuple(steps[:at]), edit.other: (*self._steps(edit.other), *steps[at:])}

    def _lock(self, edit: Lock | Unlock) -> Locks:
        locks = self.draft.problem.locks
        bins = _bins(self._tour(edit.truck, "has no route"))
        if edit.bin is not None:
            if edit.bin not in bins:
                raise EditError(f"bin {edit.bin} is not on the route of {edit.truck}")
            self._unlocked(edit.truck)
            return _pinned(locks, {edit.bin: edit.truck}) if isinstance(edit, Lock) else _freed(locks, {edit.bin})
        if isinstance(edit, Lock):
            return replace(locks, fixed={**locks.fixed, edit.truck: tuple(bins)})
        fixed = {truck: order for truck, order in locks.fixed.items() if truck != edit.truck}
        return replace(_freed(locks, set(bins)), fixed=fixed)

    # what the draft knows

    def _takes(self, truck: Truck, visit: Visit) -> bool:
        return (
            visit.stream in truck.streams
            and (truck.narrow or not visit.narrow)
            and truck.truck not in self._fixed()
            and visit.kg <= truck.kg
        )

    def _fixed(self) -> Mapping[str, tuple[str, ...]]:
        return self.draft.problem.locks.fixed

    def _unlocked(self, truck: str) -> None:
        if truck in self._fixed():
            raise EditError(f"the route of {truck} is locked; unlock it first")

    def _home(self, name: str) -> str:
        found = self.home.get(name)
        if found is None:
            self.index.visit(name)
            raise EditError(f"bin {name} is on no route; add it instead")
        return found

    def _steps(self, truck: str) -> tuple[Step, ...]:
        route = self.routes.get(truck)
        return () if route is None else tour_of(route)

    def _tour(self, truck: str, refusal: str) -> tuple[Step, ...]:
        self.index.truck(truck)
        steps = self._steps(truck)
        if not steps:
            raise EditError(f"truck {truck} {refusal}")
        return steps


def _bins(steps: Iterable[Step]) -> list[str]:
    return [name for kind, name in steps if kind == "bin"]


def _pinned(locks: Locks, pins: Mapping[str, str]) -> Locks:
    return replace(locks, pins={**locks.pins, **pins}, dropped=locks.dropped - pins.keys())


def _freed(locks: Locks, bins: set[str]) -> Locks:
    return replace(locks, pins={name: truck for name, truck in locks.pins.items() if name not in bins})


def _changed(before: Plan, after: Plan) -> tuple[str, ...]:
    old = {route.truck: route for route in before.routes}
    new = {route.truck: route for route in after.routes}
    return tuple(truck for truck in sorted(old.keys() | new.keys()) if old.get(truck) != new.get(truck))
