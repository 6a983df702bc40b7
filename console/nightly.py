"""The night job: forecast, problem, search, check, publish; what is kept is kept in one transaction at the end.

Killed at any moment it leaves nothing half done: the next run takes its lease over and begins anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import structlog

from console.errors import ConsoleError, JobFailed
from console.hold import Hold, hold
from console.report import sum_up
from console.shortfall import blame_energy, dropped, foresee_plan, limit_trucks
from console.tonight import Tonight, prepare
from fleet.errors import FleetError, StoreBusy, StoreError
from fleet.events import Kind
from fleet.orders import OrderState
from fleet.settings import Settings
from fleet.store import Store, WholePlan
from routing.errors import RoutingError
from routing.night import Change, record
from routing.night.due import Due
from routing.night.foresee import remember
from routing.night.record import Rows
from routing.packing import pack
from routing.search import Found, search
from routing.solve import Progress

LEASE = "plan"
TELL_SECONDS = 0.5
PATIENCE_SECONDS = 60.0
"""How long a finished plan waits for a store that is held by another."""
AGAIN = 0.5
"""Share of the search's time for planning again with what charging can give."""

log = structlog.get_logger("console.nightly")


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be planned, and how: None stands for what the settings say."""

    day: date | None = None
    seconds: float | None = None
    seed: int = 0
    engine: str | None = None
    workers: int | None = None
    days: int | None = None
    mandatory_p: float | None = None

    def settled(self, store: Store, settings: Settings) -> tuple[date, float, Settings]:
        """Its day (left open: the next local one, or today before its shifts), its seconds, the settings it means."""
        day = self.day or (store.clock.now().astimezone(settings.zone) + timedelta(hours=12)).date()
        chosen = {
            "engine": self.engine,
            "workers": self.workers,
            "days": self.days,
            "mandatory_p": self.mandatory_p,
            "seconds": self.seconds,
        }
        plan = replace(settings.plan, **{name: value for name, value in chosen.items() if value is not None})  # type: ignore[arg-type] # checked by the command line
        return day, plan.seconds, replace(settings, plan=plan)


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
    engine: str | None = None,
    workers: int | None = None,
    days: int | None = None,
) -> dict[str, Any]:
    """Make the plan of `day` (None: the next local day, or today before its shifts) and give its figures.

    Raises:
        JobRunning: another plan job is at work.
        JobFailed: no plan could be made; the one in force stays.
        RoutingError, ConsoleError, FleetError: something the plan needs is missing; the text names the mend.
    """
    job = Job(day, seconds, seed, engine, workers, days)
    chosen, _, settings = job.settled(store, settings)
    with hold(store, LEASE) as lease:
        try:
            return _make(store, settings, chosen, lease, publish=publish, seed=seed, who=who, order_id=order_id)
        except (FleetError, RoutingError, ConsoleError) as error:
            _tell_failure(store, chosen, str(error), who)
            raise
        except Exception as error:
            log.exception("plan failed")
            _tell_failure(store, chosen, f"{type(error).__name__}: {error}", who)
            raise JobFailed(
                f"no plan for {chosen}: {type(error).__name__}: {error}; the log has the details"
            ) from error


def _make(
    store: Store,
    settings: Settings,
    day: date,
    lease: Hold,
    *,
    publish: bool,
    seed: int,
    who: str,
    order_id: int | None,
) -> dict[str, Any]:
    began = time.monotonic()
    seconds = settings.plan.seconds
    with store.begin() as work:
        work.events.append(Kind.PLANNING_STARTED, day.isoformat(), who=who, day=day.isoformat(), seconds=seconds)
    tell = _Teller(store, day, seconds)
    tonight = prepare(store, settings, day, Change(), tell.phase)
    prepared = time.monotonic()
    rows, found, tonight = _solve(store, settings, tonight, seed, who, tell.progress)
    head, routes, left = rows
    head.report |= {"prepare_seconds": round(prepared - began, 2)}
    body = pack(tonight.problem)

    def keep() -> int:
        with store.begin() as work:
            lease.confirm(work)
            plan_id = work.plans.keep(head, routes, left)
            if tonight.foresight is not None:
                remember(work, tonight.foresight)
            work.plans.keep_problem(plan_id, body)
            refusal = work.plans.publish(plan_id, who) if publish else None
            if refusal is not None:
                raise JobFailed(f"the plan cannot be published and is not kept: {refusal}")
            if order_id is not None:
                work.orders.mark(order_id, OrderState.ACCEPTED, {"plan_id": plan_id})
            return plan_id

    plan_id = _patiently(keep)
    with store.read() as work:
        whole = work.plans.whole(plan_id)
        assert whole is not None
        figures = sum_up(work, whole, settings)
    return figures | {
        "published": publish,
        "engine": found.engine,
        "seconds": round(time.monotonic() - began, 2),
    }


def what_if(
    store: Store, settings: Settings, job: Job, change: Change, progress: Callable[[Progress], None] | None = None
) -> dict[str, Any]:
    """Plan under a supposition, and compare with the plan in force. Nothing is kept, published or told."""
    day, _, settings = job.settled(store, settings)
    tonight = prepare(store, settings, day, change, lambda _: None)
    (head, routes, left), found, _ = _solve(store, settings, tonight, job.seed, "what if", progress)
    whole = WholePlan(head, tuple((row, tuple(stops)) for row, stops in routes), tuple(left))
    with store.read() as work:
        figures = sum_up(work, whole, settings) | {"engine": found.engine}
        before = work.plans.newest(day)
        in_force = None
        if before is not None and before.plan_id is not None:
            kept = work.plans.whole(before.plan_id)
            in_force = sum_up(work, kept, settings) if kept is not None else None
    return {"what_if": figures, "in_force": in_force}


def _solve(
    store: Store,
    settings: Settings,
    tonight: Tonight,
    seed: int,
    who: str,
    progress: Callable[[Progress], None] | None,
) -> tuple[Rows, Found, Tonight]:
    """Search; ask charging what it can give; where that is too little, search once more under it."""
    began = time.monotonic()
    plan = settings.plan
    options: dict[str, Any] = {"engine": plan.engine, "workers": plan.workers, "progress": progress}
    found = search(tonight.problem, plan.seconds, seed, **options)
    notes = list(found.notes)
    energy: dict[str, Any] = {}
    foreseen = foresee_plan(
        store, settings, [route for route, _ in _rows(tonight, found, seed, who, 0.0, plan.reserve)[1]]
    )
    if foreseen.short:
        limited = limit_trucks(tonight.problem, found.plan, tonight.roads, foreseen, plan.reserve)
        again = search(limited, max(1.0, plan.seconds * AGAIN), seed, **{**options, "warm": found.plan})
        energy = {"limited": {name: round(kwh, 1) for name, kwh in sorted(foreseen.holds_kwh.items())}}
        found = replace(again, plan=blame_energy(found.plan, again.plan))
        energy["dropped"] = dropped(found.plan)
        notes += [note for note in again.notes if note not in notes]
        tonight = replace(tonight, problem=limited)
        rows = _rows(tonight, found, seed, who, 0.0, plan.reserve)
        foreseen = foresee_plan(store, settings, [route for route, _ in rows[1]])
    solved = time.monotonic() - began
    head, routes, left = _rows(tonight, found, seed, who, solved, plan.reserve)
    head.report |= {
        "engine": found.engine,
        "without": [*tonight.without, *notes, *head.report.get("without", [])],
        "shortfalls": list(foreseen.short),
        "energy": energy,
    }
    return (head, routes, left), found, tonight


def _rows(tonight: Tonight, found: Found, seed: int, who: str, solve_seconds: float, reserve: float) -> Rows:
    judged = tonight.judged
    report: dict[str, Any] = {
        "forecasts": len(judged),
        "due": sum(one.due is Due.MUST for one in judged.values()),
        "blind": sorted(one.bin for one in judged.values() if one.health != "ok"),
        "outside": list(tonight.roads.outside),
        "roads": tonight.road_name,
        "road_engine": tonight.roads.engine,
        "street_rules": list(tonight.roads.rules),
        "attribution": tonight.attribution,
        "violations": 0,
        "horizon": list(tonight.nights),
    }
    return record(
        tonight.situation,
        judged,
        tonight.roads,
        found.plan,
        made_by=who,
        seed=seed,
        solve_seconds=solve_seconds,
        reserve=reserve,
        report=report,
    )


def _patiently(keep: Callable[[], int]) -> int:
    """A plan that took a minute to find is not thrown away because somebody holds the store for a moment."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return keep()
        except StoreBusy:
            if time.monotonic() >= until:
                raise


def _tell_failure(store: Store, day: date, why: str, who: str) -> None:
    try:
        with store.begin() as work:
            work.events.append(Kind.PLANNING_FAILED, day.isoformat(), who=who, day=day.isoformat(), why=why)
    except FleetError as error:
        log.warning("the failure could not be told", why=str(error))


class _Teller:
    """Says how far the job is, at most twice a second. Who cannot be told now is told later."""

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
        try:
            with self._store.begin() as work:
                work.events.append(Kind.PLANNING_PROGRESSED, self._day, day=self._day, seconds=self._seconds, **data)
        except StoreError as error:
            log.warning("progress could not be told", why=str(error))
