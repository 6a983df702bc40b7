"""The life of a simulated truck, its clock moved by hand, its plan read from a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from chargers.twin.pacing import Pacing
from chargers.twin.yard import run_stations
from console.twin import timetable as timetables
from console.twin.contents import Contents
from console.twin.depot import Depot, list_specs
from console.twin.timetable import Timetable
from console.twin.trucks import MOVING, TruckLife, World, list_milestones
from fleet.clock import FixedClock
from fleet.tables import Bin, Place, Plan, Route, Stop, Truck
from fleet.twin.city import City, draw_city
from fleet.twin.evening import come_home
from fleet.twin.faults import Fault

DAY = date(2026, 11, 24)
DAWN = datetime(2026, 11, 24, 5, tzinfo=UTC)
LOCAL = timezone(timedelta(hours=1))
NOWHERE = "ws://127.0.0.1:1/ocpp"


@pytest.fixture(scope="module")
def city() -> City:
    return draw_city(1, "small")


@pytest.fixture
def homes(city):
    return {home.truck_id: home for home in come_home(city)}


@dataclass
class Told:
    """What trucks said."""

    messages: list[dict] = field(default_factory=list)

    def truck(self, message: dict) -> None:
        self.messages.append(message)

    @property
    def doings(self) -> list[str]:
        return [message["activity"] for message in self.messages if "activity" in message]

    @property
    def emptied(self) -> list[str]:
        return [message["emptied"] for message in self.messages if "emptied" in message]


def settle(store, city: City) -> None:
    with store.begin() as work:
        work.places.upsert(Place(place_id="depot", name="Depot", lat=34.9, lon=-2.3, is_depot=True))
        for truck in city.trucks:
            work.trucks.upsert(Truck(truck_id=truck.truck_id, depot_id="depot"))
        for one in city.bins[:4]:
            work.bins.upsert(Bin(bin_id=one.bin_id, lat=one.lat, lon=one.lon, stream=one.stream, capacity_l=1100))


def publish(store, city: City, truck_id: str, bins: range, departs: datetime = DAWN) -> int:
    """A plan of one route, by way of some bins in straight lines; in force."""
    stops = [Stop(seq=0, kind="depart", lat=34.9, lon=-2.3, arrives_at=departs, leaves_at=departs, km=0.0)]
    at = departs
    for seq, number in enumerate(bins, 1):
        one, arrives = city.bins[number], at + timedelta(minutes=6)
        at = arrives + timedelta(minutes=2)
        where = {"lat": float(one.lat), "lon": float(one.lon), "bin_id": one.bin_id}
        stops.append(Stop(seq=seq, kind="bin", arrives_at=arrives, leaves_at=at, km=2.0, **where))
    home = at + timedelta(minutes=15)
    stops.append(Stop(seq=9, kind="return", lat=34.9, lon=-2.3, arrives_at=home, leaves_at=home, km=5.0))
    for stop in stops:
        stop.load_l = stop.load_kg = stop.kwh = 0.0
    route = Route(
        plan_id=0, truck_id=truck_id, departs_at=departs, returns_at=home, km=9, kwh=9, kwh_p90=10, kg=0,
        bins=len(bins), tips=0,
    )  # fmt: skip
    with store.begin() as work:
        number = work.plans.keep(Plan(day=DAY, made_at=departs, made_by="test"), [(route, stops)], [])
        assert work.plans.publish(number, "test") is None
    return number


class Stage:
    """A city whose time is moved by hand."""

    def __init__(self, city, store, clock, depot, told, faults=()) -> None:
        past = [(one.bin_id, city.opens_at - timedelta(days=2)) for one in city.bins]
        self.contents = Contents(city, past)
        self.pacing = Pacing(clock, lambda _: 0.005)
        self.told, self.clock, self.depot = told, clock, depot
        self.world = World(city.seed, self.contents, self.pacing, depot, Timetable(store, LOCAL), told, tuple(faults))

    async def reach(self, at: datetime, step: timedelta = timedelta(minutes=5)) -> None:
        while self.clock.now() < at:
            self.clock.at = min(at, self.clock.now() + step)
            await asyncio.sleep(0.02)


@pytest.fixture
def stage(city, store, monkeypatch):
    """Makes stages; lives started on one end with it."""
    monkeypatch.setattr(timetables, "LOOK_SECONDS", 0.0)
    settle(store, city)

    @asynccontextmanager
    async def build(*lives, at: datetime, faults=()) -> AsyncIterator[Stage]:
        clock = FixedClock(at)
        trucks = {truck.truck_id: truck for truck in city.trucks}
        async with run_stations(list_specs(city), url=NOWHERE, clock=clock, pace=lambda _: 0.005) as yard:
            for station in yard.values():  # registered before their central system went away
                station.cabinet.go_online(at)
                station.cabinet.online = False
            built = Stage(city, store, clock, Depot(city, yard), Told(), faults)
            tasks = [
                asyncio.create_task(TruckLife(trucks[home.truck_id], home, (34.9, -2.3), built.world).live())
                for home in lives
            ]
            await asyncio.sleep(0.05)
            try:
                yield built
                for task in tasks:
                    assert not task.done(), task.exception()
            finally:
                for task in tasks:
                    task.cancel()

    return build


async def test_a_truck_on_its_way_drives_home_and_plugs_in_at_its_station(city, homes, stage) -> None:
    home = next(home for home in homes.values() if home.trip is not None and home.soc is not None)
    async with stage(home, at=city.opens_at) as scene:
        await scene.reach(home.at + timedelta(minutes=6), timedelta(minutes=2))
        assert "driving" in scene.told.doings
        assert scene.told.doings[-2:] == ["parked", "plugged"]
        assert scene.depot.soc(home.station_id) == pytest.approx(home.soc, abs=0.05)
        moving = [m for m in scene.told.messages if m["activity"] != "plugged"]
        assert moving[-1]["odometer_km"] > moving[0]["odometer_km"]


async def test_a_truck_without_a_route_stays_and_tells_its_charge_every_ten_minutes(city, homes, stage) -> None:
    home = next(home for home in homes.values() if home.trip is None and home.soc is not None)
    async with stage(home, at=city.opens_at) as scene:
        await scene.reach(city.opens_at + timedelta(hours=1), timedelta(minutes=1))
        assert set(scene.told.doings) == {"plugged"}
        assert 5 <= len(scene.told.messages) <= 8
        charge = [message["soc"] for message in scene.told.messages]
        assert charge == sorted(charge)
        assert charge[-1] > charge[0]


async def test_at_its_departure_a_truck_unplugs_and_empties_the_bins_of_its_route(city, homes, stage, store) -> None:
    home = next(home for home in homes.values() if home.soc is not None)
    publish(store, city, home.truck_id, range(3))
    async with stage(replace(home, trip=None), at=DAWN - timedelta(minutes=20)) as scene:
        before = scene.contents.fill(city.bins[0].bin_id, DAWN)
        await scene.reach(DAWN + timedelta(minutes=90))
        assert scene.told.emptied == [one.bin_id for one in city.bins[:3]]
        lift = next(message for message in scene.told.messages if message.get("emptied") == city.bins[0].bin_id)
        assert lift["fill_before"] == pytest.approx(min(1.0, before), abs=0.05)
        assert scene.contents.fill(city.bins[0].bin_id, scene.clock.now()) < 0.2
        assert scene.told.doings[0] == "plugged"
        assert {"driving", "lifting"} <= set(scene.told.doings)
        assert scene.told.doings[-1] == "plugged"
        times = [message["time"] for message in scene.told.messages]
        assert times == sorted(times)


async def test_a_late_crew_leaves_as_much_later_as_its_fault_lasts(city, homes, stage, store) -> None:
    home = next(home for home in homes.values() if home.soc is not None)
    publish(store, city, home.truck_id, range(2))
    late = Fault("truck late", home.truck_id, DAWN, DAWN + timedelta(minutes=25), "crew short")
    async with stage(replace(home, trip=None), at=DAWN - timedelta(minutes=5), faults=[late]) as scene:
        await scene.reach(DAWN + timedelta(minutes=24))
        assert set(scene.told.doings) == {"plugged"}
        await scene.reach(DAWN + timedelta(minutes=32))
        assert "driving" in scene.told.doings


async def test_a_plan_published_later_is_the_one_that_is_driven(city, homes, stage, store) -> None:
    home = next(home for home in homes.values() if home.soc is not None)
    publish(store, city, home.truck_id, range(2))
    async with stage(replace(home, trip=None), at=DAWN - timedelta(minutes=30)) as scene:
        publish(store, city, home.truck_id, range(2, 4))
        await scene.reach(DAWN + timedelta(minutes=60))
        assert scene.told.emptied == [one.bin_id for one in city.bins[2:4]]


async def test_a_route_is_driven_once_and_one_of_another_truck_not_at_all(city, homes, stage, store) -> None:
    first, second = [home for home in homes.values() if home.soc is not None][:2]
    publish(store, city, first.truck_id, range(2))
    async with stage(replace(first, trip=None), replace(second, trip=None), at=DAWN - timedelta(minutes=5)) as scene:
        await scene.reach(DAWN + timedelta(hours=3))
        assert scene.told.emptied == [one.bin_id for one in city.bins[:2]]
        stayed = [m for m in scene.told.messages if m["truck"] == second.truck_id]
        assert {message["activity"] for message in stayed} == {"plugged"}


async def test_a_route_with_nothing_to_do_is_not_driven(city, homes, stage, store) -> None:
    home = next(home for home in homes.values() if home.soc is not None)
    publish(store, city, home.truck_id, range(0))
    async with stage(replace(home, trip=None), at=DAWN - timedelta(minutes=5)) as scene:
        await scene.reach(DAWN + timedelta(minutes=30))
        assert set(scene.told.doings) == {"plugged"}


def test_on_the_road_a_truck_is_never_silent_for_longer_than_three_minutes(homes) -> None:
    trip = next(home.trip for home in homes.values() if home.trip is not None)
    told = [at for at, _ in list_milestones(trip, trip.planned.departs)]
    assert told[0] == trip.planned.departs
    assert told[-1] == trip.returns
    assert all(b - a <= MOVING + timedelta(minutes=1) for a, b in pairwise(told))
