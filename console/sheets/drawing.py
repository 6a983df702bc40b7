"""The map of a round as plain geometry: a window of the world laid on a rectangle, and what stands in it.

Both the PDF and the HTML page draw what is worked out here. x grows to the right, y downwards, in units of the
rectangle. The projection is equirectangular about the middle latitude: over a city its error is below 0.1 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, cos, hypot, log10, radians

from console.sheets.values import Kind, Sheet, SheetStop, Street

METRES_PER_DEGREE = 111_320.0
LEAST_METRES = 300.0
"""A round of one corner is still shown with its neighbourhood."""
MARGIN = 0.06
FINE_METRES = 25_000.0
"""In a window wider than this the small streets would be one grey patch."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the world on a rectangle of `width` x `height` units."""

    west: float
    north: float
    per_degree_x: float
    per_degree_y: float
    width: float
    height: float

    def place(self, lat: float, lon: float) -> Point:
        """Where a point of the world lies on the rectangle, or beside it."""
        return (lon - self.west) * self.per_degree_x, (self.north - lat) * self.per_degree_y

    @property
    def metres_per_unit(self) -> float:
        return METRES_PER_DEGREE / self.per_degree_y

    def touches(self, one: Point, other: Point) -> bool:
        """Whether the line between two placed points may come into the rectangle."""
        return not (
            max(one[0], other[0]) < 0
            or min(one[0], other[0]) > self.width
            or max(one[1], other[1]) < 0
            or min(one[1], other[1]) > self.height
        )


@dataclass(frozen=True, slots=True)
class Pin:
    """A label for stops that stand too near to each other for one each."""

    x: float
    y: float
    label: str
    width: float
    stops: tuple[int, ...]
    """Their numbers."""


def frame(sheet: Sheet, width: float, height: float) -> Window:
    """The window that shows a whole round, as big as the rectangle allows."""
    points = [*sheet.line, *((stop.lat, stop.lon) for stop in sheet.stops)] or [(0.0, 0.0)]
    south, north = min(lat for lat, _ in points), max(lat for lat, _ in points)
    west, east = min(lon for _, lon in points), max(lon for _, lon in points)
    middle_lat, middle_lon = (south + north) / 2, (west + east) / 2
    shrink = max(0.05, cos(radians(middle_lat)))
    wide = max((east - west) * shrink * METRES_PER_DEGREE * (1 + 2 * MARGIN), LEAST_METRES)
    high = max((north - south) * METRES_PER_DEGREE * (1 + 2 * MARGIN), LEAST_METRES)
    scale = min(width / wide, height / high)
    per_y = scale * METRES_PER_DEGREE
    per_x = per_y * shrink
    return Window(middle_lon - width / per_x / 2, middle_lat + height / per_y / 2, per_x, per_y, width, height)


def draw_streets(window: Window, streets: Iterable[Street]) -> Iterator[tuple[int, list[Point]]]:
    """The streets that come into the window, by rank, the least first."""
    fine = window.metres_per_unit * window.width <= FINE_METRES
    found: list[tuple[int, list[Point]]] = []
    for street in streets:
        if street.rank == 0 and not fine:
            continue
        run: list[Point] = []
        for one, other in pairwise([window.place(lat, lon) for lat, lon in street.line]):
            if window.touches(one, other):
                run = run or [one]
                run.append(other)
            elif run:
                found.append((street.rank, run))
                run = []
        if run:
            found.append((street.rank, run))
    found.sort(key=lambda drawn: drawn[0])
    yield from found


def draw_line(window: Window, line: Sequence[tuple[float, float]], least: float) -> list[Point]:
    """The round's way; points nearer than `least` units to the one before are left out."""
    drawn: list[Point] = []
    for lat, lon in line:
        point = window.place(lat, lon)
        if not drawn or hypot(point[0] - drawn[-1][0], point[1] - drawn[-1][1]) >= least:
            drawn.append(point)
    if line and len(drawn) > 1:
        drawn[-1] = window.place(*line[-1])
    return drawn


def draw_arrows(drawn: Sequence[Point], every: float) -> Iterator[tuple[float, float, float]]:
    """Where on a drawn way an arrow stands, and its angle in radians: one after each `every` units."""
    walked = every / 2
    for (x1, y1), (x2, y2) in pairwise(drawn):
        length = hypot(x2 - x1, y2 - y1)
        if length > 0 and walked + length >= every:
            part = (every - walked) / length
            yield x1 + (x2 - x1) * part, y1 + (y2 - y1) * part, atan2(y2 - y1, x2 - x1)
            walked = (walked + length) % every
        else:
            walked += length


def draw_pins(window: Window, stops: Iterable[SheetStop], height: float, letter: float) -> list[Pin]:
    """Bins as numbered pins `height` units high, a letter `letter` wide; labels that would touch become one.

    A group keeps the place of its first bin, so that a pin always stands where a bin does.
    """
    groups = [_Group(*window.place(stop.lat, stop.lon), [stop.number]) for stop in stops if stop.kind is Kind.BIN]
    merged = True
    while merged:
        merged = False
        kept: list[_Group] = []
        for group in groups:
            near = next((one for one in kept if one.touches(group, height, letter)), None)
            if near is None:
                kept.append(group)
            else:
                near.numbers += group.numbers
                merged = True
        groups = kept
    return [Pin(one.x, one.y, shorten(one.numbers), one.width(height, letter), tuple(one.numbers)) for one in groups]


@dataclass(slots=True)
class _Group:
    x: float
    y: float
    numbers: list[int]

    def width(self, height: float, letter: float) -> float:
        return max(height, letter * len(shorten(self.numbers)) + height / 2.5)

    def touches(self, other: _Group, height: float, letter: float) -> bool:
        if abs(self.y - other.y) >= height * 0.95:
            return False
        return abs(self.x - other.x) < (self.width(height, letter) + other.width(height, letter)) / 2


def shorten(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 as "1-3,7"; of many groups the first."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return ",".join(texts) if len(texts) <= 2 else f"{texts[0]}…"


def scale_bar(window: Window, most: float) -> tuple[float, str]:
    """A round length that fits into `most` units: its units, and what it says."""
    metres = window.metres_per_unit * most
    power = 10 ** int(log10(metres))
    nice = max(step * power for step in (1, 2, 5) if step * power <= metres)
    text = f"{nice / 1000:g} km" if nice >= 1000 else f"{nice:g} m"
    return nice / window.metres_per_unit, text
