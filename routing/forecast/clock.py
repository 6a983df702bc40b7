"""The operational clock: time that runs fast when bins fill fast.

A group's week has 168 hours of mean 1; a bin's own weekdays and the calendar's days stretch its days. Exposure between
two instants is what the clock advanced, in usual days, so that growth is rate times exposure at any hour.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import numpy as np

from fleet.calendar import Calendar

WEEK = 168
DAY = 86_400
FLAT = (1 / 24,) * WEEK
"""A week in which every hour is like another: each hour's part of a usual day."""
UNBIASED = (1.0,) * 7

Factors = Mapping[str, float]
"""Factor by occasion name, as learned; an occasion not in it has its calendar's."""
Cumulated = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """One bin's clock over a range of local days, whose midnights are `starts` (Unix time; one more than days).

    `until` is what the clock shows at each midnight, `weights` the bin's factor of each day, `days` the group's day as
    its running sum over 24 hours. Outside of the range it advances one a day.
    """

    starts: list[float]
    until: list[float]
    weights: list[float]
    days: list[Cumulated] = field(repr=False)

    def exposure(self, seconds: float) -> float:
        """What the clock shows at a Unix time, in usual days; only differences mean something."""
        starts = self.starts
        day = int((seconds - starts[0]) // DAY)
        last = len(self.days) - 1
        day = min(day, last)
        if day < 0 or seconds < starts[day]:  # a day of 25 hours lies behind
            day -= 1
        elif seconds >= starts[day + 1]:
            day += 1
        if day < 0:
            return (seconds - starts[0]) / DAY
        if day > last:
            return self.until[-1] + (seconds - starts[-1]) / DAY
        hours = (seconds - starts[day]) / 3600
        hour = int(hours)
        if hour > 23:  # the last hour of a day of 25 adds nothing
            hour, hours = 23, 24.0
        day_sum = self.days[day]
        before = day_sum[hour]
        return self.until[day] + self.weights[day] * (before + (hours - hour) * (day_sum[hour + 1] - before))

    def instant(self, exposure: float) -> float:
        """The Unix time at which the clock shows `exposure`: the inverse of `exposure`."""
        until = self.until
        day = bisect_right(until, exposure) - 1
        if day < 0:
            return self.starts[0] + exposure * DAY
        if day >= len(self.days):
            return self.starts[-1] + (exposure - until[-1]) * DAY
        day_sum = self.days[day]
        wanted = (exposure - until[day]) / self.weights[day]
        hour = min(23, bisect_right(day_sum, wanted) - 1)
        return self.starts[day] + 3600 * (hour + (wanted - day_sum[hour]) / (day_sum[hour + 1] - day_sum[hour]))


@dataclass(frozen=True, slots=True)
class Almanac:
    """The local days a forecast concerns, and how the calendar stretches each, by quarter."""

    starts: list[float]
    dates: tuple[date, ...]
    zone: tzinfo
    calendar: Calendar
    factors: Factors

    def kinds(self, quarter: str) -> list[tuple[float, tuple[float, ...] | None]]:
        """Per day its factor and, where its hours are shifted, their multipliers."""
        return [day_kind(self.calendar, self.factors, day, quarter) for day in self.dates]

    def clocks(self, week: Sequence[float], quarter: str, weekdays: Sequence[Sequence[float]]) -> list[Clock]:
        """The clocks of bins of one group, each with its own factor of the seven weekdays.

        `week`: 168 parts of a usual day, Monday 00:00 local first.
        """
        made: dict[object, Cumulated] = {}
        days: list[Cumulated] = []
        for day, kind in zip(self.dates, self.kinds(quarter), strict=True):
            key = (day.weekday(), kind)
            if key not in made:
                made[key] = _cumulate(week[day.weekday() * 24 : day.weekday() * 24 + 24], *kind)
            days.append(made[key])
        numbers = np.array([day.weekday() for day in self.dates])
        sums = np.array([day[24] for day in days])
        own = np.asarray(weekdays, dtype=np.float64).reshape(-1, 7)[:, numbers]
        until = np.zeros((len(own), len(days) + 1))
        np.cumsum(own * sums, axis=1, out=until[:, 1:])
        return [
            Clock(self.starts, shown, weights, days)
            for shown, weights in zip(until.tolist(), own.tolist(), strict=True)
        ]


def make_almanac(begin: float, end: float, zone: tzinfo, calendar: Calendar, factors: Factors) -> Almanac:
    """The local days from the one of `begin` to the one of `end` (Unix times)."""
    first = datetime.fromtimestamp(begin, UTC).astimezone(zone).date()
    count = int((end - begin) // DAY) + 3
    dates = tuple(first + timedelta(days=number) for number in range(count))
    midnights = [*dates, dates[-1] + timedelta(days=1)]
    starts = [datetime.combine(day, time(), zone).timestamp() for day in midnights]
    return Almanac(starts, dates, zone, calendar, factors)


def day_kind(calendar: Calendar, factors: Factors, day: date, quarter: str) -> tuple[float, tuple[float, ...] | None]:
    """The calendar's factor of a day, and the multipliers of its hours where an occasion shifts them."""
    factor, hours = 1.0, None
    for one in calendar.on(day, quarter):
        factor *= factors.get(one.name, one.factor)
        hours = one.hours or hours
    return factor, hours


def day_hours(week: Sequence[float], factor: float, hours: Sequence[float] | None) -> list[float]:
    """24 hours of a day: shifted by `hours` with the same sum, then times `factor`."""
    if hours is None:
        return [one * factor for one in week]
    shifted = [one * by for one, by in zip(week, hours, strict=True)]
    scale = factor * sum(week) / max(sum(shifted), 1e-9)
    return [one * scale for one in shifted]


def _cumulate(week: Sequence[float], factor: float, hours: Sequence[float] | None) -> Cumulated:
    total, sums = 0.0, [0.0]
    for one in day_hours(week, factor, hours):
        total += one
        sums.append(total)
    return tuple(sums)
