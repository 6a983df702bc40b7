"""Between the rows of a plan and a draft: read for an edit, written after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.shaping.newcomer import points_of
from fleet.store import WholePlan
from fleet.store.shaping import Change, Way
from fleet.tables import LeftBin, Route, Stop
from routing.check import Violation
from routing.edit import Delta, Draft, Edited, sketch_of, to_draft
from routing.edit.whole import reasons_of
from routing.night.crews import name_crew
from routing.night.record import target_kwh
from routing.plan import Plan, Reason
from routing.plan import Route as Driven
from routing.plan import Stop as Halted
from routing.problem import Problem

LinesOf = Callable[[Sequence[tuple[float, float]], str], list[list[float]]]
"""The line on the map through these points, as this truck drives it."""
STOPPED = frozenset({"due", "on_the_way", "reported", "fixed_day", "by_hand"})
"""Codes of `why` that tell why a bin is emptied; all others tell why one is left."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rows know and the problem does not: of bins what was expected and why, of bins and places `where`."""

    fill: Mapping[str, float | None]
    risk: Mapping[str, float | None]
    why: Mapping[str, Mapping[str, Any]]
    reason: Mapping[str, str]
    where: Mapping[str, tuple[float, float]]
    battery: Mapping[str, float]
    """kWh of each vehicle's battery."""
    reserve: float


def crew_of(problem: Problem, route: Route) -> str:
    """What the problem calls the truck of a route."""
    names = {truck.truck for truck in problem.trucks}
    later = name_crew(route.truck_id, route.shift_id or "", first=False)
    return later if later in names else route.truck_id


def read_draft(whole: WholePlan, problem: Problem) -> Draft:
    """The draft the rows of a plan stand for, figures worked out again from its problem."""
    zero = problem.zero
    routes: dict[str, list[list[Any]]] = {}
    pins: dict[str, str] = {}
    fixed: dict[str, list[str]] = {}
    for route, stops in whole.routes:
        crew = crew_of(problem, route)
        routes[crew] = [
            [
                stop.kind,
                (stop.bin_id if stop.kind == "bin" else stop.place_id) or "",
                round((stop.arrives_at - zero).total_seconds()),
                round((stop.leaves_at - zero).total_seconds()),
                stop.charged_kwh,
            ]
            for stop in stops
        ]
        pins |= {stop.bin_id: crew for stop in stops if stop.locked and stop.bin_id is not None}
        if route.locked:
            fixed[crew] = [stop.bin_id for stop in stops if stop.bin_id is not None]
    reasons = {row.bin_id: _reason(row) for row in whole.left}
    risks = {row.bin_id: row.overflow_p for row in whole.left} | {
        stop.bin_id: stop.overflow_p for _, stops in whole.routes for stop in stops if stop.bin_id is not None
    }
    sketch = {
        "routes": routes,
        "pins": pins,
        "fixed": fixed,
        "dropped": [name for name, reason in reasons.items() if reason is Reason.LOCKED],
        "starts": dict(whole.plan.report.get("starts", {})),
    }
    known = {name: chance for name, chance in risks.items() if chance is not None}
    return to_draft(problem, sketch, reasons=reasons, risks=known)


def _reason(row: LeftBin) -> Reason:
    code = str(row.why.get("code", "")).upper()
    return Reason[code] if code in Reason.__members__ else Reason.NOT_NEEDED


def write_change(
    before: Draft, edited: Edited, edit: tuple[str, Mapping[str, Any]], facts: Facts, whole: WholePlan,
    lines: LinesOf, way: Way = "edit",
) -> Change:  # fmt: skip
    """The rows an edit changes. `edit` is its kind and what `PlanEdit.args` keeps of it."""
    after, report = edited.draft, dict(whole.plan.report)
    crews = _touched(before, edited)
    held = {crew_of(before.problem, route): route for route, _ in whole.routes}
    rows = {row.truck: row for row in after.plan.routes}
    writer = _Writer(after, facts, held, lines)
    report["broken"] = [broken_text(one) for one in edited.delta.broken]
    report["starts"] = dict(after.starts)
    served = {name for route in after.plan.routes for name in route.bins}
    was_left = {left.bin: left.reason for left in before.plan.left}
    told = {row.bin_id for row in whole.left}
    return Change(
        kind=edit[0],
        args=dict(edit[1]),
        delta=delta_json(edited.delta),
        head=_totals(after.plan) | {"report": report},
        trucks=[(held[crew].truck_id, held[crew].shift_id) for crew in crews if crew in held],
        routes=[writer.route(rows[crew]) for crew in crews if crew in rows],
        unleft=sorted(served & told),
        left=[writer.left(left.bin, left.reason, left.mandatory) for left in after.plan.left
              if was_left.get(left.bin) is not left.reason or left.bin not in told],
        way=way,
    )  # fmt: skip


def edit_args(before: Draft, edited: Edited, args: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an edit to take it back and do it again: its fields, and the touched routes before and after."""
    crews = _touched(before, edited)
    reasons = {name: reason.name for name, reason in reasons_of(before.plan).items()}
    fresh = {name: reason.name for name, reason in reasons_of(edited.draft.plan).items()}
    return {
        "edit": dict(args),
        "before": sketch_of(before, crews),
        "after": sketch_of(edited.draft, crews),
        "reasons": {name: code for name, code in reasons.items() if fresh.get(name) != code},
    }


def delta_json(delta: Delta) -> dict[str, Any]:
    """A delta as JSON."""
    return {
        "km": round(delta.km, 3),
        "minutes": round(delta.minutes, 1),
        "money": round(delta.money, 2),
        "kwh": round(delta.kwh, 2),
        "overflows": round(delta.overflows, 4),
        "broken": len(delta.broken),
    }


def broken_text(one: Violation) -> str:
    """A broken rule in a line."""
    return f"{one.truck}: {one.text}" if one.truck else one.text


def _touched(before: Draft, edited: Edited) -> list[str]:
    """The trucks whose route, or whose locks, another edit changed."""
    old, new = before.problem.locks, edited.draft.problem.locks
    crews = set(edited.trucks)
    crews |= old.fixed.keys() ^ new.fixed.keys()
    pins = {**old.pins, **new.pins}
    crews |= {truck for name, truck in pins.items() if old.pins.get(name) != new.pins.get(name)}
    crews |= {old.pins[name] for name in old.pins if old.pins[name] != new.pins.get(name)}
    return sorted(crews)


def _totals(plan: Plan) -> dict[str, Any]:
    return {
        "cost": round(plan.cost, 2),
        "km": round(plan.km, 3),
        "hours": round(plan.hours, 3),
        "kwh": round(plan.kwh, 2),
        "kg": float(sum(route.kg for route in plan.routes)),
        "served": plan.served,
        "unserved": len(plan.missed),
    }


class _Writer:
    """Rows of the routes and left bins of one draft."""

    def __init__(self, draft: Draft, facts: Facts, held: Mapping[str, Route], lines: LinesOf) -> None:
        self.draft = draft
        self.facts = facts
        self.held = held
        self.lines = lines
        self.points = points_of(draft.problem, facts.where)
        self.visits = {visit.bin: visit for visit in draft.problem.visits}
        self.trucks = {truck.truck: truck for truck in draft.problem.trucks}

    def route(self, route: Driven) -> tuple[Route, list[Stop]]:
        """Row and stops of a route, its line drawn along the streets."""
        plan, held = self.draft.plan, self.held.get(route.truck)
        vehicle = self.trucks[route.truck].vehicle or route.truck
        battery = self.facts.battery.get(vehicle)
        row = Route(
            plan_id=0,
            truck_id=vehicle,
            shift_id=held.shift_id if held is not None else route.truck.partition("@")[2] or None,
            departs_at=plan.at(route.departs),
            returns_at=plan.at(route.returns),
            km=round(route.metres / 1000, 3),
            kwh=round(route.kwh, 2),
            kwh_p90=round(route.kwh_p90, 2),
            target_kwh=None if battery is None else round(target_kwh(route, battery, self.facts.reserve), 2),
            kg=route.kg,
            bins=len(route.bins),
            tips=route.tips,
            cost=round(route.cost, 2),
            overtime_minutes=round(route.overtime / 60, 1),
            charged_kwh=round(route.charged_kwh, 2),
            locked=route.truck in self.draft.problem.locks.fixed,
            line=self.lines([self.points[stop.location] for stop in route.stops], vehicle),
        )
        return row, [self._stop(number, stop) for number, stop in enumerate(route.stops)]

    def _stop(self, number: int, stop: Halted) -> Stop:
        plan, facts = self.draft.plan, self.facts
        lat, lon = self.points[stop.location]
        name = stop.bin or ""
        why = self._why_stopped(name) if stop.bin is not None else {}
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
            fill=facts.fill.get(name),
            overflow_p=facts.risk.get(name),
            locked=name in self.draft.problem.locks.pins,
            reason=facts.reason.get(name, ""),
            why=why,
        )

    def left(self, name: str, reason: Reason, due: bool) -> LeftBin:
        """Row of a bin left."""
        facts, why = self.facts, dict(self.facts.why.get(name, {}))
        code = reason.name.lower()
        return LeftBin(
            plan_id=0,
            bin_id=name,
            due=due,
            fill=facts.fill.get(name),
            overflow_p=facts.risk.get(name),
            reason=f"{reason}: {facts.reason.get(name, '')}".rstrip(": "),
            why={**why, "was": _origin(why, code), "code": code},
        )

    def _why_stopped(self, name: str) -> dict[str, Any]:
        """Why a bin is emptied: as it was planned, else by hand when a person put it in, else as it came about."""
        why = dict(self.facts.why.get(name, {}))
        origin = str(why.get("was") or why.get("code") or "")
        if origin in STOPPED:
            code = origin
        elif name in self.draft.problem.locks.pins:
            code = "by_hand"
        else:
            code = "due" if self.visits[name].mandatory else "on_the_way"
        return {**why, "was": origin, "code": code}


def _origin(why: Mapping[str, Any], code: str) -> str:
    """What the planner itself had said of a bin, however often it was put in and out since."""
    return str(why.get("was") or why.get("code") or code)


def read_facts(
    whole: WholePlan, bins: Iterable[tuple[str, float, float]],
    places: Iterable[tuple[str, float, float]], battery: Mapping[str, float], reserve: float,
) -> Facts:  # fmt: skip
    """What the rows know. `bins` and `places` are (id, latitude, longitude)."""
    rows: list[Stop | LeftBin] = [stop for _, stops in whole.routes for stop in stops if stop.bin_id is not None]
    rows += whole.left
    by_bin = {row.bin_id: row for row in rows if row.bin_id is not None}
    return Facts(
        fill={name: row.fill for name, row in by_bin.items()},
        risk={name: row.overflow_p for name, row in by_bin.items()},
        why={name: row.why for name, row in by_bin.items()},
        reason={name: row.reason for name, row in by_bin.items()},
        where={name: (lat, lon) for name, lat, lon in (*bins, *places)},
        battery=battery,
        reserve=reserve,
    )
