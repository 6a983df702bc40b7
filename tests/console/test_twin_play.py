"""The whole twin, from its command line to a night against the real server."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from websockets.asyncio.server import ServerConnection, serve

from chargers.central import CentralSystem
from console.api import make_api
from console.settle import settle
from console.twin.addresses import Addresses
from console.twin.citytime import CityTime
from console.twin.play import Play, run
from fleet.clock import Pace
from fleet.errors import StoreUnusable
from fleet.settings import OcppSettings, Settings, StoreSettings
from fleet.store import Store, Writer
from fleet.tables import Plan, Route, Stop
from fleet.twin.city import City, draw_city
from fleet.twin.opening import OPENING

ROOT = Path(__file__).parents[2]
NOBODY = "ws://127.0.0.1:1/ocpp"
DAWN = OPENING + timedelta(hours=11)
SPEED = 1800.0
SEEN = timedelta(minutes=10)
"""A clock so fast looks at the pace this late at most: whoever halts it halts it ahead, or it would go back."""


def settings_at(folder: Path, url: str = "") -> Settings:
    return Settings(store=StoreSettings(db=url, data_dir=str(folder)), ocpp=OcppSettings(port=0))


def call_twin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "console", "twin", "--size", "small", *arguments],
        env={**os.environ, "BINWATT_STORE_DATA_DIR": str(folder), "BINWATT_DB": f"sqlite:///{folder / 'none.db'}"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("ocpp", "http", "complaint"),
    [
        ("http://127.0.0.1:9000", "", "--ocpp: 'http://127.0.0.1:9000' is no ws address"),
        ("ws://", "", "--ocpp: 'ws://' is no ws address"),
        ("ws://127.0.0.1:99999/ocpp", "", "is no ws address"),
        (NOBODY, "localhost:8080", "--http: 'localhost:8080' is no http address"),
        (NOBODY, "http://a b", "is no http address"),
    ],
)
def test_an_address_that_cannot_be_is_one_line(tmp_path, ocpp, http, complaint) -> None:
    from console.errors import AddressUnusable

    with pytest.raises(AddressUnusable) as caught:
        run(settings_at(tmp_path), ocpp=ocpp, http=http, seed=1, size="small", minutes=1)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_store_that_cannot_be_used_is_said_and_not_taken_for_none(tmp_path) -> None:
    (tmp_path / "broken.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreUnusable):
        run(settings_at(tmp_path, f"sqlite:///{tmp_path / 'broken.db'}"), ocpp=NOBODY, http="", seed=1, size="small",
            minutes=1)  # fmt: skip


def test_without_store_and_server_the_twin_waits_quietly_and_ends_on_time(tmp_path) -> None:
    figures = run(settings_at(tmp_path), ocpp=NOBODY, http="http://127.0.0.1:1", seed=1, size="small", minutes=0.03)
    assert figures["stations"] == 12
    assert figures["connected"] == 0
    assert set(figures["refusals"]) == {"unreachable"}
    assert figures["errors"] == figures["complaints"] == []
    assert figures["unsent"] == figures["uplinks"] == 0


@pytest.mark.slow
def test_asked_to_end_the_twin_prints_its_figures_and_nothing_else(tmp_path) -> None:
    twin = call_twin(tmp_path, "--ocpp", NOBODY, "--http", "")
    try:
        for _ in range(200):
            if (tmp_path / "log" / "twin.log").exists():
                break
            twin.poll()
            assert twin.returncode is None, twin.stderr.read()
            time.sleep(0.05)
        time.sleep(1.5)
        twin.send_signal(signal.SIGTERM)
        out, err = twin.communicate(timeout=10)
    finally:
        twin.kill()
    assert twin.returncode == 0
    assert err == ""
    assert json.loads(out)["stations"] == 12


def test_in_a_store_of_real_time_the_simulation_opens_this_hour(sqlite_url) -> None:
    store = Store.open(sqlite_url)
    before = datetime.now(UTC)
    opens = CityTime(store).opens_at
    store.close()
    assert timedelta(0) <= before - opens.replace(minute=0) < timedelta(hours=1, minutes=1)


def test_the_twin_follows_the_pace_and_keeps_it_while_the_store_is_away(sqlite_url, tmp_path) -> None:
    store = Store.open(sqlite_url)
    with store.begin() as work:
        work.places.set_pace(Pace(OPENING, datetime.now(UTC), 0.0), "test")
    lived = CityTime(store)
    assert lived.opens_at == OPENING
    assert lived.clock.now() == OPENING
    store.close()
    Path(store.url.database).rename(tmp_path / "away.db")
    time.sleep(0.3)
    assert lived.clock.now() == OPENING
    store.close()


async def test_at_the_end_stations_close_their_lines_in_the_way_of_websockets(tmp_path) -> None:
    lines: list[ServerConnection] = []

    async def hear(line: ServerConnection) -> None:
        lines.append(line)
        await line.wait_closed()  # never answered: the stations wait for their boot

    async with serve(hear, "127.0.0.1", 0, subprotocols=["ocpp1.6", "ocpp2.0.1"]) as server:
        port = server.sockets[0].getsockname()[1]
        play = Play(settings_at(tmp_path), None, Addresses(f"ws://127.0.0.1:{port}/ocpp", ""), 1, "small")
        async with play.running():
            await holds(lambda: len(lines) == 12)
        await asyncio.gather(*(line.wait_closed() for line in lines))
    assert {line.close_code for line in lines} == {1001}
    assert play.figures()["errors"] == []


class Quiet(uvicorn.Server):
    """A server that leaves the test's signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class House:
    """A settled city, its store and the addresses of the real server on it."""

    store: Store
    city: City
    settings: Settings
    to: Addresses
    errors: list[str] = field(default_factory=list)

    def stand_at(self, sim: datetime) -> None:
        """Time stands here."""
        with self.store.begin() as work:
            work.places.set_pace(Pace(sim, datetime.now(UTC), 0.0), "test")

    async def reach(self, sim: datetime, play: Play) -> None:
        """Let time run up to `sim`, half an hour a second, but no further than twin and server have digested."""
        while (now := self.store.clock.now()) < sim:
            until = min(sim, now + timedelta(hours=1))
            with self.store.begin() as work:
                work.places.set_pace(Pace(now, datetime.now(UTC), SPEED), "test")
            await holds(lambda until=until: self.store.clock.now() >= until)
            self.stand_at(self.store.clock.now() + SEEN)
            await asyncio.sleep(0.6)  # waits look at a standing clock every half second
            await holds(lambda: play.waiting == 0)


async def holds(what, seconds: float = 30.0) -> None:
    """Wait until something holds, or fail."""
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def city() -> City:
    return draw_city(1, "small")


@pytest.fixture(scope="module")
def settled(city, sqlite_template, tmp_path_factory) -> Path:
    """A store the city is settled in, to copy."""
    folder = tmp_path_factory.mktemp("settled")
    path = folder / "binwatt.db"
    shutil.copyfile(sqlite_template, path)
    store = Store.open(f"sqlite:///{path}")
    for _ in settle(store, city, folder):
        pass
    store.close()
    return path


@pytest.fixture
async def house(city, settled, tmp_path) -> AsyncIterator[House]:
    """A settled city behind the real server."""
    shutil.copyfile(settled, tmp_path / "binwatt.db")
    settings = settings_at(tmp_path, f"sqlite:///{tmp_path / 'binwatt.db'}")
    store = Store.open(settings.db)
    writer = Writer(store)
    writer.start()
    central = CentralSystem(store, writer, settings.ocpp)
    await central.start()
    api = Quiet(uvicorn.Config(make_api(writer, token=None, health=dict), port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(api.serve())
    await holds(lambda: api.started)
    port = api.servers[0].sockets[0].getsockname()[1]
    to = Addresses(f"ws://127.0.0.1:{central.port}/ocpp", f"http://127.0.0.1:{port}")
    try:
        yield House(store, city, settings, to)
    finally:
        api.should_exit = True
        await serving
        await central.stop()
        await writer.stop()
        store.close()


def publish(house: House, truck_id: str, bins: int) -> list[str]:
    """A plan for tomorrow with one route past the first mixed bins; gives them."""
    chosen = [one for one in house.city.bins if one.stream == "mixed" and not one.narrow][:bins]
    depot = {
        "lat": float(house.city.depot.lat),
        "lon": float(house.city.depot.lon),
        "load_l": 0,
        "load_kg": 0,
        "kwh": 0,
    }
    stops = [Stop(seq=0, kind="depart", arrives_at=DAWN, leaves_at=DAWN, km=0, **depot)]
    at = DAWN
    for seq, one in enumerate(chosen, 1):
        where = depot | {"lat": float(one.lat), "lon": float(one.lon), "bin_id": one.bin_id}
        arrives, at = at + timedelta(minutes=3), at + timedelta(minutes=5)
        stops.append(Stop(seq=seq, kind="bin", arrives_at=arrives, leaves_at=at, km=0.8, **where))
    home = at + timedelta(minutes=12)
    stops.append(Stop(seq=99, kind="return", arrives_at=home, leaves_at=home, km=4.0, **depot))
    route = Route(
        plan_id=0, truck_id=truck_id, departs_at=DAWN, returns_at=home, km=10, kwh=15, kwh_p90=18, target_kwh=60,
        kg=0, bins=bins, tips=0, line=[[stop.lat, stop.lon] for stop in stops],
    )  # fmt: skip
    with house.store.begin() as work:
        day = DAWN.astimezone(house.settings.zone).date()
        number = work.plans.keep(Plan(day=day, made_at=OPENING, made_by="test"), [(route, stops)], [])
        assert work.plans.publish(number, "test") is None
    return [one.bin_id for one in chosen]


@pytest.mark.slow
async def test_an_evening_and_a_morning_against_the_real_server(house) -> None:
    """Trucks come home and charge, sensors report, a fault is seen, and a published route is driven."""
    driven, charged = "T04", ("T01", "T02", "T03")  # a diesel that is not late at dawn; the electric ones
    bins = publish(house, driven, 8)
    with house.store.read() as work:
        before = work.bins.counts()
    house.stand_at(OPENING)
    play = Play(house.settings, house.store, house.to, 1, "small")
    async with play.running():
        await holds(lambda: play.figures()["connected"] == 12)
        await house.reach(OPENING + timedelta(hours=3), play)
        with house.store.read() as work:
            running = {one.truck_id for one in work.charging.running()}
            faulted = {one.station_id for one in work.stations.connectors() if one.status == "Faulted"}
        house.stand_at(DAWN - timedelta(minutes=10))
        await house.reach(DAWN + timedelta(minutes=80), play)
    figures = play.figures()
    with house.store.read() as work:
        after, states = work.bins.counts(), work.trucks.states()
        emptied = [one.bin_id for one in work.bins.emptyings_since(DAWN)]
    assert figures["errors"] == []
    assert figures["complaints"] == []
    assert figures["unsent"] == 0
    assert figures["connected"] == 12
    assert running == set(charged)
    assert faulted == {house.city.faulted_station}
    assert after["readings"] - before["readings"] == figures["uplinks"] > 250
    assert figures["emptyings"] == len(bins)
    assert sorted(emptied) == sorted(bins)
    assert {states[truck].activity for truck in charged} == {"plugged"}
    assert states[driven].activity == "parked"
    assert states[driven].odometer_km > 0
    assert all(states[truck].soc > 0.4 for truck in charged)


@pytest.mark.slow
async def test_a_twin_that_was_away_goes_on_where_the_city_stands(house) -> None:
    """Trucks keep the charge they told of, and reports that fell due meanwhile are sent."""
    house.stand_at(OPENING)
    first = Play(house.settings, house.store, house.to, 1, "small")
    async with first.running():
        await holds(lambda: first.figures()["connected"] == 12)
        await house.reach(OPENING + timedelta(hours=1), first)
    house.stand_at(OPENING + timedelta(hours=5))
    with house.store.read() as work:
        told, before = work.trucks.states(), work.bins.counts()["readings"]
    second = Play(house.settings, house.store, house.to, 1, "small")
    async with second.running():
        await holds(lambda: second.figures()["uplinks"] > 140 and second.figures()["truck_reports"] >= 4)
    with house.store.read() as work:
        after, readings = work.trucks.states(), work.bins.counts()["readings"]
    assert readings - before > 70
    assert all(state.at > told[truck_id].at for truck_id, state in after.items())
    at_home = {truck_id: state.soc for truck_id, state in told.items() if state.activity == "plugged"}
    assert at_home
    assert {truck_id: after[truck_id].soc for truck_id in at_home} == pytest.approx(at_home, abs=0.03)
