"""OSRM over HTTP: the services `table` and `route` of its API (project-osrm.org, "HTTP API" v1; measured with 26.10).

A table takes as many cells as `--max-table-size` squared (100 x 100 unless set), else 400 `TooBig`. Newer servers take
POST with JSON, which no proxy cuts; older ones refuse it, and are asked by GET from then on.
"""

from typing import Any, Final

import numpy as np

from routing.errors import RouterError
from routing.roads.arrays import F64, I64
from routing.roads.legs import Leg
from routing.roads.matrix import Cells
from routing.roads.remote import Block, Line, TooBig, ask_cells, check_leg, distances_moved, figures, read_polyline
from routing.roads.vehicles import Profile

_CELLS: Final = 10_000
_GET_POINTS: Final = 300  # by GET: an address of about 7 kB, below what proxies cut off
_ROUTE_POINTS: Final = 100  # at once; a server takes 500 unless set
_DIGITS: Final = 6


class Osrm:
    """An OSRM server. Its profile (car, truck) is the server's own: it knows neither our classes nor our rules."""

    name = "osrm"

    def __init__(self, line: Line) -> None:
        self._line = line
        self._size = [_CELLS]
        self._posts = True

    @property
    def mark(self) -> str:
        """The server's address."""
        return f"osrm {self._line.client.base_url}"

    def cells(self, points: F64, origins: I64, targets: I64, profile: Profile) -> Cells:  # noqa: ARG002 - the protocol
        """Ways from some points to others."""
        return ask_cells(self.name, self._line, self._size, points, origins, targets, self._ask_block)

    def matrix(self, points: F64, profile: Profile) -> Cells:
        """Ways between all points."""
        every = np.arange(len(points))
        return self.cells(points, every, every, profile)

    def route(self, points: F64, profile: Profile) -> tuple[Leg, ...]:  # noqa: ARG002 - the protocol
        """The streets from each point to the next."""
        self._line.start()
        legs: list[Leg] = []
        for start in range(0, len(points) - 1, _ROUTE_POINTS - 1):
            legs += self._ask_route(points[start : start + _ROUTE_POINTS])
        return tuple(legs)

    def _ask_block(self, sources: F64, goals: F64) -> Block:
        count, total = len(sources), len(sources) + len(goals)
        if not self._posts and total > _GET_POINTS:
            raise TooBig(f"{self.name}: {total} points are too many for one address")
        points = np.concatenate((sources, goals))
        answer = self._ask("table", points, list(range(count)), list(range(count, total)))
        if answer.get("code") == "TooBig":
            raise TooBig(f"{self.name}: {answer.get('message', 'too big')}")
        if answer.get("code") != "Ok":
            raise RouterError(f"{self.name}: {answer.get('code')}: {answer.get('message', 'no reason given')}")
        return Block(
            figures(self.name, answer.get("durations")),
            figures(self.name, answer.get("distances")),
            np.concatenate(
                [distances_moved(self.name, answer, what, "distance", None) for what in ("sources", "destinations")]
            ),
        )

    def _ask(self, service: str, points: F64, sources: list[int], goals: list[int]) -> dict[str, Any]:
        path = f"/{service}/v1/driving"
        if self._posts:
            body = {
                "coordinates": points[:, ::-1].tolist(),
                "sources": sources,
                "destinations": goals,
                "annotations": ["duration", "distance"],
                "generate_hints": False,
            }
            answer = self._line.ask("POST", path, body)
            if answer.get("code") not in {"InvalidUrl", "InvalidOptions", "InvalidService", "InvalidQuery", None}:
                return answer
            self._posts = False  # an older server
            if len(points) > _GET_POINTS:
                raise TooBig(f"{self.name}: takes no POST, and {len(points)} points are too many for one address")
        where = ";".join(f"{lon:.6f},{lat:.6f}" for lat, lon in points.tolist())
        return self._line.ask(
            "GET",
            f"{path}/{where}",
            annotations="duration,distance",
            generate_hints="false",
            sources=";".join(map(str, sources)),
            destinations=";".join(map(str, goals)),
        )

    def _ask_route(self, points: F64) -> list[Leg]:
        where = ";".join(f"{lon:.6f},{lat:.6f}" for lat, lon in points.tolist())
        answer = self._line.ask(
            "GET", f"/route/v1/driving/{where}", steps="true", overview="false", geometries="polyline6",
            continue_straight="true",
        )  # fmt: skip
        try:
            legs = answer["routes"][0]["legs"]
            if answer["code"] != "Ok" or len(legs) != len(points) - 1:
                raise RouterError(f"{self.name}: {answer['code']}, {len(legs)} legs for {len(points)} points")
            return [
                check_leg(self.name, _line_of(leg), leg["duration"], leg["distance"], points[at : at + 2])
                for at, leg in enumerate(legs)
            ]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise RouterError(f"{self.name}: {answer.get('code')}: no route in its answer") from error


def _line_of(leg: dict[str, Any]) -> tuple[tuple[float, float], ...]:
    line: list[tuple[float, float]] = []
    for step in leg["steps"]:
        line += [point for point in read_polyline(step["geometry"], _DIGITS) if not line or line[-1] != point]
    return tuple(line)
