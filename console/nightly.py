"""The night job: forecast, problem, solve, check, publish; what is kept is kept in one transaction at the end."""

from __future__ import annotations

import os
import socket
import time
from datetime import date, timedelta
from typing import Any

import structlog

from console.errors import ConsoleError, JobFailed, JobRunning
from console.roads import open_roads
from fleet.errors import FleetError
from fleet.events import Kind
from fleet.orders import OrderState
from fleet.settings import Settings
from fleet.store import Store
from routing.check import check
from routing.errors import RoutingError
from routing.night import build_problem, gather, judge_bins, record
from routing.night.due import Due
from routing.solve import Progress, solve

LEASE = "plan"
GRACE = timedelta(minutes=10)
"""How much longer than its solver a job may hold the lease: a killed one blocks nobody for long."""
TELL_SECONDS = 0.5
SHOWN = 5

REPORT = (
    "Plan {plan_id} for {day} ({state})",
    "  {routes} routes, {km} km, {hours} h, {kwh} kWh, cost {cost}",
    "  {served} of {bins} bins served; {due} were due, {unserved} of them are left; {waiting} can wait",
    "  checked: {violations} violations; solved in {solve_seconds} s",
)

log = structlog.get_logger("console.nightly")


def make_plan(
    store: Store,
    settings: Settings,
    *,
    day: date | None,
    seconds: float,
    publish: bool,
    seed: int,
    who: str,
    order_id: int | None = None,
) -> dict[str, Any]:
    """Make the plan of `day` (None: the next local day, or today before its shifts) and give its figures.

    Raises:
        JobRunning: another plan job is at work.
        JobFailed: no plan could be made; the one in force stays.
        RoutingError, ConsoleError: something the plan needs is missing; the text names the mend.
    """
    chosen = day or (store.clock.now().astimezone(settings.zone) + timedelta(hours=12)).date()
    holder = f"{socket.gethostname()}:{os.getpid()}"
    with store.begin() as work:
        other = work.leases.take(LEASE, holder, timedelta(seconds=seconds) + GRACE)
    if other is not None:
        raise JobRunning(f"a plan is being made already, by {other}; wait for it")
    try:
        figures = _plan(store, settings, chosen, seconds, publish=publish, seed=seed, who=who, order_id=order_id)
    except (FleetError, RoutingError, ConsoleError) as error:
        _tell_failure(store, chosen, str(error), who)
        raise
    except Exception as error:
        log.exception("plan failed")
        _tell_failure(store, chosen, f"{type(error).__name__}: {error}", who)
        raise JobFailed(f"no plan for {chosen}: {type(error).__name__}: {error}; the log has the details") from error
    finally:
        with store.begin() as work:
            work.leases.free(LEASE, holder)
    return figures


def _plan(
    store: Store,
    settings: Settings,
    day: date,
    seconds: float,
    *,
    publish: bool,
    seed: int,
    who: str,
    order_id: int | None,
) -> dict[str, Any]:
    began = time.monotonic()
    with store.begin() as work:
        work.events.append(Kind.PLANNING_STARTED, day.isoformat(), who=who, day=day.isoformat(), seconds=seconds)
    tell = _Teller(store, day, seconds)
    network, road_map = open_roads(store)
    tell.phase("forecast")
    with store.read() as work:
        situation = gather(work, day, settings.zone, settings.plan.history_days)
    judged = judge_bins(situation, settings.plan.mandatory_p)
    tell.phase("road matrix")
    problem, roads = build_problem(situation, judged, network, settings.plan.reserve)
    prepared = time.monotonic()
    plan = solve(problem, seconds, seed, progress=tell.progress)
    solved = time.monotonic()
    violations = check(problem, plan)
    if violations:
        first = "; ".join(f"{one.truck} {one.text}" for one in violations[:SHOWN])
        raise JobFailed(f"the plan breaks {len(violations)} rules and is not kept: {first}")
    report: dict[str, Any] = {
        "forecasts": len(judged),
        "due": sum(one.due is Due.MUST for one in judged.values()),
        "blind": sorted(one.bin for one in judged.values() if one.health != "ok"),
        "outside": list(roads.outside),
        "roads": road_map.name,
        "attribution": road_map.attribution,
        "violations": 0,
        "prepare_seconds": round(prepared - began, 2),
    }
    head, routes, left = record(
        situation,
        judged,
        network,
        roads,
        plan,
        made_by=who,
        seed=seed,
        solve_seconds=solved - prepared,
        reserve=settings.plan.reserve,
        report=report,
    )
    with store.begin() as work:
        plan_id = work.plans.keep(head, routes, left)
        refusal = work.plans.publish(plan_id, who) if publish else None
        if order_id is not None:
            work.orders.mark(order_id, OrderState.ACCEPTED, {"plan_id": plan_id})
    if refusal is not None:
        raise JobFailed(f"plan {plan_id} is kept but not published: {refusal}")
    return {
        "plan_id": plan_id,
        "day": day.isoformat(),
        "published": publish,
        "routes": len(plan.routes),
        "stops": sum(len(route.stops) for route in plan.routes),
        "km": round(plan.km, 2),
        "kwh": round(plan.kwh, 2),
        "hours": round(plan.hours, 2),
        "cost": round(plan.cost, 2),
        "bins": len(situation.bins),
        "due": report["due"],
        "served": plan.served,
        "unserved": len(plan.missed),
        "unserved_bins": [{"bin": one.bin, "reason": str(one.reason)} for one in plan.missed],
        "left": len(left),
        "outside": report["outside"],
        "blind": len(report["blind"]),
        "violations": len(violations),
        "solve_seconds": round(solved - prepared, 2),
        "seconds": round(time.monotonic() - began, 2),
    }


def _tell_failure(store: Store, day: date, why: str, who: str) -> None:
    try:
        with store.begin() as work:
            work.events.append(Kind.PLANNING_FAILED, day.isoformat(), who=who, day=day.isoformat(), why=why)
    except FleetError as error:
        log.warning("the failure could not be told", why=str(error))


class _Teller:
    """Says how far the job is, at most twice a second."""

    def __init__(self, store: Store, day: date, seconds: float) -> None:
        self._store, self._day, self._seconds = store, day.isoformat(), seconds
        self._next = 0.0

    def phase(self, name: str) -> None:
        self._tell(phase=name, elapsed_s=0.0, cost=None, served=0, due=0)

    def progress(self, found: Progress) -> None:
        tick = time.monotonic()
        if tick >= self._next or found.phase == "done":
            self._next = tick + TELL_SECONDS
            self._tell(
                phase=found.phase,
                elapsed_s=round(found.elapsed, 1),
                cost=round(found.cost, 2),
                served=found.served,
                due=found.due,
            )

    def _tell(self, **data: Any) -> None:
        with self._store.begin() as work:
            work.events.append(Kind.PLANNING_PROGRESSED, self._day, day=self._day, seconds=self._seconds, **data)


def describe(figures: dict[str, Any]) -> str:
    """The report for a person."""
    state = "published" if figures["published"] else "draft"
    words = {**figures, "state": state, "waiting": figures["left"] - figures["unserved"]}
    lines = [line.format(**words) for line in REPORT]
    lines += [f"  left: {one['bin']}: {one['reason']}" for one in figures["unserved_bins"]]
    if figures["outside"]:
        lines.append(f"  no street near: {', '.join(figures['outside'])}")
    if figures["blind"]:
        lines.append(f"  {figures['blind']} bins without a sound sensor were carried on their rate")
    return "\n".join(lines)
