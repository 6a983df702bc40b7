"""kill -9 in the middle of transactions: nothing that was acknowledged is missing, and stations simply go on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from fleet.store import Store
from fleet.tables import Evse, IdToken, Station

ROOT = Path(__file__).parents[3]
STATIONS = 8
SINCE = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


class Server:
    """The process that is killed."""

    def __init__(self, url: str, port: int = 0) -> None:
        command = [sys.executable, str(Path(__file__).with_name("crash_server.py")), url, str(port)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("PORT "), line
        self.port = int(line.split()[1])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Charger:
    """Keeps a charge going and what was acknowledged of it; what was not, it sends again after a reconnect."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.transaction: int | None = None
        self.acknowledged: set[str] = set()
        self.pending: list[tuple[str, dict[str, Any]]] = []
        self.second = 0

    async def run(self, port: int, stop: asyncio.Event, *, boots: bool) -> None:
        try:
            async with connect(f"ws://127.0.0.1:{port}/ocpp/{self.name}", subprotocols=["ocpp1.6"]) as line:
                if boots:
                    await self._call(line, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
                while not stop.is_set():
                    await self._step(line)
        except (ConnectionClosed, OSError):
            pass

    async def _step(self, line: Any) -> None:
        if self.transaction is None:
            start = {"connectorId": 1, "idTag": "CARD", "meterStart": 0, "timestamp": SINCE.isoformat()}
            self.transaction = (await self._call(line, "StartTransaction", start))["transactionId"]
        if not self.pending:
            self.second += 1
            at = (SINCE + timedelta(seconds=self.second)).isoformat()
            meter = {"timestamp": at, "sampledValue": [{"value": str(self.second)}]}
            payload = {"connectorId": 1, "transactionId": self.transaction, "meterValue": [meter]}
            self.pending.append((at, payload))
        at, payload = self.pending[0]
        await self._call(line, "MeterValues", payload)
        self.acknowledged.add(at)
        self.pending.pop(0)

    async def _call(self, line: Any, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        number = f"{self.name}-{random.getrandbits(40)}"
        await line.send(json.dumps([2, number, action, payload]))
        while True:
            frame = json.loads(await line.recv())
            if frame[0] == 2:
                await line.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
            elif frame[1] == number:
                assert frame[0] == 3, frame
                result: dict[str, Any] = frame[2]
                return result


async def until_all_advanced(chargers: list[Charger]) -> None:
    """Every station has gone on by a dozen meter values."""
    goals = [one.second + 12 for one in chargers]
    async with asyncio.timeout(20):
        while any(one.second < goal for one, goal in zip(chargers, goals, strict=True)):  # noqa: ASYNC110 - plain
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_kill_9_loses_nothing_that_was_acknowledged(sqlite_url):
    """Three kills under load: every acknowledged start and meter value is in the store, once; nobody boots again."""
    store = Store.open(sqlite_url)
    with store.begin() as work:
        work.stations.upsert_token(IdToken(token="CARD"))
        for number in range(STATIONS):
            name = f"CP{number}"
            work.stations.upsert(Station(station_id=name), [Evse(station_id=name, number=1, max_kw=22.0)])
    store.close()
    chargers = [Charger(f"CP{number}") for number in range(STATIONS)]
    port = 0
    for life in range(3):
        server = Server(sqlite_url, port)
        port = server.port
        stop = asyncio.Event()
        try:
            running = [asyncio.create_task(one.run(port, stop, boots=life == 0)) for one in chargers]
            await until_all_advanced(chargers)
        finally:
            server.kill()
        stop.set()
        await asyncio.gather(*running)
    path = sqlite_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        kept = {
            (station, datetime.fromisoformat(at).replace(tzinfo=UTC))
            for station, at in database.execute("select station_id, measured_at from meter_value")
        }
        rows = database.execute("select count(*) from meter_value").fetchone()[0]
        transactions = database.execute("select transaction_id, station_id, state from charging_transaction").fetchall()
        sound = database.execute("pragma integrity_check").fetchone()[0]
    database.close()
    wanted = {(one.name, datetime.fromisoformat(at)) for one in chargers for at in one.acknowledged}
    assert len(wanted) > STATIONS * 10
    assert not wanted - kept
    assert rows == len(kept)
    assert len(kept - wanted) <= STATIONS
    assert sorted(transactions) == sorted((one.transaction, one.name, "running") for one in chargers)
    assert sound == "ok"
