"""From an extract to a network."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.errors import ExtractError, RoadsError
from routing.roads import Network, TruckLimits, leg_geometry, read_extract


def driven(network: Network, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Metres of the way the truck takes."""
    return leg_geometry(network, start, end).metres


def test_two_way_streets_are_driven_both_ways(square):
    """Four two-way streets are eight edges, each with its twin, and cost the same both ways."""
    network = square.network()
    assert (network.nodes, network.edges) == (4, 8)
    assert (network.edge_twin[network.edge_twin] == np.arange(8)).all()
    a, b = square.place(10, 0), square.place(90, 0)
    assert driven(network, a, b) == pytest.approx(80, abs=0.1)
    assert driven(network, b, a) == pytest.approx(80, abs=0.1)


@pytest.mark.parametrize(("value", "free"), [("yes", (10, 90)), ("-1", (90, 10))])
def test_one_way_streets_are_driven_one_way(square, value, free):
    """Along the one-way 80 m, against it round the block; -1 turns the street about."""
    square.ways[0].tags = {"highway": "residential", "oneway": value}
    network = square.network()
    start, end = (square.place(east, 0) for east in free)
    assert driven(network, start, end) == pytest.approx(80, abs=0.1)
    assert driven(network, end, start) == pytest.approx(320, abs=0.1)


def test_roundabouts_are_one_way(sketch):
    """Without any oneway tag a roundabout is driven in the order of its nodes only."""
    for name, east, north in (("a", 0, 0), ("b", 40, 0), ("c", 40, 40), ("d", 0, 40), ("w", -100, 0), ("e", 140, 40)):
        sketch.node(name, east, north)
    sketch.way("abcda", {"junction": "roundabout"})
    sketch.way("wa")
    sketch.way("ec")
    network = sketch.network()
    west, east = sketch.place(-50, 0), sketch.place(90, 40)
    assert driven(network, west, east) == pytest.approx(50 + 80 + 50, abs=0.2)
    assert driven(network, east, west) == pytest.approx(50 + 80 + 50, abs=0.2)
    assert (network.edge_twin < 0).sum() == 2


def test_a_banned_turn_is_not_driven(square):
    """With no left turn from a-b into b-c the truck goes round the other side of the block."""
    start, end = square.place(90, 0), square.place(100, 50)
    assert driven(square.network(), start, end) == pytest.approx(60, abs=0.1)
    square.restrict("no_left_turn", 1000, "b", 1001)
    network = square.network()
    assert driven(network, start, end) == pytest.approx(90 + 100 + 100 + 50, abs=0.2)
    assert driven(network, end, start) == pytest.approx(60, abs=0.1)


def test_restrictions_that_except_trucks_do_not_bind(square):
    """except=hgv frees the truck from the turn ban; except=psv does not."""
    start, end = square.place(90, 0), square.place(100, 50)
    square.restrict("no_left_turn", 1000, "b", 1001, {"except": "psv;hgv"})
    assert driven(square.network(), start, end) == pytest.approx(60, abs=0.1)
    square.restrict("no_left_turn", 1000, "b", 1001, {"except": "psv"})
    assert driven(square.network(), start, end) > 300


def test_an_only_restriction_bans_the_other_turns(square):
    """only_straight_on at b leaves the street ahead and closes the turn into b-c."""
    square.node("x", 200, 0).node("y", 200, 100)
    ahead = square.way("bx")
    square.way("xyc")
    square.restrict("only_straight_on", 1000, "b", ahead)
    network = square.network()
    start = square.place(90, 0)
    assert driven(network, start, square.place(150, 0)) == pytest.approx(60, abs=0.1)
    assert driven(network, start, square.place(100, 50)) == pytest.approx(90 + 100 + 100 + 50, abs=0.2)


def test_an_only_restriction_to_a_missing_way_is_left_out(square):
    """Where the one permitted way is outside the network, the junction is not closed."""
    square.restrict("only_straight_on", 1000, "b", 777)
    assert driven(square.network(), square.place(90, 0), square.place(100, 50)) == pytest.approx(60, abs=0.1)


def test_trucks_turn_round_at_dead_ends_only(square):
    """On a through street the truck drives on round the block; in a dead end it turns round."""
    square.node("x", 300, 0)
    square.way("bx")
    network = square.network()
    crossing = [
        (int(edge), int(turn))
        for edge in range(network.edges)
        for turn in network.turn_to[network.turn_start[edge] : network.turn_start[edge + 1]]
        if network.edge_twin[edge] == turn
    ]
    (pair,) = crossing
    assert network.edge_line(pair[0])[1][-1] == pytest.approx(square.place(300, 0)[1])


def test_a_banned_u_turn_at_a_dead_end_closes_it(square):
    """A dead end where turning round is forbidden cannot be left: it is no part of the network."""
    square.node("x", 300, 0)
    stub = square.way("bx")
    square.restrict("no_u_turn", stub, "x", stub)
    assert square.network().edges == 8


def test_only_the_strongly_connected_part_is_kept(square):
    """A one-way street out of the map and an island of its own are left out."""
    for name, east, north in (("x", 200, 0), ("p", 0, 900), ("q", 50, 900)):
        square.node(name, east, north)
    square.way("bx", {"oneway": "yes"})
    square.way("pq")
    network = square.network()
    assert (network.nodes, network.edges) == (4, 8)
    south, west, north, east = network.bbox
    assert (south, west) == pytest.approx(square.place(0, 0), abs=1e-6)
    assert (north, east) == pytest.approx(square.place(100, 100), abs=1e-6)


def test_bans_that_cut_off_an_edge_take_it_out(square):
    """Strong connection is held on edges: a street nobody may turn into has no place in the network."""
    square.ways[0].tags = {"highway": "residential", "oneway": "yes"}
    square.restrict("no_right_turn", 1003, "a", 1000)
    assert 1000 not in square.network().link_way.tolist()


@pytest.mark.parametrize(
    ("limits", "metres"), [(TruckLimits(gross_t=7.5), 80), (TruckLimits(gross_t=19), 320), (None, 320)]
)
def test_a_weight_limit_closes_a_street_to_heavy_trucks(square, limits, metres):
    """The light truck takes the bridge, the heavy one goes round; its bin on the bridge belongs to another street."""
    square.node("e", 30, 0).node("f", 70, 0)
    square.ways[0].nodes = [1, 5]
    square.way("fb")
    square.way("ef", {"maxweight": "10 t"})
    assert driven(square.network(limits), square.place(10, 0), square.place(90, 0)) == pytest.approx(metres, abs=0.3)


def test_a_bollard_cuts_a_street(square):
    """A bollard in the middle of a-b: both halves are dead ends, the way leads round the block."""
    square.node("m", 50, 0, {"barrier": "bollard"})
    square.ways[0].nodes = [1, 5, 2]
    network = square.network()
    assert driven(network, square.place(40, 0), square.place(60, 0)) == pytest.approx(40 + 300 + 40, abs=0.3)


def test_traffic_signals_cost_time(square):
    """A signal on the way adds four seconds; one that faces the other way adds none."""
    plain = square.network()
    square.node("m", 50, 0, {"highway": "traffic_signals", "traffic_signals:direction": "forward"})
    square.ways[0].nodes = [1, 5, 2]
    network = square.network()
    start, end = square.place(0, 0), square.place(100, 0)
    with_signal = leg_geometry(network, start, end).seconds
    assert with_signal - leg_geometry(plain, start, end).seconds == pytest.approx(4, abs=0.01)
    assert leg_geometry(network, end, start).seconds == pytest.approx(leg_geometry(plain, end, start).seconds, abs=0.01)


def test_a_signal_at_a_junction_delays_those_who_come_to_it(square):
    """Four seconds for the truck that drives up to the junction, none for the one that starts out from it."""
    plain = square.network()
    square.nodes["b"].tags = {"highway": "traffic_signals"}
    network = square.network()

    def delay(start: tuple[float, float], end: tuple[float, float]) -> float:
        return leg_geometry(network, start, end).seconds - leg_geometry(plain, start, end).seconds

    a, b, c = (square.place(*at) for at in ((0, 10), (100, 0), (100, 60)))
    assert delay(a, c) == pytest.approx(4, abs=0.01)
    assert delay(b, a) == pytest.approx(0, abs=0.01)
    assert delay(b, c) == pytest.approx(0, abs=0.01)


def test_a_way_cut_by_the_border_has_no_line_across_the_gap(square):
    """Nodes outside the extract end a street: what lies on both sides of the gap is not joined."""
    square.node("x", 200, 0).node("y", 900, 900)
    square.way("bx?y")
    network = square.network()
    assert network.edges == 10
    assert network.bbox[3] == pytest.approx(square.place(200, 0)[1], abs=1e-6)


def test_a_box_cuts_a_city_out_of_a_bigger_extract(square):
    """Streets outside are not read, streets across the border end there."""
    square.node("x", 200, 0).node("y", 900, 0).node("z", 900, 900)
    square.way("bxyz")
    path = square.write()
    south, west = square.place(-10, -10)
    north, east = square.place(300, 110)
    network = read_extract(path, box=(south, west, north, east))
    assert network.edges == 10
    assert network.bbox[3] == pytest.approx(square.place(200, 0)[1], abs=1e-6)
    assert network.key != read_extract(path).key
    with pytest.raises(ExtractError, match="within"):
        read_extract(path, box=(10.0, 10.0, 11.0, 11.0))
    with pytest.raises(RoadsError, match="south, west, north, east"):
        read_extract(path, box=(north, west, south, east))


def test_lengths_follow_the_ellipsoid(sketch):
    """A minute of arc north at 36 degrees is 1,849.3 m on WGS84 (a flat degree of 111,320 m would give 1,855.3)."""
    for name, east, north in (("a", 0, 0), ("b", 50, 0), ("c", 0, 0)):
        sketch.node(name, east, north)
    for name, lat in (("a", 36.0), ("c", 36.0 + 1 / 60)):
        sketch.nodes[name].location = (3.0, lat)
    sketch.nodes["b"].location = (3.001, 36.0)
    sketch.way("ac")
    sketch.way("ab")
    network = sketch.network()
    assert network.link_metres.max() == pytest.approx(1849.32, abs=0.02)


def test_names_and_classes_are_kept(square):
    """A link knows its street's name, class and OpenStreetMap way."""
    square.ways[0].tags = {"highway": "primary", "name": "Boulevard Mohammed V"}
    network = square.network()
    link = network.link_way.tolist().index(1000)
    assert network.names[network.link_name[link]] == "Boulevard Mohammed V"
    assert network.attribution == "© OpenStreetMap contributors"


def broken_files(folder: Path, whole: bytes) -> dict[str, Path]:
    contents = {
        "empty.osm.pbf": b"",
        "text.osm.pbf": b"name;lat;lon\nbin 1;34,9;-2,3\n" * 200,
        "cut.osm.pbf": whole[: len(whole) // 2],
        "tail.osm.pbf": whole[:-10],
        "zeros.osm.pbf": bytes(5000),
        "page.osm": b"<html><body>404</body></html>",
        "roads.pdf": whole,
        "no-streets.osm": b"<osm version='0.6'></osm>",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder.osm.pbf").mkdir()
    return {name: folder / name for name in (*contents, "folder.osm.pbf", "missing.osm.pbf")}


def test_a_broken_extract_is_one_clear_line(square, tmp_path):
    """Empty, cut short, of another kind, a folder, missing: one line that names the file and the mend."""
    for name, path in broken_files(tmp_path, square.write().read_bytes()).items():
        with pytest.raises(ExtractError) as caught:
            read_extract(path)
        message = str(caught.value)
        assert "\n" not in message
        assert str(path) in message
        assert "; " in message, f"{name}: no mend in {message!r}"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere_is_an_error_of_ours(square, data):
    """Whatever bytes are lost or changed: a network, or our error; never an exception of the reader's."""
    whole = bytearray(square.write().read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        whole[at] = data.draw(st.integers(0, 255))
    damaged = square.path.with_name("damaged.osm.pbf")
    damaged.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    with suppress(ExtractError):
        assert read_extract(damaged).edges > 1


def test_streets_that_lead_nowhere_are_refused(sketch):
    """A single one-way street is no network."""
    sketch.node("a", 0, 0).node("b", 100, 0)
    sketch.way("ab", {"oneway": "yes"})
    with pytest.raises(ExtractError, match="wider piece"):
        sketch.network()


def test_streets_closed_to_the_truck_are_refused(square):
    """An extract whose every street is too narrow says so for which truck."""
    for way in square.ways:
        way.tags = {"highway": "residential", "maxwidth": "2"}
    with pytest.raises(ExtractError, match=r"19t-3\.6m-2\.55m"):
        square.network()


@pytest.mark.parametrize(
    ("name", "nodes", "edges"), [("babezzouar", 3500, 8100), ("porto", 1790, 3350), ("marrakech_nw", 1480, 4100)]
)
def test_real_cities(city: Callable[[str], Network], name: str, nodes: int, edges: int) -> None:
    """Nearly all junctions of the real extracts survive, and every edge leads on."""
    network = city(name)
    assert nodes < network.nodes < nodes * 1.02
    assert edges < network.edges < edges * 1.02
    assert (np.diff(network.turn_start) > 0).all()


def test_real_turns_are_all_but_the_way_back(city: Callable[[str], Network]) -> None:
    """A city without turn restrictions: from each edge every exit of its junction but back, and back where it ends."""
    network = city("babezzouar")
    leaving: dict[int, set[int]] = {}
    for edge, node in enumerate(network.edge_from.tolist()):
        leaving.setdefault(node, set()).add(edge)
    for edge, node in enumerate(network.edge_to.tolist()):
        onward = leaving[node] - {int(network.edge_twin[edge])}
        permitted = network.turn_to[network.turn_start[edge] : network.turn_start[edge + 1]].tolist()
        assert set(permitted) == (onward or leaving[node])


def test_real_truck_limits_close_real_streets(city_file: Callable[[str], Path]) -> None:
    """Monaco's weight and height signs: the light van has streets that the 19 t truck has not."""
    path = city_file("monaco")
    van, truck = read_extract(path, TruckLimits(3.0, 2.0, 2.0)), read_extract(path, TruckLimits(26.0, 4.0, 2.55))
    assert van.edges > truck.edges
    assert van.key != truck.key
