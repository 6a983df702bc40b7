"""A bin the planner had not offered can be added: measured on the streets, then like any other."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import osmium
import pytest
from osmium.osm.mutable import Node, Way

from console.shaping.newcomer import take_in
from console.shaping.rows import Facts
from fleet.tables import Bin
from routing.check import check
from routing.edit import Add, Draft, apply
from routing.errors import EditError
from routing.problem import Depot, Problem, Site, Truck, Visit, Ways
from routing.roads import Network, measure_matrix, read_extract
from routing.solve import solve

NAMES = ("A", "B", "C", "depot", "tip", "NEW")
WHERE = {name: (34.9 + 0.002 * (n % 3), -2.3 + 0.003 * (n // 3)) for n, name in enumerate(NAMES)}
ROW = Bin(bin_id="NEW", lat=WHERE["NEW"][0], lon=WHERE["NEW"][1], capacity_l=1000.0, density_kg_l=0.1)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """A ring of streets through every place."""
    file = tmp_path / "ring.osm.pbf"
    ring = ("A", "B", "C", "NEW", "tip", "depot", "A")
    numbers = {name: number for number, name in enumerate(NAMES, 1)}
    with osmium.SimpleWriter(str(file), overwrite=True) as writer:
        for name, (lat, lon) in WHERE.items():
            writer.add_node(Node(id=numbers[name], location=(lon, lat), version=1))
        for number, (one, other) in enumerate(itertools.pairwise(ring)):
            tags = {"highway": "residential"}
            writer.add_way(Way(id=100 + number, nodes=[numbers[one], numbers[other]], tags=tags, version=1))
    return read_extract(file)


def facts(fill: float | None = 0.4) -> Facts:
    return Facts({"NEW": fill}, {"NEW": 0.2}, {}, {}, WHERE, {}, 0.15)


def night(network: Network) -> Problem:
    matrix = measure_matrix(network, [WHERE[name] for name in NAMES[:5]])
    visits = tuple(Visit(bin=name, location=n, litres=500, kg=60, service_seconds=60, mandatory=True)
                   for n, name in enumerate("ABC"))  # fmt: skip
    return Problem(
        zero=datetime(2026, 11, 24, tzinfo=UTC), seconds=matrix.seconds, metres=matrix.metres, visits=visits,
        depots=(Depot(place="depot", location=3),), sites=(Site(place="tip", location=4),),
        trucks=(Truck(truck="T1", depot="depot", litres=9000, kg=4000, starts=0, ends=30_000),),
    )  # fmt: skip


def test_the_newcomers_legs_are_those_of_a_whole_matrix(network):
    """Only its row and column are searched, and they are what measuring everything anew would give."""
    wide = take_in(night(network), ROW, facts(), network)
    whole = measure_matrix(network, [WHERE[name] for name in NAMES])
    assert np.array_equal(wide.seconds, whole.seconds)
    assert np.array_equal(wide.metres, whole.metres)
    new = wide.visits[-1]
    assert (new.bin, new.location, new.litres, new.kg, new.mandatory) == ("NEW", 5, 400, 40, False)


def test_the_newcomer_is_added_like_any_other(network):
    """The plan with it breaks no rule, and its risk is gone."""
    problem = night(network)
    draft = Draft(problem=problem, plan=solve(problem, 0.3), risks={"NEW": 0.2})
    wide = replace(draft, problem=take_in(problem, ROW, facts(), network))
    edited = apply(wide, Add("NEW"))
    assert edited.delta.broken == ()
    assert "NEW" in edited.draft.plan.routes[0].bins
    assert edited.delta.overflows == pytest.approx(-0.2)
    assert check(edited.draft.problem, edited.draft.plan) == ()


def test_a_slower_class_of_trucks_is_slower_on_the_new_legs_too(network):
    """Its legs take as much longer as its others do."""
    problem = night(network)
    slow = {"19 t": Ways(seconds=(problem.seconds * 2).astype(np.int32), metres=problem.metres)}
    wide = take_in(replace(problem, ways=slow), ROW, facts(), network)
    assert np.array_equal(wide.ways["19 t"].seconds[5], wide.seconds[5] * 2)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (Bin(bin_id="FAR", lat=35.5, lon=-2.0), "lies outside the road network"),
        (Bin(bin_id="NEW", lat=34.904, lon=-2.297, shut=[{"from": "08:00", "until": "12:00"}]), "has shut hours"),
    ],
)
def test_a_bin_that_cannot_be_taken_in_is_one_clear_line(network, row, why):
    """Off the streets, or with hours nobody worked out for it."""
    with pytest.raises(EditError, match=why):
        take_in(night(network), row, facts(None), network)


def test_without_roads_there_is_nothing_to_measure_on(network):
    """The refusal says so."""
    with pytest.raises(EditError, match="no roads to measure"):
        take_in(night(network), ROW, facts(), None)
