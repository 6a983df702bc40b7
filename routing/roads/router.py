"""What a road engine elsewhere can do; the built-in network stands behind all of them (`routing.roads.tables`).

    router.cells(points, origins, targets, profile)   part of a matrix
    router.matrix(points, profile)                    the whole of it
    router.route(points, profile)                     the streets from point to point

Engines: OSRM, Valhalla, openrouteservice. Points are (n, 2) latitude, longitude.
"""

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from routing.roads.arrays import F64, I64
    from routing.roads.legs import Leg
    from routing.roads.matrix import Cells
    from routing.roads.vehicles import Profile

BUILT_IN: Final = "built-in"


class Router(Protocol):
    """A road engine. Every verb raises RouterError where it cannot answer, or answers what cannot be true."""

    @property
    def name(self) -> str:
        """As a report names it."""

    @property
    def mark(self) -> str:
        """Same mark, same answers: part of the key of kept matrices."""

    def cells(self, points: "F64", origins: "I64", targets: "I64", profile: "Profile") -> "Cells":
        """Ways from some points to others, both given as positions."""

    def matrix(self, points: "F64", profile: "Profile") -> "Cells":
        """Ways between all points."""

    def route(self, points: "F64", profile: "Profile") -> "tuple[Leg, ...]":
        """The streets from each point to the next."""
