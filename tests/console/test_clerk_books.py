"""The clerk's books: prices told while charges run, receipts when they end, and again for late values; old values."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from console.clerk import books as books_module
from console.clerk.books import Books
from console.clerk.tidy import Tidying
from fleet.clock import FixedClock
from fleet.events import Kind
from fleet.orders import OrderKind
from fleet.settings import OcppSettings
from fleet.store import Store, Writer
from fleet.tables import EventRow, Evse, MeterValue, Station, Transaction

ZONE = ZoneInfo("Africa/Casablanca")
PRICES = [
    {"price_components": [{"type": "ENERGY", "price": 2.5}]},
    {"price_components": [{"type": "PARKING_TIME", "price": 12}]},
]


@pytest.fixture
def store(any_store: Store) -> Store:
    """On SQLite and on PostgreSQL."""
    return any_store


@pytest.fixture
async def writer(store: Store) -> AsyncIterator[Writer]:
    with store.begin() as work:
        for name, protocol in (("CP1", "ocpp2.0.1"), ("CP2", "ocpp1.6")):
            row = Station(station_id=name, groups="centre, east", online=True, protocol=protocol)
            work.stations.upsert(row, [Evse(station_id=name, number=1, max_kw=22.0)])
        values = {"currency": "MAD", "vat": 0.2, "elements": PRICES}
        work.money.put_tariff("CENTRE", values, [{"station_group": "centre"}])
    writer = Writer(store, gather_seconds=0)
    writer.start()
    yield writer
    await writer.stop()


@pytest.fixture
def books(store: Store, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setattr(books_module, "LIVE_SECONDS", 0.0)
    return Books(store, writer, ZONE)


def begin(store: Store, clock: FixedClock, station: str = "CP1", group: str = "") -> int:
    with store.begin() as work:
        row = Transaction(
            station_id=station, evse=1, ref=f"{station}-A", started_at=clock.at, start_wh=1000.0, group_id=group
        )
        work.session.add(row)
        work.session.flush()
        return row.transaction_id


def measure(store: Store, clock: FixedClock, minutes: float, wh: float, station: str = "CP1") -> None:
    with store.begin() as work:
        values = {"station_id": station, "evse": 1, "ref": f"{station}-A", "context": "Sample.Periodic"}
        at = clock.at + timedelta(minutes=minutes)
        work.insert_new(MeterValue, {**values, "measured_at": at, "energy_wh": wh, "power_w": 11_000.0})


def end(store: Store, clock: FixedClock, number: int, minutes: float, wh: float | None) -> None:
    with store.begin() as work:
        row = work.session.get(Transaction, number)
        row.state, row.ended_at, row.end_wh = "ended", clock.at + timedelta(minutes=minutes), wh
        work.session.add(row)


def told(store: Store) -> list[tuple[float, bool]]:
    with store.read() as work:
        rows = work.session.exec(select(EventRow).where(EventRow.kind == str(Kind.TRANSACTION_PRICED)))
        datas = [json.loads(row.data) for row in rows]
    return [(data["total"], data["final"]) for data in datas]


async def test_a_running_charge_is_priced_and_shown(store: Store, writer: Writer, books: Books, clock: FixedClock):
    """10 kWh at 2.50 and VAT: an event, and an order to show it at a station that can; again only when it changed."""
    number = begin(store, clock)
    begin(store, clock, "CP2")
    measure(store, clock, 60, 11_000.0)
    await books.keep()
    await books.keep()
    with store.read() as work:
        orders = work.orders.find(kind=OrderKind.TELL_COST)
        assert [(order.target, order.args) for order in orders] == [("CP1", {"transaction_id": number, "cost": 30.0})]
        row = work.session.get(Transaction, number)
    assert row.tariff_id == "CENTRE"
    assert sorted(told(store)) == [(0.0, False), (30.0, False)]
    assert books.price(row) == 30.0


async def test_a_receipt_when_it_ends_and_again_when_late_values_come(
    store: Store, writer: Writer, books: Books, clock: FixedClock
):
    """An hour of charging and half an hour idle; a late register says that it idled longer: the receipt says so."""
    number = begin(store, clock)
    await books.keep()
    end(store, clock, number, 90, 11_000.0)
    await books.keep()
    with store.read() as work:
        first = work.money.receipt(number)
    assert (first.kwh, first.idle_minutes, first.total) == (10.0, 0.0, 30.0)
    measure(store, clock, 60, 11_000.0)
    await books.keep()
    await books.keep()
    with store.read() as work:
        receipt = work.money.receipt(number)
    assert (receipt.idle_minutes, receipt.net, receipt.vat, receipt.total) == (30.0, 31.0, 6.2, 37.2)
    assert [line["what"] for line in receipt.lines] == ["ENERGY", "PARKING_TIME"]
    assert told(store)[-2:] == [(30.0, True), (37.2, True)]


async def test_what_no_rule_prices_costs_nothing(store: Store, writer: Writer, books: Books, clock: FixedClock):
    """A station outside every group: no receipt, no event, however often it is looked at."""
    with store.begin() as work:
        row = work.stations.get("CP1")
        row.groups = "port"
        work.session.add(row)
    number = begin(store, clock)
    end(store, clock, number, 60, 11_000.0)
    assert await books.keep() == 0
    assert await books.keep() == 0
    assert told(store) == []


async def test_prices_a_charge_was_billed_by_do_not_change(
    store: Store, writer: Writer, books: Books, clock: FixedClock
):
    """New prices get another name; rules and validity may change."""
    number = begin(store, clock)
    end(store, clock, number, 60, 11_000.0)
    await books.keep()
    with store.begin() as work:
        assert "charges were billed by CENTRE" in (work.money.put_tariff("CENTRE", {"vat": 0.1}, None) or "")
        assert work.money.put_tariff("CENTRE", {"valid_until": clock.at}, []) is None


async def test_old_values_become_hours_and_old_frames_go(store: Store, writer: Writer, clock: FixedClock):
    """Each hour keeps its energy, mean and largest power; the sum over hours is what the register gained."""
    for minute in range(0, 181, 20):
        measure(store, clock, minute, 1000.0 + minute * 100)
    clock.advance(timedelta(days=2))
    blocks, values = await Tidying(writer, OcppSettings(meter_days=1)).tidy()
    with store.read() as work:
        hours = work.meters.hours("CP1", clock.at - timedelta(days=3), clock.at)
        left = work.session.exec(select(MeterValue)).all()
    assert (blocks, values, left) == (0, 10, [])
    assert sum(hour.kwh for hour in hours) == pytest.approx(18.0)
    assert [hour.kwh for hour in hours][:2] == pytest.approx([6.0, 6.0])
    assert (hours[0].values, hours[0].mean_kw, hours[0].max_kw) == (3, 11.0, 11.0)


async def test_young_values_stay(store: Store, writer: Writer, clock: FixedClock):
    """Nothing is rolled up before its time."""
    measure(store, clock, 0, 1000.0)
    assert await Tidying(writer, OcppSettings(meter_days=1)).tidy() == (0, 0)
