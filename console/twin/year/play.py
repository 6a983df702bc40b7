"""A year of nights: the night job itself, once a day, on a store of the simulated city, and trucks that drive it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Literal

from console.nightly import make_plan
from console.settle import settle
from console.twin.contents import HEAPED
from console.twin.year.calendar import Sector, make_calendar
from console.twin.year.truth import Truth
from fleet import tables
from fleet.clock import FixedClock
from fleet.settings import CitySettings, PlanSettings, Settings, StoreSettings
from fleet.store import Store
from fleet.store.plans import WholePlan
from fleet.twin.city import City, draw_city
from fleet.twin.history import recall_history
from fleet.twin.sensing import Reading
from fleet.twin.streets import Size

Policy = Literal["sensors", "fixed"]
EVENING = time(20, 0)
"""Local time at which the night job runs."""
MANDATORY_P = 0.02
"""A bin more likely than this to overflow before its next round is a must; docs/simulated-year.md: what less costs."""
PROMISED = 0.999
FASTEST = 0.2
"""Mean fill a day of the fastest bin. With bins that fill faster even a daily round of all does not keep the promise:
at 0.25 it keeps 99.93 % of bin-days clean, with the containers as drawn 98.99 %."""
WARM_DAYS = 7
"""Driven before the year is counted: the city opens with bins that run over."""


@dataclass(slots=True)
class Driven:
    """What the trucks did over the year so far."""

    km: float = 0.0
    hours: float = 0.0
    kwh: float = 0.0
    tonnes: float = 0.0
    emptyings: int = 0
    fill_sum: float = 0.0
    skipped: int = 0
    """Bins a truck found no room for when it came: more lay in the bins before than was expected."""
    missed: int = 0
    """Bins that were due and no route could take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One policy over one year of one city. `mean_fill`: of bins when they were emptied, at most 1."""

    policy: Policy
    seed: int
    days: int
    bins: int
    km: float
    hours: float
    kwh: float
    tonnes: float
    emptyings: int
    mean_fill: float
    overflow_hours: float
    service: float
    skipped: int
    missed: int


def play_year(
    folder: Path,
    *,
    policy: Policy,
    seed: int,
    size: Size,
    days: int,
    seconds: float,
    told: Callable[[int], None] | None = None,
    warm_days: int = WARM_DAYS,
    mandatory_p: float = MANDATORY_P,
) -> Figures:
    """Simulate `days` nights of the city `seed` under a policy; `seconds` is the solver's budget each night.

    `folder` gets the store. `told` hears each day that is over; the first `warm_days` are driven but not counted. The
    same bins fill the same way under both policies.
    """
    city = fit_containers(draw_city(seed, size))
    clock = FixedClock(city.opens_at)
    settings = _settings(folder, mandatory_p)
    store = Store.create(settings.db, clock)
    for _ in settle(store, city, folder, sensed=policy == "sensors"):
        pass
    if policy == "fixed":
        _hang_up_calendar(store, make_calendar(city, PROMISED))
    zone = settings.zone
    first = city.opens_at.astimezone(zone).date() + timedelta(days=1)
    counted = datetime.combine(first + timedelta(days=warm_days), time(0), zone)
    truth = Truth(city, counted, days)
    for row in recall_history(city).emptyings:
        truth.empty(row.bin_id, row.emptied_at)
    driven, heard = Driven(), city.opens_at
    for number in range(-warm_days, days):
        day = first + timedelta(days=warm_days + number)
        if number == 0:
            driven = Driven()
        clock.at = datetime.combine(day - timedelta(days=1), EVENING, zone).astimezone(city.opens_at.tzinfo)
        if policy == "sensors":
            _keep(store, truth.report(heard, clock.at))
        heard = clock.at
        figures = make_plan(store, settings, day=day, seconds=seconds, publish=True, seed=seed, who="twin")
        driven.missed += figures["unserved"]
        with store.read() as work:
            plan = work.plans.whole(figures["plan_id"])
        assert plan is not None
        _drive(store, city, truth, plan, driven)
        if told is not None and number >= 0:
            told(number + 1)
    seen = truth.look_back()
    return Figures(
        policy=policy,
        seed=seed,
        days=days,
        bins=len(city.bins),
        km=round(driven.km, 1),
        hours=round(driven.hours, 1),
        kwh=round(driven.kwh, 1),
        tonnes=round(driven.tonnes, 1),
        emptyings=driven.emptyings,
        mean_fill=round(driven.fill_sum / max(1, driven.emptyings), 4),
        overflow_hours=seen.overflow_hours,
        service=round(seen.service, 6),
        skipped=driven.skipped,
        missed=driven.missed,
    )


def fit_containers(city: City) -> City:
    """The city with larger containers where bins fill so fast that no planner could keep them clean by daily rounds."""
    fitted = []
    for one in city.bins:
        larger = max(1.0, one.fill_per_day / FASTEST)
        fitted.append(
            replace(one, capacity_l=math.ceil(one.capacity_l * larger), fill_per_day=one.fill_per_day / larger)
        )
    return replace(city, bins=tuple(fitted))


def _settings(folder: Path, mandatory_p: float) -> Settings:
    return Settings(
        store=StoreSettings(db=f"sqlite:///{folder / 'year.db'}", data_dir=str(folder)),
        city=CitySettings(simulated=True),
        plan=PlanSettings(mandatory_p=mandatory_p, publish=True),
    )


def _hang_up_calendar(store: Store, sectors: tuple[Sector, ...]) -> None:
    days = {each.bin_id: list(sector.weekdays) for sector in sectors for each in sector.bins}
    with store.begin() as work:
        for row in work.bins.all():
            row.fixed_days = days[row.bin_id]
            work.bins.upsert(row)


def _keep(store: Store, readings: list[Reading]) -> None:
    with store.begin() as work:
        work.insert_many(
            tables.Reading,
            [
                {
                    "key": f"year:{row.device_id}:{row.measured_at.isoformat()}",
                    "bin_id": row.bin_id,
                    "device_id": row.device_id,
                    "measured_at": row.measured_at,
                    "received_at": row.measured_at,
                    "fill": min(1.0, max(0.0, row.fill)),
                    "quality": "ok",
                }
                for row in readings
            ],
        )


def _drive(store: Store, city: City, truth: Truth, plan: WholePlan, driven: Driven) -> None:
    """Empty what the plan says at the times it says, as far as there is room for what truly lies there."""
    bins = {each.bin_id: each for each in city.bins}
    room = {truck.truck_id: (truck.capacity_l * truck.compaction, truck.capacity_kg) for truck in city.trucks}
    done: list[dict[str, object]] = []
    for route, stops in plan.routes:
        litres = kg = 0.0
        driven.km += route.km
        driven.kwh += route.kwh
        driven.hours += (route.returns_at - route.departs_at) / timedelta(hours=1)
        for stop in stops:
            if stop.kind == "tip":
                litres = kg = 0.0
            if stop.kind != "bin" or stop.bin_id is None:
                continue
            one = bins[stop.bin_id]
            fill = truth.fill(stop.bin_id, stop.leaves_at)
            more = min(HEAPED, fill) * one.capacity_l
            if litres + more > room[route.truck_id][0] or kg + more * one.density_kg_l > room[route.truck_id][1]:
                driven.skipped += 1
                continue
            litres, kg = litres + more, kg + more * one.density_kg_l
            truth.empty(stop.bin_id, stop.leaves_at)
            driven.emptyings += 1
            driven.fill_sum += min(1.0, fill)
            driven.tonnes += more * one.density_kg_l / 1000
            done.append(
                {
                    "key": f"year:{stop.bin_id}:{stop.leaves_at.isoformat()}",
                    "bin_id": stop.bin_id,
                    "emptied_at": stop.leaves_at,
                    "source": "truck",
                    "truck_id": route.truck_id,
                }
            )
    with store.begin() as work:
        work.insert_many(tables.Emptying, done)
