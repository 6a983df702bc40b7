"""The independent checker: every rule of the problem, held against a plan, from the matrices and the visits alone.

It shares no code with any engine and believes none of a plan's figures: arrival times, loads, energy, cost and totals
are all worked out again. `routing.walk` drives each route once more; here is what concerns the plan as a whole.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from routing.plan import Reason
from routing.walk import ENERGY, MONEY, Rule, Violation, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.plan import Plan
    from routing.problem import Problem

__all__ = ["Rule", "Violation", "check"]


def check(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Every rule `plan` breaks, in the order of its routes; empty when it may be published."""
    return tuple(_check(problem, plan))


def _check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    if plan.zero != problem.zero:
        yield Violation("times", "", None, f"counts from {plan.zero}, the problem from {problem.zero}")
    yield from _check_bins(problem, plan)
    yield from _check_locks(problem, plan)
    trucks = {truck.truck: truck for truck in problem.trucks}
    used: set[str] = set()
    for route in plan.routes:
        if route.truck in used:
            yield Violation("fleet", route.truck, None, "has two routes in one shift")
        used.add(route.truck)
        if route.truck not in trucks:
            yield Violation("fleet", route.truck, None, "is not a truck of this problem")
            continue
        yield from Walk(problem, trucks[route.truck], route).violations()
    yield from _check_vehicles(problem, plan)
    for name, stated, ours, slack in (
        ("metres", plan.metres, sum(route.metres for route in plan.routes), 0),
        ("seconds", plan.seconds, sum(route.returns - route.departs for route in plan.routes), 0),
        ("kWh", plan.kwh, sum(route.kwh for route in plan.routes), ENERGY),
        ("cost", plan.cost, sum(route.cost for route in plan.routes), MONEY),
    ):
        if not abs(stated - ours) <= slack:
            yield Violation("totals", "", None, f"plan states {stated} {name}, its routes sum to {ours}")


def _check_bins(problem: Problem, plan: Plan) -> Iterator[Violation]:
    visits = {visit.bin: visit for visit in problem.visits}
    times: dict[str, int] = {}
    for route in plan.routes:
        for name in route.bins:
            times[name] = times.get(name, 0) + 1
            if name not in visits:
                yield Violation("bins", route.truck, None, f"bin {name} is not in this problem")
            elif times[name] == 2:
                yield Violation("bins", route.truck, None, f"bin {name} is visited more than once")
    left: set[str] = set()
    for entry in plan.left:
        if entry.bin in left or entry.bin in times:
            yield Violation("bins", "", None, f"bin {entry.bin} is listed as left, and visited or listed before")
        left.add(entry.bin)
        if entry.bin not in visits:
            yield Violation("bins", "", None, f"left bin {entry.bin} is not in this problem")
        elif entry.mandatory != visits[entry.bin].mandatory:
            yield Violation("bins", "", None, f"left bin {entry.bin} is listed with mandatory={entry.mandatory}")
    for name in visits.keys() - times.keys() - left:
        yield Violation("bins", "", None, f"bin {name} is neither visited nor listed as left")


def _check_vehicles(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """One vehicle is on the road once at a time, whatever shifts it drives."""
    names = {truck.truck: truck.vehicle or truck.truck for truck in problem.trucks}
    by_start = sorted((route for route in plan.routes if route.truck in names), key=lambda route: route.departs)
    for one, two in itertools.combinations(by_start, 2):
        if one.truck != two.truck and names[one.truck] == names[two.truck] and two.departs < one.returns:
            text = f"departs at {two.departs} s, while its vehicle is out as {one.truck} until {one.returns} s"
            yield Violation("fleet", two.truck, None, text)


def _check_locks(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """What a hand has settled stands; a locked bin may be missing only where the plan says what stands against it."""
    locks = problem.locks
    driver = {name: route.truck for route in plan.routes for name in route.bins}
    reasons = {entry.bin: entry.reason for entry in plan.left}
    for name in sorted(locks.dropped):
        if name in driver:
            yield Violation("lock", driver[name], None, f"bin {name} is left out by hand, and visited")
        elif reasons.get(name, Reason.LOCKED) is not Reason.LOCKED:
            yield Violation("lock", "", None, f"bin {name} is left out by hand; its reason says {reasons[name].value}")
    wanted = dict(locks.pins) | {name: truck for truck, bins in locks.fixed.items() for name in bins}
    for name, truck in wanted.items():
        if driver.get(name, truck) != truck:
            yield Violation("lock", driver[name], None, f"bin {name} is kept for truck {truck}")
        if reasons.get(name) is Reason.NOT_NEEDED:
            yield Violation("lock", "", None, f"bin {name} is kept for truck {truck}, and left because it can wait")
    for route in plan.routes:
        fixed = locks.fixed.get(route.truck)
        if fixed is not None and list(route.bins) != [name for name in fixed if driver.get(name) == route.truck]:
            yield Violation("lock", route.truck, None, "does not drive exactly the bins it is fixed to, in their order")
