"""The city as the planner sees it: read from the store in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from fleet.store import Work
from fleet.tables import Bin, CitizenReport, Place, Shift, Truck
from routing.forecast import Emptying, Reading

HORIZON_DAYS = 14
"""How far ahead the next shifts are looked for."""
BIN_SECONDS = 240.0
"""Of a shift for one bin, tips and the way out shared among them, where no earlier plan tells."""

Crews = tuple[tuple[Truck, Shift], ...]


@dataclass(frozen=True, slots=True)
class Plugs:
    """What a charging site offers: its strongest EVSE, how many there are, and what the grid leaves them all."""

    evse_kw: float
    count: int
    room_kw: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at `now` for the rounds of the local day `day`. A truck may work several shifts a day."""

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
    reports: Mapping[str, CitizenReport] = field(default_factory=dict)
    """By bin, the oldest open report that asks for an emptying."""
    plugs: Mapping[str, Plugs] = field(default_factory=dict)
    """By place, where trucks charge between two shifts."""
    missing: tuple[str, ...] = ()
    """Trucks that have a shift today and are out of service."""
    bin_seconds: float = BIN_SECONDS
    """Of a shift for one bin, as the last plan had it."""

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

    def on_day(self, clock: str, ahead: int) -> int:
        """Seconds after `zero` of a local time "HH:MM", `ahead` days later."""
        return int((_instant(self.day + timedelta(days=ahead), clock, self.zone) - self.zero).total_seconds())

    def rounds(self, stream: str) -> tuple[tuple[date, datetime], ...]:
        """The days on which a truck collects `stream`, with the middle of its earliest shift, from this day on."""
        found = []
        for day, crews in ((self.day, self.crews), *self.later):
            fitting = [shift for truck, shift in crews if stream in truck.streams]
            if day == self.day and not fitting:
                fitting = [shift for _, shift in crews]
            if fitting:
                found.append((day, min(_middle(day, shift, self.zone) for shift in fitting)))
        return tuple(found)

    def chances(self, stream: str) -> tuple[datetime, datetime, datetime]:
        """When a bin of `stream` is emptied if it is: in this plan's shifts, in the next, and in those after.

        Each is the middle of the earliest shift of a truck that collects the stream. Where none is in sight within the
        horizon, one a week later is taken; where the stream has no truck on the day itself, any truck's shift.
        """
        found = [middle for _, middle in self.rounds(stream)] or [self.zero + timedelta(hours=9.5)]
        while len(found) < 3:
            found.append(found[-1] + timedelta(days=7))
        return found[0], found[1], found[2]


def gather(work: Work, day: date, zone: tzinfo, history_days: int) -> Situation:
    """Read the city from the store."""
    since = work.now - timedelta(days=history_days)
    trucks = work.trucks.all()
    days = [day + timedelta(days=ahead) for ahead in range(1, HORIZON_DAYS + 1)]
    places = work.places.all()
    active = {truck.truck_id for truck in trucks}
    last = work.plans.newest()
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
        reports={row.bin_id: row for row in reversed(work.reports.asking()) if row.bin_id is not None},
        plugs=_plugs(work, places),
        missing=tuple(sorted({row.truck_id for row in work.trucks.shifts_on(day)} - active)),
        bin_seconds=last.hours * 3600 / last.served if last is not None and last.served else BIN_SECONDS,
    )


def _crews(work: Work, trucks: list[Truck], day: date) -> Crews:
    shifts: dict[str, list[Shift]] = {}
    for shift in work.trucks.shifts_on(day):
        shifts.setdefault(shift.truck_id, []).append(shift)
    return tuple((truck, shift) for truck in trucks for shift in shifts.get(truck.truck_id, ()))


def _plugs(work: Work, places: list[Place]) -> dict[str, Plugs]:
    admitted = {row.station_id: row.place_id for row in work.stations.all() if row.admission == "accepted"}
    powers: dict[str, list[float]] = {}
    for evse in work.stations.evses():
        place = admitted.get(evse.station_id)
        if place is not None:
            powers.setdefault(place, []).append(evse.max_kw)
    return {
        place.place_id: Plugs(
            evse_kw=max(powers[place.place_id]),
            count=len(powers[place.place_id]),
            room_kw=max(0.0, place.site_limit_kw - place.base_load_kw),
        )
        for place in places
        if place.site_limit_kw is not None and place.place_id in powers
    }


def _instant(day: date, clock: str, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def _middle(day: date, shift: Shift, zone: tzinfo) -> datetime:
    starts, ends = _instant(day, shift.starts, zone), _instant(day, shift.ends, zone)
    if ends <= starts:
        ends = _instant(day + timedelta(days=1), shift.ends, zone)
    return starts + (ends - starts) / 2
