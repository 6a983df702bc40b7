"""Which bins are due: the chance that each overflows before its next round, with a reason a person can check.

The next round of a bin is the next shift, after this plan's, of a truck that collects its stream. A bin that may wait
is worth a visit by the chance that it overflows before that round, and a little by the chance before the round after:
the prize of Wouda and others 2024 (arXiv 2409.13386), with the cost of a stop of its own added. Before the sensor goes
what the city has promised: a bin's fixed days, and a citizen's report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from fleet.tables import Bin
from routing.errors import ForecastError
from routing.forecast import BinForecast, Health, learn
from routing.night.gather import Situation

OVERFLOW_COST = 250.0
"""What an overflow is taken to cost, in the currency of the trucks: cleaning the spot and the complaint."""
LATER_COST = 12.0
"""What a stop of its own would cost another night: about a stop's share of a round."""
WORTH_A_LOOK = 0.02
"""A bin less likely than this to overflow before the round after next is not offered to the solver."""

UNWELL: Mapping[Health, str] = {
    "new": "no reading yet",
    "stuck": "sensor stuck",
    "noisy": "sensor noisy",
    "tilted": "sensor tilted",
    "fault": "sensor faulty",
    "clock": "sensor's clock wrong",
}

Why = Literal["due", "on_the_way", "reported", "fixed_day"]
WORDS: Final[Mapping[str, str]] = {
    "due": "due",
    "on_the_way": "on the way",
    "reported": "reported by a citizen",
    "fixed_day": "its fixed day",
}


class Due(StrEnum):
    """How much a bin wants to be emptied."""

    MUST = "must"
    MAY = "may"
    CAN_WAIT = "can wait"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One bin: how due, what its emptying is worth, and the figures behind.

    `fill_now`, `fill_then`: expected at `now` and at service, 0 to 1. `upper_fill`: what nine cases in ten stay below
    at service. `overflow_p`: that it overflows before its next round, at `by`, if it is left; `early_p`: that it
    overflows before this one.
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
    by: datetime | None = None
    early_p: float = 0.0
    code: Why = "due"
    extra: Mapping[str, str] = field(default_factory=dict)

    def why(self, code: str) -> dict[str, Any]:
        """The reason as figures, for `Stop.why` and `LeftBin.why`."""
        return {
            "code": code,
            "now": round(self.fill_now, 4),
            "then": round(self.fill_then, 4),
            "q90": round(self.upper_fill, 4),
            "p": round(self.overflow_p, 4),
            "early": round(self.early_p, 4),
            "by": None if self.by is None else self.by.isoformat(),
            "health": self.health,
            **self.extra,
        }


def forecast_bins(situation: Situation) -> dict[str, BinForecast]:
    """The forecast of every bin from the readings at hand; bins without any are carried on their group's rate."""
    return learn(
        [row.bin_id for row in situation.bins],
        situation.readings,
        situation.emptyings,
        situation.now,
        groups={row.bin_id: row.stream for row in situation.bins},
        zone=situation.zone,
    ).bins


def judge_bins(
    situation: Situation,
    mandatory_p: float,
    *,
    overflow_cost: float = OVERFLOW_COST,
    forecasts: Mapping[str, BinForecast] | None = None,
) -> dict[str, Judgement]:
    """Judge every bin by its forecast (made here where `forecasts` is None).

    Raises:
        ForecastError: a bin without a forecast.
    """
    known = forecast_bins(situation) if forecasts is None else forecasts
    chances = {stream: situation.chances(stream) for stream in {row.stream for row in situation.bins}}
    judged = {}
    for row in situation.bins:
        if row.bin_id not in known:
            raise ForecastError(f"bin {row.bin_id}: there is no forecast of it")
        times = _fixed_chances(situation, row, chances[row.stream]) if row.fixed_days else chances[row.stream]
        judged[row.bin_id] = _judge(situation, row, known[row.bin_id], times, mandatory_p, overflow_cost)
    return judged


def _judge(
    situation: Situation,
    row: Bin,
    forecast: BinForecast,
    chances: tuple[datetime, datetime, datetime],
    mandatory_p: float,
    overflow_cost: float,
) -> Judgement:
    now, (then, following, last) = situation.now, chances
    chance = forecast.reaches(row.overflow_fill, following)
    after = forecast.reaches(row.overflow_fill, last)
    report = situation.reports.get(row.bin_id)
    code: Why = "due"
    extra: dict[str, str] = {}
    if report is not None:
        due, value, code = Due.MUST, 0.0, "reported"
        extra = {"report": report.code, "reported_at": report.at.isoformat(), "text": report.text}
    elif situation.day.weekday() in row.fixed_days:
        due, value, code = Due.MUST, 0.0, "fixed_day"
    elif chance >= mandatory_p and not (row.fixed_days and forecast.health != "ok"):
        due, value = Due.MUST, 0.0
    elif after >= WORTH_A_LOOK and not row.fixed_days:
        due, value, code = Due.MAY, overflow_cost * chance + LATER_COST * after, "on_the_way"
    else:  # of a bin with fixed days only a sound sensor makes it due on another
        due, value = Due.CAN_WAIT, 0.0
    band_now, band_then = forecast.fill(now), forecast.fill(then)
    by = f"{following.astimezone(situation.zone):%a %H:%M}"
    words = [f"{band_now.q50:.0%} now, {band_then.q50:.0%} at its round, {chance:.0%} to overflow by {by}"]
    if forecast.health == "silent" and forecast.blind_since is not None:
        words.append(f"blind since {forecast.blind_since.astimezone(situation.zone):%d %b %H:%M}")
    elif forecast.health in UNWELL:
        words.append(UNWELL[forecast.health])
    if forecast.blind_since is not None:
        extra["blind_since"] = forecast.blind_since.isoformat()
    if report is not None:
        words.append(f"{report.code} reported {report.at.astimezone(situation.zone):%d %b %H:%M}")
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
        by=following,
        early_p=forecast.reaches(row.overflow_fill, then),
        code=code,
        extra=extra,
    )


def _fixed_chances(
    situation: Situation, row: Bin, usual: tuple[datetime, datetime, datetime]
) -> tuple[datetime, datetime, datetime]:
    """The round of this plan, then the bin's own fixed days, at the hour of this plan's round."""
    then = usual[0]
    hour = then.astimezone(situation.zone).timetz()
    days = [situation.day + timedelta(days=ahead) for ahead in range(1, 15)]
    fixed = [day for day in days if day.weekday() in row.fixed_days]
    local = [datetime.combine(day, time(hour.hour, hour.minute), situation.zone) for day in fixed[:2]]
    return then, local[0].astimezone(then.tzinfo), local[1].astimezone(then.tzinfo)
