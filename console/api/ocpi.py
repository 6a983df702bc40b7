"""The public stations as OCPI 2.2.1 Locations and as GeoJSON (RFC 7946), out of a look at the store.

A location is a site with public stations, or such a station without a site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chargers.money import Rule, choose
from fleet.settings import Settings
from fleet.store import Work
from fleet.tables import Connector, Evse, Place, Station

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
STATUSES: Mapping[str, str] = {
    "Available": "AVAILABLE",
    "Reserved": "RESERVED",
    "Faulted": "OUTOFORDER",
    "Unavailable": "INOPERATIVE",
    "Charging": "CHARGING",
    **dict.fromkeys(("SuspendedEV", "SuspendedEVSE"), "CHARGING"),
    **dict.fromkeys(("Occupied", "Preparing", "Finishing"), "BLOCKED"),
}
"""By what a connector told last; CHARGING also while a transaction runs."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The public stations and all that is told of them."""

    stations: Sequence[Station]
    places: Mapping[str, Place]
    evses: Mapping[str, Sequence[Evse]]
    connectors: Mapping[tuple[str, int], Sequence[Connector]]
    charging: frozenset[tuple[str, int]]
    rules: Sequence[Rule]


def look(work: Work) -> Scene:
    """The public stations as the store knows them now."""
    public = [row for row in work.stations.all() if row.public and row.admission == "accepted"]
    names = {row.station_id for row in public}
    evses: dict[str, list[Evse]] = {}
    for evse in work.stations.evses():
        if evse.station_id in names:
            evses.setdefault(evse.station_id, []).append(evse)
    connectors: dict[tuple[str, int], list[Connector]] = {}
    for connector in work.stations.connectors():
        if connector.station_id in names and connector.evse:
            connectors.setdefault((connector.station_id, connector.evse), []).append(connector)
    return Scene(
        public,
        {place.place_id: place for place in work.places.all()},
        evses,
        connectors,
        frozenset((row.station_id, row.evse) for row in work.charging.running()),
        [Rule(row.tariff_id, row.token_group, row.station_group, row.rank) for row in work.money.rules()],
    )


def describe_locations(scene: Scene, settings: Settings) -> list[dict[str, Any]]:
    """Locations as OCPI writes them, by id."""
    sites: dict[str, list[Station]] = {}
    for station in scene.stations:
        sites.setdefault(station.place_id or station.station_id, []).append(station)
    found = (_location(scene, settings, name, stations) for name, stations in sorted(sites.items()))
    return [one for one in found if one is not None]


def describe_points(scene: Scene) -> dict[str, Any]:
    """GeoJSON (RFC 7946) of the public stations."""
    features = []
    for station in scene.stations:
        at = _where(scene, station)
        if at is None:
            continue
        evses = [_status(scene, station, evse) for evse in scene.evses.get(station.station_id, ())]
        properties = {
            "id": station.station_id,
            "name": station.name or station.station_id,
            "place": station.place_id,
            "current": station.current,
            "max_kw": station.max_kw,
            "evses": len(evses),
            "available": evses.count("AVAILABLE"),
            "statuses": evses,
        }
        point = {"type": "Point", "coordinates": [round(at[1], 6), round(at[0], 6)]}
        features.append({"type": "Feature", "id": station.station_id, "geometry": point, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


def _location(scene: Scene, settings: Settings, name: str, stations: Sequence[Station]) -> dict[str, Any] | None:
    place = scene.places.get(name)
    at = (place.lat, place.lon) if place is not None else _where(scene, stations[0])
    if at is None:
        return None
    country_code, _, party = settings.http.ocpi_party.partition("*")
    evses = [_evse(scene, one, evse) for one in stations for evse in scene.evses.get(one.station_id, ())]
    label = (place.name if place is not None else stations[0].name) or name
    return {
        "country_code": country_code,
        "party_id": party,
        "id": name[:36],
        "publish": True,
        "name": label,
        "address": label[:45],
        "city": settings.city.name[:45],
        "country": settings.http.ocpi_country,
        "coordinates": _coordinates(at),
        "evses": evses,
        "time_zone": settings.city.time_zone,
        "last_updated": max((evse["last_updated"] for evse in evses), default=instant_text(BEGINNING)),
    }


def _evse(scene: Scene, station: Station, evse: Evse) -> dict[str, Any]:
    rows = scene.connectors.get((station.station_id, evse.number), ())
    changed = max(
        [row.status_at for row in rows if row.status_at is not None]
        + [at for at in (station.connected_at, None if station.online else station.last_seen_at) if at is not None],
        default=BEGINNING,
    )
    told: dict[str, Any] = {
        "uid": f"{station.station_id}*{evse.number}"[:36],
        "status": _status(scene, station, evse),
        "connectors": [
            _connector(scene, station, evse, number, changed) for number in [row.number for row in rows] or [1]
        ],
        "physical_reference": (station.name or station.station_id)[:16],
        "last_updated": instant_text(changed),
    }
    if station.lat is not None and station.lon is not None:
        told["coordinates"] = _coordinates((station.lat, station.lon))
    return told


def _connector(scene: Scene, station: Station, evse: Evse, number: int, changed: datetime) -> dict[str, Any]:
    direct = station.current == "DC"
    volts = 400 if direct or station.phases > 1 else 230
    phases = 1 if direct or station.phases == 1 else 3
    tariff = choose(scene.rules, "", [name.strip() for name in station.groups.split(",") if name.strip()])
    return {
        "id": str(number),
        "standard": "IEC_62196_T2_COMBO" if direct else "IEC_62196_T2",
        "format": "CABLE" if direct else "SOCKET",
        "power_type": "DC" if direct else f"AC_{phases}_PHASE",
        "max_voltage": volts,
        "max_amperage": round(evse.max_kw * 1000 / (volts if direct else 230 * phases)),
        "max_electric_power": round(evse.max_kw * 1000),
        **({"tariff_ids": [tariff]} if tariff is not None else {}),
        "last_updated": instant_text(changed),
    }


def _status(scene: Scene, station: Station, evse: Evse) -> str:
    if not station.online:
        return "UNKNOWN"
    if (station.station_id, evse.number) in scene.charging:
        return "CHARGING"
    told = [STATUSES.get(row.status, "UNKNOWN") for row in scene.connectors.get((station.station_id, evse.number), ())]
    rank = ("CHARGING", "BLOCKED", "RESERVED", "OUTOFORDER", "INOPERATIVE", "AVAILABLE", "UNKNOWN")
    return min(told, key=rank.index, default="UNKNOWN")


def _where(scene: Scene, station: Station) -> tuple[float, float] | None:
    if station.lat is not None and station.lon is not None:
        return station.lat, station.lon
    place = scene.places.get(station.place_id or "")
    return None if place is None else (place.lat, place.lon)


def _coordinates(at: tuple[float, float]) -> dict[str, str]:
    return {"latitude": f"{at[0]:.6f}", "longitude": f"{at[1]:.6f}"}


def instant_text(at: datetime) -> str:
    """An instant as OCPI writes it."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
