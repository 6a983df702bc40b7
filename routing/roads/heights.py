"""Heights above the sea, and what streets climb by them.

A heights file is an SRTM tile (`N34W003.hgt`, NASA's format: big-endian 16-bit metres, rows from the north, named by
its south-west corner), or a CSV with the columns lat, lon and height (or `latitude`, `longitude`, `ele`, …).
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from scipy.spatial import cKDTree

from routing.errors import ExtractError
from routing.roads.arrays import F32, F64, I64, expand_ranges
from routing.roads.geodesy import degree_metres, step_metres

_TILE: Final = re.compile(r"([NS])(\d{2})([EW])(\d{3})", re.IGNORECASE)
_VOID: Final = -32_768  # an SRTM cell nobody measured
_TILE_SIDES: Final = (1201, 3601)  # three seconds and one second of arc
_REACH_M: Final = 400.0  # a street farther from every known height has none
_NEIGHBOURS: Final = 3
_EVERY_M: Final = 90.0  # heights are looked up this far apart: nearer together, the noise of the tile would be climbed
_COLUMNS: Final = {
    "lat": ("lat", "latitude", "y"),
    "lon": ("lon", "lng", "longitude", "x"),
    "height": ("height", "ele", "elevation", "altitude", "z"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Heights:
    """Known heights: a grid or scattered points, neither where nothing is known."""

    south_west: tuple[float, float] = (0.0, 0.0)
    grid: F64 | None = None  # (rows from the south, columns from the west), one degree square; nan: not measured
    points: F64 | None = None  # (n, 3) latitude, longitude, metres

    @classmethod
    def of_points(cls, points: list[tuple[float, float, float]]) -> Self:
        """Scattered heights; one alone tells no climb."""
        return cls(points=np.array(points, float)) if len(points) > 1 else cls()

    def at(self, lat: F64, lon: F64) -> F64:
        """Metres above the sea; nan where nothing is known near."""
        if self.grid is not None:
            return self._between_cells(self.grid, lat, lon)
        if self.points is None:
            return np.full(len(lat), np.nan)
        north, east = (float(scale[0]) for scale in degree_metres(self.points[:1, 0]))
        scale = np.array([north, east])
        near = min(_NEIGHBOURS, len(self.points))
        away, which = cKDTree(self.points[:, :2] * scale).query(
            np.column_stack((lat, lon)) * scale, k=near, distance_upper_bound=_REACH_M
        )
        weight = 1 / np.maximum(away, 1.0) ** 2  # none where away is inf
        known = np.append(self.points[:, 2], 0.0)[which]
        total = weight.sum(axis=1)
        height: F64 = np.divide((weight * known).sum(axis=1), total, out=np.full(len(lat), np.nan), where=total > 0)
        return height

    def climb_along(self, lat: F64, lon: F64, start: I64) -> tuple[F32, F32]:
        """Metres up along each line and up on the way back; `start` (L + 1) says where lines begin in the points."""
        count = len(start) - 1
        nothing = np.zeros(count, np.float32)
        if self.grid is None and self.points is None:
            return nothing, nothing
        along = np.concatenate(([0.0], np.cumsum(step_metres(lat, lon))))
        length = along[start[1:] - 1] - along[start[:-1]]
        pieces = np.maximum(np.rint(length / _EVERY_M), 1).astype(np.int64)
        of = np.repeat(np.arange(count), pieces + 1)
        part = expand_ranges(np.zeros(count, np.int64), pieces + 1) / pieces[of]
        # a hair inside the line, for its first point lies where the line before ends
        spot = along[start[:-1]][of] + np.clip(part * length[of], 1e-6, np.maximum(length[of] - 1e-6, 1e-6))
        height = self.at(np.interp(spot, along, lat), np.interp(spot, along, lon))
        step = np.where(of[1:] == of[:-1], np.nan_to_num(np.diff(height)), 0.0)
        line = of[1:]
        rise = np.bincount(line, np.maximum(step, 0), count).astype(np.float32)
        fall = np.bincount(line, np.maximum(-step, 0), count).astype(np.float32)
        return rise, fall

    def _between_cells(self, grid: F64, lat: F64, lon: F64) -> F64:
        side = len(grid) - 1
        row, column = (lat - self.south_west[0]) * side, (lon - self.south_west[1]) * side
        inside = (row >= 0) & (row <= side) & (column >= 0) & (column <= side)
        low_row = np.clip(row, 0, side - 1e-9).astype(np.int64)
        low_column = np.clip(column, 0, side - 1e-9).astype(np.int64)
        up, right = row - low_row, column - low_column
        low = grid[low_row, low_column] * (1 - right) + grid[low_row, low_column + 1] * right
        high = grid[low_row + 1, low_column] * (1 - right) + grid[low_row + 1, low_column + 1] * right
        return np.where(inside, low * (1 - up) + high * up, np.nan)


def read_heights(path: Path) -> Heights:
    """A heights file; ExtractError, one line, where it is none."""
    if path.suffix.lower() == ".hgt":
        return _read_tile(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read_rows(path, file.read())
    except (OSError, UnicodeDecodeError) as error:
        raise ExtractError(
            f"{path}: cannot be read ({error}); name a CSV of lat, lon, height or a .hgt tile"
        ) from error


def _read_tile(path: Path) -> Heights:
    named = _TILE.search(path.stem)
    if named is None:
        raise ExtractError(f"{path}: a .hgt tile is named by its south-west corner, like N34W003.hgt; rename it")
    try:
        cells = np.frombuffer(path.read_bytes(), ">i2")
    except (OSError, ValueError) as error:
        raise ExtractError(f"{path}: cannot be read ({error}); download the tile again") from error
    side = int(len(cells) ** 0.5)
    if side not in _TILE_SIDES or side * side != len(cells):
        raise ExtractError(f"{path}: {len(cells):,} cells are no SRTM tile of 1201 or 3601 a side; download it again")
    grid = cells.reshape(side, side)[::-1].astype(np.float64)
    grid[grid == _VOID] = np.nan
    south = int(named[2]) * (1 if named[1] in "Nn" else -1)
    west = int(named[4]) * (1 if named[3] in "Ee" else -1)
    return Heights((south, west), grid)


def _read_rows(path: Path, text: str) -> Heights:
    head = text.partition("\n")[0]
    rows = csv.reader(text.splitlines(), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = [name.strip().lower() for name in next(rows, [])]
    wanted = [next((names.index(name) for name in known if name in names), None) for known in _COLUMNS.values()]
    if None in wanted:
        raise ExtractError(f"{path}: its first line must name the columns lat, lon and height")
    points = []
    for number, row in enumerate(rows, 2):
        try:
            lat, lon, height = (float(row[at].replace(",", ".")) for at in wanted if at is not None)
        except (ValueError, IndexError):
            raise ExtractError(f"{path}, line {number}: no latitude, longitude and height in figures") from None
        points.append((lat, lon, height))
    if len(points) < 2:
        raise ExtractError(f"{path}: holds {len(points)} heights; a climb needs at least two")
    return Heights.of_points(points)
