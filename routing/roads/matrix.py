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


def measure_matrix(network: Network, points: Points, max_snap_m: float = MAX_SNAP_M) -> RoadMatrix:
    """Matrix over points on a network; points farther than `max_snap_m` from a street are marked, never moved there.

    A truck may start and end in either direction of a two-way street. RoadsError where a point is no place on Earth.
    """
    table = np.array(points, np.float64).reshape(-1, 2)
    snaps = snap_points(network, table, max_snap_m)
    places = Places.from_snaps(network, snaps)
    count = len(table)
    seconds = np.full((count, count), UNREACHABLE, np.int32)
    metres = np.full((count, count), UNREACHABLE, np.int32)
    on = np.flatnonzero(snaps.edge >= 0)
    for trees in search_from(network, places, on):
        rows = np.arange(len(trees.origins))[:, None]
        took, how = choose_arrivals(network, places, trees, rows, on[None, :])
        ran = _measure(network, places, trees, on[None, :], how)
        cells = np.ix_(trees.origins, on)
        found = np.isfinite(took)
        seconds[cells] = np.where(found, np.rint(np.where(found, took, 0)), UNREACHABLE)
        metres[cells] = np.where(found, np.rint(np.where(found, ran, 0)), UNREACHABLE)
    for array in (table, seconds, metres):
        array.setflags(write=False)
    return RoadMatrix(table, seconds, metres, snaps, max_snap_m)


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


def _measure(network: Network, places: Places, trees: Trees, target: I64, how: I8) -> F64:
    """Metres of the ways chosen by `choose_arrivals` from every row of the trees."""
    row = np.arange(len(trees.origins))[:, None]
    edge_metres = network.edge_metres
    side = how % STRAIGHT
    to_end = sum_along(places, trees, edge_metres)
    edge, fraction = places.edge[target, side], places.fraction[target, side]
    metres: F64 = to_end[row, edge] - (1 - fraction) * edge_metres[edge]
    straight = np.nonzero(how >= STRAIGHT)
    origin = np.broadcast_to(trees.origins[row], how.shape)[straight]
    metres[straight] = (fraction[straight] - places.fraction[origin, side[straight]]) * edge_metres[edge[straight]]
    return metres
