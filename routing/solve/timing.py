"""The exact day of one tour: when the truck departs, halts, rests, tips and is home, and what it draws.

The search works in net time and leaves the break out; here the break is put between two halts such that the truck is
home soonest, the last tip is made explicit, and the departure is put off as long as nothing is delayed by it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from routing.energy import drive, lift, p90, run
from routing.plan import Route, Stop

if TYPE_CHECKING:
    from routing.problem import Break
    from routing.solve.ground import Ground
    from routing.solve.rig import Rig


@dataclass(frozen=True, slots=True)
class _Halt:
    """Service of `seconds` begins within `opens` to `closes`, `drive` seconds after the halt before."""

    kind: Literal["depart", "bin", "tip", "break", "return"]
    node: int
    drive: int
    seconds: int
    opens: int
    closes: int


def time_tour(ground: Ground, rig: Rig, sequence: list[int]) -> Route | None:
    """The route of `rig` along `sequence` (bins and the tips between them); None when it cannot be driven so."""
    for site in _last_sites(ground, rig, sequence[-1]):
        timed = _schedule(_halts(ground, rig, [*sequence, *site]), rig.truck.rest)
        if timed is not None:
            route = _route(ground, rig, *timed)
            limit = rig.truck.spendable_kwh
            if limit is None or route.kwh_p90 <= limit:
                return route
    return None


def _last_sites(ground: Ground, rig: Rig, last: int) -> list[list[int]]:
    """The tips a tour may end with, best first; none is added after a tip."""
    if last >= ground.count:
        return [[]]
    home = rig.home_site[last]
    others = [site for site in ground.takers[last] if site != home]
    others.sort(key=lambda site: rig.cost[last][site] + rig.cost[site][rig.depot])
    return [[site] for site in (home, *others) if site >= 0]


def _halts(ground: Ground, rig: Rig, nodes: list[int]) -> list[_Halt]:
    truck, count, seconds = rig.truck, ground.count, ground.roads.seconds
    halts = [_Halt("depart", rig.depot, 0, 0, truck.starts, truck.ends)]
    before = rig.depot
    for node in nodes:
        if node < count:
            visit = ground.visits[node]
            halts.append(
                _Halt("bin", node, seconds[before][node], visit.service_seconds, visit.opens, visit.closes),
            )
        else:
            site = ground.sites[node - count]
            closes = site.closes - site.unload_seconds
            halts.append(_Halt("tip", node, seconds[before][node], site.unload_seconds, site.opens, closes))
        before = node
    halts.append(_Halt("return", rig.depot, seconds[before][rig.depot], 0, truck.starts, truck.ends))
    return halts


def _schedule(halts: list[_Halt], rest: Break | None) -> tuple[list[_Halt], list[int]] | None:
    """The halts with the break among them and when service begins at each; None when no time fits."""
    plain = _earliest(halts)
    if rest is None:
        return (halts, _put_off(halts, plain)) if plain is not None else None
    latest_rest = rest.closes - rest.seconds
    if plain is not None:
        begins = _put_off(halts, plain)
        if not begins[0] < latest_rest < begins[-1]:
            return halts, begins
    best: tuple[list[_Halt], list[int]] | None = None
    shortest = (0, 0)
    now = halts[0].opens
    for after in range(1, len(halts) - 1):
        now = max(now + halts[after].drive, halts[after].opens) + halts[after].seconds
        if now > latest_rest:
            break
        pause = _Halt("break", halts[after].node, 0, rest.seconds, rest.opens, latest_rest)
        with_rest = [*halts[: after + 1], pause, *halts[after + 1 :]]
        earliest = _earliest(with_rest)
        if earliest is not None:
            begins = _put_off(with_rest, earliest)
            duty = (begins[-1] - begins[0], begins[-1])  # of two as short, the one that is home first
            if best is None or duty < shortest:
                best, shortest = (with_rest, begins), duty
    return best


def _earliest(halts: list[_Halt]) -> list[int] | None:
    now = 0
    begins = []
    for halt in halts:
        now += halt.drive
        if now < halt.opens:
            now = halt.opens
        elif now > halt.closes:
            return None
        begins.append(now)
        now += halt.seconds
    return begins


def _put_off(halts: list[_Halt], earliest: list[int]) -> list[int]:
    """The same return with the latest departure: no waiting that a later start would save."""
    latest = earliest[-1]
    for before, halt in zip(reversed(halts[:-1]), reversed(halts[1:]), strict=True):
        latest = min(latest - halt.drive - before.seconds, before.closes)
    now = latest
    begins = [now]
    for before, halt in itertools.pairwise(halts):
        now = max(now + before.seconds + halt.drive, halt.opens)
        begins.append(now)
    return begins


def _place(ground: Ground, rig: Rig, halt: _Halt) -> str | None:
    if halt.kind == "tip":
        return ground.sites[halt.node - ground.count].place
    return rig.truck.depot if halt.kind in {"depart", "return"} else None


def _route(ground: Ground, rig: Rig, halts: list[_Halt], begins: list[int]) -> Route:
    truck, metres = rig.truck, ground.roads.metres
    energy, departs, returns = truck.energy, begins[0], begins[-1]
    stops: list[Stop] = []
    way = kg = litres = total_kg = total_litres = 0
    kwh = 0.0
    node, leaves = rig.depot, departs
    for halt, begin in zip(halts, begins, strict=True):
        leg = metres[node][halt.node]
        way += leg
        kwh += drive(energy, leg, kg)
        arrive, leaves, node = leaves + halt.drive if stops else begin, begin + halt.seconds, halt.node
        if halt.kind == "bin":
            visit = ground.visits[node]
            kg, litres = kg + visit.kg, litres + visit.litres
            total_kg, total_litres = total_kg + visit.kg, total_litres + visit.litres
            kwh += lift(energy, visit.kg)
        elif halt.kind == "tip":
            kg = litres = 0
            kwh += energy.kwh_per_tip
        stops.append(
            Stop(
                kind=halt.kind,
                location=ground.locations[node],
                arrive=arrive,
                leave=leaves,
                metres=leg,
                litres=litres,
                kg=kg,
                kwh=kwh + run(energy, leaves - departs),
                bin=ground.visits[node].bin if halt.kind == "bin" else None,
                place=_place(ground, rig, halt),
            )
        )
    total = stops[-1].kwh
    return Route(
        truck=truck.truck,
        departs=departs,
        returns=returns,
        stops=tuple(stops),
        metres=way,
        kg=total_kg,
        litres=total_litres,
        kwh=total,
        kwh_p90=p90(energy, total),
        cost=truck.fixed_cost + truck.cost_per_km * way / 1000 + truck.cost_per_hour * (returns - departs) / 3600,
    )
