"""The store's verbs, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta, timezone

import pytest
from sqlalchemy import text

from fleet.clock import FixedClock, Pace
from fleet.errors import StoreUnusable
from fleet.events import Kind
from fleet.orders import LIFETIME, SETTLED, OrderKind, OrderState, Wanted
from fleet.store import Store
from fleet.tables import Bin, Emptying, Evse, Plan, Reading, Sensor, Station, Truck, Uplink

RESET = Wanted(OrderKind.RESET, "DEPOT-01", {"how": "soft"}, who="amal", why="frozen screen", key="night-1")


def test_an_upsert_adds_then_updates(any_store: Store) -> None:
    """The same key twice is one row with the second's values."""
    with any_store.begin() as work:
        assert work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3)) is True
    with any_store.begin() as work:
        assert work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3, stream="glass")) is False
    with any_store.read() as work:
        assert [(row.bin_id, row.stream) for row in work.bins.all()] == [("A", "glass")]


def test_a_unit_of_work_is_all_or_nothing(any_store: Store) -> None:
    """What raises inside leaves neither the rows nor the events of its block."""

    def write(added: int) -> None:
        with any_store.begin() as work:
            work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3))
            work.events.append(Kind.CITY_IMPORTED, "bins", what="bins", added=1 // added, updated=0, file="x")

    with pytest.raises(ZeroDivisionError):
        write(0)
    with any_store.read() as work:
        assert work.bins.all() == []
        assert work.events.newest() == []


def test_a_reading_of_a_bin_that_is_not_there_is_refused(any_store: Store, clock: FixedClock) -> None:
    """Foreign keys hold on both databases."""
    row = Reading(key="k", bin_id="nowhere", measured_at=clock.at, received_at=clock.at, fill=0.5)
    with pytest.raises(StoreUnusable), any_store.begin() as work:
        work.bins.take_reading(row)


def test_uplinks_readings_and_emptyings_are_kept_once(any_store: Store, clock: FixedClock) -> None:
    """The same key again changes nothing and says False."""
    uplink = Uplink(key="u", network="ttn", source="s", device_id="d", received_at=clock.at, body="{}")
    reading = Reading(key="r", bin_id="A", device_id="d", measured_at=clock.at, received_at=clock.at, fill=0.5)
    emptying = Emptying(key="e", bin_id="A", emptied_at=clock.at, source="person", fill_before=0.9)
    with any_store.begin() as work:
        work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3))
        work.bins.upsert_sensor(Sensor(device_id="d", bin_id="A"))
    for expected in (True, False):
        with any_store.begin() as work:
            assert work.bins.take_uplink(uplink, reading) is expected
            assert work.bins.take_emptying(emptying) is expected
    with any_store.read() as work:
        assert work.bins.counts() == {"bins": 1, "sensors": 1, "readings": 1, "emptyings": 1}
        assert [event.kind for event in work.events.newest()] == [Kind.BIN_EMPTIED]


def test_the_latest_reading_is_the_newest_with_a_fill(any_store: Store, clock: FixedClock) -> None:
    """A newer reading that gave no fill does not hide it; of two at one instant the later stored holds."""
    with any_store.begin() as work:
        for bin_id in ("A", "B", "C"):
            work.bins.upsert(Bin(bin_id=bin_id, lat=34.9, lon=-2.3))
        for number, (bin_id, hours, fill) in enumerate(
            [("A", 3, 0.2), ("A", 1, 0.4), ("A", 0, None), ("B", 2, 0.1), ("B", 2, 0.9), ("C", 0, None)]
        ):
            at = clock.at - timedelta(hours=hours)
            work.bins.take_reading(Reading(key=f"{number}", bin_id=bin_id, measured_at=at, received_at=at, fill=fill))
    with any_store.read() as work:
        assert {bin_id: row.fill for bin_id, row in work.bins.latest().items()} == {"A": 0.4, "B": 0.9}


def test_an_order_with_a_key_is_placed_once_and_survives(any_store: Store) -> None:
    """A job that runs twice orders once, also after the store was closed and opened again."""
    with any_store.begin() as work:
        first = work.orders.place(RESET).order_id
        assert work.orders.place(RESET).order_id == first
    any_store.close()
    again = Store.open(any_store.url.render_as_string(hide_password=False), any_store.clock)
    with again.begin() as work:
        order = work.orders.place(RESET)
        assert (order.order_id, order.state, order.args, order.who) == (first, "queued", {"how": "soft"}, "amal")
        assert len(work.orders.queued([OrderKind.RESET])) == 1
    again.close()


@pytest.mark.parametrize("settled", sorted(SETTLED))
def test_a_settled_order_never_changes(store: Store, settled: OrderState) -> None:
    """Whatever is said later, the first answer stands, with one event a step."""
    with store.begin() as work:
        order = work.orders.place(RESET)
        assert order.order_id is not None
        assert work.orders.mark(order.order_id, OrderState.SENT)
        assert work.orders.mark(order.order_id, settled, {"status": "first"})
    with store.begin() as work:
        for state in OrderState:
            assert work.orders.mark(order.order_id, state, {"status": "later"}) is False
    with store.read() as work:
        row = work.orders.get(order.order_id)
        steps = [event.data["state"] for event in work.events.newest(kinds=[Kind.ORDER_CHANGED])]
    assert row is not None
    assert (row.state, row.answer) == (settled, {"status": "first"})
    assert row.done_at is not None
    assert steps == ["queued", "sent", settled]


def test_an_order_nobody_could_send_expires(store: Store, clock: FixedClock) -> None:
    """After its lifetime it is not carried out any more."""
    with store.begin() as work:
        work.orders.place(RESET)
    clock.advance(LIFETIME + timedelta(seconds=1))
    with store.begin() as work:
        assert work.orders.queued([OrderKind.RESET]) == []
    with store.read() as work:
        assert work.orders.count_by_state() == {"expired": 1}


def test_passwords_in_orders_stay_out_of_the_log(store: Store) -> None:
    """The order keeps its password for the central system; the event does not show it."""
    wanted = Wanted(OrderKind.ADMIT_STATION, "S1", {"admission": "accepted", "password": "hush-hush"}, who="amal")
    with store.begin() as work:
        work.orders.place(wanted)
        assert "hush" not in str(work.events.newest())


def test_an_alarm_stands_once_until_it_is_cleared(any_store: Store) -> None:
    """Sounding it again says nothing new; cleared, it may sound anew; acknowledged once."""
    with any_store.begin() as work:
        assert work.alarms.sound("sensor.unknown", "x", "warning", "who is x")
        assert not work.alarms.sound("sensor.unknown", "x", "warning", "who is x")
        (alarm,) = work.alarms.standing()
        assert alarm.alarm_id is not None
        assert work.alarms.acknowledge(alarm.alarm_id, "amal")
        assert not work.alarms.acknowledge(alarm.alarm_id, "bilal")
        assert work.alarms.clear("sensor.unknown", "x")
        assert not work.alarms.clear("sensor.unknown", "x")
        assert work.alarms.sound("sensor.unknown", "x", "warning", "who is x")
        kinds = [event.kind for event in work.events.newest()]
    assert kinds == [Kind.ALARM_RAISED, Kind.ALARM_ACKNOWLEDGED, Kind.ALARM_CLEARED, Kind.ALARM_RAISED]


def test_an_order_is_withdrawn_while_it_waits_and_not_once_sent(any_store: Store, clock: FixedClock) -> None:
    """What waits is withdrawn and never sent; what was sent, is settled or is unknown is refused by name."""
    with any_store.begin() as work:
        first, second = (work.orders.place(Wanted(OrderKind.RESET, "S1", who="amal")).order_id for _ in range(2))
    with any_store.begin() as work:
        assert work.orders.mark(second or 0, OrderState.SENT)
        withdrawn = work.orders.place(Wanted(OrderKind.WITHDRAW_ORDER, str(first), who="bilal"))
        assert withdrawn.state == "accepted"
        assert not work.orders.mark(first or 0, OrderState.SENT)
        told = work.orders.get(first or 0)
        assert told is not None
        assert (told.state, told.answer, told.done_at) == ("withdrawn", {"why": "withdrawn by bilal"}, clock.at)
        assert work.orders.queued([OrderKind.RESET]) == []
        for number, why in ((second, "was sent already"), (first, "is withdrawn already"), (999, "no order 999")):
            refused = work.orders.place(Wanted(OrderKind.WITHDRAW_ORDER, str(number)))
            assert refused.state == "rejected"
            assert why in str(refused.answer)


def test_one_plan_a_day_is_in_force(any_store: Store, clock: FixedClock) -> None:
    """Publishing a second draft supersedes the first; what is not a draft cannot be published."""
    day = date(2026, 3, 11)
    with any_store.begin() as work:
        plans = [work.plans.keep(Plan(day=day, made_at=clock.at, made_by="amal"), (), ()) for _ in range(2)]
    for plan_id in plans:
        with any_store.begin() as work:
            order = work.orders.place(Wanted(OrderKind.PUBLISH_PLAN, str(plan_id), who="amal"))
            assert order.state == "accepted"
    with any_store.begin() as work:
        order = work.orders.place(Wanted(OrderKind.PUBLISH_PLAN, str(plans[0]), who="amal"))
        assert (order.state, "superseded" in str(order.answer)) == ("rejected", True)
        assert [work.plans.get(plan_id).state for plan_id in plans] == ["superseded", "published"]  # type: ignore[union-attr]
        published = work.plans.published(day)
        assert published is not None
        assert published.plan_id == plans[1]


def test_what_a_station_said_of_itself_outlives_an_import(any_store: Store) -> None:
    """A second description changes what people say of it, not its firmware nor its password."""
    with any_store.begin() as work:
        work.stations.upsert(
            Station(station_id="S1", password_hash="aa$bb"), [Evse(station_id="S1", number=1, max_kw=22)]
        )
        station = work.stations.get("S1")
        assert station is not None
        station.firmware = "1.2.3"
        work.session.add(station)
    with any_store.begin() as work:
        again = Station(station_id="S1", name="Gate", max_kw=50)
        assert work.stations.upsert(again, [Evse(station_id="S1", number=1, max_kw=50)]) is False
    with any_store.read() as work:
        (station,) = work.stations.all()
        (evse,) = work.stations.evses()
        assert len(work.stations.connectors()) == 1
    assert (station.name, station.firmware, station.password_hash, evse.max_kw) == ("Gate", "1.2.3", "aa$bb", 50)


def test_times_come_back_aware_and_in_utc(any_store: Store, clock: FixedClock) -> None:
    """What is stored with an offset is the same instant when read."""
    east = clock.at.astimezone(timezone(timedelta(hours=1)))
    with any_store.begin() as work:
        work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3))
        work.bins.take_reading(Reading(key="r", bin_id="A", measured_at=east, received_at=east, fill=0.5))
    with any_store.read() as work:
        at = work.bins.latest()["A"].measured_at
    assert at == clock.at
    assert at.utcoffset() == timedelta(0)


def test_the_pace_is_shared_by_every_opening(any_url: str, clock: FixedClock) -> None:
    """A store without a clock of its own lives at the pace kept in it."""
    with closing(Store.open(any_url)) as one, one.begin() as work:
        work.places.set_pace(Pace(clock.at, clock.at, 0.0), who="amal")
    with closing(Store.open(any_url)) as other, other.read() as work:
        assert work.now == clock.at


def test_a_lease_is_held_by_one(any_store: Store) -> None:
    """A second holder is told who is at work; given back, it is free; run out, it is too."""
    minute = timedelta(minutes=1)
    with any_store.begin() as work:
        assert work.leases.take("plan", "one", minute) is None
        assert work.leases.take("plan", "two", minute) == "one"
        assert work.leases.take("plan", "one", minute) is None
        work.leases.free("plan", "two")
        assert work.leases.take("plan", "two", minute) == "one"
        work.leases.free("plan", "one")
        assert work.leases.take("plan", "two", -minute) is None
    with any_store.begin() as work:
        assert work.leases.take("plan", "three", minute) is None


def test_a_truck_without_its_depot_is_refused(any_store: Store) -> None:
    """The database holds what the import checks."""
    with pytest.raises(StoreUnusable), any_store.begin() as work:
        work.trucks.upsert(Truck(truck_id="T1", depot_id="nowhere"))


def test_sqlite_is_set_up_for_durability(store: Store) -> None:
    """WAL, synchronous FULL, foreign keys on: acknowledged survives a power cut."""
    with store.engine.connect() as connection:
        told = [
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert told == ["wal", 2, 1]
