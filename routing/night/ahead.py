"""The nights ahead of a plan: which bins would be emptied when, and what tonight is worth to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from routing.forecast import BinForecast
from routing.horizon import Room, Spread, Wish, spread
from routing.night.crews import PLUG_SECONDS
from routing.night.due import LATER_COST, OVERFLOW_COST, WORTH_A_LOOK, Due, Judgement
from routing.night.gather import Crews, Situation

MOST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Ahead:
    """The judgements with tonight's values, and the draft of every night."""

    judged: dict[str, Judgement]
    nights: tuple[dict[str, Any], ...]
    """JSON: day, room, bins, due, expected_overflows, kg, price, named."""


def look_ahead(
    situation: Situation,
    judged: Mapping[str, Judgement],
    forecasts: Mapping[str, BinForecast],
    days: int,
    overflow_cost: float = OVERFLOW_COST,
) -> Ahead:
    """Spread the bins over `days` nights, this one included. Due bins stay due; what may wait gets tonight's value."""
    dates = [situation.day + timedelta(days=ahead) for ahead in range(days)]
    crews = {situation.day: situation.crews, **dict(situation.later)}
    rooms = [Room(day, _stops(situation, crews.get(day, ()))) for day in dates]
    rounds = {stream: dict(situation.rounds(stream)) for stream in {row.stream for row in situation.bins}}
    wishes = [
        _wish(situation, judged[row.bin_id], forecasts[row.bin_id], row.overflow_fill, rounds[row.stream], dates)
        for row in situation.bins
    ]
    found = spread(wishes, rooms, overflow_cost=overflow_cost, stop_cost=LATER_COST)
    made = {name: _value(one, found, wish) for (name, one), wish in zip(
        ((row.bin_id, judged[row.bin_id]) for row in situation.bins), wishes, strict=True)}  # fmt: skip
    return Ahead(
        made, tuple(_draft(situation, night, room, found, wishes, made, forecasts) for night, room in enumerate(rooms))
    )


def _stops(situation: Situation, crews: Crews) -> float:
    """Bins these crews can empty, by the pace of the last plan."""
    seconds = 0.0
    for _, shift in crews:
        starts = situation.at(shift.starts)
        lasts = situation.at(shift.ends, after=starts) - starts - shift.break_minutes * 60 - PLUG_SECONDS
        seconds += max(0.0, lasts)
    return seconds / situation.bin_seconds


def _wish(
    situation: Situation,
    judged: Judgement,
    forecast: BinForecast,
    overflow_fill: float,
    rounds: Mapping[date, datetime],
    dates: list[date],
) -> Wish:
    usual = rounds.get(dates[0], situation.zero + timedelta(hours=9.5))
    times = [rounds.get(day, usual + timedelta(days=ahead)) for ahead, day in enumerate(dates)]
    after = [at for day, at in sorted(rounds.items()) if day > dates[-1]]
    times.append(after[0] if after else times[-1] + timedelta(days=7))
    held = 0 if judged.due is Due.MUST else None
    return Wish(
        bin=judged.bin,
        risk=tuple(forecast.reaches(overflow_fill, at) for at in times),
        open_on=tuple(day in rounds for day in dates),
        cycle_days=overflow_fill / forecast.rate,
        held=held,
    )


def _value(judged: Judgement, found: Spread, wish: Wish) -> Judgement:
    if judged.due is Due.MUST:
        return judged
    value = found.value[judged.bin]
    soon = found.night[judged.bin] == 0 or wish.risk[min(2, len(wish.risk) - 1)] >= WORTH_A_LOOK
    if value > 0 and soon:
        return replace(judged, due=Due.MAY, value=value, code="on_the_way")
    return replace(judged, due=Due.CAN_WAIT, value=0.0)


def _draft(
    situation: Situation,
    night: int,
    room: Room,
    found: Spread,
    wishes: list[Wish],
    judged: Mapping[str, Judgement],
    forecasts: Mapping[str, BinForecast],
) -> dict[str, Any]:
    rows = {row.bin_id: row for row in situation.bins}
    mine = [wish for wish in wishes if found.night[wish.bin] == night]
    when = situation.zero + timedelta(days=night, hours=9.5)
    kg = sum(
        min(1.0, max(0.0, forecasts[wish.bin].expect(when))) * rows[wish.bin].capacity_l * rows[wish.bin].density_kg_l
        for wish in mine
    )
    return {
        "day": room.day.isoformat(),
        "room": round(room.stops),
        "bins": len(mine),
        "due": sum(judged[wish.bin].due is Due.MUST for wish in mine) if night == 0 else None,
        "expected_overflows": round(sum(wish.risk[night] for wish in mine), 2),
        "kg": round(kg),
        "price": round(found.price[night], 2),
        "named": sorted(wish.bin for wish in mine),
    }
