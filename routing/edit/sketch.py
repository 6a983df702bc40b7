"""A draft as plain JSON and back: what the store keeps of an edit, so that it can be undone after a restart.

A sketch holds times and names only; every figure is worked out again from the problem. It is whole or of
some trucks, beside all locks and starts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from routing.edit.index import Index
from routing.edit.trace import Halt, halts_of, trace
from routing.edit.values import NO_STARTS, NOTHING, Draft
from routing.edit.whole import make_whole
from routing.errors import EditError
from routing.problem import Locks

if TYPE_CHECKING:
    from routing.plan import Reason
    from routing.problem import Problem

Sketch = dict[str, Any]
"""{"routes": {truck: [[kind, name, arrive, leave, charged_kwh], …] or []}, "pins", "fixed", "dropped", "starts"}"""


def sketch_of(draft: Draft, trucks: Collection[str] | None = None) -> Sketch:
    """The draft as JSON; of these trucks' routes, or of all."""
    locks, routes = draft.problem.locks, {route.truck: route for route in draft.plan.routes}
    return {
        "routes": {
            truck: [
                [halt.kind, halt.bin or halt.place or "", halt.arrive, halt.leave, halt.charged_kwh]
                for halt in halts_of(routes[truck])
            ]
            if truck in routes
            else []
            for truck in (sorted(routes) if trucks is None else trucks)
        },
        "pins": dict(locks.pins),
        "fixed": {truck: list(bins) for truck, bins in locks.fixed.items()},
        "dropped": sorted(locks.dropped),
        "starts": dict(draft.starts),
    }


def to_draft(
    problem: Problem,
    sketch: Mapping[str, Any],
    *,
    reasons: Mapping[str, Reason],
    risks: Mapping[str, float] = NOTHING,
    on: Draft | None = None,
) -> Draft:
    """The draft a sketch stands for. A sketch of some trucks is laid over the draft `on`.

    Raises EditError for a sketch with names the problem does not know.
    """
    locks = Locks(
        pins=dict(sketch.get("pins", {})),
        fixed={truck: tuple(bins) for truck, bins in sketch.get("fixed", {}).items()},
        dropped=frozenset(sketch.get("dropped", ())),
    )
    problem = replace(problem, locks=locks)
    index = Index.of(problem)
    routes = {} if on is None else {route.truck: route for route in on.plan.routes}
    for truck, rows in sketch["routes"].items():
        routes.pop(truck, None)
        if rows:
            try:
                routes[truck] = trace(index, index.truck(truck), [_halt(*row) for row in rows])
            except KeyError as unknown:
                raise EditError(
                    f"the route of {truck} names {unknown}, which this plan's problem does not know"
                ) from None
    plan = make_whole(problem, routes, reasons)
    starts = {truck: int(when) for truck, when in sketch.get("starts", {}).items()}
    return Draft(problem=problem, plan=plan, starts=starts or NO_STARTS, risks=risks)


def _halt(kind: Any, name: str, arrive: int, leave: int, charged: float) -> Halt:
    is_bin = kind == "bin"
    return Halt(kind, int(arrive), int(leave), name if is_bin else None, None if is_bin else name or None, charged)
