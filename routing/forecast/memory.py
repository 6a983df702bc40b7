"""What the forecast remembers from night to night: a few kilobytes a bin, packed, and a few a group.

A bin's memory holds its track now, its track when the groups were last fitted (`newer`) and at the fit before
(`older`), and every mark since then: so a late reading is worked in from `older`, and nothing is read twice.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from routing.errors import ForecastError
from routing.forecast.clock import FLAT, WEEK
from routing.forecast.level import EMPTIED, VISITED, Track
from routing.forecast.tuning import Tuning

FLEET = ""
"""The group above all streams."""
BUCKETS = (12.0, 24.0, 48.0, 72.0)
"""Hours ahead at which bands are scaled; between them the scale is interpolated."""
SCORES = 60
"""Cells of a histogram of scores, `SCORE_STEP` wide."""
SCORE_STEP = 0.05
VERSION = 1
"""Of the packed bin; another one is forgotten and learned again from the readings."""

_CODES = {EMPTIED: 65_535, VISITED: 65_534}
_FILLS = {code: fill for fill, code in _CODES.items()}
GRAIN = 50_000
"""Fills are kept in this many steps: finer than any sensor."""


class Fit(msgspec.Struct, frozen=True):
    """What bins of a group share from Unix time `at` on."""

    at: float
    week: tuple[float, ...]
    """168 parts of a usual day, Monday 00:00 local first."""
    rate: float
    """Fill a usual day."""
    spread: float
    """Variance of growth over its mean."""
    widen: tuple[float, ...]
    """Scale of the band by bucket of hours ahead."""
    factors: dict[str, float] = {}
    """Of the calendar's occasions, as learned; the fleet's fit alone has them."""


class GroupMemory(msgspec.Struct):
    """A group's evidence so far, fading, and its last two fits."""

    fits: list[Fit]
    gained: list[float] = msgspec.field(default_factory=lambda: [0.0] * WEEK)
    hours: list[float] = msgspec.field(default_factory=lambda: [0.0] * WEEK)
    """Fill gained, and hours watched, by hour of week."""
    residual: float = 0.0
    expected: float = 0.0
    scores: list[list[list[int]]] = msgspec.field(default_factory=list)
    """Of the last fits, newest last: by bucket a histogram of how much wider a band should have been."""
    occasions: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)
    """By occasion: sum over its days of growth against a usual day's, and their number. The fleet's alone."""
    began: float = 0.0
    """Unix time of the fleet's first reading."""


class Log(msgspec.Struct):
    """Marks since the older of two fits, in order of time: whole seconds, fills, and what each taught."""

    ats: array[int]
    fills: array[float]
    gains: array[float]

    @classmethod
    def empty(cls) -> Log:
        """No marks."""
        return cls(array("I"), array("d"), array("f"))


class BinMemory(msgspec.Struct):
    """One bin's memory. `heard`: Unix time of its last message of any kind; `jumps`: of its clock."""

    track: Track | None = None
    log: Log = msgspec.field(default_factory=Log.empty)
    newer: bytes | None = None
    older: bytes | None = None
    changed: bool = True
    """Not yet kept as it is now."""
    bad: int = 0
    bad_at: float = 0.0
    bad_word: str = ""
    """Messages without a usable figure since the last one with: how many, when last, and their quality."""
    jumps: int = 0
    jumped_at: float = 0.0
    lost: int = 0
    """Readings that came too late to be worked in."""


class _Packed(msgspec.Struct, array_like=True):
    version: int
    track: Track | None
    newer: bytes | None
    ats: bytes
    fills: bytes
    gains: bytes
    bad: int
    bad_at: float
    bad_word: str
    jumps: int
    jumped_at: float
    lost: int


_PACK = msgspec.msgpack.Encoder()
_UNPACK = msgspec.msgpack.Decoder(_Packed)
_UNPACK_TRACK = msgspec.msgpack.Decoder(Track)


def pack_track(track: Track | None) -> bytes | None:
    """A track as bytes; None stays None."""
    return None if track is None else _PACK.encode(track)


def unpack_track(body: bytes | None) -> Track | None:
    """The track of `pack_track`."""
    return None if body is None else _UNPACK_TRACK.decode(body)


def round_fill(fill: float) -> float:
    """A fill as it is kept."""
    return fill if fill < 0 else round(fill * GRAIN) / GRAIN


def pack_bin(memory: BinMemory) -> bytes:
    """Everything but `older`, which changes only with a fit and is kept beside."""
    log = memory.log
    codes = array("H", [_CODES[fill] if fill < 0 else round(fill * GRAIN) for fill in log.fills])
    return _PACK.encode(
        _Packed(
            VERSION,
            memory.track,
            memory.newer,
            log.ats.tobytes(),
            codes.tobytes(),
            log.gains.tobytes(),
            memory.bad,
            memory.bad_at,
            memory.bad_word,
            memory.jumps,
            memory.jumped_at,
            memory.lost,
        )
    )


def unpack_bin(body: bytes, older: bytes | None) -> BinMemory:
    """The memory of `pack_bin`. Raises ForecastError for bytes of another version, or damaged ones."""
    try:
        packed = _UNPACK.decode(body)
    except msgspec.DecodeError as error:
        raise ForecastError(f"a bin's state cannot be read: {error}; binwatt forecast rebuild learns it anew") from None
    if packed.version != VERSION:
        raise ForecastError(
            f"a bin's state is of version {packed.version}, not {VERSION}; binwatt forecast rebuild learns it anew"
        )
    log = Log.empty()
    log.ats.frombytes(packed.ats)
    codes = array("H")
    codes.frombytes(packed.fills)
    log.fills = array("d", [code / GRAIN if code <= GRAIN else _FILLS[code] for code in codes])
    log.gains.frombytes(packed.gains)
    return BinMemory(
        packed.track,
        log,
        packed.newer,
        older,
        False,
        packed.bad,
        packed.bad_at,
        packed.bad_word,
        packed.jumps,
        packed.jumped_at,
        packed.lost,
    )


@dataclass(slots=True)
class Memory:
    """What is remembered of a city. `advance` moves it on in place."""

    bins: dict[str, BinMemory] = field(default_factory=dict)
    groups: dict[str, GroupMemory] = field(default_factory=dict)

    @property
    def fitted_at(self) -> float | None:
        """Unix time of the last fit; None before the first."""
        fleet = self.groups.get(FLEET)
        return fleet.fits[-1].at if fleet is not None and len(fleet.fits) > 1 else None

    @property
    def oldest(self) -> float:
        """Unix time of the fit before the last: what is later can still be worked in."""
        fleet = self.groups.get(FLEET)
        return fleet.fits[0].at if fleet is not None else 0.0

    def fit(self, group: str, tuning: Tuning, *, before: bool = False) -> Fit:
        """The fit in force for a group, or the one `before`; a group without one takes its stream's, then the fleet's.

        Groups are named "stream" or "stream|quarter".
        """
        at = _at(self.groups[FLEET], before) if FLEET in self.groups else 0.0
        for name in dict.fromkeys((group, group.split("|", maxsplit=1)[0], FLEET)):
            known = self.groups.get(name)
            for fit in known.fits if known is not None else ():
                if fit.at == at:
                    return fit
        return first_fit(tuning)


def _at(fleet: GroupMemory, before: bool) -> float:
    return fleet.fits[-2 if before and len(fleet.fits) > 1 else -1].at


def first_fit(tuning: Tuning) -> Fit:
    """What is taken before anything is known."""
    return Fit(0.0, FLAT, tuning.prior_rate, tuning.spread, (tuning.widen,) * len(BUCKETS))


def group_names(groups: Mapping[str, str]) -> set[str]:
    """Every group named, with its stream and the fleet above it."""
    return {FLEET, *groups.values(), *(name.split("|")[0] for name in groups.values())}
