"""Layers of points and lines as an OGC GeoPackage 1.3 (OGC 12-128r18), the file QGIS opens: one SQLite database.

A file format, not the store: it is written in one go and handed over as bytes.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal, TypeAlias

Cell: TypeAlias = str | float | int | None
Shape = Literal["Point", "LineString"]
Points: TypeAlias = tuple[tuple[float, float], ...]
"""(latitude, longitude) in degrees WGS 84."""

APPLICATION_ID: Final = 0x47504B47
"""ASCII "GPKG" (requirement 2)."""
USER_VERSION: Final = 10300
WGS84: Final = 4326
_TYPES: Final[dict[type, str]] = {str: "TEXT", int: "INTEGER", float: "REAL"}
_WKB: Final = {"Point": 1, "LineString": 2}
_SCHEMA: Final = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""
_SYSTEMS: Final = (
    ("Undefined Cartesian", -1, "NONE", -1, "undefined", "undefined Cartesian coordinate reference system"),
    ("Undefined geographic", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
    (
        "WGS 84",
        WGS84,
        "EPSG",
        WGS84,
        (
            'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
            'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
            'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
        ),
        "longitude and latitude in decimal degrees on the WGS 84 spheroid",
    ),
)


@dataclass(frozen=True, slots=True)
class Layer:
    """A table of features: the type of each column by name, and rows of points with a cell for each column."""

    name: str
    shape: Shape
    columns: Mapping[str, type[str | float | int]]
    rows: Sequence[tuple[Points, Sequence[Cell]]]


def write_geopackage(layers: Iterable[Layer], changed: datetime) -> bytes:
    """The file's bytes; the same layers give the same. `changed`: what it says of its age."""
    with TemporaryDirectory(prefix="binwatt-gpkg-") as folder:
        path = Path(folder) / "layers.gpkg"
        base = sqlite3.connect(path, isolation_level=None)
        try:
            base.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            base.execute(f"PRAGMA user_version = {USER_VERSION}")
            base.executescript(f"BEGIN;{_SCHEMA}")
            base.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", _SYSTEMS)
            for layer in layers:
                _write_layer(base, layer, changed.astimezone(UTC))
            base.execute("COMMIT")
        finally:
            base.close()
        return path.read_bytes()


def _write_layer(base: sqlite3.Connection, layer: Layer, changed: datetime) -> None:
    table, shape = layer.name, layer.shape.upper()
    columns = ", ".join(f'"{name}" {_TYPES[kind]}' for name, kind in layer.columns.items())
    base.execute(f"CREATE TABLE {table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {shape}, {columns})")
    edges = _bounds([point for points, _ in layer.rows for point in points])
    change = changed.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    base.execute(
        "INSERT INTO gpkg_contents VALUES (?, 'features', ?, '', ?, ?, ?, ?, ?, ?)",
        (table, table, change, *edges, WGS84),
    )
    base.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (table, shape, WGS84))
    marks = ", ".join("?" * (len(layer.columns) + 1))
    names = ", ".join(f'"{name}"' for name in layer.columns)
    base.executemany(
        f"INSERT INTO {table} (geom, {names}) VALUES ({marks})",  # noqa: S608 - names of ours
        [(_encode(points, _WKB[layer.shape]), *cells) for points, cells in layer.rows],
    )


def _encode(points: Points, kind: int) -> bytes:
    """A GeoPackageBinary: header of section 2.1.3.1.1 (little endian, envelope of x and y), then ISO WKB."""
    west, south, east, north = _bounds(points)
    head = struct.pack("<2sBBi4d", b"GP", 0, 0b011, WGS84, west, east, south, north)
    flat = [value for lat, lon in points for value in (lon, lat)]
    if kind == _WKB["Point"]:
        return head + struct.pack("<BI2d", 1, kind, *flat)
    return head + struct.pack(f"<BII{len(flat)}d", 1, kind, len(points), *flat)


def _bounds(points: Sequence[tuple[float, float]]) -> tuple[float | None, float | None, float | None, float | None]:
    """West, south, east, north; all None where there is nothing."""
    if not points:
        return None, None, None, None
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    return min(lons), min(lats), max(lons), max(lats)
