"""The console on a real store: what it loads, what it follows, what its hands write."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from console.app import Desk
from console.errors import ActionDisabled
from console.feed import Feed
from console.hands import StoreHands
from console.loading import load_view, newest_plan
from console.view import View, fold
from fleet.clock import Pace
from fleet.events import Event, Kind
from fleet.orders import OrderKind, OrderState, Wanted
from fleet.settings import CitySettings, Settings
from fleet.store import Store
from fleet.tables import (
    Bin,
    Evse,
    LeftBin,
    MeterValue,
    Place,
    Plan,
    Reading,
    Route,
    Station,
    Stop,
    Transaction,
    Truck,
)

SETTINGS = Settings(city=CitySettings(name="Testville", time_zone="UTC"))
DAY = date(2026, 3, 11)


def settle(store: Store, now: datetime) -> int:
    """A depot, two bins, a truck, a station that charges it, a draft plan that empties one bin."""
    with store.begin() as work:
        work.places.upsert(Place(place_id="depot", name="Depot", lat=0, lon=0, is_depot=True, site_limit_kw=40))
        for number in (1, 2):
            work.bins.upsert(Bin(bin_id=f"B{number}", lat=0.01 * number, lon=0))
        work.bins.take_reading(
            Reading(key="r1", bin_id="B1", measured_at=now - timedelta(hours=1), received_at=now, fill=0.7, battery=0.9)
        )
        work.trucks.upsert(Truck(truck_id="T1", depot_id="depot", battery_kwh=120, id_token="CARD1"))
        work.stations.upsert(
            Station(station_id="S1", place_id="depot", max_kw=22), [Evse(station_id="S1", number=1, max_kw=22)]
        )
        work.stations.set_connector("S1", 1, 1, status="Charging")
        work.add(
            Transaction,
            {"station_id": "S1", "evse": 1, "ref": "1", "truck_id": "T1", "started_at": now - timedelta(minutes=20),
             "start_wh": 1000.0, "state": "running"},
        )  # fmt: skip
        for minute, watts in ((-12, 9000.0), (-10, 11000.0), (-2, 7000.0)):
            work.add(
                MeterValue,
                {"station_id": "S1", "evse": 1, "ref": "1", "measured_at": now + timedelta(minutes=minute),
                 "power_w": watts, "energy_wh": 3000.0, "soc": 0.5},
            )  # fmt: skip
        stop = Stop(
            route_id=0, seq=1, kind="bin", bin_id="B1", lat=0.01, lon=0, arrives_at=now, leaves_at=now, km=1, load_l=1,
            load_kg=2, kwh=3, fill=0.9, overflow_p=0.6, reason="would overflow",
        )  # fmt: skip
        route = Route(
            plan_id=0, truck_id="T1", departs_at=now + timedelta(hours=8), returns_at=now + timedelta(hours=12), km=12,
            kwh=15, kwh_p90=18, target_kwh=60, kg=2, bins=1, tips=0, line=[[0, 0], [0.01, 0]],
        )  # fmt: skip
        plan = Plan(day=DAY, made_at=now, made_by="night", km=12, served=1)
        return work.plans.keep(plan, [(route, [stop])], [LeftBin(plan_id=0, bin_id="B2", due=False, reason="can wait")])


def test_a_view_holds_what_the_store_holds(store, clock):
    """Bins with their plan, the station with its charge, the depot with its power and limit."""
    plan_id = settle(store, clock.now())
    with store.read() as work:
        view = load_view(work, SETTINGS)
    assert (view.city, view.simulated, view.speed) == ("Testville", False, None)
    assert (view.bins["B1"].fill, view.bins["B1"].truck_id, view.bins["B1"].overflow_p) == (0.7, "T1", 0.6)
    assert (view.bins["B2"].fill, view.bins["B2"].left_reason) == (None, "can wait")
    evse = view.stations["S1"].evses[0]
    assert (evse.status, evse.power_kw, evse.soc, evse.transaction.truck_id) == ("Charging", 7.0, 0.5, "T1")
    assert view.places["depot"].site_limit_kw == 40
    assert [kw for _at, kw in view.depots["depot"].actual_kw] == [9.0, 11.0, 7.0]
    assert (view.plan.plan_id, view.plan.state, view.plan.routes[0].stops[0].bin_id) == (plan_id, "draft", "B1")
    assert view.events[-1].kind is Kind.PLAN_MADE


def test_loading_and_folding_agree(store, clock):
    """A view that followed the tail equals one loaded afterwards, for all that both know."""
    settle(store, clock.now())
    with store.read() as work:
        followed = load_view(work, SETTINGS)
    with store.tail() as tail:
        hands = StoreHands(store, "amina", Settings())
        hands.place(Wanted(OrderKind.LIMIT_STATION, "S1", {"limit_kw": 8.0}))
        with store.begin() as work:
            order = work.orders.newest()[-1]
            work.orders.mark(order, OrderState.ACCEPTED, {"status": "Accepted"})
            work.bins.take_reading(
                Reading(key="r2", bin_id="B2", measured_at=clock.now(), received_at=clock.now(), fill=0.4)
            )
            work.alarms.sound("bin.overdue", "B1", "warning", "B1 is full")
        for event in tail.read():
            followed = fold(followed, event)
    with store.read() as work:
        loaded = load_view(work, SETTINGS)
    assert followed.stations["S1"].limit_kw == loaded.stations["S1"].limit_kw == 8.0
    assert followed.orders == loaded.orders
    assert followed.alarms == loaded.alarms
    assert followed.bins["B2"].fill == loaded.bins["B2"].fill == 0.4
    assert followed.events == loaded.events


def test_the_feed_shows_a_first_view_then_what_happens_until_it_is_stopped(store, clock):
    """The first view comes at once; a published plan is read whole when its event comes."""
    plan_id = settle(store, clock.now())
    feed = Feed(store, SETTINGS)
    views: list[View] = []
    published, first = threading.Event(), threading.Event()

    def show(view: View) -> None:
        views.append(view)
        first.set()
        if view.plan is not None and view.plan.state == "published":
            published.set()

    told: list[str] = []
    thread = threading.Thread(target=feed.run, args=(show, told.append))
    thread.start()
    try:
        assert first.wait(5)
        StoreHands(store, "amina", Settings()).place(Wanted(OrderKind.PUBLISH_PLAN, str(plan_id)))
        assert published.wait(5)
    finally:
        feed.stop()
        thread.join(5)
    assert not thread.is_alive()
    assert told == []
    assert views[-1].needs["T1"].target_kwh == 60
    assert views[-1].plan.routes[0].line == ((0, 0), (0.01, 0))


def test_a_store_that_goes_away_is_told_and_tried_again(store, clock, monkeypatch):
    """What the store says is passed on as one line; the feed lives on."""
    settle(store, clock.now())
    feed = Feed(store, SETTINGS)
    told: list[str] = []

    def tell(why: str) -> None:
        told.append(why)
        feed.stop()

    monkeypatch.setattr(store, "tail", lambda: Store.open("sqlite:////nowhere/at/all.db"))
    feed.run(lambda _view: None, tell)
    assert len(told) == 1
    assert "no store yet" in told[0]


def test_the_plan_on_the_table_is_the_one_made_last(store, clock):
    """A new draft is shown though another plan is in force; when it is withdrawn or gone, the one in force is."""
    first = settle(store, clock.now())
    hands = StoreHands(store, "amina", Settings())
    hands.place(Wanted(OrderKind.PUBLISH_PLAN, str(first)))
    with store.begin() as work:
        second = work.plans.keep(Plan(day=DAY, made_at=clock.now(), made_by="amina", km=9), [], [])
    with store.read() as work:
        assert newest_plan(work).plan_id == second
    hands.place(Wanted(OrderKind.PUBLISH_PLAN, str(second)))
    hands.place(Wanted(OrderKind.WITHDRAW_PLAN, str(second)))
    with store.read() as work:
        assert newest_plan(work) is None


def test_hands_write_in_the_operators_name(store, clock):
    """Orders and acknowledgements carry who gave them; a bin's week is given by time."""
    settle(store, clock.now())
    hands = StoreHands(store, "amina", Settings())
    hands.place(Wanted(OrderKind.RESET, "S1", {"how": "soft"}))
    with store.begin() as work:
        work.alarms.sound("bin.overdue", "B1", "warning", "B1 is full")
        number = work.alarms.standing()[0].alarm_id
    hands.acknowledge(number)
    with store.read() as work:
        assert work.orders.newest()[-1].who == "amina"
        assert work.alarms.standing()[0].acknowledged_by == "amina"
    assert [fill for _at, fill in hands.history("B1")] == [0.7]


def test_only_simulated_time_can_be_changed(store):
    """In real time the hands refuse; with a pace they pause it and move it on."""
    hands = StoreHands(store, "amina", Settings())
    for deed in (lambda: hands.set_speed(0), lambda: hands.skip(timedelta(minutes=10))):
        with pytest.raises(ActionDisabled, match="real city"):
            deed()
    start = datetime(2026, 3, 10, 19, 0, tzinfo=UTC)
    with store.begin() as work:
        work.places.set_pace(Pace(start, datetime.now(UTC), 0.0), "test")
    hands.skip(timedelta(minutes=10))
    hands.set_speed(60.0)
    with store.read() as work:
        pace = work.places.pace()
    assert pace.speed == 60.0
    assert timedelta(minutes=10) <= pace.sim - start < timedelta(minutes=11)


async def test_the_desk_follows_a_store_and_orders_through_it(store, clock):
    """From the store to the screen and back: a key publishes the plan, and the screen shows it published."""
    settle(store, clock.now())
    desk = Desk(store, SETTINGS, operator="amina")
    async with desk.run_test(size=(140, 45)) as pilot:
        for _ in range(100):
            await pilot.pause(0.05)
            if desk.view.plan is not None:
                break
        await pilot.press("3", "p")
        await pilot.pause(0.2)
        await pilot.press("enter")
        for _ in range(100):
            await pilot.pause(0.05)
            if desk.view.plan.state == "published":
                break
        assert desk.view.plan.state == "published"
        assert any("publish the plan: accepted" in n.message for n in desk._notifications)
    with store.read() as work:
        assert work.orders.newest()[-1].who == "amina"


def test_an_event_from_another_version_does_not_stop_the_log():
    """An event whose fields are missing still reads as a line."""
    from console.wording import tell

    assert tell(Event(Kind.PLAN_MADE, "1", datetime.now(UTC))) == "plan made: · routes, · km, · bins, · not reached"
    assert "plan.made" in tell(Event(Kind.PLAN_MADE, "1", datetime.now(UTC), {"km": "far"}))
