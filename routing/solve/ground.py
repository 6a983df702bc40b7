"""The problem compiled for search: plain lists a Python loop walks fast, and what no truck can ever do set aside.

Nodes are numbered: servable visits first, then disposal sites, then depots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from routing.energy import drive, lift, run
from routing.plan import Reason
from routing.solve.rig import FAR, Rig, Roads, make_rig

if TYPE_CHECKING:
    from routing.problem import Problem, Site, Visit

Refused = tuple["Visit", Reason]


@dataclass(frozen=True, slots=True)
class Ground:
    """The compiled problem. `refused` names the visits no truck can serve; they have no node."""

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
    near: list[list[int]]
    """The other visits by distance there and back, nearest first."""
    rigs: tuple[Rig, ...]
    due: list[bool]
    """Which visits are mandatory."""
    choices: list[int]
    """How many trucks may serve each visit."""
    refused: tuple[Refused, ...]


def compile_problem(problem: Problem) -> Ground:
    """Compile `problem`; visits no truck could serve even alone are set aside with the reason."""
    placed = [visit for visit in problem.visits if visit.location is not None]
    refused: list[Refused] = [(visit, Reason.OUTSIDE) for visit in problem.visits if visit.location is None]
    ground = _lay_out(problem, placed, refused)
    reasons = [_why_never(ground, node) for node in range(len(placed))]
    refused += [(visit, reason) for visit, reason in zip(placed, reasons, strict=True) if reason is not None]
    if len(refused) + len(placed) > len(problem.visits):
        placed = [visit for visit, reason in zip(placed, reasons, strict=True) if reason is None]
        ground = _lay_out(problem, placed, refused)
    return ground


def _lay_out(problem: Problem, visits: list[Visit], refused: list[Refused]) -> Ground:
    sites, depots = problem.sites, problem.depots
    locations = [visit.location for visit in visits if visit.location is not None]
    locations += [site.location for site in sites] + [depot.location for depot in depots]
    where = np.array(locations, dtype=np.int64)
    pick = np.ix_(where, where)
    metres = np.where(problem.metres[pick] < 0, FAR, problem.metres[pick]).astype(np.int64)
    seconds = np.where(problem.seconds[pick] < 0, FAR, problem.seconds[pick]).astype(np.int64)
    same = where[:, None] == where[None, :]
    metres[same] = seconds[same] = 0
    service = [visit.service_seconds for visit in visits] + [site.unload_seconds for site in sites] + [0] * len(depots)
    steps = seconds + np.array(service)[:, None]
    count = len(visits)
    there_and_back = metres[:count, :count] + metres[:count, :count].T
    roads = Roads(metres.tolist(), seconds.tolist(), steps.tolist(), service)
    known: dict[tuple[float, float], list[list[float]]] = {}
    for truck in problem.trucks:
        price = (truck.cost_per_km / 1000, truck.cost_per_hour / 3600)
        if price not in known:
            known[price] = (metres * price[0] + steps * price[1]).tolist()
    rigs = tuple(make_rig(problem, index, visits, roads, known) for index in range(len(problem.trucks)))
    dearest = max(
        truck.fixed_cost + (truck.ends - truck.starts) / 3600 * (truck.cost_per_hour + 60 * truck.cost_per_km)
        for truck in problem.trucks
    )
    miss = 10 * (1 + dearest) + sum(visit.value for visit in visits)
    others = len(sites) + len(depots)
    return Ground(
        problem=problem,
        visits=tuple(visits),
        count=count,
        sites=sites,
        locations=locations,
        roads=roads,
        kg=[visit.kg for visit in visits] + [0] * others,
        litres=[visit.litres for visit in visits] + [0] * others,
        streams=[*(visit.stream for visit in visits), *[None] * others],
        takers=[[count + at for at, site in enumerate(sites) if site.takes(visit.stream)] for visit in visits],
        penalty=[miss if visit.mandatory else visit.value for visit in visits],
        near=[[y for y in row if y != x] for x, row in enumerate(np.argsort(there_and_back, 1, "stable").tolist())],
        rigs=rigs,
        due=[visit.mandatory for visit in visits],
        choices=[sum(rig.allowed[node] for rig in rigs) for node in range(count)],
        refused=tuple(refused),
    )


def _why_never(ground: Ground, node: int) -> Reason | None:
    """Why no truck can serve a visit even when it does nothing else; None when one can."""
    visit = ground.visits[node]
    rigs = [rig for rig in ground.rigs if visit.stream in rig.truck.streams]
    if not rigs:
        return Reason.STREAM
    if not ground.takers[node]:
        return Reason.SITE
    rigs = [rig for rig in rigs if rig.allowed[node]]
    if not rigs:
        return Reason.NARROW
    rigs = [rig for rig in rigs if visit.kg <= rig.truck.kg and visit.litres <= rig.truck.litres]
    if not rigs:
        return Reason.TOO_BIG
    reasons = [_why_not_alone(ground, rig, node) for rig in rigs]
    if None in reasons:
        return None
    order = (Reason.OUTSIDE, Reason.WINDOW, Reason.SHIFT, Reason.BATTERY)
    return max((reason for reason in reasons if reason is not None), key=order.index)


def _why_not_alone(ground: Ground, rig: Rig, node: int) -> Reason | None:
    out = ground.roads.seconds[rig.depot][node]
    home = rig.home_seconds[node]
    if out >= FAR or home >= FAR:
        return Reason.OUTSIDE
    begins = max(rig.starts + out, rig.opens[node])
    if begins > rig.closes[node]:
        return Reason.WINDOW
    if begins + home > rig.ends:
        return Reason.SHIFT
    energy, kg = rig.truck.energy, ground.kg[node]
    kwh = drive(energy, ground.roads.metres[rig.depot][node], 0) + drive(energy, rig.home_metres[node], kg)
    kwh += lift(energy, kg) + energy.kwh_per_tip + run(energy, out + home)
    return Reason.BATTERY if kwh > rig.kwh_limit else None
