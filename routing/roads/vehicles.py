"""Classes of vehicles, and the hours they are on the road: what makes one truck's roads differ from another's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from routing.errors import RoadsError

if TYPE_CHECKING:
    from fleet.tables import Shift, Truck

_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class VehicleClass:
    """What signs and streets ask of a vehicle: tonnes gross, metres high, wide and long."""

    gross_t: float = 19.0
    height_m: float = 3.6
    width_m: float = 2.55
    length_m: float = 9.0

    def __post_init__(self) -> None:
        for name, most in (("gross_t", 100), ("height_m", 10), ("width_m", 6), ("length_m", 40)):
            value = getattr(self, name)
            if not 0 < value <= most:
                raise RoadsError(f"vehicle class: {name} is {value:g}: give a figure above 0 and up to {most}")

    @property
    def key(self) -> str:
        """Short name, part of a profile's."""
        return f"{self.gross_t:g}t-{self.height_m:g}m-{self.width_m:g}m-{self.length_m:g}m"


@dataclass(frozen=True, slots=True)
class Profile:
    """A class of vehicles in the hours of one shift, local times "HH:MM"; until not later than from: the next day."""

    vehicle: VehicleClass
    starts: str = "06:00"
    ends: str = "13:00"

    @classmethod
    def of(cls, truck: "Truck", shift: "Shift") -> Self:
        """The profile of a truck of the store in one of its shifts."""
        vehicle = VehicleClass(
            gross_t=truck.gross_t,
            height_m=truck.height_m,
            width_m=truck.width_m,
            length_m=truck.length_m,
        )
        return cls(vehicle, shift.starts, shift.ends)

    @property
    def key(self) -> str:
        """Name of this profile in a problem."""
        return f"{self.vehicle.key}@{self.starts}-{self.ends}"

    @property
    def span(self) -> tuple[int, int]:
        """From and until in minutes of the day; until beyond 24 h when the shift passes midnight."""
        return span_of(self.starts, self.ends)


def span_of(starts: str, ends: str) -> tuple[int, int]:
    """Minutes of the day of two local times, the second after the first."""
    since, until = minutes_of(starts), minutes_of(ends)
    return since, until if until > since else until + _DAY


def minutes_of(clock: str) -> int:
    """Minutes after midnight of "HH:MM"; RoadsError where it is no time of day."""
    hours, _, minutes = clock.partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60) and clock != "24:00":
        raise RoadsError(f"{clock!r} is no time of day: write it like 06:30")
    return int(hours) * 60 + int(minutes)
