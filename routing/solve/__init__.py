"""Plan the night: the best rounds found within a time budget.

`solve` compiles the problem, lets OR-Tools search from a first solution, improves that by ruin and repair, and times
every tour exactly. An incumbent is kept, and told to `progress`, only when it could be driven as it is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal

from routing.errors import SolveError
from routing.plan import Left, Plan, Reason
from routing.solve.blame import blame
from routing.solve.ground import Ground, compile_problem
from routing.solve.model import Model
from routing.solve.ruin import Search, Sequences
from routing.solve.timing import time_tour
from routing.solve.tour import Tour

if TYPE_CHECKING:
    from collections.abc import Callable

    from routing.plan import Route
    from routing.problem import Problem

Phase = Literal["first rounds", "improving", "done"]

SEARCHED = 0.08
"""Share of the budget OR-Tools gets."""

STARTS, TRIED = 0.6, 0.15
"""Shares of what is left: for annealing from several starts, for trials of other trucks. The rest is the last run."""

START, MOST_STARTS = 0.012, 6
"""Seconds a bin that a start should have at least, and how many starts there are at most."""

HOT, WARM, COLD = 1.0, 0.3, 0.02
"""Annealing begins, begins again and ends at these multiples of a typical leg's cost."""

TOLD_EVERY = 0.2
"""Seconds between two reports of better rounds."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: the best rounds so far cost `cost` to drive and serve `served` bins, `due_served` of `due`
    due.
    """

    phase: Phase
    elapsed: float
    seconds: float
    cost: float
    served: int
    due: int
    due_served: int


def solve(
    problem: Problem,
    seconds: float,
    seed: int = 0,
    *,
    progress: Callable[[Progress], None] | None = None,
    warm: Plan | None = None,
    tick: Callable[[], float] = time.monotonic,
) -> Plan:
    """The best plan found in `seconds`.

    Small problems are given less: half a second and a tenth per bin. `warm` is a plan to start from. `tick` is the
    clock of the budget. Ruin and repair draws from `seed`; OR-Tools is deterministic, but both end by time. Raises
    SolveError for a budget that is not above 0.
    """
    if not seconds > 0:
        raise SolveError(f"a search of {seconds} s finds nothing; give it more than 0 s")
    begun = tick()
    ground = compile_problem(problem)
    seconds = min(seconds, 0.5 + ground.count / 10)
    best = _Incumbent(ground, seconds, begun, tick, progress)
    if ground.count:
        _search(ground, best, Random(seed), warm)
    best.tell("done")
    return _plan(ground, best)


def _search(ground: Ground, best: _Incumbent, random: Random, warm: Plan | None) -> None:
    """Anneal from what OR-Tools finds and from nothing, try other trucks, then anneal the best of all once more.

    A good plan of the wrong trucks is hard to leave by small steps: hence the start from nothing, and the trials that
    forbid one truck of the best plan at a time.
    """
    start: Sequences = {}
    if warm is not None:
        start = _mend(ground, _recall(ground, warm))
        best.accept(_filled(ground, start, random))
    found = Model(ground, "PATH_CHEAPEST_ARC").search(max(0.05, best.seconds * SEARCHED), start or None)
    if found is not None:
        best.accept(_filled(ground, _mend(ground, found), random))
    best.phase = "improving"
    begun, lasts = best.elapsed(), best.seconds - best.elapsed()
    starts = max(2, min(MOST_STARTS, int(STARTS * lasts / (START * ground.count))))
    for number in range(1, starts + 1):
        sequences, banned = (best.sequences, -1) if number == 1 else ({}, -1)
        if number > 2 and len(ground.rigs) > 1:  # the second start is free to take any truck
            banned = random.randrange(len(ground.rigs))
        until = begun + STARTS * number / starts * lasts
        _anneal(best, _filled(ground, sequences, random, banned), HOT, until)
    trials = max(1, min(2 * len(best.sequences), int(TRIED * lasts / (START / 2 * ground.count))))
    for number in range(1, trials + 1):
        until = begun + (STARTS + TRIED * number / trials) * lasts
        _anneal(best, _trial(ground, best.sequences, number, random), WARM, until)
    _anneal(best, _filled(ground, best.sequences, random), WARM, best.seconds)


def _trial(ground: Ground, tours: Sequences, number: int, random: Random) -> Search:
    """The best tours changed in a way small steps do not find.

    While mandatory bins are left, the trucks that could take them give up what others can serve as well; else one truck
    stays at home, the one with the fewest bins first.
    """
    served = {node for sequence in tours.values() for node in sequence}
    missed = [node for node in range(ground.count) if ground.due[node] and node not in served]
    if missed:
        few = min(ground.choices[node] for node in missed)
        able = {rig.index for rig in ground.rigs if any(rig.allowed[node] for node in missed)}

        def stays(index: int, node: int) -> bool:
            if index not in able or node >= ground.count:
                return True
            return ground.due[node] and ground.choices[node] <= few

        start = {index: [node for node in sequence if stays(index, node)] for index, sequence in tours.items()}
        return _filled(ground, start, random)
    by_size = sorted(tours, key=lambda index: (len(tours[index]), index))
    banned = by_size[(number - 1) % len(by_size)] if len(by_size) > 1 else -1
    return _filled(ground, {index: tours[index] for index in by_size if index != banned}, random, banned)


def _anneal(best: _Incumbent, search: Search, heat: float, until: float) -> None:
    best.accept(search)
    leg = _typical_leg(best.ground)
    begun = best.elapsed()
    lasts = max(1e-6, until - begun)
    search.anneal(leg * heat, leg * COLD, lambda: (best.elapsed() - begun) / lasts, best.accept)


def _typical_leg(ground: Ground) -> float:
    """Money from a bin to its third nearest, on average: what a good tour pays a leg, known before there is one."""
    cost = ground.rigs[0].cost
    legs = [cost[visit][near[min(2, len(near) - 1)]] for visit, near in enumerate(ground.near) if near]
    return sum(legs) / len(legs) if sum(legs) > 0 else 1.0


class _Incumbent:
    """The best tours so far that can be driven, and who wants to know of them."""

    def __init__(
        self,
        ground: Ground,
        seconds: float,
        begun: float,
        tick: Callable[[], float],
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.ground = ground
        self.seconds = seconds
        self.phase: Phase = "first rounds"
        self.sequences: Sequences = {}
        self.routes: dict[int, Route] = {}
        self._cost = sum(ground.penalty[: ground.count])
        self._begun = begun
        self._tick = tick
        self._progress = progress
        self._told = 0.0
        self._due = sum(visit.mandatory for visit in ground.problem.visits)

    def elapsed(self) -> float:
        """Seconds since the search began."""
        return self._tick() - self._begun

    def accept(self, search: Search) -> bool:
        """Take the tours in when they are better and can be driven; whether they can."""
        routes = {}
        for index, tour in search.tours.items():
            if not tour.sequence:
                continue
            if self.sequences.get(index) == tour.sequence:
                routes[index] = self.routes[index]
                continue
            route = time_tour(self.ground, tour.rig, tour.sequence)
            if route is None:
                return False
            routes[index] = route
        if search.cost < self._cost - 1e-6:
            self._cost, self.routes = search.cost, routes
            self.sequences = {index: list(search.tours[index].sequence) for index in routes}
            if self.elapsed() - self._told >= TOLD_EVERY:
                self.tell()
        return True

    def tell(self, phase: Phase | None = None) -> None:
        """Report to whoever follows."""
        self.phase = phase or self.phase
        self._told = self.elapsed()
        if self._progress is None:
            return
        ground = self.ground
        visits = [node for sequence in self.sequences.values() for node in sequence if node < ground.count]
        self._progress(
            Progress(
                phase=self.phase,
                elapsed=self._told,
                seconds=self.seconds,
                cost=sum(route.cost for route in self.routes.values()),
                served=len(visits),
                due=self._due,
                due_served=sum(ground.due[node] for node in visits),
            )
        )


def _filled(ground: Ground, start: Sequences, random: Random, banned: int = -1) -> Search:
    search = Search(ground, start, random, banned)
    search.fill()
    return search


def _mend(ground: Ground, tours: Sequences) -> Sequences:
    """The tours with bins taken off their ends until each can be driven."""
    mended: Sequences = {}
    for index, sequence in tours.items():
        rig, short = ground.rigs[index], list(sequence)
        while short:
            tour = Tour(ground, rig, short)
            short = tour.sequence
            if tour.feasible() and time_tour(ground, rig, short) is not None:
                mended[index] = short
                break
            short.pop()
    return mended


def _recall(ground: Ground, warm: Plan) -> Sequences:
    """The tours of an earlier plan, as far as its trucks, bins and sites are still there."""
    rigs = {rig.truck.truck: rig.index for rig in ground.rigs}
    visits = {visit.bin: node for node, visit in enumerate(ground.visits)}
    sites = {site.place: ground.count + at for at, site in enumerate(ground.sites)}
    tours: Sequences = {}
    for route in warm.routes:
        index = rigs.get(route.truck)
        if index is None:
            continue
        known = [(visits if stop.kind == "bin" else sites).get(stop.bin or stop.place or "") for stop in route.stops]
        tours[index] = [node for node in known if node is not None and ground.rigs[index].may_serve(node)]
    return tours


def _plan(ground: Ground, best: _Incumbent) -> Plan:
    routes = tuple(best.routes[index] for index in sorted(best.routes))
    served = {node for sequence in best.sequences.values() for node in sequence}
    left = [Left(bin=visit.bin, reason=reason, mandatory=visit.mandatory) for visit, reason in ground.refused]
    missed = [node for node in range(ground.count) if node not in served]
    reasons = blame(ground, best.sequences, [node for node in missed if ground.due[node]])
    for node in missed:
        visit = ground.visits[node]
        reason = reasons.get(node, Reason.NOT_NEEDED)
        left.append(Left(bin=visit.bin, reason=reason, mandatory=visit.mandatory))
    return Plan(
        zero=ground.problem.zero,
        routes=routes,
        left=tuple(left),
        cost=sum(route.cost for route in routes),
        metres=sum(route.metres for route in routes),
        seconds=sum(route.returns - route.departs for route in routes),
        kwh=sum(route.kwh for route in routes),
    )
