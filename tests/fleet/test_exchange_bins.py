"""Bins from files of every sort people have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import FleetError, ImportRefused
from fleet.events import Kind
from fleet.exchange import read_bins, store_bins
from fleet.sensors.intake import UNKNOWN_SENSOR
from fleet.store import Store


def write(folder: Path, text: str | bytes, name: str = "bins.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(ImportRefused) as refused:
        read_bins(path)
    return refused.value.problems


@pytest.mark.parametrize(
    "text",
    [
        "id,lat,lon,stream,capacity_litres\nA,34.92,-2.32,glass,2500\n",
        "\ufeffid;lat;lon;stream;capacity_l\r\nA;34,92;-2,32;verre;2500\r\n",
        "Identifiant;Latitude;Longitude;Flux;Capacité (m³)\nA;34,92;-2,32;Verre;2,5\n",
        "bin_id\tlat\tlng\tstream\tcapacity_m3\nA\t34.92\t-2.32\tglass\t2.5\n",
        'id,lat,lon,stream,capacity\n"A","34,92","-2,32",glass,2.5\n\n',
        "id,y,x,stream,capacity\nA,34.92,-2.32,glass,2500\n",
        "المعرف,خط العرض,خط الطول,النوع,السعة\nA,34.92,-2.32,زجاج,2500\n",
    ],
)
def test_csv_as_people_write_it(tmp_path: Path, text: str) -> None:
    """Commas, semicolons, tabs, decimal commas, a BOM, French, English and Arabic headings all give the same bin."""
    file = read_bins(write(tmp_path, text))
    (row,) = file.bins
    assert (row.bin_id, row.lat, row.lon, row.stream, row.capacity_l) == ("A", 34.92, -2.32, "glass", 2500)
    assert row.density_kg_l == pytest.approx(0.3)
    assert file.sensors == ()


def test_csv_in_utf16(tmp_path: Path) -> None:
    """What spreadsheets call Unicode text is read too, Arabic addresses and marks of direction in it."""
    text = "id\tlat\tlon\taddress\nA\t34.92\t-2.32\t\u200fشارع محمد الخامس\n"
    (row,) = read_bins(write(tmp_path, text.encode("utf-16"))).bins
    assert row.address == "شارع محمد الخامس"


def test_geojson(tmp_path: Path) -> None:
    """Points with properties; ids of OpenStreetMap exports are written as binwatt writes them."""
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "id": "node/12",
            "properties": {
                "amenity": "recycling",
                "recycling:glass": "yes",
                "capacity": "3.2",
                "location": "overground",
            },
            "geometry": {"type": "Point", "coordinates": [-2.32, 34.92]},
        },
        {
            "type": "Feature",
            "properties": {"id": "B", "stream": "organic", "capacity_l": 240, "device_id": "b-1"},
            "geometry": {"type": "Point", "coordinates": [-2.321, 34.921]},
        },
    ]
    path = write(tmp_path, json.dumps({"type": "FeatureCollection", "features": features}), "bins.geojson")
    file = read_bins(path)
    first, second = file.bins
    assert (first.bin_id, first.stream, first.capacity_l, first.address) == ("OSM-n12", "glass", 3200, "")
    assert (second.bin_id, second.stream, second.capacity_l, second.lat) == ("B", "organic", 240, 34.921)
    assert [(sensor.device_id, sensor.bin_id) for sensor in file.sensors] == [("b-1", "B")]


def test_a_device_column_makes_sensors(tmp_path: Path) -> None:
    """device_id, dev_eui and the distances of empty and full become the bin's sensor; an empty cell makes none."""
    text = (
        "id,lat,lon,device_id,dev_eui,empty_mm,full_mm\n"
        "A,34.92,-2.32,bin-a,24-e1-24-71-3b-12-34-ab,1500,200\n"
        "B,34.92,-2.33,,24E124713B1234AC,,\n"
        "C,34.92,-2.34,,,,\n"
    )
    first, second = read_bins(write(tmp_path, text)).sensors
    assert (first.device_id, first.bin_id, first.dev_eui) == ("bin-a", "A", "24E124713B1234AB")
    assert (first.empty_mm, first.full_mm) == (1500, 200)
    assert (second.device_id, second.bin_id, second.empty_mm) == ("24e124713b1234ac", "B", 1300)


def test_sensors_named_like_bins(tmp_path: Path) -> None:
    """Asked for, every bin without a device gets a sensor with its own id in lower case."""
    text = "id,lat,lon,device_id\nBIN-1,34.92,-2.32,\nBIN-2,34.92,-2.33,x9\n"
    file = read_bins(write(tmp_path, text), sensors=True)
    assert [sensor.device_id for sensor in file.sensors] == ["bin-1", "x9"]


def test_every_problem_is_told_with_line_and_mend(tmp_path: Path) -> None:
    """One refusal names each bad row, in the order of the file; nothing is given."""
    text = (
        "id,lat,lon,stream,capacity_l,device_id\n"
        "A,34.92,-2.32,mixed,1100,d1\n"
        "A,34.93,-2.32,mixed,1100,d2\n"
        "B,north,-2.32,mixed,1100,\n"
        "C,34.92,-2.32,lava,1100,\n"
        "D,34.92,-2.32,mixed,-5,\n"
        ",34.92,-2.32,mixed,1100,\n"
        "F,134.92,-2.32,mixed,1100,\n"
        "G,-2.32,34.92,mixed,1100,\n"
        "H,34.92,-2.32,mixed,1100,d1\n"
        "I,34.92,-2.32,mixed,1100,x,y\n"
        "J,0,0,mixed,1100,\n"
        "K,34.92,,mixed,1100,\n"
        "L,34.92,-2.32,mixed,nan,\n"
        "M,612345.2,3867123.9,mixed,1100,\n"
        "N,44.92,-2.32,mixed,1100,\n"
    )
    problems = problems_of(write(tmp_path, text))
    said = dict(problem.split(":", 1) for problem in problems)
    expected = {
        "line 3, id": "'A' is on line 2 too",
        "line 4, lat": "'north' is not a figure",
        "line 5, stream": "'lava' is unknown; write one of mixed",
        "line 6, capacity_l": "-5 is out of range",
        "line 7, id": "is empty",
        "line 8": "swapped",
        "line 9": "swapped",
        "line 10, device_id": "'d1' is on line 2 too",
        "line 11": "7 cells under 6 headings",
        "line 12": "ocean",
        "line 13, lon": "is empty",
        "line 14, capacity_l": "'nan' is not a figure",
        "line 15": "EPSG:4326",
        "line 16": "km from the other rows",
    }
    assert list(said) == list(expected)
    for place, words in expected.items():
        assert words in said[place], place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no row"),
        ("id,lat,lon\n", "no row"),
        ("name,lat,lon\nA,34.9,-2.3\n", "no column for id"),
        ("id,lat\nA,34.9\n", "no column for lon"),
        ("id,lat,lat\nA,34.9,-2.3\n", "two columns are named 'lat'"),
        ('id,lat,lon\n"A,34.9,-2.3\n', "quote"),
    ],
)
def test_a_file_without_what_is_needed_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """No rows, a missing or doubled column, a quote left open."""
    assert any(words in problem for problem in problems_of(write(tmp_path, text)))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bins.csv", "id,lat,lon\nCafé,34.9,-2.3\n".encode("latin-1"), "line 2 is not UTF-8"),
        ("bins.xlsx", b"PK\x03\x04", "CSV UTF-8"),
        ("bins.gpkg", b"SQLite format 3\x00", "GeoJSON"),
        ("roads.osm.pbf", b"\x00", "--from-osm"),
        ("bins.geojson", b"{", "not GeoJSON"),
        ("bins.geojson", b"[]", "FeatureCollection"),
        ("bins.geojson", b"[" * 90_000, "not GeoJSON"),
        ("bins.toml", b"[[bins]\n", "not TOML"),
        ("bins.toml", b"[other]\n", r"[[bins]]"),
    ],
)
def test_a_file_of_another_kind_is_one_clear_line(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """What binwatt cannot read says what to do instead."""
    with pytest.raises(FleetError) as refused:
        read_bins(write(tmp_path, content, name))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_projected_geojson_is_refused(tmp_path: Path) -> None:
    """A layer in metres says so before its coordinates are taken for degrees."""
    told = {"type": "FeatureCollection", "features": [], "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::26191"}}}
    with pytest.raises(FleetError, match="EPSG:4326"):
        read_bins(write(tmp_path, json.dumps(told), "bins.geojson"))


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    """No traceback for a path mistyped."""
    with pytest.raises(FleetError, match="cannot be read"):
        read_bins(tmp_path / "nowhere.csv")


def test_unused_columns_are_mentioned(tmp_path: Path) -> None:
    """A heading nobody understood is told, for it may be misspelled."""
    file = read_bins(write(tmp_path, "id,lat,lon,capasity\nA,34.9,-2.3,50\n"))
    assert file.notes == ("columns not used: capasity",)


def test_a_second_import_updates_and_never_duplicates(any_store: Store, tmp_path: Path) -> None:
    """Same ids again change only what the file says; what other files said stays."""
    first = read_bins(write(tmp_path, "id,lat,lon,capacity_l,service_seconds\nA,34.9,-2.3,2400,120\nB,34.9,-2.31,,\n"))
    with any_store.begin() as work:
        kept = store_bins(work, first, who="amal")
    assert (kept.added, kept.updated) == (2, 0)
    second = read_bins(write(tmp_path, "id,lat,lon,name\nA,34.91,-2.3,Souk\nC,34.9,-2.32,\n"))
    with any_store.begin() as work:
        kept = store_bins(work, second, who="amal")
    assert (kept.added, kept.updated) == (1, 1)
    with any_store.read() as work:
        bins = {row.bin_id: row for row in work.bins.all()}
        events = work.events.newest(kinds=[Kind.CITY_IMPORTED])
    assert sorted(bins) == ["A", "B", "C"]
    souk = bins["A"]
    assert (souk.name, souk.lat, souk.capacity_l, souk.service_seconds) == ("Souk", 34.91, 2400, 120)
    assert [(event.who, event.data["added"], event.data["updated"]) for event in events] == [
        ("amal", 2, 0),
        ("amal", 1, 1),
    ]


def test_an_import_ends_the_alarm_about_its_sensor(store: Store, tmp_path: Path) -> None:
    """A stranger that is imported is none any more."""
    with store.begin() as work:
        work.alarms.sound(UNKNOWN_SENSOR, "bin-a", "warning", "bin-a: unknown")
        store_bins(work, read_bins(write(tmp_path, "id,lat,lon,device_id\nA,34.9,-2.3,bin-a\n")))
        assert work.alarms.standing() == []


@pytest.mark.parametrize("city", ["babezzouar", "marrakech_nw"])
def test_real_cities_import_twice(shared_data: Path, store: Store, city: str) -> None:
    """The bins of real cities import; a second time nothing is added."""
    file = read_bins(shared_data / "cities" / city / "bins.csv", sensors=True)
    with store.begin() as work:
        assert store_bins(work, file).added == len(file.bins) > 200
    with store.begin() as work:
        assert store_bins(work, file).added == 0
        assert work.bins.counts()["bins"] == work.bins.counts()["sensors"] == len(file.bins)


@pytest.mark.parametrize(
    ("name", "stream"), [("trash", "mixed"), ("glass", "glass"), ("paper", "paper"), ("plastic", "plastic")]
)
def test_real_containers_import(shared_data: Path, name: str, stream: str) -> None:
    """The containers of Málaga, as the map has them, import with stream and capacity."""
    file = read_bins(shared_data / "containers" / f"malaga_{name}.geojson")
    assert len(file.bins) > 1500
    assert sum(row.stream == stream for row in file.bins) > 0.99 * len(file.bins)
    assert all(100 <= row.capacity_l <= 6000 for row in file.bins)


def test_areas_are_not_bins(shared_data: Path) -> None:
    """A layer of districts is refused, every feature named."""
    assert len(problems_of(shared_data / "containers" / "malaga_neighbourhoods.geojson")) == 324


cell = st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=12)


@given(rows=st.lists(st.lists(cell, min_size=1, max_size=7), max_size=6), separator=st.sampled_from(",;\t"))
def test_any_text_is_read_or_refused(
    rows: list[list[str]], separator: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever stands in a CSV file, the outcome is bins or a refusal."""
    text = separator.join(("id", "lat", "lon", "stream", "capacity_l", "device_id")) + "\n"
    text += "\n".join(separator.join(row) for row in rows)
    try:
        file = read_bins(write(tmp_path_factory.getbasetemp(), text))
    except FleetError:
        return
    assert all(row.bin_id and -90 <= row.lat <= 90 for row in file.bins)
