"""Putting what a file said into the store: added or updated, never twice, never by half."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.events import Kind
from fleet.exchange.bins import BinFile
from fleet.exchange.places import PlaceFile
from fleet.exchange.records import refuse_if
from fleet.exchange.stations import StationFile
from fleet.exchange.trucks import SHIFT_FIELDS, TruckFile
from fleet.sensors.intake import UNKNOWN_SENSOR

if TYPE_CHECKING:
    from fleet.store import Work


@dataclass(frozen=True, slots=True)
class Kept:
    """How many rows were new, and how many there already."""

    added: int
    updated: int


def store_bins(work: Work, file: BinFile, *, who: str = "") -> Kept:
    """Keep bins and sensors; an alarm about a sensor nobody knew ends where it is known now."""
    new = sum(work.bins.upsert(row, file.given) for row in file.bins)
    for sensor in file.sensors:
        work.bins.upsert_sensor(sensor, {"bin_id", *file.given})
        for name in {sensor.device_id, sensor.device_id.lower(), (sensor.dev_eui or "").lower()} - {""}:
            work.alarms.clear(UNKNOWN_SENSOR, name)
    return _tell(work, "bins", file.source, new, len(file.bins), who)


def store_places(work: Work, file: PlaceFile, *, who: str = "") -> Kept:
    """Keep places."""
    new = sum(work.places.upsert(row, file.given) for row in file.places)
    return _tell(work, "places", file.source, new, len(file.places), who)


def store_trucks(work: Work, file: TruckFile, *, who: str = "") -> Kept:
    """Keep trucks and their shifts. A truck that names no depot belongs to the only one there is.

    Raises:
        ImportRefused: a depot that is not in the store, or none named where there are several.
    """
    depots = {place.place_id for place in work.places.all() if place.is_depot}
    if len(depots) == 1:
        for truck in file.trucks:
            truck.depot_id = truck.depot_id or next(iter(depots))
    wrong = [
        f"{file.lines[truck.truck_id]}, {field}: {named!r} is not a depot; {_name_some(depots, 'depot')}"
        for truck in file.trucks
        for field, named in (("depot_id", truck.depot_id), ("end_depot_id", truck.end_depot_id or truck.depot_id))
        if named not in depots and (field == "depot_id" or truck.end_depot_id is not None)
    ]
    refuse_if(file.source, wrong)
    new = sum(work.trucks.upsert(row, file.given) for row in file.trucks)
    shift_fields = SHIFT_FIELDS if "shifts" in file.given else file.given & SHIFT_FIELDS
    for shift in file.shifts:
        work.trucks.upsert_shift(shift, shift_fields)
    return _tell(work, "trucks", file.source, new, len(file.trucks), who)


def store_stations(work: Work, file: StationFile, *, who: str = "") -> Kept:
    """Keep stations; an empty password leaves the one a station has.

    Raises:
        ImportRefused: a site that is not in the store.
    """
    places = {place.place_id for place in work.places.all()}
    wrong = [
        f"{file.lines[row.station_id]}, place_id: {row.place_id!r} is not a place; {_name_some(places, 'place')}"
        for row, _ in file.stations
        if row.place_id is not None and row.place_id not in places
    ]
    refuse_if(file.source, wrong)
    new = sum(work.stations.upsert(row, list(evses), file.given) for row, evses in file.stations)
    return _tell(work, "stations", file.source, new, len(file.stations), who)


def _name_some(known: set[str], what: str) -> str:
    if not known:
        return f"there is no {what} yet: binwatt import places FILE"
    names = ", ".join(sorted(known)[:5])
    return f"known: {names}" if len(known) <= 5 else f"known: {names}, …"


def _tell(work: Work, what: str, source: str, new: int, count: int, who: str) -> Kept:
    work.events.append(Kind.CITY_IMPORTED, what, who=who, what=what, added=new, updated=count - new, file=source)
    return Kept(new, count - new)
