"""The simulated stations on our own central system, with its store behind it."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, timedelta

import pytest
from sqlmodel import select

from chargers.central import CentralSystem
from chargers.twin.notices import Ended, Metered, Started
from chargers.twin.spec import EvseSpec, Misbehaviour, StationSpec, Vehicle
from chargers.twin.spoiling import STRAY_TRANSACTION
from chargers.twin.wording import CLOCK_ERROR
from chargers.twin.yard import run_stations
from fleet.orders import OrderKind, Wanted
from fleet.passwords import hash_password
from fleet.settings import OcppSettings
from fleet.store import Store, Writer
from fleet.tables import Evse, IdToken, MeterValue, Place, Station, Transaction
from fleet.twin.battery import Battery

V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
TRUCK = Vehicle("CARD1", Battery(capacity_kwh=300, ac_kw=22, dc_kw=150), soc=0.2)
PASSWORD = "a-long-secret-of-the-depot"


class Depot:
    """A central system, its store, and stations of the twin with what they themselves know to have happened."""

    def __init__(self, store, yard):
        self.store = store
        self.yard = yard
        self.measured = {identity: [] for identity in yard}
        self.started = {identity: [] for identity in yard}
        self.ended = {identity: [] for identity in yard}
        for identity, station in yard.items():
            say = station.cabinet._say

            def listen(notice, say=say, identity=identity):
                match notice:
                    case Metered(sample=sample) if sample.context == "Sample.Periodic":
                        self.measured[identity].append(sample)
                    case Started(charge=charge):
                        self.started[identity].append(charge)
                    case Ended(sample=sample, charge=charge):
                        self.ended[identity].append(round(sample.energy_wh - charge.meter_start_wh))
                say(notice)

            station.cabinet._say = listen

    def check(self, identity, manner=None):
        """The store holds every transaction and meter value of a station once."""
        ahead = CLOCK_ERROR if manner is Misbehaviour.WRONG_CLOCK else timedelta()
        rows = self.rows(Transaction, station_id=identity)
        strays = [row for row in rows if str(STRAY_TRANSACTION) in f"{row.ref}"]
        rows = [row for row in rows if row not in strays]
        assert len(rows) == len(self.started[identity]), identity
        assert len(strays) == (manner is Misbehaviour.STOPS_UNKNOWN), identity
        states = ["running" if manner is Misbehaviour.FORGETS_STOP else "ended"] * len(rows)
        assert [row.state for row in rows] == states, identity
        if manner is not Misbehaviour.FORGETS_STOP:
            energy = sorted(round(row.end_wh - row.start_wh) for row in rows)
            assert energy == pytest.approx(sorted(self.ended[identity]), abs=1), identity
        readings = self.rows(MeterValue, station_id=identity, context="Sample.Periodic")
        stored = sorted(row.measured_at.replace(tzinfo=UTC) - ahead for row in readings)
        assert stored == [sample.at for sample in self.measured[identity]], identity

    def rows(self, table, **where):
        with self.store.read() as work:
            query = select(table)
            for column, value in where.items():
                query = query.where(getattr(table, column) == value)
            return list(work.session.exec(query))

    async def until(self, holds, seconds=10.0):
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 - a test may wait for anything it can state
                await asyncio.sleep(0.02)

    async def order(self, kind, target, **args):
        """Place an order and wait for its end."""
        with self.store.begin() as work:
            number = work.orders.place(Wanted(kind, target, args, who="test")).order_id

        def settled():
            with self.store.read() as work:
                order = work.orders.get(number)
                return order if order.done_at is not None else None

        await self.until(settled)
        return settled()


@pytest.fixture
def depot(kit, sqlite_url):
    """Opens a depot with such stations: `async with depot(spec, spec) as open`."""

    @asynccontextmanager
    async def open_depot(*specs, speed=300.0):
        clock = kit.FastClock(speed)
        store = Store.open(sqlite_url, clock)
        key = hash_password(PASSWORD)
        with store.begin() as work:
            work.places.upsert(Place(place_id="D", name="Depot", lat=34.9, lon=-2.3, is_depot=True, site_limit_kw=500))
            for spec in specs:
                row = Station(station_id=spec.identity, place_id="D", fallback_kw=4.2, password_hash=key)
                evses = [
                    Evse(station_id=spec.identity, number=n, max_kw=evse.max_kw)
                    for n, evse in enumerate(spec.evses, start=1)
                ]
                work.stations.upsert(row, evses)
            work.stations.upsert_token(IdToken(token="CARD1"))
        writer = Writer(store)
        central = CentralSystem(store, writer, OcppSettings(port=0, call_timeout_seconds=5))
        writer.start()
        await central.start()
        try:
            async with run_stations(
                specs,
                url=f"ws://127.0.0.1:{central.port}/ocpp",
                clock=clock,
                pace=clock.wall,
                passwords={spec.identity: PASSWORD for spec in specs},
            ) as yard:
                yield Depot(store, yard)
                assert yard.tally.errors == []
        finally:
            await central.stop()
            await writer.stop()
            store.close()

    return open_depot


def spec(protocol, *misbehaviours, **fields):
    return StationSpec("TWIN", protocol, misbehaviours=frozenset(misbehaviours), **fields)


RESTLESS = (Misbehaviour.REBOOTS, Misbehaviour.CHATTERS)
MANNERS = [None, *(manner for manner in Misbehaviour if manner not in RESTLESS)]


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("protocol", [V16, V201, V21])
async def test_the_store_holds_everything_once(depot, protocol, part):
    """Whatever its manners, after a lost line every transaction and reading of a station is in the store, once."""
    manners = {f"S-{manner or 'civil'}": manner for manner in MANNERS[part::3]}
    specs = [
        StationSpec(
            identity,
            protocol,
            (EvseSpec(50, "DC"),),
            misbehaviours=frozenset() if manner is None else frozenset({manner}),
        )
        for identity, manner in manners.items()
    ]
    async with depot(*specs, speed=600) as house:
        yard, measured = house.yard, house.measured
        await house.until(lambda: yard.registered == len(specs))
        for twin in yard.values():
            twin.plug_in(1, TRUCK)
        await house.until(lambda: all(len(kept) >= 3 for kept in measured.values()), 20)
        for twin in yard.values():
            twin.drop_line(150)
        await house.until(lambda: yard.registered == 0)
        await house.until(lambda: yard.registered == len(specs), 20)
        await house.until(lambda: all(len(kept) >= 8 for kept in measured.values()), 20)
        for twin in yard.values():
            twin.unplug(1)
        await house.until(lambda: all(twin.waiting == 0 for twin in yard.values()), 20)
        for identity, manner in manners.items():
            house.check(identity, manner)
    assert yard.tally.complaints == []


@pytest.mark.parametrize(("manner", "speed"), [(Misbehaviour.REBOOTS, 600), (Misbehaviour.CHATTERS, 25)])
@pytest.mark.parametrize("protocol", [V16, V201])
async def test_the_restless_lose_nothing_either(depot, protocol, manner, speed):
    """A station that restarts all the time, and one that meters every second: everything is in the store, once."""
    async with depot(spec(protocol, manner), speed=speed) as house:
        twin = house.yard["TWIN"]
        await house.until(lambda: twin.registered)
        twin.plug_in(1, TRUCK)
        await house.until(lambda: len(house.measured["TWIN"]) >= 20, 20)
        if manner is Misbehaviour.REBOOTS:
            await house.until(lambda: len(house.started["TWIN"]) >= 3, 20)
        twin.unplug(1)
        await house.until(lambda: twin.registered and twin.waiting == 0, 20)
        house.check("TWIN", manner)


@pytest.mark.parametrize("protocol", [V16, V201, V21])
async def test_orders_reach_the_cable(depot, protocol):
    """Stop, start and a station limit ordered through the store end at the vehicle."""
    async with depot(spec(protocol)) as house:
        twin = house.yard["TWIN"]
        await house.until(lambda: twin.registered)
        twin.plug_in(1, TRUCK)
        await house.until(lambda: twin.power_kw() > 0)
        await house.until(lambda: bool(house.rows(Transaction)))
        (running,) = house.rows(Transaction)
        assert (await house.order(OrderKind.LIMIT_STATION, "TWIN", limit_kw=4.2)).state == "accepted"
        assert twin.power_kw() <= 4.2
        stop = await house.order(OrderKind.STOP_CHARGE, "TWIN", transaction_id=running.transaction_id)
        assert stop.state == "accepted"
        assert twin.power_kw() == 0
        assert (await house.order(OrderKind.START_CHARGE, "TWIN", evse=1, token="CARD1")).state == "accepted"
        await house.until(lambda: twin.power_kw() > 0)
        await house.until(lambda: len(house.rows(Transaction)) == 2)
        assert (await house.order(OrderKind.RESET, "TWIN", how="soft")).state == "accepted"
        await house.until(lambda: len(house.rows(Transaction)) == 3)
    assert house.yard.tally.complaints == []


async def test_a_depot_of_many(depot):
    """A dozen stations of both versions charge at once, none complains, all are in the store."""
    specs = [
        StationSpec(f"S{n}", (V16, V201)[n % 2], (EvseSpec(50, "DC") if n % 3 else EvseSpec(),)) for n in range(12)
    ]
    async with depot(*specs, speed=240) as house:
        await house.until(lambda: house.yard.registered == 12)
        for station in house.yard.values():
            station.plug_in(1, TRUCK)
        await house.until(lambda: all(len(kept) >= 3 for kept in house.measured.values()))
        for station in house.yard.values():
            station.unplug(1)
        await house.until(lambda: all(station.waiting == 0 for station in house.yard.values()))
        transactions = house.rows(Transaction)
    assert house.yard.tally.complaints == []
    assert sorted(row.station_id for row in transactions) == sorted(house.yard)
    assert {row.state for row in transactions} == {"ended"}


async def test_a_wrong_password_never_gets_in(depot):
    """HTTP 401 is counted, the station keeps trying and never registers."""
    async with depot(spec(V16)) as house:
        twin = house.yard["TWIN"]
        await house.until(lambda: twin.registered)
        twin.dialer.password = "something else"
        twin.drop_line(1)
        await house.until(lambda: house.yard.tally.refusals["HTTP 401"] >= 2)
        assert not twin.registered
