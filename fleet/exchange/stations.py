"""Charging stations from CSV, TOML or GeoJSON. Passwords are hashed as they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleet.exchange.cells import Cells
from fleet.exchange.geography import LAT, LON, Spot, check_spots, read_spot
from fleet.exchange.places import read_key
from fleet.exchange.records import given_columns, need_columns, read_records, refuse_if, unused_columns
from fleet.passwords import hash_password
from fleet.tables import Evse, Station

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("station_id", "station", "charge_point", "charge_point_id", "identity", "borne", "code"),
    "name": ("nom", "label", "libelle"),
    "place_id": ("place", "site", "site_id", "depot"),
    "lat": LAT,
    "lon": LON,
    "admission": (),
    "password": ("mot_de_passe", "auth_password"),
    "password_hash": (),
    "current": ("courant", "current_type"),
    "phases": (),
    "max_kw": ("power_kw", "puissance_kw", "kw"),
    "fallback_kw": ("repli_kw",),
    "evses": ("evse_count", "connectors", "points", "prises"),
    "evse_max_kw": (),
}
CURRENTS: Mapping[str, str] = {"ac": "AC", "dc": "DC", "alternatif": "AC", "continu": "DC"}
ADMISSIONS: Mapping[str, str] = {word: word for word in ("accepted", "parked", "refused")}
_IDENTITY = re.compile(r"^[A-Za-z0-9*\-_=:+|@.]{1,48}$")
_HASH = re.compile(r"^[0-9a-f]{16,}\$[0-9a-f]{32,}$")


@dataclass(frozen=True, slots=True)
class StationFile:
    """Stations of a file, each with its EVSEs; `lines` says where each stands. See BinFile for `given` and `notes`."""

    source: str
    stations: tuple[tuple[Station, tuple[Evse, ...]], ...]
    given: frozenset[str]
    lines: Mapping[str, str]
    notes: tuple[str, ...] = ()


def read_stations(path: Path) -> StationFile:
    """Stations from a file; TOML has one [[stations]] each. `evses` is how many vehicles it charges at once.

    Raises:
        ImportRefused: rows that cannot be used; every one is named with its line and mend.
        FleetError: the file cannot be read at all.
    """
    records = read_records(path, "stations")
    need_columns(records, NAMES, ("id",))
    problems = list(records.problems)
    stations: list[tuple[Station, tuple[Evse, ...]]] = []
    spots: list[Spot] = []
    seen: dict[str, str] = {}
    for record in records.rows:
        cells = Cells(record, NAMES, problems)
        key = read_key(cells, seen)
        if key and not _IDENTITY.match(key):
            cells.note("id", f"{key!r} cannot be a station's identity; letters, figures and * - _ = : + | @ . only")
        spot = read_spot(cells, problems) if cells.has("lat") or cells.has("lon") else None
        if spot is not None:
            spots.append(spot)
        station = _read_station(cells, key, spot)
        stations.append((station, _read_evses(cells, station)))
    refuse_if(records.source, [*problems, *check_spots(spots)])
    for (station, _), record in zip(stations, records.rows, strict=True):
        _set_password(station, Cells(record, NAMES, []))
    given = set(given_columns(records, NAMES)) - {"id"}
    return StationFile(records.source, tuple(stations), frozenset(given), seen, unused_columns(records, NAMES))


def _read_station(cells: Cells, key: str, spot: Spot | None) -> Station:
    current = cells.choice("current", CURRENTS) or "AC"
    max_kw = cells.number("max_kw", 1, 1500, "kW")
    station = Station(
        station_id=key,
        name=cells.text("name") or "",
        place_id=cells.text("place_id", 48),
        lat=spot.lat if spot is not None else None,
        lon=spot.lon if spot is not None else None,
        admission=cells.choice("admission", ADMISSIONS) or "accepted",
        current=current,
        phases=cells.whole("phases", 1, 3, "phases") or 3,
    )
    station.max_kw = station.max_kw if max_kw is None else max_kw
    fallback = cells.number("fallback_kw", 0, 1500, "kW")
    station.fallback_kw = min(station.fallback_kw, station.max_kw) if fallback is None else fallback
    if station.fallback_kw > station.max_kw:
        cells.note("fallback_kw", f"{station.fallback_kw:g} is more than max_kw {station.max_kw:g}; lower it")
    if station.phases == 2:
        cells.note("phases", "2 is neither 1 nor 3")
    password, digest = cells.text("password", 64), cells.text("password_hash", 300)
    if password is not None and digest is not None:
        cells.note("password", "is given besides a password_hash; keep one")
    if digest is not None and not _HASH.match(digest):
        cells.note("password_hash", "is not salt$key in hexadecimal; give the password itself instead")
    return station


def _set_password(station: Station, cells: Cells) -> None:
    """Hash last: it is slow on purpose, and a refused file needs none of it."""
    password = cells.text("password", 64)
    station.password_hash = hash_password(password) if password is not None else cells.text("password_hash", 300)


def _read_evses(cells: Cells, station: Station) -> tuple[Evse, ...]:
    count = cells.whole("evses", 1, 50, "EVSEs") or 1
    power = cells.number("evse_max_kw", 1, 1500, "kW") or station.max_kw
    if power > station.max_kw:
        cells.note("evse_max_kw", f"{power:g} is more than the station's max_kw {station.max_kw:g}; lower it")
    return tuple(Evse(station_id=station.station_id, number=number, max_kw=power) for number in range(1, count + 1))
