"""The roads a town grew along: smooth curves, each the graph of a function, so that sides and crossings are arithmetic.

East curves give north of east (y of x), north curves give east of north (x of y). Curves of one heading never meet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .plane import Point

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Highway = Literal["primary", "secondary", "tertiary", "unclassified", "residential", "service"]


@dataclass(frozen=True, slots=True)
class Curve:
    """One road, or the river. `waves`: amplitude (m), wavelength (m) and phase of its swings about a line."""

    heading: Literal["east", "north"]
    highway: Highway
    offset: float
    slope: float
    waves: tuple[tuple[float, float, float], ...]

    def across(self, along: Floats) -> Floats:
        """The other coordinate at `along`, metres."""
        swing = sum(a * np.sin(2 * np.pi * along / length + phase) for a, length, phase in self.waves)
        return np.asarray(self.offset + self.slope * along + swing, dtype=np.float64)

    def side(self, x: Floats, y: Floats) -> Floats:
        """How far north of an east curve, or east of a north curve, points lie; metres, signed."""
        along, across = (x, y) if self.heading == "east" else (y, x)
        return np.asarray(across - self.across(along), dtype=np.float64)

    def point(self, along: float) -> Point:
        across = float(self.across(np.array(along)))
        return (along, across) if self.heading == "east" else (across, along)


@dataclass(frozen=True, slots=True)
class Extent:
    """What a town of one size is drawn in: an ellipse of width by height metres, and how many roads cross it.

    `grain` scales the blocks between its small streets.
    """

    width: float
    height: float
    east: int
    north: int
    grain: float

    def within(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Whether points lie inside the town's edge, a wavy ellipse."""
        e, n = 2 * x / self.width, 2 * y / self.height
        return np.asarray(e**2 + n**2 <= 1 + 0.08 * np.sin(5 * np.arctan2(n, e)))


@dataclass(frozen=True, slots=True)
class Arterials:
    """All through roads in order south to north and west to east, and the river the small streets do not cross."""

    east: tuple[Curve, ...]
    north: tuple[Curve, ...]
    river: Curve

    @property
    def curves(self) -> tuple[Curve, ...]:
        return self.east + self.north


def draw_arterials(extent: Extent, seed: int) -> Arterials:
    """Roads at about even spacing with jitter, gently swinging; the middle ones are the primary roads."""
    rng = np.random.default_rng((seed, 1))

    def family(heading: Literal["east", "north"], count: int, span: float, reach: float) -> tuple[Curve, ...]:
        gap = span / (count + 0.6)
        fan = rng.uniform(-0.07, 0.07)
        curves = []
        for k in range(count):
            place = k - (count - 1) / 2
            swing = gap * rng.uniform(0.07, 0.13)
            curves.append(
                Curve(
                    heading=heading,
                    highway=_rank(k, count),
                    offset=place * gap + gap * rng.uniform(-0.12, 0.12),
                    slope=fan + place * gap / reach * rng.uniform(0.05, 0.12),
                    waves=(
                        (swing, rng.uniform(2600, 3800), rng.uniform(0, 2 * math.pi)),
                        (swing / 3, rng.uniform(900, 1400), rng.uniform(0, 2 * math.pi)),
                    ),
                )
            )
        return tuple(curves)

    east = family("east", extent.east, extent.height, extent.width)
    north = family("north", extent.north, extent.width, extent.height)
    river = Curve("north", "service", -0.27 * extent.width, 0.22, ((90.0, 2100.0, 1.0), (25.0, 640.0, 2.0)))
    return Arterials(east, north, river)


def cross(east: Curve, north: Curve) -> Point:
    """Where an east and a north curve meet: a fixed point, quickly found because both are nearly straight."""
    x = north.offset
    y = east.offset
    for _ in range(40):
        x, y = float(north.across(np.array(y))), float(east.across(np.array(x)))
    return x, y


def _rank(place: int, count: int) -> Highway:
    middle = count // 2
    if place == middle:
        return "primary"
    return "secondary" if abs(place - middle) % 2 else "tertiary"
