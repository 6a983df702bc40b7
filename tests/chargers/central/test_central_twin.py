"""The simulated stations of this house, bad manners and all, against its central system: every charge kept, once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from chargers.central import CentralSystem
from chargers.twin.spec import Misbehaviour, StationSpec, Vehicle
from chargers.twin.yard import Yard, run_stations
from fleet.settings import OcppSettings
from fleet.store import Store, Writer
from fleet.tables import Evse, IdToken, MeterValue, Place, Station, Transaction
from fleet.twin.battery import Battery

SPEED = 400.0
NO_FALLBACK = {f"{version}-{Misbehaviour.NO_SMART_CHARGING}" for version in ("1.6", "2.0.1")}


class FastClock:
    """Simulated time that runs `SPEED` times as fast as the machine's."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def now(self) -> datetime:
        return datetime(2026, 3, 10, 19, 0, tzinfo=UTC) + timedelta(seconds=(time.monotonic() - self._begun) * SPEED)


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something, at most 15 s."""
    for _ in range(300):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"never came about: {what}")


def make_specs() -> list[StationSpec]:
    """A station of each version with each misbehaviour, and one of each without."""
    return [
        StationSpec(
            f"{version}-{manner or 'plain'}", f"ocpp{version}", misbehaviours=frozenset([manner] if manner else [])
        )
        for version in ("1.6", "2.0.1")
        for manner in [None, *Misbehaviour]
    ]


@pytest.mark.slow
async def test_every_bad_manner_is_survived(sqlite_url):
    """Charge, line lost in mid-charge, back, unplugged: one ended transaction a station, its energy and times kept."""
    clock, specs = FastClock(), make_specs()
    store = Store.open(sqlite_url, clock)
    with store.begin() as work:
        work.places.upsert(Place(place_id="DEPOT", name="Depot", lat=0, lon=0, site_limit_kw=5000.0))
        work.stations.upsert_token(IdToken(token="CARD"))
        for spec in specs:
            station = Station(station_id=spec.identity, place_id="DEPOT", fallback_kw=4.2)
            work.stations.upsert(station, [Evse(station_id=spec.identity, number=1, max_kw=22.0)])
    writer = Writer(store)
    writer.start()
    central = CentralSystem(store, writer, OcppSettings(port=0, open_stations=True, call_timeout_seconds=5.0))
    await central.start()
    url = f"ws://127.0.0.1:{central.port}/ocpp"
    async with run_stations(specs, url=url, clock=clock, pace=lambda seconds: seconds / SPEED) as yard:
        await live_through(yard, store, len(specs))
        assert yard.tally.as_json().get("broken") in (None, {}, [], 0)
    await central.stop()
    await writer.stop()
    with store.read() as work:
        rows = list(work.session.exec(select(Transaction)))
        metered = select(MeterValue.station_id).where(MeterValue.ref != "").distinct()
        kept = set(work.session.exec(metered))
        without = {row.station_id for row in work.stations.all() if row.fallback_at is None}
    assert sorted(row.station_id for row in rows) == sorted(spec.identity for spec in specs)
    assert {row.state for row in rows} == {"ended"}
    assert all(row.end_wh > row.start_wh for row in rows), [(row.station_id, row.start_wh, row.end_wh) for row in rows]
    assert kept == {spec.identity for spec in specs}
    assert without == NO_FALLBACK
    assert central.counts()["rejected"] == 0
    store.close()


async def live_through(yard: Yard, store: Store, count: int) -> None:
    """A charge at every station, with the line lost in the middle of it."""

    def states() -> list[str]:
        with store.read() as work:
            return list(work.session.exec(select(Transaction.state)))

    def prepared() -> bool:
        with store.read() as work:
            ready = [row for row in work.stations.all() if row.fallback_at is not None]
        return len(ready) == count - len(NO_FALLBACK)

    await until(lambda: yard.registered == count, "all registered")
    await until(prepared, "all given their fall-back")
    for station in yard.values():
        station.plug_in(1, Vehicle("CARD", Battery(200.0, 22.0, 90.0), 0.3))
    await until(lambda: states() == ["running"] * count, "all charging")
    await asyncio.sleep(0.5)
    for station in yard.values():
        station.drop_line(120.0)
    await asyncio.sleep(0.5)
    await until(lambda: yard.registered == count, "all back")
    for station in yard.values():
        station.unplug(1)
    await until(lambda: states() == ["ended"] * count, "all ended")
