"""Cut a large night into pieces of neighbouring rounds, each a problem of its own, and put the answers together.

A piece is some trucks with the bins they serve in the best plan and the bins left near them; idle trucks are shared
out. Because a piece is a plain `Problem`, it can be solved anywhere: here, in another process, on another machine.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from routing.problem import Locks, Ways

if TYPE_CHECKING:
    from random import Random

    from numpy.typing import NDArray

    from routing.problem import Problem
    from routing.solve.ground import Ground
    from routing.solve.ruin import Sequences

BINS = 220
"""Bins a piece should have: PyVRP makes most of its steps there."""


def cut(ground: Ground, tours: Sequences, random: Random, bins: int = BINS) -> list[list[int]]:
    """Trucks in groups of neighbouring rounds of about `bins` bins, every truck of `tours` in one; idle ones shared.

    Each group gathers the rounds nearest to one drawn from `random`, so that borders lie elsewhere each time.
    """
    free = [index for index, sequence in tours.items() if sequence and index not in ground.fixed]
    random.shuffle(free)
    metres = ground.rigs[0].roads.metres
    middles = {index: _middle(ground, tours[index]) for index in free}
    groups: list[list[int]] = []
    left = list(free)
    while left:
        seed = left[0]
        left.sort(key=lambda index: metres[middles[seed]][middles[index]] + metres[middles[index]][middles[seed]])
        group: list[int] = []
        size = 0
        while left and (not group or size + len(tours[left[0]]) <= bins):
            group.append(left.pop(0))
            size += len(tours[group[-1]])
        groups.append(group)
    idle = [rig.index for rig in ground.rigs if rig.index not in tours and rig.index not in ground.fixed]
    for at, index in enumerate(idle):
        if groups:
            groups[at % len(groups)].append(index)
    return groups


def left_near(ground: Ground, tours: Sequences, groups: list[list[int]]) -> list[list[int]]:
    """Per group the visits left by `tours` that lie nearest to its rounds."""
    owner = {node: at for at, group in enumerate(groups) for index in group for node in tours.get(index, ())}
    served = {node for sequence in tours.values() for node in sequence}
    near: list[list[int]] = [[] for _ in groups]
    for node in range(ground.count):
        if node not in served and ground.choices[node]:
            at = next((owner[other] for other in ground.near[node] if other in owner), None)
            if at is not None:
                near[at].append(node)
    return near


def carve(ground: Ground, tours: Sequences, rigs: list[int], left: list[int]) -> Problem:
    """The problem of some trucks, the bins they serve in `tours`, and some bins left."""
    problem = ground.problem
    nodes = sorted({node for index in rigs for node in tours.get(index, ()) if node < ground.count}.union(left))
    places = sorted(
        {ground.locations[node] for node in nodes}
        | {site.location for site in problem.sites}
        | {depot.location for depot in problem.depots}
    )
    row = {place: at for at, place in enumerate(places)}
    names = {ground.visits[node].bin for node in nodes}
    trucks = tuple(problem.trucks[index] for index in sorted(rigs))
    known = {truck.truck for truck in trucks}
    pins = {name: truck for name, truck in problem.locks.pins.items() if name in names and truck in known}
    profiles = {truck.profile for truck in trucks}
    pick = np.ix_(places, places)

    def some(matrix: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.ascontiguousarray(matrix[pick])

    return replace(
        problem,
        seconds=some(problem.seconds),
        metres=some(problem.metres),
        climb=None if problem.climb is None else some(problem.climb),
        ways={
            name: Ways(
                seconds=some(ways.seconds),
                metres=some(ways.metres),
                climb=None if ways.climb is None else some(ways.climb),
            )
            for name, ways in problem.ways.items()
            if name in profiles
        },
        visits=tuple(replace(ground.visits[node], location=row[ground.locations[node]]) for node in nodes),
        depots=tuple(replace(depot, location=row[depot.location]) for depot in problem.depots),
        sites=tuple(replace(site, location=row[site.location]) for site in problem.sites),
        trucks=trucks,
        locks=Locks(pins=pins),
    )


def _middle(ground: Ground, sequence: list[int]) -> int:
    """The bin of a round with the shortest way to all its others."""
    bins = [node for node in sequence if node < ground.count]
    metres = ground.rigs[0].roads.metres
    step = max(1, math.ceil(len(bins) / 24))  # a sample is enough to say where a round lies
    return min(bins[::step], key=lambda node: sum(metres[node][other] for other in bins[::step]))
