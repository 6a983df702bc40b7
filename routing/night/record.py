"""A plan as rows of the store: routes with their line along the streets, stops and bins left with their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.tables import LeftBin, Stop
from fleet.tables import Plan as PlanRow
from fleet.tables import Route as RouteRow
from routing import plan as planned
from routing.night.build import Roads
from routing.night.due import Due, Judgement
from routing.night.gather import Situation
from routing.plan import Plan, Reason
from routing.roads import Network, route_geometry

DEGREES = 6
"""Decimals of a coordinate: 0.1 m."""

Rows = tuple[PlanRow, list[tuple[RouteRow, list[Stop]]], list[LeftBin]]


def record(
    situation: Situation,
    judged: Mapping[str, Judgement],
    network: Network,
    roads: Roads,
    plan: Plan,
    *,
    made_by: str,
    seed: int,
    solve_seconds: float,
    reserve: float,
    report: dict[str, Any],
) -> Rows:
    """Rows for `work.plans.keep`."""
    batteries = {row.truck_id: row.battery_kwh for row, _ in situation.crews}
    routes = []
    for route in plan.routes:
        battery = batteries[route.truck]
        row = RouteRow(
            plan_id=0,
            truck_id=route.truck,
            departs_at=plan.at(route.departs),
            returns_at=plan.at(route.returns),
            km=round(route.metres / 1000, 3),
            kwh=round(route.kwh, 2),
            kwh_p90=round(route.kwh_p90, 2),
            target_kwh=None if battery is None else round(min(battery, route.kwh_p90 + reserve * battery), 2),
            kg=route.kg,
            bins=len(route.bins),
            tips=route.tips,
            cost=round(route.cost, 2),
            line=_line(network, roads, route),
        )
        routes.append((row, [_stop(number, stop, roads, plan, judged) for number, stop in enumerate(route.stops)]))
    left = [_left(one.bin, one.mandatory, one.reason, judged) for one in plan.left]
    left += [_left(one.bin, False, Reason.NOT_NEEDED, judged) for one in judged.values() if one.due is Due.CAN_WAIT]
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


def _line(network: Network, roads: Roads, route: planned.Route) -> list[list[float]]:
    points = [roads.points[stop.location] for stop in route.stops]
    line: list[list[float]] = []
    for leg in route_geometry(network, points):
        for lat, lon in leg.line:
            point = [round(lat, DEGREES), round(lon, DEGREES)]
            if not line or line[-1] != point:
                line.append(point)
    return line


def _stop(number: int, stop: planned.Stop, roads: Roads, plan: Plan, judged: Mapping[str, Judgement]) -> Stop:
    lat, lon = roads.points[stop.location]
    known = judged.get(stop.bin) if stop.bin is not None else None
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
        fill=round(known.fill_then, 4) if known else None,
        overflow_p=round(known.overflow_p, 4) if known else None,
        reason=(f"{known.reason}; {'due' if known.due is Due.MUST else 'on the way'}" if known else ""),
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
    )
