"""The best tours found so far, and who is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from routing.plan import Left, Plan, Reason
from routing.solve.blame import blame
from routing.solve.ruin import Search
from routing.solve.start import filled, mend
from routing.solve.steps import StepClock
from routing.solve.timing import time_tour

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime
    from random import Random

    from routing.plan import Route
    from routing.solve.ground import Ground
    from routing.solve.ruin import Sequences

Phase = Literal["first rounds", "improving", "done"]

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


class Incumbent:
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
        self.cost = sum(ground.penalty[: ground.count])
        for index, sequence in ground.fixed.items():
            route = time_tour(ground, ground.rigs[index], sequence)
            if route is not None:  # fixed tours were timed when they were made
                self.sequences[index], self.routes[index] = list(sequence), route
                self.cost += route.cost - sum(ground.penalty[node] for node in sequence if node < ground.count)
        self._begun = begun
        self.tick = tick
        self._progress = progress
        self._told = 0.0
        self._due = sum(visit.mandatory for visit in ground.problem.visits)

    def elapsed(self) -> float:
        """Seconds since the search began."""
        return self.tick() - self._begun

    @property
    def counted(self) -> bool:
        """Whether the budget counts steps instead of time."""
        return isinstance(self.tick, StepClock)

    def left(self) -> float:
        """Seconds the search may still take."""
        return self.seconds - self.elapsed()

    def until(self, moment: float) -> Callable[[], float]:
        """A clock that goes from 0 now to 1 at `moment`, in seconds since the search began."""
        begun = self.elapsed()
        lasts = max(1e-6, moment - begun)
        return lambda: (self.elapsed() - begun) / lasts

    def accept(self, search: Search) -> bool:
        """Take the tours in when they are better, waiting and charging counted, and can be driven; whether they can."""
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
        served = {node for index in routes for node in search.tours[index].sequence}
        penalty = self.ground.penalty
        cost = sum(route.cost for route in routes.values())
        cost += sum(penalty[node] for node in range(self.ground.count) if node not in served)
        if cost < self.cost - 1e-6:
            self.cost, self.routes = cost, routes
            self.sequences = {index: list(search.tours[index].sequence) for index in routes}
            if self.elapsed() - self._told >= TOLD_EVERY:
                self.tell()
        return True

    def offer(self, tours: Sequences, random: Random) -> None:
        """Take tours in as they are; where one cannot be driven it loses bins, which may find another place."""
        if not self.accept(Search(self.ground, tours, random)):
            mended = mend(self.ground, tours)
            self.accept(Search(self.ground, mended, random))
            self.accept(filled(self.ground, mended, random))

    def warm(self, rigs: Collection[int] | None = None) -> Plan | None:
        """The best routes, or those of some trucks, as a plan to start from; None without any."""
        routes = [route for index, route in sorted(self.routes.items()) if rigs is None or index in rigs]
        return _plan(self.ground.problem.zero, routes, ()) if routes else None

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

    def plan(self) -> Plan:
        """The best tours as a plan, with a reason for every bin left."""
        ground = self.ground
        routes = [self.routes[index] for index in sorted(self.routes)]
        served = {node for sequence in self.sequences.values() for node in sequence}
        left = [Left(bin=visit.bin, reason=reason, mandatory=visit.mandatory) for visit, reason in ground.refused]
        missed = [node for node in range(ground.count) if node not in served]
        reasons = blame(ground, self.sequences, [node for node in missed if ground.due[node]])
        for node in missed:
            visit = ground.visits[node]
            reason = reasons.get(node, Reason.NOT_NEEDED)
            left.append(Left(bin=visit.bin, reason=reason, mandatory=visit.mandatory))
        return _plan(ground.problem.zero, routes, tuple(left))


def _plan(zero: datetime, routes: Sequence[Route], left: tuple[Left, ...]) -> Plan:
    return Plan(
        zero=zero,
        routes=tuple(routes),
        left=left,
        cost=sum(route.cost for route in routes),
        metres=sum(route.metres for route in routes),
        seconds=sum(route.returns - route.departs for route in routes),
        kwh=sum(route.kwh for route in routes),
    )
