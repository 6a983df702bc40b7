"""Learn a fleet in two passes over its readings, a few microseconds each.

The first, on a flat clock, finds the growth; from it come the clocks, the rates of groups and the spread. The second
follows every bin on its own clock.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from routing.errors import ForecastError
from routing.forecast.clock import WEEK, Clock, Growth, fit_clocks, make_clock
from routing.forecast.level import Track, follow
from routing.forecast.outlook import BinForecast, Health
from routing.forecast.tuning import DEFAULT, Tuning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    Marks = list[tuple[float, float | None]]

FLEET = ""
"""Group of every bin whose group is not named."""

STUCK_BAND, STUCK_READINGS, STUCK_CYCLES = 0.02, 8, 2.0
"""A sensor is stuck when this many readings lie within the band while its group filled a bin so often."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A fill level, 0 to 1, of one bin."""

    bin: str
    at: datetime
    fill: float


@dataclass(frozen=True, slots=True)
class Emptying:
    """A bin was emptied, as a truck or a person said."""

    bin: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fleet:
    """Every bin's forecast, and what they share."""

    bins: dict[str, BinForecast]
    clock: Clock
    rates: dict[str, float]
    """Fill a day by group."""
    spreads: dict[str, float]


def learn(
    bins: Iterable[str],
    readings: Iterable[Reading],
    emptyings: Iterable[Emptying],
    now: datetime,
    *,
    groups: Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
    tuning: Tuning = DEFAULT,
) -> Fleet:
    """The state of every bin of `bins` at `now` from readings and emptyings in any order.

    Whatever lies after `now`, or concerns other bins, is not used. `groups` names what bins share a rate with (their
    stream, their quarter). The clock runs on `zone`'s time, at the offset it has at `now`. Bins without readings get
    their group's rate and a level anywhere. Raises ForecastError for times without a zone and fills outside 0 to 1.
    """
    if now.tzinfo is None:
        raise ForecastError(f"forecast asked for {now}, a time without a zone")
    names = sorted(set(bins))
    marks = _collect(names, readings, emptyings, now)
    offset = now.astimezone(zone).utcoffset()
    shift = offset.total_seconds() if offset is not None else 0.0
    flat = make_clock([1.0] * WEEK, shift)
    group = [groups.get(name, FLEET) if groups is not None else FLEET for name in names]
    first = [follow(marks[name], flat, tuning.prior_rate, tuning.spread, tuning, True) for name in names]
    fleet_clock, clocks = fit_clocks(_growth(first), len(names), shift)
    rates = _rates(first, group, tuning)
    rough = _spreads(first, group, tuning)
    again = [
        follow(marks[name], clock, rates[of], rough[of], tuning, False)
        for name, clock, of in zip(names, clocks, group, strict=True)
    ]
    spreads = _spreads(again, group, tuning)
    made = {
        name: _state(name, marks[name], track, clock, rates[of], spreads[of], now, tuning)
        for name, track, clock, of in zip(names, again, clocks, group, strict=True)
    }
    return Fleet(made, fleet_clock, rates, spreads)


def _collect(
    names: list[str], readings: Iterable[Reading], emptyings: Iterable[Emptying], now: datetime
) -> dict[str, Marks]:
    marks: dict[str, Marks] = {name: [] for name in names}
    latest = now.timestamp()
    for reading in readings:
        mine = marks.get(reading.bin)
        if mine is None:
            continue
        if not 0 <= reading.fill <= 1:
            raise ForecastError(f"bin {reading.bin}: a fill of {reading.fill} at {reading.at}; it must lie in 0 to 1")
        at = _seconds(reading.bin, reading.at)
        if at <= latest:
            mine.append((at, reading.fill))
    for emptying in emptyings:
        mine = marks.get(emptying.bin)
        at = _seconds(emptying.bin, emptying.at)
        if mine is not None and at <= latest:
            mine.append((at, None))
    for mine in marks.values():
        mine.sort(key=lambda mark: mark[0])
    return marks


def _seconds(name: str, at: datetime) -> float:
    if at.tzinfo is None:
        raise ForecastError(f"bin {name}: {at} is a time without a zone")
    return at.timestamp()


def _growth(tracks: list[Track | None]) -> Growth:
    rows = [(number, *pair) for number, track in enumerate(tracks) if track is not None for pair in track.pairs]
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Growth(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])


def _rates(tracks: list[Track | None], group: list[str], tuning: Tuning) -> dict[str, float]:
    """Fill a day by group: mean of its bins' own, each with as much weight as it was watched, a little prior mixed
    in.
    """
    total: dict[str, tuple[float, float]] = {}
    for track, of in zip(tracks, group, strict=True):
        grown, watched = total.get(of, (tuning.prior_days * tuning.prior_rate, tuning.prior_days))
        total[of] = (grown, watched) if track is None else (grown + track.grown, watched + track.watched)
    return {of: max(0.001, grown / watched) for of, (grown, watched) in total.items()}


def _spreads(tracks: list[Track | None], group: list[str], tuning: Tuning) -> dict[str, float]:
    """Variance over mean of a day's growth by group, from residuals; 20 expected fills weigh as much as the default."""
    total: dict[str, tuple[float, float]] = {}
    for track, of in zip(tracks, group, strict=True):
        residual, expected = total.get(of, (20 * tuning.spread, 20.0))
        if track is not None:
            residual, expected = residual + track.residual, expected + track.expected
        total[of] = (residual, expected)
    return {of: min(0.6, max(0.02, residual / expected)) for of, (residual, expected) in total.items()}


def _state(
    name: str,
    marks: Marks,
    track: Track | None,
    clock: Clock,
    group_rate: float,
    spread: float,
    now: datetime,
    tuning: Tuning,
) -> BinForecast:
    times = [at for at, fill in marks if fill is not None]
    health: Health = "ok"
    blind: datetime | None = None
    level, variance, at = 0.5, 1 / 12, now.timestamp()
    grown = watched = 0.0
    if track is None or not times:
        health = "new"
    else:
        gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
        usual = median(gaps) if gaps else 86_400.0
        if now.timestamp() - times[-1] > tuning.silent_after * usual:
            health, blind = "silent", _when(times[-1])
    if track is not None:
        level, variance, at, grown, watched = track.level, track.variance, track.at, track.grown, track.watched
        stuck_since = _stuck_since(marks, clock, group_rate)
        if stuck_since is not None:
            health, blind = "stuck", _when(stuck_since)
            emptied = [mark for mark, fill in marks if fill is None and mark >= stuck_since]
            if emptied:  # what the sensor said since tells nothing: go on from the visit at the group's rate
                level, variance, at = tuning.residue, tuning.noise**2, emptied[-1]
                grown = watched = 0.0
    days = watched + tuning.prior_days
    return BinForecast(
        bin=name,
        at=_when(at),
        level=level,
        variance=variance,
        rate=max(0.0005, (grown + tuning.prior_days * group_rate) / days),
        days=days,
        spread=spread,
        widen=tuning.widen,
        clock=clock,
        health=health,
        blind_since=blind,
        emptied=tuple(_when(each) for each in track.emptied) if track is not None else (),
    )


def _stuck_since(marks: Marks, clock: Clock, group_rate: float) -> float | None:
    """Since when a sensor says the same while its bin was emptied or must have filled twice; None when it does not."""
    last = next((fill for _, fill in reversed(marks) if fill is not None), None)
    if last is None:
        return None
    same, since, visited = 0, 0.0, False
    after_visit = 0
    for at, fill in reversed(marks):
        if fill is None:
            visited = visited or same >= 3
            after_visit = after_visit or same
        elif abs(fill - last) <= STUCK_BAND:
            same, since = same + 1, at
        else:
            break
    if same < STUCK_READINGS:
        return None
    cycles = group_rate * (clock.exposure(marks[-1][0]) - clock.exposure(since))
    unmoved = visited and last > 0.3 and same > after_visit
    return since if unmoved or cycles >= STUCK_CYCLES else None


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
