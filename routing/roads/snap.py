"""Bringing points to the street: the nearest place on any link a truck may stop on, and how far away it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from routing.errors import RoadsError
from routing.roads.arrays import F64, I8, I32, I64, expand_ranges
from routing.roads.geodesy import degree_metres, step_metres
from routing.roads.network import Network
from routing.roads.rules import ROAD_CLASSES

MAX_SNAP_M: Final = 150.0
_SAMPLE_M: Final = 15.0
_TOUCH_M: Final = 0.05  # this near to a junction is on it; an extract places points to a centimetre
_ON_STREET_M: Final = 0.5  # nearer to the line of a street than this is on neither of its sides
_CANDIDATES: Final = 8  # nearest samples whose segments are measured exactly
_NO_STOPPING: Final = (ROAD_CLASSES.index("motorway"), ROAD_CLASSES.index("motorway_link"))

Points = Sequence[tuple[float, float]] | F64
"""(latitude, longitude) pairs in degrees, or an (n, 2) array of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Snaps:
    """Where n points meet the network. A point farther than the limit has edge -1: it is off the network.

    `edge` is one direction of the link, `fraction` (0..1) the place along it in that direction; searches use the twin
    as well. `offset_m` is the distance to the nearest street, for points off the network too. `right` is 1 where the
    point lies right of that direction, -1 left of it, 0 where it lies on the street or nobody asked.
    """

    edge: I32
    fraction: F64
    offset_m: F64
    right: I8 | None = None

    @property
    def off_network(self) -> tuple[int, ...]:
        """Positions of the points that are off the network."""
        return tuple(np.flatnonzero(self.edge < 0).tolist())


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """Points at most 15 m apart on every street, in metres on a plane around the middle of the network."""

    tree: cKDTree
    segment: I64  # of each sample: position of the segment's first point in the network's shape arrays
    origin: tuple[float, float]  # latitude, longitude
    scale: tuple[float, float]  # metres a degree, north and east


def snap_points(network: Network, points: Points, max_snap_m: float = MAX_SNAP_M) -> Snaps:
    """Nearest place on the network for each point; RoadsError where a point is no place on Earth."""
    lat, lon = _columns(points)
    network = network.surveyed or network
    samples = _sample_streets(network)
    if not len(lat) or not len(samples.segment):
        return Snaps(np.full(len(lat), -1, np.int32), np.zeros(len(lat)), np.full(len(lat), np.inf))
    at = np.column_stack(((lat - samples.origin[0]) * samples.scale[0], (lon - samples.origin[1]) * samples.scale[1]))
    near = min(_CANDIDATES, len(samples.segment))
    _, sample = samples.tree.query(at, k=near)
    first = samples.segment[np.reshape(sample, (len(lat), near))]
    part, offset = _project(network, lat, lon, first)
    best = np.argmin(offset, axis=1)
    row = np.arange(len(lat))
    first, part, offset = first[row, best], part[row, best], offset[row, best]
    link = np.searchsorted(network.shape_start, first, side="right") - 1
    along = _along_shapes(network)
    run = along[first] - along[network.shape_start[link]] + part * (along[first + 1] - along[first])
    total = network.link_metres[link]
    run = np.where(run < _TOUCH_M, 0.0, np.where(run > total - _TOUCH_M, total, run))
    fraction = np.divide(run, total, out=np.zeros_like(run), where=total > 0)
    edge = _first_edge(network)[link]
    turned = network.edge_reversed[edge]
    fraction = np.where(turned, 1 - fraction, fraction)
    right = _lies_right(network, lat, lon, first) * np.where(turned, -1, 1)
    return Snaps(np.where(offset <= max_snap_m, edge, -1).astype(np.int32), fraction, offset, right.astype(np.int8))


def _lies_right(network: Network, lat: F64, lon: F64, first: I64) -> I8:
    """1 where a point lies right of its segment in the order of the link's points, -1 left, 0 on it."""
    north, east = degree_metres(lat)
    ay, ax = (network.shape_lat[first] - lat) * north, (network.shape_lon[first] - lon) * east
    by, bx = (network.shape_lat[first + 1] - lat) * north, (network.shape_lon[first + 1] - lon) * east
    area = ax * by - ay * bx  # the cross product of the ways to both ends: its sign is the side, over the length metres
    away = np.divide(area, np.hypot(bx - ax, by - ay), out=np.zeros_like(area), where=area != 0)
    return np.where(away < -_ON_STREET_M, 1, np.where(away > _ON_STREET_M, -1, 0)).astype(np.int8)


def _columns(points: Points) -> tuple[F64, F64]:
    table = np.asarray(points, np.float64).reshape(-1, 2)
    wrong = np.flatnonzero(~((np.abs(table[:, 0]) <= 90) & (np.abs(table[:, 1]) <= 180)))
    if len(wrong):
        lat, lon = table[wrong[0]].tolist()
        raise RoadsError(
            f"point {wrong[0]} ({lat:g}, {lon:g}) is no place on Earth: give latitude and longitude in degrees"
        )
    return table[:, 0], table[:, 1]


def _project(network: Network, lat: F64, lon: F64, first: I64) -> tuple[F64, F64]:
    """Place (0..1) on each candidate segment nearest to its point, and the metres between; (n, k) like `first`."""
    north, east = (scale[:, None] for scale in degree_metres(lat))
    ay, ax = (network.shape_lat[first] - lat[:, None]) * north, (network.shape_lon[first] - lon[:, None]) * east
    by, bx = (network.shape_lat[first + 1] - lat[:, None]) * north, (network.shape_lon[first + 1] - lon[:, None]) * east
    dy, dx = by - ay, bx - ax
    square = dy * dy + dx * dx
    part = np.clip(np.divide(-(ay * dy + ax * dx), square, out=np.zeros_like(square), where=square > 0), 0.0, 1.0)
    return part, np.hypot(ay + part * dy, ax + part * dx)


@lru_cache(maxsize=4)
def _sample_streets(network: Network) -> _Samples:
    south, west, north, east = network.bbox
    origin = ((south + north) / 2, (west + east) / 2)
    scale_lat, scale_lon = (float(scale[0]) for scale in degree_metres(np.array([origin[0]])))
    lasts = network.shape_start[1:] - 1
    is_start = np.ones(len(network.shape_lat), bool)
    is_start[lasts] = False
    closed = np.flatnonzero(np.isin(network.link_class, _NO_STOPPING))
    sizes = network.shape_start[closed + 1] - network.shape_start[closed]
    is_start[expand_ranges(network.shape_start[closed], sizes)] = False
    first = np.flatnonzero(is_start)
    y = (network.shape_lat - origin[0]) * scale_lat
    x = (network.shape_lon - origin[1]) * scale_lon
    dy, dx = y[first + 1] - y[first], x[first + 1] - x[first]
    pieces = np.maximum(np.ceil(np.hypot(dy, dx) / _SAMPLE_M), 1).astype(np.int64)
    of = np.repeat(np.arange(len(first)), pieces + 1)
    part = expand_ranges(np.zeros(len(first), np.int64), pieces + 1) / pieces[of]
    places = np.column_stack((y[first][of] + part * dy[of], x[first][of] + part * dx[of]))
    return _Samples(cKDTree(places), first[of], origin, (scale_lat, scale_lon))


def _along_shapes(network: Network) -> F64:
    """Running metres over all shape points; only differences within one link mean anything."""
    return np.concatenate(([0.0], np.cumsum(step_metres(network.shape_lat, network.shape_lon))))


def _first_edge(network: Network) -> I64:
    """The first directed edge of each link; edges lie in the order of their links."""
    return np.searchsorted(network.edge_link, np.arange(len(network.link_metres)))
