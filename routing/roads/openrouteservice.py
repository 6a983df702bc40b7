"""openrouteservice over HTTP: `/v2/matrix/driving-hgv` and `/v2/directions/driving-hgv` (its API docs).

The public server takes 3,500 cells and 50 places of a route (its page on restrictions), one of one's own 2,500 cells
unless set; beyond, it answers error 6004 (matrix) or 2004 (route). 429 with Retry-After when its quota is used up.
"""

from typing import Any, Final, NoReturn

import numpy as np

from routing.errors import RouterError
from routing.roads.arrays import F64, I64
from routing.roads.legs import Leg
from routing.roads.matrix import Cells
from routing.roads.remote import Block, Line, TooBig, ask_cells, check_leg, distances_moved, figures
from routing.roads.vehicles import Profile

_CELLS: Final = 2_500
_ROUTE_POINTS: Final = 50
_TOO_BIG: Final = frozenset({2004, 6004})


class OpenRouteService:
    """An openrouteservice server with its heavy goods vehicle, as big as the profile's class where it can be told."""

    name = "openrouteservice"

    def __init__(self, line: Line) -> None:
        self._line = line
        self._size = [_CELLS]

    @property
    def mark(self) -> str:
        """The server's address."""
        return f"openrouteservice {self._line.client.base_url}"

    def cells(self, points: F64, origins: I64, targets: I64, profile: Profile) -> Cells:  # noqa: ARG002 - the protocol
        """Ways from some points to others; its matrix knows no sizes of vehicles, only heavy goods vehicles."""
        return ask_cells(self.name, self._line, self._size, points, origins, targets, self._ask_block)

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

    def _ask_block(self, sources: F64, goals: F64) -> Block:
        count, total = len(sources), len(sources) + len(goals)
        body = {
            "locations": np.concatenate((sources, goals))[:, ::-1].tolist(),
            "sources": list(range(count)),
            "destinations": list(range(count, total)),
            "metrics": ["duration", "distance"],
            "units": "m",
        }
        answer = self._line.ask("POST", "/v2/matrix/driving-hgv", body)
        if "durations" not in answer:
            self._refuse(answer)
        # a place it cannot bring to a street is null, and so are all its cells; it may leave out a distance of 0
        moved = [
            distances_moved(self.name, answer, what, "snapped_distance", 0.0) for what in ("sources", "destinations")
        ]
        return Block(
            figures(self.name, answer["durations"]), figures(self.name, answer.get("distances")), np.concatenate(moved)
        )

    def _ask_route(self, points: F64, profile: Profile) -> list[Leg]:
        vehicle = profile.vehicle
        size = {
            "height": vehicle.height_m,
            "width": vehicle.width_m,
            "length": vehicle.length_m,
            "weight": vehicle.gross_t,
        }
        body = {
            "coordinates": points[:, ::-1].tolist(),
            "options": {"vehicle_type": "hgv", "profile_params": {"restrictions": size}},
            "instructions": False,
        }
        answer = self._line.ask("POST", "/v2/directions/driving-hgv/geojson", body)
        if "features" not in answer:
            self._refuse(answer)
        try:
            found = answer["features"][0]
            line = [(lat, lon) for lon, lat, *_ in found["geometry"]["coordinates"]]
            cuts, parts = found["properties"]["way_points"], found["properties"]["segments"]
            if len(cuts) != len(points) or len(parts) != len(points) - 1:
                raise RouterError(f"{self.name}: {len(parts)} legs for {len(points)} points")
            return [
                check_leg(
                    self.name,
                    tuple(line[cuts[at] : cuts[at + 1] + 1]),
                    float(part.get("duration", 0.0)),
                    float(part.get("distance", 0.0)),
                    points[at : at + 2],
                )
                for at, part in enumerate(parts)
            ]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise RouterError(f"{self.name}: no route in its answer") from error

    def _refuse(self, answer: dict[str, Any]) -> NoReturn:
        error = answer.get("error")
        code, text = (error.get("code"), error.get("message")) if isinstance(error, dict) else (None, error)
        said = f"{self.name}: {text or 'no matrix in its answer'}"
        if code in _TOO_BIG:
            raise TooBig(said)
        raise RouterError(said)
