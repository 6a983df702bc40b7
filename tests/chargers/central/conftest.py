"""A real central system on a real store, and stations that are WebSocket clients which send what a test tells them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chargers.central import CentralSystem
from fleet.clock import FixedClock
from fleet.orders import OrderKind, Wanted
from fleet.passwords import hash_password
from fleet.settings import OcppSettings
from fleet.store import Store, Writer
from fleet.tables import Evse, IdToken, Order, Place, Station, Truck

PATIENCE = 8.0
PASSWORD = "a-long-secret-of-CP1"

ANSWERS_V16: dict[str, Any] = {
    "GetConfiguration": {
        "configurationKey": [
            {"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": True, "value": "Current,Power"},
            {"key": "ChargeProfileMaxStackLevel", "readonly": True, "value": "8"},
            {"key": "ChargingScheduleMaxPeriods", "readonly": True, "value": "24"},
        ]
    },
    "UnlockConnector": {"status": "Unlocked"},
}


class Talker:
    """A station under a test's control. The server's calls are answered from `answers` and kept in `heard`."""

    def __init__(self, line: ClientConnection, answers: dict[str, Any]) -> None:
        self.line = line
        self.answers = dict(answers)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.loose: asyncio.Queue[list[Any]] = asyncio.Queue()
        self.closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._number = 0
        self._waiting: dict[Any, asyncio.Future[list[Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    async def call(self, action: str, payload: Any, message_id: Any = None) -> list[Any]:
        """Send a CALL and give the whole frame that answers it."""
        self._number += 1
        key = message_id if message_id is not None else f"m{self._number}"
        waiting = self._waiting[key] = asyncio.get_running_loop().create_future()
        await self.send([2, key, action, payload])
        async with asyncio.timeout(PATIENCE):
            return await waiting

    async def ask(self, action: str, payload: Any) -> dict[str, Any]:
        """The payload of the CALLRESULT."""
        frame = await self.call(action, payload)
        assert frame[0] == 3, frame
        result: dict[str, Any] = frame[2]
        return result

    async def send(self, frame: Any) -> None:
        """Send anything: text and bytes as they are, all else as JSON."""
        await self.line.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def answer(self) -> list[Any]:
        """The next frame that answers no call of `call`."""
        async with asyncio.timeout(PATIENCE):
            return await self.loose.get()

    async def until_heard(self, action: str, count: int = 1) -> dict[str, Any]:
        """Wait for the server's `count`th call of an action; its payload."""
        async with asyncio.timeout(PATIENCE):
            while len(found := [body for name, body in self.heard if name == action]) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return found[count - 1]

    async def until_closed(self) -> tuple[int, str]:
        """Close code and reason."""
        async with asyncio.timeout(PATIENCE):
            return await self.closed

    async def hang_up(self) -> None:
        """Close the connection as a station does."""
        await self.line.close()
        await self._reader

    async def _read(self) -> None:
        try:
            async for text in self.line:
                await self._take(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            close = self.line.close_code or 1006, self.line.close_reason or ""
            if not self.closed.done():
                self.closed.set_result(close)

    async def _take(self, frame: list[Any]) -> None:
        if frame[0] == 2:
            self.heard.append((frame[2], frame[3]))
            reply = self.answers.get(frame[2], {"status": "Accepted"})
            reply = reply(frame[3]) if callable(reply) else reply
            if reply is not None:
                await self.send([4, frame[1], *reply] if isinstance(reply, tuple) else [3, frame[1], reply])
        elif frame[1] in self._waiting:
            self._waiting.pop(frame[1]).set_result(frame)
        else:
            self.loose.put_nowait(frame)


class House:
    """The central system and its store."""

    def __init__(self, store: Store, clock: FixedClock, **changes: Any) -> None:
        self.store = store
        self.clock = clock
        self.settings = replace(OcppSettings(port=0, open_stations=True, call_timeout_seconds=2.0), **changes)
        self.writer = Writer(store)
        self.central = CentralSystem(store, self.writer, self.settings)

    async def open(self) -> None:
        self.writer.start()
        await self.central.start()

    async def close(self) -> None:
        await self.central.stop()
        await self.writer.stop()

    def url(self, identity: str) -> str:
        return f"ws://127.0.0.1:{self.central.port}/ocpp/{identity}"

    @asynccontextmanager
    async def station(
        self,
        identity: str = "CP1",
        protocol: str | list[str] = "ocpp1.6",
        *,
        password: str | None = None,
        user: str | None = None,
        answers: dict[str, Any] | None = None,
    ) -> AsyncIterator[Talker]:
        headers = {}
        if password is not None:
            text = base64.b64encode(f"{user or identity}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {text}"
        names = [protocol] if isinstance(protocol, str) else protocol
        line = await connect(
            self.url(identity), subprotocols=names, additional_headers=headers, compression=None, open_timeout=PATIENCE
        )
        talker = Talker(line, {**ANSWERS_V16, **(answers or {})})
        try:
            yield talker
        finally:
            await talker.hang_up()

    def place(self, kind: OrderKind, target: str = "CP1", **args: Any) -> int:
        """Queue an order; its number."""
        with self.store.begin() as work:
            order = work.orders.place(Wanted(kind, target, args, who="test"))
            assert order.order_id is not None
            return order.order_id

    async def settled(self, order_id: int) -> Order:
        """The order, once it can change no more."""
        return await self.until(lambda work: _settled(work.orders.get(order_id)))

    async def until(self, look: Callable[[Any], Any]) -> Any:
        """What `look` finds in the store, once it is true."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with self.store.read() as work:
                    if found := look(work):
                        return found
                await asyncio.sleep(0.02)

    def look(self, look: Callable[[Any], Any]) -> Any:
        """What `look` finds in the store now."""
        with self.store.read() as work:
            return look(work)


def _settled(order: Order | None) -> Order | None:
    return order if order is not None and order.done_at is not None else None


def furnish(store: Store) -> None:
    """A depot with three stations, a truck and its card, and a blocked card."""
    with store.begin() as work:
        depot = Place(place_id="DEPOT", name="Depot", lat=34.9, lon=-2.3, is_depot=True, site_limit_kw=60.0)
        work.places.upsert(depot)
        for name in ("CP1", "CP2", "CP3"):
            station = Station(station_id=name, place_id="DEPOT", fallback_kw=4.2)
            work.stations.upsert(station, [Evse(station_id=name, number=1, max_kw=22.0)])
        work.trucks.upsert(Truck(truck_id="T1", depot_id="DEPOT", id_token="CARD1", battery_kwh=200.0))
        work.stations.upsert_token(IdToken(token="BAD", status="Blocked"))


@pytest.fixture
def furnished(store: Store) -> Store:
    """A store with stations."""
    furnish(store)
    return store


@pytest.fixture
def make_house(furnished: Store, clock: FixedClock) -> Callable[..., Any]:
    """Houses with settings of their own: `async with make_house(unknown_stations="park") as house`."""

    @asynccontextmanager
    async def make(**changes: Any) -> AsyncIterator[House]:
        house = House(furnished, clock, **changes)
        await house.open()
        try:
            yield house
        finally:
            await house.close()

    return make


@pytest.fixture
async def house(make_house: Callable[..., Any]) -> AsyncIterator[House]:
    """The usual house."""
    async with make_house() as opened:
        yield opened


@pytest.fixture
async def any_house(any_store: Store, clock: FixedClock) -> AsyncIterator[House]:
    """The usual house, on SQLite and on PostgreSQL."""
    furnish(any_store)
    opened = House(any_store, clock)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def password() -> tuple[str, str]:
    """A password and what the store keeps of it."""
    return PASSWORD, hash_password(PASSWORD)
