"""Local metres around a point, and back to WGS84 degrees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]  # metres east and north of the plane's centre

SEMI_MAJOR_METRES = 6_378_137.0  # WGS84
ECCENTRICITY_SQUARED = 6.69437999014e-3


@dataclass(frozen=True, slots=True)
class Plane:
    """A tangent plane, true to a few millimetres a kilometre as far as a city reaches."""

    lat: float
    lon: float

    def degrees(self, point: Point) -> tuple[float, float]:
        """Latitude and longitude of a point, to the seven decimals OpenStreetMap keeps."""
        per_lat, per_lon = self._metres_per_degree()
        return round(self.lat + point[1] / per_lat, 7), round(self.lon + point[0] / per_lon, 7)

    def metres(self, lat: float, lon: float) -> Point:
        per_lat, per_lon = self._metres_per_degree()
        return (lon - self.lon) * per_lon, (lat - self.lat) * per_lat

    def _metres_per_degree(self) -> tuple[float, float]:
        """Radii of curvature of the ellipsoid: along the meridian and across it."""
        phi = math.radians(self.lat)
        bent = 1 - ECCENTRICITY_SQUARED * math.sin(phi) ** 2
        meridian = SEMI_MAJOR_METRES * (1 - ECCENTRICITY_SQUARED) / bent**1.5
        normal = SEMI_MAJOR_METRES / math.sqrt(bent)
        return math.radians(meridian), math.radians(normal * math.cos(phi))


def measure_line(points: tuple[Point, ...]) -> float:
    """Length of a line in metres."""
    return sum(math.dist(a, b) for a, b in pairwise(points))


def walk_line(points: tuple[Point, ...], metres: float) -> tuple[Point, Point]:
    """The point `metres` along a line, and the unit vector of the way it heads there; the ends bound it."""
    left = max(0.0, metres)
    heading = (1.0, 0.0)
    for a, b in pairwise(points):
        step = math.dist(a, b)
        if step == 0:
            continue
        heading = ((b[0] - a[0]) / step, (b[1] - a[1]) / step)
        if left <= step:
            return (a[0] + heading[0] * left, a[1] + heading[1] * left), heading
        left -= step
    return points[-1], heading
