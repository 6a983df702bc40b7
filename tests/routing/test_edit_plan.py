"""Shaping a plan by hand: exact figures, every broken rule named, what was settled by hand kept."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from random import Random

import pytest

from routing.check import check
from routing.edit import (
    Add,
    Draft,
    Drop,
    Improve,
    Lock,
    Move,
    Split,
    Start,
    Swap,
    Unlock,
    apply,
    expected_overflows,
    sketch_of,
    to_draft,
)
from routing.edit.index import Index, tour_of
from routing.edit.trace import halts_of, trace
from routing.edit.whole import reasons_of
from routing.errors import EditError
from routing.plan import Reason
from routing.solve import solve


@pytest.fixture(scope="module")
def draft(make_night) -> Draft:
    """Three trucks on twenty bins, wide shifts, no windows: most edits can be driven."""
    night = make_night(seed=3, bins=20, trucks=3, windows=False, hours=9, battery=True)
    trucks = tuple(replace(truck, litres=9000, kg=1500, max_tips=3, narrow=True) for truck in night.trucks)
    night = replace(night, trucks=trucks)
    plan = solve(night, 1.0)
    assert check(night, plan) == ()
    assert plan.left, "a night with bins to add"
    return Draft(problem=night, plan=plan, risks={left.bin: 0.25 for left in plan.left})


def route(draft: Draft, truck: str):
    return next((one for one in draft.plan.routes if one.truck == truck), None)


def used(draft: Draft) -> list[str]:
    return [one.truck for one in sorted(draft.plan.routes, key=lambda one: -len(one.bins))]


def home(draft: Draft, name: str) -> str | None:
    return next((one.truck for one in draft.plan.routes if name in one.bins), None)


def other_than(draft: Draft, truck: str) -> str:
    return next(one.truck for one in draft.problem.trucks if one.truck != truck)


def test_the_trace_of_a_solved_route_is_the_route(draft):
    """Times alone give back every figure the search had stated."""
    index = Index.of(draft.problem)
    for one in draft.plan.routes:
        again = trace(index, index.truck(one.truck), halts_of(one))
        assert [stop.kwh for stop in again.stops] == pytest.approx([stop.kwh for stop in one.stops])
        assert again.cost == pytest.approx(one.cost)
        assert tour_of(again) == tour_of(one)
        assert (again.metres, again.kg, again.litres) == (one.metres, one.kg, one.litres)


def test_a_drop_leaves_the_bin_out_by_hand_and_saves_way(draft):
    """The bin is left with the reason, its risk is counted again, the truck drives no more than before."""
    truck = used(draft)[0]
    name = route(draft, truck).bins[0]
    draft = replace(draft, risks={**draft.risks, name: 0.5})
    edited = apply(draft, Drop(name))
    assert home(edited.draft, name) is None
    assert next(left.reason for left in edited.draft.plan.left if left.bin == name) is Reason.LOCKED
    assert edited.delta.km <= 0
    assert edited.delta.overflows == pytest.approx(0.5)
    assert edited.trucks == (truck,)
    assert edited.draft.problem.locks.dropped == {name}


def test_an_added_bin_goes_where_it_costs_least_and_stays_there(draft):
    """Add without a truck finds one, breaks nothing, and pins the bin; its risk is gone."""
    name = next(left.bin for left in draft.plan.left)
    edited = apply(draft, Add(name))
    assert edited.delta.broken == ()
    assert edited.delta.overflows == pytest.approx(-0.25)
    assert expected_overflows(edited.draft) == pytest.approx(expected_overflows(draft) - 0.25)
    truck = home(edited.draft, name)
    assert edited.draft.problem.locks.pins == {name: truck}
    others = [apply(draft, Add(name, one.truck)) for one in draft.problem.trucks]
    sound = [one.delta.money for one in others if not one.delta.broken]
    assert edited.delta.money == pytest.approx(min(sound), abs=0.01)


def test_the_delta_of_a_move_is_the_difference_of_the_plans(draft):
    """Kilometres, minutes, money and kWh are those of the plan after less those before; margins name both trucks."""
    source = used(draft)[0]
    goal, name = other_than(draft, source), route(draft, source).bins[0]
    edited = apply(draft, Move(name, goal))
    before, after = draft.plan, edited.draft.plan
    assert home(edited.draft, name) == goal
    assert edited.delta.km == pytest.approx(after.km - before.km)
    assert edited.delta.minutes == pytest.approx((after.hours - before.hours) * 60)
    assert edited.delta.money == pytest.approx(after.cost - before.cost)
    assert edited.delta.kwh == pytest.approx(after.kwh - before.kwh)
    assert set(edited.delta.margins) == {source, goal}


def test_a_move_to_a_place_puts_the_bin_there(draft):
    """Position counts the truck's other bins, from 0."""
    truck = used(draft)[0]
    names = route(draft, truck).bins
    edited = apply(draft, Move(names[-1], truck, 0))
    assert route(edited.draft, truck).bins == (names[-1], *names[:-1])


def test_what_breaks_a_rule_is_told_and_not_hidden(draft):
    """All bins on one truck: the checker names the load, the shift or the tips, and the figures are still right."""
    truck = used(draft)[0]
    problem = replace(
        draft.problem,
        trucks=tuple(replace(one, litres=3000, max_tips=1) if one.truck == truck else one
                     for one in draft.problem.trucks),
    )  # fmt: skip
    held = Draft(problem=problem, plan=solve(problem, 1.0))
    for visit in problem.visits:
        if home(held, visit.bin) != truck:
            held = apply(held, Move(visit.bin, truck) if home(held, visit.bin) else Add(visit.bin, truck)).draft
    assert route(held, truck).bins
    rules = {one.rule for one in check(problem, held.plan)}
    assert rules & {"capacity", "tips", "shift"}
    assert not rules & {"totals", "times", "load", "energy", "shape", "bins", "service", "unloading", "way"}


def test_swapped_trucks_drive_each_others_bins(draft):
    """The bins change trucks; a truck without a route may be one of the two."""
    one, other = used(draft)[0], other_than(draft, used(draft)[0])
    mine, theirs = route(draft, one), route(draft, other)
    edited = apply(draft, Swap(one, other))
    assert set(route(edited.draft, other).bins) == set(mine.bins)
    assert set(route(edited.draft, one).bins if theirs else ()) == set(theirs.bins if theirs else ())


def test_a_start_set_by_hand_is_kept_to_the_second_and_through_later_edits(draft):
    """The truck departs sharp, also after another bin is dropped; before its shift it breaks the rule of the shift."""
    truck = used(draft)[0]
    when = route(draft, truck).departs + 600
    edited = apply(draft, Start(truck, when))
    assert route(edited.draft, truck).departs == when
    again = apply(edited.draft, Drop(route(draft, truck).bins[0]))
    assert route(again.draft, truck).departs == when
    early = apply(draft, Start(truck, draft.problem.trucks[0].starts - 3600))
    assert "shift" in {one.rule for one in early.delta.broken}
    assert apply(early.draft, Start(truck, None)).delta.broken == ()
    assert apply(early.draft, Start(truck, None)).delta.mended >= 1


def test_a_split_route_is_driven_by_two(draft):
    """From the bin on, the other truck drives; no bin is lost."""
    truck = used(draft)[0]
    names = route(draft, truck).bins
    other = next((one.truck for one in draft.problem.trucks if route(draft, one.truck) is None), None)
    other = other or other_than(draft, truck)
    edited = apply(draft, Split(truck, names[2], other))
    assert route(edited.draft, truck).bins == names[:2]
    assert route(edited.draft, other).bins[-len(names) + 2 :] == names[2:]
    assert edited.draft.plan.served == draft.plan.served


def test_a_locked_route_refuses_edits_until_it_is_unlocked(draft):
    """Whatever touches it is one clear refusal."""
    truck = used(draft)[0]
    name = route(draft, truck).bins[0]
    locked = apply(draft, Lock(truck)).draft
    assert locked.problem.locks.fixed == {truck: route(draft, truck).bins}
    for edit in (Drop(name), Move(name, other_than(draft, truck)), Swap(truck, other_than(draft, truck))):
        with pytest.raises(EditError, match=f"the route of {truck} is locked; unlock it first"):
            apply(locked, edit)
    assert home(apply(apply(locked, Unlock(truck)).draft, Drop(name)).draft, name) is None


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (Drop("B99"), "bin B99 was not offered to this plan"),
        (Lock("T9"), "truck T9 has no shift in this plan"),
        (Swap("T0", "T0"), "cannot swap with itself"),
    ],
)
def test_an_edit_without_sense_is_one_clear_line(draft, edit, why):
    """Unknown names and impossible deeds are refused before anything is worked out."""
    with pytest.raises(EditError, match=why):
        apply(draft, edit)


def test_improving_never_costs_more_and_keeps_what_is_locked(draft):
    """After clumsy moves a search finds a cheaper plan around the locks, or leaves the plan alone."""
    truck = used(draft)[0]
    names = route(draft, truck).bins
    held = apply(draft, Move(names[0], truck, len(names) - 1)).draft
    held = apply(held, Drop(names[1])).draft
    edited = apply(held, Improve(1.0))
    assert edited.delta.broken == ()
    assert home(edited.draft, names[0]) == truck
    assert home(edited.draft, names[1]) is None
    assert edited.delta.money <= 0.01 or edited.delta.overflows < 0


def test_a_sketch_is_json_and_brings_the_draft_back(draft):
    """What the store keeps of a draft, as text, gives the same plan, locks and starts."""
    truck = used(draft)[0]
    held = apply(draft, Start(truck, route(draft, truck).departs + 60)).draft
    held = apply(held, Drop(route(draft, truck).bins[0])).draft
    sketch = json.loads(json.dumps(sketch_of(held)))
    again = to_draft(draft.problem, sketch, reasons=reasons_of(held.plan), risks=held.risks)
    assert [halts_of(one) for one in again.plan.routes] == [halts_of(one) for one in held.plan.routes]
    assert again.plan.left == held.plan.left
    assert (again.starts, again.problem.locks) == (held.starts, held.problem.locks)
    assert again.plan.cost == pytest.approx(held.plan.cost)
    assert check(again.problem, again.plan) == ()


def test_a_sketch_of_some_trucks_undoes_an_edit(draft):
    """Laid over the plan after, the sketch of the touched trucks before gives the plan before."""
    edited = apply(draft, Drop(route(draft, used(draft)[0]).bins[1]))
    before = sketch_of(draft, edited.trucks)
    again = to_draft(draft.problem, before, reasons=reasons_of(draft.plan), on=edited.draft)
    assert [tour_of(one) for one in again.plan.routes] == [tour_of(one) for one in draft.plan.routes]
    assert again.plan.left == draft.plan.left


FIGURES = {"bins", "totals", "times", "load", "energy", "shape", "way", "service", "unloading", "fleet"}


@pytest.mark.parametrize("seed", range(6))
def test_any_edits_keep_every_figure_true(make_night, seed):
    """Random edits on random nights: whatever rules break, no bin is lost and no stated figure is wrong."""
    draw = Random(seed)
    night = make_night(seed=seed, bins=16, trucks=3, windows=seed % 2 == 0, battery=True, streams=("mixed", "paper"))
    held = Draft(problem=night, plan=solve(night, 0.3))
    for _ in range(12):
        edit = _draw_edit(draw, held)
        try:
            held = apply(held, edit).draft
        except EditError:
            continue
        wrong = [
            one
            for one in check(held.problem, held.plan)
            if one.rule
            in {"bins", "totals", "times", "load", "energy", "shape", "way", "service", "unloading", "fleet"}
        ]
        assert wrong == [], edit


def _draw_edit(draw: Random, draft: Draft):
    name = draw.choice([visit.bin for visit in draft.problem.visits])
    one, other = (truck.truck for truck in draw.sample(list(draft.problem.trucks), 2))
    kinds = [Move(name, one), Move(name, one, draw.randrange(5)), Add(name), Add(name, one), Drop(name),
             Swap(one, other), Start(one, draw.randrange(5, 9) * 3600), Split(one, name, other), Lock(one, name),
             Unlock(one)]  # fmt: skip
    return draw.choice(kinds)


def test_an_edit_on_500_bins_takes_a_twentieth_of_a_second(make_night):
    """Moving one of 500 bins, delta and checker included, takes at most 50 ms of processor."""
    night = make_night(seed=1, bins=500, trucks=8, windows=False, hours=10)
    trucks = tuple(replace(one, litres=40000, kg=6000, max_tips=3, narrow=True) for one in night.trucks)
    night = replace(night, trucks=trucks)
    names = [visit.bin for visit in night.visits]
    sketch = {"routes": {}}
    held = to_draft(night, sketch, reasons={})
    per = len(names) // len(trucks)
    index = Index.of(night)
    from routing.edit.drive import Track
    from routing.edit.whole import make_whole

    routes = {}
    for number, truck in enumerate(trucks):
        mine = names[number * per : (number + 1) * per]
        routes[truck.truck] = Track(index, truck, mine).drive([("bin", name) for name in mine])
    held = replace(held, plan=make_whole(night, routes, {}))
    apply(held, Move(names[0], "T1"))
    spent = []
    for name in names[1:8]:
        began = time.process_time()
        apply(held, Move(name, "T2"))
        spent.append(time.process_time() - began)
    assert sorted(spent)[len(spent) // 2] < 0.05, spent
