"""Valhalla over HTTP: `/sources_to_targets` and `/route` with its truck costing (valhalla.github.io, API reference).

Kilometres and seconds. A server takes 2,500 pairs at once (`max_matrix_location_pairs`) and 20 places of a route
unless set otherwise; beyond, it answers 400 with an error code of its own (150 and its neighbours).
"""

from typing import Any, Final, NoReturn

import numpy as np

from routing.errors import RouterError
from routing.roads.arrays import F64, I64
from routing.roads.legs import Leg
from routing.roads.matrix import Cells
from routing.roads.remote import Block, Line, TooBig, ask_cells, check_leg, figures, read_polyline
from routing.roads.vehicles import Profile

_CELLS: Final = 2_500
_ROUTE_POINTS: Final = 20
_DIGITS: Final = 6
_TOO_BIG: Final = frozenset({150, 151, 152, 153, 154})
"""Error codes of a request beyond the server's limits on places, distance or pairs."""
_METRES_A_KM: Final = 1000.0


class Valhalla:
    """A Valhalla server with trucks as big as the profile's class."""

    name = "valhalla"

    def __init__(self, line: Line) -> None:
        self._line = line
        self._size = [_CELLS]

    @property
    def mark(self) -> str:
        """The server's address."""
        return f"valhalla {self._line.client.base_url}"

    def cells(self, points: F64, origins: I64, targets: I64, profile: Profile) -> Cells:
        """Ways from some points to others."""

        def ask(sources: F64, goals: F64) -> Block:
            return self._ask_block(sources, goals, profile)

        return ask_cells(self.name, self._line, self._size, points, origins, targets, ask)

    def matrix(self, points: F64, profile: Profile) -> Cells:
        """Ways between all points."""
        every = np.arange(len(points))
        return self.cells(points, every, every, profile)

    def route(self, points: F64, profile: Profile) -> tuple[Leg, ...]:
        """The streets from each point to the next."""
        self._line.start()
        legs: list[Leg] = []
        for start in range(0, len(points) - 1, _ROUTE_POINTS - 1):
            legs += self._ask_route(points[start : start + _ROUTE_POINTS], profile)
        return tuple(legs)

    def _ask_block(self, sources: F64, goals: F64, profile: Profile) -> Block:
        body = {
            "sources": _places(sources),
            "targets": _places(goals),
            "verbose": False,
            "units": "kilometers",
            **_costing(profile),
        }
        answer = self._line.ask("POST", "/sources_to_targets", body)
        found = answer.get("sources_to_targets")
        if not isinstance(found, dict):
            self._refuse(answer)
        if answer.get("units", "kilometers") != "kilometers":
            raise RouterError(f"{self.name}: answers in {answer['units']}")
        return Block(
            figures(self.name, found.get("durations")), figures(self.name, found.get("distances"), _METRES_A_KM)
        )

    def _ask_route(self, points: F64, profile: Profile) -> list[Leg]:
        body = {"locations": _places(points), "units": "kilometers", **_costing(profile)}
        answer = self._line.ask("POST", "/route", body)
        if "trip" not in answer:
            self._refuse(answer)
        try:
            legs = answer["trip"]["legs"]
            if len(legs) != len(points) - 1:
                raise RouterError(f"{self.name}: {len(legs)} legs for {len(points)} points")
            return [
                check_leg(
                    self.name,
                    read_polyline(leg["shape"], _DIGITS),
                    float(leg["summary"]["time"]),
                    float(leg["summary"]["length"]) * _METRES_A_KM,
                    points[at : at + 2],
                )
                for at, leg in enumerate(legs)
            ]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise RouterError(f"{self.name}: no route in its answer") from error

    def _refuse(self, answer: dict[str, Any]) -> NoReturn:
        said = f"{self.name}: {answer.get('error', 'no matrix in its answer')}"
        if answer.get("error_code") in _TOO_BIG:
            raise TooBig(said)
        raise RouterError(said)


def _places(points: F64) -> list[dict[str, float]]:
    return [{"lat": lat, "lon": lon} for lat, lon in points.tolist()]


def _costing(profile: Profile) -> dict[str, Any]:
    vehicle = profile.vehicle
    size = {
        "height": vehicle.height_m,
        "width": vehicle.width_m,
        "length": vehicle.length_m,
        "weight": vehicle.gross_t,
    }
    return {"costing": "truck", "costing_options": {"truck": size}}
