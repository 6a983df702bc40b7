"""What a night is planned on: the city read, every bin judged, the problem stated; and what had to be done without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from console.roads import open_roads
from fleet.calendar import NO_CALENDAR, load_calendar
from fleet.errors import CalendarRefused
from fleet.settings import Settings
from fleet.store import Store, Work
from routing.errors import ForecastError, RoadsError
from routing.forecast import BinForecast
from routing.night import (
    Change,
    Judgement,
    Roads,
    Situation,
    build_problem,
    forecast_bins,
    gather,
    judge_bins,
    look_ahead,
    suppose,
)
from routing.night.foresee import Foresight, foresee
from routing.night.ways import ReadOnly, StreetRoads
from routing.problem import Problem
from routing.roads import Network, Override, StoreShelf, make_router, read_speeds


@dataclass(frozen=True, slots=True)
class Tonight:
    """A night ready to be searched. `nights`: the horizon's drafts; `without`: a sentence for all that was missing."""

    situation: Situation
    judged: Mapping[str, Judgement]
    nights: tuple[dict[str, Any], ...]
    problem: Problem
    roads: Roads
    road_name: str
    attribution: str
    without: tuple[str, ...]
    foresight: Foresight | None = None
    """The forecast to keep with the plan; None where none could be made of the readings."""


def prepare(store: Store, settings: Settings, day: date, change: Change, phase: Callable[[str], None]) -> Tonight:
    """Read and judge the city as `change` supposes it, and state the problem.

    Raises:
        NoRoads, RoutingError, StoreError: what the night cannot be planned without.
    """
    network, road_map = open_roads(store)
    phase("forecast")
    with store.read() as work:
        situation = gather(work, day, settings.zone, 0)
        foresight, forecasts, blind = _forecast(work, situation, settings)
    situation, closed = suppose(situation, change)
    plan = settings.plan
    judged = judge_bins(situation, plan.mandatory_p, overflow_cost=plan.overflow_cost, forecasts=forecasts)
    nights: tuple[dict[str, Any], ...] = ()
    if plan.days > 1:
        ahead = look_ahead(situation, judged, forecasts, plan.days, plan.overflow_cost)
        judged, nights = ahead.judged, ahead.nights
    phase("road matrix")
    streets, missed = open_streets(store, settings, network, day, closed, keep=change == Change())
    problem, roads = build_problem(situation, judged, streets, plan.reserve)
    return Tonight(
        situation=situation,
        judged=judged,
        nights=nights,
        problem=problem,
        roads=roads,
        road_name=road_map.name,
        attribution=road_map.attribution,
        without=(*blind, *_unwell(judged), *missed, *roads.without),
        foresight=foresight,
    )


def open_streets(
    store: Store, settings: Settings, network: Network, day: date, closed: tuple[str, ...], *, keep: bool
) -> tuple[StreetRoads, tuple[str, ...]]:
    """The streets of the day: our own rules, the city's speeds, the road engine; and which of these cannot be used.

    `closed`: streets supposed to be closed. `keep`: what is measured stays for other nights.
    """
    missed: list[str] = []
    with store.read() as work:
        rows = work.roads.active(day)
    overrides = [Override(kind="closed", street=name, why="what if") for name in closed]
    for row in rows:
        try:
            overrides.append(Override.from_row(row))
        except RoadsError as error:
            missed.append(str(error))
    speeds, router = None, None
    plan = settings.plan
    try:
        speeds = read_speeds(Path(plan.speeds)) if plan.speeds else None
    except RoadsError as error:
        missed.append(f"the city's speeds: {error}")
    if plan.roads != "built-in":
        try:
            router = make_router(plan.roads, plan.roads_url)
        except RoadsError as error:
            missed.append(f"road engine {plan.roads}: {error}; the built-in network measured instead")
    shelf = StoreShelf(store)
    kept = shelf if keep else ReadOnly(shelf)
    return StreetRoads(network, day, tuple(overrides), speeds, kept, router), tuple(missed)


def _forecast(
    work: Work, situation: Situation, settings: Settings
) -> tuple[Foresight | None, Mapping[str, BinForecast], tuple[str, ...]]:
    """Every bin's forecast, carried on from the last night's.

    What no forecast can be made of costs its history, and a calendar that cannot be read its days, never the night.
    """
    without: list[str] = []
    try:
        calendar = load_calendar(settings.city.calendar)
    except CalendarRefused as error:
        calendar = NO_CALENDAR
        without.append(f"holidays and market days: {error}")
    try:
        foresight = foresee(
            work,
            situation.bins,
            situation.now,
            zone=situation.zone,
            history_days=settings.plan.history_days,
            calendar=calendar,
        )
    except ForecastError as error:
        return None, forecast_bins(situation), (*without, f"every reading: {error}")
    return foresight, foresight.fleet.bins, (*without, *foresight.warnings)


def _unwell(judged: Mapping[str, Judgement]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for one in judged.values():
        if one.health != "ok":
            counts[one.health] = counts.get(one.health, 0) + 1
    words = {
        "new": "have no reading yet",
        "silent": "have a silent sensor",
        "stuck": "have a stuck sensor",
        "noisy": "have a noisy sensor",
        "tilted": "have a tilted sensor",
        "fault": "have a faulty sensor",
        "clock": "have a sensor with a wrong clock",
    }
    return tuple(
        f"{count} of {len(judged)} bins {words[health]}: carried on their rate, at their upper fill"
        for health, count in sorted(counts.items())
    )
