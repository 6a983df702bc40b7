"""The same over the wire: the twin's stations on the real central system, the depot's night conducted beside it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from random import Random

import pytest

from chargers.central import CentralSystem
from chargers.night import Policy, conduct
from chargers.schedule import NO_MARGINS
from chargers.twin.notices import StopReason
from chargers.twin.spec import EvseSpec, Misbehaviour, StationSpec, Vehicle
from chargers.twin.yard import Yard, run_stations
from fleet.passwords import hash_password
from fleet.settings import OcppSettings
from fleet.store import Store, Work, Writer
from fleet.tables import ChargingNeed, Evse, IdToken, Place, Station, Truck, TruckState
from fleet.twin.battery import Battery

LIMIT_KW, BASE_KW, FALLBACK_KW = 90.0, 8.0, 5.0
SPEED, WALL_SECONDS = 600.0, 9.0
POLICY = Policy(slot_minutes=15, margins=NO_MARGINS, margin_kw=1.0, price=lambda _at: 1.0)
PACK = Battery(capacity_kwh=220, ac_kw=22, dc_kw=50)
PASSWORD = "a-long-secret-of-the-depot"
MANNERS = (
    frozenset({Misbehaviour.QUIET_RECONNECT}),
    frozenset({Misbehaviour.WRONG_CLOCK}),
    frozenset({Misbehaviour.FEW_PERIODS, Misbehaviour.WATTS_ONLY}),
    frozenset({Misbehaviour.REPEATS_ITSELF}),
)


def furnish(work: Work, specs: list[StationSpec]) -> None:
    work.places.upsert(
        Place(
            place_id="D",
            name="Depot",
            lat=34.9,
            lon=-2.3,
            is_depot=True,
            site_limit_kw=LIMIT_KW,
            base_load_kw=BASE_KW,
        )
    )
    key = hash_password(PASSWORD)
    for number, spec in enumerate(specs):
        name = spec.identity
        station = Station(
            station_id=name,
            place_id="D",
            current="DC",
            phases=1,
            max_kw=50,
            fallback_kw=FALLBACK_KW,
            password_hash=key,
        )
        work.stations.upsert(station, [Evse(station_id=name, number=1, max_kw=50)])
        work.trucks.upsert(Truck(truck_id=f"T{number}", depot_id="D", battery_kwh=220.0, id_token=f"C{number}"))
        work.stations.upsert_token(IdToken(token=f"C{number}", truck_id=f"T{number}"))
        work.trucks.report(TruckState(truck_id=f"T{number}", at=work.now, lat=34.9, lon=-2.3, soc=0.15))
        ready_by = work.now + timedelta(hours=5)
        need = ChargingNeed(truck_id=f"T{number}", ready_by=ready_by, target_kwh=200, kwh=160, made_at=work.now)
        work.session.add(need)


def drawn_kw(yard: Yard, now: datetime) -> float:
    """What flows at one instant at all stations: all are brought to the latest second any of them has seen."""
    cabinets = [station.cabinet for station in yard.values()]
    at = max([now.replace(microsecond=0), *(cabinet.outlets[1].at for cabinet in cabinets)])
    for cabinet in cabinets:
        cabinet.advance(at)
    return sum(cabinet.outlets[1].power_kw(cabinet.limits) for cabinet in cabinets)


def befall(yard: Yard, random: Random) -> None:
    """Something happens to a station: its line drops, it says nothing for a while, it restarts."""
    station = yard[random.choice(list(yard))]
    match random.randrange(3):
        case 0:
            station.drop_line(random.choice((60, 900)))
        case 1:
            station.go_silent(300)
        case _:
            station.restart(StopReason.HARD_RESET)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_wire_does_not_lift_the_sum_over_the_limit(kit, sqlite_url: str, seed: int):
    """Lines that drop, stations that fall silent and restart: their own power stays under the site limit."""
    clock = kit.FastClock(SPEED)
    store = Store.open(sqlite_url, clock)
    specs = [
        StationSpec(
            f"S{number}", f"ocpp{'1.6' if number % 2 else '2.0.1'}", (EvseSpec(50, "DC", 1),), misbehaviours=one
        )
        for number, one in enumerate(MANNERS)
    ]
    with store.begin() as work:
        furnish(work, specs)
    writer = Writer(store)
    central = CentralSystem(store, writer, OcppSettings(port=0, call_timeout_seconds=1))
    writer.start()
    await central.start()
    random, seen = Random(seed), []
    try:
        async with run_stations(
            specs,
            url=f"ws://127.0.0.1:{central.port}/ocpp",
            clock=clock,
            pace=clock.wall,
            passwords={spec.identity: PASSWORD for spec in specs},
            seed=seed,
        ) as yard:
            async with asyncio.timeout(20):
                while yard.registered < len(specs):  # noqa: ASYNC110 - it has no event for that
                    await asyncio.sleep(0.02)
            for number, station in enumerate(yard.values()):
                station.plug_in(1, Vehicle(f"C{number}", PACK, 0.15))
            loop = asyncio.get_running_loop()
            ends, looks, strikes = loop.time() + WALL_SECONDS, loop.time(), loop.time() + 3
            while loop.time() < ends:
                await asyncio.sleep(0.01)
                seen.append(BASE_KW + drawn_kw(yard, clock.now()))
                assert seen[-1] <= LIMIT_KW
                if loop.time() >= looks:
                    looks = loop.time() + 0.25
                    await writer.do(lambda work: conduct(work, work.places.charging_sites()[0], POLICY, "a test"))
                if loop.time() >= strikes:
                    strikes = loop.time() + 1.0
                    befall(yard, random)
    finally:
        await central.stop()
        await writer.stop()
        store.close()
    assert max(seen) > 0.6 * LIMIT_KW
