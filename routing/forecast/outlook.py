"""What is to be expected of one bin: fill at a time, the chance to reach a threshold, the hours until then.

From the level at the last reading, growth is a gamma process on the bin's clock: mean rate times exposure, variance
`spread` times the mean and what is not known of the rate; the level's own uncertainty is matched into one shifted
gamma.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import gammaincc, gammaincinv

from routing.forecast.memory import BUCKETS

if TYPE_CHECKING:
    from datetime import datetime

    from routing.forecast.clock import Clock

Health = Literal["ok", "new", "silent", "stuck", "noisy", "tilted", "fault", "clock"]
"""Of a sensor. "clock": its clock jumped lately, its times were mended; all others but "ok" make the band wider."""

SHARES = np.array((0.1, 0.5, 0.9))
NORMAL_90 = 1.2815515655446004
"""Nine cases in ten of a normal distribution lie below so many standard deviations."""
NEAR_ENOUGH = 0.0005
"""Of fill, when hours are sought."""
FARTHEST_HOURS = 24.0 * 28
"""No hour of a threshold is told beyond this."""


@dataclass(frozen=True, slots=True)
class Band:
    """Quantiles: one case in ten below `q10`, half below `q50`, nine in ten below `q90`."""

    q10: float
    q50: float
    q90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BinForecast:
    """One bin's state. `level` and `variance` hold at `at`, `rate` is fill per day of its clock, `days` what it rests
    on.

    `health`: "new" without a reading, "silent" when its sensor is overdue since `blind_since`, "stuck" when its
    figure stands still while the bin cannot, "noisy" when its figures contradict each other, "tilted" or "fault" when
    it says so; the forecast then goes on from what is known, its band widening. `widen` scales the band by the hours
    ahead of `BUCKETS`. `jumps` and `lost`: readings with a wrong clock, and such as came too late, ever.
    """

    bin: str
    at: datetime
    level: float
    variance: float
    rate: float
    days: float
    spread: float
    widen: tuple[float, ...]
    clock: Clock
    health: Health
    blind_since: datetime | None
    emptied: tuple[datetime, ...]
    jumps: int = 0
    lost: int = 0

    def expect(self, when: datetime) -> float:
        """The mean fill at `when` if nobody empties it; above 1 lies beside the bin."""
        return self.level + self._growth(when)[0]

    def fill(self, when: datetime) -> Band:
        """The band of fill at `when`, 0 to 1."""
        base, shape, scale = self._gamma(when)
        return Band(*[min(1.0, max(0.0, base + scale * each)) for each in gammaincinv(shape, SHARES).tolist()])

    def quantile(self, when: datetime, share: float) -> float:
        """The fill at `when` that a `share` of cases stay below, 0 to 1."""
        base, shape, scale = self._gamma(when)
        return min(1.0, max(0.0, base + scale * float(gammaincinv(shape, share))))

    def reaches(self, threshold: float, when: datetime) -> float:
        """The chance that fill is at or above `threshold` by `when`, if nobody empties it."""
        base, shape, scale = self._gamma(when)
        if threshold <= base:
            return 1.0
        return float(gammaincc(shape, (threshold - base) / scale))

    def hours_to(self, threshold: float, now: datetime) -> Band:
        """Hours from `now` until `threshold` is reached: one case in ten sooner than q10. At most 28 days.

        Quantiles of the gamma by Wilson and Hilferty 1931 (PNAS 17:684): the chances of `reaches` at these hours are
        within 0.02 of 0.1, 0.5 and 0.9.
        """
        return Band(*(self._hours(threshold, now, score) for score in (NORMAL_90, 0.0, -NORMAL_90)))

    def _hours(self, threshold: float, now: datetime, score: float) -> float:
        begun, origin = self.at.timestamp(), now.timestamp()
        clock = self.clock
        start = clock.exposure(begun)
        low = max(0.0, clock.exposure(origin) - start)
        high = clock.exposure(origin + FARTHEST_HOURS * 3600) - start
        under, over = self._edge(low, score) - threshold, self._edge(high, score) - threshold
        if under >= 0:
            return 0.0
        if over < 0:
            return FARTHEST_HOURS
        middle, side = low, 0
        for _ in range(20):  # false position with the Illinois rule: the edge is all but straight
            middle = high - over * (high - low) / (over - under)
            off = self._edge(middle, score) - threshold
            if -NEAR_ENOUGH < off < NEAR_ENOUGH:
                break
            if off < 0:
                low, under, over, side = middle, off, over / (2 if side < 0 else 1), -1
            else:
                high, over, under, side = middle, off, under / (2 if side > 0 else 1), 1
        return min(FARTHEST_HOURS, max(0.0, (clock.instant(start + middle) - origin) / 3600))

    def _edge(self, exposure: float, score: float) -> float:
        """The fill a normal score above the middle, after so much exposure: the gamma's quantile."""
        mean = self.rate * exposure
        variance = self.spread * mean * (1 + exposure / self.days)
        below = 2 * math.sqrt(self.variance)
        middle = mean + below
        scale = self._scale(exposure * 24)
        ninth = (variance + self.variance) * scale * scale / (9 * middle * middle)
        return self.level - below + middle * (1 - ninth + score * math.sqrt(ninth)) ** 3

    def _growth(self, when: datetime) -> tuple[float, float]:
        """Mean and variance of growth from `at` to `when`."""
        exposure = max(0.0, self.clock.exposure(when.timestamp()) - self.clock.exposure(self.at.timestamp()))
        mean = self.rate * exposure
        return mean, self.spread * mean + self.spread * self.rate / self.days * exposure * exposure

    def _gamma(self, when: datetime) -> tuple[float, float, float]:
        """Base, shape and scale of the gamma distribution of fill at `when`."""
        mean, variance = self._growth(when)
        below = 2 * math.sqrt(self.variance)
        middle = mean + below
        scale = self._scale((when - self.at).total_seconds() / 3600)
        total = (variance + self.variance) * scale * scale
        return self.level - below, middle * middle / total, total / middle

    def _scale(self, hours: float) -> float:
        """The band's scale so many hours ahead, between the buckets in proportion."""
        if hours <= BUCKETS[0]:
            return self.widen[0]
        for place in range(1, len(BUCKETS)):
            if hours <= BUCKETS[place]:
                part = (hours - BUCKETS[place - 1]) / (BUCKETS[place] - BUCKETS[place - 1])
                return self.widen[place - 1] + part * (self.widen[place] - self.widen[place - 1])
        return self.widen[-1]
