"""The rules of a drawn town: one-way streets, low arches and narrow alleys, signals and banned left turns.

Every rule is taken back where it would cut a junction off: all of them stay reachable from all others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .arterials import Extent
    from .draft import Row, Stretch
    from .plane import Point

    Ints = NDArray[np.int64]

ONE_WAY_SHARE = 0.62  # of the small streets of the inner town, before those that would cut something off are given back
LEFT_DEGREES = (45, 135)


@dataclass(frozen=True, slots=True)
class Ban:
    """No left turn from one link into another at a junction; links by their place in `Streets.links`."""

    from_link: int
    via: int
    to_link: int


def choose_one_ways(
    stretches: Sequence[Stretch],
    lines: Sequence[tuple[Point, ...]],
    ends: Ints,
    extent: Extent,
    rng: np.random.Generator,
) -> Ints:
    """1 for one-way from a to b, -1 from b to a, 0 for both. Parallel streets of a quarter run alternately."""
    flow = np.zeros(len(stretches), dtype=np.int64)
    wanted: dict[Row, bool] = {}
    bearing: dict[Row, Point] = {}
    for k, (stretch, line) in enumerate(zip(stretches, lines, strict=True)):
        inner = math.hypot(2 * line[0][0] / extent.width, 2 * line[0][1] / extent.height) < 0.78
        if stretch.fixed or stretch.row.quarter < 0 or not inner:
            continue
        if wanted.setdefault(stretch.row, bool(rng.random() < ONE_WAY_SHARE)):
            way = (line[-1][0] - line[0][0], line[-1][1] - line[0][1])
            along = bearing.setdefault(stretch.row, way if stretch.row.number % 2 else (-way[0], -way[1]))
            flow[k] = 1 if way[0] * along[0] + way[1] * along[1] >= 0 else -1
    everything = np.ones(len(stretches), dtype=bool)
    while (cut := _cut_off(ends, flow, everything)).any():
        flow[cut & (flow != 0)] = 0
    return flow


def choose_limits(
    stretches: Sequence[Stretch],
    lines: Sequence[tuple[Point, ...]],
    ends: Ints,
    flow: Ints,
    rng: np.random.Generator,
) -> list[Literal["arch", "alley"] | None]:
    """A few links only small trucks pass; a large one still reaches every junction without them."""
    open_ = np.ones(len(stretches), dtype=bool)
    for k, (stretch, line) in enumerate(zip(stretches, lines, strict=True)):
        share = {"residential": 0.035, "tertiary": 0.02}.get(stretch.highway, 0.0)
        if rng.random() < share and math.dist(line[0], line[-1]) > 30:
            open_[k] = False
    while (cut := _cut_off(ends, flow, open_)).any():
        open_ |= cut
    return [
        None if passable else ("arch" if stretch.highway == "tertiary" else "alley")
        for stretch, passable in zip(stretches, open_.tolist(), strict=True)
    ]


def ban_turns(
    links: Sequence[tuple[int, int, tuple[Point, ...], Row]], rng: np.random.Generator
) -> tuple[tuple[int, ...], tuple[Ban, ...]]:
    """Signals where two through roads cross, and at some of those one left turn that is not allowed."""
    roads: dict[int, list[int]] = {}
    for number, (a, b, _, row) in enumerate(links):
        if row.quarter == -1:
            roads.setdefault(a, []).append(number)
            roads.setdefault(b, []).append(number)
    signals, bans = [], []
    for junction, numbers in sorted(roads.items()):
        if len({links[n][3] for n in numbers}) < 2:
            continue
        signals.append(junction)
        lefts = [
            Ban(n, junction, m)
            for n in numbers
            for m in numbers
            if n != m and _turns_left(links[n], links[m], junction)
        ]
        if len(lefts) >= 3 and rng.random() < 0.45:
            bans.append(lefts[int(rng.integers(len(lefts)))])
    return tuple(signals), tuple(bans)


def _turns_left(
    coming: tuple[int, int, tuple[Point, ...], Row], going: tuple[int, int, tuple[Point, ...], Row], via: int
) -> bool:
    into = coming[2] if coming[1] == via else coming[2][::-1]
    away = going[2] if going[0] == via else going[2][::-1]
    one = math.atan2(into[-1][1] - into[-2][1], into[-1][0] - into[-2][0])
    two = math.atan2(away[1][1] - away[0][1], away[1][0] - away[0][0])
    turn = math.degrees((two - one + math.pi) % (2 * math.pi) - math.pi)
    return LEFT_DEGREES[0] < turn < LEFT_DEGREES[1]


def _cut_off(ends: Ints, flow: Ints, open_: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Links whose two ends lie in different strongly connected parts when only open links are driven their way."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    ahead, back = open_ & (flow >= 0), open_ & (flow <= 0)
    tails = np.concatenate([ends[ahead, 0], ends[back, 1]])
    heads = np.concatenate([ends[ahead, 1], ends[back, 0]])
    size = int(ends.max()) + 1
    graph = csr_matrix((np.ones(tails.size), (tails, heads)), shape=(size, size))
    _, part = connected_components(graph, directed=True, connection="strong")
    return np.asarray(part[ends[:, 0]] != part[ends[:, 1]])
