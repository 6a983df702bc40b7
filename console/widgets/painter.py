"""Paints a city into terminal cells: streets, routes and marks, each layer cached until its own input changes.

Imported only when a map is drawn, since it needs numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len

from console.widgets.plane import Plane, Window
from console.widgets.raster import Floats, Layer, draw_lines, glyph_table, place_points
from console.widgets.scene import (
    INK_OF,
    LABEL_INK,
    NAME_INK,
    ROUTE_COLOURS,
    ROUTE_INK,
    SHAPES,
    STREET_INK,
    Glyphs,
    Group,
    Line,
    Mark,
    Scene,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.roads import StreetLabel, StreetSegments

HIDE_ABOVE = (40.0, 120.0)
"""Metres a dot above which a rank of street is left out: residential streets first."""
NAME_BELOW = 4.0
"""Metres a dot below which streets bear their names."""
FINEST, COARSEST = 0.3, 400.0
"""Metres a dot: how near and how far a map goes."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Cells of a map, arrays (rows, columns) of code points and inks; and the mark standing in each (column, row)."""

    chars: npt.NDArray[np.uint32]
    inks: npt.NDArray[np.uint8]
    marked: dict[tuple[int, int], str]

    def differing_rows(self, other: Frame) -> list[int]:
        """Rows to repaint after `other`; all of them when the size changed."""
        if self.chars.shape != other.chars.shape:
            return list(range(len(self.chars)))
        differs = ((self.chars != other.chars) | (self.inks != other.inks)).any(axis=1)
        return [int(row) for row in differs.nonzero()[0]]

    def runs(self, row: int) -> list[tuple[str, int]]:
        """A row as pieces of text of one ink each."""
        inks = self.inks[row]
        text = self.chars[row].astype("<u4").tobytes().decode("utf-32-le")
        starts = [0, *((inks[1:] != inks[:-1]).nonzero()[0] + 1).tolist()]
        return [(text[a:b], int(inks[a])) for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


class Painter:
    """One city's streets on their plane, and the layers drawn last."""

    def __init__(self, streets: StreetSegments | None, scene: Scene) -> None:
        self.every_street = False
        """Draw all ranks however far out (for measuring)."""
        self.plane = _find_plane(streets, scene)
        self._segments, self._inks = _project(streets, self.plane)
        self._labels: Sequence[StreetLabel] = streets.labels if streets is not None else ()
        self._tables = {glyphs: glyph_table(glyphs) for glyphs in ("braille", "half", "ascii")}
        self._streets: tuple[tuple[Window, bool], Layer] | None = None
        self._routes: tuple[tuple[Window, Sequence[Line]], Layer] | None = None
        self._over: tuple[tuple[Window, Sequence[Line]], Layer] | None = None
        self._ground: tuple[tuple[Scene, Window, frozenset[Group], Glyphs], Frame] | None = None

    def fit(self, scene: Scene, columns: int, rows: int) -> Window:
        """The window that shows all bins and depots; without them, the streets but their outliers."""
        west, south, east, north = self._bounds(scene)
        dot = max((east - west) / (2 * columns), (north - south) / (4 * rows)) * 1.03
        return Window((west + east) / 2, (south + north) / 2, max(FINEST, min(COARSEST, dot)), columns, rows)

    def paint(
        self, scene: Scene, window: Window, groups: frozenset[Group], glyphs: Glyphs, selected: str | None
    ) -> Frame:
        """The map of a scene in a window."""
        key = (scene, window, groups, glyphs)
        # while only the selected mark moves, the same ground serves: compared by identity first, so at no cost
        if self._ground is None or self._ground[0][1:] != key[1:] or self._ground[0][0] is not scene:
            self._ground = key, self._paint_ground(scene, window, groups, glyphs)
        ground = self._ground[1]
        held = next((mark for mark in scene.marks if mark.key == selected and SHAPES[mark.look].group in groups), None)
        if held is None:
            return ground
        frame = Frame(ground.chars.copy(), ground.inks.copy(), dict(ground.marked))
        self._bracket(held, window, glyphs, frame)
        return frame

    def _paint_ground(self, scene: Scene, window: Window, groups: frozenset[Group], glyphs: Glyphs) -> Frame:
        """The map without what is selected."""
        streets = self._street_layer(window, shown="streets" in groups)
        mask, ink = streets.mask, streets.ink
        if scene.lines and "routes" in groups:
            for routes in (self._route_layer(window, scene.lines), self._over_layer(window, scene)):
                over = routes.mask > 0
                mask, ink = np.where(over, routes.mask, mask), np.where(over, routes.ink, ink)
        frame = Frame(self._tables[glyphs][mask], np.where(mask > 0, ink, 0).astype(np.uint8), {})
        if window.metres_per_dot < NAME_BELOW and "streets" in groups:
            self._name_streets(window, frame)
        marks = [mark for mark in scene.marks if SHAPES[mark.look].group in groups]
        self._place(marks, window, glyphs, frame)
        return frame

    def _bounds(self, scene: Scene) -> tuple[float, float, float, float]:
        # a disposal site may lie far out of the city
        marks = [mark for mark in scene.marks if SHAPES[mark.look].group == "bins" or mark.look == "depot"]
        if len(marks) > 1:
            xs, ys = [self.plane.x(mark.lon) for mark in marks], [self.plane.y(mark.lat) for mark in marks]
            return min(xs), min(ys), max(xs), max(ys)
        if len(self._segments):
            across = np.percentile(self._segments[:, [0, 2]], [1, 99])
            along = np.percentile(self._segments[:, [1, 3]], [1, 99])
            return float(across[0]), float(along[0]), float(across[1]), float(along[1])
        return -500.0, -500.0, 500.0, 500.0

    def _street_layer(self, window: Window, *, shown: bool) -> Layer:
        key = (window, shown)
        if self._streets is None or self._streets[0] != key:
            hidden = 0 if self.every_street else sum(window.metres_per_dot > limit for limit in HIDE_ABOVE)
            first = int(np.searchsorted(self._inks, STREET_INK + hidden)) if shown else len(self._inks)
            self._streets = key, draw_lines(self._segments[first:], self._inks[first:], window)
        return self._streets[1]

    def _route_layer(self, window: Window, lines: Sequence[Line]) -> Layer:
        if self._routes is None or self._routes[0] != (window, lines):
            self._routes = (window, lines), self._draw_routes(window, lines)
        return self._routes[1]

    def _over_layer(self, window: Window, scene: Scene) -> Layer:
        """The one route that lies over the others: drawn by itself, so that another may without all of them."""
        lines = tuple(line for line in scene.lines if line.key == scene.over and scene.over)
        if self._over is None or self._over[0] != (window, lines):
            self._over = (window, lines), self._draw_routes(window, lines)
        return self._over[1]

    def _draw_routes(self, window: Window, lines: Sequence[Line]) -> Layer:
        parts, inks = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.uint8)]
        for line in lines:
            at = np.array(line.points, np.float64).reshape(-1, 2)
            x, y = self.plane.x(at[:, 1]), self.plane.y(at[:, 0])
            parts.append(np.stack([x[:-1], y[:-1], x[1:], y[1:]], axis=1).astype(np.float32))
            inks.append(np.full(max(0, len(at) - 1), ROUTE_INK + line.number % len(ROUTE_COLOURS), np.uint8))
        return draw_lines(np.concatenate(parts), np.concatenate(inks), window)

    def _name_streets(self, window: Window, frame: Frame) -> None:
        """Write the names there is room for, the most important streets first."""
        taken = np.zeros(frame.chars.shape, np.bool_)
        for label in self._labels:
            column, row = window.cell(self.plane.x(label.lon), self.plane.y(label.lat))
            start, end = column - len(label.name) // 2, column - len(label.name) // 2 + len(label.name)
            inside = 0 <= row < window.rows and start > 0 and end < window.columns
            # right-to-left script needs the terminal's help, which a map cannot count on
            if inside and max(label.name) < "\u0250" and not taken[row, start - 1 : end + 1].any():
                taken[row, start - 1 : end + 1] = True
                frame.chars[row, start:end] = [ord(letter) for letter in label.name]
                frame.inks[row, start:end] = NAME_INK

    def _place(self, marks: list[Mark], window: Window, glyphs: Glyphs, frame: Frame) -> None:
        x = self.plane.x(np.array([mark.lon for mark in marks], np.float64))
        y = self.plane.y(np.array([mark.lat for mark in marks], np.float64))
        columns, rows, which = place_points(x, y, window)
        letters = {look: ord(shape.ascii if glyphs == "ascii" else shape.glyph) for look, shape in SHAPES.items()}
        for column, row, number in zip(columns.tolist(), rows.tolist(), which.tolist(), strict=True):
            mark = marks[number]
            frame.chars[row, column] = letters[mark.look]
            frame.inks[row, column] = INK_OF[mark.look]
            frame.marked[column, row] = mark.key

    def _bracket(self, mark: Mark, window: Window, glyphs: Glyphs, frame: Frame) -> None:
        """Draw the selected mark over everything, in brackets and with its name: seen without colour too."""
        column, row = window.cell(self.plane.x(mark.lon), self.plane.y(mark.lat))
        if not (0 <= row < window.rows and 0 <= column < window.columns):
            return
        glyph = SHAPES[mark.look].ascii if glyphs == "ascii" else SHAPES[mark.look].glyph
        label = f"[{glyph}]{mark.key}"
        for at, letter in enumerate(label, column - 1):
            if 0 <= at < window.columns and cell_len(letter) == 1:
                frame.chars[row, at] = ord(letter)
                frame.inks[row, at] = INK_OF[mark.look] if at == column else LABEL_INK
        frame.marked[column, row] = mark.key


def _find_plane(streets: StreetSegments | None, scene: Scene) -> Plane:
    """The plane that touches the middle of the city."""
    if streets is not None and len(streets):
        lat, lon = (streets.lat1.mean() + streets.lat2.mean()) / 2, (streets.lon1.mean() + streets.lon2.mean()) / 2
        return Plane.touching(float(lat), float(lon))
    if scene.marks:
        n = len(scene.marks)
        return Plane.touching(sum(m.lat for m in scene.marks) / n, sum(m.lon for m in scene.marks) / n)
    return Plane.touching(0.0, 0.0)


def _project(streets: StreetSegments | None, plane: Plane) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Segments in metres and their inks, main roads last: drawn last, they take the cell."""
    if streets is None or not len(streets):
        return np.zeros((0, 4), np.float32), np.zeros(0, np.uint8)
    order = np.argsort(streets.rank, kind="stable")
    x, y = plane.x, plane.y
    ends = (x(streets.lon1[order]), y(streets.lat1[order]), x(streets.lon2[order]), y(streets.lat2[order]))
    return np.stack(ends, axis=1).astype(np.float32), (streets.rank[order] + STREET_INK).astype(np.uint8)
