"""The names of a problem, looked up often while a plan is edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from routing.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routing.plan import Route
    from routing.problem import Depot, Problem, Site, Truck, Visit

Step = tuple[Literal["bin", "tip"], str]
"""One halt of a tour by name: a bin to empty or a disposal site to tip at."""
Tour = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """A problem by names."""

    problem: Problem
    visits: Mapping[str, Visit]
    sites: Mapping[str, Site]
    depots: Mapping[str, Depot]
    trucks: Mapping[str, Truck]

    @classmethod
    def of(cls, problem: Problem) -> Index:
        """The names of `problem`."""
        return cls(
            problem,
            {visit.bin: visit for visit in problem.visits},
            {site.place: site for site in problem.sites},
            {depot.place: depot for depot in problem.depots},
            {truck.truck: truck for truck in problem.trucks},
        )

    def visit(self, name: str) -> Visit:
        """The visit of a bin; EditError when this plan knows no such bin."""
        found = self.visits.get(name)
        if found is None:
            raise EditError(f"bin {name} was not offered to this plan; make a new plan to have it in")
        return found

    def truck(self, name: str) -> Truck:
        """A truck; EditError when it has no shift in this plan."""
        found = self.trucks.get(name)
        if found is None:
            raise EditError(f"truck {name} has no shift in this plan; give it one and make a new plan")
        return found

    def location(self, step: Step) -> int | None:
        """Where a halt is, as a row of the road matrix."""
        kind, name = step
        return self.visits[name].location if kind == "bin" else self.sites[name].location


def tour_of(route: Route) -> Tour:
    """The bins and tips of a route in order."""
    steps: list[Step] = []
    for stop in route.stops:
        if stop.kind == "bin" and stop.bin is not None:
            steps.append(("bin", stop.bin))
        elif stop.kind == "tip" and stop.place is not None:
            steps.append(("tip", stop.place))
    return tuple(steps)


def tidy(steps: list[Step]) -> list[Step]:
    """The steps without tips of an empty truck."""
    kept: list[Step] = []
    for step in steps:
        if step[0] == "tip" and (not kept or kept[-1][0] == "tip"):
            continue
        kept.append(step)
    return kept
