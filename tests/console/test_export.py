"""`binwatt export plan`: a plan of a real store into files, and one clear line where it cannot be."""

from __future__ import annotations

import csv
import os
import sqlite3
import subprocess
import sys
import time
from datetime import date, timedelta
from io import BytesIO
from itertools import pairwise
from math import cos, hypot, radians
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pypdf import PdfReader

from console.errors import ExportRefused
from console.export import FORMATS, export_plan, read_book, read_streets
from console.roads import use_extract
from console.sheets.gpx import NAMESPACE
from fleet.settings import CitySettings, Settings
from fleet.store import Store
from fleet.tables import Bin, LeftBin, Place, Plan, Route, Stop, Truck
from routing.errors import RoutingError
from routing.roads import route_geometry

SETTINGS = Settings(city=CitySettings(name="Berkane"))
ROOT = Path(__file__).parents[2]
DEPOT = (34.92, -2.33)


def keep_plan(
    store: Store, rounds: list[list[tuple[float, float]]], lines: list[list[list[float]]] | None = None
) -> int:
    """A plan whose truck n empties a bin at each point of round n; one bin more is left."""
    with store.begin() as work:
        work.places.upsert(Place(place_id="depot", name="Dépôt", lat=DEPOT[0], lon=DEPOT[1], is_depot=True))
        routes = []
        for number, points in enumerate(rounds, 1):
            work.trucks.upsert(Truck(truck_id=f"T{number}", depot_id="depot", name="Benne", battery_kwh=160.0))
            for index, (lat, lon) in enumerate(points, 1):
                address = f"{index}, rue du Marché — زنقة السوق"
                notes = "المفتاح عند الحارس" if index == 2 else ""
                work.bins.upsert(Bin(bin_id=f"B{number}-{index}", lat=lat, lon=lon, address=address, notes=notes))
            line = lines[number - 1] if lines else [list(point) for point in points]
            routes.append((route_row(work.now, number, points, line), list(stop_rows(work.now, number, points))))
        work.bins.upsert(Bin(bin_id="LEFT", lat=34.9, lon=-2.3))
        plan = Plan(day=date(2026, 3, 11), made_at=work.now, made_by="test", km=9.0, served=2)
        left = LeftBin(plan_id=0, bin_id="LEFT", due=True, fill=0.9, reason="capacity")
        return work.plans.keep(plan, routes, [left])


def route_row(at, number, points, line) -> Route:
    return Route(
        plan_id=0,
        truck_id=f"T{number}",
        departs_at=at,
        returns_at=at + timedelta(hours=5),
        km=12.5,
        kwh=20.0,
        kwh_p90=24.0,
        target_kwh=40.0,
        kg=900.0,
        bins=len(points),
        tips=1,
        line=line,
    )


def stop_rows(at, number, points):
    wheres = [("depart", None, "depot", *DEPOT)]
    wheres += [("bin", f"B{number}-{index}", None, lat, lon) for index, (lat, lon) in enumerate(points, 1)]
    wheres += [("return", None, "depot", *DEPOT)]
    for seq, (kind, bin_id, place_id, lat, lon) in enumerate(wheres):
        yield Stop(
            route_id=0,
            seq=seq,
            kind=kind,
            bin_id=bin_id,
            place_id=place_id,
            lat=lat,
            lon=lon,
            arrives_at=at + timedelta(minutes=4 * seq),
            leaves_at=at + timedelta(minutes=4 * seq + 2),
            km=0.3,
            load_l=0.0,
            load_kg=0.0,
            kwh=0.1,
            fill=0.75 if bin_id else None,
            why={"code": "due"} if bin_id else {},
        )


def two_rounds() -> list[list[tuple[float, float]]]:
    return [[(34.92 + n / 1000, -2.33 - n / 900) for n in range(1, 6)], [(34.915, -2.32), (34.91, -2.31)]]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("pdf", ["plan-1-01-T1-ar.pdf", "plan-1-02-T2-ar.pdf"]),
        ("html", ["plan-1-01-T1-ar.html", "plan-1-02-T2-ar.html"]),
        ("gpx", ["plan-1-01-T1.gpx", "plan-1-02-T2.gpx"]),
        ("geojson", ["plan-1-stops.geojson", "plan-1-routes.geojson", "plan-1-left.geojson"]),
        ("csv", ["plan-1.csv"]),
        ("gpkg", ["plan-1.gpkg"]),
    ],
)
def test_every_format_is_written_from_the_store(store: Store, tmp_path: Path, kind: str, names: list[str]):
    """The newest plan, into a folder that is made for it; written again, the bytes are the same."""
    keep_plan(store, two_rounds())
    folder = tmp_path / "out" / "sheets"
    written = export_plan(store, SETTINGS, None, kind=kind, language="ar", folder=folder)
    assert [path.name for path in written] == names
    before = [path.read_bytes() for path in written]
    assert all(before)
    export_plan(store, SETTINGS, 1, kind=kind, language="ar", folder=folder)
    assert [path.read_bytes() for path in written] == before


def test_times_are_those_of_the_city(store: Store, tmp_path: Path):
    """UTC in the store, the city's own hour on the sheet."""
    keep_plan(store, two_rounds())
    (sheet, _) = read_book(store, SETTINGS, 1).sheets
    (path,) = export_plan(store, SETTINGS, 1, kind="csv", folder=tmp_path)
    with path.open(encoding="utf-8") as rows:
        first = next(csv.DictReader(rows))
    assert sheet.departs_at.utcoffset() == timedelta(0)  # Ramadan: Morocco is on UTC in the month of the test's clock
    assert first["arrives"] == "2026-03-10T19:00:00+00:00"


def test_one_truck_s_round_may_be_asked_for_alone(store: Store, tmp_path: Path):
    """Its file has the name it has among the others."""
    keep_plan(store, two_rounds())
    (path,) = export_plan(store, SETTINGS, 1, kind="pdf", truck="T2", folder=tmp_path)
    assert path.name == "plan-1-02-T2-fr.pdf"
    text = PdfReader(BytesIO(path.read_bytes())).pages[0].extract_text()
    assert "T2" in text
    assert "B1-1" not in text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"plan_id": 99, "kind": "pdf"}, "there is no plan 99"),
        ({"plan_id": 1, "kind": "docx"}, "no format 'docx'; there are pdf, html"),
        ({"plan_id": 1, "kind": "pdf", "language": "de"}, "no sheets in 'de'; there are fr, ar, en"),
        ({"plan_id": 1, "kind": "pdf", "truck": "T9"}, "plan 1 has no round of truck 'T9'; its trucks: T1, T2"),
    ],
)
def test_what_cannot_be_exported_is_refused_with_the_mend(store: Store, tmp_path: Path, asked, said: str):
    """One line that says what there is instead; nothing is written."""
    keep_plan(store, two_rounds())
    with pytest.raises(ExportRefused) as refusal:
        export_plan(store, SETTINGS, folder=tmp_path / "out", **asked)
    assert str(refusal.value).startswith(said)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_named(store: Store, tmp_path: Path):
    """A file in the place of the folder is no traceback."""
    keep_plan(store, two_rounds())
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportRefused, match="file: cannot be written"):
        export_plan(store, SETTINGS, 1, kind="csv", folder=tmp_path / "file")


def test_the_command_prints_what_it_wrote_or_one_line(store: Store, sqlite_url: str, tmp_path: Path):
    """Paths on stdout and 0; a plan that is not there is one line and 2."""
    keep_plan(store, two_rounds())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BINWATT_")}
    env = {**kept, "BINWATT_DB": sqlite_url, "BINWATT_STORE_DATA_DIR": str(tmp_path / "data")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "console", "export", "plan", *arguments, "--to", str(tmp_path / "out")]
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    done = run("1", "--format", "gpx", "--truck", "T1")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'out' / 'plan-1-01-T1.gpx'}\n")
    refused = run("7")
    assert (refused.returncode, refused.stderr) == (2, "binwatt: there is no plan 7\n")


@pytest.mark.slow
def test_two_thousand_stops_are_exported_in_time(store: Store, tmp_path: Path):
    """A plan of 2,000 bins on twenty trucks: each file format of it in seconds of CPU."""
    rounds = [[(34.9 + t / 500 + n / 9000, -2.35 + n / 4000) for n in range(100)] for t in range(20)]
    keep_plan(store, rounds)
    for kind in FORMATS:
        start = time.process_time()
        export_plan(store, SETTINGS, 1, kind=kind, folder=tmp_path)
        assert time.process_time() - start < (25 if kind == "pdf" else 5), kind
    base = sqlite3.connect(tmp_path / "plan-1.gpkg")
    assert base.execute("SELECT count(*) FROM stops").fetchone() == (2040,)
    base.close()


@pytest.mark.parametrize("city", ["porto", "babezzouar"])
def test_a_real_city_s_streets_are_under_its_routes(store: Store, shared_data: Path, tmp_path: Path, city: str):
    """On real streets: the map has them, the track follows the geometry, the sheet names their source."""
    network = use_extract(store, shared_data / "cities" / city / "roads.osm.pbf", tmp_path / "data", "test")
    count = len(network.shape_lat)
    points = [(float(network.shape_lat[at]), float(network.shape_lon[at])) for at in range(0, count, count // 12)]
    reached, lines = points[:1], []
    for point in points[1:]:
        try:
            (leg,) = route_geometry(network, [reached[-1], point])
        except RoutingError:  # cut off from the rest: no bin of this round
            continue
        reached.append(point)
        lines += [list(at) for at in leg.line]
    assert len(reached) > 4
    keep_plan(store, [reached], [lines])
    assert len(read_streets(store)) > 500
    (pdf,) = export_plan(store, SETTINGS, 1, kind="pdf", language="ar", folder=tmp_path)
    text = PdfReader(BytesIO(pdf.read_bytes())).pages[0].extract_text()
    assert "OpenStreetMap contributors" in text
    assert pdf.stat().st_size < 1_000_000
    (page,) = export_plan(store, SETTINGS, 1, kind="html", folder=tmp_path)
    assert page.stat().st_size < 1_500_000
    (gpx,) = export_plan(store, SETTINGS, 1, kind="gpx", folder=tmp_path)
    track = ET.parse(gpx).getroot().findall("g:trk/g:trkseg/g:trkpt", {"g": NAMESPACE})
    assert len(track) == len(lines) > 50
    longest = max(metres(one, other) for one, other in pairwise(lines))
    assert longest < 3000, "the track jumps from place to place"


def metres(one: list[float], other: list[float]) -> float:
    return 111_320 * hypot(one[0] - other[0], (one[1] - other[1]) * cos(radians(one[0])))
