"""What an edit changes, in the figures a dispatcher decides by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.check import check
from routing.edit.values import Delta, Margin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from routing.edit.values import Draft
    from routing.plan import Plan, Route
    from routing.problem import Problem


def measure(before: Draft, after: Draft, trucks: Iterable[str]) -> Delta:
    """The figures of `after` less those of `before`, and every rule the plan breaks after."""
    old, new = before.plan, after.plan
    if new is old and after.problem is before.problem:
        broken = check(after.problem, new)
        return Delta(0.0, 0.0, 0.0, 0.0, 0.0, {}, broken)
    broken, were = check(after.problem, new), check(before.problem, old)
    return Delta(
        km=(new.metres - old.metres) / 1000,
        minutes=(new.seconds - old.seconds) / 60,
        money=new.cost - old.cost,
        kwh=new.kwh - old.kwh,
        overflows=expected_overflows(after) - expected_overflows(before),
        margins={
            truck: Margin(margin(before.problem, old, truck), margin(after.problem, new, truck)) for truck in trucks
        },
        broken=broken,
        mended=len({(one.rule, one.truck, one.text) for one in were} - {(b.rule, b.truck, b.text) for b in broken}),
    )


def expected_overflows(draft: Draft) -> float:
    """How many of the bins left are expected to overflow before their next round."""
    served = {name for route in draft.plan.routes for name in route.bins}
    return sum(chance for name, chance in draft.risks.items() if name not in served)


def margin(problem: Problem, plan: Plan, name: str) -> float | None:
    """What a truck may still spend after its day at P90, in kWh; below 0 it may not come home."""
    route: Route | None = next((one for one in plan.routes if one.truck == name), None)
    truck = next((one for one in problem.trucks if one.truck == name), None)
    if route is None or truck is None or truck.spendable_kwh is None:
        return None
    return truck.spendable_kwh - route.kwh_p90 + route.charged_kwh
