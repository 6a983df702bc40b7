"""Bins out of OpenStreetMap extracts."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.errors import FleetError, ImportRefused
from fleet.exchange import read_osm_bins
from fleet.exchange.osm_write import Extract, Node, Way, write_extract
from fleet.exchange.streams import read_capacity, stream_of_tags


def test_containers_are_taken_with_stream_and_capacity(tmp_path: Path) -> None:
    """Nodes and areas, disposal and recycling; baskets and recycling centres are not bins a truck empties."""
    nodes = (
        Node(1, 34.92, -2.32, (("amenity", "waste_disposal"), ("capacity", "1.1"))),
        Node(2, 34.93, -2.32, (("amenity", "recycling"), ("recycling:glass", "yes"), ("recycling_type", "container"))),
        Node(3, 34.93, -2.33, (("amenity", "waste_basket"),)),
        Node(4, 34.93, -2.34, (("amenity", "recycling"), ("recycling_type", "centre"))),
        Node(5, 34.94, -2.30),
        Node(6, 34.94, -2.31),
        Node(7, 34.95, -2.31),
        Node(8, 34.95, -2.30),
    )
    ways = (Way(9, (5, 6, 7, 8, 5), (("amenity", "waste_disposal"), ("waste", "organic"))),)
    path = tmp_path / "city.osm.pbf"
    write_extract(Extract(nodes, ways, ()), path)
    file = read_osm_bins(path)
    told = [(row.bin_id, row.stream, row.capacity_l) for row in file.bins]
    assert told == [("OSM-n1", "mixed", 1100), ("OSM-n2", "glass", 3000), ("OSM-w9", "organic", 3000)]
    area = file.bins[2]
    assert (area.lat, area.lon) == (pytest.approx(34.945), pytest.approx(-2.305))
    assert file.sensors == ()
    assert "2 of 3 bins have no capacity" in file.notes[0]


def test_sensors_on_request_are_named_like_their_bins(shared_data: Path) -> None:
    """Porto's mapped containers, each with a sensor under a name that The Things Stack allows."""
    file = read_osm_bins(shared_data / "cities" / "porto" / "roads.osm.pbf", sensors=True)
    assert len(file.bins) == 70
    assert [sensor.device_id for sensor in file.sensors] == [row.bin_id.lower() for row in file.bins]
    assert all(41 < row.lat < 41.3 and -8.8 < row.lon < -8.4 for row in file.bins)


@pytest.mark.parametrize(
    ("tags", "stream"),
    [
        ({"amenity": "waste_disposal"}, "mixed"),
        ({"amenity": "waste_disposal", "waste": "trash"}, "mixed"),
        ({"amenity": "waste_disposal", "waste": "organic"}, "organic"),
        ({"amenity": "waste_disposal", "waste": "trash;glass"}, "mixed"),
        ({"amenity": "recycling"}, "recycling"),
        ({"amenity": "recycling", "recycling:glass_bottles": "yes", "recycling:glass": "yes"}, "glass"),
        ({"amenity": "recycling", "recycling:paper": "yes", "recycling:cardboard": "yes"}, "paper"),
        ({"amenity": "recycling", "recycling:cans": "yes", "recycling:plastic_bottles": "yes"}, "plastic"),
        ({"amenity": "recycling", "recycling:glass": "yes", "recycling:paper": "yes"}, "recycling"),
        ({"amenity": "recycling", "recycling:glass": "no"}, "recycling"),
    ],
)
def test_streams_of_tags(tags: dict[str, str], stream: str) -> None:
    """One family of materials is its stream; several are recycling."""
    assert stream_of_tags(tags) == stream


@pytest.mark.parametrize(
    ("text", "litres"),
    [
        ("1.1", 1100),
        ("1,1 m³", 1100),
        ("1100", 1100),
        ("240 l", 240),
        ("5", 5000),
        ("two", None),
        ("", None),
        ("-3", None),
        ("99999999", None),
    ],
)
def test_capacities_of_the_map(text: str, litres: float | None) -> None:
    """The map has litres and cubic metres, with and without a unit, and nonsense."""
    assert read_capacity(text) == litres


@pytest.mark.parametrize("content", [b"", b"not a map", b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + b"\xff" * 60])
def test_a_broken_extract_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    """A file cut short or of another kind gives no traceback."""
    path = tmp_path / "broken.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(FleetError) as refused:
        read_osm_bins(path)
    assert "\n" not in str(refused.value)


def test_an_extract_cut_short_is_refused(shared_data: Path, tmp_path: Path) -> None:
    """Half a download is not half a city."""
    whole = (shared_data / "cities" / "porto" / "roads.osm.pbf").read_bytes()
    path = tmp_path / "half.osm.pbf"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FleetError, match="damaged"):
        read_osm_bins(path)


def test_a_map_without_containers_says_so(tmp_path: Path) -> None:
    """An extract with streets alone has no bins to take."""
    path = tmp_path / "city.osm.pbf"
    write_extract(Extract((Node(1, 34.92, -2.32),), (), ()), path)
    with pytest.raises(ImportRefused, match="import a CSV instead"):
        read_osm_bins(path)
