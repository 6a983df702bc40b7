"""The operational clock: time that runs fast when bins fill fast.

A profile of 168 hours of the local week with mean 1. Exposure between two instants is what the clock advanced, in
days, so that growth is rate times exposure at any hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WEEK = 168
MONDAY = 4 * 86_400
"""Unix time began on a Thursday; this many seconds later it was Monday."""

OWN_DAYS = 21.0
"""Days a bin must be watched before its own weekdays weigh as much as its fleet's."""

PRIOR_HOURS = 24.0
"""Hours at the mean rate mixed into each hour of the fleet's profile."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A profile as its running sum in days, `shift` seconds east of UTC."""

    hours: tuple[float, ...]
    until: tuple[float, ...]
    shift: float

    def exposure(self, seconds: float) -> float:
        """What the clock shows at a Unix time; differences of it are exposures in days."""
        weeks, rest = divmod((seconds + self.shift - MONDAY) / 3600, WEEK)
        hour = int(rest)
        return weeks * 7 + self.until[hour] + (rest - hour) * self.hours[hour]


def make_clock(profile: Sequence[float], shift: float) -> Clock:
    """The clock of 168 weights, Monday 00:00 local first; they are scaled to mean 1."""
    weights = np.asarray(profile, dtype=np.float64)
    days = weights / weights.sum() * 7
    until = np.concatenate(([0.0], np.cumsum(days)[:-1]))
    return Clock(tuple(days.tolist()), tuple(until.tolist()), shift)


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth seen between pairs of readings: bin number, first and last Unix time, fill gained."""

    bins: NDArray[np.int64]
    begins: NDArray[np.float64]
    ends: NDArray[np.float64]
    gained: NDArray[np.float64]


def fit_clocks(growth: Growth, count: int, shift: float) -> tuple[Clock, list[Clock]]:
    """The fleet's clock, and per bin the same with the bin's weekdays shrunk to the fleet's.

    Growth of a pair is spread evenly over its hours; pairs longer than a day say too little of the hour and are left
    out.
    """
    flat = make_clock([1.0] * WEEK, shift)
    hours = (growth.ends - growth.begins) / 3600
    keep = (hours > 0) & (hours <= 24)
    if not keep.any():
        return flat, [flat] * count
    owner, gained, lasted = growth.bins[keep], growth.gained[keep], hours[keep]
    first = (growth.begins[keep] + shift - MONDAY) / 3600
    slots = np.ceil(lasted).astype(np.int64)
    row = np.repeat(np.arange(len(slots)), slots)
    part = np.arange(len(row)) - np.repeat(np.cumsum(slots) - slots, slots)
    share = 1.0 / slots[row]
    at = (first[row] + (part + 0.5) * lasted[row] * share) % WEEK
    hour = at.astype(np.int64) % WEEK
    gains, exposure = gained[row] * share, lasted[row] * share
    rate = gained.sum() / lasted.sum()
    if rate <= 0:
        return flat, [flat] * count
    by_hour = np.bincount(hour, gains, WEEK) + PRIOR_HOURS * rate
    profile = np.maximum(by_hour / (np.bincount(hour, exposure, WEEK) + PRIOR_HOURS) / rate, 0.02)
    profile /= profile.mean()
    fleet = make_clock(profile, shift)
    usual = profile.reshape(7, 24).mean(axis=1)
    cell = owner[row] * 7 + hour // 24
    seen = np.bincount(cell, gains, count * 7).reshape(count, 7)
    watched = np.bincount(cell, exposure * profile[hour], count * 7).reshape(count, 7)
    own = seen.sum(axis=1, keepdims=True) / np.maximum(watched.sum(axis=1, keepdims=True), 1e-9)
    own = np.maximum(own, rate / 10)
    pull = OWN_DAYS * 24 / 7 * usual
    factor = np.maximum((seen / own + pull) / (watched + pull), 0.1)
    return fleet, [make_clock(profile * np.repeat(each, 24), shift) for each in factor]
