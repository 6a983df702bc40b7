"""The small streets of a town: one turned, jittered lattice in each quarter between the through roads, cut by them.

The through roads come first; a lattice street that reaches one ends in a junction on it. Links are then dropped until
most junctions are T-shaped, as in real towns of the region.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .arterials import cross
from .draft import Draft, Row, Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .arterials import Arterials, Curve, Extent, Floats
    from .plane import Point

CLEARANCE_METRES = 19.0  # no lattice junction closer to a through road
MERGE_METRES = 21.0  # side streets this close together share a junction on it
RAY = np.linspace(0.0, 1.5, 13)  # how far, in lattice steps, a street reaches out for the next through road
STEPS = ((1, 0), (-1, 0), (0, 1), (0, -1))


def lay_streets(extent: Extent, arterials: Arterials, seed: int) -> Draft:
    """Lattices, their junctions with the through roads, and the through roads themselves."""
    draft = Draft()
    landings: list[list[tuple[float, int, Row]]] = [[] for _ in arterials.curves]
    for quarter, x, y in _quarters(extent, arterials):
        rng = np.random.default_rng((seed, 2, quarter))
        _lay_quarter(draft, extent, arterials, quarter, (x, y), rng, landings)
    _lay_arterials(draft, extent, arterials, landings)
    return draft


def _quarters(extent: Extent, arterials: Arterials) -> list[tuple[int, Floats, Floats]]:
    """Each quarter's number and sample points 40 m apart inside it."""
    gx, gy = np.meshgrid(
        np.arange(-extent.width * 0.54, extent.width * 0.54, 40.0),
        np.arange(-extent.height * 0.54, extent.height * 0.54, 40.0),
    )
    x, y = gx.ravel(), gy.ravel()
    town = extent.within(x, y)
    x, y = x[town], y[town]
    number = _quarter_of(arterials, x, y)
    return [(int(q), x[number == q], y[number == q]) for q in np.unique(number) if (number == q).sum() >= 6]


def _quarter_of(arterials: Arterials, x: Floats, y: Floats) -> NDArray[np.int64]:
    """Which quarter points lie in: counted by the roads south of them and west of them."""
    south = sum((curve.side(x, y) > 0).astype(np.int64) for curve in arterials.east)
    west = sum((curve.side(x, y) > 0).astype(np.int64) for curve in arterials.north)
    return np.asarray(south * 100 + west, dtype=np.int64)


def _lay_quarter(
    draft: Draft,
    extent: Extent,
    arterials: Arterials,
    quarter: int,
    samples: tuple[Floats, Floats],
    rng: np.random.Generator,
    landings: list[list[tuple[float, int, Row]]],
) -> None:
    x, y = samples
    centre = np.array([x.mean(), y.mean()])
    out = math.hypot(centre[0] / extent.width, centre[1] / extent.height) * 2
    turn = rng.uniform(-0.6, 0.6) if rng.random() < 0.35 else rng.normal(0, 0.1)
    block = (48 if out < 0.33 else 58 if out < 0.7 else 70) * extent.grain * rng.uniform(0.9, 1.12)
    axes = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    axes *= np.array([[block * rng.uniform(1.35, 2.0)], [block]])
    reach = math.hypot(float(np.ptp(x)), float(np.ptp(y))) / 2 + 80
    many = [int(reach / np.hypot(*axis)) + 1 for axis in axes]
    u, v = np.meshgrid(np.arange(-many[0], many[0] + 1), np.arange(-many[1], many[1] + 1), indexing="ij")
    spots = centre + u[..., None] * axes[0] + v[..., None] * axes[1] + rng.normal(0, block * 0.07, (*u.shape, 2))
    sx, sy = spots[..., 0], spots[..., 1]
    clear = np.min([np.abs(curve.side(sx, sy)) for curve in arterials.curves], axis=0) > CLEARANCE_METRES
    dry = np.abs(arterials.river.side(sx, sy)) > 2 * CLEARANCE_METRES
    inside = extent.within(sx, sy) & clear & dry & (_quarter_of(arterials, sx, sy) == quarter)
    number = np.full(u.shape, -1)
    for i, j in np.argwhere(inside):
        number[i, j] = draft.place((sx[i, j], sy[i, j]))
    bank = arterials.river.side(sx, sy) > 0
    for i, j in np.argwhere(inside):
        for du, dv in ((1, 0), (0, 1)):
            k, m = i + du, j + dv
            if k < u.shape[0] and m < u.shape[1] and number[k, m] >= 0 and bank[i, j] == bank[k, m]:
                row = Row(quarter, "u", int(v[i, j])) if du else Row(quarter, "v", int(u[i, j]))
                draft.join(Stretch(int(number[i, j]), int(number[k, m]), "residential", row))
    _reach_out(extent, arterials, (number, spots, axes, quarter, u, v), landings)


def _reach_out(
    extent: Extent,
    arterials: Arterials,
    lattice: tuple[NDArray[np.int64], Floats, Floats, int, NDArray[np.int64], NDArray[np.int64]],
    landings: list[list[tuple[float, int, Row]]],
) -> None:
    """Streets at the rim of a lattice run on until they meet a through road, unless the river is in the way."""
    number, spots, axes, quarter, u, v = lattice
    starts, ways, rows = [], [], []
    for i, j in np.argwhere(number >= 0):
        for du, dv in STEPS:
            k, m = i + du, j + dv
            if 0 <= k < u.shape[0] and 0 <= m < u.shape[1] and number[k, m] >= 0:
                continue
            starts.append((i, j))
            ways.append(axes[0] * du + axes[1] * dv)
            rows.append(Row(quarter, "u", int(v[i, j])) if du else Row(quarter, "v", int(u[i, j])))
    if not starts:
        return
    origin = np.array([spots[i, j] for i, j in starts])
    way = np.array(ways)
    x = origin[:, :1] + way[:, :1] * RAY
    y = origin[:, 1:] + way[:, 1:] * RAY
    first = np.full(len(starts), RAY.size)
    hit = np.full(len(starts), -1)
    for c, curve in enumerate(arterials.curves):
        step = _first_change(curve, x, y)
        hit[step < first] = c
        first = np.minimum(first, step)
    wet = _first_change(arterials.river, x, y) <= first
    for n in np.flatnonzero((hit >= 0) & ~wet):
        curve = arterials.curves[hit[n]]
        low, high = RAY[first[n]], RAY[first[n] + 1]
        gaps = curve.side(
            origin[n, 0] + way[n, 0] * RAY[[first[n], first[n] + 1]],
            origin[n, 1] + way[n, 1] * RAY[[first[n], first[n] + 1]],
        )
        t = low + (high - low) * abs(gaps[0]) / (abs(gaps[0]) + abs(gaps[1]))
        spot = origin[n] + way[n] * t
        if bool(extent.within(spot[:1], spot[1:])[0]):
            along = float(spot[0] if curve.heading == "east" else spot[1])
            landings[hit[n]].append((along, int(number[starts[n]]), rows[n]))


def _first_change(curve: Curve, x: Floats, y: Floats) -> NDArray[np.int64]:
    """For each ray of points, the step in which it crosses the curve; the number of points if it never does."""
    above = curve.side(x, y) > 0
    change = above[:, 1:] != above[:, :-1]
    return np.asarray(np.where(change.any(axis=1), change.argmax(axis=1), x.shape[1]))


def _lay_arterials(
    draft: Draft, extent: Extent, arterials: Arterials, landings: list[list[tuple[float, int, Row]]]
) -> None:
    """Junctions along each through road, in order: crossings with others first, then side streets, near ones merged."""
    crossings: list[list[tuple[float, int]]] = [[] for _ in arterials.curves]
    for e, east in enumerate(arterials.east):
        for n, north in enumerate(arterials.north):
            x, y = cross(east, north)
            if bool(extent.within(np.array([x]), np.array([y]))[0]):
                junction = draft.place((x, y))
                crossings[e].append((x, junction))
                crossings[len(arterials.east) + n].append((y, junction))
    for c, curve in enumerate(arterials.curves):
        stops = list(crossings[c])
        group: list[tuple[float, int, Row]] = []
        for landing in [*sorted(landings[c]), (math.inf, -1, Row(-1, "", 0))]:
            if group and landing[0] - group[0][0] > MERGE_METRES:
                stops += _land(draft, curve, group, crossings[c])
                group = []
            group.append(landing)
        stops.sort()
        for (here, a), (there, b) in pairwise(stops):
            if a != b:
                row = Row(-1, curve.heading, c)
                draft.join(Stretch(a, b, curve.highway, row, trace(curve, here, there), fixed=True))


def _land(
    draft: Draft, curve: Curve, group: list[tuple[float, int, Row]], crossings: list[tuple[float, int]]
) -> list[tuple[float, int]]:
    """Side streets of one group meet the road in one junction; those at a crossing of two roads are given up."""
    along = sum(landing[0] for landing in group) / len(group)
    if any(abs(along - where) < 1.4 * MERGE_METRES for where, _ in crossings):
        return []
    junction = draft.place(curve.point(along))
    for start in dict.fromkeys(landing[1] for landing in group):
        row = next(landing[2] for landing in group if landing[1] == start)
        draft.join(Stretch(start, junction, "residential", row))
    return [(along, junction)]


def trace(curve: Curve, here: float, there: float) -> list[Point]:
    """Points on a curve about every 45 m strictly between two places along it."""
    pieces = max(1, round(abs(there - here) / 45))
    return [curve.point(here + (there - here) * k / pieces) for k in range(1, pieces)]
