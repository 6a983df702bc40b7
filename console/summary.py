"""What a night came to, read from the store: the figures `binwatt demo --headless --json` ends with."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from fleet.orders import OrderKind
from fleet.store import Work
from fleet.tables import MeterValue, Place

STALE = timedelta(minutes=10)
"""An EVSE that has said nothing for this long counts as drawing nothing."""


def site_power(work: Work, site: Place, since: datetime, until: datetime) -> list[tuple[datetime, float]]:
    """What the site drew, minute by minute: the newest figure of each EVSE, and the site's base load."""
    last: dict[tuple[str, int], MeterValue] = {}
    meters = iter(work.charging.meters_at(site.place_id, since, until))
    coming = next(meters, None)
    series = []
    minute = since
    while minute <= until:
        while coming is not None and coming.measured_at <= minute:
            last[coming.station_id, coming.evse] = coming
            coming = next(meters, None)
        watts = sum(row.power_w or 0.0 for row in last.values() if minute - row.measured_at < STALE)
        series.append((minute, site.base_load_kw + watts / 1000))
        minute += timedelta(minutes=1)
    return series


def describe_plan(work: Work, day: str) -> dict[str, Any] | None:
    """The published plan of a day, in figures."""
    plan = work.plans.published(datetime.fromisoformat(day).date())
    if plan is None or plan.plan_id is None:
        return None
    whole = work.plans.whole(plan.plan_id)
    assert whole is not None
    return {
        "plan_id": plan.plan_id,
        "routes": len(whole.routes),
        "stops": sum(len(stops) for _, stops in whole.routes),
        "km": round(plan.km, 2),
        "kwh": round(plan.kwh, 2),
        "hours": round(plan.hours, 2),
        "served": plan.served,
        "unserved": plan.unserved,
        "violations": plan.report.get("violations", 0),
        "solve_seconds": round(plan.solve_seconds, 2),
        "forecasts": plan.report.get("forecasts", 0),
    }


def describe_needs(work: Work, since: datetime) -> dict[str, Any]:
    """What trucks asked for and got."""
    needs = work.charging.needs(since)
    return {
        "asked_kwh": round(sum(need.kwh for need in needs), 1),
        "delivered_kwh": round(sum(need.delivered_kwh for need in needs), 1),
        "ready": sum(need.state == "met" for need in needs),
        "late": sum(need.state == "missed" for need in needs),
        "open": sum(need.state == "open" for need in needs),
    }


def describe_profiles(work: Work) -> dict[str, int]:
    """Charging profiles sent to stations, and those confirmed."""
    counts: defaultdict[str, int] = defaultdict(int)
    for order in work.orders.of_kind(OrderKind.SET_PROFILE):
        counts["sent"] += order.sent_at is not None
        counts["accepted"] += order.state == "accepted"
    return {"sent": counts["sent"], "accepted": counts["accepted"]}
