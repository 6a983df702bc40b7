"""Which bins are due: the chance that each overflows before its next round, with a reason a person can check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from routing.forecast import BinForecast, Health, learn
from routing.night.gather import Situation

ROUND = timedelta(days=1)
"""From one night's rounds to the next."""
OVERFLOW_COST = 250.0
"""What an overflow is taken to cost, in the currency of the trucks: cleaning the spot and the complaint."""
LATER_COST = 12.0
"""What a stop of its own would cost another night: about a stop's share of a round."""
WORTH_A_LOOK = 0.02
"""A bin less likely than this to overflow before the round after next is not offered to the solver."""


UNWELL: Mapping[Health, str] = {"new": "no reading yet", "stuck": "sensor stuck"}


class Due(StrEnum):
    """How much a bin wants to be emptied."""

    MUST = "must"
    MAY = "may"
    CAN_WAIT = "can wait"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One bin: how due, what its emptying is worth, and the figures behind.

    `fill_now`, `fill_then`: expected at `now` and at service, 0 to 1. `upper_fill`: what nine cases in ten stay below
    at service. `overflow_p`: that it overflows before the next night's round if it is left.
    """

    bin: str
    due: Due
    value: float
    fill_now: float
    fill_then: float
    upper_fill: float
    overflow_p: float
    health: Health
    reason: str


def judge_bins(situation: Situation, mandatory_p: float) -> dict[str, Judgement]:
    """Forecast every bin and judge it. Bins without a single reading are carried on their group's rate."""
    fleet = learn(
        [row.bin_id for row in situation.bins],
        situation.readings,
        situation.emptyings,
        situation.now,
        groups={row.bin_id: row.stream for row in situation.bins},
        zone=situation.zone,
    )
    full = {row.bin_id: row.overflow_fill for row in situation.bins}
    return {name: _judge(situation, fleet.bins[name], full, mandatory_p) for name in full}


def _judge(situation: Situation, forecast: BinForecast, full: Mapping[str, float], mandatory_p: float) -> Judgement:
    now, then = situation.now, situation.service
    threshold = full[forecast.bin]
    tomorrow = forecast.reaches(threshold, then + ROUND)
    after = forecast.reaches(threshold, then + 2 * ROUND)
    if tomorrow >= mandatory_p:
        due, value = Due.MUST, 0.0
    elif after >= WORTH_A_LOOK:
        due, value = Due.MAY, OVERFLOW_COST * tomorrow + LATER_COST * after
    else:
        due, value = Due.CAN_WAIT, 0.0
    band_now, band_then = forecast.fill(now), forecast.fill(then)
    words = [f"{band_now.q50:.0%} now, {band_then.q50:.0%} at its round, overflow by the next {tomorrow:.0%}"]
    if forecast.health == "silent" and forecast.blind_since is not None:
        words.append(f"blind since {forecast.blind_since.astimezone(situation.zone):%d %b %H:%M}")
    elif forecast.health in UNWELL:
        words.append(UNWELL[forecast.health])
    return Judgement(
        bin=forecast.bin,
        due=due,
        value=round(value, 2),
        fill_now=band_now.q50,
        fill_then=band_then.q50,
        upper_fill=band_then.q90,
        overflow_p=tomorrow,
        health=forecast.health,
        reason="; ".join(words),
    )
