"""The calendar a city without sensors would drive: every sector of bins on fixed days, as seldom as it bears.

Bins of one stream are cut into sectors of neighbours, and a sector gets the fewest days a week on which, over the weeks
before the year begins, no more of its bin-days overflow than the promised service allows. That is the best a planner
with last month's diary could do; a city that has never counted drives more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from fleet.twin.filling import LOCAL_HOURS, count_hours, draw_inflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.twin.city import City
    from fleet.twin.containers import Bin
    from fleet.twin.noise import Floats

SECTOR = 45
"""Bins a sector holds at most: about half a shift."""
WEEKS = 8
ROUND_HOUR = 9
"""Local hour by which a bin on its day is emptied, about the middle of the morning shift."""
PATTERNS: tuple[tuple[int, ...], ...] = (
    (2,),
    (0, 3),
    (0, 2, 4),
    (0, 1, 3, 4),
    (0, 1, 2, 3, 4, 5),
    (0, 1, 2, 3, 4, 5, 6),
)
"""Weekdays of one to seven rounds a week, Monday 0; the first that serves well is taken."""


@dataclass(frozen=True, slots=True)
class Sector:
    """Neighbouring bins of one stream and the weekdays on which all of them are emptied."""

    bins: tuple[Bin, ...]
    weekdays: tuple[int, ...]


def make_calendar(city: City, promised: float) -> tuple[Sector, ...]:
    """The sectors of a city with their days, for a `promised` share of bin-days without overflow.

    A sector that keeps the promise on no pattern is driven every day.
    """
    streams = sorted({each.stream for each in city.bins})
    groups = [group for stream in streams for group in _cut([each for each in city.bins if each.stream == stream])]
    return tuple(Sector(tuple(group), _fewest_days(city, group, promised)) for group in groups)


def _cut(bins: list[Bin]) -> list[list[Bin]]:
    """Halve by the longer side until a sector holds no more than SECTOR."""
    if len(bins) <= SECTOR:
        return [bins]
    spans = [max(side) - min(side) for side in ([each.lat for each in bins], [each.lon for each in bins])]
    ordered = sorted(bins, key=lambda each: each.lat if spans[0] >= spans[1] else each.lon)
    middle = len(ordered) // 2
    return [*_cut(ordered[:middle]), *_cut(ordered[middle:])]


def _fewest_days(city: City, bins: Sequence[Bin], promised: float) -> tuple[int, ...]:
    inflow, weekday = _last_weeks(city, bins)
    for pattern in PATTERNS:
        if _clean(inflow, weekday, pattern) >= promised:
            return pattern
    return PATTERNS[-1]


def _last_weeks(city: City, bins: Sequence[Bin]) -> tuple[Floats, list[int]]:
    """What flowed in a day of the weeks before opening, from ROUND_HOUR on, shape (bins, days); each day's weekday."""
    days = 7 * WEEKS
    midnight = city.opens_at.replace(hour=0, minute=0, second=0, microsecond=0)
    since: datetime = midnight - timedelta(days=days) + timedelta(hours=ROUND_HOUR - LOCAL_HOURS)
    inflow = draw_inflow(city.seed, bins, int(count_hours(since)), 24 * days)
    daily = inflow.reshape(len(bins), days, 24).sum(axis=2)
    return daily, [(since + timedelta(days=day)).weekday() for day in range(days)]


def _clean(inflow: Floats, weekday: list[int], pattern: tuple[int, ...]) -> float:
    """Share of bin-days without overflow when all bins are emptied at the start of the days of `pattern`."""
    level = np.zeros(len(inflow))
    clean = counted = 0
    for day, of_week in enumerate(weekday):
        if of_week in pattern:
            level[:] = 0.0
        level += inflow[:, day]
        if day >= 7:  # the first week only fills the bins
            clean += int((level < 1.0).sum())
            counted += len(level)
    return clean / counted
