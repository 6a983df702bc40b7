"""Fit what bins share, once a week: their week, their rate, the spread of growth, and the scale of the bands.

Groups are a tree: fleet, stream, stream and quarter. Each is shrunk to the one above it by how much it was watched.
"""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from routing.forecast.clock import WEEK, Almanac, day_hours, make_almanac
from routing.forecast.level import LEVELS, Track, step_of
from routing.forecast.memory import FLEET, BinMemory, Fit, GroupMemory, Log, Memory, first_fit, pack_track
from routing.forecast.score import add_scores, scale_bands
from routing.forecast.tuning import Tuning

Floats = NDArray[np.float64]

WEEKS_KEPT = 12.0
"""Evidence of the hours of the week fades to 1/e in so many weeks."""
SPREAD_FADE, SPREAD_FILLS = 0.85, 20.0
"""Of the evidence of spread a week keeps so much; so many expected fills weigh as much as the group above."""
PRIOR_HOURS, GROUP_HOURS = 24.0, 96.0
"""Bin-hours that weigh as much as a flat week in each hour of the fleet's, and as the fleet's in each of a group's."""
GROUP_DAYS = 14.0
"""Bin-days that weigh as much in a group's rate as the rate of the group above."""
OWN_DAYS = 3.0
"""Days of a weekday a bin must be watched before its own figure weighs as much as its group's: three weeks."""
OCCASION_DAYS = 2.0
"""Days of an occasion that must be seen before they weigh as much as the calendar's factor."""
LEAST_RATE, LEAST_SPREAD, MOST_SPREAD = 0.001, 0.02, 0.6
CROWDED = 1500
"""Marks of one fit's time above which a bin's older state is given up."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Growth spread evenly over the hours of its pair: owner, hour of week, day of the almanac, gain, hours watched.

    `watched` counts an hour of a stretched day by its stretch.
    """

    owner: NDArray[np.int64]
    hour: NDArray[np.int64]
    day: NDArray[np.int64]
    gained: Floats
    lasted: Floats
    watched: Floats


def fit_groups(
    memory: Memory, group: Mapping[str, str], since: float, until: float, almanac: Almanac, tuning: Tuning
) -> None:
    """Take the evidence of `since` to `until` (Unix times), fit every group as of `until`, and fold every bin.

    Every bin's track stands at `until`.
    """
    names = sorted(name for name, each in memory.bins.items() if each.track is not None and name in group)
    leaves = sorted({group[name] for name in names})
    number = {leaf: place for place, leaf in enumerate(leaves)}
    bins = [memory.bins[name] for name in names]
    tracks = [each.track for each in bins if each.track is not None]
    of = np.array([number[group[name]] for name in names], dtype=np.int64)
    fits = [memory.fit(leaf, tuning) for leaf in leaves]
    hours = _spread_hours(bins, since, until, of, fits, leaves, almanac)
    for leaf in leaves:
        memory.groups.setdefault(leaf, GroupMemory([first_fit(tuning)]))
    _add_evidence(memory, leaves, hours, of, tracks, (until - since) / (7 * 86_400))
    add_scores(memory, names, group, since, almanac, tuning)
    factors = _learn_occasions(memory, hours, of, fits, tracks, leaves, almanac)
    made = _fit_tree(memory, leaves, _rate_sums(leaves, of, tracks), until, factors, tuning)
    for name, fit in made.items():
        known = memory.groups.setdefault(name, GroupMemory([first_fit(tuning)]))
        known.fits = [known.fits[-1], fit]
    weeks = np.array([made[leaf].week for leaf in leaves])
    gained, watched = _weekday_sums(hours, len(bins), weeks[of])
    for each, mine, seen in zip(bins, gained, watched, strict=True):
        fold(each, since, until, mine, seen)


def refold(memory: BinMemory, since: float, until: float, leaf: str, before: Fit, fit: Fit, almanac: Almanac) -> None:
    """Fold one bin again at the fit of `until`, after a late reading changed its log; the groups keep their fit."""
    none = np.zeros(1, dtype=np.int64)
    hours = _spread_hours([memory], since, until, none, [before], [leaf], almanac)
    gained, watched = _weekday_sums(hours, 1, np.array([fit.week]))
    fold(memory, since, until, gained[0], watched[0], keep_older=True)


def fold(
    memory: BinMemory, since: float, until: float, gained: Floats, watched: Floats, *, keep_older: bool = False
) -> None:
    """Take a bin over into the fit of `until`: its own weekdays, its step, its usual interval; keep it as it is now."""
    track, log = memory.track, memory.log
    assert track is not None
    fade = float(np.exp(-(until - since) / (7 * 86_400 * WEEKS_KEPT)))
    track.own_gained = [old * fade + new for old, new in zip(track.own_gained, gained.tolist(), strict=True)]
    track.own_watched = [old * fade + new for old, new in zip(track.own_watched, watched.tolist(), strict=True)]
    total = sum(track.own_watched)
    rate = sum(track.own_gained) / total if total > 0 else 0.0
    if rate > 0:
        factors = [
            min(4.0, max(0.1, (gain / rate + OWN_DAYS) / (seen + OWN_DAYS)))
            for gain, seen in zip(track.own_gained, track.own_watched, strict=True)
        ]
        mean = sum(factors) / 7
        track.weekdays = [factor / mean for factor in factors]
    if track.figures is not None and 2 <= len(track.figures) <= LEVELS and track.accepted >= 2 * LEVELS:
        track.step = step_of(track.figures)
    spoke = [at for at, fill in zip(log.ats, log.fills, strict=True) if fill >= 0 and since <= at < until]
    gaps = [later - sooner for sooner, later in itertools.pairwise(spoke)]
    if len(gaps) >= 3:
        track.usual_gap = float(median(gaps))
    track.residual = track.expected = 0.0
    if not keep_older:
        memory.older, begins = memory.newer, bisect_left(log.ats, since)
        if len(log.ats) - begins > CROWDED:
            memory.older, begins = pack_track(track), len(log.ats)
        begins = max(0, begins - 1)  # the mark before the first: growth is between two
        memory.log = Log(log.ats[begins:], log.fills[begins:], log.gains[begins:])
    memory.newer = pack_track(track)
    memory.changed = True


def _spread_hours(
    bins: Sequence[BinMemory],
    since: float,
    until: float,
    of: NDArray[np.int64],
    fits: Sequence[Fit],
    leaves: Sequence[str],
    almanac: Almanac,
) -> Hours:
    """The growth of all bins between `since` and `until`; pairs longer than a day say too little of the hour."""
    begins, ends, gains = array("I"), array("I"), array("f")
    counts = []
    for each in bins:
        ats = each.log.ats
        low, high = max(1, bisect_left(ats, since)), bisect_left(ats, until)
        counts.append(max(0, high - low))
        if high > low:
            begins += ats[low - 1 : high - 1]
            ends += ats[low:high]
            gains += each.log.gains[low:high]
    if not begins:
        none = np.zeros(0, dtype=np.int64)
        return Hours(none, none, none, np.zeros(0), np.zeros(0), np.zeros(0))
    owner = np.repeat(np.arange(len(bins)), counts)
    begin, end, gain = (np.asarray(each, dtype=np.float64) for each in (begins, ends, gains))
    lasts = (end - begin) / 3600
    keep = np.isfinite(gain) & (lasts > 0) & (lasts <= 24)
    owner, begin, gain, lasts = owner[keep], begin[keep], gain[keep], lasts[keep]
    slots = np.ceil(lasts).astype(np.int64)
    row = np.repeat(np.arange(len(slots)), slots)
    part = np.arange(len(row)) - np.repeat(np.cumsum(slots) - slots, slots)
    share = 1.0 / slots[row]
    at = begin[row] + (part + 0.5) * lasts[row] * share * 3600
    starts = np.array(almanac.starts)
    day = np.clip(np.searchsorted(starts, at, side="right") - 1, 0, len(almanac.dates) - 1)
    hour = np.clip(((at - starts[day]) / 3600).astype(np.int64), 0, 23)
    weekday = np.array([date.weekday() for date in almanac.dates])[day]
    stretch = np.stack([_stretch(almanac, leaf, fit) for leaf, fit in zip(leaves, fits, strict=True)])
    lasted = lasts[row] * share
    watched = lasted * stretch[of[owner[row]], day, hour]
    return Hours(owner[row], weekday * 24 + hour, day, gain[row] * share, lasted, watched)


def _stretch(almanac: Almanac, leaf: str, fit: Fit) -> Floats:
    """How the calendar stretches each hour of the almanac's days in a group's quarter: (days, 24)."""
    rows = np.ones((len(almanac.dates), 24))
    for place, (day, (factor, hours)) in enumerate(
        zip(almanac.dates, almanac.kinds(leaf.partition("|")[2]), strict=True)
    ):
        if hours is not None:
            week = fit.week[day.weekday() * 24 : day.weekday() * 24 + 24]
            rows[place] = np.array(day_hours(week, factor, hours)) / np.maximum(week, 1e-9)
        else:
            rows[place] = factor
    return rows


def _add_evidence(
    memory: Memory,
    leaves: Sequence[str],
    hours: Hours,
    of: NDArray[np.int64],
    tracks: Sequence[Track],
    weeks: float,
) -> None:
    fade = float(np.exp(-weeks / WEEKS_KEPT))
    cell = of[hours.owner] * WEEK + hours.hour
    gained = np.bincount(cell, hours.gained, len(leaves) * WEEK).reshape(-1, WEEK)
    watched = np.bincount(cell, hours.watched, len(leaves) * WEEK).reshape(-1, WEEK)
    for place, leaf in enumerate(leaves):
        known = memory.groups[leaf]
        known.gained = _shorten(np.array(known.gained) * fade + gained[place])
        known.hours = _shorten(np.array(known.hours) * fade + watched[place])
        mine = [track for track, number in zip(tracks, of, strict=True) if number == place]
        known.residual = known.residual * SPREAD_FADE**weeks + sum(track.residual for track in mine)
        known.expected = known.expected * SPREAD_FADE**weeks + sum(track.expected for track in mine)


def _shorten(values: Floats) -> list[float]:
    """Seven digits are enough, and half as much to keep."""
    return [float(f"{value:.7g}") for value in values]


def _rate_sums(leaves: Sequence[str], of: NDArray[np.int64], tracks: Sequence[Track]) -> dict[str, tuple[float, float]]:
    grown = np.bincount(of, [track.grown for track in tracks], len(leaves))
    watched = np.bincount(of, [track.watched for track in tracks], len(leaves))
    return {leaf: (float(grown[place]), float(watched[place])) for place, leaf in enumerate(leaves)}


def _fit_tree(
    memory: Memory,
    leaves: Sequence[str],
    rates: Mapping[str, tuple[float, float]],
    at: float,
    factors: dict[str, float],
    tuning: Tuning,
) -> dict[str, Fit]:
    """Fits from the fleet down; a stream that is itself a leaf is fitted once."""
    above = first_fit(tuning)
    fleet = _fit_one(memory, leaves, rates, at, above, PRIOR_HOURS, tuning.prior_days)
    made = {FLEET: Fit(at, fleet.week, fleet.rate, fleet.spread, fleet.widen, factors)}
    for stream in dict.fromkeys(leaf.split("|")[0] for leaf in leaves):
        if stream != FLEET:
            below = [leaf for leaf in leaves if leaf.split("|")[0] == stream]
            made[stream] = _fit_one(memory, below, rates, at, made[FLEET], GROUP_HOURS, GROUP_DAYS)
    for leaf in leaves:
        if leaf not in made:
            made[leaf] = _fit_one(memory, [leaf], rates, at, made[leaf.split("|")[0]], GROUP_HOURS, GROUP_DAYS)
    return made


def _fit_one(
    memory: Memory,
    leaves: Sequence[str],
    rates: Mapping[str, tuple[float, float]],
    at: float,
    above: Fit,
    pull_hours: float,
    pull_days: float,
) -> Fit:
    known = [memory.groups[leaf] for leaf in leaves]
    gained = np.sum([each.gained for each in known], axis=0)
    hours = np.sum([each.hours for each in known], axis=0)
    week = np.array(above.week)
    if gained.sum() > 0:
        hourly = gained.sum() / (hours * week * 24).sum()
        week = np.maximum((gained / hourly + pull_hours * week * 24) / (hours + pull_hours), 0.02)
    week = week / week.sum() * 7
    grown = sum(rates[leaf][0] for leaf in leaves) + pull_days * above.rate
    watched = sum(rates[leaf][1] for leaf in leaves) + pull_days
    residual = sum(each.residual for each in known) + SPREAD_FILLS * above.spread
    expected = sum(each.expected for each in known) + SPREAD_FILLS
    spread = min(MOST_SPREAD, max(LEAST_SPREAD, residual / expected))
    rate = max(LEAST_RATE, grown / watched)
    return Fit(at, tuple(_shorten(week)), rate, spread, scale_bands(known, above.widen))


def _weekday_sums(hours: Hours, count: int, weeks: Floats) -> tuple[Floats, Floats]:
    """Per bin and weekday: gain, and days watched on the group's clock. `weeks` (bins, 168)."""
    cell = hours.owner * 7 + hours.hour // 24
    watched = hours.watched * weeks[hours.owner, hours.hour]
    return (
        np.bincount(cell, hours.gained, count * 7).reshape(count, 7).astype(np.float64),
        np.bincount(cell, watched, count * 7).reshape(count, 7).astype(np.float64),
    )


def _learn_occasions(
    memory: Memory,
    hours: Hours,
    of: NDArray[np.int64],
    fits: Sequence[Fit],
    tracks: Sequence[Track],
    leaves: Sequence[str],
    almanac: Almanac,
) -> dict[str, float]:
    """Factors of the calendar's occasions: the calendar's own, corrected by what bins gained on their days.

    Each day of an occasion weighs as one, however many bins saw it: a day's weather is common to them.
    """
    fleet = memory.groups.setdefault(FLEET, GroupMemory([Fit(0.0, fits[0].week, 0.0, 0.0, ())]))
    calendar = almanac.calendar
    if calendar.occasions and len(hours.owner):
        rate = np.array([track.grown / track.watched if track.watched > 0 else 0.0 for track in tracks])
        weeks = np.array([fit.week for fit in fits])
        usual = hours.lasted * rate[hours.owner] * weeks[of[hours.owner], hours.hour]
        quarters = [leaf.partition("|")[2] for leaf in leaves]
        for place in np.unique(hours.day).tolist():
            for one in dict.fromkeys(
                one for quarter in set(quarters) for one in calendar.on(almanac.dates[place], quarter)
            ):
                concerned = np.array([one.quarter is None or one.quarter == quarter for quarter in quarters])
                rows = (hours.day == place) & concerned[of[hours.owner]]
                expected = float(usual[rows].sum())
                if expected > 1.0:
                    others = 1.0
                    for other in calendar.on(almanac.dates[place], one.quarter or ""):
                        others *= almanac.factors.get(other.name, other.factor) if other is not one else 1.0
                    total, days = fleet.occasions.get(one.name, (0.0, 0.0))
                    ratio = float(hours.gained[rows].sum()) / expected / others
                    fleet.occasions[one.name] = (total + min(5.0, max(0.1, ratio)), days + 1.0)
    learned = {}
    for one in calendar.occasions:
        total, days = fleet.occasions.get(one.name, (0.0, 0.0))
        learned[one.name] = (OCCASION_DAYS * one.factor + total) / (OCCASION_DAYS + days)
    return learned


def almanac_of(memory: Memory, begin: float, end: float, almanac: Almanac, *, before: bool = False) -> Almanac:
    """An almanac of the same city over other days, with the factors in force (or in force `before`)."""
    fleet = memory.groups.get(FLEET)
    factors = fleet.fits[0 if before else -1].factors if fleet is not None else {}
    return make_almanac(begin, end, almanac.zone, almanac.calendar, factors)
