"""How wide the bands should have been: split conformal scaling by hours ahead.

Every evening's forecast is scored by the reading that came 12, 24, 48 and 72 hours later, unless the bin was emptied
meanwhile: the score is the distance from the expected fill over the distance of the band's edge. The 0.9 quantile of
the scores of the last three weeks scales the bands to come (Lei and others 2018, J. Am. Stat. Assoc. 113:1094, section
2.3 on locally weighted scores; Romano, Patterson and Candès 2019 for the edges).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import gammaincinv

from routing.forecast.clock import Almanac, Clock
from routing.forecast.level import RESET, Track
from routing.forecast.memory import BUCKETS, SCORE_STEP, SCORES, BinMemory, GroupMemory, Memory
from routing.forecast.tuning import Tuning

WEEKS = 3
ENOUGH = 500
"""Scores from which a group's own scale is used."""
COVER = 0.9
NARROWEST, WIDEST = 0.8, 2.5
SCORED_BINS = 80
"""Of one group and week: more do not sharpen the quantile."""
NEAR = 0.15
"""A reading so near to the hours ahead, as a share of them, is one of that bucket."""
SOONEST, LATEST = BUCKETS[0] * 3600 * (1 - NEAR), BUCKETS[-1] * 3600 * (1 + NEAR)
FULL = 0.97

Case = tuple[int, float, float, float, float, float]
"""Bucket; fill seen; level; mean growth; variance of level; variance of growth and reading."""


def add_scores(
    memory: Memory, names: Sequence[str], group: Mapping[str, str], since: float, almanac: Almanac, tuning: Tuning
) -> None:
    """Score the forecasts whose readings came since the last fit, `since`, and keep a histogram per group."""
    by_group: dict[str, list[str]] = {}
    for name in names:
        by_group.setdefault(group[name], []).append(name)
    for leaf, members in by_group.items():
        chosen = members[:: -(-len(members) // SCORED_BINS)]
        fit = memory.fit(leaf, tuning)
        tracks = [track for name in chosen if (track := memory.bins[name].track) is not None]
        clocks = almanac.clocks(fit.week, leaf.partition("|")[2], [track.weekdays for track in tracks])
        cases = [
            case
            for name, track, clock in zip(chosen, tracks, clocks, strict=True)
            for case in _cases(memory.bins[name], track, clock, fit.spread, since, tuning)
        ]
        known = memory.groups[leaf]
        known.scores = [*known.scores, _histogram(cases)][-WEEKS:]


def scale_bands(known: Sequence[GroupMemory], above: tuple[float, ...]) -> tuple[float, ...]:
    """The scale of each bucket from the scores of these groups.

    Where they are too few, the one of fewer hours ahead; for the fewest the one of the group `above`.
    """
    scales: list[float] = []
    learned = False
    for bucket, otherwise in enumerate(above):
        cells = np.zeros(SCORES)
        for each in known:
            for week in each.scores:
                cells += week[bucket]
        total = cells.sum()
        if total < ENOUGH:
            scales.append(scales[-1] if learned else otherwise)
            continue
        learned = True
        wanted = min(1.0, COVER * (1 + 1 / total)) * total
        place = int(np.searchsorted(np.cumsum(cells), wanted))
        scales.append(min(WIDEST, max(NARROWEST, (place + 1) * SCORE_STEP)))
    return tuple(scales)


def _cases(memory: BinMemory, track: Track, clock: Clock, spread: float, since: float, tuning: Tuning) -> list[Case]:
    ats, fills, gains = memory.log.ats, memory.log.fills, memory.log.gains
    resets = [at for at, gain in zip(ats, gains, strict=True) if gain == RESET]
    noise = tuning.noise**2 + track.step**2 / 12
    found: list[Case] = []
    for at, level, variance, rate, days in track.origins:
        follows = bisect_left(resets, at + 1)
        until = resets[follows] if follows < len(resets) else math.inf
        if until < at + SOONEST or at + LATEST < since:
            continue
        begun = clock.exposure(at)
        for bucket, hours in enumerate(BUCKETS):
            target, near = at + hours * 3600, hours * 3600 * NEAR
            if target + near < since or target - near >= until:
                continue
            place = bisect_left(ats, target - near)
            while place < len(ats) and (math.isnan(gains[place]) or fills[place] < 0):
                place += 1
            if place == len(ats) or ats[place] > target + near or ats[place] < since or ats[place] >= until:
                continue
            exposure = clock.exposure(ats[place]) - begun
            mean = rate * exposure
            growth = spread * mean + spread * rate / days * exposure * exposure
            found.append((bucket, fills[place], level, mean, variance, growth + noise))
    return found


def _histogram(cases: Sequence[Case]) -> list[list[int]]:
    if not cases:
        return [[0] * SCORES for _ in BUCKETS]
    bucket, seen, level, mean, variance, rest = np.array(cases, dtype=np.float64).T
    below = 2 * np.sqrt(variance)
    middle, total = np.maximum(mean, 1e-6) + below, variance + rest
    shape, scale = middle * middle / total, total / middle
    low = level - below + scale * gammaincinv(shape, 0.05)
    high = level - below + scale * gammaincinv(shape, 0.95)
    expected = level + mean
    over = seen - np.where(seen >= FULL, np.minimum(expected, FULL), expected)
    over = np.where((seen >= FULL) & (expected >= FULL), 0.0, over)
    edge = np.where(over >= 0, np.maximum(high - expected, 0.01), np.maximum(expected - low, 0.01))
    cell = np.minimum((np.abs(over) / edge / SCORE_STEP).astype(np.int64), SCORES - 1)
    return [np.bincount(cell[bucket == number], minlength=SCORES).tolist() for number in range(len(BUCKETS))]
