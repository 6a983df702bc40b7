"""Charging on the way: where a truck whose battery does not last stops, and for how long.

A truck charges where it tips, or drives to a charger between two halts when that is the better way. It charges as
little as lets it come home nine days in ten, and never more than it has used by then. One stop is tried before two.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from routing.energy import p90, run
from routing.solve.clock import Halt, schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from routing.plan import Route
    from routing.solve.ground import Ground
    from routing.solve.rig import Rig

DETOURS = 6
"""Ways to a charger off the tour that are tried, shortest first."""

ROUNDS, SLACK = 6, 1e-5
"""How often a charge is lengthened for the hours it takes itself, and kWh short that count as none."""


class _Spot(NamedTuple):
    """A charger reached after halt `after`; `detour` seconds longer than going on."""

    after: int
    node: int
    kw: float
    detour: int


def charge(ground: Ground, rig: Rig, halts: list[Halt], make: Callable[[list[Halt], list[int]], Route]) -> Route | None:
    """The cheapest route over `halts` with charging that the battery lasts for; None when there is none."""
    spots = _spots(ground, rig, halts)
    for many in (1, 2):
        routes = [_charged(ground, rig, halts, list(chosen), make) for chosen in itertools.combinations(spots, many)]
        found = [route for route in routes if route is not None]
        if found:
            return min(found, key=lambda route: (route.cost, route.returns))
    return None


def _spots(ground: Ground, rig: Rig, halts: list[Halt]) -> list[_Spot]:
    seconds, count = rig.roads.seconds, ground.count
    power = [site.charge_kw for site in ground.sites] + [depot.charge_kw for depot in ground.problem.depots]
    chargers = [(node, min(kw, rig.truck.charge_kw)) for node, kw in enumerate(power, count) if kw > 0]
    here: list[_Spot] = []
    away: list[_Spot] = []
    for after in range(1, len(halts) - 1):
        node, onward = halts[after].node, halts[after + 1]
        for charger, kw in chargers:
            if charger == onward.node and onward.kind == "tip":
                continue  # it tips first
            detour = seconds[node][charger] + seconds[charger][onward.node] - onward.drive
            (here if halts[after].kind == "tip" and charger == node else away).append(_Spot(after, charger, kw, detour))
    away.sort(key=lambda spot: spot.detour)
    return sorted(here + away[:DETOURS])


def _charged(
    ground: Ground, rig: Rig, halts: list[Halt], spots: list[_Spot], make: Callable[[list[Halt], list[int]], Route]
) -> Route | None:
    """The route that charges at `spots`, the first of them as much as it can; None when time or battery forbid."""
    wanted = [0.0] * len(spots)
    idle = p90(rig.truck.energy, rig.truck.energy.aux_kw) / min(spot.kw for spot in spots)
    if idle >= 1:
        return None  # standing there draws more than it gives
    for _ in range(ROUNDS):
        timed = schedule(_with(ground, rig, halts, spots, wanted), rig.truck.rest)
        if timed is None:
            return None
        route = make(*timed)
        rooms, short = _room(rig, route)
        if short is None:
            return None
        over = [kwh - room for kwh, room in zip(wanted, rooms, strict=True)]
        if short <= SLACK and max(over) <= SLACK:
            return route
        need = sum(wanted) + max(short, 0.0) / (1 - idle)
        for at, room in enumerate(rooms):
            wanted[at] = max(0.0, min(need, room))
            need -= wanted[at]
        if need > SLACK:
            return None
    return None


def _with(ground: Ground, rig: Rig, halts: list[Halt], spots: list[_Spot], wanted: list[float]) -> list[Halt]:
    seconds, made = rig.roads.seconds, list(halts)
    for spot, kwh in reversed(list(zip(spots, wanted, strict=True))):
        lasts = math.ceil(kwh / spot.kw * 3600)
        opens, closes = rig.leaves_from, rig.home_by
        number = spot.node - ground.count
        if number < len(ground.sites):
            site = ground.sites[number]
            opens, closes = site.opens, site.closes - lasts
        before, onward = made[spot.after], made[spot.after + 1]
        there = seconds[before.node][spot.node]
        made[spot.after + 1] = replace(onward, drive=seconds[spot.node][onward.node])
        made.insert(spot.after + 1, Halt("charge", spot.node, there, lasts, opens, closes, kwh=kwh))
    return made


def _room(rig: Rig, route: Route) -> tuple[list[float], float | None]:
    """What each charge may hold, as much charged before as there is room for, and the kWh still short after all; None
    when the truck does not even reach a charger.
    """
    energy, limit = rig.truck.energy, rig.truck.spendable_kwh or 0.0
    rooms: list[float] = []
    charged, short = 0.0, 0.0
    full = 0.0
    for stop in route.stops:
        used = p90(energy, stop.kwh)
        if stop.kind == "charge":
            arrived = p90(energy, stop.kwh - run(energy, stop.leave - stop.arrive))
            if arrived - full > limit + SLACK:
                return [], None
            rooms.append(max(0.0, arrived - full))
            full += rooms[-1]
            short = max(short, arrived - charged - limit)
            charged += stop.charged_kwh
        short = max(short, used - charged - limit)
    return rooms, short
