"""Where a bin fits best into the tours there are: one insertion, tried at the places near its neighbours.

An insertion may bring a tip with it: where a load would overflow or change its stream, the tour unloads just before
or just after the new bin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from routing.solve.tour import Tour

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from routing.solve.ground import Ground
    from routing.solve.rig import Rig

NEIGHBOURS = 20
"""Places tried per bin: beside this many of its nearest bins under way, and at both ends of their tours."""

BLINK = 0.01
"""Chance to overlook a place: what makes a greedy insertion explore (Christiaens and Vanden Berghe 2020)."""


class Insertion(NamedTuple):
    """Put `nodes` at `position` of `tour`, or begin a tour of `rig` with them; `cost` is the money it adds."""

    cost: float
    tour: Tour | None
    rig: Rig
    position: int
    nodes: tuple[int, ...]


def find_insertion(  # noqa: C901, PLR0912 - one flat loop: two thirds of a search's time is spent here
    ground: Ground,
    visit: int,
    where: list[Tour | None],
    idle: Iterable[Rig],
    ceiling: float,
    random: Random | None,
) -> Insertion | None:
    """The cheapest feasible insertion below `ceiling`; without `random` no place is overlooked or too far.

    Places are those beside the nearest bins under way, and both ends of their tours. What an insertion adds is looked
    up before anything else is asked, because most places are too dear.
    """
    best, found = ceiling, None
    tried: dict[Tour, set[int]] = {}
    neighbours = NEIGHBOURS if random is not None else ground.count
    for other in ground.near[visit]:
        tour = where[other]
        if tour is None:
            continue
        rig = tour.rig
        if not rig.allowed[visit]:
            continue
        neighbours -= 1
        if neighbours < 0:
            break
        sequence, cost = tour.sequence, rig.cost
        size, at = len(sequence), sequence.index(other)
        onward = cost[visit]
        places = tried.get(tour)
        if places is None:
            places = tried[tour] = set()
            positions: tuple[int, ...] = (at, at + 1, 0, size)
        else:
            positions = (at, at + 1)
        for position in positions:
            if position in places:
                continue
            places.add(position)
            before = sequence[position - 1] if position else rig.depot
            if position == size:
                added = cost[before][visit] + rig.home_cost[visit] - rig.home_cost[before]
            else:
                after = sequence[position]
                added = cost[before][visit] + onward[after] - cost[before][after]
            if added < best and (random is None or random.random() >= BLINK):
                better = try_at(ground, tour, position, visit, added, best)
                if better is not None:
                    best, found = better.cost, better
    for rig in idle:
        if rig.allowed[visit]:
            better = begin_tour(ground, rig, visit, best)
            if better is not None:
                best, found = better.cost, better
    return found


def try_at(ground: Ground, tour: Tour, position: int, visit: int, added: float, ceiling: float) -> Insertion | None:
    """The cheapest way below `ceiling` to serve `visit` at one position of a tour, with a tip where needed.

    `added` is what it costs without a tip.
    """
    rig, sequence = tour.rig, tour.sequence
    truck, steps = rig.truck, rig.roads.steps
    trip = tour.trip[position]
    stream, aboard = ground.streams[visit], tour.streams[trip]
    if (
        (aboard is not None and aboard != stream)
        or tour.kg[trip] + ground.kg[visit] > truck.kg
        or tour.litres[trip] + ground.litres[visit] > truck.litres
    ):
        return _try_with_tip(ground, tour, position, visit, ceiling) if len(tour.kg) < truck.max_tips else None
    if position:
        begins = tour.early[position - 1] + steps[sequence[position - 1]][visit]
    else:
        begins = rig.starts + steps[rig.depot][visit]
    begins = _begin(rig, visit, begins) if rig.gates else max(begins, rig.opens[visit])
    if begins > rig.closes[visit]:
        return None
    if position == len(sequence):
        if begins > rig.last_call[visit]:
            return None
        reaches = begins + rig.home_seconds[visit]
    else:
        after = sequence[position]
        if after >= ground.count and after not in ground.takers[visit]:
            return None
        reaches = begins + steps[visit][after]
    if reaches > tour.late[position]:
        return None
    return _settle(ground, tour, position, (visit,), added, reaches, ceiling)


def _settle(
    ground: Ground, tour: Tour, position: int, nodes: tuple[int, ...], added: float, reaches: int, ceiling: float
) -> Insertion | None:
    """The insertion when the battery carries it; `reaches` is when the tour would be at what follows the nodes.

    Where overtime or charging may be bought, a bound on both prices it; what the bound forbids is measured in full, and
    so is all where a bin's release may hold up its whole trip.
    """
    rig = tour.rig
    if not rig.soft and not ground.releases:
        return Insertion(added, tour, rig, position, nodes) if _powered(ground, tour, position, nodes) else None
    if not ground.releases:
        home = reaches if position == len(tour.sequence) else tour.home + max(0, reaches - tour.early[position])
        kwh = _draws(ground, tour, position, nodes) if rig.kwh_limit != float("inf") else 0.0
        surcharge, back = rig.surcharge(home, kwh)
        if back <= rig.ends and (kwh <= rig.kwh_limit or rig.charge_kw > 0):
            added += surcharge - tour.surcharge
            return Insertion(added, tour, rig, position, nodes) if added < ceiling else None
    longer = Tour(ground, rig, [*tour.sequence[:position], *nodes, *tour.sequence[position:]])
    added = longer.cost - tour.cost
    return Insertion(added, tour, rig, position, nodes) if added < ceiling and longer.feasible() else None


def _begin(rig: Rig, node: int, arrive: int) -> int:
    """When service begins for who arrives then, on the truck's clock."""
    gate = rig.gates.get(node)
    return max(arrive, rig.opens[node]) if gate is None else gate.admit(arrive, rig.opens[node])


def _try_with_tip(  # noqa: C901 - two mirrored cases
    ground: Ground, tour: Tour, position: int, visit: int, ceiling: float
) -> Insertion | None:
    """Split the load at this position: the new bin ends the first part or begins the second."""
    rig, sequence = tour.rig, tour.sequence
    truck, cost, steps = rig.truck, rig.cost, rig.roads.steps
    trip = tour.trip[position]
    kg, litres = ground.kg[visit], ground.litres[visit]
    first_kg, first_litres = tour.kg_before[position], tour.litres_before[position]
    rest_kg, rest_litres = tour.kg[trip] - first_kg, tour.litres[trip] - first_litres
    aboard = tour.streams[trip]
    same = aboard is None or aboard == ground.streams[visit]
    starts_trip = position == 0 or sequence[position - 1] >= ground.count
    ends_trip = position == len(sequence) or sequence[position] >= ground.count
    before = sequence[position - 1] if position else rig.depot
    leaves = tour.early[position - 1] if position else rig.starts
    ends = position == len(sequence)
    after = -1 if ends else sequence[position]
    saved = rig.home_cost[before] if ends else cost[before][after]
    latest = tour.late[position]
    best, found = ceiling, None
    last_call = min(rig.closes[visit], rig.last_call[visit]) if ends else rig.closes[visit]
    if (same or starts_trip) and not ends_trip and first_kg + kg <= truck.kg and first_litres + litres <= truck.litres:
        begins = _begin(rig, visit, leaves + steps[before][visit])
        if begins <= rig.closes[visit]:
            for site in ground.takers[visit]:
                added = cost[before][visit] + cost[visit][site] + cost[site][after] - saved
                if added >= best:
                    continue
                tips = _begin(rig, site, begins + steps[visit][site])
                reaches = tips + steps[site][after]
                if tips <= rig.closes[site] and reaches <= latest:
                    better = _settle(ground, tour, position, (visit, site), added, reaches, best)
                    if better is not None:
                        best, found = better.cost, better
    if (
        (same or ends_trip)
        and not starts_trip
        and rest_kg + kg <= truck.kg
        and rest_litres + litres <= truck.litres
        and (ends or after < ground.count or after in ground.takers[visit])
    ):
        for site in ground.takers[before]:
            onward = rig.home_cost[visit] if ends else cost[visit][after]
            added = cost[before][site] + cost[site][visit] + onward - saved
            if added >= best:
                continue
            tips = _begin(rig, site, leaves + steps[before][site])
            begins = _begin(rig, visit, tips + steps[site][visit])
            reaches = begins + (rig.home_seconds[visit] if ends else steps[visit][after])
            if tips <= rig.closes[site] and begins <= last_call and reaches <= latest:
                better = _settle(ground, tour, position, (site, visit), added, reaches, best)
                if better is not None:
                    best, found = better.cost, better
    return found


def begin_tour(ground: Ground, rig: Rig, visit: int, ceiling: float) -> Insertion | None:
    """A tour of an idle rig for `visit` alone, when its cost stays below `ceiling`."""
    cost = rig.fixed + rig.cost[rig.depot][visit] + rig.home_cost[visit]
    truck = rig.truck
    if cost >= ceiling or ground.kg[visit] > truck.kg or ground.litres[visit] > truck.litres:
        return None
    if visit in rig.loose:
        return Insertion(cost, None, rig, 0, (visit,))
    begins = _begin(rig, visit, rig.starts + rig.roads.steps[rig.depot][visit])
    if begins > rig.closes[visit] or begins > rig.last_call[visit]:
        return None
    if rig.soft or ground.releases or rig.kwh_limit != float("inf"):
        tour = Tour(ground, rig, [visit])
        if tour.cost >= ceiling or not tour.feasible():
            return None
        cost = tour.cost
    return Insertion(cost, None, rig, 0, (visit,))


def apply(ground: Ground, insertion: Insertion) -> Tour:
    """Carry an insertion out; the tour changed or begun."""
    if insertion.tour is None:
        return Tour(ground, insertion.rig, list(insertion.nodes))
    tour = insertion.tour
    if len(insertion.nodes) == 1:
        tour.insert(insertion.position, insertion.nodes[0], insertion.cost)
    else:
        tour.sequence[insertion.position : insertion.position] = insertion.nodes
        tour.refresh()
    return tour


def _powered(ground: Ground, tour: Tour, position: int, nodes: tuple[int, ...]) -> bool:
    """Whether the battery carries the longer tour. A bound settles most cases, the rest are measured."""
    rig = tour.rig
    if rig.kwh_limit == float("inf") or _draws(ground, tour, position, nodes) <= rig.kwh_limit:
        return True
    sequence = tour.sequence
    return Tour(ground, rig, [*sequence[:position], *nodes, *sequence[position:]]).kwh <= rig.kwh_limit


def _draws(ground: Ground, tour: Tour, position: int, nodes: tuple[int, ...]) -> float:
    """An upper bound on the kWh of the longer tour: what is added is driven with a full load."""
    rig = tour.rig
    sequence, truck, energy = tour.sequence, rig.truck, rig.truck.energy
    metres, steps, climb = rig.roads.metres, rig.roads.steps, rig.roads.climb
    if climb is not None and energy.tare_t > 0:
        return Tour(ground, rig, [*sequence[:position], *nodes, *sequence[position:]]).kwh
    node = sequence[position - 1] if position else rig.depot
    kg = 0
    if position == len(sequence):
        way, seconds = -rig.home_metres[node], -rig.home_seconds[node]
    else:
        way, seconds = -metres[node][sequence[position]], -steps[node][sequence[position]]
    for each in nodes:
        way += metres[node][each]
        seconds += steps[node][each]
        kg += ground.kg[each]
        node = each
    if position == len(sequence):
        way += rig.home_metres[node]
        seconds += rig.home_seconds[node]
    else:
        way += metres[node][sequence[position]]
        seconds += steps[node][sequence[position]]
    more = max(0, way) / 1000 * (energy.kwh_per_km + energy.kwh_per_t_km * truck.kg / 1000)
    more += kg / 1000 * (energy.kwh_per_t + energy.kwh_per_t_km * (tour.metres + way) / 1000)
    more += energy.kwh_per_lift + energy.kwh_per_tip + max(0, seconds) / 3600 * energy.aux_kw
    return tour.kwh + more
