"""Follow one bin's level through its readings: a Kalman filter behind a gate, and the rate learned on the way."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.forecast.clock import Clock
    from routing.forecast.tuning import Tuning

STEP_LEVELS = 12
"""A sensor that ever gave at most this many figures is a coarse one; its step adds to its noise."""


SLOW = 16 * 3600
"""After so many seconds of silence a reading is believed at once: in that time an emptying, or a day's growth, is
likelier than an outlier, and waiting for a second reading would cost a day."""


@dataclass(slots=True)
class Track:
    """Where a bin stands after its last reading.

    `level` with `variance`; `grown` over `watched` days of its clock, old ones forgotten; `at` Unix time.
    """

    level: float
    variance: float
    at: float
    grown: float = 0.0
    watched: float = 0.0
    accepted: int = 0
    emptied: list[float] = field(default_factory=list)
    """Emptyings found in the readings: Unix time of the first reading that showed each."""
    pairs: list[tuple[float, float, float]] = field(default_factory=list)
    """Growth between accepted readings: first and last Unix time, fill gained."""
    residual: float = 0.0
    expected: float = 0.0
    """Sums over whole days of growth: squared error of the expectation less its measuring noise, and the expectation.
    """


def step_of(fills: Sequence[float]) -> float:
    """The step of a coarse sensor's figures, 0 for a fine one."""
    seen = sorted(set(fills))
    if len(fills) < 2 * STEP_LEVELS or not 2 <= len(seen) <= STEP_LEVELS:
        return 0.0
    return min(high - low for low, high in itertools.pairwise(seen))


def follow(  # noqa: C901, PLR0912, PLR0915 - one recursion; split, it would cost twice the time per reading
    marks: Sequence[tuple[float, float | None]],
    clock: Clock,
    group_rate: float,
    spread: float,
    tuning: Tuning,
    keep_pairs: bool,
) -> Track | None:
    """Run the filter over `marks`: (Unix time, fill), or (Unix time, None) for an emptying known from elsewhere.

    Marks are in order of time. None when there is not one mark.
    """
    if not marks:
        return None
    step = step_of([fill for _, fill in marks if fill is not None])
    noise = tuning.noise**2 + step * step / 12
    agree, drop, gate, full = tuning.agree + step, tuning.drop, tuning.gate, tuning.full
    prior, memory = tuning.prior_days, tuning.memory_days * 86_400
    exposure = clock.exposure
    at, fill = marks[0]
    level = tuning.residue if fill is None else fill
    track = Track(level, noise, at)
    variance, grown, watched = noise, 0.0, 0.0
    shown = exposure(at)
    pending: tuple[float, float] | None = None
    day_level, day_shown, day_variance = level, shown, noise
    for at, fill in marks[1:]:
        now = exposure(at)
        passed = now - shown
        rate = (grown + prior * group_rate) / (watched + prior)
        rate = max(rate, 0.0005)
        predicted = level + rate * passed
        predicted = min(predicted, 1.1)
        widened = variance + spread * rate * passed + 1e-5
        if fill is None:
            level, variance, pending = tuning.residue, noise, None
            shown = day_shown = now
            day_level, day_variance = level, variance
            track.at = at
            continue
        total = widened + noise
        error = fill - predicted
        off = error if error > 0 else -error
        fell = fill < level - drop and fill < 0.5 * level + 0.05
        slow = at - track.at >= SLOW
        if fell or (off > gate and off * off > 10.24 * total and not slow):
            if slow or (pending is not None and -agree < fill - pending[1] - rate * passed < agree):
                if fill < predicted - 0.15:
                    track.emptied.append(at if slow or pending is None else pending[0])
                level, variance, pending = fill, noise, None
                day_level, day_shown, day_variance = level, now, variance
                track.accepted += 1
            else:
                pending = (at, fill)
                level, variance = predicted, widened
        else:
            pending = None
            gain = widened / total
            after = predicted + gain * error
            if level < full:
                fade = 1 - (at - track.at) / memory
                if fade < 0:
                    fade = 0.0
                grown = grown * fade + after - level
                watched = watched * fade + passed
                if keep_pairs:
                    track.pairs.append((track.at, at, after - level))
            level, variance = after, (1 - gain) * widened
            track.accepted += 1
            if now - day_shown >= 1:
                if level < full:
                    meant = rate * (now - day_shown)
                    track.residual += (level - day_level - meant) ** 2 - variance - day_variance
                    track.expected += meant
                day_level, day_shown, day_variance = level, now, variance
        shown = now
        track.at = at
    track.level, track.variance, track.grown, track.watched = level, variance, grown, watched
    return track
