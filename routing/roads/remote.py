"""Road engines over HTTP: one client with patience that ends, blocks as large as the server takes, and distrust.

What all of them share: a block that is too big for the server is halved, and the size remembered; a server that
hangs, refuses or is busy is asked again a few times, all within one bound of time; an answer that cannot be true (of a
wrong shape, negative, not a number, no time between far points, a point moved farther than the snapping limit) raises
RouterError, as does everything else: whoever asked falls back to the built-in network.
"""

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import httpx
import numpy as np

from routing.errors import RoadsError, RouterError
from routing.roads.arrays import F64, I32, I64
from routing.roads.geodesy import degree_metres
from routing.roads.legs import Leg
from routing.roads.matrix import UNREACHABLE, Cells
from routing.roads.router import Router
from routing.roads.snap import MAX_SNAP_M

EngineName = Literal["osrm", "valhalla", "openrouteservice"]
TOTAL_SECONDS: Final = 120.0
_CALL_SECONDS: Final = 20.0
_TRIES: Final = 4
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0
_BUSY: Final = frozenset({429, 502, 503, 504})
_FAR_M: Final = 60.0  # points farther apart than this take some time
_FASTEST_M_S: Final = 60.0  # faster than any truck: such an answer is none
_ROUND_SHARE: Final = 0.9  # of the crow's way: engines snap ends, so a road may seem a little shorter than it


class TooBig(RouterError):
    """The server does not take so many points at once."""


@dataclass(frozen=True, slots=True)
class Block:
    """What a server answered for some origins and targets: float, nan where it knows no way."""

    seconds: F64  # (origins, targets)
    metres: F64
    moved_m: F64 | None = None  # (origins + targets,) from each point to the street it was put on, where it says


@dataclass(slots=True)
class Line:
    """One HTTP server: asks it within a bound of time, again where that may help."""

    name: str
    client: httpx.Client
    total_seconds: float = TOTAL_SECONDS
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    _until: float | None = field(default=None, init=False)

    def start(self) -> None:
        """The bound counts from here."""
        self._until = self.now() + self.total_seconds

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: str) -> dict[str, Any]:
        """One answer in JSON, whatever its status below 500.

        Raises:
            TooBig: the server says so, or closes at the size.
            RouterError: no answer in time, or none that is JSON.
        """
        trouble = "no answer"
        for attempt in range(_TRIES):
            left = self._left()
            if left <= 0:
                break
            wait = _FIRST_WAIT_S * 2**attempt * (0.5 + self.jitter())
            try:
                answer = self.client.request(
                    method, path, json=body, params=query or None, timeout=min(_CALL_SECONDS, left)
                )
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__}: {error}".rstrip(": ")
            else:
                if answer.status_code in {413, 414}:
                    raise TooBig(f"{self.name}: refuses a request of this size (HTTP {answer.status_code})")
                if answer.status_code not in _BUSY and answer.status_code != 500:
                    return self._read(answer)
                trouble = f"HTTP {answer.status_code}"
                wait = _retry_after(answer, wait)
            if attempt + 1 == _TRIES or wait >= self._left():
                break
            self.sleep(wait)
        raise RouterError(f"{self.name} at {self.client.base_url} does not answer ({trouble})")

    def _left(self) -> float:
        return self.total_seconds if self._until is None else self._until - self.now()

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            value = answer.json()
        except ValueError:
            text = answer.text[:60].replace("\n", " ")
            raise RouterError(f"{self.name}: HTTP {answer.status_code} without JSON ({text!r})") from None
        if not isinstance(value, dict):
            raise RouterError(f"{self.name}: answers no JSON object")
        return value | {"_status": answer.status_code}


def _retry_after(answer: httpx.Response, otherwise: float) -> float:
    """Seconds a busy server wants to be left alone, RFC 9110 section 10.2.3 (the form in seconds)."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), _LONGEST_WAIT_S) if text.isdigit() else otherwise


def ask_cells(
    engine: str,
    line: Line,
    size: list[int],
    points: F64,
    origins: I64,
    targets: I64,
    ask_block: Callable[[F64, F64], Block],
) -> Cells:
    """Cells by blocks of at most `size[0]` cells, halved when the server finds one too big; `size` learns it."""
    line.start()
    cells = Cells.unknown(len(origins), len(targets), climbs=False)
    work = [(np.arange(len(origins)), np.arange(len(targets)))]
    while work:
        rows, columns = work.pop()
        if not len(rows) or not len(columns):
            continue
        if len(rows) * len(columns) > size[0]:
            work += _halve(rows, columns)
            continue
        sources, goals = points[origins[rows]], points[targets[columns]]
        try:
            block = ask_block(sources, goals)
        except TooBig as error:
            if len(rows) * len(columns) <= 1:
                raise RouterError(f"{error}, even for two points") from error
            size[0] = max(1, len(rows) * len(columns) // 2)
            work.append((rows, columns))
            continue
        seconds, metres = check_block(engine, block, sources, goals)
        at = np.ix_(rows, columns)
        cells.seconds[at], cells.metres[at] = seconds, metres
    return cells


def _halve(rows: I64, columns: I64) -> list[tuple[I64, I64]]:
    """Two blocks of about half the cells, cut across the longer side: few points in all for their cells."""
    if len(rows) >= len(columns):
        return [(part, columns) for part in np.array_split(rows, 2)]
    return [(rows, part) for part in np.array_split(columns, 2)]


def check_block(engine: str, block: Block, sources: F64, goals: F64) -> tuple[I32, I32]:
    """Whole seconds and metres of an answer, UNREACHABLE where it knows no way; RouterError where it cannot be true."""
    shape = (len(sources), len(goals))
    if block.seconds.shape != shape or block.metres.shape != shape:
        raise RouterError(f"{engine}: answers {block.seconds.shape} cells, not {shape}")
    nothing = np.isnan(block.seconds) | np.isnan(block.metres)
    if nothing.all() and nothing.size and not (sources[:, None] == goals).all():
        raise RouterError(f"{engine}: knows no way between any of {sum(shape)} points; is its map of another city?")
    seconds, metres = np.where(nothing, 0, block.seconds), np.where(nothing, 0, block.metres)
    if not (np.isfinite(seconds) & np.isfinite(metres) & (seconds >= 0) & (metres >= 0)).all():
        raise RouterError(f"{engine}: answers negative or endless times or distances")
    if max(seconds.max(initial=0), metres.max(initial=0)) >= UNREACHABLE:
        raise RouterError(f"{engine}: answers distances longer than the Earth is round")
    crow = _crow(sources, goals)
    moved = np.zeros(shape)
    off = np.zeros(shape, bool)
    if block.moved_m is not None:
        if block.moved_m.shape != (sum(shape),):
            raise RouterError(f"{engine}: names {block.moved_m.size} points on streets, not {sum(shape)}")
        start, end = block.moved_m[: shape[0], None], block.moved_m[None, shape[0] :]
        moved = start + end
        off = (start > MAX_SNAP_M) | (end > MAX_SNAP_M)
    apart = crow - (2 * MAX_SNAP_M if block.moved_m is None else 0) - moved
    judged = ~nothing & ~off & (apart > _FAR_M)
    if (judged & ((seconds <= 0) | (metres < _ROUND_SHARE * apart) | (metres > _FASTEST_M_S * seconds))).any():
        raise RouterError(
            f"{engine}: answers ways no truck can drive: far points with no time or distance between them"
        )
    lost = nothing | off
    return (
        np.where(lost, UNREACHABLE, np.rint(seconds)).astype(np.int32),
        np.where(lost, UNREACHABLE, np.rint(metres)).astype(np.int32),
    )


def check_leg(engine: str, line: Sequence[tuple[float, float]], seconds: float, metres: float, ends: F64) -> Leg:
    """A leg of an engine; RouterError where its line does not lead from near one end to near the other."""
    table = np.array(line, float).reshape(-1, 2)
    if len(table) == 1:  # a leg to where the truck stands
        table = np.repeat(table, 2, axis=0)
    if len(table) < 2 or not np.isfinite(table).all() or not (np.isfinite(seconds) and np.isfinite(metres)):
        raise RouterError(f"{engine}: answers a route without a line or figures")
    gaps = [float(_crow(ends[[at]], table[[at]])[0, 0]) for at in (0, -1)]
    if seconds < 0 or metres < 0 or max(gaps) > MAX_SNAP_M:
        raise RouterError(f"{engine}: answers a route {max(gaps):,.0f} m beside its points")
    return Leg(tuple((float(lat), float(lon)) for lat, lon in table), float(seconds), float(metres), ())


def figures(engine: str, value: Any, scale: float = 1.0) -> F64:
    """A table of numbers and nulls as floats, null as nan; RouterError where it is anything else."""
    try:
        rows = [list(row) for row in value]
        odd = any(isinstance(cell, bool | str) for row in rows for cell in row)
        table = np.array([[np.nan if cell is None or odd else float(cell) for cell in row] for row in rows], float)
    except (TypeError, ValueError, OverflowError):
        raise RouterError(f"{engine}: answers no table of numbers") from None
    if odd or table.ndim != 2:
        raise RouterError(f"{engine}: answers no table of numbers")
    # null is "no way"; NaN, which JSON knows not but Python reads, is nonsense
    if any(isinstance(cell, float) and math.isnan(cell) for row in rows for cell in row):
        raise RouterError(f"{engine}: answers NaN")
    scaled: F64 = table * scale
    return scaled


def distances_moved(engine: str, answer: Mapping[str, Any], what: str, key: str, otherwise: float | None) -> F64:
    """How far a server moved its sources or destinations to a street; a null place is infinitely far from any."""
    places = answer.get(what)
    if not isinstance(places, list):
        raise RouterError(f"{engine}: does not say where it put the {what}")
    far = [place.get(key, otherwise) if isinstance(place, dict) else float("inf") for place in places]
    row: F64 = figures(engine, [far])[0]
    if np.isnan(row).any():
        raise RouterError(f"{engine}: does not say how far it moved the {what}")
    return row


def read_polyline(text: str, digits: int) -> tuple[tuple[float, float], ...]:
    """A line in Google's encoded polyline format, `digits` decimals: 5, or 6 as OSRM and Valhalla write it."""
    values: list[int] = []
    number = shift = 0
    for letter in text:
        bits = ord(letter) - 63
        number |= (bits & 31) << shift
        shift += 5
        if bits < 32:
            values.append(~(number >> 1) if number & 1 else number >> 1)
            number = shift = 0
    steps = np.array(values[: len(values) // 2 * 2]).reshape(-1, 2).cumsum(axis=0) / 10**digits
    return tuple((float(lat), float(lon)) for lat, lon in steps)


def make_router(name: str, url: str, key: str = "", *, client: httpx.Client | None = None) -> Router | None:
    """The engine settings name; None for the built-in one.

    Raises:
        RoadsError: an unknown engine, or one without an address.
    """
    from routing.roads.openrouteservice import OpenRouteService
    from routing.roads.osrm import Osrm
    from routing.roads.valhalla import Valhalla

    makers: dict[str, Callable[[Line], Router]] = {
        "osrm": Osrm, "valhalla": Valhalla, "openrouteservice": OpenRouteService,
    }  # fmt: skip
    if name == "built-in":
        return None
    if name not in makers:
        raise RoadsError(f"[plan] roads is {name!r}; known: built-in, {', '.join(makers)}")
    if client is None:
        if not url.startswith(("http://", "https://")):
            raise RoadsError(f"[plan] roads_url is {url!r}; give the address of {name}, like http://127.0.0.1:5000")
        client = httpx.Client(base_url=url, headers={"Authorization": key} if key else {})
    return makers[name](Line(name, client))


def _crow(sources: F64, goals: F64) -> F64:
    """(sources, goals) metres as the crow flies, well enough within a city."""
    north, east = (float(scale[0]) for scale in degree_metres(sources[:1, 0]))
    gap = sources[:, None, :] - goals[None, :, :]
    return np.hypot(gap[:, :, 0] * north, gap[:, :, 1] * east)
