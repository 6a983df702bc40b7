"""What a plan comes to: distance, hours, mass, energy, money, CO2, risk; who drives what; what is left and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fleet.settings import Settings
from fleet.store import WholePlan, Work
from fleet.tables import Route, Stop, Truck

WEEK = timedelta(days=7)
COMPARED = ("routes", "km", "hours", "tonnes", "kwh", "cost", "co2_kg", "served", "unserved", "expected_overflows")
"""Figures that are set against those of another plan."""


def sum_up(work: Work, whole: WholePlan, settings: Settings) -> dict[str, Any]:
    """The report of a plan, kept or not, beside that of the same weekday last week."""
    trucks = {row.truck_id: row for row in [*work.trucks.all(), *_named(work, whole)]}
    figures = _figures(whole, trucks, settings)
    before = work.plans.published(whole.plan.day - WEEK)
    week = work.plans.whole(before.plan_id) if before is not None and before.plan_id is not None else None
    if week is None:
        return figures | {"last_week": None}
    then = _figures(week, {**trucks, **{row.truck_id: row for row in _named(work, week)}}, settings)
    return figures | {"last_week": {"plan_id": week.plan.plan_id, "day": then["day"], "change": compare(figures, then)}}


def compare(figures: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Each compared figure: what it was, and by how much this one differs."""
    return {
        name: {"was": before[name], "change": round(figures[name] - before[name], 2)}
        for name in COMPARED
        if before.get(name) is not None
    }


def _named(work: Work, whole: WholePlan) -> list[Truck]:
    """Trucks of the routes, those out of service by now too."""
    return [row for route, _ in whole.routes if (row := work.trucks.get(route.truck_id)) is not None]


def _figures(whole: WholePlan, trucks: Mapping[str, Truck], settings: Settings) -> dict[str, Any]:
    plan, report = whole.plan, whole.plan.report
    rows = [_truck(route, stops, trucks[route.truck_id], settings) for route, stops in whole.routes]
    reasons = Counter(one.why.get("code", "") or one.reason.partition(":")[0] for one in whole.left)
    codes = Counter(stop.why["code"] for _, stops in whole.routes for stop in stops if stop.why)
    return {
        "plan_id": plan.plan_id,
        "day": plan.day.isoformat(),
        "state": plan.state,
        "made_at": plan.made_at.isoformat(),
        "made_by": plan.made_by,
        "note": plan.note,
        "published": plan.state == "published",
        "routes": len(rows),
        "stops": sum(len(stops) for _, stops in whole.routes),
        "km": round(plan.km, 2),
        "hours": round(plan.hours, 2),
        "tonnes": round(plan.kg / 1000, 2),
        "kwh": round(sum(row["kwh"] for row in rows if row["electric"]), 2),
        "cost": round(plan.cost, 2),
        "currency": settings.plan.currency,
        "co2_kg": round(sum(row["co2_kg"] for row in rows), 1),
        "bins": plan.served + len(whole.left),
        "due": report.get("due", 0),
        "served": plan.served,
        "unserved": plan.unserved,
        "unserved_bins": [{"bin": one.bin_id, "reason": one.reason} for one in whole.left if one.due],
        "left": len(whole.left),
        "served_by_reason": dict(sorted(codes.items())),
        "left_by_reason": dict(sorted(reasons.items())),
        "expected_overflows": round(_overflows(whole), 2),
        "trucks": rows,
        "left_bins": [
            {"bin": one.bin_id, "code": one.why.get("code", ""), "due": one.due, "overflow_p": one.overflow_p}
            for one in whole.left
        ],
        "outside": report.get("outside", []),
        "blind": len(report.get("blind", [])),
        "without": report.get("without", []),
        "shortfalls": report.get("shortfalls", []),
        "energy": report.get("energy", {}),
        "horizon": report.get("horizon", []),
        "roads": report.get("roads", ""),
        "road_engine": report.get("road_engine", ""),
        "street_rules": report.get("street_rules", []),
        "engine": report.get("engine", ""),
        "violations": report.get("violations", 0),
        "solve_seconds": plan.solve_seconds,
        "prepare_seconds": report.get("prepare_seconds"),
    }


def _overflows(whole: WholePlan) -> float:
    """How many bins are expected to run over: those served, before their truck comes; those left, before the next."""
    served = sum(float(stop.why.get("early", 0.0)) for _, stops in whole.routes for stop in stops if stop.why)
    return served + sum(one.overflow_p or 0.0 for one in whole.left)


def _truck(route: Route, stops: tuple[Stop, ...], truck: Truck, settings: Settings) -> dict[str, Any]:
    electric = truck.battery_kwh is not None
    hours = (route.returns_at - route.departs_at) / timedelta(hours=1)
    kwh = route.kwh if electric else 0.0
    zone = settings.zone
    return {
        "truck": route.truck_id,
        "shift": route.shift_id,
        "electric": electric,
        "departs": route.departs_at.astimezone(zone).isoformat(timespec="minutes"),
        "returns": route.returns_at.astimezone(zone).isoformat(timespec="minutes"),
        "bins": route.bins,
        "tips": route.tips,
        "km": round(route.km, 2),
        "hours": round(hours, 2),
        "overtime_minutes": route.overtime_minutes,
        "tonnes": round(route.kg / 1000, 2),
        "kwh": round(kwh, 2),
        "kwh_p90": route.kwh_p90 if electric else None,
        "target_kwh": route.target_kwh,
        "charged_kwh": route.charged_kwh,
        "cost": round(route.cost, 2),
        "co2_kg": round(kwh * settings.plan.co2_kg_per_kwh + route.km * truck.co2_kg_per_km, 1),
        "served": [stop.bin_id for stop in stops if stop.bin_id is not None],
    }
