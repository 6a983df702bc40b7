"""Bins and their sensors from CSV, GeoJSON or TOML: every row checked, all problems told, or all rows given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fleet.exchange.cells import Cells, read_number
from fleet.exchange.geography import LAT, LON, Spot, check_spots, read_spot
from fleet.exchange.hours import read_shut, read_weekdays
from fleet.exchange.records import Records, given_columns, need_columns, read_records, refuse_if, unused_columns
from fleet.exchange.streams import DENSITY_KG_L, LITRES_FROM, STREAMS, stream_of_tags
from fleet.tables import Bin, Sensor

LONGEST_ID = 48

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": (
        "bin_id",
        "bin",
        "code",
        "ref",
        "reference",
        "identifiant",
        "numero",
        "bac",
        "conteneur",
        "container_id",
        "المعرف",
        "الرقم",
    ),
    "lat": LAT,
    "lon": LON,
    "name": ("nom", "label", "libelle", "designation", "الاسم"),
    "address": ("adresse", "street", "rue", "emplacement", "addr:street", "العنوان"),
    "stream": ("flux", "waste_stream", "type_dechet", "dechet", "fraction", "waste_type", "النوع"),
    "capacity_l": (
        *("capacity_litres", "capacity_liters", "litres", "liters", "volume_l", "capacite_l"),
        *("capacite_litres", "volume_litres"),
    ),
    "capacity_m3": ("capacite_m3", "volume_m3", "m3"),
    "capacity": ("capacite", "volume", "السعة"),
    "density_kg_l": ("density", "densite", "densite_kg_l"),
    "service_seconds": ("service_s", "service_time_s", "temps_service_s"),
    "overflow_fill": ("seuil_debordement",),
    "narrow": ("etroit", "narrow_street", "rue_etroite"),
    "kerb": ("kerb_side", "cote_trottoir"),
    "shut": ("closed_hours", "heures_fermees"),
    "fixed_days": ("days", "jours", "collection_days"),
    "quarter": ("quartier", "district", "secteur", "الحي"),
    "notes": ("note", "remarque", "remarques", "ملاحظة"),
    "active": ("actif", "en_service"),
    "device_id": ("device", "sensor", "sensor_id", "capteur", "id_capteur", "device_name"),
    "dev_eui": ("deveui", "eui"),
    "empty_mm": ("distance_empty_mm", "vide_mm", "distance_vide_mm"),
    "full_mm": ("distance_full_mm", "plein_mm", "distance_plein_mm"),
    "blind_mm": ("zone_morte_mm",),
}
"""Fields, and the plain headings besides their own that mean them."""


@dataclass(frozen=True, slots=True)
class BinFile:
    """What a file says: `given` names the columns it fills, for a second import must not reset what it does not say."""

    source: str
    bins: tuple[Bin, ...]
    sensors: tuple[Sensor, ...]
    given: frozenset[str]
    notes: tuple[str, ...] = field(default=())
    """What a person should know of, one line each; nothing in them stops the import."""


def read_bins(path: Path, *, sensors: bool = False) -> BinFile:
    """Bins from a CSV, GeoJSON or TOML ([[bins]]) file. A device_id column gives each bin its sensor.

    With `sensors` a bin without one gets a sensor with its own id in lower case as device id ("bin-0042").

    Raises:
        ImportRefused: rows that cannot be used; every one is named with its line and mend.
        FleetError: the file cannot be read at all.
    """
    records = read_records(path, "bins")
    problems = list(records.problems)
    bins: list[Bin] = []
    found: list[Sensor] = []
    spots: list[Spot] = []
    seen: dict[tuple[str, str], str] = {}
    need_columns(records, NAMES, ("id", "lat", "lon"))
    for record in records.rows:
        cells = Cells(record, NAMES, problems)
        spot = read_spot(cells, problems)
        bin_id = _read_id(cells, seen)
        tags = {name: str(value) for name, value in record.cells.items()}
        row = _read_bin(cells, bin_id or "", spot, tags)
        if spot is not None:
            spots.append(spot)
        sensor = _read_sensor(cells, row.bin_id, seen, by_name=sensors)
        bins.append(row)
        if sensor is not None:
            found.append(sensor)
    refuse_if(records.source, [*problems, *check_spots(spots)])
    return BinFile(records.source, tuple(bins), tuple(found), _given(records), _notes(records))


def read_osm_id(text: str) -> str:
    """An id as binwatt writes it: "node/123" of OpenStreetMap exports is OSM-n123."""
    kind, slash, number = text.partition("/")
    known = {"node": "n", "way": "w", "relation": "r"}
    return f"OSM-{known[kind]}{number}" if slash and kind in known and number.isdecimal() else text


def _read_id(cells: Cells, seen: dict[tuple[str, str], str]) -> str | None:
    if not cells.need("id", "give every bin a name of its own"):
        return None
    text = cells.text("id", LONGEST_ID)
    return None if text is None else _once(cells, "id", read_osm_id(text), seen)


def _once(cells: Cells, field_name: str, value: str, seen: dict[tuple[str, str], str]) -> str | None:
    """The value, unless a row above has the same."""
    before = seen.setdefault((field_name, value), cells.where)
    if before != cells.where:
        cells.note(field_name, f"{value!r} is on {before} too; every row needs its own")
        return None
    return value


def _read_bin(cells: Cells, bin_id: str, spot: Spot | None, tags: Mapping[str, str]) -> Bin:
    if cells.has("stream") or "amenity" not in tags:
        stream = cells.choice("stream", STREAMS) or "mixed"
    else:
        stream = stream_of_tags(tags)
    row = Bin(
        bin_id=bin_id,
        name=cells.text("name") or "",
        address=cells.text("address") or "",
        lat=spot.lat if spot is not None else 0.0,
        lon=spot.lon if spot is not None else 0.0,
        stream=stream,
        density_kg_l=cells.number("density_kg_l", 0.005, 2.0, "kg a litre") or DENSITY_KG_L[stream],
    )
    row.capacity_l = _read_litres(cells) or row.capacity_l
    row.service_seconds = cells.whole("service_seconds", 5, 3600, "seconds") or row.service_seconds
    row.overflow_fill = cells.number("overflow_fill", 0.1, 2.0, "a share such as 1.0") or row.overflow_fill
    row.narrow = cells.yes_no("narrow") or False
    row.kerb = cells.yes_no("kerb") or False
    row.shut = read_shut(cells, "shut")
    row.fixed_days = read_weekdays(cells, "fixed_days") or []
    row.quarter = cells.text("quarter", 80) or ""
    row.notes = cells.text("notes", 200) or ""
    active = cells.yes_no("active")
    row.active = True if active is None else active
    return row


def _read_litres(cells: Cells) -> float | None:
    if cells.has("capacity_l"):
        return cells.number("capacity_l", 10, 60_000, "litres")
    if cells.has("capacity_m3"):
        cubic = cells.number("capacity_m3", 0.01, 60, "cubic metres")
        return None if cubic is None else cubic * 1000
    figure = read_number(cells.raw("capacity")) if cells.has("capacity") else None
    if figure is not None and 0 < figure < LITRES_FROM:
        return figure * 1000
    return cells.number("capacity", 10, 60_000, "litres")


def _read_sensor(cells: Cells, bin_id: str, seen: dict[tuple[str, str], str], *, by_name: bool) -> Sensor | None:
    eui = _read_eui(cells)
    device_id = cells.text("device_id", 64)
    if device_id is None and eui is not None:
        device_id = eui.lower()
    if device_id is None and by_name:
        device_id = bin_id.lower()
    if not device_id:
        return None
    _once(cells, "device_id", device_id, seen)
    sensor = Sensor(device_id=device_id, bin_id=bin_id, dev_eui=eui)
    sensor.empty_mm = cells.number("empty_mm", 50, 10_000, "millimetres") or sensor.empty_mm
    full = cells.number("full_mm", 0, 10_000, "millimetres")
    sensor.full_mm = min(sensor.full_mm, sensor.empty_mm / 2) if full is None else full
    blind = cells.number("blind_mm", 0, 2_000, "millimetres")
    sensor.blind_mm = sensor.blind_mm if blind is None else blind
    if sensor.full_mm >= sensor.empty_mm:
        cells.note(
            "full_mm",
            f"{sensor.full_mm:g} is not less than empty_mm {sensor.empty_mm:g}; a full bin is nearer to the sensor",
        )
    return sensor


def _read_eui(cells: Cells) -> str | None:
    text = cells.text("dev_eui", 40)
    if text is None:
        return None
    eui = text.upper().replace("-", "").replace(":", "").replace(" ", "")
    if len(eui) != 16 or any(letter not in "0123456789ABCDEF" for letter in eui):
        cells.note("dev_eui", f"{text!r} is not an EUI; write its 16 hexadecimal figures")
        return None
    return eui


def _given(records: Records) -> frozenset[str]:
    """The columns of Bin and Sensor the file fills."""
    told = set(given_columns(records, NAMES))
    if told & {"capacity_m3", "capacity"}:
        told.add("capacity_l")
    if "amenity" in records.columns:
        told.add("stream")
    if "stream" in told:
        told.add("density_kg_l")
    return frozenset(told - {"id", "capacity_m3", "capacity"}) | {"lat", "lon"}


def _notes(records: Records) -> tuple[str, ...]:
    """GeoJSON from maps has many properties that mean nothing here; a column of a table is there for a reason."""
    return () if records.source.lower().endswith("json") else unused_columns(records, NAMES)
