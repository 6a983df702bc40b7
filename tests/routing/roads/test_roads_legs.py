"""Legs follow the streets, and say what the matrix says."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import osmium
import pytest

from routing.errors import NoWayError, OffNetworkError
from routing.roads import Network, leg_geometry, measure_matrix, route_geometry
from routing.roads.geodesy import step_metres


def route_points(network: Network, seed: int, count: int) -> np.ndarray:
    """A round past random junctions."""
    rng = np.random.default_rng(seed)
    at = rng.choice(network.nodes, count)
    return np.column_stack((network.node_lat[at], network.node_lon[at])) + rng.normal(0, 1e-4, (count, 2))


@pytest.mark.parametrize("name", ["babezzouar", "porto", "monaco", "marrakech_nw"])
def test_legs_say_what_the_matrix_says(city: Callable[[str], Network], name: str) -> None:
    """Seconds and metres of every leg are the matrix's cells before rounding, and the line is as long as it says."""
    network = city(name)
    points = route_points(network, 7, 80)
    matrix, legs = measure_matrix(network, points), route_geometry(network, points)
    assert len(legs) == 79
    for at, leg in enumerate(legs):
        assert matrix.seconds[at, at + 1] == pytest.approx(leg.seconds, abs=0.501)
        assert matrix.metres[at, at + 1] == pytest.approx(leg.metres, abs=0.501)
        assert step_metres(*np.array(leg.line).T).sum() == pytest.approx(leg.metres, abs=0.01)


@pytest.mark.parametrize("name", ["babezzouar", "porto"])
def test_legs_follow_permitted_turns_of_directed_edges(city: Callable[[str], Network], name: str) -> None:
    """Each edge of a leg is entered from the one before by a permitted turn, and the line runs along those edges."""
    network = city(name)
    for leg in route_geometry(network, route_points(network, 8, 60)):
        for before, after in zip(leg.edges, leg.edges[1:], strict=False):
            assert network.edge_to[before] == network.edge_from[after]
            assert after in network.turn_to[network.turn_start[before] : network.turn_start[before + 1]]
        inner = [
            spot
            for edge in leg.edges[1:-1]
            for spot in zip(*(axis.tolist() for axis in network.edge_line(edge)), strict=True)
        ]
        line = iter(leg.line)
        missing = [spot for at, spot in enumerate(inner) if (at == 0 or inner[at - 1] != spot) and spot not in line]
        assert missing == [], "points of the edges that the line does not pass in order"


@pytest.mark.parametrize("name", ["porto", "marrakech_nw"])
def test_legs_obey_the_one_ways_of_the_file(
    city: Callable[[str], Network], city_file: Callable[[str], Path], name: str
) -> None:
    """Each step of a line from one map node to the next is one the extract's own ways allow in that direction."""
    allowed = set()
    for way in osmium.FileProcessor(str(city_file(name))).with_locations():
        if not way.is_way() or "highway" not in way.tags:
            continue
        spots = [(node.location.lat, node.location.lon) for node in way.nodes if node.location.valid()]
        round_about = way.tags.get("junction") in {"roundabout", "circular"} or way.tags["highway"] == "motorway"
        oneway = way.tags.get("oneway", "yes" if round_about else "no")
        steps = list(itertools.pairwise(spots))
        allowed.update(steps if oneway != "-1" else ())
        allowed.update((b, a) for a, b in steps if oneway in {"no", "-1"})
    network = city(name)
    steps = {step for leg in route_geometry(network, route_points(network, 10, 120)) for step in pairs_inside(leg.line)}
    assert len(steps) > 500
    assert {tuple((round(lat, 7), round(lon, 7)) for lat, lon in step) for step in steps} <= allowed


def pairs_inside(line: tuple[tuple[float, float], ...]):
    """Steps between map nodes: the first and the last step begin or end somewhere along a street."""
    return itertools.pairwise(line[1:-1])


def test_a_route_begins_and_ends_at_the_street_beside_its_points(square):
    """The line starts at the foot of the first point and ends at that of the next, with the corners between."""
    leg = leg_geometry(square.network(), square.place(50, 8), square.place(92, 30))
    expected = [square.place(*at) for at in ((50, 0), (100, 0), (100, 30))]
    assert np.array(leg.line).ravel().tolist() == pytest.approx(np.array(expected).ravel().tolist(), abs=2e-7)
    assert leg.metres == pytest.approx(80, abs=0.05)
    assert leg.seconds == pytest.approx(80 / (25 / 3.6), abs=0.01)


def test_a_leg_along_one_edge(square):
    """Ahead or back on the same two-way street: straight there, in the right direction."""
    network = square.network()
    ahead = leg_geometry(network, square.place(20, 0), square.place(70, 0))
    back = leg_geometry(network, square.place(70, 0), square.place(20, 0))
    assert ahead.metres == pytest.approx(50, abs=0.01)
    assert np.array(back.line).ravel() == pytest.approx(np.array(ahead.line[::-1]).ravel().tolist(), abs=1e-9)
    assert network.edge_twin[ahead.edges[0]] == back.edges[0]


def test_a_leg_to_where_the_truck_stands(square):
    """Two bins at one spot: a line of two points and no length."""
    leg = leg_geometry(square.network(), square.place(20, 0), square.place(20, 0))
    assert len(leg.line) == 2
    assert (leg.seconds, leg.metres) == (0, 0)


def test_bends_are_kept(sketch):
    """A street's intermediate points lie on the leg's line."""
    for name, east, north in (("a", 0, 0), ("m", 50, 30), ("n", 70, -20), ("b", 120, 0), ("c", 60, 90)):
        sketch.node(name, east, north)
    sketch.way("amnb")
    sketch.way("bca")
    leg = leg_geometry(sketch.network(), sketch.place(0, 0), sketch.place(120, 0))
    assert len(leg.line) == 4
    assert leg.line[1] == pytest.approx(sketch.place(50, 30), abs=2e-7)


def test_a_point_off_the_network_is_named(square):
    """The message gives the point's position in the route, its coordinates and its distance."""
    points = [square.place(0, 0), square.place(50, -900)]
    with pytest.raises(OffNetworkError, match=r"^point 1 \(34\.9\d+, -2\.3\d+\) lies 900 m from the nearest street"):
        route_geometry(square.network(), points)


def test_a_pair_without_a_way_is_named(square):
    """Were a network not strongly connected: which leg, and what to look for."""
    network = square.network()
    cut = {name: getattr(network, name) for name in network.__dataclass_fields__}
    cut["turn_start"], cut["turn_to"] = np.zeros(9, np.int64), np.zeros(0, np.int32)
    with pytest.raises(NoWayError, match="from point 0 to point 1"):
        leg_geometry(Network(**cut), square.place(50, 0), square.place(0, 50))


def test_short_routes(square):
    """No point and one point have no leg."""
    network = square.network()
    assert route_geometry(network, []) == ()
    assert route_geometry(network, [square.place(0, 0)]) == ()


def test_far_legs_are_found_too(sketch):
    """A way many times longer than the crow flies is found by the second, unlimited search."""
    sketch.node("a", 0, 0).node("b", 10, 0).node("x", 0, 20_000).node("y", 10, 20_000)
    sketch.way("axyb", {"highway": "service"})
    sketch.node("p", -60, 0).node("q", 70, 0)
    sketch.way("pa")
    sketch.way("bq")
    leg = leg_geometry(sketch.network(), sketch.place(-30, 0), sketch.place(40, 0))
    assert leg.metres == pytest.approx(40_070, rel=1e-3)


def test_a_limited_search_does_not_settle_for_the_wrong_end_of_a_street(sketch):
    """The near end of a long slow street is found first, the far end is the faster way in, and is taken."""
    for name, east, north in (("w", -50, 0), ("a", 0, 0), ("m", 225, 447), ("b", 450, 0), ("p", 225, -580)):
        sketch.node(name, east, north)
    sketch.way("wa")
    sketch.way("amb", {"highway": "service"})
    sketch.way("apb", {"highway": "primary"})
    network = sketch.network()
    points = [sketch.place(-30, 0), sketch.place(445.5, 8.94)]
    leg = leg_geometry(network, *points)
    assert leg.metres == pytest.approx(30 + 1244 + 10, abs=2)
    assert measure_matrix(network, points).metres[0, 1] == round(leg.metres)


def test_three_hundred_legs_take_less_than_a_second(city: Callable[[str], Network]) -> None:
    """A day's rounds are drawn while a person waits: CPU seconds, generous for a busy machine."""
    network = city("babezzouar")
    points = route_points(network, 9, 301)
    begun = time.process_time()
    assert len(route_geometry(network, points)) == 300
    assert time.process_time() - begun < 1.0
