"""The exact day of one tour: when the truck departs, halts, rests, tips, charges and is home, and what it draws.

The search works in net time and leaves the break out; here the break is put between two halts such that the truck is
home soonest, the last tip is made explicit, the departure is put off as long as nothing is delayed by it, and a truck
whose battery does not last charges on the way. Whatever engine a sequence comes from, it becomes a route only here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from routing.energy import drive, lift, p90, run
from routing.plan import Route, Stop
from routing.problem import truck_service
from routing.solve.charge import charge
from routing.solve.clock import Halt, schedule

if TYPE_CHECKING:
    from routing.solve.ground import Ground
    from routing.solve.rig import Rig


def time_tour(ground: Ground, rig: Rig, sequence: list[int]) -> Route | None:
    """The route of `rig` along `sequence` (bins and the tips between them); None when it cannot be driven so."""
    if not _fits(ground, rig, sequence):
        return None
    make = partial(_route, ground, rig)
    for site in _last_sites(ground, rig, sequence[-1]):
        halts = _halts(ground, rig, [*sequence, *site])
        timed = schedule(halts, rig.truck.rest)
        if timed is None:
            continue
        route = make(*timed)
        limit = rig.truck.spendable_kwh
        if limit is None or route.kwh_p90 <= limit:
            return route
        charged = charge(ground, rig, halts, make) if rig.charge_kw > 0 else None
        if charged is not None:
            return charged
    return None


def _fits(ground: Ground, rig: Rig, sequence: list[int]) -> bool:
    """Whether the truck may serve every bin, each load fits and is tipped where its stream is taken."""
    truck, count = rig.truck, ground.count
    kg = litres = 0
    tips, stream, last = 0, None, -1
    for node in sequence:
        if node >= count:
            if last >= 0 and node not in ground.takers[last]:
                return False
            kg = litres = 0
            tips, stream, last = tips + 1, None, -1
            continue
        kg += ground.kg[node]
        litres += ground.litres[node]
        if kg > truck.kg or litres > truck.litres or not rig.able[node]:
            return False
        if stream not in {None, ground.streams[node]}:
            return False
        stream, last = ground.streams[node], node
    return bool(sequence) and tips + (last >= 0) <= truck.max_tips


def _last_sites(ground: Ground, rig: Rig, last: int) -> list[list[int]]:
    """The tips a tour may end with, best first; none is added after a tip."""
    if last >= ground.count:
        return [[]]
    home = rig.home_site[last]
    others = [site for site in ground.takers[last] if site != home]
    others.sort(key=lambda site: rig.cost[last][site] + rig.cost[site][rig.end])
    return [[site] for site in (home, *others) if site >= 0]


def _halts(ground: Ground, rig: Rig, nodes: list[int]) -> list[Halt]:
    truck, count, seconds, gates = rig.truck, ground.count, rig.roads.seconds, ground.gates
    releases = _releases(ground, nodes)
    halts = [Halt("depart", rig.depot, 0, 0, max(rig.leaves_from, releases.get(-1, 0)), rig.home_by)]
    before = rig.depot
    for at, node in enumerate(nodes):
        way, gate = seconds[before][node], gates.get(node)
        if node < count:
            visit = ground.visits[node]
            halts.append(Halt("bin", node, way, truck_service(truck, visit), visit.opens, visit.closes, gate))
        else:
            site = ground.sites[node - count]
            closes = site.closes - site.unload_seconds
            opens = max(site.opens, releases.get(at, 0) - site.unload_seconds)
            halts.append(Halt("tip", node, way, site.unload_seconds, opens, closes, gate))
        before = node
    halts.append(Halt("return", rig.end, seconds[before][rig.end], 0, rig.leaves_from, rig.home_by))
    return halts


def _releases(ground: Ground, nodes: list[int]) -> dict[int, int]:
    """By the position of the tip before a trip (-1: none), when the last of its bins is released."""
    found: dict[int, int] = {}
    if ground.releases:
        tip = -1
        for at, node in enumerate(nodes):
            if node >= ground.count:
                tip = at
            elif ground.releases[node]:
                found[tip] = max(found.get(tip, 0), ground.releases[node])
    return found


def _place(ground: Ground, halt: Halt) -> str | None:
    if halt.kind in {"bin", "break"}:
        return None
    number = halt.node - ground.count
    if number < len(ground.sites):
        return ground.sites[number].place
    return ground.problem.depots[number - len(ground.sites)].place


def _route(ground: Ground, rig: Rig, halts: list[Halt], begins: list[int]) -> Route:
    truck, metres, climb = rig.truck, rig.roads.metres, rig.roads.climb
    energy, departs, returns = truck.energy, begins[0], begins[-1]
    stops: list[Stop] = []
    way = kg = litres = total_kg = total_litres = 0
    kwh = charged = 0.0
    node, leaves = rig.depot, departs
    for halt, begin in zip(halts, begins, strict=True):
        leg = metres[node][halt.node]
        way += leg
        kwh += drive(energy, leg, kg, climb[node][halt.node] if climb is not None else 0)
        arrive, leaves, node = leaves + halt.drive if stops else begin, begin + halt.seconds, halt.node
        if halt.kind == "bin":
            visit = ground.visits[node]
            kg, litres = kg + visit.kg, litres + visit.litres
            total_kg, total_litres = total_kg + visit.kg, total_litres + visit.litres
            kwh += lift(energy, visit.kg)
        elif halt.kind == "tip":
            kg = litres = 0
            kwh += energy.kwh_per_tip
        charged += halt.kwh
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
                place=_place(ground, halt),
                charged_kwh=halt.kwh,
            )
        )
    total, overtime = stops[-1].kwh, max(0, returns - truck.ends)
    hours = truck.cost_per_hour * (returns - departs) + truck.overtime_per_hour * overtime
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
        cost=truck.fixed_cost + truck.cost_per_km * way / 1000 + hours / 3600,
        charged_kwh=charged,
        overtime=overtime,
    )
