"""A plan made whole of its routes: totals, and the bins it then leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.plan import Left, Plan, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routing.plan import Route
    from routing.problem import Problem


def make_whole(problem: Problem, routes: Mapping[str, Route], reasons: Mapping[str, Reason]) -> Plan:
    """The plan of these routes by truck; a bin left that `reasons` does not name could wait."""
    kept = tuple(routes[truck.truck] for truck in problem.trucks if truck.truck in routes)
    served = {name for route in kept for name in route.bins}
    dropped = problem.locks.dropped
    return Plan(
        zero=problem.zero,
        routes=kept,
        left=tuple(
            Left(
                bin=visit.bin,
                reason=Reason.LOCKED if visit.bin in dropped else reasons.get(visit.bin, Reason.NOT_NEEDED),
                mandatory=visit.mandatory,
            )
            for visit in problem.visits
            if visit.bin not in served
        ),
        cost=sum(route.cost for route in kept),
        metres=sum(route.metres for route in kept),
        seconds=sum(route.returns - route.departs for route in kept),
        kwh=sum(route.kwh for route in kept),
    )


def reasons_of(plan: Plan) -> dict[str, Reason]:
    """Why each bin is left; by whom it was dropped is for the locks to say."""
    return {left.bin: left.reason for left in plan.left if left.reason is not Reason.LOCKED}
