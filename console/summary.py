"""What a night came to, read from the store: the figures `binwatt demo --headless --json` ends with."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from fleet.orders import OrderKind
from fleet.store import Work
from fleet.tables import Place

STEP, HOUR = timedelta(minutes=5), timedelta(hours=1)
"""Registers are read once a minute or so: over five minutes what lies between two readings no longer matters."""


def site_power(work: Work, site: Place, since: datetime, until: datetime) -> list[tuple[datetime, float]]:
    """What the site drew, means of five minutes: from the energy registers of its EVSEs, and the site's base load.

    A register tells what really flowed between two samples; the last power figures of several EVSEs, taken at different
    seconds, would add up to what was never drawn at once.
    """
    registers: defaultdict[tuple[str, int], list[tuple[datetime, float]]] = defaultdict(list)
    for row in work.charging.meters_at(site.place_id, since, until):
        if row.energy_wh is not None:
            registers[row.station_id, row.evse].append((row.measured_at, row.energy_wh))
    steps = int((until - since) / STEP)
    drawn = [site.base_load_kw] * steps
    for samples in registers.values():
        for (start, before), (end, after) in pairwise(samples):
            if end <= start:
                continue
            kw = max(0.0, after - before) / 1000 / ((end - start) / HOUR)
            first, last = (start - since) / STEP, (end - since) / STEP
            for step in range(int(first), min(steps, int(last) + 1)):
                drawn[step] += kw * max(0.0, min(last, step + 1) - max(first, step))
    return [(since + STEP * number, kw) for number, kw in enumerate(drawn)]


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
