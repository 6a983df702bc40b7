"""Seconds and metres between every two of many points, along the same fastest ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from routing.roads.arrays import F64, I8, I32, I64
from routing.roads.network import Network
from routing.roads.search import STRAIGHT, Places, Trees, choose_arrivals, search_from, sum_along
from routing.roads.snap import MAX_SNAP_M, Points, Snaps, snap_points

UNREACHABLE: Final = 1_000_000_000
"""Mark of a pair without a way, in seconds and in metres: no real leg has it, a sum of two still fits an int32, and a
planner that forgets to look for it avoids the leg instead of loving it."""


@dataclass(frozen=True, slots=True, eq=False)
class RoadMatrix:
    """Legs between n points: `seconds[i, j]` and `metres[i, j]` of the fastest way from point i to point j.

    Not symmetric: one-ways and turn bans make the way back another way. UNREACHABLE where there is no way.
    """

    points: F64  # (n, 2) latitude, longitude
    seconds: I32  # (n, n)
    metres: I32  # (n, n)
    snaps: Snaps
    max_snap_m: float
    climb: I32 | None = None  # (n, n) metres of ascent, where the network knows heights

    @property
    def off_network(self) -> tuple[int, ...]:
        """Positions of the points too far from every street: their rows and columns are UNREACHABLE."""
        return self.snaps.off_network

    @property
    def unreachable(self) -> tuple[tuple[int, int], ...]:
        """(from, to) positions of the pairs without a way although both points are on the network."""
        on = self.snaps.edge >= 0
        lost = (self.seconds == UNREACHABLE) & on[:, None] & on[None, :]
        return tuple(zip(*(axis.tolist() for axis in np.nonzero(lost)), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Part of a matrix: (origins, targets) each, UNREACHABLE where there is no way."""

    seconds: I32
    metres: I32
    climb: I32 | None = None

    @classmethod
    def unknown(cls, rows: int, columns: int, *, climbs: bool) -> "Cells":
        """Cells to be filled in."""
        seconds, metres, climb = (np.full((rows, columns), UNREACHABLE, np.int32) for _ in range(3))
        return cls(seconds, metres, climb if climbs else None)

    def parts(self) -> tuple[I32, ...]:
        """The matrices there are."""
        return (self.seconds, self.metres) if self.climb is None else (self.seconds, self.metres, self.climb)


def measure_matrix(
    network: Network, points: Points, max_snap_m: float = MAX_SNAP_M, kerb: Sequence[bool] | None = None
) -> RoadMatrix:
    """Matrix over points on a network; points farther than `max_snap_m` from a street are marked, never moved there.

    A truck may start and end in either direction of a two-way street, but at points of `kerb` in the lane beside them.
    RoadsError where a point is no place on Earth.
    """
    table = np.array(points, np.float64).reshape(-1, 2)
    snaps = snap_points(network, table, max_snap_m)
    places = Places.from_snaps(network, snaps, None if kerb is None else np.array(kerb, bool))
    every = np.arange(len(table))
    cells = measure_cells(network, places, every, every)
    table.setflags(write=False)
    for part in cells.parts():
        part.setflags(write=False)
    return RoadMatrix(table, cells.seconds, cells.metres, snaps, max_snap_m, cells.climb)


def measure_cells(network: Network, places: Places, origins: I64, targets: I64) -> Cells:
    """Cells from some places to others; both are positions in `places`."""
    cells = Cells.unknown(len(origins), len(targets), climbs=network.has_heights)
    leaves = np.flatnonzero((places.edge[origins] >= 0).any(axis=1))
    arrives = np.flatnonzero((places.edge[targets] >= 0).any(axis=1))
    costs = (network.edge_metres, network.edge_climb)[: len(cells.parts()) - 1]
    done = 0
    for trees in search_from(network, places, origins[leaves]):
        some = leaves[done : done + len(trees.origins)]
        done += len(some)
        rows = np.arange(len(some))[:, None]
        goals = targets[arrives][None, :]
        took, how = choose_arrivals(network, places, trees, rows, goals)
        found = np.isfinite(took)
        sums = (_sum_ways(places, trees, goals, how, cost) for cost in costs)
        block = np.ix_(some, arrives)
        for part, figures in zip(cells.parts(), (took, *sums), strict=True):
            part[block] = np.where(found, np.rint(np.where(found, figures, 0)), UNREACHABLE)
    return cells


def name_unreachable(matrix: RoadMatrix, names: Sequence[str]) -> tuple[str, ...]:
    """One line for each point no truck can serve: its name, what is wrong, the mend. Empty where all is well."""
    lines = [
        f"{names[at]} lies {matrix.snaps.offset_m[at]:,.0f} m from the nearest street a truck may use "
        f"(limit {matrix.max_snap_m:g} m): correct its place, or import roads that cover it"
        for at in matrix.off_network
    ]
    lines += [
        f"no permitted way leads from {names[start]} to {names[end]}: look for a one-way or a ban that closes it off"
        for start, end in matrix.unreachable
    ]
    return tuple(lines)


def _sum_ways(places: Places, trees: Trees, target: I64, how: I8, cost: F64) -> F64:
    """Sum of a cost of edges over the ways chosen by `choose_arrivals` from every row of the trees."""
    row = np.arange(len(trees.origins))[:, None]
    side = how % STRAIGHT
    to_end = sum_along(places, trees, cost)
    edge, fraction = places.edge[target, side], places.fraction[target, side]
    total: F64 = to_end[row, edge] - (1 - fraction) * cost[edge]
    straight = np.nonzero(how >= STRAIGHT)
    origin = np.broadcast_to(trees.origins[row], how.shape)[straight]
    total[straight] = (fraction[straight] - places.fraction[origin, side[straight]]) * cost[edge[straight]]
    return total
