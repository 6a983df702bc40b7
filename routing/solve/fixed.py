"""Tours settled by hand: given bins in a given order, where the truck tips between them is still to be found."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from routing.solve.timing import time_tour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.solve.ground import Ground
    from routing.solve.rig import Rig

_State = tuple[int, int]
"""Bins served, and the site of the last tip (the depot before the first)."""


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
    ways = sorted(_splits(ground, rig, bins))
    return next((tour for _, tour in ways if time_tour(ground, rig, tour) is not None), [])


def _splits(ground: Ground, rig: Rig, bins: list[int]) -> Iterator[tuple[float, list[int]]]:
    """What the cheapest way to tip between `bins` costs, and is, in one load, in two, and so on; the last tip implied.

    By dynamic programming over (loads, bins served, site of the last tip).
    """
    count, cost = len(bins), rig.cost
    ends = [_loads(ground, rig, bins, begin) for begin in range(count)]
    legs = (cost[one][two] for one, two in itertools.pairwise(bins))
    way = list(itertools.accumulate(legs, initial=0.0))
    layers: list[dict[_State, tuple[float, _State]]] = [{(0, rig.depot): (0.0, (0, rig.depot))}]
    for _ in range(rig.truck.max_tips):
        begun: dict[int, tuple[float, _State]] = {}
        for state, (spent, _) in layers[-1].items():
            begin, place = state
            if begin < count and spent + cost[place][bins[begin]] < begun.get(begin, (math.inf, state))[0]:
                begun[begin] = (spent + cost[place][bins[begin]], state)
        layer: dict[_State, tuple[float, _State]] = {}
        for begin, (spent, state) in begun.items():
            for end in ends[begin]:
                last = bins[end - 1]
                for site in ground.takers[last]:
                    total = spent + way[end - 1] - way[begin] + cost[last][site]
                    if total < layer.get((end, site), (math.inf, state))[0]:
                        layer[end, site] = (total, state)
        layers.append(layer)
        whole = [
            (spent + cost[site][rig.end], (end, site)) for (end, site), (spent, _) in layer.items() if end == count
        ]
        if whole:
            cheapest, state = min(whole)
            yield cheapest, _trace(layers, state, bins)


def _trace(layers: list[dict[_State, tuple[float, _State]]], state: _State, bins: list[int]) -> list[int]:
    """The sequence that led to a state: bins with the tips between them, without the last tip."""
    parts: list[list[int]] = []
    for layer in reversed(layers[1:]):
        before = layer[state][1]
        parts.append([*bins[before[0] : state[0]], state[1]])
        state = before
    return [node for part in reversed(parts) for node in part][:-1]


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
