"""What the map draws."""

from collections.abc import Callable

import numpy as np
import pytest

from routing.roads import Network, street_segments


def test_every_street_is_drawn_once(square):
    """Two-way and one-way streets are one line each, in float32, with the rank of their class."""
    square.ways[0].tags = {"highway": "primary"}
    square.ways[1].tags = {"highway": "tertiary_link"}
    square.ways[2].tags = {"highway": "secondary", "oneway": "yes"}
    streets = street_segments(square.network())
    assert len(streets) == 4
    assert sorted(streets.rank.tolist()) == [0, 1, 2, 3]
    assert streets.rank.dtype == np.int8
    assert {streets.lat1.dtype, streets.lon1.dtype, streets.lat2.dtype, streets.lon2.dtype} == {np.dtype(np.float32)}
    assert streets.attribution == "© OpenStreetMap contributors"


def test_segments_follow_the_bends(sketch):
    """A link of four points is three segments, end to end; no segment joins two links."""
    for name, east, north in (("a", 0, 0), ("m", 50, 30), ("n", 70, -20), ("b", 120, 0), ("c", 60, 90)):
        sketch.node(name, east, north)
    sketch.way("amnb")
    sketch.way("bca")
    streets = street_segments(sketch.network())
    assert len(streets) == 5
    spans = np.hypot(streets.lat2 - streets.lat1, streets.lon2 - streets.lon1)
    assert spans.max() < 0.0012


def test_labels_name_a_street_once_near_its_middle(square):
    """One label a name, at the middle of what bears it; nameless streets have none, important streets come first."""
    square.node("x", 200, 0).node("y", 300, 0).node("z", 200, 100)
    square.ways[0].tags = {"highway": "residential", "name": "Rue Longue"}
    for ends in ("bx", "xy"):
        square.way(ends, {"name": "Rue Longue"})
    square.way("xz", {"highway": "primary", "name": "Avenue"})
    labels = street_segments(square.network()).labels
    assert [label.name for label in labels] == ["Avenue", "Rue Longue"]
    assert [label.rank for label in labels] == [3, 0]
    assert (labels[1].lat, labels[1].lon) == pytest.approx(square.place(150, 0), abs=1e-5)
    assert round(labels[1].metres) == 300


def test_a_real_city_is_drawn_whole(city: Callable[[str], Network]) -> None:
    """As many segments as the network has shape points less one a link, all inside its box."""
    network = city("babezzouar")
    streets = street_segments(network)
    assert len(streets) == len(network.shape_lat) - len(network.link_metres)
    assert len({label.name for label in streets.labels}) == len(streets.labels) > 100
    south, west, north, east = network.bbox
    assert south - 1e-5 < streets.lat1.min() < streets.lat2.max() < north + 1e-5
    assert west - 1e-5 < streets.lon1.min() < streets.lon2.max() < east + 1e-5
