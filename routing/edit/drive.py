"""When a truck is where, along a tour a person asked for: exactly, and by force where the rules forbid it.

A tour that can be driven is timed by the search's own `time_tour`, on a problem of this truck and its bins alone: that
compiles in milliseconds whatever the size of the city. A tour that cannot, and one whose departure a person set, is
walked through here, as early as it goes, so that the checker can say which rules it breaks and by how much.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from routing.edit.index import tidy
from routing.edit.trace import Halt, service_of, trace
from routing.errors import ProblemError
from routing.problem import Locks, wait_at
from routing.solve.ground import compile_problem
from routing.solve.timing import time_tour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.edit.index import Index, Step
    from routing.plan import Route
    from routing.problem import Break, Problem, Truck, Visit
    from routing.solve.ground import Ground

NO_WAY_SECONDS = 0
"""A leg that does not exist takes no time here: the checker names it."""


class Track:
    """One truck and the bins it may be asked to empty, compiled once for many tours."""

    def __init__(self, index: Index, truck: Truck, bins: Sequence[str]) -> None:
        self.index = index
        self.truck = truck
        self._ground = _compile(index.problem, truck, [index.visit(name) for name in bins])
        ground = self._ground
        self._nodes: dict[Step, int] = {}
        if ground is not None:
            self._nodes = {("bin", visit.bin): node for node, visit in enumerate(ground.visits)}
            self._nodes |= {("tip", site.place): ground.count + at for at, site in enumerate(ground.sites)}

    def exact(self, steps: Sequence[Step]) -> Route | None:
        """The best day along `steps`; None when it cannot be driven."""
        nodes = [self._nodes.get(step, -1) for step in steps]
        if self._ground is None or not nodes or min(nodes) < 0:
            return None
        return time_tour(self._ground, self._ground.rigs[0], nodes)

    def drive(self, steps: Sequence[Step], departs: int | None = None) -> Route | None:
        """The day along `steps`, by force if need be; None for a tour without bins."""
        steps = tidy(list(steps))
        if not steps:
            return None
        route = self.exact(steps)
        if route is not None and departs in {None, route.departs}:
            return route
        return trace(self.index, self.truck, _force(self.index, self.truck, _emptied(self, steps), departs))


def _compile(problem: Problem, truck: Truck, visits: list[Visit]) -> Ground | None:
    try:
        return compile_problem(replace(problem, visits=tuple(visits), trucks=(truck,), locks=Locks()))
    except ProblemError:  # no bins to compile
        return None


def _emptied(track: Track, steps: list[Step]) -> list[Step]:
    """The steps with a tip at their end: of the sites that take the load the one on the way home."""
    index, (kind, name) = track.index, steps[-1]
    if kind == "tip":
        return steps
    visit, ways = index.visits[name], index.problem.ways_of(track.truck)
    home = index.depots[track.truck.ends_at or track.truck.depot].location
    takers = [site for site in index.problem.sites if site.takes(visit.stream)] or list(index.problem.sites)
    here = home if visit.location is None else visit.location

    def detour(place: int) -> tuple[bool, int]:
        out, back = int(ways.metres[here, place]), int(ways.metres[place, home])
        return out < 0 or back < 0, out + back

    return [*steps, ("tip", min(takers, key=lambda site: detour(site.location)).place)]


def _force(index: Index, truck: Truck, steps: list[Step], departs: int | None) -> list[Halt]:
    """The halts of a day whatever it breaks; the break stands where it keeps its hours and brings the truck home first.

    Where its hours cannot be kept, it comes as near to them as it can.
    """
    plain = _walk(index, truck, steps, departs, None)
    rest = truck.rest
    if rest is None or not plain[0].leave < rest.closes - rest.seconds < plain[-1].arrive:
        return plain
    days = [_walk(index, truck, steps, departs, after) for after in range(1, len(steps) + 1)]
    return min(days, key=lambda day: (_outside(day, rest), day[-1].arrive))


def _outside(day: list[Halt], rest: Break) -> int:
    """By how many seconds the break of a day misses its hours."""
    taken = next(halt for halt in day if halt.kind == "break")
    return max(0, taken.leave - rest.closes)


def _walk(index: Index, truck: Truck, steps: list[Step], departs: int | None, after: int | None) -> list[Halt]:
    ways, rest = index.problem.ways_of(truck), truck.rest
    home = truck.ends_at or truck.depot
    begin = truck.starts if departs is None else departs
    halts = [Halt("depart", begin, begin, place=truck.depot)]
    here, now = index.depots[truck.depot].location, begin
    for number, (kind, name) in enumerate(steps, 1):
        location = index.location((kind, name))
        there = here if location is None else location
        now += 0 if there == here else max(NO_WAY_SECONDS, int(ways.seconds[here, there]))
        arrive, here = now, there
        if kind == "bin":
            now = _opened(index.visits[name], now) + service_of(index, truck, name)
            halts.append(Halt("bin", arrive, now, bin=name))
        else:
            site = index.sites[name]
            now = max(now + wait_at(site, now), site.opens) + site.unload_seconds
            halts.append(Halt("tip", arrive, now, place=name))
        if number == after and rest is not None:
            arrive, now = now, max(now, rest.opens) + rest.seconds
            halts.append(Halt("break", arrive, now))
    there = index.depots[home].location
    now += 0 if there == here else max(NO_WAY_SECONDS, int(ways.seconds[here, there]))
    return [*halts, Halt("return", now, now, place=home)]


def _opened(visit: Visit, now: int) -> int:
    """When service of a visit may begin for a truck that is there at `now`; past its closing hour, at once."""
    begins = max(now, visit.opens)
    for shut, again in visit.shut:
        if shut <= begins < again:
            begins = again
    return begins if begins <= visit.closes else max(now, visit.opens)
