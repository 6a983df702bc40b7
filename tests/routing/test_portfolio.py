"""The engines and the portfolio made of them."""

from __future__ import annotations

import sys
from dataclasses import replace
from random import Random
from typing import get_args

import pytest

from routing.check import check
from routing.errors import SolveError
from routing.problem import Locks
from routing.solve import Engine, Progress, solve
from routing.solve.ground import compile_problem
from routing.solve.incumbent import Incumbent
from routing.solve.master import choose
from routing.solve.pieces import carve, cut, left_near
from routing.solve.portfolio import run_pyvrp
from routing.solve.start import filled
from routing.solve.steps import StepClock
from routing.solve.tripmodel import TripModel
from routing.solve.trips import Pool

ENGINES = get_args(Engine)


def price(night, plan):
    left = {left.bin for left in plan.left}
    return plan.cost + sum(1e6 if visit.mandatory else visit.value for visit in night.visits if visit.bin in left)


def searched(night, seconds=30.0):
    """A ground and an incumbent whose clock counts steps."""
    ground = compile_problem(night)
    return ground, Incumbent(ground, seconds, 0.0, StepClock(0.05), None)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("seed", "options"),
    [
        (1, {}),
        (2, {"streams": ("mixed", "paper"), "trucks": 3}),
        (3, {"battery": True, "trucks": 3, "hours": 8}),
        (4, {"hours": 4, "site_hours": (7 * 3600, 11 * 3600)}),
    ],
)
def test_every_engine_alone_makes_a_valid_plan(make_night, engine, seed, options):
    """No engine breaks a rule, and none needs another to help it out."""
    night = make_night(seed=seed, bins=24, **options)
    notes: list[str] = []
    plan = solve(night, 0.4, seed=seed, engine=engine, fallbacks=notes)
    assert check(night, plan) == ()
    assert notes == []
    assert plan.routes


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("engine", ["pyvrp", "portfolio"])
def test_every_rule_at_once(mixed_night, engine, seed):
    """Shut hours, queues, releases, locks, overtime, charging, ways by class: whatever comes, the plan is valid."""
    night = mixed_night(seed)
    notes: list[str] = []
    plan = solve(night, 0.3, seed=seed, engine=engine, fallbacks=notes)
    assert check(night, plan) == ()
    assert notes == []


def test_an_unknown_engine_is_refused_by_name(make_night):
    """The message lists the engines there are."""
    with pytest.raises(SolveError, match="no engine is called 'best'; there are portfolio, own, ortools, pyvrp"):
        solve(make_night(), 1, engine="best")
    with pytest.raises(SolveError, match="more than 0 steps"):
        solve(make_night(), 1, iterations=0)


@pytest.mark.parametrize(("engine", "steps"), [("portfolio", 300), ("pyvrp", 300), ("own", 60)])
def test_steps_instead_of_time_make_a_run_repeatable(make_night, engine, steps):
    """The same seed and number of steps give the same plan."""
    night = make_night(seed=6, bins=30, trucks=3, hours=8)
    first = solve(night, 10, seed=5, engine=engine, iterations=steps)
    assert solve(night, 10, seed=5, engine=engine, iterations=steps) == first
    assert check(night, first) == ()


def test_a_missing_library_hands_the_night_to_the_next_engine(make_night, monkeypatch):
    """Without PyVRP the own search plans, and the plan's notes name what was missing."""
    for name in [
        name for name in sys.modules if name.startswith("routing.solve.") or name.partition(".")[0] == "pyvrp"
    ]:
        if name.rpartition(".")[2] in {"portfolio", "tripmodel", "tripsearch"} or name.startswith("pyvrp"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyvrp", None)
    night = make_night(seed=6, bins=12, trucks=2, hours=9)
    notes: list[str] = []
    plan = solve(night, 0.3, fallbacks=notes)
    assert check(night, plan) == ()
    assert plan.routes
    assert len(notes) == 1
    assert "portfolio failed (ModuleNotFoundError" in notes[0]


def test_when_every_engine_fails_bins_are_still_put_in_by_hand(make_night, monkeypatch):
    """The last of the chain is plain insertion; each failure is a line."""

    def fail(*_args: object) -> None:
        raise MemoryError

    monkeypatch.setattr("routing.solve._search", fail)
    night = make_night(seed=6, bins=12, trucks=2, hours=9)
    notes: list[str] = []
    plan = solve(night, 0.3, fallbacks=notes)
    assert check(night, plan) == ()
    assert plan.routes
    assert [note.partition(" ")[0] for note in notes] == ["portfolio", "own", "no"]


def test_an_engine_that_fails_half_way_leaves_what_it_found(make_night, monkeypatch):
    """The incumbent of a failed engine is where the next begins: nothing told is taken back."""
    told: list[Progress] = []

    def fail(*_args: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("routing.solve.portfolio.decide", fail)
    night = make_night(seed=6, bins=30, trucks=3, hours=9)
    notes: list[str] = []
    plan = solve(night, 0.8, fallbacks=notes, progress=told.append)
    assert check(night, plan) == ()
    assert "portfolio failed (RuntimeError: boom)" in notes[0]
    assert [each.due_served for each in told] == sorted(each.due_served for each in told)


def test_pyvrp_and_we_agree_on_what_tours_cost(make_night):
    """Tours turned into a PyVRP solution and back are the same, and so is the money, waiting aside."""
    ground, best = searched(make_night(seed=8, bins=30, trucks=3, hours=9, rest=False, windows=False))
    search = filled(ground, {}, Random(1))
    model = TripModel(ground, {})
    solution = model.encode(search.sequences())
    assert solution.is_feasible()
    again = filled(ground, model.decode(solution), Random(1))
    assert again.sequences() == search.sequences()
    assert model.cost(solution) == pytest.approx(search.cost, rel=0.01)
    assert best.accept(again)


def test_a_truck_never_carries_two_streams_in_pyvrp(make_night):
    """What PyVRP itself calls feasible mixes no streams and tips each where it is taken, without our mending."""
    night = make_night(seed=3, bins=24, trucks=3, streams=("mixed", "paper"), hours=9)
    night = replace(night, sites=(replace(night.sites[0], streams=frozenset({"paper"})), night.sites[1]))
    ground, best = searched(night)
    run_pyvrp(best, Random(1), 20.0)
    for sequence in best.sequences.values():
        aboard: set[str | None] = set()
        for before, node in zip([None, *sequence], sequence, strict=False):
            if node < ground.count:
                aboard.add(ground.streams[node])
                assert len(aboard) == 1
            else:
                assert before is not None
                assert node in ground.takers[before]
                aboard = set()


def test_the_master_joins_the_good_trips_of_two_plans(make_night):
    """Given the trips of two plans, each good on one truck, the master finds the plan that is good on both."""
    night = make_night(seed=8, bins=30, trucks=3, hours=9, rest=False)
    ground, best = searched(night)
    run_pyvrp(best, Random(1), 25.0)
    good = best.sequences
    first = min(good)
    spoilt = {
        False: {index: list(tour) if index == first else tour[::-1] for index, tour in good.items()},
        True: {index: tour[::-1] if index == first else list(tour) for index, tour in good.items()},
    }
    pool = Pool(ground)
    for tours in spoilt.values():
        pool.add(tours, 1.0)
    known = next(tours for tours in spoilt.values())
    found = choose(pool, known, 5.0)
    assert found is not None
    cost = filled(ground, found, Random(1)).cost
    assert cost <= filled(ground, good, Random(1)).cost + 0.1


def test_pieces_hold_every_round_once_and_are_nights_of_their_own(make_night):
    """Each truck and bin is in one piece, and a piece can be solved and checked alone."""
    night = make_night(seed=11, bins=60, trucks=6, hours=8)
    ground, best = searched(night)
    best.accept(filled(ground, {}, Random(1)))
    groups = cut(ground, best.sequences, Random(1), bins=20)
    assert sorted(index for group in groups for index in group) == [rig.index for rig in ground.rigs]
    near = left_near(ground, best.sequences, groups)
    pieces = [carve(ground, best.sequences, group, left) for group, left in zip(groups, near, strict=True)]
    names = sorted(visit.bin for piece in pieces for visit in piece.visits)
    assert names == sorted(visit.bin for visit in ground.visits)
    for piece, group in zip(pieces, groups, strict=True):
        plan = solve(piece, 0.2, engine="pyvrp", warm=best.warm(group))
        assert check(piece, plan) == ()


def test_pins_and_fixed_trucks_hold_in_the_portfolio(make_night):
    """A pinned bin is on its truck, a fixed truck drives as it was told, a dropped bin is left."""
    night = make_night(seed=8, bins=24, trucks=3, hours=9, windows=False)
    plain = solve(night, 0.4)
    fixed = plain.routes[0]
    kept = fixed.bins[:6]
    other = next(truck for truck in night.trucks if truck.narrow and truck.truck != fixed.truck)
    free = [visit.bin for visit in night.visits if visit.bin not in kept]
    locks = Locks(pins={free[0]: other.truck}, fixed={fixed.truck: kept}, dropped=frozenset(free[1:2]))
    locked = replace(night, locks=locks)
    plan = solve(locked, 0.4, warm=plain)
    assert check(locked, plan) == ()
    routes = {route.truck: route.bins for route in plan.routes}
    assert routes[fixed.truck] == kept
    assert free[0] in routes[other.truck]
    assert free[1] in {left.bin for left in plan.left}
