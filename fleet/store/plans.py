"""Plans: kept as drafts, published one a day, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlmodel import col, delete, select

from fleet.events import Kind
from fleet.tables import ChargingNeed, LeftBin, Plan, PlanProblem, Route, Stop

if TYPE_CHECKING:
    from fleet.store.work import Work


STANDBY = 0.8
"""State of charge wanted of electric trucks that have no route, so that one can stand in by day."""
STANDBY_PRIORITY = 0.3
KEPT_PROBLEMS = 14


@dataclass(frozen=True, slots=True)
class WholePlan:
    """A plan with its routes, their stops in order, and the bins it leaves."""

    plan: Plan
    routes: tuple[tuple[Route, tuple[Stop, ...]], ...]
    left: tuple[LeftBin, ...]


class Plans:
    """Plans in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def keep(self, plan: Plan, routes: Sequence[tuple[Route, Sequence[Stop]]], left: Sequence[LeftBin]) -> int:
        """Keep a plan as draft and give its number."""
        session = self._work.session
        session.add(plan)
        session.flush()
        assert plan.plan_id is not None
        for route, stops in routes:
            route.plan_id = plan.plan_id
            session.add(route)
            session.flush()
            assert route.route_id is not None
            for stop in stops:
                stop.route_id = route.route_id
            session.add_all(stops)
        for row in left:
            row.plan_id = plan.plan_id
        session.add_all(left)
        session.flush()
        self._work.events.append(
            Kind.PLAN_MADE,
            str(plan.plan_id),
            who=plan.made_by,
            plan_id=plan.plan_id,
            day=plan.day.isoformat(),
            km=plan.km,
            hours=plan.hours,
            kwh=plan.kwh,
            cost=plan.cost,
            served=plan.served,
            unserved=plan.unserved,
            routes=len(routes),
        )
        return plan.plan_id

    def get(self, plan_id: int) -> Plan | None:
        """One plan without its routes."""
        return self._work.session.get(Plan, plan_id)

    def whole(self, plan_id: int) -> WholePlan | None:
        """One plan with routes, stops and bins left."""
        session = self._work.session
        plan = session.get(Plan, plan_id)
        if plan is None:
            return None
        routes = session.exec(select(Route).where(Route.plan_id == plan_id).order_by(col(Route.route_id))).all()
        stops: dict[int, list[Stop]] = {}
        in_plan = select(Stop).join(Route).where(Route.plan_id == plan_id).order_by(col(Stop.route_id), col(Stop.seq))
        for stop in session.exec(in_plan):
            stops.setdefault(stop.route_id, []).append(stop)
        left = session.exec(select(LeftBin).where(LeftBin.plan_id == plan_id).order_by(col(LeftBin.left_id))).all()
        return WholePlan(plan, tuple((row, tuple(stops.get(row.route_id or 0, ()))) for row in routes), tuple(left))

    def newest(self, day: date | None = None) -> Plan | None:
        """The plan in force (published) for `day`, else the newest draft; over all days when `day` is None."""
        for state in ("published", "draft"):
            query = select(Plan).where(Plan.state == state).order_by(col(Plan.plan_id).desc()).limit(1)
            if day is not None:
                query = query.where(Plan.day == day)
            found = self._work.session.exec(query).first()
            if found is not None:
                return found
        return None

    def published(self, day: date) -> Plan | None:
        """The plan trucks drive on `day`."""
        return self._work.session.exec(select(Plan).where(Plan.day == day, Plan.state == "published")).first()

    def publish(self, plan_id: int, who: str, note: str = "") -> str | None:
        """Put a draft in force; the day's plan before it is superseded. Gives why not, or None when done.

        The electric trucks' needs follow from the routes: what must be in the battery, by departure. Those without a
        route stand by.
        """
        plan = self._work.session.get(Plan, plan_id)
        if plan is None:
            return f"there is no plan {plan_id}"
        if plan.state != "draft":
            return f"plan {plan_id} is {plan.state}; only a draft can be published"
        broken = plan.report.get("broken") or ()
        if broken:
            return f"plan {plan_id} breaks {len(broken)} rules, first: {broken[0]}; undo or mend it"
        before = self.published(plan.day)
        if before is not None:
            before.state = "superseded"
            self._work.session.add(before)
        plan.state = "published"
        plan.published_at = self._work.now
        plan.note = note
        self._work.session.add(plan)
        self._work.session.flush()
        self._work.events.append(Kind.PLAN_PUBLISHED, str(plan_id), who=who, plan_id=plan_id, day=plan.day.isoformat())
        self._replace_needs(plan)
        return None

    def withdraw(self, plan_id: int, who: str) -> str | None:
        """Take a published plan out of force. Gives why not, or None when done."""
        plan = self._work.session.get(Plan, plan_id)
        if plan is None:
            return f"there is no plan {plan_id}"
        if plan.state != "published":
            return f"plan {plan_id} is {plan.state}; only a published plan can be withdrawn"
        plan.state = "withdrawn"
        self._work.session.add(plan)
        self._work.session.flush()
        self._work.events.append(Kind.PLAN_WITHDRAWN, str(plan_id), who=who, plan_id=plan_id, day=plan.day.isoformat())
        return None

    def keep_problem(self, plan_id: int, body: bytes) -> None:
        """Keep the packed problem a plan answers, and those of the newest plans only."""
        self._work.upsert(PlanProblem, {"plan_id": plan_id}, {"body": body})
        newest = select(PlanProblem.plan_id).order_by(col(PlanProblem.plan_id).desc()).limit(KEPT_PROBLEMS)
        kept = list(self._work.session.exec(newest))
        self._work.session.execute(delete(PlanProblem).where(col(PlanProblem.plan_id).not_in(kept)))

    def problem(self, plan_id: int) -> bytes | None:
        """The packed problem a plan answers; None when it is kept no longer."""
        row = self._work.session.get(PlanProblem, plan_id)
        return None if row is None else row.body

    def needs_of(self, routes: Sequence[Route], plan_id: int | None = None) -> list[ChargingNeed]:
        """What electric trucks need for these routes, one need a route; trucks without a route stand by."""
        states = self._work.trucks.states()
        earliest = min((route.departs_at for route in routes), default=None)
        needs: list[ChargingNeed] = []
        for truck in self._work.trucks.all():
            if truck.battery_kwh is None or earliest is None:
                continue
            state = states.get(truck.truck_id)
            soc = state.soc if state is not None else None
            mine = [
                (route.target_kwh or 0.0, route.departs_at, 1.0) for route in routes if route.truck_id == truck.truck_id
            ]
            standby = [(STANDBY * truck.battery_kwh, earliest, STANDBY_PRIORITY)]
            needs += [
                ChargingNeed(
                    plan_id=plan_id,
                    truck_id=truck.truck_id,
                    ready_by=ready_by,
                    target_kwh=target,
                    kwh=max(0.0, target - (soc or 0.0) * truck.battery_kwh),
                    soc_then=soc,
                    made_at=self._work.now,
                    priority=priority,
                )
                for target, ready_by, priority in mine or standby
            ]
        return needs

    def _replace_needs(self, plan: Plan) -> None:
        routes = self._work.session.exec(select(Route).where(Route.plan_id == plan.plan_id)).all()
        self._work.charging.replace_needs(plan.day, self.needs_of(routes, plan.plan_id))
