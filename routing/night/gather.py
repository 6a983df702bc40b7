"""The city as the planner sees it: read from the store in one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from fleet.store import Work
from fleet.tables import Bin, Place, Shift, Truck
from routing.forecast import Emptying, Reading


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at `now` for the rounds of the local day `day`. One shift a truck and day: the earliest."""

    now: datetime
    day: date
    zone: tzinfo
    bins: tuple[Bin, ...]
    readings: tuple[Reading, ...]
    emptyings: tuple[Emptying, ...]
    crews: tuple[tuple[Truck, Shift], ...]
    depots: tuple[Place, ...]
    disposal: tuple[Place, ...]

    @property
    def zero(self) -> datetime:
        """Local midnight of the day: where the plan's seconds count from."""
        return datetime.combine(self.day, time(), self.zone)

    def at(self, clock: str) -> int:
        """Seconds after `zero` of a local time "HH:MM"."""
        hours, minutes = clock.split(":")
        return int(hours) * 3600 + int(minutes) * 60

    @property
    def service(self) -> datetime:
        """When bins are emptied on the day, for a forecast: the middle of the shifts, or of the morning."""
        spans = [(self.at(shift.starts) + self.at(shift.ends)) / 2 for _, shift in self.crews]
        return self.zero + timedelta(seconds=sum(spans) / len(spans) if spans else 9.5 * 3600)


def gather(work: Work, day: date, zone: tzinfo, history_days: int) -> Situation:
    """Read the city from the store."""
    since = work.now - timedelta(days=history_days)
    shifts: dict[str, Shift] = {}
    for shift in work.trucks.shifts_on(day):
        shifts.setdefault(shift.truck_id, shift)
    places = work.places.all()
    return Situation(
        now=work.now,
        day=day,
        zone=zone,
        bins=tuple(work.bins.all()),
        readings=tuple(Reading(*row) for row in work.bins.fills_since(since)),
        emptyings=tuple(Emptying(row.bin_id, row.emptied_at) for row in work.bins.emptyings_since(since)),
        crews=tuple((truck, shifts[truck.truck_id]) for truck in work.trucks.all() if truck.truck_id in shifts),
        depots=tuple(place for place in places if place.is_depot),
        disposal=tuple(place for place in places if place.is_disposal),
    )
