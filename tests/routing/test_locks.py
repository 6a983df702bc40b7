"""What the dispatcher has settled stands: pins, fixed rounds and bins left out, in plans and before the checker."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from routing.check import check
from routing.errors import ProblemError
from routing.plan import Left, Plan, Reason
from routing.problem import Locks, Problem
from routing.solve import solve


@pytest.fixture(scope="module")
def made(make_night) -> tuple[Problem, Plan]:
    night = make_night(seed=6, bins=24, trucks=3, hours=9, windows=False)
    night = replace(
        night,
        visits=tuple(replace(visit, mandatory=True, narrow=False, service_seconds=1200) for visit in night.visits),
        trucks=tuple(replace(truck, max_tips=6) for truck in night.trucks),
    )
    plan = solve(night, 0.6, engine="own")
    assert check(night, plan) == ()
    assert plan.missed == ()
    return night, plan


def locked(night: Problem, **locks: object) -> Problem:
    return replace(night, locks=Locks(**locks))  # type: ignore[arg-type]


def test_a_pinned_bin_goes_with_its_truck(made):
    """Whatever it costs, and also when it is worth nothing."""
    night, _ = made
    pins = {visit.bin: f"T{number % 3}" for number, visit in enumerate(night.visits[:9])}
    free = replace(night, visits=tuple(replace(visit, mandatory=False) for visit in night.visits))
    for each in (night, free):
        plan = solve(locked(each, pins=pins), 0.4, engine="own")
        assert check(locked(each, pins=pins), plan) == ()
        driver = {name: route.truck for route in plan.routes for name in route.bins}
        assert {name: driver[name] for name in pins} == pins


def test_a_fixed_truck_drives_its_bins_in_their_order(made):
    """The engine adds tips and break, nothing else, and leaves what is fixed to others alone."""
    night, plan = made
    order = tuple(reversed(plan.routes[0].bins))
    fixed = locked(night, fixed={plan.routes[0].truck: order})
    again = solve(fixed, 0.4, engine="own", warm=plan)
    assert check(fixed, again) == ()
    assert next(route.bins for route in again.routes if route.truck == plan.routes[0].truck) == order
    assert again.missed == ()


def test_a_truck_fixed_to_nothing_stays_at_home(made):
    """An empty list is a lock as well."""
    night, plan = made
    home = locked(night, fixed={plan.routes[0].truck: ()})
    again = solve(home, 0.4, engine="own", warm=plan)
    assert check(home, again) == ()
    assert plan.routes[0].truck not in {route.truck for route in again.routes}


def test_what_a_fixed_truck_cannot_drive_is_left_with_a_reason(made):
    """A fixed round that no longer fits its shift keeps what fits, mandatory bins first."""
    night, plan = made
    truck = plan.routes[0].truck
    short = replace(
        night,
        trucks=tuple(replace(t, ends=t.starts + 5400, rest=None) if t.truck == truck else t for t in night.trucks),
    )
    everything = locked(short, fixed={truck: tuple(visit.bin for visit in night.visits)})
    again = solve(everything, 0.4, engine="own")
    assert check(everything, again) == ()
    assert 0 < again.served < len(night.visits)
    assert {left.reason for left in again.left} == {Reason.SHIFT}


def test_a_dropped_bin_is_left_by_hand(made):
    """Mandatory or not, it stays out and says why."""
    night, plan = made
    dropped = locked(night, dropped=frozenset({"B3", "B4"}))
    again = solve(dropped, 0.4, engine="own", warm=plan)
    assert check(dropped, again) == ()
    assert {left.bin: left.reason for left in again.left} == {"B3": Reason.LOCKED, "B4": Reason.LOCKED}


def test_one_truck_is_planned_again_within_two_seconds(made):
    """All others fixed, the rest of the night is improved from the plan there is, and only gets better."""
    night, plan = made
    fixed = locked(night, fixed={route.truck: route.bins for route in plan.routes[1:]})
    begun = time.monotonic()
    again = solve(fixed, 1.0, engine="own", warm=plan)
    assert time.monotonic() - begun < 2
    assert check(fixed, again) == ()
    assert again.missed == ()
    assert again.cost <= plan.cost + 0.01


@pytest.mark.parametrize(
    ("locks", "says"),
    [
        ({"pins": {"B1": "T0"}, "dropped": frozenset({"B1"})}, "bin B1 is dropped and pinned to truck T0"),
        ({"pins": {"B1": "T0"}, "fixed": {"T1": ("B1",)}}, "bin B1 is pinned to truck T0 and fixed to truck T1"),
        (
            {"pins": {"B1": "T0"}, "fixed": {"T0": ("B2",)}},
            "bin B1 is pinned to truck T0, which is fixed to other bins",
        ),
        ({"fixed": {"T0": ("B1",), "T1": ("B1",)}}, "bin B1 is fixed to truck T1 and again to truck T0"),
        ({"fixed": {"T0": ("B1", "B1")}}, "bin B1 is fixed to truck T0 and again to the same truck"),
        ({"fixed": {"T0": ("B1",)}, "dropped": frozenset({"B1"})}, "bin B1 is dropped and fixed to truck T0"),
        ({"pins": {"B99": "T0"}}, "bin B99, which is not"),
        ({"dropped": frozenset({"B99"})}, "bin B99, which is not"),
        ({"pins": {"B1": "T9"}}, "truck T9, which is not"),
        ({"fixed": {"T9": ()}}, "truck T9, which is not"),
    ],
)
def test_contradictory_locks_are_refused(made, locks, says):
    """Both sides of the contradiction are named, and the mend."""
    with pytest.raises(ProblemError, match=says) as refused:
        locked(made[0], **locks)
    assert str(refused.value).endswith(("unlock one of them", "unlock it"))


def test_the_checker_holds_plans_against_locks(made):
    """Another truck, another order, one bin more, a dropped bin served, a wanted one left as not needed: all found."""
    night, plan = made
    route = plan.routes[0]
    one, other = route.truck, plan.routes[1].truck
    broken = (
        {"pins": {route.bins[0]: other}},
        {"fixed": {one: tuple(reversed(route.bins))}},
        {"fixed": {one: route.bins[:-1]}},
        {"fixed": {other: plan.routes[1].bins + route.bins[:1]}},
        {"dropped": frozenset({route.bins[0]})},
    )
    for locks in broken:
        assert {each.rule for each in check(locked(night, **locks), plan)} == {"lock"}, locks
    sound = {"pins": dict.fromkeys(route.bins, one), "fixed": {other: plan.routes[1].bins}}
    assert check(locked(night, **sound), plan) == ()
    left = Plan(
        zero=plan.zero,
        routes=(),
        left=tuple(Left(bin=v.bin, reason=Reason.NOT_NEEDED, mandatory=True) for v in night.visits),
        cost=0.0,
        metres=0,
        seconds=0,
        kwh=0.0,
    )
    assert {each.rule for each in check(locked(night, **sound), left)} == {"lock"}
    assert {each.rule for each in check(locked(night, dropped=frozenset({"B1"})), left)} == {"lock"}
