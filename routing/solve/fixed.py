"""Tours settled by hand: given bins in a given order, where the truck tips between them is still to be found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.solve.timing import time_tour

if TYPE_CHECKING:
    from routing.solve.ground import Ground
    from routing.solve.rig import Rig


def fix_tour(ground: Ground, rig: Rig, bins: list[int]) -> list[int]:
    """The sequence of `rig` over `bins` in their order, tips put in; bins it cannot drive with the rest are missing.

    Mandatory bins are kept before others.
    """
    bins = [node for node in bins if rig.able[node]]
    whole = _drivable(ground, rig, bins)
    if whole:
        return whole
    kept: set[int] = set()
    best: list[int] = []
    for node in sorted(bins, key=lambda each: not ground.visits[each].mandatory):
        tour = _drivable(ground, rig, [each for each in bins if each in kept or each == node])
        if tour:
            kept.add(node)
            best = tour
    return best


def _drivable(ground: Ground, rig: Rig, bins: list[int]) -> list[int]:
    """The cheapest way to tip between `bins` that can be driven; empty when none was found."""
    for tips in range(1, rig.truck.max_tips + 1):
        tour = _split(ground, rig, bins, tips)
        if tour and time_tour(ground, rig, tour) is not None:
            return tour
    return []


def _split(ground: Ground, rig: Rig, bins: list[int], tips: int) -> list[int]:
    """The bins in exactly `tips` loads, the cheapest way by dynamic programming over (loads, bins, site).

    The last tip stays implied.
    """
    reached: dict[int, tuple[float, list[int]]] = {rig.depot: (0.0, [])}
    layers: list[dict[int, dict[int, tuple[float, list[int]]]]] = [{0: reached}]
    for _ in range(tips):
        layer: dict[int, dict[int, tuple[float, list[int]]]] = {}
        for begin, places in layers[-1].items():
            for end in _loads(ground, rig, bins, begin):
                way = sum(rig.cost[one][two] for one, two in zip(bins[begin:end], bins[begin + 1 : end], strict=False))
                for place, (cost, tour) in places.items():
                    reach = cost + rig.cost[place][bins[begin]] + way
                    for site in ground.takers[bins[end - 1]]:
                        total = reach + rig.cost[bins[end - 1]][site]
                        known = layer.setdefault(end, {}).get(site)
                        if known is None or total < known[0]:
                            layer[end][site] = (total, [*tour, *bins[begin:end], site])
        layers.append(layer)
    ways = [(cost + rig.cost[site][rig.end], tour) for site, (cost, tour) in layers[-1].get(len(bins), {}).items()]
    return min(ways)[1][:-1] if ways else []


def _loads(ground: Ground, rig: Rig, bins: list[int], begin: int) -> list[int]:
    """Where a load that begins at `begin` may end: within capacity, of one stream."""
    kg = litres = 0
    ends = []
    for at in range(begin, len(bins)):
        kg += ground.kg[bins[at]]
        litres += ground.litres[bins[at]]
        if kg > rig.truck.kg or litres > rig.truck.litres or ground.streams[bins[at]] != ground.streams[bins[begin]]:
            break
        ends.append(at + 1)
    return ends
