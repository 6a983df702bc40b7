"""Fastest ways over the edge graph: one search per origin, both directions of its street at once.

Each origin is a vertex of its own with an arc to every turn out of its edge and of the edge's twin, priced with the
rest of that edge. So one search gives the better of both directions, and an edge can be reached again by going round.
`engine.md` draws it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from routing.roads.arrays import F64, I8, I32, I64, Flags, expand_ranges
from routing.roads.network import Network
from routing.roads.snap import Snaps

_MOST_ROWS: Final = 32  # origins searched at once, fewer in a big network: bounds the memory of the trees
_MOST_CELLS: Final = 1_000_000
STRAIGHT: Final = 2  # added to the side of a way that stays on its first edge


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places on the network, one row a point, one column a direction of its street.

    Side 0 is the edge the point was snapped to, side 1 its twin; edge -1 where a side does not exist, is closed, or has
    the point on its wrong kerb.
    """

    link: I64  # (n,) -1 off the network
    edge: I64  # (n, 2)
    fraction: F64  # (n, 2) along that edge, in its direction

    @classmethod
    def from_snaps(cls, network: Network, snaps: Snaps, kerb: Flags | None = None) -> "Places":
        """Both sides of the street at each snapped point.

        Points with `kerb` are served from the lane beside them only: they lie right of the truck. On a one-way street
        there is but one lane.
        """
        edge = snaps.edge.astype(np.int64)
        on = edge >= 0
        twin = np.where(on, network.edge_twin[edge], -1)
        link = np.where(on, network.edge_link[edge], -1)
        if kerb is not None and snaps.right is not None:
            two_way = kerb & (twin >= 0)
            edge, twin = (
                np.where(two_way & (snaps.right < 0), -1, edge),
                np.where(two_way & (snaps.right > 0), -1, twin),
            )
        sides = np.column_stack((edge, twin))
        if network.edge_open is not None:
            sides = np.where((sides >= 0) & network.edge_open[sides], sides, -1)
        return cls(link, sides, np.column_stack((snaps.fraction, 1 - snaps.fraction)))

    @property
    def reversed(self) -> "Places":
        """The same places for a search over the network turned round."""
        return Places(self.link, self.edge, 1 - self.fraction)


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Trees of fastest ways from some origins; a row an origin, a column an edge."""

    origins: I64  # (R,) positions in the places searched from
    seconds: F64  # (R, E) to the end of each edge; inf where it is not reached
    before: (
        I32  # (R, E) the edge driven before; E for an edge entered from the origin itself, negative where not reached
    )
    first_row: I64  # the turns that leave the origins: row, edge entered, and side of the origin they leave by
    first_edge: I64
    first_side: I64


def search_from(network: Network, places: Places, origins: I64, limit_s: float = np.inf) -> Iterator[Trees]:
    """Trees from the given places, some origins at a time; nothing farther than `limit_s` seconds is searched."""
    count = network.edges
    rows = max(4, min(_MOST_ROWS, _MOST_CELLS // count))
    for start in range(0, len(origins), rows):
        chunk = origins[start : start + rows]
        row, entered, side, cost = _leave(network, places, chunk)
        size = count + len(chunk)
        last = network.turn_start[-1] + np.cumsum(np.bincount(row, minlength=len(chunk)))
        arcs = (
            np.concatenate((network.edge_seconds[network.turn_to], cost)),
            np.concatenate((network.turn_to, entered)).astype(np.int32),
            np.concatenate((network.turn_start, last)).astype(np.int32),
        )
        graph = csr_array(arcs, shape=(size, size))
        roots = np.arange(count, size)
        seconds, before = dijkstra(graph, indices=roots, return_predecessors=True, limit=limit_s)
        yield Trees(chunk, seconds[:, :count], np.minimum(before[:, :count], count), row, entered, side)


def _leave(network: Network, places: Places, origins: I64) -> tuple[I64, I64, I64, F64]:
    """The turns out of each origin: row, edge entered, side left by, seconds to the end of the edge entered."""
    edge = places.edge[origins].ravel()
    exits = np.where(edge >= 0, network.turn_start[edge + 1] - network.turn_start[edge], 0)
    rest = (1 - places.fraction[origins].ravel()) * network.edge_seconds[edge]
    entered = network.turn_to[expand_ranges(network.turn_start[edge], exits)].astype(np.int64)
    cost = np.repeat(rest, exits) + network.edge_seconds[entered]
    row, side = np.divmod(np.repeat(np.arange(len(edge)), exits), 2)
    order = np.lexsort((cost, entered, row))  # both sides of a loop may enter one edge: the cheaper stays
    row, entered, side, cost = row[order], entered[order], side[order], cost[order]
    kept = np.ones(len(row), bool)
    kept[1:] = (row[1:] != row[:-1]) | (entered[1:] != entered[:-1])
    return row[kept], entered[kept], side[kept], cost[kept]


def choose_arrivals(network: Network, places: Places, trees: Trees, row: I64, target: I64) -> tuple[F64, I8]:
    """Seconds of the fastest way from trees' rows to targets (broadcast together), and how it arrives.

    How: the side of the target it arrives on, plus STRAIGHT where it never leaves the edge it starts on. inf: no way.
    """
    best = np.full(np.broadcast_shapes(np.shape(row), np.shape(target)), np.inf)
    how = np.zeros(best.shape, np.int8)
    for side in (0, 1):
        edge, fraction = places.edge[target, side], places.fraction[target, side]
        unused = np.where(edge >= 0, (1 - fraction) * network.edge_seconds[edge], -np.inf)
        seconds = trees.seconds[row, edge] - unused
        better = seconds < best
        best = np.where(better, seconds, best)
        how[better] = side
    origin = trees.origins[row]
    on_one_link = np.nonzero((places.link[origin] == places.link[target]) & (places.link[target] >= 0))
    start, end = (np.broadcast_to(points, best.shape)[on_one_link] for points in (origin, target))
    for side in (0, 1):
        edge = places.edge[end, side]
        gap = places.fraction[end, side] - places.fraction[start, side]
        here = (edge >= 0) & (places.edge[start, side] >= 0)
        straight = np.where(here & (gap >= 0), gap * network.edge_seconds[edge], np.inf)
        better = straight < best[on_one_link]
        spots = tuple(axis[better] for axis in on_one_link)
        best[spots] = straight[better]
        how[spots] = side + STRAIGHT
    return best, how


def sum_along(places: Places, trees: Trees, cost: F64) -> F64:
    """(R, E + 1) sum of any cost of edges from each origin to the end of each edge, along the trees.

    Pointer doubling: after k passes every edge knows the sum over its last 2^k edges. The last column is 0, the origin.
    """
    rows, count = trees.before.shape
    total = np.empty((rows, count + 1))
    total[:, :count] = cost
    total[:, count] = 0
    entered_first = trees.before[trees.first_row, trees.first_edge] == count
    row, edge, side = (part[entered_first] for part in (trees.first_row, trees.first_edge, trees.first_side))
    origin = trees.origins[row]
    total[row, edge] += (1 - places.fraction[origin, side]) * cost[places.edge[origin, side]]
    before = np.full((rows, count + 1), count, np.intp)
    np.copyto(before[:, :count], trees.before, where=trees.before >= 0)
    before += np.arange(rows)[:, None] * (count + 1)
    end = before[:, count:]
    flat_total, flat_before = total.ravel(), before.ravel()
    while not (before == end).all():
        flat_total += flat_total[flat_before]
        flat_before[:] = flat_before[flat_before]
    return total
