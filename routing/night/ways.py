"""The roads of a problem: the matrices each crew drives by, and the line of a route on the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import numpy as np

from fleet.tables import Bin
from routing.night.gather import Crews
from routing.problem import Matrix, Ways
from routing.roads import (
    UNREACHABLE,
    Network,
    Override,
    Profile,
    Router,
    Speeds,
    Tables,
    measure_matrix,
    measure_tables,
    route_geometry,
)
from routing.roads.tables import Kept, Shelf

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
    rules: tuple[str, ...] = ()
    """Street rules of ours that were kept."""
    engine: str = "built-in"


class RoadEngine(Protocol):
    """Who measures roads."""

    def measure(self, points: Sequence[Point], bins: Sequence[Bin | None], crews: Crews) -> Measured:
        """Ways between `points` for `crews`; `bins` names the bin at a point, None for depots and sites."""


@dataclass(frozen=True, slots=True)
class PlainRoads:
    """One network for every truck, at every hour."""

    network: Network

    def measure(self, points: Sequence[Point], bins: Sequence[Bin | None], crews: Crews) -> Measured:  # noqa: ARG002 - every bin and truck alike
        """Ways between the points on the one network."""
        matrix = measure_matrix(self.network, points)

        def lines(locations: Sequence[int], profile: str) -> Sequence[Line]:  # noqa: ARG001 - one for all
            return [leg.line for leg in route_geometry(self.network, [points[at] for at in locations])]

        ways = Ways(seconds=_marked(matrix.seconds), metres=_marked(matrix.metres))
        return Measured({"": ways}, frozenset(matrix.off_network), lines)


@dataclass(frozen=True, slots=True)
class StreetRoads:
    """The streets as each class of trucks meets them in the hours of its shift, our own rules in force."""

    network: Network
    day: date
    overrides: tuple[Override, ...] = ()
    speeds: Speeds | None = None
    shelf: Shelf | None = None
    router: Router | None = None

    def measure(self, points: Sequence[Point], bins: Sequence[Bin | None], crews: Crews) -> Measured:
        """Ways between the points by class and hours; classes that meet the same streets share one matrix."""
        profiles = {shift.shift_id: Profile.of(truck, shift) for truck, shift in crews}
        tables = measure_tables(
            self.network,
            points,
            tuple(profiles.values()),
            self.day,
            self.overrides,
            speeds=self.speeds,
            kerb=[row is not None and row.kerb for row in bins],
            shelf=self.shelf,
            router=self.router,
        )
        first: dict[int, str] = {}
        for key, ways in tables.ways.items():
            first.setdefault(id(ways), key)

        def lines(locations: Sequence[int], profile: str) -> Sequence[Line]:
            return [leg.line for leg in tables.legs(profile, locations)]

        return Measured(
            ways={key: tables.ways[key] for key in first.values()},
            off=frozenset(tables.off_network),
            lines=lines,
            profiles={shift: first[id(tables.ways[profile.key])] for shift, profile in profiles.items()},
            notes=(*self._fallen_back(tables), *_cut_off(tables, points, bins, profiles)),
            rules=tables.rules,
            engine=tables.engine,
        )

    def _fallen_back(self, tables: Tables) -> tuple[str, ...]:
        if self.router is None or tables.fell_back is None:
            return ()
        return (f"road engine {self.router.name}: {tables.fell_back}; the built-in network measured instead",)


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """A shelf from which is taken, and onto which nothing is put: for what is only supposed."""

    shelf: Shelf

    def fetch(self, key: str) -> Kept | None:
        """The matrix kept under this key."""
        return self.shelf.fetch(key)

    def keep(self, key: str, engine: str, kept: Kept) -> None:
        """Nothing is kept."""


def _cut_off(
    tables: Tables, points: Sequence[Point], bins: Sequence[Bin | None], profiles: Mapping[str, Profile]
) -> tuple[str, ...]:
    """Depots and sites that a class of trucks cannot come to or leave."""
    return tuple(
        f"shifts {', '.join(sorted(name for name, one in profiles.items() if one.key == key))}: trucks of this size "
        f"have no way to the place at {points[at][0]:.5f}, {points[at][1]:.5f}"
        for key, cut in tables.cut_off.items()
        for at in cut
        if bins[at] is None
    )


def _marked(matrix: Matrix) -> Matrix:
    return np.where(matrix >= UNREACHABLE, -1, matrix).astype(np.int32)
