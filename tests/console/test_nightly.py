"""The night job on a settled simulated city: published whole, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.errors import JobRunning, NoRoads
from console.nightly import LEASE, make_plan
from console.report_text import describe
from console.settle import settle
from fleet.clock import FixedClock
from fleet.events import Kind
from fleet.orders import OrderKind, OrderState, Wanted
from fleet.settings import CitySettings, Settings, StoreSettings
from fleet.store import Store
from fleet.twin.city import draw_city
from fleet.twin.opening import OPENING
from routing.errors import ProblemError

DAY = (OPENING + timedelta(days=1)).date()


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small simulated city in a store."""
    folder = tmp_path_factory.mktemp("city")
    store = Store.create(f"sqlite:///{folder / 'city.db'}", FixedClock(OPENING))
    for _ in settle(store, draw_city(1, "small"), folder):
        pass
    store.close()
    return folder


@pytest.fixture
def city(settled: Path, tmp_path: Path) -> Iterator[Store]:
    """A fresh copy of it, at its opening."""
    shutil.copyfile(settled / "city.db", tmp_path / "city.db")
    store = Store.open(f"sqlite:///{tmp_path / 'city.db'}", FixedClock(OPENING))
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=StoreSettings(data_dir=str(tmp_path)), city=CitySettings(simulated=True))


def plan(store: Store, settings: Settings, **options: object) -> dict[str, object]:
    wanted = {"day": DAY, "seconds": 0.5, "publish": True, "seed": 0, "who": "test", **options}
    return make_plan(store, settings, **wanted)  # type: ignore[arg-type] # a table of options


def test_published_plan_serves_the_due_and_states_the_needs(city: Store, settings: Settings):
    """Every due bin is served, every bin is visited or left with a reason, every electric truck has its need."""
    figures = plan(city, settings)
    assert figures["violations"] == 0
    assert figures["unserved"] == 0
    with city.read() as work:
        published = work.plans.published(DAY)
        assert published is not None
        assert published.plan_id is not None
        whole = work.plans.whole(published.plan_id)
        needs = work.charging.needs()
        bins = {row.bin_id for row in work.bins.all()}
        electric = {row.truck_id for row in work.trucks.all() if row.battery_kwh}
    assert whole is not None
    visited = [stop.bin_id for _, stops in whole.routes for stop in stops if stop.bin_id is not None]
    assert sorted([*visited, *(one.bin_id for one in whole.left)]) == sorted(bins)
    assert all(one.reason for one in whole.left)
    assert {need.truck_id for need in needs} == electric
    by_truck = {need.truck_id: need for need in needs}
    for route, _ in whole.routes:
        if route.truck_id in electric:
            need = by_truck[route.truck_id]
            assert (need.ready_by, need.target_kwh) == (route.departs_at, route.target_kwh)
            assert need.target_kwh > route.kwh_p90


def test_routes_follow_the_streets(city: Store, settings: Settings):
    """A route's line is as long as its stated kilometres: it is drawn along the legs, not across the blocks."""
    from math import cos, hypot, radians

    plan(city, settings)
    with city.read() as work:
        published = work.plans.published(DAY)
        assert published is not None
        whole = work.plans.whole(published.plan_id or 0)
    assert whole is not None
    for route, _ in whole.routes:
        metres = sum(
            hypot((b[0] - a[0]) * 110_950, (b[1] - a[1]) * 111_320 * cos(radians(a[0])))
            for a, b in zip(route.line, route.line[1:], strict=False)
        )
        assert metres / 1000 == pytest.approx(route.km, rel=0.02)


def test_second_run_replaces_the_first(city: Store, settings: Settings):
    """Running it twice leaves one published plan and one open need a truck."""
    first = plan(city, settings)
    second = plan(city, settings, seed=1)
    with city.read() as work:
        before = work.plans.get(int(str(first["plan_id"])))
        assert before is not None
        assert before.state == "superseded"
        trucks = [need.truck_id for need in work.charging.needs()]
        published = work.plans.published(DAY)
    assert published is not None
    assert published.plan_id == second["plan_id"]
    assert len(trucks) == len(set(trucks))


def test_two_jobs_never_run_at_once(city: Store, settings: Settings):
    """While one holds the lease another says so and changes nothing."""
    with city.begin() as work:
        assert work.leases.take(LEASE, "elsewhere:1", timedelta(minutes=5)) is None
    with pytest.raises(JobRunning, match="elsewhere:1"):
        plan(city, settings)
    with city.read() as work:
        assert work.plans.newest(DAY) is None


def test_failure_keeps_the_last_plan_and_is_told(city: Store, settings: Settings):
    """Without trucks there is one clear line, an event, and the plan before stays in force."""
    figures = plan(city, settings)
    with city.begin() as work:
        for truck in work.trucks.all():
            truck.active = False
            work.session.add(truck)
    with pytest.raises(ProblemError, match="no truck has a shift"):
        plan(city, settings)
    with city.read() as work:
        published = work.plans.published(DAY)
        told = [event for event in work.events.newest() if event.kind is Kind.PLANNING_FAILED]
    assert published is not None
    assert published.plan_id == figures["plan_id"]
    assert "no truck has a shift" in told[-1].data["why"]


def test_failed_job_frees_its_lease(city: Store, settings: Settings):
    """After a failure the next run may start at once."""
    with city.begin() as work:
        for row in work.bins.all():
            row.active = False
            work.session.add(row)
    for _ in range(2):
        with pytest.raises(ProblemError, match="no bins"):
            plan(city, settings)


def test_without_roads_it_names_the_import(store: Store, settings: Settings):
    """An empty store has no streets; the line says how to get some."""
    with pytest.raises(NoRoads, match="binwatt import roads"):
        plan(store, settings)


def test_ordered_plan_settles_its_order(city: Store, settings: Settings):
    """A plan made for an order answers it with the plan's number."""
    with city.begin() as work:
        order = work.orders.place(Wanted(OrderKind.MAKE_PLAN, DAY.isoformat(), {}, who="test"))
    figures = plan(city, settings, order_id=order.order_id, publish=False)
    with city.read() as work:
        settled_order = work.orders.get(order.order_id or 0)
        drafts = work.plans.newest(DAY)
    assert settled_order is not None
    assert (settled_order.state, settled_order.answer) == (OrderState.ACCEPTED, {"plan_id": figures["plan_id"]})
    assert drafts is not None
    assert drafts.state == "draft"


def test_report_for_a_person_holds_the_figures(city: Store, settings: Settings):
    """The text names routes, kilometres, bins due and left."""
    figures = plan(city, settings)
    text = describe(figures)
    assert f"{figures['routes']} routes, {figures['km']} km" in text
    assert f"{figures['due']} were due, 0 of them are left" in text


def test_progress_is_told_while_it_works(city: Store, settings: Settings):
    """Somebody who watches sees the start, the phases and the plan, in this order."""
    plan(city, settings)
    with city.read() as work:
        kinds = [event.kind for event in work.events.newest(1000)]
    assert kinds.index(Kind.PLANNING_STARTED) < kinds.index(Kind.PLANNING_PROGRESSED) < kinds.index(Kind.PLAN_MADE)
    assert kinds.index(Kind.PLAN_MADE) < kinds.index(Kind.PLAN_PUBLISHED)


def test_default_day_is_the_next_morning(city: Store, settings: Settings):
    """Run in the evening it plans tomorrow; run before dawn it plans today."""
    assert plan(city, settings, day=None)["day"] == DAY.isoformat()
    early = datetime.combine(DAY, datetime.min.time(), UTC) + timedelta(hours=3)
    assert isinstance(city.clock, FixedClock)
    city.clock.at = early
    assert plan(city, settings, day=None)["day"] == DAY.isoformat()
