"""Classes of vehicles and rules of ours over the built network."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from routing.errors import RoadsError
from routing.roads import Network, Override, Profile, TruckLimits, VehicleClass, measure_matrix, route_geometry
from routing.roads.adapt import adapt
from routing.roads.matrix import UNREACHABLE

MONDAY = date(2026, 11, 23)
SMALL = TruckLimits(gross_t=3.5, height_m=2.5, width_m=2.0)
BIG = Profile(VehicleClass())
VAN = Profile(VehicleClass(gross_t=3.5, height_m=2.5, width_m=2.0, length_m=5.5))


def two_ways(sketch) -> Network:
    """A to d by the short street b-c, or round by e-f; a dead end g off c.

    e - f
    a - b - c - d
            g
    """
    for name, east, north in (
        ("a", 0, 0),
        ("b", 100, 0),
        ("c", 200, 0),
        ("d", 300, 0),
        ("e", 100, 100),
        ("f", 200, 100),
        ("g", 200, -100),
    ):
        sketch.node(name, east, north)
    for ends in ("ab", "be", "ef", "fc", "cd", "cg"):
        sketch.way(ends)
    return sketch


@pytest.mark.parametrize("tags", [{"maxweight": "7.5"}, {"maxheight": "3"}, {"maxwidth": "2.2"}, {"maxlength": "6"}])
def test_a_sign_closes_a_street_to_the_big_class_alone(sketch, tags) -> None:
    """A posted weight, height, width or length sends the big class round and lets the small one through."""
    two_ways(sketch).way("bc", tags | {"name": "Rue Courte"})
    network = sketch.network(SMALL)
    ends = [sketch.place(10, 0), sketch.place(290, 0)]
    small, big = (adapt(network, profile, MONDAY) for profile in (VAN, BIG))
    assert measure_matrix(small, ends).metres[0, 1] == pytest.approx(280, abs=2)
    assert measure_matrix(big, ends).metres[0, 1] == pytest.approx(480, abs=2)
    assert small is network


def test_goods_vehicles_banned_from_a_street_leave_it_to_vans(sketch) -> None:
    """hgv=no closes a street above 3.5 t and not below."""
    two_ways(sketch).way("bc", {"hgv": "no"})
    network = sketch.network(SMALL)
    ends = [sketch.place(10, 0), sketch.place(290, 0)]
    assert measure_matrix(adapt(network, VAN, MONDAY), ends).metres[0, 1] == pytest.approx(280, abs=2)
    assert measure_matrix(adapt(network, BIG, MONDAY), ends).metres[0, 1] == pytest.approx(480, abs=2)


def test_a_bin_in_a_street_too_narrow_is_out_of_reach_of_that_class(sketch) -> None:
    """Its row and column hold no way for the big class, and the rest is untouched."""
    two_ways(sketch).way("bc", {"maxwidth": "2.2"})
    network = sketch.network(SMALL)
    points = [sketch.place(10, 0), sketch.place(150, 2), sketch.place(290, 0)]
    seconds = measure_matrix(adapt(network, BIG, MONDAY), points).seconds
    assert (seconds[1] == UNREACHABLE).all()
    assert (seconds[:, 1] == UNREACHABLE).all()
    assert seconds[0, 2] < UNREACHABLE
    assert (measure_matrix(adapt(network, VAN, MONDAY), points).seconds < UNREACHABLE).all()


def test_a_gate_too_low_for_the_big_class_is_a_new_end(sketch) -> None:
    """The truck comes up to the gauge and turns round there; the van drives through."""
    for name, east in (("a", 0), ("b", 100), ("c", 200)):
        sketch.node(name, east, 0, {"barrier": "height_restrictor", "maxheight": "2.8"} if name == "b" else None)
    for name, east, north in (("d", 0, 100), ("e", 100, 200), ("f", 200, 100)):
        sketch.node(name, east, north)
    sketch.way("abc")
    sketch.way("adefc")
    network = sketch.network(SMALL)
    ends = [sketch.place(90, 0), sketch.place(110, 0)]
    assert measure_matrix(adapt(network, VAN, MONDAY), ends).metres[0, 1] == pytest.approx(20, abs=1)
    around = measure_matrix(adapt(network, BIG, MONDAY), ends)
    assert 600 < around.metres[0, 1] < UNREACHABLE
    assert 600 < around.metres[1, 0] < UNREACHABLE


def test_a_closure_sends_trucks_round_and_makes_a_new_end(sketch) -> None:
    """With b-c closed a bin at its mouth is still served, a bin in it is not, and the way leads round."""
    two_ways(sketch).way("bc", {"name": "Rue Courte"})
    network = sketch.network()
    closed = Override("closed", street="Rue Courte")
    points = [sketch.place(10, 0), sketch.place(150, 2), sketch.place(290, 0)]
    adapted = adapt(network, BIG, MONDAY, [closed])
    matrix = measure_matrix(adapted, points)
    assert matrix.metres[0, 2] == pytest.approx(480, abs=2)
    assert (matrix.seconds[1] == UNREACHABLE).all()
    (leg,) = route_geometry(adapted, [points[0], points[2]])
    assert leg.metres == pytest.approx(matrix.metres[0, 2], abs=0.51)
    assert max(lat for lat, _ in leg.line) > sketch.place(0, 90)[0]


def test_a_one_way_rule_leaves_the_direction_of_its_line(sketch) -> None:
    """Along the line 280 m, against it round the block."""
    two_ways(sketch).way("bc", {"name": "Rue du Marché"})
    network = sketch.network()
    rule = Override("one_way", line=(sketch.place(100, 0), sketch.place(200, 0)))
    ends = [sketch.place(10, 0), sketch.place(290, 0)]
    metres = measure_matrix(adapt(network, BIG, MONDAY, [rule]), ends).metres
    assert metres[0, 1] == pytest.approx(280, abs=2)
    assert metres[1, 0] == pytest.approx(480, abs=2)
    turned = Override("one_way", line=tuple(reversed(rule.line)))
    assert measure_matrix(adapt(network, BIG, MONDAY, [turned]), ends).metres[0, 1] == pytest.approx(480, abs=2)


def test_a_weight_rule_closes_for_heavier_classes_alone(sketch) -> None:
    """Too narrow for 19 t: the 19 t class goes round, the van does not."""
    two_ways(sketch).way("bc", {"name": "Rue Courte"})
    network = sketch.network(SMALL)
    rule = Override("max_t", street="rue courte", value=12)
    ends = [sketch.place(10, 0), sketch.place(290, 0)]
    assert measure_matrix(adapt(network, BIG, MONDAY, [rule]), ends).metres[0, 1] == pytest.approx(480, abs=2)
    assert adapt(network, VAN, MONDAY, [rule]) is network


def test_a_speed_rule_slows_its_street(sketch) -> None:
    """Five km/h on the short street makes the way round the faster one."""
    two_ways(sketch).way("bc", {"name": "Rue Courte"})
    network = sketch.network()
    ends = [sketch.place(10, 0), sketch.place(290, 0)]
    slow = adapt(network, BIG, MONDAY, [Override("speed", street="Rue Courte", value=5)])
    assert measure_matrix(slow, ends).metres[0, 1] == pytest.approx(480, abs=2)


@pytest.mark.parametrize(
    ("rule", "profile", "holds"),
    [
        ({"weekdays": (0,)}, ("06:00", "13:00"), True),
        ({"weekdays": (1,)}, ("06:00", "13:00"), False),
        ({"weekdays": (1,)}, ("22:00", "04:00"), True),
        ({"from_time": "14:00", "until_time": "18:00"}, ("06:00", "13:00"), False),
        ({"from_time": "12:00", "until_time": "18:00"}, ("06:00", "13:00"), True),
        ({"from_time": "22:00", "until_time": "07:00", "weekdays": (6,)}, ("06:00", "13:00"), True),
        ({"from_time": "22:00", "until_time": "06:00", "weekdays": (6,)}, ("06:00", "13:00"), False),
        ({"starts_on": date(2026, 11, 24)}, ("06:00", "13:00"), False),
        ({"ends_on": date(2026, 11, 22)}, ("06:00", "13:00"), False),
        ({"starts_on": MONDAY, "ends_on": MONDAY}, ("06:00", "13:00"), True),
    ],
)
def test_rules_hold_in_their_days_and_hours(rule, profile, holds) -> None:
    """A Monday's shift meets the rules of that Monday, and of the night before and after where it reaches into them."""
    assert Override("closed", street="x", **rule).holds(Profile(VehicleClass(), *profile), MONDAY) is holds


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "shut", "street": "x"}, "is no rule"),
        ({"kind": "closed"}, "says not where"),
        ({"kind": "one_way", "street": "x"}, "needs a line"),
        ({"kind": "max_t", "street": "x"}, "give 0.5 to 100 t"),
        ({"kind": "speed", "street": "x", "value": float("nan")}, "give 2 to 130 km/h"),
        ({"kind": "closed", "street": "x", "from_time": "25:00"}, "no time of day"),
        ({"kind": "closed", "street": "x", "weekdays": (7,)}, "Monday"),
    ],
)
def test_senseless_rules_are_refused(fields, words) -> None:
    """One line says what is wrong and the mend."""
    with pytest.raises(RoadsError, match=words):
        Override(**fields)


def test_closing_streets_of_a_real_city_keeps_the_rest_connected(city: Callable[[str], Network]) -> None:
    """Fifty random streets closed in Porto: whoever can be left can be come to, and legs match the matrix."""
    network = city("porto")
    rng = np.random.default_rng(5)
    rules = [
        Override("closed", line=tuple(zip(*(part.tolist() for part in network.edge_line(int(edge))), strict=True)))
        for edge in rng.choice(network.edges, 50, replace=False)
    ]
    adapted = adapt(network, BIG, MONDAY, rules)
    assert adapted.edge_open is not None
    assert 30 < (~adapted.edge_open).sum() < network.edges / 4
    at = rng.choice(network.nodes, 40)
    points = np.column_stack((network.node_lat[at], network.node_lon[at])) + rng.normal(0, 2e-4, (40, 2))
    matrix = measure_matrix(adapted, points)
    lone = (matrix.seconds == UNREACHABLE).all(axis=1)
    assert lone.sum() < 15
    inside = np.flatnonzero(~lone)
    assert (matrix.seconds[np.ix_(inside, inside)] < UNREACHABLE).all()
    legs = route_geometry(adapted, points[inside])
    assert [round(leg.seconds) for leg in legs] == matrix.seconds[inside[:-1], inside[1:]].tolist()
    assert all(adapted.edge_open[list(leg.edges)].all() for leg in legs)
