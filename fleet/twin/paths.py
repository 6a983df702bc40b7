"""Fastest ways through the drawn streets, for trucks that move before any plan or road file exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .arterials import Highway
    from .streets import Streets

METRES_PER_SECOND: dict[Highway, float] = {
    "primary": 12.5,
    "secondary": 11.0,
    "tertiary": 9.7,
    "unclassified": 8.3,
    "residential": 7.0,
    "service": 3.3,
}


@dataclass(frozen=True, slots=True)
class Way:
    """A drive between two junctions: latitudes and longitudes, metres, seconds without traffic."""

    line: tuple[tuple[float, float], ...]
    metres: float
    seconds: float


def find_ways(streets: Streets, pairs: Sequence[tuple[int, int]]) -> tuple[Way, ...]:
    """The fastest way of each pair of junctions; one-ways are kept, turn bans are not looked at."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    quickest: dict[tuple[int, int], tuple[float, int]] = {}
    for number, link in enumerate(streets.links):
        if link.limit is not None:
            continue
        seconds = link.metres / METRES_PER_SECOND[streets.streets[link.street].highway]
        for ends in ((link.a, link.b),) if link.one_way else ((link.a, link.b), (link.b, link.a)):
            quickest[ends] = min(quickest.get(ends, (np.inf, -1)), (seconds, number))
    size = len(streets.junctions)
    tails, heads = zip(*quickest, strict=True)
    graph = csr_matrix(([seconds for seconds, _ in quickest.values()], (tails, heads)), shape=(size, size))
    starts = sorted({a for a, _ in pairs})
    times, before = dijkstra(graph, indices=starts, return_predecessors=True)
    row = {start: k for k, start in enumerate(starts)}
    ways = []
    for start, goal in pairs:
        links, here = [], goal
        while here != start:
            previous = int(before[row[start], here])
            links.append((quickest[previous, here][1], previous))
            here = previous
        line = [streets.junctions[start]]
        for number, tail in reversed(links):
            points = streets.links[number].line
            line += points[1:] if streets.links[number].a == tail else points[-2::-1]
        metres = sum(streets.links[number].metres for number, _ in links)
        ways.append(Way(tuple(streets.plane.degrees(p) for p in line), metres, float(times[row[start], goal])))
    return tuple(ways)
