"""Two plans side by side: totals, trucks, and every bin that fares otherwise. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.view.values import PlanView, RouteView

What = Literal["km", "hours", "kwh", "cost", "tonnes", "bins", "left", "missed", "overflows"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both plans."""

    what: What
    mine: float
    other: float

    @property
    def change(self) -> float:
        """Mine less the other's."""
        return self.mine - self.other


@dataclass(frozen=True, slots=True)
class TruckPair:
    """One truck's route in both plans; None where it has none."""

    truck_id: str
    mine: RouteView | None
    other: RouteView | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A bin that is emptied by other hands: by whom here and there, "" where it is left."""

    bin_id: str
    mine: str
    other: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one plan differs from another."""

    figures: tuple[Figure, ...]
    trucks: tuple[TruckPair, ...]
    moved: tuple[Moved, ...]


def compare(mine: PlanView, other: PlanView) -> Comparison:
    """How `mine` differs from `other`."""
    ours, theirs = _routes(mine), _routes(other)
    here, there = _homes(mine), _homes(other)
    return Comparison(
        tuple(Figure(what, a, b) for (what, a), (_, b) in zip(_figures(mine), _figures(other), strict=True)),
        tuple(TruckPair(name, ours.get(name), theirs.get(name)) for name in sorted(ours.keys() | theirs.keys())),
        tuple(
            Moved(name, here.get(name, ""), there.get(name, ""))
            for name in sorted(here.keys() | there.keys())
            if here.get(name) != there.get(name)
        ),
    )


def _figures(plan: PlanView) -> tuple[tuple[What, float], ...]:
    return (
        ("km", plan.km),
        ("hours", plan.hours),
        ("kwh", plan.kwh),
        ("cost", plan.cost),
        ("tonnes", plan.kg / 1000),
        ("bins", plan.served),
        ("left", len(plan.left)),
        ("missed", sum(item.due for item in plan.left)),
        ("overflows", sum(item.overflow_p or 0.0 for item in plan.left)),
    )


def _routes(plan: PlanView) -> dict[str, RouteView]:
    """Routes by truck; a second shift of the same truck by truck and shift."""
    routes: dict[str, RouteView] = {}
    for route in plan.routes:
        name = route.truck_id if route.truck_id not in routes else f"{route.truck_id}@{route.shift_id}"
        routes[name] = route
    return routes


def _homes(plan: PlanView) -> dict[str, str]:
    return {stop.bin_id: route.truck_id for route in plan.routes for stop in route.stops if stop.bin_id is not None}
