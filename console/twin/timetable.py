"""Which truck leaves when: the plans in force, looked up now and then."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from fleet.errors import StoreError
from fleet.store import Store
from fleet.store.plans import WholePlan
from fleet.tables import Route, Stop

LOOK_SECONDS = 0.5
"""Wall seconds between looks."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A route that is to be driven."""

    route: Route
    stops: Sequence[Stop]


class Timetable:
    """Today's and tomorrow's published plans. Without a store nobody leaves."""

    def __init__(self, store: Store | None, zone: tzinfo) -> None:
        self._store, self._zone = store, zone
        self._plans: dict[int, WholePlan] = {}
        self._looked = -LOOK_SECONDS

    def next_departure(self, truck_id: str, since: datetime, now: datetime) -> Departure | None:
        """The first route of a truck that departs at `since` or later and is not over yet."""
        self._look(now)
        coming = [
            Departure(route, stops)
            for plan in self._plans.values()
            for route, stops in plan.routes
            if route.truck_id == truck_id and route.departs_at >= since and route.returns_at > now and _leads_out(stops)
        ]
        return min(coming, key=lambda one: one.route.departs_at, default=None)

    def _look(self, now: datetime) -> None:
        tick = time.monotonic()
        if self._store is None or tick < self._looked + LOOK_SECONDS:
            return
        self._looked = tick
        today = now.astimezone(self._zone).date()
        try:
            with self._store.read() as work:
                plans = (work.plans.published(day) for day in (today, today + timedelta(days=1)))
                numbers = [plan.plan_id for plan in plans if plan is not None and plan.plan_id is not None]
                new = {number: work.plans.whole(number) for number in numbers if number not in self._plans}
        except StoreError:
            return  # it is asked again soon; the plans known stay in force
        found = {**self._plans, **{number: plan for number, plan in new.items() if plan is not None}}
        self._plans = {number: found[number] for number in numbers if number in found}


def _leads_out(stops: Sequence[Stop]) -> bool:
    """Whether there is anything to do between leaving and coming home."""
    return any(stop.kind in {"bin", "tip"} for stop in stops)
