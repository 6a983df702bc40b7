"""Lines into braille cells, all at once: the map's arithmetic.

A terminal cell is two dots wide and four high, and about twice as high as wide, so dots are square. Segments are
walked by a digital differential analyser laid out over all of them in a few numpy operations; one cell has one ink,
and what is drawn later takes the cell. The glyphs of other terminals (half blocks, ASCII) are other readings of the
same eight dots.

Imported only when a map is drawn: numpy costs 0.1 s at start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from console.widgets.plane import Window
    from console.widgets.scene import Glyphs

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

DOT_WEIGHTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)
"""Weight of each dot of a cell, rows downwards (Unicode 16, block U+2800)."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Cells drawn, each array (rows, columns): `mask` the dots of a cell, 0 where nothing is, and its `ink`."""

    mask: Bytes
    ink: Bytes


def draw_lines(segments: Floats, inks: Bytes, window: Window) -> Layer:
    """Rasterise segments (N, 4: x0, y0, x1, y1 in metres), each with its ink; later segments take the cell."""
    wide, high = 2 * window.columns, 4 * window.rows
    dots = np.zeros((high, wide), np.bool_)
    ink = np.zeros((window.rows, window.columns), np.uint8)
    scale = np.float32(1 / window.metres_per_dot)
    left, top = np.float32(wide / 2 - window.x * scale), np.float32(high / 2 + window.y * scale)
    x0, x1 = segments[:, 0] * scale + left, segments[:, 2] * scale + left
    y0, y1 = top - segments[:, 1] * scale, top - segments[:, 3] * scale
    seen = np.flatnonzero(
        (np.maximum(x0, x1) >= 0)
        & (np.minimum(x0, x1) < wide)
        & (np.maximum(y0, y1) >= 0)
        & (np.minimum(y0, y1) < high)
    )
    if len(seen):
        ends = np.stack([x0[seen], y0[seen], x1[seen] - x0[seen], y1[seen] - y0[seen]])
        x, y, which = _walk(ends, wide, high)
        dots[y, x] = True
        ink[y >> 2, x >> 1] = inks[seen][which]
    cells = dots.reshape(window.rows, 4, window.columns, 2) * DOT_WEIGHTS[None, :, None, :]
    return Layer(cells.sum((1, 3), dtype=np.uint8), ink)


def _walk(ends: Floats, wide: int, high: int) -> tuple[Ints, Ints, Ints]:
    """Every dot inside, of segments given as (4, N) start and reach in dots: column, row, number of the segment."""
    x0, y0, dx, dy = ends
    steps = np.maximum(np.abs(dx), np.abs(dy)).astype(np.int32) + 1
    # a segment far longer than the window is walked coarsely; the window shows only part of it
    np.minimum(steps, 8 * (wide + high), out=steps)
    count = steps + 1
    which = np.repeat(np.arange(len(count), dtype=np.int32), count)
    first = np.cumsum(count, dtype=np.int32) - count
    share = (np.arange(len(which), dtype=np.int32) - first[which]).astype(np.float32) / steps.astype(np.float32)[which]
    x = np.floor(x0[which] + share * dx[which]).astype(np.int32)
    y = np.floor(y0[which] + share * dy[which]).astype(np.int32)
    inside = np.flatnonzero((x >= 0) & (x < wide) & (y >= 0) & (y < high))
    return x[inside], y[inside], which[inside]


def place_points(x: Floats, y: Floats, window: Window) -> tuple[Ints, Ints, npt.NDArray[np.intp]]:
    """Points in metres -> column, row and number of those inside the window."""
    column = np.floor((x - window.x) / (2 * window.metres_per_dot) + window.columns / 2).astype(np.int32)
    row = np.floor(window.rows / 2 - (y - window.y) / (4 * window.metres_per_dot)).astype(np.int32)
    inside = np.flatnonzero((column >= 0) & (column < window.columns) & (row >= 0) & (row < window.rows))
    return column[inside], row[inside], inside


def glyph_table(glyphs: Glyphs) -> npt.NDArray[np.uint32]:
    """The code point to show for each of the 256 sets of dots; 0 dots is a blank."""
    if glyphs == "braille":
        table = [0x2800 + mask for mask in range(256)]
    elif glyphs == "half":
        table = [ord(" ▀▄█"[bool(mask & 0x1B) + 2 * bool(mask & 0xE4)]) for mask in range(256)]
    else:
        table = [ord(_ascii(mask)) for mask in range(256)]
    table[0] = ord(" ")
    return np.array(table, np.uint32)


def _ascii(mask: int) -> str:
    """The character nearest to a set of dots: its reach in columns and rows decides."""
    at = [(row, column) for row in range(4) for column in range(2) if mask & int(DOT_WEIGHTS[row, column])]
    rows, columns = {row for row, _ in at}, {column for _, column in at}
    if len(at) == 1:
        return "." if max(rows) > 1 else "'"
    if len(columns) == 1:
        return "|" if len(rows) > 1 else "."
    if len(rows) == 1:
        return "_" if rows == {3} else "-"
    if len(at) <= 4 and len(rows) >= 2:
        left = sum(row for row, column in at if column == 0) / sum(column == 0 for _, column in at)
        right = sum(row for row, column in at if column == 1) / sum(column == 1 for _, column in at)
        return "/" if left > right else "\\" if left < right else "+"
    return "#"
