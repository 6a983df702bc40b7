"""Which sensors can be believed, and what is known of a bin whose sensor cannot."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from routing.forecast.clock import DAY, Clock
from routing.forecast.level import Track
from routing.forecast.memory import BinMemory, Fit
from routing.forecast.outlook import BinForecast, Health
from routing.forecast.tuning import Tuning
from routing.forecast.values import TILTED

STUCK_READINGS, STUCK_CYCLES = 8, 2.0
"""A sensor is stuck when it said the same so often while its group filled a bin so many times."""
STUCK_FULL, FULL_CYCLES = 0.9, 6.0
"""A bin that is full stays full: without a visit that should have emptied it, more must have passed."""
STUCK_LOW = 0.3
"""Below this a figure that a visit did not change may be right."""
AFTER_VISIT = 3
"""Readings after a visit that show the figure of before."""
NOISY_SHARE = 0.25
"""A sensor of whose latest readings so many were not believed is noisy."""
BLIND_MESSAGES = 3
"""Messages in a row without a usable figure."""
JUMP_HOLDS = 7 * DAY
"""A clock that jumped is told for so long."""
DOUBT = 0.1
"""Standard deviation added to the level of a bin whose sensor is not believed."""


def describe_bin(name: str, memory: BinMemory, clock: Clock, fit: Fit, now: float, tuning: Tuning) -> BinForecast:
    """The forecast of one bin from what is remembered of it."""
    track = memory.track
    if track is None:
        word: Health = "new"
        if memory.bad >= BLIND_MESSAGES:
            word = "tilted" if memory.bad_word == TILTED else "fault"
        return _forecast(name, memory, clock, fit, (now, 0.5, 1 / 12, 0.0, 0.0), word, None, tuning)
    health, since = _judge(memory, track, clock, fit, now, tuning)
    at, level, variance, grown, watched = track.at, track.level, track.variance, track.grown, track.watched
    if health == "stuck" and track.told >= (since or 0.0):
        # what the sensor said since tells nothing: go on from the visit at the group's rate
        at, level, variance, grown, watched = track.told, tuning.residue, tuning.noise**2 + DOUBT**2, 0.0, 0.0
    elif health in ("stuck", "noisy", "tilted", "fault"):
        variance += DOUBT**2
    return _forecast(name, memory, clock, fit, (at, level, variance, grown, watched), health, since, tuning)


def _judge(
    memory: BinMemory, track: Track, clock: Clock, fit: Fit, now: float, tuning: Tuning
) -> tuple[Health, float | None]:
    """The first trouble that holds, and since when nothing is known."""
    usual = _usual_gap(memory, track)
    if not track.heard:
        return "new", None
    if memory.bad >= BLIND_MESSAGES and memory.bad_at > track.heard:
        return ("tilted" if memory.bad_word == TILTED else "fault"), track.heard
    if now - track.heard > tuning.silent_after * usual:
        return "silent", track.heard
    if _is_stuck(track, clock, fit):
        return "stuck", track.same_since
    if track.doubted > NOISY_SHARE:
        return "noisy", None
    if memory.jumps > 1 and now - memory.jumped_at <= JUMP_HOLDS:
        return "clock", None
    return "ok", None


def _usual_gap(memory: BinMemory, track: Track) -> float:
    """Seconds between reports: the median at the last fit, or of the first readings; a day when nothing is known."""
    if track.usual_gap:
        return track.usual_gap
    spoke = [at for at, fill in zip(memory.log.ats, memory.log.fills, strict=True) if fill >= 0]
    gaps = sorted(later - sooner for sooner, later in itertools.pairwise(spoke))
    return float(gaps[len(gaps) // 2]) if gaps else float(DAY)


def _is_stuck(track: Track, clock: Clock, fit: Fit) -> bool:
    if track.same_count < STUCK_READINGS:
        return False
    if track.same > STUCK_LOW and 0 < track.same_visited <= track.same_count - AFTER_VISIT:
        return True
    cycles = fit.rate * (clock.exposure(track.heard) - clock.exposure(track.same_since))
    return cycles >= (FULL_CYCLES if track.same >= STUCK_FULL else STUCK_CYCLES)


def _forecast(
    name: str,
    memory: BinMemory,
    clock: Clock,
    fit: Fit,
    state: tuple[float, float, float, float, float],
    health: Health,
    since: float | None,
    tuning: Tuning,
) -> BinForecast:
    at, level, variance, grown, watched = state
    days = watched + tuning.prior_days
    return BinForecast(
        bin=name,
        at=_when(at),
        level=level,
        variance=variance,
        rate=max(0.0005, (grown + tuning.prior_days * fit.rate) / days),
        days=days,
        spread=fit.spread,
        widen=fit.widen,
        clock=clock,
        health=health,
        blind_since=_when(since) if since is not None else None,
        emptied=tuple(_when(each[0]) for each in memory.track.emptied) if memory.track is not None else (),
        jumps=memory.jumps,
        lost=memory.lost,
    )


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
