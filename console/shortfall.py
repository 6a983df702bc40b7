"""Where routes and charging meet: what charging cannot give, the routes are told once, and what is left is stated.

Routes -> needs -> the site's exact schedule -> for who is short, a limit on what its round may spend -> routes again.
Once, because handing energy back and forth under a limit that binds does not end; and every truck of a short site is
held to what the schedule gives it, so that the second plan fits into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from chargers.night import foresee
from chargers.schedule import Schedule
from console.clerk.policy import depot_policy
from fleet.settings import Settings
from fleet.store import Store
from fleet.tables import ChargingNeed, Route
from routing.night import Roads
from routing.plan import Left, Plan, Reason
from routing.problem import Problem, Truck

SOON = timedelta(hours=24)
"""A departure later than this is not foreseen: the batteries will have changed by then."""
WORTH_KWH = 0.5
"""A smaller shortfall is within what the forecast of a round can tell."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What charging could give for a plan: its needs by truck, the shortfalls, what each truck would hold."""

    needs: Mapping[str, ChargingNeed]
    short: tuple[dict[str, Any], ...]
    """JSON: truck, kwh, ready_by, site, reason."""
    holds_kwh: Mapping[str, float]
    """By truck of a site where somebody is short: what is in its battery at departure."""


def foresee_plan(store: Store, settings: Settings, routes: list[Route]) -> Foreseen:
    """Ask charging about a plan's routes. Trucks whose charge nobody knows are left out of it."""
    policy = depot_policy(settings)
    short: list[dict[str, Any]] = []
    holds: dict[str, float] = {}
    with store.read() as work:
        trucks = {row.truck_id: row for row in work.trucks.all()}
        needs: dict[str, ChargingNeed] = {}
        for need in sorted(work.plans.needs_of(routes), key=lambda need: need.ready_by):
            if need.soc_then is not None and work.now < need.ready_by <= work.now + SOON:
                needs.setdefault(need.truck_id, need)
        driving = {route.truck_id for route in routes}
        for site in work.places.charging_sites():
            mine = {name: need for name, need in needs.items() if trucks[name].depot_id == site.place_id}
            schedule = foresee(work, site, list(mine.values()), policy)
            if schedule is None:
                continue
            found = _short(schedule, site.place_id, driving)
            short += found
            if found:
                holds |= {
                    name: _held(need, schedule, trucks[name].battery_kwh or 0.0)
                    for name, need in mine.items()
                    if name in schedule.planned_kwh
                }
    return Foreseen(needs, tuple(short), holds)


def _short(schedule: Schedule, site: str, driving: set[str]) -> list[dict[str, Any]]:
    return [
        {
            "truck": one.truck,
            "kwh": round(one.kwh, 1),
            "ready_by": one.ready_by.isoformat(),
            "site": site,
            "reason": one.reason,
        }
        for one in schedule.shortfalls
        if one.truck in driving and one.kwh >= WORTH_KWH
    ]


def _held(need: ChargingNeed, schedule: Schedule, battery_kwh: float) -> float:
    return min(battery_kwh, (need.soc_then or 0.0) * battery_kwh + schedule.planned_kwh[need.truck_id])


def limit_trucks(problem: Problem, plan: Plan, roads: Roads, foreseen: Foreseen, reserve: float) -> Problem:
    """The same night, every truck of a short site held to what it will have, and to leave no sooner than planned."""
    departs = {route.truck: route.departs for route in plan.routes}
    return replace(problem, trucks=tuple(_limit(truck, departs, roads, foreseen, reserve) for truck in problem.trucks))


def _limit(truck: Truck, departs: Mapping[str, int], roads: Roads, foreseen: Foreseen, reserve: float) -> Truck:
    row = roads.crews[truck.truck][0]
    held = foreseen.holds_kwh.get(row.truck_id)
    if held is None or truck.spendable_kwh is None or truck.truck != row.truck_id:
        return truck
    spends = max(0.0, held - reserve * (row.battery_kwh or 0.0))
    starts = min(max(truck.starts, departs.get(truck.truck, truck.starts)), truck.ends - 1)
    return replace(truck, spendable_kwh=min(truck.spendable_kwh, spends), starts=starts)


def blame_energy(before: Plan, after: Plan) -> Plan:
    """The second plan, where a bin the first one served, or one left for its battery, is left for want of energy."""
    served = {name for route in before.routes for name in route.bins}
    left = tuple(
        replace(one, reason=Reason.ENERGY)
        if one.reason is Reason.BATTERY or (one.bin in served and one.reason in _GIVEN_UP)
        else one
        for one in after.left
    )
    return replace(after, left=left)


_GIVEN_UP = (Reason.NOT_NEEDED, Reason.SHIFT, Reason.CAPACITY)
"""What the engine says of a bin it could serve while there was more energy."""


def dropped(plan: Plan) -> list[str]:
    """Bins that are left for want of energy."""
    return sorted(one.bin for one in plan.left if _is_energy(one))


def _is_energy(one: Left) -> bool:
    return one.reason is Reason.ENERGY
