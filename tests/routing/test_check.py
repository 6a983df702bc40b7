"""The independent checker finds every kind of broken rule in a plan that was sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from routing.check import check
from routing.plan import Left, Plan, Reason, Route, Stop
from routing.problem import Break, Problem
from routing.solve import solve

Change = Callable[[Problem, Plan], tuple[Problem, Plan]]


@pytest.fixture(scope="module")
def sound(make_night) -> tuple[Problem, Plan]:
    night = make_night(seed=4, bins=14, trucks=3, rest=False, windows=False)
    rest = Break(seconds=1800, opens=6 * 3600, closes=11 * 3600)
    night = replace(night, trucks=tuple(replace(truck, rest=rest, narrow=True) for truck in night.trucks[:1]))
    # a shift in which the break must lie on the road
    visits = tuple(replace(visit, service_seconds=1500, mandatory=True) for visit in night.visits)
    truck = replace(night.trucks[0], ends=20 * 3600, litres=6000, kg=1000, max_tips=4)
    night = replace(night, visits=visits, trucks=(truck,))
    plan = solve(night, 0.5, engine="own")
    assert check(night, plan) == ()
    kinds = [stop.kind for stop in plan.routes[0].stops]
    assert kinds.count("break") == 1
    assert kinds.count("tip") >= 2
    return night, plan


def with_stops(plan: Plan, change: Callable[[list[Stop]], list[Stop]]) -> Plan:
    route = plan.routes[0]
    return replace(plan, routes=(replace(route, stops=tuple(change(list(route.stops)))), *plan.routes[1:]))


def at(plan: Plan, kind: str) -> int:
    return [stop.kind for stop in plan.routes[0].stops].index(kind)


def swap_bins(night: Problem, plan: Plan) -> tuple[Problem, Plan]:
    def change(stops: list[Stop]) -> list[Stop]:
        one, two = [number for number, stop in enumerate(stops) if stop.kind == "bin"][:2]
        stops[one], stops[two] = stops[two], stops[one]
        return stops

    return night, with_stops(plan, change)


def drop(kind: str) -> Change:
    def change(night: Problem, plan: Plan) -> tuple[Problem, Plan]:
        where = at(plan, kind)
        return night, with_stops(plan, lambda stops: stops[:where] + stops[where + 1 :])

    return change


def alter(of: str, **fields: object) -> Change:
    def change(night: Problem, plan: Plan) -> tuple[Problem, Plan]:
        where = at(plan, of)
        return night, with_stops(
            plan, lambda stops: [replace(s, **fields) if n == where else s for n, s in enumerate(stops)]
        )

    return change


def on_route(**fields: object) -> Change:
    return lambda night, plan: (night, replace(plan, routes=(replace(plan.routes[0], **fields),)))


def on_plan(**fields: object) -> Change:
    return lambda night, plan: (night, replace(plan, **fields))


def on_truck(**fields: object) -> Change:
    return lambda night, plan: (replace(night, trucks=(replace(night.trucks[0], **fields),)), plan)


def on_visits(**fields: object) -> Change:
    return lambda night, plan: (replace(night, visits=tuple(replace(v, **fields) for v in night.visits)), plan)


def on_sites(**fields: object) -> Change:
    return lambda night, plan: (replace(night, sites=tuple(replace(s, **fields) for s in night.sites)), plan)


def break_roads(night: Problem, plan: Plan) -> tuple[Problem, Plan]:
    return replace(night, seconds=np.full_like(night.seconds, -1)), plan


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("times", swap_bins),
        ("bins", drop("bin")),
        ("times", drop("tip")),
        ("break", drop("break")),
        ("bins", alter("bin", bin="nobody")),
        ("times", alter("bin", arrive=1)),
        ("way", alter("bin", location=14)),
        ("load", alter("bin", kg=1)),
        ("totals", alter("bin", metres=1)),
        ("energy", alter("bin", kwh=0.0)),
        ("unloading", alter("tip", place="nowhere")),
        ("shape", alter("return", kind="depart")),
        ("totals", on_route(metres=1)),
        ("totals", on_route(kg=1)),
        ("totals", on_route(kwh_p90=1.0)),
        ("totals", on_route(cost=1.0)),
        ("times", on_route(departs=0)),
        ("fleet", on_route(truck="T9")),
        ("totals", on_plan(cost=0.0)),
        ("totals", on_plan(kwh=0.0)),
        ("bins", on_plan(routes=())),
        ("bins", on_plan(left=(Left(bin="B0", reason=Reason.SHIFT, mandatory=True),))),
        ("shift", on_truck(starts=23 * 1800 + 1, ends=86_400)),
        ("shift", on_truck(ends=7 * 3600)),
        ("capacity", on_truck(kg=100)),
        ("capacity", on_truck(litres=1000)),
        ("tips", on_truck(max_tips=1)),
        ("battery", on_truck(spendable_kwh=5.0)),
        ("break", on_truck(rest=None)),
        ("break", on_truck(rest=Break(seconds=1800, opens=60, closes=7000))),
        ("stream", on_truck(streams=frozenset({"glass"}))),
        ("narrow", lambda n, p: on_visits(narrow=True)(*on_truck(narrow=False)(n, p))),
        ("service", on_visits(service_seconds=3000)),
        ("window", on_visits(closes=6 * 3600)),
        ("window", on_visits(opens=19 * 3600, closes=20 * 3600)),
        ("hours", on_sites(closes=7 * 3600)),
        ("hours", on_sites(opens=19 * 3600)),
        ("unloading", on_sites(unload_seconds=5000)),
        ("stream", on_sites(streams=frozenset({"glass"}))),
        ("way", break_roads),
    ],
)
def test_a_broken_rule_is_found(sound, rule, change):
    """Each change to a sound plan, or to what it was made for, is found under its rule."""
    night, plan = change(*sound)
    assert rule in {violation.rule for violation in check(night, plan)}


def test_coming_home_loaded_is_found(sound):
    """Without its last tip a truck comes home loaded."""
    night, plan = sound
    last = max(number for number, stop in enumerate(plan.routes[0].stops) if stop.kind == "tip")
    cut = with_stops(plan, lambda stops: stops[:last] + stops[last + 1 :])
    assert "empty" in {violation.rule for violation in check(night, cut)}


def test_two_routes_of_one_truck_are_found(sound):
    """A truck drives one route a shift."""
    night, plan = sound
    twice = replace(plan, routes=(plan.routes[0], plan.routes[0]))
    assert "fleet" in {violation.rule for violation in check(night, twice)}


def test_mixed_streams_are_found(sound):
    """Two streams in one load are found even when the truck collects both."""
    night, plan = sound
    visits = tuple(replace(v, stream="glass" if n % 2 else "mixed") for n, v in enumerate(night.visits))
    truck = replace(night.trucks[0], streams=frozenset({"mixed", "glass"}))
    broken = check(replace(night, visits=visits, trucks=(truck,)), plan)
    assert {violation.rule for violation in broken} == {"stream"}


def test_a_violation_says_where(sound):
    """It names the truck, the stop and what is wrong in words."""
    night, plan = alter("bin", kg=1)(*sound)
    found = next(violation for violation in check(night, plan) if violation.rule == "load")
    assert found.truck == "T0"
    assert plan.routes[0].stops[found.stop or 0].kind == "bin"
    assert "1 kg" in found.text


def test_a_route_of_nothing_is_found(sound):
    """A route without stops is malformed, not a crash."""
    night, plan = sound
    empty: Route = replace(plan.routes[0], stops=())
    assert "shape" in {violation.rule for violation in check(night, replace(plan, routes=(empty,)))}
