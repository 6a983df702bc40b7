"""What goes wrong in the simulated night, and when: drawn from the seed, so that a bad night can be had again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from .evening import choose_stations
from .opening import CITY_TIME

if TYPE_CHECKING:
    from .city import City

FaultKind = Literal["station faulted", "line dropped", "cable unplugged", "sensor silent", "truck late"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a station, sensor device or truck from `starts` until `ends`; `detail` says what is seen.

    A late truck is late by the length of the fault, which starts at its shift.
    """

    kind: FaultKind
    subject: str
    starts: datetime
    ends: datetime
    detail: str

    def lasts(self, at: datetime) -> bool:
        return self.starts <= at < self.ends


def draw_faults(city: City) -> tuple[Fault, ...]:
    """The night's faults in order of time, all between the opening and the end of the morning shift."""
    rng = np.random.default_rng((city.seed, 31))
    opens = city.opens_at
    taken = sorted(choose_stations(city).values())
    spare = [s.station_id for s in city.stations if s.station_id not in taken and s.station_id != city.faulted_station]

    def some(hours: tuple[float, float], minutes: tuple[float, float]) -> tuple[datetime, datetime]:
        starts = opens + timedelta(minutes=round(60 * rng.uniform(*hours)))
        return starts, starts + timedelta(minutes=round(rng.uniform(*minutes)))

    broken, dropped, unplugged = (taken[int(k)] for k in rng.choice(len(taken), size=3))
    lonely = spare[int(rng.integers(len(spare)))]
    sensor = next(s for s in (city.sensors[int(k)] for k in rng.permutation(len(city.sensors))) if s.health == "sound")
    late = city.trucks[int(rng.integers(len(city.trucks)))]
    shift = next(s for s in city.shifts if s.truck_id == late.truck_id)
    tomorrow = opens.astimezone(CITY_TIME).date() + timedelta(days=1)
    starts = datetime.combine(tomorrow, shift.starts, CITY_TIME).astimezone(UTC)
    begun, mended = opens - timedelta(hours=5), some((4, 5.5), (0, 0))[0]
    late_by = timedelta(minutes=round(rng.uniform(12, 35)))
    faults = (
        Fault("station faulted", city.faulted_station, begun, mended, "GroundFailure"),
        Fault("station faulted", broken, *some((5.0, 7.0), (25, 45)), "HighTemperature"),
        Fault("line dropped", dropped, *some((2.5, 4.5), (4, 12)), "no connection"),
        Fault("line dropped", lonely, *some((0.3, 1.5), (3, 8)), "no connection"),
        Fault("cable unplugged", unplugged, *some((3.5, 5.0), (6, 15)), "pulled by mistake"),
        Fault("sensor silent", sensor.device_id, *some((0.5, 3.0), (600, 900)), "no report"),
        Fault("truck late", late.truck_id, starts, starts + late_by, "crew short"),
    )  # fmt: skip
    return tuple(sorted(faults, key=lambda fault: (fault.starts, fault.subject)))
