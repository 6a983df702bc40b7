"""A charging station of another ecosystem lives with our central system: npm's `ocpp-rpc`, which checks both sides."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from chargers.central import CentralSystem
from fleet.orders import SETTLED, OrderKind, Wanted
from fleet.passwords import hash_password
from fleet.settings import HttpSettings, OcppSettings
from fleet.store import Store, Writer
from fleet.tables import Evse, IdToken, InstalledProfile, MeterValue, Station, Transaction

HERE = Path(__file__).parent
IDENTITY, PASSWORD, CARD = "PEER 1", "sixteen-characters", "CARD-1"
PATIENCE_SECONDS = 20
PROFILE = {
    "id": 500,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [
        {
            "id": 1,
            "startSchedule": "2026-03-10T19:00:00Z",
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000.0}, {"startPeriod": 3600, "limit": 7000.0}],
        }
    ],
}
FALLBACK_ID = 1


@pytest.fixture(scope="session")
def packages() -> Path:
    """Where node finds the peers; without node, npm or the package there is nobody to meet."""
    done = subprocess.run([sys.executable, HERE / "install.py"], capture_output=True, text=True, check=False)
    if done.returncode == 3:
        pytest.skip(f"no station of another ecosystem: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture
def known(store: Store) -> Iterator[Store]:
    """A store that knows the station, its password and one card."""
    with store.begin() as work:
        row = Station(station_id=IDENTITY, password_hash=hash_password(PASSWORD), max_kw=22.0)
        work.session.add_all([row, IdToken(token=CARD)])
        work.session.flush()
        work.session.add(Evse(station_id=IDENTITY, number=1, max_kw=22.0))
    return store


class Peer:
    """The running station and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    @property
    def complaints(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if "complaint" in line]

    async def until(self, step: str) -> dict[str, Any]:
        """What it says next of this step."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while text := await self.process.stdout.readline():
                self.lines.append(json.loads(text))
                if self.lines[-1].get("did") == step:
                    return self.lines[-1]
        raise AssertionError(f"the station ended before {step!r}: {self.lines[-5:]}")

    async def leave(self) -> int | None:
        """Have it close its connection and end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.until("closed")
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def serving(store: Store, files_url: str = "") -> AsyncIterator[CentralSystem]:
    """Our central system, which asks for passwords. files_url: where stations leave their logs."""
    writer = Writer(store)
    writer.start()
    central = CentralSystem(store, writer, OcppSettings(port=0), http=HttpSettings(public_url=files_url))
    await central.start()
    try:
        yield central
    finally:
        await central.stop()
        await writer.stop()


@asynccontextmanager
async def playing(port: int, protocol: str, packages: Path, password: str = PASSWORD) -> AsyncIterator[Peer]:
    """The station as a process."""
    node = shutil.which("node")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node,
        str(HERE / "station.cjs"),
        f"ws://127.0.0.1:{port}/ocpp",
        IDENTITY,
        password,
        protocol,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(packages / "node_modules")},
    )
    try:
        yield Peer(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def order(store: Store, kind: OrderKind, **args: Any) -> tuple[str, dict[str, Any]]:
    """Place an order as a dispatcher does, and wait for what becomes of it: state and answer."""
    with store.begin() as work:
        number = work.orders.place(Wanted(kind, IDENTITY, args, who="test")).order_id
    assert number is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with store.read() as work:
                row = work.orders.get(number)
                assert row is not None
                if row.state in SETTLED:
                    return row.state, row.answer
            await asyncio.sleep(0.05)


async def until_confirmed(store: Store, wanted: set[Any]) -> None:
    """Wait until the store says that the station holds these profiles."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with store.read() as work:
                rows = work.session.exec(select(InstalledProfile).where(InstalledProfile.state == "accepted"))
                if wanted <= {row.profile_id for row in rows}:
                    return
            await asyncio.sleep(0.05)


def charges(store: Store) -> list[Transaction]:
    """The station's transactions, oldest first."""
    with store.read() as work:
        query = select(Transaction).where(Transaction.station_id == IDENTITY)
        return list(work.session.exec(query.order_by(col(Transaction.transaction_id))))


def meter_values(store: Store, ref: str | None) -> list[MeterValue]:
    """What was metered in one transaction, oldest first."""
    with store.read() as work:
        return list(
            work.session.exec(select(MeterValue).where(MeterValue.ref == ref).order_by(col(MeterValue.measured_at)))
        )


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_strict_foreign_station_charges_and_obeys(known: Store, packages: Path, protocol: str) -> None:
    """Boot to stop, then every order of the board, and neither side finds fault with a single message."""
    async with serving(known) as central, playing(central.port, protocol, packages) as peer:
        assert (await peer.until("connected"))["protocol"] == protocol
        assert (await peer.until("boot"))["status"] == "Accepted"
        assert (await peer.until("profile installed"))["id"] == FALLBACK_ID
        assert (await peer.until("authorize"))["status"] == "Accepted"
        assert (await peer.until("begin"))["status"] == "Accepted"
        await peer.until("idle")

        states = {}
        states["start"] = await order(known, OrderKind.START_CHARGE, evse=1, token=CARD, limit_kw=7.4)
        await peer.until("remote start")
        states["profile"] = await order(known, OrderKind.SET_PROFILE, evse=1, profile=PROFILE)
        states["composite"] = await order(known, OrderKind.GET_COMPOSITE, evse=1, seconds=3600)
        running = charges(known)[-1].transaction_id
        states["stop"] = await order(known, OrderKind.STOP_CHARGE, transaction_id=running)
        await peer.until("remote stop")
        for message, evse in (("Heartbeat", None), ("StatusNotification", 1)):
            where = {} if evse is None else {"evse": evse}
            states[message] = await order(known, OrderKind.TRIGGER, message=message, **where)
            await peer.until(f"triggered {message}")
        states["reset"] = await order(known, OrderKind.RESET, how="soft")
        await peer.until("reset")
        await until_confirmed(known, {FALLBACK_ID, PROFILE["id"]})
        assert await peer.leave() == 0
        counts = central.counts()

    assert peer.complaints == []
    assert {name: state for name, (state, _) in states.items()} == dict.fromkeys(states, "accepted")
    assert "5000" in json.dumps(states["composite"][1])
    assert (counts["rejected"], counts["tolerated"], counts["refused"]) == (0, 0, 0)
    assert counts["received"]["BootNotification"] == 2


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
async def test_what_a_foreign_station_said_twice_is_kept_once(known: Store, packages: Path, protocol: str) -> None:
    """Each meter value is sent twice; the store holds one transaction, ended, and each instant once."""
    async with serving(known) as central, playing(central.port, protocol, packages) as peer:
        await peer.until("idle")
        assert await peer.leave() == 0

    (charge,) = charges(known)
    assert (charge.state, charge.start_wh, charge.end_wh, charge.token) == ("ended", 1000.0, 2500.0, CARD)
    rows = meter_values(known, charge.ref)
    periodic = [row for row in rows if row.context == "Sample.Periodic"]
    assert [(row.energy_wh, row.power_w) for row in periodic] == [(1500.0, 7200.0), (2000.0, 7200.0)]
    assert [row.soc for row in periodic] == pytest.approx([0.41, 0.41])
    edges = [] if protocol == "ocpp1.6" else ["Transaction.Begin", "Transaction.End"]
    assert sorted(row.context for row in rows if row not in periodic) == edges
    assert peer.complaints == []


class Shelf:
    """A real HTTP server, as small as can be: one firmware to fetch, and what was handed in."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        lengths = [line.partition(":")[2] for line in head.splitlines() if line.startswith("content-length")]
        if head.startswith("put"):
            self.taken.append((await reader.readexactly(int(lengths[0]))).decode())
        body = b"9.9\n" if head.startswith("get") else b""
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()


@asynccontextmanager
async def shelving() -> AsyncIterator[Shelf]:
    shelf = Shelf()
    async with await asyncio.start_server(shelf.serve, "127.0.0.1", 0) as server:
        shelf.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield shelf


class Day:
    """A dispatcher's day with one station: each order, what became of it, and the step the station said it did."""

    def __init__(self, store: Store, peer: Peer) -> None:
        self._store = store
        self._peer = peer
        self.refused: dict[str, Any] = {}

    async def do(self, kind: OrderKind, step: str = "", **args: Any) -> dict[str, Any]:
        state, answer = await order(self._store, kind, **args)
        if state != "accepted":
            self.refused[f"{kind} {args}"] = answer
        return {**answer, **(await self._peer.until(step) if step and state == "accepted" else {})}

    async def stop(self) -> None:
        """Stop the charge under way, whatever started it."""
        running = charges(self._store)[-1].transaction_id
        await self.do(OrderKind.STOP_CHARGE, "remote stop", transaction_id=running)


UNTIL = "2099-01-01T00:00:00Z"


async def reserve_and_list(day: Day, store: Store) -> None:
    """Reserve and charge with it, reserve and cancel; a full local list, then what changed of it."""
    await day.do(OrderKind.RESERVE, "reserved", evse=1, token=CARD, until=UNTIL)
    await day.do(OrderKind.START_CHARGE, "remote start", evse=1, token=CARD)
    await day.stop()
    number = (await day.do(OrderKind.RESERVE, "reserved", evse=1, token=CARD, until=UNTIL))["reservation_id"]
    await day.do(OrderKind.CANCEL_RESERVATION, "reservation cancelled", reservation_id=number)
    assert (await day.do(OrderKind.SEND_LOCAL_LIST, "local list", how="full"))["cards"] == [CARD]
    with store.begin() as work:
        work.stations.upsert_token(IdToken(token="CARD-2"))
    changed = await day.do(OrderKind.SEND_LOCAL_LIST, "local list", how="differential")
    assert changed["cards"] == [CARD, "CARD-2"]
    await day.do(OrderKind.GET_LOCAL_LIST)
    await day.do(OrderKind.CLEAR_CACHE)


async def charge_and_limit(day: Day) -> None:
    """A charge started, limited, read back, interrupted by a lost line, and stopped."""
    await day.do(OrderKind.START_CHARGE, "remote start", evse=1, token=CARD, limit_kw=7.4)
    await day.do(OrderKind.SET_PROFILE, evse=1, profile=PROFILE)
    await day.do(OrderKind.GET_COMPOSITE, evse=1, seconds=3600)
    await day.do(OrderKind.DATA_TRANSFER, "reconnect", vendor="Peer", message="drop the line")
    await day.stop()
    await day.do(OrderKind.CLEAR_PROFILE, profile_id=PROFILE["id"])


async def look_after(day: Day, shelf: Shelf, protocol: str) -> None:
    """Availability, settings, lock, log, firmware, messages asked for, and a reset."""
    await day.do(OrderKind.SET_AVAILABILITY, "availability", operative=False, evse=1)
    await day.do(OrderKind.SET_AVAILABILITY, "availability", operative=True, evse=1)
    name = "HeartbeatInterval" if protocol == "ocpp1.6" else "OCPPCommCtrlr.HeartbeatInterval"
    setting = await day.do(OrderKind.SET_VARIABLES, "setting", values={name: "600"})
    assert (setting["key"], setting["value"]) == (name, "600")
    await day.do(OrderKind.UNLOCK, evse=1)
    await day.do(OrderKind.GET_LOG, "uploaded", log="diagnostics")
    await day.do(OrderKind.GET_LOG, "uploaded", log="security")
    await day.do(OrderKind.UPDATE_FIRMWARE, "updated", url=f"{shelf.url}/peer-9.9.bin")
    await day.do(OrderKind.TRIGGER, "triggered Heartbeat", message="Heartbeat")
    await day.do(OrderKind.TRIGGER, "triggered StatusNotification", message="StatusNotification", evse=1)
    await day.do(OrderKind.RESET, "reset", how="soft")


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_whole_day_of_a_strict_foreign_station(known: Store, packages: Path, protocol: str) -> None:
    """From boot to reset with everything a dispatcher orders in a day: neither side finds fault with one message."""
    async with (
        shelving() as shelf,
        serving(known, shelf.url) as central,
        playing(central.port, protocol, packages) as peer,
    ):
        await peer.until("idle")
        day = Day(known, peer)
        await reserve_and_list(day, known)
        await charge_and_limit(day)
        await look_after(day, shelf, protocol)
        assert await peer.leave() == 0
        counts = central.counts()

    assert day.refused == {}
    assert peer.complaints == []
    assert (counts["rejected"], counts["tolerated"], counts["refused"], counts["unasked"]) == (0, 0, 0, 0)
    assert shelf.taken == ["log of a station that runs 1.0\n"] * 2
    with known.read() as work:
        row = work.stations.get(IDENTITY)
        assert row is not None
        assert row.firmware == "9.9"
    done = charges(known)
    assert [charge.state for charge in done] == ["ended"] * 3
    readings = [row for row in meter_values(known, done[2].ref) if row.context == "Sample.Periodic"]
    assert [row.energy_wh for row in readings] == [1500.0, 2000.0]


async def test_a_foreign_station_with_a_wrong_password_is_refused(known: Store, packages: Path) -> None:
    """401, no session, and the station says so."""
    async with serving(known) as central, playing(central.port, "ocpp1.6", packages, "not-the-password") as peer:
        with pytest.raises(AssertionError, match="ended before"):
            await peer.until("connected")
        assert "Unauthorized" in json.dumps(peer.complaints)
        assert central.counts()["refused"] == 1
        assert central.connected == []
