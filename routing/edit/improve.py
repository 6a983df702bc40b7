"""Improve around the locks: a short search that starts from the plan as it is and may only get better."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from routing.check import check
from routing.solve import solve

if TYPE_CHECKING:
    from routing.edit.values import Draft, Improve
    from routing.plan import Plan
    from routing.problem import Problem

BETTER = 0.005
"""Money by which a plan must be cheaper to count as better: less is rounding."""


def improve(draft: Draft, edit: Improve) -> Plan | None:
    """A better plan within `edit.seconds`; None when none was found.

    A truck whose departure was set by hand starts then. A draft that breaks rules takes any plan that keeps them.
    """
    problem = draft.problem
    if draft.starts:
        trucks = tuple(
            replace(truck, starts=when) if (when := draft.starts.get(truck.truck, -1)) > truck.starts else truck
            for truck in problem.trucks
        )
        problem = replace(problem, trucks=trucks)
    found = solve(problem, edit.seconds, edit.seed, warm=draft.plan)
    if found == draft.plan or check(draft.problem, found):
        return None
    if check(draft.problem, draft.plan) or worth(problem, found) < worth(problem, draft.plan) - BETTER:
        return found
    return None


def worth(problem: Problem, plan: Plan) -> float:
    """The cost of a plan with what it leaves: the value of optional bins, and far more for each mandatory one."""
    served = {name for route in plan.routes for name in route.bins}
    far_more = 10 * (1 + plan.cost + sum(visit.value for visit in problem.visits))
    lost = sum(far_more if visit.mandatory else visit.value for visit in problem.visits if visit.bin not in served)
    return plan.cost + lost
