"""The simulated depot: which truck stands at which station, and what befalls them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from chargers.twin.notices import PlugState
from chargers.twin.pacing import Pacing
from chargers.twin.spec import Misbehaviour
from chargers.twin.yard import Yard, run_stations
from console.twin.depot import EVSE, HABITS, Depot, list_specs
from console.twin.mishaps import suffer
from fleet.clock import FixedClock
from fleet.twin.city import City, draw_city
from fleet.twin.evening import choose_stations
from fleet.twin.faults import Fault

NOWHERE = "ws://127.0.0.1:1/ocpp"


@pytest.fixture(scope="module")
def city() -> City:
    return draw_city(1, "small")


@pytest.fixture
def clock(city) -> FixedClock:
    return FixedClock(city.opens_at)


@pytest.fixture
async def yard(city, clock) -> AsyncIterator[Yard]:
    """The depot's stations, registered before their central system went away."""
    async with run_stations(list_specs(city), url=NOWHERE, clock=clock, pace=lambda _: 0.01) as running:
        for station in running.values():
            station.cabinet.go_online(clock.now())
            station.cabinet.online = False
        yield running


@pytest.fixture
def depot(city, yard) -> Depot:
    return Depot(city, yard)


async def turn(clock: FixedClock, by: timedelta) -> None:
    """Let time pass, and whoever waits for it see that."""
    clock.advance(by)
    await asyncio.sleep(0.05)


def test_stations_misbehave_mildly_and_none_ignores_its_limits(city) -> None:
    specs = list_specs(city)
    odd = [spec for spec in specs if spec.misbehaviours]
    assert len(odd) == len(HABITS) == 5
    assert not any(spec.shows(Misbehaviour.IGNORES_PROFILES) for spec in specs)
    assert {spec.protocol for spec in specs} == {"ocpp1.6", "ocpp2.0.1"}


async def test_a_truck_takes_its_own_station_and_charges_there(city, clock, depot) -> None:
    truck, own = city.trucks[0], choose_stations(city)[city.trucks[0].truck_id]
    assert depot.park(truck, 0.4, own) == own
    await turn(clock, timedelta(hours=1))
    soc = depot.soc(own)
    assert soc > 0.4
    assert depot.leave(own) == pytest.approx(soc, abs=1e-3)


async def test_a_truck_whose_station_is_taken_or_faulted_takes_the_strongest_free_one(city, depot, yard) -> None:
    ranked = [station.station_id for station in sorted(city.stations, key=lambda one: -one.max_kw)]
    own = ranked[0]
    yard[ranked[1]].set_fault(EVSE)
    assert depot.park(city.trucks[0], 0.4, own) == own
    assert depot.park(city.trucks[1], 0.4, own) == ranked[2]


async def test_with_some_stations_online_a_truck_leaves_those_offline_aside(city, depot, yard) -> None:
    weakest = min(city.stations, key=lambda one: one.max_kw).station_id
    yard[weakest].cabinet.online = True
    assert depot.park(city.trucks[0], 0.4, city.stations[0].station_id) == weakest


async def test_a_truck_finds_no_place_where_every_station_is_taken(city, depot) -> None:
    for _ in city.stations:
        assert depot.park(city.trucks[0], 0.4, None) is not None
    assert depot.park(city.trucks[0], 0.4, None) is None


async def test_a_pulled_cable_stops_the_charge_until_it_is_put_back(city, clock, depot, yard) -> None:
    own = city.stations[0].station_id
    depot.park(city.trucks[0], 0.4, own)
    await turn(clock, timedelta(minutes=30))
    starts = clock.now() + timedelta(minutes=1)
    mishap = Fault("cable unplugged", own, starts, starts + timedelta(minutes=10), "pulled by mistake")
    task = asyncio.create_task(suffer(mishap, yard, depot, Pacing(clock, lambda _: 0.01)))
    await turn(clock, timedelta(minutes=2))
    loose = depot.soc(own)
    assert not depot.has_cable(own)
    assert loose > 0.4
    await turn(clock, timedelta(minutes=5))
    assert depot.soc(own) == loose
    await turn(clock, timedelta(minutes=5))
    assert depot.has_cable(own)
    await turn(clock, timedelta(minutes=20))
    assert depot.soc(own) > loose
    await task


async def test_a_truck_may_leave_while_its_cable_is_out(city, depot) -> None:
    own = city.stations[0].station_id
    depot.park(city.trucks[0], 0.4, own)
    depot.pull_cable(own)
    assert depot.leave(own) == 0.4
    depot.push_cable(own)
    assert depot.park(city.trucks[1], 0.5, own) == own


async def test_a_station_s_fault_lasts_as_long_as_it_was_drawn(clock, depot, yard, city) -> None:
    faulted = city.faulted_station
    fault = Fault("station faulted", faulted, clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1), "x")
    task = asyncio.create_task(suffer(fault, yard, depot, Pacing(clock, lambda _: 0.01)))
    await turn(clock, timedelta(minutes=1))
    assert yard[faulted].status(EVSE) == PlugState.FAULTED.value
    await turn(clock, timedelta(hours=1))
    assert yard[faulted].status(EVSE) == PlugState.AVAILABLE.value
    await task


async def test_a_fault_that_is_over_never_was(clock, depot, yard, city) -> None:
    past = Fault("station faulted", city.faulted_station, clock.now(), clock.now(), "x")
    await suffer(past, yard, depot, Pacing(clock, lambda _: 0.01))
    assert yard[city.faulted_station].status(EVSE) == PlugState.AVAILABLE.value
