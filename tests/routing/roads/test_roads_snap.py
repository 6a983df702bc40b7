"""Points to streets."""

from collections.abc import Callable

import numpy as np
import pytest

from routing.errors import RoadsError
from routing.roads import Network, snap_points


def test_a_point_snaps_to_the_nearest_place(square):
    """The foot of the perpendicular on the nearest street: edge, fraction along it and metres off."""
    network = square.network()
    snaps = snap_points(network, [square.place(37, -12)])
    edge = int(snaps.edge[0])
    lat, lon = network.edge_line(edge)
    along = snaps.fraction[0]
    assert network.link_way[network.edge_link[edge]] == 1000
    assert (lat[0] + along * (lat[-1] - lat[0]), lon[0] + along * (lon[-1] - lon[0])) == pytest.approx(
        square.place(37, 0), abs=1e-6
    )
    assert snaps.offset_m[0] == pytest.approx(12, abs=0.01)


def test_a_point_far_from_every_street_is_off_the_network(square):
    """Beyond the limit it is reported with its distance, never moved to a street."""
    snaps = snap_points(square.network(), [square.place(50, -149), square.place(50, -151), square.place(50, -90_000)])
    assert snaps.off_network == (1, 2)
    assert snaps.edge.tolist()[1:] == [-1, -1]
    assert snaps.offset_m.tolist() == pytest.approx([149, 151, 90_000], rel=1e-3)
    assert snap_points(square.network(), [square.place(50, -151)], max_snap_m=200).off_network == ()


def test_the_nearest_street_wins_over_the_nearest_sample(square):
    """Between two samples of the street 5 m away, with the end of another street 8 m away: the street counts."""
    square.node("m", 50, 100).node("n", 50, 13)
    square.ways[2].nodes = [3, 5, 4]
    square.way("mn")
    network = square.network()
    snaps = snap_points(network, [square.place(50, 5)])
    assert network.link_way[network.edge_link[snaps.edge[0]]] == 1000
    assert snaps.offset_m[0] == pytest.approx(5, abs=0.01)


def test_nothing_stops_on_a_motorway(square):
    """A bin beside a motorway belongs to the next street where a truck may stop."""
    square.node("x", 0, -40).node("y", 100, -40)
    square.way("xy", {"highway": "motorway", "oneway": "no"})
    square.way("xa", {"highway": "motorway_link", "oneway": "no"})
    network = square.network()
    snaps = snap_points(network, [square.place(50, -35)])
    assert network.link_way[network.edge_link[snaps.edge[0]]] == 1000
    assert snaps.offset_m[0] == pytest.approx(35, abs=0.1)


@pytest.mark.parametrize("wrong", [(95.0, 0.0), (34.9, 200.0), (float("nan"), 0.0), (float("inf"), 0.0)])
def test_a_point_that_is_no_place_is_refused(square, wrong):
    """Swapped, missing and absurd coordinates are one line that says which point."""
    with pytest.raises(RoadsError, match=r"point 1 .* is no place on Earth"):
        snap_points(square.network(), [square.place(0, 0), wrong])


def test_no_points_give_no_snaps(square):
    """An empty list is no error."""
    assert snap_points(square.network(), []).off_network == ()


def test_snapping_agrees_with_measuring_every_segment(city: Callable[[str], Network]) -> None:
    """In a real city, against plain arithmetic over all segments: the same distance for every point."""
    network = city("porto")
    rng = np.random.default_rng(5)
    south, west, north, east = network.bbox
    points = rng.uniform((south, west), (north, east), (60, 2))
    snaps = snap_points(network, points, max_snap_m=1e9)
    is_start = np.ones(len(network.shape_lat), bool)
    is_start[network.shape_start[1:] - 1] = False
    motorway = np.repeat(network.link_class >= 13, np.diff(network.shape_start))
    first = np.flatnonzero(is_start & ~motorway)
    for point, offset in zip(points, snaps.offset_m, strict=True):
        scale = np.array(
            [111_132.92 - 559.82 * np.cos(2 * np.radians(point[0])), 111_412.84 * np.cos(np.radians(point[0]))]
        )
        scale[1] -= 93.5 * np.cos(3 * np.radians(point[0]))
        a = (np.column_stack((network.shape_lat[first], network.shape_lon[first])) - point) * scale
        b = (np.column_stack((network.shape_lat[first + 1], network.shape_lon[first + 1])) - point) * scale
        d = b - a
        share = np.clip(-(a * d).sum(1) / np.maximum((d * d).sum(1), 1e-12), 0, 1)
        assert offset == pytest.approx(np.hypot(*(a + share[:, None] * d).T).min(), rel=2e-3, abs=0.05)
