"""A plan of one night as values: routes, their stops, and the bins left with the reason.

Times are whole seconds after `Plan.zero`; `Plan.at` turns them into datetimes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

StopKind = Literal["depart", "bin", "tip", "break", "charge", "return"]


class Reason(StrEnum):
    """Why a bin is left."""

    NOT_NEEDED = "can wait"
    OUTSIDE = "outside the road network"
    STREAM = "no truck for this stream"
    SITE = "no disposal site for this stream"
    NARROW = "no truck for this narrow street"
    TOO_BIG = "more than any truck can load"
    WINDOW = "outside its opening hours"
    SHIFT = "shift too short"
    CAPACITY = "capacity"
    BATTERY = "battery"
    ENERGY = "too little energy by departure"
    LOCKED = "left out by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One halt of a route. Loads and energy are those on leaving it, `metres` the way from the halt before.

    `bin` is set for kind "bin", `place` for "tip", "charge", "depart" and "return"; a break is taken where the truck
    stands. `kwh` is what was used since departure, whatever was charged: `charged_kwh` says what was, at this halt. A
    bin's service ends when the truck leaves; whatever lies between arrival and service is waiting.
    """

    kind: StopKind
    location: int
    arrive: int
    leave: int
    metres: int
    litres: int
    kg: int
    kwh: float
    bin: str | None = None
    place: str | None = None
    charged_kwh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One truck, one shift. `kwh` is expected, nine days in ten stay below `kwh_p90`; kg and litres are collected.

    `overtime`: seconds on duty after the shift's end, paid in `cost`.
    """

    truck: str
    departs: int
    returns: int
    stops: tuple[Stop, ...]
    metres: int
    kg: int
    litres: int
    kwh: float
    kwh_p90: float
    cost: float
    charged_kwh: float = 0.0
    overtime: int = 0

    @property
    def bins(self) -> tuple[str, ...]:
        """The bins in the order they are emptied."""
        return tuple(stop.bin for stop in self.stops if stop.bin is not None)

    @property
    def tips(self) -> int:
        """How often the truck unloads."""
        return sum(stop.kind == "tip" for stop in self.stops)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A bin no route visits. `mandatory`: it should have been visited, and `reason` is what stands against it."""

    bin: str
    reason: Reason
    mandatory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One night. `cost` is that of driving it (fixed, kilometres, hours), without the value of what is left."""

    zero: datetime
    routes: tuple[Route, ...]
    left: tuple[Left, ...]
    cost: float
    metres: int
    seconds: int
    kwh: float

    @property
    def km(self) -> float:
        """Kilometres of all routes."""
        return self.metres / 1000

    @property
    def hours(self) -> float:
        """Hours on duty of all trucks."""
        return self.seconds / 3600

    @property
    def served(self) -> int:
        """Bins emptied."""
        return sum(len(route.bins) for route in self.routes)

    @property
    def missed(self) -> tuple[Left, ...]:
        """The mandatory bins left."""
        return tuple(left for left in self.left if left.mandatory)

    def at(self, seconds: float) -> datetime:
        """The instant `seconds` after the plan's zero."""
        return self.zero + timedelta(seconds=seconds)
