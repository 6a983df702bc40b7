"""The problem compiled for search: plain lists a Python loop walks fast, and what no truck can ever do set aside.

Nodes are numbered: servable visits first, then disposal sites, then depots. `Ground` is the common ground of all
engines: each searches sequences of nodes per rig in its own way, and `routing.solve.timing` makes routes of them.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from routing.errors import ProblemError
from routing.plan import Reason
from routing.problem import truck_service
from routing.solve.fixed import fix_tour
from routing.solve.gate import Gate, merge
from routing.solve.rig import FAR, Prices, Rig, Roads, Table, make_rig, shift_spans, shortest_wait
from routing.solve.timing import time_tour
from routing.solve.tour import Tour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.problem import Problem, Site, Truck, Visit

Refused = tuple["Visit", Reason]

MOST = 6_000
"""Visits of one night: their tables take a gigabyte."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The compiled problem. `refused` names the visits no truck can serve, and those left by hand; they have no node.

    `roads` are those of the first truck; others may find theirs different, see `Rig.roads`. `gates` are in true time.
    `fixed` holds the tours settled by hand, by rig; no search may change them, and no rig is `allowed` their bins.
    """

    problem: Problem
    visits: tuple[Visit, ...]
    count: int
    """How many visits can be served; their nodes are 0 to count - 1, those of sites follow."""
    sites: tuple[Site, ...]
    locations: list[int]
    roads: Roads
    kg: list[int]
    litres: list[int]
    streams: list[str | None]
    takers: list[list[int]]
    """Per visit, the site nodes that take what lies in it."""
    penalty: list[float]
    """What leaving a visit costs: its value, or for a mandatory one more than any day of any truck."""
    near: list[array[int]]
    """The other visits by distance there and back, nearest first."""
    rigs: tuple[Rig, ...]
    due: list[bool]
    """Which visits are mandatory, or wanted by a lock."""
    choices: list[int]
    """How many trucks a search may give each visit to."""
    releases: list[int]
    """When a trip that takes a visit may begin; empty when all may at any time."""
    gates: dict[int, Gate]
    fixed: dict[int, list[int]]
    refused: tuple[Refused, ...]


def compile_problem(problem: Problem) -> Ground:
    """Compile `problem`; visits no truck could serve even alone are set aside with the reason.

    Raises:
        ProblemError: more visits than one search can hold.
    """
    if len(problem.visits) > MOST:
        raise ProblemError(
            f"{len(problem.visits)} bins for one night, at most {MOST} can be planned together: "
            "plan by district, or let fewer bins count as due"
        )
    dropped = problem.locks.dropped
    refused: list[Refused] = [(visit, Reason.LOCKED) for visit in problem.visits if visit.bin in dropped]
    kept = [visit for visit in problem.visits if visit.bin not in dropped]
    refused += [(visit, Reason.OUTSIDE) for visit in kept if visit.location is None]
    placed = [visit for visit in kept if visit.location is not None]
    ground = _lay_out(problem, placed, refused)
    reasons = [why_never(ground, node) for node in range(len(placed))]
    if any(reasons):
        refused += [(visit, reason) for visit, reason in zip(placed, reasons, strict=True) if reason is not None]
        stays = [reason is None for reason in reasons]
        loose = [(rig.index, ground.visits[node].bin) for rig in ground.rigs for node in rig.loose]
        placed = [visit for visit, stay in zip(placed, stays, strict=True) if stay]
        ground = _lay_out(problem, placed, refused)
        nodes = {visit.bin: node for node, visit in enumerate(placed)}
        for index, name in loose:
            ground.rigs[index].loose.add(nodes[name])
    return replace(ground, fixed=_fix(ground)) if problem.locks.fixed else ground


def _fix(ground: Ground) -> dict[int, list[int]]:
    """The tours settled by hand, with tips put in, as far as they can be driven."""
    nodes = {visit.bin: node for node, visit in enumerate(ground.visits)}
    tours = {}
    for rig in ground.rigs:
        bins = ground.problem.locks.fixed.get(rig.truck.truck, ())
        tour = fix_tour(ground, rig, [nodes[name] for name in bins if name in nodes])
        if tour:
            tours[rig.index] = tour
    return tours


def _lay_out(problem: Problem, visits: list[Visit], refused: list[Refused]) -> Ground:
    sites, depots = problem.sites, problem.depots
    locations = [visit.location for visit in visits if visit.location is not None]
    locations += [site.location for site in sites] + [depot.location for depot in depots]
    where = np.array(locations, dtype=np.int64)
    count, others = len(visits), len(sites) + len(depots)
    rigs = _make_rigs(problem, visits, where)
    wanted = set(problem.locks.pins).union(*problem.locks.fixed.values())
    due = [visit.mandatory or visit.bin in wanted for visit in visits]
    dearest = max(
        truck.fixed_cost
        + (truck.ends - truck.starts) / 3600 * (truck.cost_per_hour + 60 * truck.cost_per_km)
        + truck.overtime_seconds / 3600 * (truck.cost_per_hour + truck.overtime_per_hour + 60 * truck.cost_per_km)
        for truck in problem.trucks
    )
    miss = 10 * (1 + dearest) + sum(visit.value for visit in visits)
    gates = {node: Gate(shut=merge(visit.shut)) for node, visit in enumerate(visits) if visit.shut}
    gates |= {node: Gate(queue=site.queue) for node, site in enumerate(sites, count) if site.queue}
    return Ground(
        problem=problem,
        visits=tuple(visits),
        count=count,
        sites=sites,
        locations=locations,
        roads=rigs[0].roads,
        kg=[visit.kg for visit in visits] + [0] * others,
        litres=[visit.litres for visit in visits] + [0] * others,
        streams=[*(visit.stream for visit in visits), *[None] * others],
        takers=[[count + at for at, site in enumerate(sites) if site.takes(visit.stream)] for visit in visits],
        penalty=[miss if wants else visit.value for wants, visit in zip(due, visits, strict=True)],
        near=_nearest(problem, where[:count]),
        rigs=rigs,
        due=due,
        choices=[sum(rig.allowed[node] for rig in rigs) for node in range(count)],
        refused=tuple(refused),
        releases=[visit.release for visit in visits] if any(visit.release for visit in visits) else [],
        gates=gates,
        fixed={},
    )


def _make_rigs(problem: Problem, visits: list[Visit], where: NDArray[np.int64]) -> tuple[Rig, ...]:
    """A rig for each truck; those with the same profile, pace and prices share their tables."""
    spans = shift_spans(problem)
    roads: dict[tuple[str, float], tuple[Roads, NDArray[np.int64], NDArray[np.int64]]] = {}
    costs: dict[tuple[str, float, float, float], Prices] = {}
    rigs = []
    for index, truck in enumerate(problem.trucks):
        kind = (truck.profile if truck.profile in problem.ways else "", truck.service_pace)
        if kind not in roads:
            roads[kind] = _make_roads(problem, truck, visits, where)
        found, metres, steps = roads[kind]
        price = (*kind, truck.cost_per_km / 1000, truck.cost_per_hour / 3600)
        if price not in costs:
            costs[price] = _prices(metres * price[2] + steps * price[3])
        rigs.append(make_rig(problem, index, visits, found, costs[price], spans[index]))
    return tuple(rigs)


def _make_roads(
    problem: Problem, truck: Truck, visits: list[Visit], where: NDArray[np.int64]
) -> tuple[Roads, NDArray[np.int64], NDArray[np.int64]]:
    ways, pick = problem.ways_of(truck), np.ix_(where, where)
    blocked = (ways.metres[pick] < 0) | (ways.seconds[pick] < 0)
    metres = np.where(blocked, FAR, ways.metres[pick]).astype(np.int64)
    seconds = np.where(blocked, FAR, ways.seconds[pick]).astype(np.int64)
    same = where[:, None] == where[None, :]
    metres[same] = seconds[same] = 0
    service = [truck_service(truck, visit) for visit in visits]
    service += [site.unload_seconds + shortest_wait(site) for site in problem.sites] + [0] * len(problem.depots)
    steps = seconds + np.array(service)[:, None]
    climb = None
    if ways.climb is not None and any(each.energy.tare_t > 0 for each in problem.trucks):
        climb = np.where(same, 0, np.maximum(0, ways.climb[pick]))
    heights = None if climb is None else _rows(climb)
    return Roads(_rows(metres), _rows(seconds), _rows(steps), service, heights), metres, steps


def _rows(table: NDArray[np.int64]) -> Table:
    """A table a Python loop reads fast, in eight bytes an entry where lists of numbers take forty."""
    return [array("q", row.astype(np.int64).tobytes()) for row in table]


def _prices(table: NDArray[np.float64]) -> Prices:
    return [array("d", row.tobytes()) for row in table]


def _nearest(problem: Problem, where: NDArray[np.int64]) -> list[array[int]]:
    """The other visits by metres there and back, on the shortest roads any truck has."""
    pick = np.ix_(where, where)
    metres = np.full((len(where), len(where)), FAR, dtype=np.int64)
    profiles = {truck.profile: truck for truck in problem.trucks}
    for truck in profiles.values():
        own = problem.ways_of(truck).metres[pick]
        metres = np.minimum(metres, np.where(own < 0, FAR, own))
    metres[where[:, None] == where[None, :]] = 0
    order = np.argsort(metres + metres.T, 1, "stable").astype(np.int32)
    return [array("i", row[row != x].tobytes()) for x, row in enumerate(order)]


def why_never(ground: Ground, node: int) -> Reason | None:
    """Why no truck can serve a visit even when it does nothing else; None when one can."""
    visit, locks = ground.visits[node], ground.problem.locks
    keeper = next((truck for truck, bins in locks.fixed.items() if visit.bin in bins), locks.pins.get(visit.bin))
    rigs = [rig for rig in ground.rigs if keeper in {None, rig.truck.truck}]
    rigs = [rig for rig in rigs if visit.stream in rig.truck.streams]
    if not rigs:
        return Reason.STREAM
    if not ground.takers[node]:
        return Reason.SITE
    rigs = [rig for rig in rigs if rig.able[node]]
    if not rigs:
        return Reason.NARROW
    rigs = [rig for rig in rigs if visit.kg <= rig.truck.kg and visit.litres <= rig.truck.litres]
    if not rigs:
        return Reason.TOO_BIG
    reasons = [_why_not_alone(ground, rig, node) for rig in rigs]
    if None in reasons:
        return None
    # net time is cautious: ask the exact clock before a bin is given up
    exact = [rig for rig in rigs if time_tour(ground, rig, [node]) is not None]
    for rig in exact:
        rig.loose.add(node)
    if exact:
        return None
    order = (Reason.OUTSIDE, Reason.WINDOW, Reason.SITE, Reason.SHIFT, Reason.BATTERY)
    return max((reason for reason in reasons if reason is not None), key=order.index)


def _why_not_alone(ground: Ground, rig: Rig, node: int) -> Reason | None:
    roads = rig.roads
    out = roads.seconds[rig.depot][node]
    back = min((roads.seconds[node][site] + roads.seconds[site][rig.end] for site in ground.takers[node]), default=FAR)
    if out >= FAR or back >= FAR:
        return Reason.OUTSIDE
    arrives = max(rig.starts, ground.releases[node] if ground.releases else 0) + out
    begins = max(arrives, rig.opens[node])
    if node in rig.gates:
        begins = rig.gates[node].admit(begins, begins)
    if begins > rig.closes[node]:
        return Reason.WINDOW
    if rig.home_site[node] < 0 or all(_is_shut(rig, begins, node, site) for site in ground.takers[node]):
        return Reason.SITE
    if begins > rig.last_call[node] or begins + rig.home_seconds[node] > rig.ends:
        return Reason.WINDOW if arrives <= rig.last_call[node] else Reason.SHIFT
    if rig.kwh_limit < float("inf") and not Tour(ground, rig, [node]).feasible():
        return Reason.BATTERY
    return None


def _is_shut(rig: Rig, begins: int, node: int, site: int) -> bool:
    """Whether a site takes nothing more from who was at a bin, or opens after the shift."""
    return begins + rig.roads.steps[node][site] > rig.closes[site] or rig.opens[site] > rig.ends
