"""What other programs read: GPX, GeoJSON, CSV and GeoPackage, read back."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import struct
import subprocess
from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from console.sheets.code import encode
from console.sheets.drawing import draw_arrows, draw_pins, frame, scale_bar, shorten
from console.sheets.features import COLUMNS
from console.sheets.geojson import write_geojson
from console.sheets.geopackage import pack_plan
from console.sheets.gpx import NAMESPACE, write_gpx
from console.sheets.table import write_csv
from console.sheets.values import Kind

GPX = {"g": NAMESPACE}


def test_gpx_holds_the_stops_as_a_route_and_the_way_as_a_track(sheet):
    """GPX 1.1: a route point a stop in order, a track point a point of the geometry, times in UTC."""
    root = ET.fromstring(write_gpx(sheet, "fr"))
    assert root.get("version") == "1.1"
    stops = root.findall("g:rte/g:rtept", GPX)
    assert [stop.findtext("g:type", "", GPX) for stop in stops] == [str(stop.kind) for stop in sheet.stops]
    assert len(root.findall("g:trk/g:trkseg/g:trkpt", GPX)) == len(sheet.line)
    assert stops[1].findtext("g:time", "", GPX) == "2026-11-24T05:06:00Z"
    assert [child.tag.rpartition("}")[2] for child in stops[1]] == ["time", "name", "desc", "type"]
    assert [child.tag.rpartition("}")[2] for child in root] == ["metadata", "rte", "trk"]


def test_gpx_stays_xml_whatever_an_address_holds(sheet):
    """Characters that XML cannot hold are left out, markup is text."""
    odd = replace(sheet.stops[1], address="A\x00\x0b<b>&\N{NO-BREAK SPACE}é")
    root = ET.fromstring(write_gpx(replace(sheet, stops=(odd,)), "fr"))
    assert root.findtext("g:rte/g:rtept/g:name", "", GPX) == "1. A<b>&\N{NO-BREAK SPACE}é"


def test_geojson_says_longitude_first_with_six_decimals(book, sheet):
    """RFC 7946: positions are [lon, lat], rounded, without a crs; every column is a property."""
    stops = json.loads(write_geojson(book, "stops"))
    assert "crs" not in stops
    first = stops["features"][1]
    assert first["geometry"]["coordinates"] == [round(sheet.stops[1].lon, 6), round(sheet.stops[1].lat, 6)]
    assert list(first["properties"]) == list(COLUMNS["stops"])
    routes = json.loads(write_geojson(book, "routes"))
    assert [one["properties"]["truck"] for one in routes["features"]] == ["BK-03", "BK-07"]
    assert {one["geometry"]["type"] for one in routes["features"]} == {"LineString"}
    assert len(json.loads(write_geojson(book, "left"))["features"]) == 2


def test_csv_is_plain_and_its_times_have_a_zone(book, sheet):
    """UTF-8 without a BOM, a row a stop, ISO 8601 with offset; no cell is a formula."""
    body = write_csv(book)
    assert not body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(body.decode())))
    assert len(rows) == sum(len(one.stops) for one in book.sheets)
    assert datetime.fromisoformat(rows[1]["arrives"]) == sheet.stops[1].arrives_at
    assert rows[1]["arrives"].endswith("+01:00")
    assert {row["notes"][:2] for row in rows if row["notes"]} == {"'="}
    assert rows[3]["address"] == sheet.stops[3].address


@pytest.fixture(scope="module")
def package(book, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("gpkg") / "plan.gpkg"
    path.write_bytes(pack_plan(book))
    return path


def test_a_geopackage_is_one_by_its_header_and_tables(package):
    """Application id "GPKG", version 1.3, three layers in WGS 84 with their extent, integrity whole."""
    assert package.read_bytes()[68:72] == b"GPKG"
    base = sqlite3.connect(package)
    assert base.execute("PRAGMA user_version").fetchone() == (10300,)
    assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    contents = base.execute("SELECT table_name, data_type, srs_id FROM gpkg_contents ORDER BY 1").fetchall()
    assert contents == [(name, "features", 4326) for name in ("bins_left", "routes", "stops")]
    columns = base.execute("SELECT table_name, geometry_type_name FROM gpkg_geometry_columns ORDER BY 1").fetchall()
    assert columns == [("bins_left", "POINT"), ("routes", "LINESTRING"), ("stops", "POINT")]
    systems = {row[0] for row in base.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
    assert systems == {-1, 0, 4326}
    base.close()


def test_geopackage_geometries_read_back(package, book, sheet):
    """Blob header, envelope and WKB give the stops' and the routes' own coordinates."""
    base = sqlite3.connect(package)
    blob, number = base.execute("SELECT geom, number FROM stops WHERE seq = 1 AND truck = 'BK-03'").fetchone()
    magic, version, flags, system, west, east, south, north = struct.unpack("<2sBBi4d", blob[:40])
    assert (magic, version, flags, system, number) == (b"GP", 0, 3, 4326, 1)
    assert struct.unpack("<BI2d", blob[40:]) == (1, 1, sheet.stops[1].lon, sheet.stops[1].lat)
    assert (west, east, south, north) == (sheet.stops[1].lon,) * 2 + (sheet.stops[1].lat,) * 2
    (line,) = base.execute("SELECT geom FROM routes WHERE truck = 'BK-03'").fetchone()
    kind, count = struct.unpack("<II", line[41:49])
    flat = struct.unpack(f"<{2 * count}d", line[49:])
    assert (kind, list(zip(flat[1::2], flat[::2], strict=True))) == (2, list(sheet.line))
    assert base.execute("SELECT count(*) FROM stops").fetchone()[0] == sum(len(one.stops) for one in book.sheets)
    base.close()


def test_a_geopackage_is_the_same_made_twice_and_may_be_empty(book):
    """Nothing of the clock is in it; a plan without bins left has an empty layer."""
    assert pack_plan(book) == pack_plan(book)
    assert pack_plan(replace(book, sheets=(), left=())).startswith(b"SQLite format 3")


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="GDAL's ogrinfo is not installed")
def test_gdal_reads_the_geopackage(package):
    """The library behind QGIS finds three layers and their rows."""
    said = subprocess.run(["ogrinfo", "-so", "-al", str(package)], capture_output=True, text=True, check=True)
    assert said.stderr == ""
    assert said.stdout.count("Layer name:") == 3


def test_the_code_tells_the_round_without_an_address(sheet, make_sheet):
    """The QR names plan, version, truck and checksum and where the first bin stands; other times, another checksum."""
    assert sheet.payload.startswith("BINWATT;PLAN=12.3;ROUTE=BK-03;SUM=")
    assert sheet.payload.endswith(f";geo:{sheet.stops[1].lat:.5f},{sheet.stops[1].lon:.5f}")
    assert "//" not in sheet.payload
    assert make_sheet(23).checksum != sheet.checksum
    code = encode(sheet.payload)
    assert all(4 <= row < code.size - 4 and first >= 4 for row, first, _ in code.runs)


def test_names_of_files_hold_no_path(sheet):
    """A truck may be called what it likes."""
    assert replace(sheet, truck_id="../BK 03/é").name == "plan-12-01-.._BK_03_é"


def test_a_map_window_shows_every_stop(sheet):
    """All of the round lies inside, north is up, and a metre is as long in both directions."""
    window = frame(sheet, 190, 104)
    placed = [window.place(stop.lat, stop.lon) for stop in sheet.stops]
    assert all(0 < x < 190 and 0 < y < 104 for x, y in placed)
    assert window.place(35.0, -2.33)[1] < window.place(34.9, -2.33)[1]
    length, text = scale_bar(window, 40)
    assert text in {"500 m", "1 km", "2 km"}
    assert 15 < length <= 40


def test_pins_never_cover_each_other(make_sheet):
    """Labels that would touch become one, and none is lost."""
    sheet = make_sheet(120)
    pins = draw_pins(frame(sheet, 190, 104), sheet.stops, 3.2, 1.25)
    assert sorted(number for pin in pins for number in pin.stops) == list(range(1, 121))
    for index, one in enumerate(pins):
        for other in pins[index + 1 :]:
            beside = abs(one.x - other.x) >= (one.width + other.width) / 2 - 1e-9
            assert beside or abs(one.y - other.y) >= 3.0


@pytest.mark.parametrize(
    ("numbers", "label"), [([3], "3"), ([1, 2, 3, 7], "1-3,7"), ([9, 4], "4,9"), ([1, 3, 5, 9], "1…")]
)
def test_neighbours_share_a_label(numbers, label):
    """Runs are written as ranges, many of them as the first."""
    assert shorten(numbers) == label


def test_arrows_stand_at_even_distances_along_the_way():
    """One every so many units, turned as the way goes there."""
    arrows = list(draw_arrows([(0, 0), (10, 0), (10, 10)], 8))
    assert [(round(x, 6), round(y, 6)) for x, y, _ in arrows] == [(4, 0), (10, 2)]
    assert arrows[1][2] == pytest.approx(1.5708, abs=1e-4)


def test_kinds_are_those_of_the_store():
    """A stop's kind is read from its row by value."""
    assert {str(kind) for kind in Kind} == {"depart", "bin", "tip", "break", "charge", "return"}
