"""Plans made under every rule: nothing is broken, what can be served is served, what is left has its true reason."""

from __future__ import annotations

import itertools
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.check import check
from routing.errors import SolveError
from routing.plan import Reason
from routing.problem import Problem
from routing.solve import Progress, solve
from routing.solve.ground import compile_problem
from routing.solve.ruin import Search
from routing.solve.start import filled, holds


def reasons(night: Problem, seconds: float = 0.3) -> dict[str, Reason]:
    plan = solve(night, seconds)
    assert check(night, plan) == ()
    return {left.bin: left.reason for left in plan.left if left.mandatory}


def every(night: Problem, **fields: object) -> Problem:
    return replace(night, visits=tuple(replace(visit, **fields) for visit in night.visits))


def alone(night: Problem, bin_: str, **fields: object) -> Problem:
    return replace(night, visits=tuple(replace(v, **fields) if v.bin == bin_ else v for v in night.visits))


def with_trucks(night: Problem, **fields: object) -> Problem:
    return replace(night, trucks=tuple(replace(truck, **fields) for truck in night.trucks))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000),
    bins=st.integers(1, 16),
    trucks=st.integers(1, 4),
    streams=st.sampled_from([("mixed",), ("mixed", "glass")]),
    rest=st.booleans(),
    battery=st.booleans(),
    hours=st.sampled_from([1.5, 3.0, 6.0, 9.0]),
    site_hours=st.sampled_from([None, (7 * 3600, 9 * 3600)]),
)
def test_no_plan_breaks_a_rule(make_night, seed, bins, trucks, streams, rest, battery, hours, site_hours):
    """Whatever the night, the independent checker finds nothing."""
    night = make_night(
        seed,
        bins,
        trucks,
        streams=streams,
        rest=rest and hours >= 6,
        battery=battery,
        hours=hours,
        site_hours=site_hours,
    )
    plan = solve(night, 0.15, seed)
    assert check(night, plan) == ()


def test_a_night_with_room_serves_all_that_is_due(make_night):
    """With time and capacity to spare no mandatory bin is left."""
    night = make_night(seed=3, bins=30, trucks=3, hours=9)
    plan = solve(night, 1.5)
    assert check(night, plan) == ()
    assert plan.missed == ()


def test_a_worthless_optional_bin_is_left_and_a_dear_one_served(make_night):
    """Optional bins are weighed: value 0 waits, a value above any detour is served."""
    night = every(
        make_night(seed=3, bins=10, trucks=2, hours=9, windows=False), mandatory=False, value=0.0, narrow=False
    )
    assert solve(night, 0.3).served == 0
    plan = solve(alone(night, "B4", value=10_000.0), 0.3)
    assert "B4" in plan.routes[0].bins
    assert {left.reason for left in plan.left} == {Reason.NOT_NEEDED}


def test_reasons_no_truck_could_ever(make_night):
    """What no truck can serve even alone is left for that very reason."""
    night = every(make_night(seed=5, bins=8, trucks=2, windows=False), mandatory=True, narrow=False, litres=300, kg=40)
    assert reasons(alone(night, "B1", location=None)) == {"B1": Reason.OUTSIDE}
    assert reasons(alone(night, "B1", stream="glass")) == {"B1": Reason.STREAM}
    assert reasons(alone(night, "B1", litres=90_000)) == {"B1": Reason.TOO_BIG}
    assert reasons(alone(night, "B1", opens=0, closes=60)) == {"B1": Reason.WINDOW}
    sites = tuple(replace(site, streams=frozenset({"mixed"})) for site in night.sites)
    both = with_trucks(replace(night, sites=sites), streams=frozenset({"mixed", "glass"}))
    assert reasons(alone(both, "B1", stream="glass")) == {"B1": Reason.SITE}
    wide = with_trucks(night, narrow=False)
    assert reasons(alone(wide, "B1", narrow=True)) == {"B1": Reason.NARROW}
    cut = night.seconds.copy()
    cut[:, 1] = -1
    assert reasons(replace(night, seconds=cut)) == {"B1": Reason.OUTSIDE}


def test_reasons_short_shift_battery_and_capacity(make_night):
    """Too far for the shift, too far for the battery, too much for the fleet: each is told apart."""
    night = every(make_night(seed=5, bins=8, trucks=1, windows=False), mandatory=True, narrow=False, litres=300, kg=40)
    far_seconds, far_metres = night.seconds.copy(), night.metres.copy()
    far_seconds[:, 1] = far_seconds[1, :] = 4 * 3600
    far_metres[:, 1] = far_metres[1, :] = 60_000
    assert reasons(replace(night, seconds=far_seconds)) == {"B1": Reason.SHIFT}
    weak = with_trucks(replace(night, metres=far_metres), spendable_kwh=80.0)
    assert reasons(weak) == {"B1": Reason.BATTERY}
    small = with_trucks(night, litres=1000, max_tips=1)
    left = reasons(small)
    assert len(left) == 5
    assert set(left.values()) == {Reason.CAPACITY}


def test_streams_never_share_a_load(make_night):
    """A truck of two streams tips between them."""
    night = make_night(seed=8, bins=10, trucks=1, streams=("mixed", "glass"), hours=9, windows=False)
    night = with_trucks(every(night, mandatory=True, narrow=False), max_tips=6, litres=90_000, kg=9000)
    plan = solve(night, 0.8)
    assert check(night, plan) == ()
    assert plan.missed == ()
    assert plan.routes[0].tips >= 2


def test_several_tips_within_a_shift(make_night):
    """When one load does not hold the night, trucks tip on the way and come home empty."""
    night = make_night(seed=9, bins=12, trucks=1, hours=9, windows=False)
    night = with_trucks(every(night, mandatory=True, narrow=False, litres=900, kg=100), litres=3000, max_tips=5)
    plan = solve(night, 0.8)
    assert check(night, plan) == ()
    assert plan.missed == ()
    assert plan.routes[0].tips >= 4
    assert plan.routes[0].stops[-1].kg == 0


def test_the_break_lies_in_its_hours(make_night):
    """A long round rests once, wholly within the hours of its break."""
    night = every(make_night(seed=2, bins=20, trucks=1, hours=9, windows=False), mandatory=True, narrow=False)
    night = with_trucks(every(night, service_seconds=1000), max_tips=9)
    plan = solve(night, 1.0)
    rests = [stop for stop in plan.routes[0].stops if stop.kind == "break"]
    rest = night.trucks[0].rest
    assert rest is not None
    assert len(rests) == 1
    assert rests[0].leave - rest.seconds >= rest.opens
    assert rests[0].leave <= rest.closes


def test_a_truck_waits_for_no_one_it_need_not(make_night):
    """Departure is put off so that a late window costs no hours on duty."""
    night = make_night(seed=2, bins=1, trucks=1, rest=False, windows=False)
    night = alone(night, "B0", mandatory=True, narrow=False, opens=10 * 3600, closes=11 * 3600)
    plan = solve(night, 0.2)
    bin_stop = plan.routes[0].stops[1]
    assert bin_stop.leave - bin_stop.arrive == night.visits[0].service_seconds


def test_progress_only_gets_better(make_night):
    """Incumbents are told as they come, ending with what was planned."""
    told: list[Progress] = []
    night = make_night(seed=6, bins=40, trucks=3, hours=9)
    plan = solve(night, 1.5, progress=told.append)
    assert told[-1].phase == "done"
    assert told[-1].served == plan.served
    assert told[-1].cost == pytest.approx(plan.cost)
    assert [each.due_served for each in told] == sorted(each.due_served for each in told)
    assert told[-1].due == sum(visit.mandatory for visit in night.visits)


def test_a_warm_start_is_never_made_worse(make_night):
    """From an earlier plan, a short search keeps or betters it."""
    night = make_night(seed=6, bins=40, trucks=3, hours=9)
    good = solve(night, 2.0)
    again = solve(night, 0.2, warm=good)

    def price(plan):
        left = {left.bin for left in plan.left}
        return plan.cost + sum(1e6 if v.mandatory else v.value for v in night.visits if v.bin in left)

    assert check(night, again) == ()
    assert price(again) <= price(good) + 1


def test_a_warm_plan_of_another_fleet_is_taken_as_far_as_it_goes(make_night):
    """Trucks and bins that are gone since do not hinder."""
    night = make_night(seed=6, bins=20, trucks=3, hours=9)
    plan = solve(night, 0.5)
    smaller = replace(night, trucks=night.trucks[:2], visits=night.visits[3:])
    again = solve(smaller, 0.3, warm=plan)
    assert check(smaller, again) == ()


def test_a_night_nobody_can_work(make_night):
    """When no bin can be served the plan is empty and says why, without an error."""
    night = every(make_night(bins=5), location=None, mandatory=True)
    plan = solve(night, 0.2)
    assert plan.routes == ()
    assert {left.reason for left in plan.left} == {Reason.OUTSIDE}


def test_a_budget_of_nothing_is_refused(make_night):
    """Zero seconds is an error in words."""
    with pytest.raises(SolveError, match="more than 0 s"):
        solve(make_night(), 0)


def test_the_same_clock_and_seed_give_the_same_plan(make_night):
    """With time injected two runs agree in cost, as far as OR-Tools, which keeps its own time, lets them."""
    night = make_night(seed=6, bins=12, trucks=2, hours=9)

    def run():
        count = itertools.count()
        return solve(night, 1.0, seed=5, tick=lambda: next(count) / 50)

    assert run().cost == pytest.approx(run().cost, rel=0.02)


@pytest.mark.slow
def test_sixty_bins_in_three_seconds(make_night):
    """A small town's night is planned whole within three seconds."""
    night = make_night(seed=60, bins=60, trucks=4, hours=8)
    plan = solve(night, 3.0)
    assert check(night, plan) == ()
    assert plan.missed == ()


def test_a_bin_put_in_by_net_time_is_taken_back_when_the_day_cannot_be_driven_so(mixed_night):
    """On this night net time gives a truck a bin for which it would have to charge once too often."""
    ground = compile_problem(mixed_night(10344))
    start = {0: [3], 1: [5, 4, 6]}
    trusting = Search(ground, start, Random(1))
    trusting.fill()
    assert not all(holds(ground, tour) for tour in trusting.tours.values())
    careful = filled(ground, start, Random(1))
    assert all(holds(ground, tour) for tour in careful.tours.values())
    assert {node for sequence in careful.sequences().values() for node in sequence} >= {3, 5, 4, 6}
    assert careful.cost == pytest.approx(Search(ground, careful.sequences(), Random(1)).cost)
