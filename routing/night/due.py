"""Which bins are due: the chance that each overflows before its next round, with a reason a person can check.

The next round of a bin is the next shift, after this plan's, of a truck that collects its stream. A bin that may wait
is worth a visit by the chance that it overflows before that round, and a little by the chance before the round after:
the prize of Wouda and others 2024 (arXiv 2409.13386), with the cost of a stop of its own added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.forecast import BinForecast, Health, learn
from routing.night.gather import Situation

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
    at service. `overflow_p`: that it overflows before its next round if it is left.
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
    chances = {stream: situation.chances(stream) for stream in {row.stream for row in situation.bins}}
    return {
        row.bin_id: _judge(situation, fleet.bins[row.bin_id], row.overflow_fill, chances[row.stream], mandatory_p)
        for row in situation.bins
    }


def _judge(
    situation: Situation,
    forecast: BinForecast,
    overflow_fill: float,
    chances: tuple[datetime, datetime, datetime],
    mandatory_p: float,
) -> Judgement:
    now, (then, following, last) = situation.now, chances
    chance = forecast.reaches(overflow_fill, following)
    after = forecast.reaches(overflow_fill, last)
    if chance >= mandatory_p:
        due, value = Due.MUST, 0.0
    elif after >= WORTH_A_LOOK:
        due, value = Due.MAY, OVERFLOW_COST * chance + LATER_COST * after
    else:
        due, value = Due.CAN_WAIT, 0.0
    band_now, band_then = forecast.fill(now), forecast.fill(then)
    by = f"{following.astimezone(situation.zone):%a %H:%M}"
    words = [f"{band_now.q50:.0%} now, {band_then.q50:.0%} at its round, {chance:.0%} to overflow by {by}"]
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
        overflow_p=chance,
        health=forecast.health,
        reason="; ".join(words),
    )
