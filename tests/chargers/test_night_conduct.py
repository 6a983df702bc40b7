"""The depot's night conducted over a real store: who gets how much, and in which order it is told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from chargers.night import Policy, close_needs, conduct, pursue
from chargers.profile import from_v201
from chargers.schedule import NO_MARGINS
from fleet.clock import FixedClock
from fleet.events import Kind
from fleet.orders import OrderKind, OrderState
from fleet.store import Store, Work
from fleet.tables import ChargingNeed, Evse, Order, Place, Station, Transaction, Truck, TruckState

LIMIT_KW, BASE_KW, FALLBACK_KW = 60.0, 5.0, 5.0
POLICY = Policy(slot_minutes=15, margins=NO_MARGINS, margin_kw=1.0, price=lambda _at: 1.0)


@pytest.fixture
def depot(store: Store) -> Store:
    """A depot of three 50 kW stations behind 60 kW, and three trucks of 200 kWh."""
    with store.begin() as work:
        work.places.upsert(
            Place(
                place_id="depot",
                name="Depot",
                lat=34.9,
                lon=-2.3,
                is_depot=True,
                site_limit_kw=LIMIT_KW,
                base_load_kw=BASE_KW,
            )
        )
        for number in (1, 2, 3):
            station = Station(
                station_id=f"S{number}",
                place_id="depot",
                current="DC",
                phases=1,
                max_kw=50.0,
                fallback_kw=FALLBACK_KW,
                online=True,
                fallback_at=work.now,
                rate_unit="W",
            )
            work.stations.upsert(station, [Evse(station_id=f"S{number}", number=1, max_kw=50.0)])
            work.stations.set_connector(f"S{number}", 1, 1, status="Available")
            work.trucks.upsert(
                Truck(
                    truck_id=f"T{number}",
                    depot_id="depot",
                    battery_kwh=200.0,
                    max_charge_kw=50.0,
                    id_token=f"C{number}",
                )
            )
    return store


def plug(work: Work, number: int, *, soc: float) -> None:
    """Truck n at station n, its transaction running."""
    work.session.add(
        Transaction(
            station_id=f"S{number}",
            evse=1,
            ref=f"tx{number}",
            token=f"C{number}",
            truck_id=f"T{number}",
            started_at=work.now,
        )
    )
    work.trucks.report(TruckState(truck_id=f"T{number}", at=work.now, lat=34.9, lon=-2.3, soc=soc, activity="plugged"))


def need(work: Work, number: int, ready_by: datetime, target_kwh: float) -> ChargingNeed:
    row = ChargingNeed(
        truck_id=f"T{number}", ready_by=ready_by, target_kwh=target_kwh, kwh=target_kwh, made_at=work.now
    )
    work.session.add(row)
    work.session.flush()
    return row


def look_again(depot: Store) -> int:
    with depot.begin() as work:
        return conduct(work, work.places.charging_sites()[0], POLICY, "a test")


def orders(depot: Store) -> list[Order]:
    with depot.read() as work:
        return work.orders.of_kind(OrderKind.SET_PROFILE)


def answer_all(depot: Store, state: OrderState = OrderState.ACCEPTED) -> None:
    with depot.begin() as work:
        for order in work.orders.queued([OrderKind.SET_PROFILE]):
            work.orders.mark(order, OrderState.SENT)
            work.orders.mark(order, state, {})


def most_kw(order: Order) -> float:
    return max(period.limit for period in from_v201(order.args["profile"]).schedule.periods) / 1000


def kw_at(order: Order, at: datetime) -> float:
    """What an ordered profile allows at an instant; its EVSE's fall-back outside of it."""
    schedule = from_v201(order.args["profile"]).schedule
    assert schedule.start is not None
    assert schedule.duration_s is not None
    since = (at - schedule.start).total_seconds()
    if not 0 <= since < schedule.duration_s:
        return FALLBACK_KW
    return [period.limit for period in schedule.periods if period.start_s <= since][-1] / 1000


def test_plugged_truck_gets_its_night_as_a_profile(depot: Store, clock: FixedClock):
    """A truck with a need at its plug is sent one TxProfile for its transaction that ends with the night."""
    with depot.begin() as work:
        plug(work, 1, soc=0.2)
        need(work, 1, clock.now() + timedelta(hours=10), 180.0)
    assert look_again(depot) == 1
    (order,) = orders(depot)
    profile = from_v201(order.args["profile"])
    assert (order.target, profile.transaction_id, profile.purpose) == ("S1", "tx1", "TxProfile")
    assert most_kw(order) > FALLBACK_KW


def test_looking_twice_orders_once(depot: Store, clock: FixedClock):
    """What is under way, and what is confirmed and still right, is not ordered again."""
    with depot.begin() as work:
        plug(work, 1, soc=0.2)
        need(work, 1, clock.now() + timedelta(hours=10), 180.0)
    look_again(depot)
    assert look_again(depot) == 0
    answer_all(depot)
    assert look_again(depot) == 0


def test_an_answer_makes_room_for_the_next_without_a_new_plan(depot: Store, clock: FixedClock):
    """When those who go down have confirmed, those who rise are sent theirs; the schedule in force stays."""
    with depot.begin() as work:
        for number in (1, 2, 3):
            plug(work, number, soc=0.1)
            need(work, number, clock.now() + timedelta(hours=9), 190.0)
    look_again(depot)
    with depot.read() as work:
        before = work.charging.schedule("depot")
    for _ in range(4):
        answer_all(depot)
        clock.advance(timedelta(seconds=20))
        with depot.begin() as work:
            pursue(work, work.places.charging_sites()[0], POLICY, "a test")
    with depot.read() as work:
        after = work.charging.schedule("depot")
    assert before is not None
    assert after is not None
    assert after[0].schedule_id == before[0].schedule_id
    assert {order.target for order in orders(depot)} == {"S1", "S2", "S3"}
    assert all(order.state == OrderState.ACCEPTED for order in orders(depot))


def test_need_is_what_the_battery_lacks_at_the_plug(depot: Store, clock: FixedClock):
    """A need made while the truck was out is stated again when it plugs in with less than thought."""
    with depot.begin() as work:
        need(work, 1, clock.now() + timedelta(hours=10), 180.0)
    clock.advance(timedelta(minutes=10))
    with depot.begin() as work:
        plug(work, 1, soc=0.25)
    look_again(depot)
    with depot.read() as work:
        (row,) = work.charging.needs()
        told = [event for event in work.events.newest() if event.kind is Kind.NEEDS_CHANGED]
    assert row.kwh == pytest.approx(130.0)
    assert told[-1].data["needs"][0]["kwh"] == pytest.approx(130.0)


def test_sum_of_everything_possible_stays_under_the_limit(depot: Store, clock: FixedClock):
    """Plan, fall-backs and what may still hold never exceed the site, whatever was confirmed, refused or unanswered."""
    with depot.begin() as work:
        for number in (1, 2, 3):
            plug(work, number, soc=0.1)
            need(work, number, clock.now() + timedelta(hours=9), 190.0)
    for state in (OrderState.ACCEPTED, OrderState.FAILED, OrderState.REJECTED, OrderState.ACCEPTED):
        look_again(depot)
        possible: dict[str, list[Order]] = {f"S{number}": [] for number in (1, 2, 3)}
        for order in orders(depot):
            if order.state == OrderState.ACCEPTED:
                possible[order.target] = [order]
            elif order.state != OrderState.REJECTED:
                possible[order.target].append(order)
        for quarter in range(48):
            at = clock.now() + timedelta(minutes=15 * quarter)
            total = sum(max([FALLBACK_KW, *(kw_at(one, at) for one in held)]) for held in possible.values())
            assert BASE_KW + total <= LIMIT_KW
        answer_all(depot, state)
        clock.advance(timedelta(minutes=15))


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.FAILED])
def test_station_that_refuses_or_does_not_answer_is_asked_again_after_a_rest(
    depot: Store, clock: FixedClock, state: OrderState
):
    """Not at once, which would never end, and not never, which would leave the truck at its fall-back."""
    with depot.begin() as work:
        plug(work, 1, soc=0.2)
        need(work, 1, clock.now() + timedelta(hours=10), 180.0)
    look_again(depot)
    answer_all(depot, state)
    for _ in range(3):
        assert look_again(depot) == 0
        clock.advance(timedelta(minutes=1))
    clock.advance(timedelta(minutes=15))
    look_again(depot)
    answer_all(depot)
    assert [order.state for order in orders(depot)] == [state, OrderState.ACCEPTED]


@pytest.mark.parametrize("end", [OrderState.EXPIRED, OrderState.WITHDRAWN])
def test_a_profile_that_was_sent_once_still_counts(depot: Store, clock: FixedClock, end: OrderState):
    """The line was cut after it was sent, then its time ran out or a person took it back: the station may hold it, and
    nobody else is given that power.
    """
    with depot.begin() as work:
        for number in (1, 2):
            plug(work, number, soc=0.1)
        need(work, 1, clock.now() + timedelta(hours=9), 190.0)
    look_again(depot)
    with depot.begin() as work:
        (first,) = work.orders.queued([OrderKind.SET_PROFILE])
        work.orders.mark(first, OrderState.SENT)
        work.orders.mark(first, OrderState.QUEUED, {"why": "the line was lost; it will be sent again"})
        station = work.stations.get("S1")
        assert station is not None
        station.online = False
        work.session.add(station)
    with depot.begin() as work:
        if end is OrderState.WITHDRAWN:
            assert work.orders.withdraw(str(first.order_id), who="amina") is None
    clock.advance(timedelta(minutes=20))
    with depot.begin() as work:
        assert work.orders.queued([OrderKind.SET_PROFILE]) == []
        need(work, 2, clock.now() + timedelta(hours=9), 190.0)
    look_again(depot)
    assert orders(depot)[0].state == end
    second = next(order for order in orders(depot) if order.target == "S2")
    assert most_kw(first) + most_kw(second) + FALLBACK_KW + BASE_KW <= LIMIT_KW


def test_what_a_station_with_a_wrong_clock_holds_counts(depot: Store, clock: FixedClock):
    """A charge whose station dates its start three hours ahead is still known by its name."""
    with depot.begin() as work:
        plug(work, 1, soc=0.1)
        need(work, 1, clock.now() + timedelta(hours=9), 190.0)
        (running,) = work.charging.running()
        running.started_at = clock.now() + timedelta(hours=3)
        work.session.add(running)
    look_again(depot)
    answer_all(depot)
    clock.advance(timedelta(minutes=30))
    with depot.begin() as work:
        station = work.stations.get("S1")
        assert station is not None
        station.online = False
        work.session.add(station)
        plug(work, 2, soc=0.1)
        need(work, 2, clock.now() + timedelta(hours=9), 190.0)
    look_again(depot)
    first, second = orders(depot)
    assert most_kw(first) + most_kw(second) + FALLBACK_KW + BASE_KW <= LIMIT_KW


def test_silent_station_keeps_its_share_and_the_others_plan_around_it(depot: Store, clock: FixedClock):
    """A station that fell silent goes on with what it was told; nobody else is given that power."""
    with depot.begin() as work:
        for number in (1, 2):
            plug(work, number, soc=0.1)
        need(work, 1, clock.now() + timedelta(hours=9), 190.0)
    look_again(depot)
    answer_all(depot)
    (first,) = orders(depot)
    with depot.begin() as work:
        station = work.stations.get("S1")
        assert station is not None
        station.online = False
        work.session.add(station)
        need(work, 2, clock.now() + timedelta(hours=9), 190.0)
    look_again(depot)
    second = next(order for order in orders(depot) if order.target == "S2")
    assert most_kw(first) + most_kw(second) + FALLBACK_KW + BASE_KW <= LIMIT_KW


def test_more_need_than_the_site_can_give_is_told_with_a_reason(depot: Store, clock: FixedClock):
    """Who goes short, by how much and what binds stands beside the schedule."""
    with depot.begin() as work:
        for number in (1, 2, 3):
            plug(work, number, soc=0.05)
            need(work, number, clock.now() + timedelta(hours=3), 200.0)
    look_again(depot)
    with depot.read() as work:
        kept = work.charging.schedule("depot")
    assert kept is not None
    schedule, _, shortfalls = kept
    assert shortfalls
    assert all(one.kwh > 0 and one.reason for one in shortfalls)
    assert max(schedule.total_kw) + BASE_KW <= LIMIT_KW
    assert schedule.peak_kw == pytest.approx(max(schedule.total_kw) + BASE_KW, abs=0.02)


def test_truck_still_out_is_planned_at_a_free_bay(depot: Store, clock: FixedClock):
    """Before a truck is home the schedule already holds its night, and nothing is sent to anybody."""
    with depot.begin() as work:
        need(work, 2, clock.now() + timedelta(hours=10), 150.0)
    assert look_again(depot) == 0
    with depot.read() as work:
        kept = work.charging.schedule("depot")
    assert kept is not None
    assert [power.truck_id for power in kept[1]] == ["T2"]
    assert max(kept[1][0].kw) > 0


@pytest.mark.parametrize(("soc", "state"), [(0.9, "met"), (0.5, "missed")])
def test_need_closes_with_the_departure(depot: Store, clock: FixedClock, soc: float, state: str):
    """When its departure has come a need is met or missed by what is in the battery."""
    with depot.begin() as work:
        plug(work, 1, soc=soc)
        need(work, 1, clock.now() + timedelta(minutes=5), 180.0)
        close_needs(work)
        assert [row.state for row in work.charging.needs(clock.now())] == ["open"]
    clock.advance(timedelta(minutes=6))
    with depot.begin() as work:
        close_needs(work)
        assert work.charging.needs() == []
        assert [row.state for row in work.charging.needs(clock.now() - timedelta(hours=1))] == [state]
