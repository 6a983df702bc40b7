"""Depots, disposal sites and charging sites from CSV, TOML or GeoJSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleet.exchange.cells import Cells
from fleet.exchange.geography import LAT, LON, Spot, check_spots, read_spot
from fleet.exchange.hours import read_queue, read_weekdays
from fleet.exchange.records import given_columns, need_columns, read_records, refuse_if, unused_columns
from fleet.exchange.streams import read_streams
from fleet.tables import Place

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("place_id", "place", "code", "ref", "identifiant"),
    "lat": LAT,
    "lon": LON,
    "name": ("nom", "label", "libelle"),
    "kind": ("type", "role", "roles", "kinds", "nature"),
    "is_depot": ("depot",),
    "is_disposal": ("disposal", "decharge"),
    "unload_seconds": ("unload_s", "tip_seconds", "service_seconds"),
    "unload_minutes": ("tip_minutes", "dechargement_min"),
    "opens": ("opens_at", "ouverture", "ouvre"),
    "closes": ("closes_at", "fermeture", "ferme"),
    "weekdays": ("days", "jours"),
    "streams": ("stream", "flux", "fractions"),
    "queue": ("queue_minutes", "attente"),
    "truck_charger_kw": ("charger_kw", "borne_camion_kw"),
    "site_limit_kw": ("limit_kw", "grid_kw", "puissance_souscrite_kw", "limite_kw"),
    "base_load_kw": ("base_kw", "base_load", "charge_de_base_kw"),
}
ROLES: Mapping[str, str] = {
    **dict.fromkeys(("depot", "dépôt", "dépot", "garage", "مستودع"), "depot"),
    **dict.fromkeys(
        ("disposal", "landfill", "transfer", "transfer_station", "tip", "décharge", "decharge", "incinerator"),
        "disposal",
    ),
    **dict.fromkeys(("charging", "charging_site", "recharge", "site"), "charging"),
}


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """Places of a file; see BinFile for `given` and `notes`."""

    source: str
    places: tuple[Place, ...]
    given: frozenset[str]
    notes: tuple[str, ...] = ()


def read_places(path: Path) -> PlaceFile:
    """Places from a file; TOML has one [[places]] each. `kind` names roles: depot, disposal, charging, or several.

    Raises:
        ImportRefused: rows that cannot be used; every one is named with its line and mend.
        FleetError: the file cannot be read at all.
    """
    records = read_records(path, "places")
    need_columns(records, NAMES, ("id", "lat", "lon"))
    problems = list(records.problems)
    places: list[Place] = []
    spots: list[Spot] = []
    seen: dict[str, str] = {}
    for record in records.rows:
        cells = Cells(record, NAMES, problems)
        spot = read_spot(cells, problems)
        if spot is not None:
            spots.append(spot)
        places.append(_read_place(cells, spot, read_key(cells, seen)))
    refuse_if(records.source, [*problems, *check_spots(spots)])
    given = set(given_columns(records, NAMES)) - {"id"}
    if "kind" in given:
        given |= {"is_depot", "is_disposal"}
    if "unload_minutes" in given:
        given.add("unload_seconds")
    return PlaceFile(records.source, tuple(places), frozenset(given), unused_columns(records, NAMES))


def read_key(cells: Cells, seen: dict[str, str], longest: int = 48) -> str:
    """The row's id, which no row above may have; "" when there is none to use."""
    key = cells.text("id", longest) if cells.need("id", "give every row a name of its own") else None
    if key is None:
        return ""
    before = seen.setdefault(key, cells.where)
    if before != cells.where:
        cells.note("id", f"{key!r} is on {before} too; every row needs its own")
    return key


def _read_place(cells: Cells, spot: Spot | None, key: str) -> Place:
    roles = set()
    for word in cells.words("kind"):
        if word in ROLES:
            roles.add(ROLES[word])
        else:
            cells.note("kind", f"{word!r} is unknown; write depot, disposal or charging")
    place = Place(
        place_id=key,
        name=cells.text("name") or key,
        lat=spot.lat if spot is not None else 0.0,
        lon=spot.lon if spot is not None else 0.0,
        is_depot="depot" in roles or bool(cells.yes_no("is_depot")),
        is_disposal="disposal" in roles or bool(cells.yes_no("is_disposal")),
        opens=cells.clock("opens"),
        closes=cells.clock("closes"),
        site_limit_kw=cells.number("site_limit_kw", 1, 100_000, "kW"),
        base_load_kw=cells.number("base_load_kw", 0, 100_000, "kW") or 0.0,
    )
    place.weekdays = read_weekdays(cells, "weekdays") or place.weekdays
    place.streams = read_streams(cells, "streams") or None
    place.queue = read_queue(cells, "queue")
    place.truck_charger_kw = cells.number("truck_charger_kw", 0, 1000, "kW") or 0.0
    minutes = cells.number("unload_minutes", 0, 240, "minutes")
    seconds = cells.whole("unload_seconds", 0, 4 * 3600, "seconds")
    if minutes is not None:
        place.unload_seconds = round(minutes * 60)
    elif seconds is not None:
        place.unload_seconds = seconds
    _check(cells, place, roles)
    return place


def _check(cells: Cells, place: Place, roles: set[str]) -> None:
    if "charging" in roles and place.site_limit_kw is None and not cells.has("site_limit_kw"):
        cells.note("site_limit_kw", "is empty; a charging site needs what its grid connection may carry, in kW")
    if place.site_limit_kw is not None and place.base_load_kw >= place.site_limit_kw:
        cells.note(
            "base_load_kw",
            f"{place.base_load_kw:g} leaves nothing of the site's {place.site_limit_kw:g} kW; correct one of the two",
        )
    if not cells.has("kind") and not (place.is_depot or place.is_disposal or place.site_limit_kw):
        cells.note("kind", "is empty; write depot, disposal or charging, or several such as depot+charging")
    if place.opens and place.closes and place.opens >= place.closes:
        cells.note("closes", f"{place.closes} is not after {place.opens}; leave both empty for always open")
