"""Shaping a stored plan: edits tried and kept, undone after a restart, two dispatchers at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from console.errors import ShapingImpossible
from console.loading import plan_view
from console.shaping import shaper as shaper_module
from console.shaping.bench import Bench
from console.shaping.shaper import Shaper
from console.shaping.values import EditCall
from fleet.errors import PlanChanged
from fleet.store import Store
from fleet.tables import Bin, LeftBin, Place, Plan, PlanProblem, Route, Stop
from fleet.tables import Truck as TruckRow
from routing.check import check
from routing.edit.widen import widen
from routing.errors import EditError
from routing.packing import pack, unpack
from routing.plan import Plan as Planned
from routing.problem import Depot, Problem, Site, Truck, Visit
from routing.solve import solve

ZERO = datetime(2026, 11, 24, tzinfo=UTC)
BINS = 16


def town() -> Problem:
    """Sixteen bins on a lattice, the even ones due, two trucks, one with a battery."""
    points = np.array([(800 + 500 * (n % 4), 500 * (n // 4)) for n in range(BINS)] + [(0, 0), (3000, 2500)])
    metres = np.abs(points[:, None] - points[None, :]).sum(axis=2).astype(np.int32)
    trucks = tuple(
        Truck(truck=name, depot="depot", litres=9000, kg=4000, starts=5 * 3600, ends=13 * 3600, fixed_cost=20.0,
              cost_per_km=3.0, cost_per_hour=60.0, spendable_kwh=kwh)
        for name, kwh in (("T1", 90.0), ("T2", None))
    )  # fmt: skip
    visits = tuple(
        Visit(bin=f"B{n:02d}", location=n, litres=900, kg=120, service_seconds=120, mandatory=n % 2 == 0,
              value=0.0 if n % 2 == 0 else 0.5)
        for n in range(BINS)
    )  # fmt: skip
    return Problem(
        zero=ZERO, seconds=(metres / 5).astype(np.int32), metres=metres, visits=visits,
        depots=(Depot(place="depot", location=BINS),), sites=(Site(place="tip", location=BINS + 1),), trucks=trucks,
    )  # fmt: skip


def keep(store: Store, problem: Problem, plan: Planned, *, with_problem: bool = True) -> int:
    """The plan as the night job keeps it."""
    where = {n: (34.9 + n / 1000, -2.3 + n / 1000) for n in range(BINS + 2)}

    def why(code: str) -> dict[str, object]:
        return {"code": code, "now": 0.5, "then": 0.6, "q90": 0.7, "p": 0.3, "by": "2026-11-25T06:00:00+00:00"}

    routes = []
    for one in plan.routes:
        row = Route(plan_id=0, truck_id=one.truck, shift_id="early", departs_at=plan.at(one.departs),
                    returns_at=plan.at(one.returns), km=one.metres / 1000, kwh=one.kwh, kwh_p90=one.kwh_p90,
                    kg=one.kg, bins=len(one.bins), tips=one.tips, cost=one.cost)  # fmt: skip
        stops = [
            Stop(route_id=0, seq=seq, kind=stop.kind, bin_id=stop.bin, place_id=stop.place,
                 lat=where[stop.location][0], lon=where[stop.location][1], arrives_at=plan.at(stop.arrive),
                 leaves_at=plan.at(stop.leave), km=stop.metres / 1000, load_l=stop.litres, load_kg=stop.kg,
                 kwh=round(stop.kwh, 2), fill=0.6, overflow_p=0.3, why=why("due") if stop.bin else {})
            for seq, stop in enumerate(one.stops)
        ]  # fmt: skip
        routes.append((row, stops))
    left = [
        LeftBin(plan_id=0, bin_id=one.bin, due=one.mandatory, fill=0.2, overflow_p=0.1, reason="can wait: 20% now",
                why=why(one.reason.name.lower()))
        for one in plan.left
    ]  # fmt: skip
    head = Plan(day=ZERO.date(), made_at=store.clock.now(), made_by="night", km=plan.km, cost=plan.cost,
                hours=plan.hours, kwh=plan.kwh, served=plan.served)  # fmt: skip
    with store.begin() as work:
        for name, at in (("depot", BINS), ("tip", BINS + 1)):
            work.places.upsert(Place(place_id=name, name=name, lat=where[at][0], lon=where[at][1]))
        for n in range(BINS):
            work.bins.upsert(Bin(bin_id=f"B{n:02d}", lat=where[n][0], lon=where[n][1]))
        for name, kwh in (("T1", 110.0), ("T2", None)):
            work.trucks.upsert(TruckRow(truck_id=name, depot_id="depot", battery_kwh=kwh))
        plan_id = work.plans.keep(head, routes, left)
        if with_problem:
            work.session.add(PlanProblem(plan_id=plan_id, body=pack(problem)))
    return plan_id


@pytest.fixture
def night(store: Store) -> tuple[Store, int]:
    """A store with tonight's plan: the due bins served, the others left."""
    problem = town()
    plan = solve(problem, 0.5)
    assert check(problem, plan) == ()
    assert plan.left
    return store, keep(store, problem, plan)


def shaper(store: Store, who: str = "amina") -> Shaper:
    return Shaper(store, who, 0.15)


def view(store: Store, plan_id: int):
    with store.read() as work:
        return plan_view(work.plans.whole(plan_id))


def served(store: Store, plan_id: int) -> dict[str, str]:
    return {stop.bin_id: route.truck_id for route in view(store, plan_id).routes for stop in route.stops if stop.bin_id}


def left_of(store: Store, plan_id: int) -> dict[str, dict]:
    with store.read() as work:
        return {row.bin_id: row.why for row in work.plans.whole(plan_id).left}


def test_trying_an_edit_writes_nothing(night):
    """The delta comes, the store stays as it was."""
    store, plan_id = night
    name = next(iter(left_of(store, plan_id)))
    tried = shaper(store).try_edit(plan_id, 1, EditCall("add", {"bin": name}))
    assert tried.broken == ()
    assert tried.overflows == pytest.approx(-0.1)
    assert tried.km >= 0
    assert name in left_of(store, plan_id)
    with store.read() as work:
        assert len(work.shaping.plans_of(plan_id)) == 0


def test_an_edit_kept_is_a_draft_with_figures_lines_and_reasons(night):
    """The added bin is on a route by hand, no longer left, pinned; the totals are the checker's."""
    store, plan_id = night
    hand = shaper(store)
    name = next(iter(left_of(store, plan_id)))
    tried = hand.try_edit(plan_id, 1, EditCall("add", {"bin": name}))
    draft = hand.accept(plan_id, 1, EditCall("add", {"bin": name}))
    assert draft != plan_id
    assert name in served(store, draft)
    assert name not in left_of(store, draft)
    after, before = view(store, draft), view(store, plan_id)
    assert after.km - before.km == pytest.approx(tried.km, abs=0.002)
    assert (after.based_on, after.version, after.state) == (plan_id, 2, "draft")
    stop = next(stop for route in after.routes for stop in route.stops if stop.bin_id == name)
    assert (stop.why["code"], stop.why["was"], stop.locked) == ("by_hand", "not_needed", True)
    route = next(route for route in after.routes if stop in route.stops)
    assert len(route.line) >= 3
    assert all(stop.lat > 34.8 for stop in route.stops)
    again = shaper(store)._open(draft, 2).draft
    assert check(again.problem, again.plan) == ()


def test_a_bin_the_planner_never_offered_is_added_and_taken_back(night, monkeypatch):
    """The draft keeps a problem that knows it: the next process edits, undoes and redoes it like any other."""
    store, plan_id = night
    with store.begin() as work:
        work.bins.upsert(Bin(bin_id="NEW", lat=34.9015, lon=-2.2985))
        work.session.add(LeftBin(plan_id=plan_id, bin_id="NEW", due=False, fill=0.3, overflow_p=0.02,
                                 reason="can wait", why={"code": "not_needed"}))  # fmt: skip

    def take_in(problem, row, facts, network):
        near = problem.visits[0].location
        visit = replace(problem.visits[1], bin=row.bin_id, mandatory=False)
        return widen(problem, visit, (problem.seconds[:, near] + 30, problem.metres[:, near] + 150),
                     (problem.seconds[near] + 30, problem.metres[near] + 150))  # fmt: skip

    monkeypatch.setattr(shaper_module, "take_in", take_in)
    call = EditCall("add", {"bin": "NEW"})
    tried = shaper(store).try_edit(plan_id, 1, call)
    assert (tried.broken, tried.mended) == ((), 0)
    draft = shaper(store).accept(plan_id, 1, call)
    assert "NEW" in served(store, draft)
    shaper(store, "karim").undo(draft, 2)
    assert left_of(store, draft)["NEW"]["code"] == "not_needed"
    shaper(store).redo(draft, 3)
    again = shaper(store).try_edit(draft, 4, EditCall("drop", {"bin": "NEW"}))
    assert again.km == pytest.approx(-tried.km, abs=0.002)


def test_undo_and_redo_survive_a_restart(night):
    """Another process takes the edit back and does it again; reasons come back too."""
    store, plan_id = night
    name = next(iter(served(store, plan_id)))
    why = next(s.why for r in view(store, plan_id).routes for s in r.stops if s.bin_id == name)
    draft = shaper(store).accept(plan_id, 1, EditCall("drop", {"bin": name}))
    assert left_of(store, draft)[name]["code"] == "locked"
    shaper(store, "karim").undo(draft, 2)
    assert served(store, draft) == served(store, plan_id)
    back = next(s.why for r in view(store, draft).routes for s in r.stops if s.bin_id == name)
    assert back["code"] == why["code"]
    tried = shaper(store).redo(draft, 3)
    assert tried.call == EditCall("drop", {"bin": name})
    assert name not in served(store, draft)
    assert view(store, draft).km == pytest.approx(view(store, plan_id).km + tried.km, abs=0.002)
    with pytest.raises(ShapingImpossible, match="nothing to redo"):
        shaper(store).redo(draft, 4)


def test_an_undone_addition_is_left_for_its_first_reason(night):
    """A bin put in and taken back can wait again, as the planner had said."""
    store, plan_id = night
    name, why = next(iter(left_of(store, plan_id).items()))
    draft = shaper(store).accept(plan_id, 1, EditCall("add", {"bin": name}))
    shaper(store).undo(draft, 2)
    assert left_of(store, draft)[name]["code"] == why["code"]


def test_two_dispatchers_cannot_overwrite_each_other(night):
    """The slower of two edits is refused with who did what; nothing of it is stored."""
    store, plan_id = night
    first, second = list(served(store, plan_id))[:2]
    draft = shaper(store).accept(plan_id, 1, EditCall("drop", {"bin": first}))
    karim = shaper(store, "karim")
    karim.try_edit(draft, 2, EditCall("drop", {"bin": second}))
    shaper(store).accept(draft, 2, EditCall("lock", {"truck": served(store, draft)[second]}))
    with pytest.raises(PlanChanged, match=r"amina \(lock truck"):
        karim.accept(draft, 2, EditCall("drop", {"bin": second}))
    assert second in served(store, draft)
    with pytest.raises(PlanChanged, match="amina"):
        karim.accept(plan_id, 1, EditCall("drop", {"bin": second}))


def test_locks_are_kept_with_the_plan(night):
    """A locked route refuses edits in the next process too, until somebody unlocks it."""
    store, plan_id = night
    name, truck = next(iter(served(store, plan_id).items()))
    draft = shaper(store).accept(plan_id, 1, EditCall("lock", {"truck": truck}))
    assert next(route.locked for route in view(store, draft).routes if route.truck_id == truck)
    with pytest.raises(EditError, match="is locked"):
        shaper(store).try_edit(draft, 2, EditCall("drop", {"bin": name}))
    shaper(store).accept(draft, 2, EditCall("unlock", {"truck": truck}))
    assert not any(route.locked for route in view(store, draft).routes)


def test_a_start_by_hand_is_kept_and_its_broken_rule_forbids_publishing(night):
    """Out before the shift: the draft says which rule it breaks, and is not published until that is mended."""
    store, plan_id = night
    truck = next(iter(served(store, plan_id).values()))
    hand = shaper(store)
    call = EditCall("start", {"truck": truck, "seconds": 4 * 3600})
    assert {one.rule for one in hand.try_edit(plan_id, 1, call).broken} == {"shift"}
    draft = hand.accept(plan_id, 1, call)
    route = next(route for route in view(store, draft).routes if route.truck_id == truck)
    assert route.departs_at == ZERO + timedelta(hours=4)
    with store.begin() as work:
        assert "breaks 1 rules" in work.plans.publish(draft, "amina")
    mended = hand.undo(draft, 2)
    assert mended.mended == 1
    with store.begin() as work:
        assert work.plans.publish(draft, "amina", "as it was") is None
        assert work.plans.get(draft).note == "as it was"


def test_improving_works_around_what_was_settled(night):
    """A bin moved to the other truck by hand stays there; the search may not cost more."""
    store, plan_id = night
    name, truck = next(iter(served(store, plan_id).items()))
    other = "T2" if truck == "T1" else "T1"
    hand = shaper(store)
    draft = hand.accept(plan_id, 1, EditCall("move", {"bin": name, "truck": other}))
    tried = hand.try_edit(draft, 2, EditCall("improve", {"seconds": 0.5}))
    assert tried.broken == ()
    if not tried.same:
        hand.accept(draft, 2, tried.call)
        assert served(store, draft)[name] == other


def test_a_plan_without_its_problem_says_so_in_a_line(store):
    """Plans of an older schema cannot be shaped; the mend is named."""
    problem = town()
    plan_id = keep(store, problem, solve(problem, 0.3), with_problem=False)
    with pytest.raises(ShapingImpossible, match=r"older binwatt.*make a new plan"):
        shaper(store).try_edit(plan_id, 1, EditCall("drop", {"bin": "B00"}))


def test_a_problem_packed_and_unpacked_gives_the_same_draft(night):
    """What the store keeps of the problem is the problem."""
    store, plan_id = night
    with store.read() as work:
        _, body = work.shaping.problem(plan_id)
    again = unpack(body)
    assert replace(again, seconds=town().seconds, metres=town().metres).visits == town().visits


@pytest.mark.slow
def test_the_workbench_is_a_process_that_edits_the_same_store(night):
    """Through the worker process an edit is tried and kept, and a refusal comes back as itself."""
    store, plan_id = night
    name = next(iter(served(store, plan_id)))
    bench = Bench(str(store.url.render_as_string(hide_password=False)), "amina", 0.15)
    try:
        tried = bench.try_edit(plan_id, 1, EditCall("drop", {"bin": name}))
        assert tried.km <= 0
        draft = bench.accept(plan_id, 1, EditCall("drop", {"bin": name}))
        assert name not in served(store, draft)
        with pytest.raises(PlanChanged, match="amina"):
            bench.try_edit(draft, 7, EditCall("drop", {"bin": name}))
    finally:
        bench.close()
