"""The flat city: latitude and longitude as metres, and the window of it a map shows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Plane:
    """A plane touching the earth at (lat, lon); x grows east, y north, both in metres.

    Metres per degree follow the series of the WGS84 ellipsoid (NIMA TR8350.2); over a city the error stays below 0.1 %.
    """

    lat: float
    lon: float
    metres_per_lat: float
    metres_per_lon: float

    @classmethod
    def touching(cls, lat: float, lon: float) -> Plane:
        """The plane at this point."""
        a = math.radians(lat)
        north = 111132.92 - 559.82 * math.cos(2 * a) + 1.175 * math.cos(4 * a)
        east = 111412.84 * math.cos(a) - 93.5 * math.cos(3 * a) + 0.118 * math.cos(5 * a)
        return cls(lat, lon, north, east)

    def x(self, lon: Any) -> Any:
        """Metres east; takes a number or an array of degrees."""
        return (lon - self.lon) * self.metres_per_lon

    def y(self, lat: Any) -> Any:
        """Metres north; takes a number or an array of degrees."""
        return (lat - self.lat) * self.metres_per_lat


@dataclass(frozen=True, slots=True)
class Window:
    """What part of the plane a map shows: its centre in metres, metres a dot, its size in terminal cells.

    A cell is two dots wide and four high.
    """

    x: float
    y: float
    metres_per_dot: float
    columns: int
    rows: int

    def moved(self, cells_right: float, cells_up: float) -> Window:
        """The same window, moved by terminal cells."""
        dot = self.metres_per_dot
        return replace(self, x=self.x + cells_right * 2 * dot, y=self.y + cells_up * 4 * dot)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Column and row of a point in metres; they may lie outside."""
        dot = self.metres_per_dot
        column = math.floor((x - self.x) / (2 * dot) + self.columns / 2)
        return column, math.floor(self.rows / 2 - (y - self.y) / (4 * dot))
