"""Shaping in the store: a draft of its own, edits in order, and nobody's edit lost."""

from __future__ import annotations

import pickle
from datetime import date, timedelta

import pytest

from fleet.clock import FixedClock
from fleet.errors import PlanChanged, ShapingRefused
from fleet.events import Kind
from fleet.store import Store
from fleet.store.shaping import Change
from fleet.tables import Bin, LeftBin, Place, Plan, PlanProblem, Route, Stop, Truck

DAY = date(2026, 11, 24)


def lay_plan(store: Store, clock: FixedClock) -> int:
    """A city of three bins, two emptied by T1, one left."""
    with store.begin() as work:
        work.places.upsert(Place(place_id="depot", name="Depot", lat=34.9, lon=-2.3, is_depot=True))
        for name in ("A", "B", "C"):
            work.bins.upsert(Bin(bin_id=name, lat=34.9, lon=-2.3))
        for name in ("T1", "T2"):
            work.trucks.upsert(Truck(truck_id=name, depot_id="depot"))
        plan = Plan(day=DAY, made_at=clock.at, made_by="night", km=12.0, served=2)
        plan_id = work.plans.keep(plan, [route_of("T1", "A", "B", clock=clock)], [left("C")])
        work.session.add(PlanProblem(plan_id=plan_id, body=b"packed"))
    return plan_id


def route_of(truck: str, *bins: str, clock: FixedClock) -> tuple[Route, list[Stop]]:
    route = Route(plan_id=0, truck_id=truck, departs_at=clock.at, returns_at=clock.at + timedelta(hours=2), km=12.0,
                  kwh=9.0, kwh_p90=11.0, kg=200.0, bins=len(bins), tips=1)  # fmt: skip
    stops = [
        Stop(route_id=0, seq=seq, kind="bin", bin_id=name, lat=34.9, lon=-2.3, arrives_at=clock.at,
             leaves_at=clock.at, km=1.0, load_l=100.0, load_kg=10.0, kwh=1.0, why={"code": "due"})
        for seq, name in enumerate(bins, 1)
    ]  # fmt: skip
    return route, stops


def left(name: str) -> LeftBin:
    return LeftBin(plan_id=0, bin_id=name, due=False, reason="can wait", why={"code": "not_needed"})


def moved(clock: FixedClock, way: str = "edit") -> Change:
    """B goes from T1 to T2 (undone: back again)."""
    back = way == "undo"
    routes = (
        [route_of("T1", "A", "B", clock=clock)]
        if back
        else [route_of("T1", "A", clock=clock), route_of("T2", "B", clock=clock)]
    )
    return Change(
        kind="move", args={"edit": {"bin": "B", "truck": "T2"}}, delta={"km": 1.5}, head={"km": 13.5},
        trucks=(("T1", None), ("T2", None)), routes=routes, way=way,
    )  # fmt: skip


def bins_of(store: Store, plan_id: int) -> dict[str, list[str | None]]:
    with store.read() as work:
        whole = work.plans.whole(plan_id)
    return {route.truck_id: [stop.bin_id for stop in stops] for route, stops in whole.routes}


def test_a_shaping_is_a_draft_of_its_own(any_store: Store, clock: FixedClock) -> None:
    """The copy has the routes, stops and left bins of the plan opened, and its problem; the plan itself stays."""
    plan_id = lay_plan(any_store, clock)
    with any_store.begin() as work:
        draft = work.shaping.begin(plan_id, "amina")
    assert bins_of(any_store, draft) == bins_of(any_store, plan_id) == {"T1": ["A", "B"]}
    with any_store.read() as work:
        plan = work.plans.get(draft)
        assert (plan.based_on, plan.version, plan.state, plan.made_by) == (plan_id, 1, "draft", "amina")
        assert [row.bin_id for row in work.plans.whole(draft).left] == ["C"]
        assert work.shaping.problem(draft) == (plan_id, b"packed")
        assert work.events.newest(1)[0].data["based_on"] == plan_id


def test_an_edit_writes_its_routes_and_says_so(any_store: Store, clock: FixedClock) -> None:
    """Routes of the touched trucks are replaced, the version counts on, and an event tells everybody."""
    plan_id = lay_plan(any_store, clock)
    with any_store.begin() as work:
        draft = work.shaping.begin(plan_id, "amina")
        assert work.shaping.save(draft, 1, moved(clock), "amina") == 2
    assert bins_of(any_store, draft) == {"T1": ["A"], "T2": ["B"]}
    with any_store.read() as work:
        assert work.plans.get(draft).km == 13.5
        event = work.events.newest(1)[0]
        assert event.kind is Kind.PLAN_EDITED
        assert event.data["args"] == {"bin": "B", "truck": "T2"}
        assert (event.data["version"], event.who) == (2, "amina")


def test_the_second_of_two_dispatchers_is_told_who_changed_what(any_store: Store, clock: FixedClock) -> None:
    """An edit worked out on an older version is refused with name, deed and time; nothing of it is written."""
    plan_id = lay_plan(any_store, clock)
    with any_store.begin() as work:
        draft = work.shaping.begin(plan_id, "amina")
        work.shaping.save(draft, 1, moved(clock), "amina")
    told = rf"plan {draft} was changed meanwhile: amina \(move bin B truck T2\)"
    with pytest.raises(PlanChanged, match=told), any_store.begin() as work:
        work.shaping.save(draft, 1, moved(clock, "undo"), "karim")
    assert bins_of(any_store, draft) == {"T1": ["A"], "T2": ["B"]}


def test_who_opens_a_plan_being_shaped_is_told(any_store: Store, clock: FixedClock) -> None:
    """A second shaping of the same plan is refused with who began."""
    plan_id = lay_plan(any_store, clock)
    with any_store.begin() as work:
        work.shaping.begin(plan_id, "amina")
    with pytest.raises(PlanChanged, match="amina"), any_store.begin() as work:
        work.shaping.begin(plan_id, "karim")


def test_undo_and_redo_outlive_whoever_edited(any_store: Store, clock: FixedClock) -> None:
    """The stack is in the store: undone edits can be done again until a new edit forgets them."""
    plan_id = lay_plan(any_store, clock)
    with any_store.begin() as work:
        draft = work.shaping.begin(plan_id, "amina")
        work.shaping.save(draft, 1, moved(clock), "amina")
        assert work.shaping.to_redo(draft) is None
        work.shaping.save(draft, 2, moved(clock, "undo"), "karim")
        assert work.shaping.to_undo(draft) is None
        assert work.shaping.to_redo(draft).kind == "move"
    assert bins_of(any_store, draft) == {"T1": ["A", "B"]}
    with any_store.begin() as work:
        work.shaping.save(draft, 3, moved(clock, "redo"), "karim")
        work.shaping.save(draft, 4, moved(clock, "undo"), "karim")
        work.shaping.save(draft, 5, moved(clock), "amina")
        assert [(row.seq, row.who, row.undone) for row in work.shaping.edits(draft)] == [(1, "amina", False)]


@pytest.mark.parametrize("way", ["undo", "redo"])
def test_nothing_to_take_back_is_one_clear_line(any_store: Store, clock: FixedClock, way: str) -> None:
    """An empty stack refuses, and the version stays."""
    plan_id = lay_plan(any_store, clock)
    with any_store.begin() as work:
        draft = work.shaping.begin(plan_id, "amina")
    with pytest.raises(ShapingRefused, match=f"nothing to {way}"), any_store.begin() as work:
        work.shaping.save(draft, 1, moved(clock, way), "amina")
    with any_store.read() as work:
        assert work.plans.get(draft).version == 1


def test_a_plan_that_breaks_a_rule_is_never_published(any_store: Store, clock: FixedClock) -> None:
    """The draft keeps its broken rules, and publishing names the first."""
    plan_id = lay_plan(any_store, clock)
    broken = Change(kind="move", args={"edit": {}}, delta={}, head={"report": {"broken": ["T1: returns too late"]}})
    with any_store.begin() as work:
        draft = work.shaping.begin(plan_id, "amina")
        work.shaping.save(draft, 1, broken, "amina")
        assert work.plans.publish(draft, "amina") == (
            f"plan {draft} breaks 1 rules, first: T1: returns too late; undo or mend it"
        )


def test_a_published_plan_is_not_written_into(any_store: Store, clock: FixedClock) -> None:
    """What is in force changes only by publishing another."""
    plan_id = lay_plan(any_store, clock)
    with any_store.begin() as work:
        work.plans.publish(plan_id, "night")
    with pytest.raises(ShapingRefused, match="only a draft can be shaped"), any_store.begin() as work:
        work.shaping.save(plan_id, 1, moved(clock), "amina")


def test_left_bins_change_with_the_edit(any_store: Store, clock: FixedClock) -> None:
    """A bin added is no longer left, a bin dropped is."""
    plan_id = lay_plan(any_store, clock)
    change = Change(kind="drop", args={"edit": {"bin": "A"}}, delta={}, head={}, trucks=(("T1", None),),
                    routes=[route_of("T1", "B", "C", clock=clock)], unleft=("C",), left=(left("A"),))  # fmt: skip
    with any_store.begin() as work:
        draft = work.shaping.begin(plan_id, "amina")
        work.shaping.save(draft, 1, change, "amina")
    with any_store.read() as work:
        assert [row.bin_id for row in work.plans.whole(draft).left] == ["A"]


def test_the_refusal_comes_whole_out_of_a_worker_process(clock: FixedClock) -> None:
    """Pickled and back, it still names who and what."""
    refusal = PlanChanged(8, "amina", "drop", {"bin": "A"}, clock.at)
    again = pickle.loads(pickle.dumps(refusal))
    assert (str(again), again.who, again.at) == (str(refusal), "amina", clock.at)
