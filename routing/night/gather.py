"""The city as the planner sees it: read from the store in one go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from fleet.store import Work
from fleet.tables import Bin, Place, Shift, Truck
from routing.forecast import Emptying, Reading

HORIZON_DAYS = 14
"""How far ahead the next shifts are looked for."""

Crews = tuple[tuple[Truck, Shift], ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at `now` for the rounds of the local day `day`. One shift a truck and day: the earliest."""

    now: datetime
    day: date
    zone: tzinfo
    bins: tuple[Bin, ...]
    readings: tuple[Reading, ...]
    emptyings: tuple[Emptying, ...]
    crews: Crews
    later: tuple[tuple[date, Crews], ...]
    """The crews of the days after, as far as the horizon."""
    depots: tuple[Place, ...]
    disposal: tuple[Place, ...]

    @property
    def zero(self) -> datetime:
        """Local midnight of the day: where the plan's seconds count from. In UTC, where a day is what a clock runs."""
        return _instant(self.day, "00:00", self.zone)

    def at(self, clock: str, after: int = -1) -> int:
        """Seconds after `zero` of a local time "HH:MM", of the next day when it is not later than second `after`."""
        for day in (self.day, self.day + timedelta(days=1)):
            seconds = int((_instant(day, clock, self.zone) - self.zero).total_seconds())
            if seconds > after:
                break
        return seconds

    def chances(self, stream: str) -> tuple[datetime, datetime, datetime]:
        """When a bin of `stream` is emptied if it is: in this plan's shifts, in the next, and in those after.

        Each is the middle of the earliest shift of a truck that collects the stream. Where none is in sight within the
        horizon, one a week later is taken; where the stream has no truck on the day itself, any truck's shift.
        """
        found = []
        for day, crews in ((self.day, self.crews), *self.later):
            fitting = [shift for truck, shift in crews if stream in truck.streams]
            if day == self.day and not fitting:
                fitting = [shift for _, shift in crews]
            if fitting:
                found.append(min(_middle(day, shift, self.zone) for shift in fitting))
        found = found or [self.zero + timedelta(hours=9.5)]
        while len(found) < 3:
            found.append(found[-1] + timedelta(days=7))
        return found[0], found[1], found[2]


def gather(work: Work, day: date, zone: tzinfo, history_days: int) -> Situation:
    """Read the city from the store."""
    since = work.now - timedelta(days=history_days)
    trucks = work.trucks.all()
    days = [day + timedelta(days=ahead) for ahead in range(1, HORIZON_DAYS + 1)]
    places = work.places.all()
    return Situation(
        now=work.now,
        day=day,
        zone=zone,
        bins=tuple(work.bins.all()),
        readings=tuple(Reading(*row) for row in work.bins.fills_since(since)),
        emptyings=tuple(Emptying(row.bin_id, row.emptied_at) for row in work.bins.emptyings_since(since)),
        crews=_crews(work, trucks, day),
        later=tuple((each, _crews(work, trucks, each)) for each in days),
        depots=tuple(place for place in places if place.is_depot),
        disposal=tuple(place for place in places if place.is_disposal),
    )


def _crews(work: Work, trucks: list[Truck], day: date) -> Crews:
    shifts: dict[str, Shift] = {}
    for shift in work.trucks.shifts_on(day):
        shifts.setdefault(shift.truck_id, shift)
    return tuple((truck, shifts[truck.truck_id]) for truck in trucks if truck.truck_id in shifts)


def _instant(day: date, clock: str, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def _middle(day: date, shift: Shift, zone: tzinfo) -> datetime:
    starts, ends = _instant(day, shift.starts, zone), _instant(day, shift.ends, zone)
    if ends <= starts:
        ends = _instant(day + timedelta(days=1), shift.ends, zone)
    return starts + (ends - starts) / 2
