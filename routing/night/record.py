"""A plan as rows of the store: routes with their line along the streets, stops and bins left with their reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet.tables import LeftBin, Shift, Stop
from fleet.tables import Plan as PlanRow
from fleet.tables import Route as RouteRow
from fleet.tables import Truck as TruckRow
from routing import plan as planned
from routing.errors import RoadsError
from routing.night.build import Roads
from routing.night.due import WORDS, Due, Judgement
from routing.night.gather import Situation
from routing.plan import Plan, Reason

DEGREES = 6
"""Decimals of a coordinate: 0.1 m."""

Rows = tuple[PlanRow, list[tuple[RouteRow, list[Stop]]], list[LeftBin]]


def record(
    situation: Situation,
    judged: Mapping[str, Judgement],
    roads: Roads,
    plan: Plan,
    *,
    made_by: str,
    seed: int,
    solve_seconds: float,
    reserve: float,
    report: dict[str, Any],
) -> Rows:
    """Rows for `work.plans.keep`. A line that cannot be drawn along the streets goes straight, and `report` says so."""
    routes = []
    for route in plan.routes:
        truck, shift = roads.crews[route.truck]
        row = _route(plan, route, truck, shift, reserve)
        try:
            row.line = _join(roads.lines([stop.location for stop in route.stops], roads.profiles[route.truck]))
        except RoadsError as error:
            row.line = _join([[roads.points[stop.location] for stop in route.stops]])
            report["without"] = [*report.get("without", []), f"the line of {truck.truck_id} on the map: {error}"]
        routes.append((row, [_stop(number, stop, roads, plan, judged) for number, stop in enumerate(route.stops)]))
    left = [_left(one.bin, one.mandatory, one.reason, judged) for one in plan.left]
    told = {one.bin for one in plan.left} | {name for route in plan.routes for name in route.bins}
    left += [_left(name, False, Reason.NOT_NEEDED, judged) for name in judged if name not in told]
    head = PlanRow(
        day=situation.day,
        made_at=situation.now,
        made_by=made_by,
        seed=seed,
        solve_seconds=round(solve_seconds, 2),
        cost=round(plan.cost, 2),
        km=round(plan.km, 3),
        hours=round(plan.hours, 3),
        kwh=round(plan.kwh, 2),
        kg=sum(route.kg for route in plan.routes),
        served=plan.served,
        unserved=len(plan.missed),
        report=report,
    )
    return head, routes, left


def _route(plan: Plan, route: planned.Route, truck: TruckRow, shift: Shift, reserve: float) -> RouteRow:
    return RouteRow(
        plan_id=0,
        truck_id=truck.truck_id,
        shift_id=shift.shift_id,
        departs_at=plan.at(route.departs),
        returns_at=plan.at(route.returns),
        km=round(route.metres / 1000, 3),
        kwh=round(route.kwh, 2),
        kwh_p90=round(route.kwh_p90, 2),
        target_kwh=None if truck.battery_kwh is None else round(target_kwh(route, truck.battery_kwh, reserve), 2),
        kg=route.kg,
        bins=len(route.bins),
        tips=route.tips,
        cost=round(route.cost, 2),
        overtime_minutes=round(route.overtime / 60, 1),
        charged_kwh=round(route.charged_kwh, 2),
    )


def target_kwh(route: planned.Route, battery_kwh: float, reserve: float) -> float:
    """What must be in the battery at departure: the most it is ever behind on a P90 day, and the reserve."""
    prudence = route.kwh_p90 / route.kwh if route.kwh > 0 else 1.0
    charged, behind = 0.0, 0.0
    for stop in route.stops:
        behind = max(behind, stop.kwh * prudence - charged)
        charged += stop.charged_kwh
    worst = route.kwh_p90 if charged == 0 else behind
    return min(battery_kwh, worst + reserve * battery_kwh)


def _join(legs: Sequence[Sequence[tuple[float, float]]]) -> list[list[float]]:
    line: list[list[float]] = []
    for leg in legs:
        for lat, lon in leg:
            point = [round(lat, DEGREES), round(lon, DEGREES)]
            if not line or line[-1] != point:
                line.append(point)
    return line


def _stop(number: int, stop: planned.Stop, roads: Roads, plan: Plan, judged: Mapping[str, Judgement]) -> Stop:
    lat, lon = roads.points[stop.location]
    known = judged.get(stop.bin) if stop.bin is not None else None
    code = "" if known is None else known.code if known.due is Due.MUST else "on_the_way"
    return Stop(
        route_id=0,
        seq=number,
        kind=stop.kind,
        bin_id=stop.bin,
        place_id=stop.place,
        lat=lat,
        lon=lon,
        arrives_at=plan.at(stop.arrive),
        leaves_at=plan.at(stop.leave),
        km=round(stop.metres / 1000, 3),
        load_l=stop.litres,
        load_kg=stop.kg,
        kwh=round(stop.kwh, 2),
        charged_kwh=round(stop.charged_kwh, 2),
        fill=round(known.fill_then, 4) if known else None,
        overflow_p=round(known.overflow_p, 4) if known else None,
        reason=f"{known.reason}; {WORDS[code]}" if known else "",
        why=known.why(code) if known else {},
    )


def _left(name: str, due: bool, reason: Reason, judged: Mapping[str, Judgement]) -> LeftBin:
    known = judged[name]
    return LeftBin(
        plan_id=0,
        bin_id=name,
        due=due,
        fill=round(known.fill_then, 4),
        overflow_p=round(known.overflow_p, 4),
        reason=f"{reason}: {known.reason}",
        why=known.why(reason.name.lower()),
    )
