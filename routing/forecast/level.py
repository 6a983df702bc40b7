"""Follow one bin's level through its readings: a Kalman filter behind a gate, and the rate learned on the way."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import msgspec

from routing.forecast.clock import UNBIASED, Clock
from routing.forecast.tuning import Tuning

EMPTIED, VISITED = -1.0, -2.0
"""Marks in place of a fill: a truck or a person emptied the bin; a truck stood there."""
IGNORED, RESET, SATURATED = math.nan, math.inf, -math.inf
"""Marks in place of a growth: a reading not believed; the level began anew; grown, but unseen near the top."""

SLOW = 16 * 3600
"""After so many seconds of silence a reading is believed at once: in that time an emptying, or a day's growth, is
likelier than an outlier, and waiting for a second reading would cost a day."""
VISIT_HOLDS = 12 * 3600
"""A drop within so many seconds of a truck at the bin is an emptying at once."""
BELIEVABLE = 0.15
"""A level that begins anew this much below what was expected was an emptying."""
LEVELS = 12
"""A sensor that ever gave at most this many figures is a coarse one; its step adds to its noise."""
STILL = 0.02
"""Readings within this of each other are the same figure."""
ORIGINS, EMPTYINGS = 12, 4
"""Days kept as origins of forecasts to be scored, and emptyings kept."""
NOISY_MEMORY = 0.04
"""Weight of one reading in the share of those not believed."""

Origin = tuple[float, float, float, float, float]
"""Unix time, level, variance, rate, days it rests on."""


class Track(msgspec.Struct, array_like=True):
    """Where a bin stands after its last mark: everything the filter carries from reading to reading.

    `level` with `variance` at Unix time `at`; `grown` over `watched` days of its clock, old ones forgotten.
    """

    at: float
    level: float
    variance: float
    grown: float = 0.0
    watched: float = 0.0
    accepted: int = 0
    pending_at: float = 0.0
    """Unix time of a reading that waits for a second one; 0: none does."""
    pending: float = 0.0
    day_at: float = 0.0
    day_level: float = 0.0
    day_variance: float = 0.0
    """The level when the day of the spread's evidence began."""
    residual: float = 0.0
    expected: float = 0.0
    """Since the last fit, over whole days of growth: squared error of the expectation less its measuring noise, and
    the expectation.
    """
    step: float = 0.0
    """Of a coarse sensor's figures; 0 for a fine one."""
    figures: list[float] | None = msgspec.field(default_factory=list)
    """The figures seen while they are few; None: many, a fine sensor."""
    same: float = -1.0
    same_since: float = 0.0
    same_count: int = 0
    same_visited: int = 0
    """The figure the sensor repeats: since when, how often, and how often before the first emptying of that time."""
    visited: float = 0.0
    """Unix time of the last emptying told, or truck that stood at the bin."""
    told: float = 0.0
    """Unix time of the last emptying told."""
    heard: float = 0.0
    """Unix time of the last reading."""
    doubted: float = 0.0
    """Share of its latest readings that were not believed."""
    origins: list[Origin] = msgspec.field(default_factory=list)
    emptied: list[tuple[float, float, float]] = msgspec.field(default_factory=list)
    """Emptyings found in the readings: Unix time and fill of the first that showed each, and the fill expected."""
    own_gained: list[float] = msgspec.field(default_factory=lambda: [0.0] * 7)
    own_watched: list[float] = msgspec.field(default_factory=lambda: [0.0] * 7)
    weekdays: list[float] = msgspec.field(default_factory=lambda: list(UNBIASED))
    """What the bin gained and was watched on each weekday, on its group's clock; and the factors from it in force."""
    usual_gap: float = 0.0
    """Seconds between its reports; 0: not known yet."""


def step_of(fills: Sequence[float]) -> float:
    """The step between the figures of a coarse sensor."""
    seen = sorted(fills)
    return min((high - low for low, high in itertools.pairwise(seen)), default=0.0)


def begin(at: float, fill: float, tuning: Tuning) -> Track:
    """The track of a bin whose first mark this is."""
    level = tuning.residue if fill == EMPTIED else 0.5 if fill == VISITED else fill
    variance = 1 / 12 if fill == VISITED else tuning.noise**2
    track = Track(at, level, variance, day_at=at, day_level=level, day_variance=variance)
    if fill >= 0:
        track.figures = [fill]
        track.same, track.same_since, track.same_count, track.heard = fill, at, 1, at
    else:
        track.visited = at
        track.told = at if fill == EMPTIED else 0.0
    return track


def follow(  # noqa: C901, PLR0912, PLR0915 - one recursion; split, it would cost twice the time per reading
    track: Track,
    ats: Sequence[float],
    fills: Sequence[float],
    clock: Clock,
    group_rate: float,
    spread: float,
    tuning: Tuning,
) -> list[float]:
    """Run the filter over marks in order of time and give what each taught: growth since the mark before, or a mark.

    `ats` are Unix times, `fills` 0 to 1 or EMPTIED or VISITED. The track is moved on in place. Recipe and figures:
    `forecast.md`.
    """
    gains: list[float] = []
    learn = gains.append
    exposure = clock.exposure
    prior, memory = tuning.prior_days, tuning.memory_days * 86_400
    drop, full, residue = tuning.drop, tuning.full, tuning.residue
    step, figures = track.step, track.figures
    noise = tuning.noise**2 + step * step / 12
    agree, gate = tuning.agree + step, tuning.gate
    before, level, variance = track.at, track.level, track.variance
    grown, watched = track.grown, track.watched
    shown, day_shown = exposure(before), exposure(track.day_at)
    pending_at, pending = track.pending_at, track.pending
    same, same_count, doubted, heard = track.same, track.same_count, track.doubted, track.heard
    for at, fill in zip(ats, fills, strict=True):
        now = exposure(at)
        passed = now - shown
        rate = (grown + prior * group_rate) / (watched + prior)
        rate = max(rate, 0.0005)
        predicted = level + rate * passed
        predicted = min(predicted, 1.1)
        widened = variance + spread * rate * passed + 1e-5
        if fill < 0:
            track.visited = at
            if fill == EMPTIED:
                track.told = at
                if same_count >= 3 and track.same_visited == 0:
                    track.same_visited = same_count
                level, variance, pending_at = residue, noise, 0.0
                track.day_at, track.day_level, track.day_variance = at, level, variance
                day_shown = now
                learn(RESET)
            else:
                level, variance = predicted, widened
                learn(IGNORED)
            shown, before = now, at
            continue
        if figures is not None and fill not in figures:
            figures.append(fill)
            if len(figures) > LEVELS:
                track.figures = figures = None
                if step:
                    track.step = step = 0.0
                    noise, agree = tuning.noise**2, tuning.agree
        heard = at
        off = fill - same
        if -STILL <= off <= STILL:
            same_count += 1
        else:
            same, same_count = fill, 1
            track.same_since, track.same_visited = at, 0
        total = widened + noise
        error = fill - predicted
        off = error if error > 0 else -error
        fell = fill < level - drop and fill < 0.5 * level + 0.05
        slow = at - before >= SLOW
        if fell or (off > gate and off * off > 10.24 * total and not slow):
            sure = slow or (fell and at - track.visited <= VISIT_HOLDS)
            if sure or (pending_at and -agree < fill - pending - rate * passed < agree):
                if fill < predicted - BELIEVABLE:
                    track.emptied.append((at if sure else pending_at, fill if sure else pending, predicted))
                level, variance, pending_at = fill, noise, 0.0
                track.day_at, track.day_level, track.day_variance = at, level, variance
                day_shown = now
                track.accepted += 1
                learn(RESET)
            else:
                pending_at, pending = at, fill
                level, variance = predicted, widened
                doubted += NOISY_MEMORY
                learn(IGNORED)
        else:
            pending_at = 0.0
            gain = widened / total
            after = predicted + gain * error
            if level < full:
                fade = 1 - (at - before) / memory
                if fade < 0:
                    fade = 0.0
                grown = grown * fade + after - level
                watched = watched * fade + passed
                learn(after - level)
            else:
                learn(SATURATED)
            level, variance = after, (1 - gain) * widened
            track.accepted += 1
            if now - day_shown >= 1:
                if level < full:
                    meant = rate * (now - day_shown)
                    track.residual += (level - track.day_level - meant) ** 2 - variance - track.day_variance
                    track.expected += meant
                track.day_at, track.day_level, track.day_variance = at, level, variance
                day_shown = now
                track.origins.append((at, level, variance, rate, watched + prior))
        doubted -= NOISY_MEMORY * doubted
        shown, before = now, at
    track.at, track.level, track.variance, track.grown, track.watched = before, level, variance, grown, watched
    track.pending_at, track.pending = pending_at, pending
    track.same, track.same_count, track.doubted, track.heard = same, same_count, doubted, heard
    del track.origins[:-ORIGINS]
    del track.emptied[:-EMPTYINGS]
    return gains
