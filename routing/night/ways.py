"""The roads of a problem: the matrices each crew drives by, and the line of a route on the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from fleet.tables import Bin
from routing.night.gather import Crews
from routing.problem import Matrix, Ways
from routing.roads import UNREACHABLE, Network, measure_matrix, route_geometry

Point = tuple[float, float]
Line = Sequence[Point]
Lines = Callable[[Sequence[int], str], Sequence[Line]]
"""The streets from each of these points to the next, as trucks of a profile drive."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Matrices by profile, the profile of each shift, points no street is near, and what was done without."""

    ways: Mapping[str, Ways]
    off: frozenset[int]
    lines: Lines
    profiles: Mapping[str, str] = field(default_factory=dict)
    """By shift id; a shift that is not named drives by the first of `ways`."""
    notes: tuple[str, ...] = ()


class RoadEngine(Protocol):
    """Who measures roads."""

    def measure(self, points: Sequence[Point], bins: Sequence[Bin | None], crews: Crews) -> Measured:
        """Ways between `points` for `crews`; `bins` names the bin at a point, None for depots and sites."""


@dataclass(frozen=True, slots=True)
class PlainRoads:
    """One network for every truck."""

    network: Network

    def measure(self, points: Sequence[Point], bins: Sequence[Bin | None], crews: Crews) -> Measured:  # noqa: ARG002 - every bin and truck alike
        """Ways between the points on the one network."""
        matrix = measure_matrix(self.network, points)

        def lines(locations: Sequence[int], profile: str) -> Sequence[Line]:  # noqa: ARG001 - one for all
            return [leg.line for leg in route_geometry(self.network, [points[at] for at in locations])]

        ways = Ways(seconds=_marked(matrix.seconds), metres=_marked(matrix.metres))
        return Measured({"": ways}, frozenset(matrix.off_network), lines)


def _marked(matrix: Matrix) -> Matrix:
    return np.where(matrix >= UNREACHABLE, -1, matrix).astype(np.int32)
