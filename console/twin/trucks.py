"""The life of a truck: it comes home, charges, leaves when its route says so, empties bins, and comes home again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from chargers.twin.pacing import Pacing
from console.twin.contents import Contents
from console.twin.depot import Depot
from console.twin.mail import Mail
from console.twin.rounds import read_round
from console.twin.timetable import Departure, Timetable
from fleet.twin.driving import Activity, Lift, Trip, TruckState, drive
from fleet.twin.evening import Homecoming
from fleet.twin.faults import Fault
from fleet.twin.vehicles import Truck

MOVING = timedelta(minutes=3)
"""Between two reports on the road."""
APART = timedelta(seconds=45)
"""Changes closer together than this are one report."""
CHARGING = timedelta(minutes=10)
STANDING = timedelta(minutes=60)
LOOK = timedelta(minutes=1)
"""A standing truck looks at its timetable this often."""

Doing = Activity | Literal["plugged"]


@dataclass(frozen=True, slots=True)
class World:
    """What all trucks share."""

    seed: int
    contents: Contents
    pacing: Pacing
    depot: Depot
    timetable: Timetable
    mail: Mail | None
    faults: tuple[Fault, ...]


class TruckLife:
    """One truck, from the evening the simulation opens on. `live` in a task."""

    def __init__(self, truck: Truck, home: Homecoming, gate: tuple[float, float], world: World) -> None:
        self._truck, self._home, self._world = truck, home, world
        self._place = gate
        self._soc = home.soc
        self._odometer_km = _draw_odometer(truck, world.seed) if home.trip is None else home.trip.planned.odometer_km
        self._load_kg = 0.0
        self._station: str | None = None
        self._home_since = home.at
        self._reported: tuple[Doing, float | None, datetime] | None = None

    async def live(self) -> None:
        """Until cancelled."""
        trip = self._home.trip
        if trip is not None and self._world.pacing.now() < trip.returns:
            await self._drive(trip)
        while True:
            departure = await self._stand()
            await self._drive(self._set_out(departure))

    async def _stand(self) -> Departure:
        """At home until a route is to be driven: on a cable where it has a battery."""
        world = self._world
        while True:
            now = world.pacing.now()
            if self._truck.battery is not None and self._station is None:
                self._plug()
            departure = world.timetable.next_departure(self._truck.truck_id, self._home_since, now)
            leaves = None if departure is None else departure.route.departs_at + self._late_by(departure)
            if departure is not None and leaves is not None and leaves <= now:
                return departure
            self._report_standing(now)
            await world.pacing.until(now + LOOK if leaves is None else min(now + LOOK, leaves))

    def _plug(self) -> None:
        assert self._soc is not None
        self._station = self._world.depot.park(self._truck, self._soc, self._home.station_id)
        if self._station is not None:
            self._place = self._world.depot.place(self._station)

    def _late_by(self, departure: Departure) -> timedelta:
        """How long the crew is late for a departure during its fault."""
        for fault in self._world.faults:
            hit = fault.kind == "truck late" and fault.subject == self._truck.truck_id
            if hit and fault.lasts(departure.route.departs_at):
                return fault.ends - fault.starts
        return timedelta(0)

    def _set_out(self, departure: Departure) -> Trip:
        world = self._world
        if self._station is not None:
            self._soc = world.depot.leave(self._station)
            self._station = None
        planned = read_round(
            self._truck,
            departure.route,
            departure.stops,
            departs=world.pacing.now(),
            soc=self._soc or 0.0,
            odometer_km=self._odometer_km,
        )
        return drive(planned, world.seed, world.contents.kg)

    async def _drive(self, trip: Trip) -> None:
        for at, lift in list_milestones(trip, self._world.pacing.now()):
            await self._world.pacing.until(at)
            if lift is not None:
                self._lift(lift)
            else:
                self._report_moving(trip.at(at))
        self._home_since = self._world.pacing.now()

    def _lift(self, lift: Lift) -> None:
        contents = self._world.contents
        message: dict[str, Any] = {
            "truck": self._truck.truck_id,
            "time": lift.at.isoformat(),
            "emptied": lift.bin_id,
        }
        if lift.bin_id in contents:
            message["fill_before"] = round(min(1.0, contents.fill(lift.bin_id, lift.at)), 4)
            contents.empty(lift.bin_id, lift.at)
        self._post(message)

    def _report_moving(self, state: TruckState) -> None:
        self._place = state.lat, state.lon
        self._soc, self._odometer_km, self._load_kg = state.soc, state.odometer_km, state.load_kg
        self._report(state.activity, state.at)

    def _report_standing(self, now: datetime) -> None:
        """At changes, while the battery fills every ten minutes, and otherwise once an hour."""
        depot = self._world.depot
        doing: Doing = "parked"
        if self._station is not None:
            self._soc = depot.soc(self._station)
            doing = "plugged" if depot.has_cable(self._station) else "parked"
        if self._reported is not None:
            did, soc, at = self._reported
            if did == doing and now < at + (STANDING if soc == self._soc else CHARGING):
                return
        self._report(doing, now)

    def _report(self, doing: Doing, at: datetime) -> None:
        self._reported = doing, self._soc, at
        self._post(
            {
                "truck": self._truck.truck_id,
                "time": at.isoformat(),
                "lat": round(float(self._place[0]), 6),
                "lon": round(float(self._place[1]), 6),
                "activity": doing,
                "soc": None if self._soc is None else round(self._soc, 4),
                "odometer_km": round(self._odometer_km, 2),
                "load_kg": round(self._load_kg, 1),
            }
        )

    def _post(self, message: dict[str, Any]) -> None:
        if self._world.mail is not None:
            self._world.mail.truck(message)


def _draw_odometer(truck: Truck, seed: int) -> float:
    """What a truck has run before the simulation opens, km."""
    return round(Random(f"{seed} {truck.truck_id}").uniform(4000, 46000), 1)


def list_milestones(trip: Trip, since: datetime) -> Iterator[tuple[datetime, Lift | None]]:
    """When something of a trip is to be told from `since` on: lifts (with the lift), changes and places on the way."""
    marks = {since} | {phase.starts for phase in trip.phases}
    for phase in trip.phases:
        steps = int((phase.ends - phase.starts) / MOVING)
        marks |= {phase.starts + step * MOVING for step in range(1, steps + 1)}
    told: list[datetime] = []
    for at in sorted(mark for mark in marks if since <= mark < trip.returns):
        if not told or at - told[-1] >= APART:
            told.append(at)
    reports: list[tuple[datetime, Lift | None]] = [(at, None) for at in (*told, trip.returns)]
    lifts = [(lift.at, lift) for lift in trip.lifts if lift.at >= since]
    yield from sorted([*reports, *lifts], key=lambda mark: mark[0])
