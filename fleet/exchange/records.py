"""Files of rows: CSV, TOML and GeoJSON, read into records of named cells without judging what is in them.

A header or key is compared in plain form: without accents, lower case, words joined by underscores.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from fleet.errors import FleetError, ImportRefused

LARGEST = 200 * 1024 * 1024
"""Bytes; a list of bins is a few megabytes at most."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row: where it stands in its file, and its cells by plain name. Empty cells are left out."""

    where: str
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Records:
    """A file's rows, and what is wrong with its form; `columns` holds every name a cell may have."""

    source: str
    rows: tuple[Record, ...]
    columns: tuple[str, ...]
    problems: tuple[str, ...] = ()


def plain(name: str) -> str:
    """A header in plain form: "Capacité (m³)" is "capacite_m3"."""
    letters = unicodedata.normalize("NFKD", name.strip().lstrip("\ufeff").lower())
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^\w:@]+", "_", kept).strip("_")


def read_csv(path: Path) -> Records:
    """A CSV file in UTF-8 with a header line; the separator is whichever of comma, semicolon and tab it has most."""
    text = _read_text(path)
    header_line = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=header_line.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Record] = []
    problems: list[str] = []
    header: list[str] = []
    try:
        for cells in lines:
            where = f"line {lines.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = [plain(cell) for cell in cells]
                twice = {name for name in header if name and header.count(name) > 1}
                problems += [f"{where}: two columns are named {name!r}; keep one" for name in sorted(twice)]
            elif len(cells) > len(header):
                problems.append(
                    f"{where}: {len(cells)} cells under {len(header)} headings; quote a value that has {separator!r}"
                )
            else:
                named = zip(header, (cell.strip() for cell in cells), strict=False)
                rows.append(Record(where, {name: cell for name, cell in named if cell}))
    except csv.Error as error:
        problems.append(f"line {lines.line_num}: {error}; a quote is not closed, or the file is not CSV")
    return Records(str(path), tuple(rows), tuple(name for name in header if name), tuple(problems))


def read_toml(path: Path, section: str) -> Records:
    """The tables [[section]] of a TOML file."""
    try:
        told = tomllib.loads(_read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise FleetError(f"{path}: not TOML: {error}; correct it there") from None
    tables = told.get(section)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FleetError(f"{path}: no [[{section}]] in it; write one such table for each")
    rows = tuple(
        Record(f"[[{section}]] {number}", {plain(name): cell for name, cell in table.items()})
        for number, table in enumerate(tables, 1)
    )
    return Records(str(path), rows, tuple(dict.fromkeys(name for row in rows for name in row.cells)))


def read_geojson(path: Path) -> Records:
    """The points of a GeoJSON FeatureCollection in degrees; a feature's place becomes its cells lat and lon."""
    try:
        told = msgspec.json.decode(_read_text(path).encode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise FleetError(f"{path}: not GeoJSON: {error}") from None
    if not isinstance(told, dict) or not isinstance(told.get("features"), list):
        raise FleetError(f"{path}: not a GeoJSON FeatureCollection; export the layer as GeoJSON")
    system = str(told.get("crs") or "CRS84")
    if not any(known in system for known in ("CRS84", "4326")):
        raise FleetError(f"{path}: its coordinates are not degrees (crs {system}); export it as EPSG:4326")
    rows: list[Record] = []
    problems: list[str] = []
    for number, feature in enumerate(told["features"], 1):
        where = f"feature {number}"
        point = _read_point(feature)
        if isinstance(point, str):
            problems.append(f"{where}: {point}")
            continue
        properties = feature.get("properties")
        named = properties if isinstance(properties, dict) else {}
        cells = {plain(name): cell for name, cell in named.items() if cell not in (None, "")}
        if feature.get("id") is not None:
            cells.setdefault("id", feature["id"])
        rows.append(Record(where, {**cells, "lon": point[0], "lat": point[1]}))
    columns = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    return Records(str(path), tuple(rows), columns, tuple(problems))


def read_records(path: Path, section: str) -> Records:
    """The rows of a file, by the kind its name tells; `section` is the table's name in TOML.

    Raises:
        FleetError: the file cannot be read, or is of another kind.
    """
    match path.suffix.lower():
        case ".toml":
            return read_toml(path, section)
        case ".geojson" | ".json":
            return read_geojson(path)
        case ".xlsx" | ".xls" | ".ods":
            raise FleetError(f"{path}: a spreadsheet; save it as CSV UTF-8 and import that")
        case ".gpkg" | ".shp" | ".kml":
            raise FleetError(f"{path}: a map layer; export it as GeoJSON (EPSG:4326) and import that")
        case ".pbf" | ".osm":
            raise FleetError(f"{path}: an OpenStreetMap extract; use --from-osm {path}")
        case _:
            return read_csv(path)


def refuse_if(source: str, problems: list[str] | tuple[str, ...]) -> None:
    """Raise ImportRefused with every problem, in the order of the file, if there is one."""
    if problems:
        raise ImportRefused(source, tuple(sorted(problems, key=_line_number)))


def _line_number(problem: str) -> int:
    found = re.match(r"\D*(\d+)", problem)
    return int(found[1]) if found else 0


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise FleetError(f"{path}: larger than {LARGEST // 2**20} MB; this is not a list to import")
        raw = path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise FleetError(f"{path}: cannot be read ({why}); name a file that exists and may be read") from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FleetError(f"{path}: line {line} is not UTF-8; save the file as CSV UTF-8") from None


def _read_point(feature: object) -> tuple[Any, Any] | str:
    """Longitude and latitude of a feature, or what is wrong with it."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict):
        return "has no geometry; give it a Point"
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind != "Point":
        return f"is a {kind}; a bin is a Point"
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return "its coordinates are not [lon, lat]"
    return coordinates[0], coordinates[1]


def need_columns(records: Records, names: Mapping[str, Sequence[str]], fields: Sequence[str]) -> None:
    """Refuse a file without rows, or one that has no column at all for one of `fields`.

    Raises:
        ImportRefused: with everything that is wrong with the file's form.
    """
    problems = list(records.problems)
    if not records.rows and not problems:
        problems.append("line 1: there is no row to import; write a header line and one row for each")
    for field in fields if records.rows else ():
        known = (field, *names.get(field, ()))
        if not set(known) & set(records.columns):
            problems.append(f"line 1: no column for {field}; name one {' or '.join(known[:3])}")
    if not records.rows or len(problems) > len(records.problems):
        refuse_if(records.source, problems)


def unused_columns(records: Records, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One line that names the columns nothing was read from, or none."""
    known = {*names, *(name for others in names.values() for name in others)}
    unknown = [name for name in records.columns if name not in known]
    return (f"columns not used: {', '.join(unknown)}",) if unknown else ()


def given_columns(records: Records, names: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The fields a file has a column for."""
    return frozenset(name for name, others in names.items() if {name, *others} & set(records.columns))
