"""What a night is planned on: the city read, every bin judged, the problem stated; and what had to be done without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from console.roads import open_roads
from fleet.settings import Settings
from fleet.store import Store
from routing.errors import ForecastError
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
from routing.night.ways import PlainRoads
from routing.problem import Problem


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


def prepare(store: Store, settings: Settings, day: date, change: Change, phase: Callable[[str], None]) -> Tonight:
    """Read and judge the city as `change` supposes it, and state the problem.

    Raises:
        NoRoads, RoutingError, StoreError: what the night cannot be planned without.
    """
    network, road_map = open_roads(store)
    phase("forecast")
    with store.read() as work:
        situation = gather(work, day, settings.zone, settings.plan.history_days)
    situation, _ = suppose(situation, change)
    forecasts, blind = _forecast(situation)
    plan = settings.plan
    judged = judge_bins(situation, plan.mandatory_p, overflow_cost=plan.overflow_cost, forecasts=forecasts)
    nights: tuple[dict[str, Any], ...] = ()
    if plan.days > 1:
        ahead = look_ahead(situation, judged, forecasts, plan.days, plan.overflow_cost)
        judged, nights = ahead.judged, ahead.nights
    phase("road matrix")
    problem, roads = build_problem(situation, judged, PlainRoads(network), plan.reserve)
    return Tonight(
        situation=situation,
        judged=judged,
        nights=nights,
        problem=problem,
        roads=roads,
        road_name=road_map.name,
        attribution=road_map.attribution,
        without=(*blind, *_unwell(judged), *roads.without),
    )


def _forecast(situation: Situation) -> tuple[Mapping[str, BinForecast], tuple[str, ...]]:
    """Every bin's forecast; readings no forecast can be made of cost their history, never the night."""
    try:
        return forecast_bins(situation), ()
    except ForecastError as error:
        blank = replace(situation, readings=(), emptyings=())
        return forecast_bins(blank), (f"every reading: {error}",)


def _unwell(judged: Mapping[str, Judgement]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for one in judged.values():
        if one.health != "ok":
            counts[one.health] = counts.get(one.health, 0) + 1
    words = {"new": "have no reading yet", "silent": "have a silent sensor", "stuck": "have a stuck sensor"}
    return tuple(
        f"{count} of {len(judged)} bins {words[health]}: carried on their rate, at their upper fill"
        for health, count in sorted(counts.items())
    )
