"""The streets of single legs: the line a truck follows, the same way the matrix measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from routing.errors import NoWayError, OffNetworkError
from routing.roads.arrays import F64
from routing.roads.geodesy import step_metres
from routing.roads.network import Network
from routing.roads.search import STRAIGHT, Places, Trees, choose_arrivals, search_from
from routing.roads.snap import MAX_SNAP_M, Points, snap_points

_NEAR_SECONDS: Final = 180.0  # first search: this far, and more by the metre as the crow flies; what is not found then
_SECONDS_A_CROW_METRE: Final = 0.4  # is searched for without limit
_ALIKE: Final = 32  # legs of about one length searched with one limit


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg on the network, from the street at one point to the street at the next.

    `line` has at least two (latitude, longitude) pairs; its length is `metres`. `seconds` and `metres` are the cell of
    the matrix before rounding. `edges` are the directed edges driven, the first and the last perhaps in part.
    """

    line: tuple[tuple[float, float], ...]
    seconds: float
    metres: float
    edges: tuple[int, ...]


def leg_geometry(
    network: Network, start: tuple[float, float], end: tuple[float, float], max_snap_m: float = MAX_SNAP_M
) -> Leg:
    """The fastest way between two points (latitude, longitude); errors as in `route_geometry`."""
    (leg,) = route_geometry(network, (start, end), max_snap_m)
    return leg


def route_geometry(
    network: Network, points: Points, max_snap_m: float = MAX_SNAP_M, kerb: Sequence[bool] | None = None
) -> tuple[Leg, ...]:
    """The legs from each point to the next: n points give n - 1 legs, in one batch of searches.

    `kerb` names the points served from the lane beside them only, as for the matrix.
    OffNetworkError where a point lies farther than `max_snap_m` from any street, NoWayError where no way connects two.
    """
    table = np.asarray(points, np.float64).reshape(-1, 2)
    snaps = snap_points(network, table, max_snap_m)
    for at in snaps.off_network:
        lat, lon = table[at].tolist()
        raise OffNetworkError(
            f"point {at} ({lat:.5f}, {lon:.5f}) lies {snaps.offset_m[at]:,.0f} m from the nearest street a truck may "
            f"use (limit {max_snap_m:g} m): correct its place, or import roads that cover it"
        )
    places = Places.from_snaps(network, snaps, None if kerb is None else np.array(kerb, bool))
    found: dict[int, Leg] = {}
    crow = step_metres(table[:, 0], table[:, 1])
    for limits in (_NEAR_SECONDS + _SECONDS_A_CROW_METRE * crow, np.full(len(crow), np.inf)):
        missing = np.array([leg for leg in np.argsort(limits, kind="stable").tolist() if leg not in found], np.int64)
        for chunk in np.array_split(missing, -(-len(missing) // _ALIKE) or 1):
            limit_s = float(limits[chunk].max(initial=0))
            for trees in search_from(network, places, chunk, limit_s):
                found.update(_trace_legs(network, places, trees, limit_s))
    for leg in range(len(crow)):
        if leg not in found:
            raise NoWayError(
                f"no permitted way leads from point {leg} to point {leg + 1}: "
                "look for a one-way or a ban that closes it off"
            )
    return tuple(found[leg] for leg in range(len(crow)))


def _trace_legs(network: Network, places: Places, trees: Trees, limit_s: float) -> dict[int, Leg]:
    """The legs from each origin of the trees to the next place, where the search is sure of the fastest."""
    rows = np.arange(len(trees.origins))
    targets = trees.origins + 1
    seconds, how = choose_arrivals(network, places, trees, rows, targets)
    leaves_by = dict(
        zip(
            zip(trees.first_row.tolist(), trees.first_edge.tolist(), strict=True),
            trees.first_side.tolist(),
            strict=True,
        )
    )
    # the far side of a street may lie just beyond the limit and still be the better one to arrive on
    spare = network.edge_seconds[places.edge[targets]].max(axis=1)
    legs = {}
    for row in np.flatnonzero(np.isfinite(seconds) & (seconds + spare <= limit_s)).tolist():
        origin, target = int(trees.origins[row]), int(targets[row])
        side, goes_straight = int(how[row]) % STRAIGHT, int(how[row]) >= STRAIGHT
        edges = [int(places.edge[target, side])]
        leaving = side
        if not goes_straight:
            before = trees.before[row]
            while (previous := int(before[edges[-1]])) < network.edges:
                edges.append(previous)
            leaving = leaves_by[row, edges[-1]]
            edges.append(int(places.edge[origin, leaving]))
        edges.reverse()
        from_fraction, to_fraction = float(places.fraction[origin, leaving]), float(places.fraction[target, side])
        line, metres = _draw(network, edges, from_fraction, to_fraction)
        legs[origin] = Leg(line, float(seconds[row]), metres, tuple(edges))
    return legs


def _draw(
    network: Network, edges: list[int], from_fraction: float, to_fraction: float
) -> tuple[tuple[tuple[float, float], ...], float]:
    """Line along edges, from a place on the first to a place on the last, and its metres."""
    lines = [network.edge_line(edge) for edge in edges]
    last = len(edges) - 1
    pieces, metres = [], 0.0
    for at, (edge, (lat, lon)) in enumerate(zip(edges, lines, strict=True)):
        start = from_fraction if at == 0 else 0.0
        end = to_fraction if at == last else 1.0
        length = float(network.link_metres[network.edge_link[edge]])
        metres += (end - start) * length
        pieces.append(_cut(lat, lon, start, end) if at in {0, last} else (lat, lon))
    lat, lon = (np.concatenate([piece[axis] for piece in pieces]) for axis in (0, 1))
    kept = np.ones(len(lat), bool)  # edges share their junctions
    kept[1:] = (lat[1:] != lat[:-1]) | (lon[1:] != lon[:-1])
    kept[-1] |= kept.sum() == 1  # a leg to where the truck stands is still a line
    return tuple(zip(lat[kept].tolist(), lon[kept].tolist(), strict=True)), metres


def _cut(lat: F64, lon: F64, start: float, end: float) -> tuple[F64, F64]:
    """The part of a line between two fractions of its length."""
    along = np.concatenate(([0.0], np.cumsum(step_metres(lat, lon))))
    share = along / along[-1] if along[-1] > 0 else np.linspace(0, 1, len(along))
    inside = (share > start) & (share < end)
    ends = np.array([start, end])
    cut_lat, cut_lon = np.interp(ends, share, lat), np.interp(ends, share, lon)
    return (
        np.concatenate((cut_lat[:1], lat[inside], cut_lat[1:])),
        np.concatenate((cut_lon[:1], lon[inside], cut_lon[1:])),
    )
