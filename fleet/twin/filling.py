"""How bins fill: bags arrive by the hour of the week, at a rate of each bin's own, on days that differ.

    bags in an hour ~ Poisson(fill_per_day / 24 x profile(hour of week) x day / bag)

with a bag of 22 l give or take, and a day factor of drift over weeks, day-to-day noise and a rare event. The mean of
all factors is 1, so `Bin.fill_per_day` is the true mean rate. Every draw is keyed by (seed, bin, hour): a level can be
asked for any time, in any order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from . import noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .containers import Bin
    from .noise import Floats

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOCAL_HOURS = 1  # ahead of UTC
BAG_L = 22.0
BAG_SPREAD = 0.4  # bags of an hour are on average this share lighter to heavier
DAY_NOISE = 0.35
EVENT_CHANCE, EVENT_FACTOR = 0.01, 2.5
DRIFTS = ((23.0, 0.13), (57.0, 0.13))  # period in days, amplitude
RESIDUE = 0.05  # at most left in an emptied bin
BAGS, SIZES, DAYS, EVENTS, PHASES, RESIDUES = range(101, 107)  # streams of draws

# Share of a mean hour, from midnight; a mean day of the week from Monday; each row a kind of bin:
# households, early risers, evening streets, and market or leisure bins that fill at the end of the week.
_HOURS = np.array(
    [0.15, 0.1, 0.08, 0.08, 0.1, 0.3, 0.6, 1, 1.4, 1.6, 1.6, 1.7,
     1.8, 1.5, 1.1, 1, 1.1, 1.3, 1.5, 1.8, 2.0, 1.7, 1.1, 0.5]
)  # fmt: skip
_HOMES = (1.0, 1.0, 1.05, 1.0, 1.05, 1.0, 0.9)
_MARKET = (0.7, 0.7, 0.8, 0.8, 1.0, 1.3, 1.7)
_KINDS = ((0, _HOMES), (-1, _HOMES), (2, _HOMES), (0, _MARKET))
PROFILES = np.array([np.outer(week, np.roll(_HOURS, shift)).ravel() for shift, week in _KINDS])
PROFILES /= PROFILES.mean(axis=1, keepdims=True)


def count_hours(at: datetime) -> float:
    """Hours since 1970, the clock all draws are keyed by."""
    return (at - EPOCH) / timedelta(hours=1)


def hour_of_week(hours: NDArray[np.int64]) -> NDArray[np.int64]:
    """Local hour of the week, 0 at midnight before Monday, of hours since 1970 (a Thursday)."""
    return (hours + LOCAL_HOURS + 3 * 24) % 168


def draw_inflow(seed: int, bins: Sequence[Bin], first_hour: int, hours: int) -> Floats:
    """Fill added in each of `hours` hours from `first_hour` on, shape (bins, hours)."""
    number = np.array([[b.number] for b in bins])
    bag = np.array([[BAG_L / b.capacity_l] for b in bins])
    rate = np.array([[b.fill_per_day / 24] for b in bins])
    hour = np.arange(first_hour, first_hour + hours)
    profile = PROFILES[[b.clock for b in bins]][:, hour_of_week(hour)]
    day = (hour + LOCAL_HOURS) // 24
    days = np.arange(day[0], day[-1] + 1)
    mean = rate * profile * _day_factors(seed, number, days)[:, day - day[0]]
    bags = noise.poisson(mean / bag, seed, BAGS, number, hour)
    weight = 1 + BAG_SPREAD * (noise.uniform(seed, SIZES, number, hour) - 0.5)
    return np.asarray(bags * bag * weight)


def _day_factors(seed: int, number: NDArray[np.int64], days: NDArray[np.int64]) -> Floats:
    """Busy and quiet days, shape (bins, days), mean 1."""
    factor = np.exp(DAY_NOISE * noise.normal(seed, DAYS, number, days) - DAY_NOISE**2 / 2)
    event = noise.uniform(seed, EVENTS, number, days) < EVENT_CHANCE
    factor *= np.where(event, EVENT_FACTOR, 1.0) / (1 + EVENT_CHANCE * (EVENT_FACTOR - 1))
    for k, (period, amplitude) in enumerate(DRIFTS):
        phase = noise.uniform(seed, PHASES, number, k)
        factor *= 1 + amplitude * np.sin(2 * np.pi * (days / period + phase))
    return np.asarray(factor)


def levels(seed: int, bins: Sequence[Bin], at: datetime, emptied_at: Sequence[datetime]) -> Floats:
    """Fill of each bin at one time, given when each was last emptied. 1 is full; what comes on top lies beside it."""
    if not bins:
        return np.zeros(0)
    end = count_hours(at)
    starts = np.array([count_hours(moment) for moment in emptied_at])
    if (starts > end).any():
        late = bins[int(starts.argmax())].bin_id
        raise ValueError(f"bin {late} would be emptied after {at.isoformat()}; ask for a later time")
    first = int(starts.min())
    inflow = draw_inflow(seed, bins, first, int(end) - first + 1)
    numbers = np.array([b.number for b in bins])
    return residue(seed, numbers, starts) + cumulate(inflow, end - first) - cumulate(inflow, starts - first)


def level(seed: int, container: Bin, at: datetime, emptied_at: datetime) -> float:
    """Fill of one bin at a time, given when it was last emptied."""
    return float(levels(seed, [container], at, [emptied_at])[0])


def cumulate(inflow: Floats, hours: Floats | float) -> Floats:
    """What flowed in during the first `hours` (one figure, or one a bin), shape (bins,); within an hour evenly."""
    hours = np.broadcast_to(np.asarray(hours, dtype=np.float64), inflow.shape[:1])
    whole = hours.astype(np.int64)
    total = np.concatenate([np.zeros((inflow.shape[0], 1)), np.cumsum(inflow, axis=1)], axis=1)
    rows = np.arange(inflow.shape[0])
    last = np.minimum(whole, inflow.shape[1] - 1)
    return np.asarray(total[rows, whole] + (hours - whole) * inflow[rows, last])


def residue(seed: int, numbers: NDArray[np.int64], hours: Floats) -> Floats:
    """What an emptying at `hours` leaves on the ground of each bin."""
    return RESIDUE * noise.uniform(seed, RESIDUES, numbers, hours.astype(np.int64))
