"""A small real central system for the twin's tests: websockets and the ocpp package, validating both ways."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import ocpp.messages
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, CallResult, unpack
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from chargers.twin.spec import StationSpec
from chargers.twin.yard import Yard, run_stations

VERSIONS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1", "ocpp2.1": "2.1"}
START = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)


class FastClock:
    """Simulated time that runs `speed` times as fast as the machine's."""

    def __init__(self, speed: float, start: datetime = START) -> None:
        self.speed = speed
        self._start = start
        self._tick = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._tick) * self.speed)

    def wall(self, seconds: float) -> float:
        return seconds / self.speed


@dataclass
class Central:
    """What the stations said, in order, and the means to call them."""

    clock: FastClock
    accept: Callable[[str], str] = lambda token: "Accepted"
    boot_status: list[str] = field(default_factory=list)
    """Statuses of the coming BootNotifications; Accepted when used up."""
    heard: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    raw_ids: list[Any] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lines: dict[str, ServerConnection] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    swallow: set[str] = field(default_factory=set)
    """Actions left unanswered."""
    behind: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """A call to send in the same breath as the answer to an action."""
    behind_answers: list[dict[str, Any]] = field(default_factory=list)
    _transactions: int = 0
    _number: int = 0
    _waiting: dict[str, asyncio.Future[list[Any]]] = field(default_factory=dict)
    url: str = ""

    def said(self, action: str, identity: str | None = None) -> list[dict[str, Any]]:
        return [body for who, what, body in self.heard if what == action and identity in {None, who}]

    async def until(self, holds: Callable[[], bool], seconds: float = 6.0) -> None:
        """Wait until something holds, or fail."""
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110 - a test may wait for anything it can state
                await asyncio.sleep(0.005)

    async def ask(self, identity: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Call a station: its result; a CALLERROR comes back as {"callError": code}."""
        self._number += 1
        key = f"srv-{self._number}"
        self._waiting[key] = asyncio.get_running_loop().create_future()
        await self.lines[identity].send(Call(key, action, payload).to_json())
        frame = await asyncio.wait_for(self._waiting[key], 5)
        if frame[0] == 4:
            return {"callError": frame[2]}
        version = VERSIONS[self.lines[identity].subprotocol]
        ocpp.messages._validate_payload(CallResult(key, frame[2], action), version)
        return frame[2]

    async def serve(self, socket: ServerConnection) -> None:
        identity = socket.request.path.rsplit("/", 1)[1]
        self.lines[identity] = socket
        self.headers[identity] = dict(socket.request.headers.raw_items())
        version = VERSIONS[socket.subprotocol]
        try:
            async for frame in socket:
                message = unpack(frame)
                if not isinstance(message, Call):
                    asked = self._waiting.pop(message.unique_id, None)
                    if asked is not None:
                        asked.set_result(json.loads(frame))
                    elif message.unique_id == "behind":
                        self.behind_answers.append(json.loads(frame)[2])
                    continue
                self.raw_ids.append(message.unique_id)
                self.heard.append((identity, message.action, message.payload))
                try:
                    ocpp.messages._validate_payload(message, version)
                except OCPPError as error:
                    self.faults.append(f"{identity} {message.action}: {error!r:.400}")
                if message.action in self.swallow:
                    continue
                result = CallResult(message.unique_id, self.answer(message.action, message.payload), message.action)
                ocpp.messages._validate_payload(result, version)
                frames = [result.to_json()]
                if message.action in self.behind:
                    frames.append(Call("behind", *self.behind.pop(message.action)).to_json())
                for one in frames:
                    socket.protocol.send_text(one.encode())
                socket.transport.writelines(socket.protocol.data_to_send())
        except ConnectionClosed:
            pass

    def answer(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        now = self.clock.now().isoformat().replace("+00:00", "Z")
        match action:
            case "BootNotification":
                status = self.boot_status.pop(0) if self.boot_status else "Accepted"
                return {"currentTime": now, "interval": 300 if status == "Accepted" else 20, "status": status}
            case "Heartbeat":
                return {"currentTime": now}
            case "Authorize" if "idTag" in body:
                return {"idTagInfo": {"status": self.accept(body["idTag"])}}
            case "Authorize":
                return {"idTokenInfo": {"status": self.accept(body["idToken"]["idToken"])}}
            case "StartTransaction":
                self._transactions += 1
                return {"transactionId": self._transactions, "idTagInfo": {"status": self.accept(body["idTag"])}}
            case "TransactionEvent" if "idToken" in body:
                return {"idTokenInfo": {"status": self.accept(body["idToken"]["idToken"])}}
            case "SignCertificate":
                return {"status": "Accepted"}
            case _:
                return {}


@asynccontextmanager
async def central(
    clock: FastClock, protocols: Sequence[Subprotocol] = tuple(VERSIONS), port: int = 0, **options: Any
) -> AsyncIterator[Central]:
    system = Central(clock, **options)
    async with serve(system.serve, "127.0.0.1", port, subprotocols=list(protocols), compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        system.url = f"ws://127.0.0.1:{port}/ocpp"
        yield system


@asynccontextmanager
async def yard_of(*specs: StationSpec, speed: float = 1200.0, **options: Any) -> AsyncIterator[tuple[Central, Yard]]:
    """A central system and registered stations on it."""
    clock = FastClock(speed)
    async with (
        central(clock, **options) as system,
        run_stations(specs, url=system.url, clock=clock, pace=clock.wall) as yard,
    ):
        if not options.get("boot_status"):
            await system.until(lambda: yard.registered == len(specs))
        yield system, yard
        assert yard.tally.errors == []


def samples(system: Central, identity: str) -> list[dict[str, Any]]:
    """Every meter reading a station reported, in order: its time and its values by measurand."""
    found = []
    for who, _, body in system.heard:
        if who == identity:
            for value in body.get("meterValue", body.get("transactionData", [])):
                reading = {one["measurand"]: float(one["value"]) for one in value["sampledValue"]}
                found.append({"at": datetime.fromisoformat(value["timestamp"]), **reading})
    return found


def profile16(number: int, periods: list[tuple[int, float]], **fields: Any) -> dict[str, Any]:
    """A csChargingProfiles object, Absolute from START, in A unless told otherwise."""
    return {
        "chargingProfileId": number,
        "stackLevel": fields.get("level", 0),
        "chargingProfilePurpose": fields.get("purpose", "TxDefaultProfile"),
        "chargingProfileKind": "Absolute",
        **({"transactionId": fields["transaction"]} if "transaction" in fields else {}),
        "chargingSchedule": {
            "startSchedule": START.isoformat().replace("+00:00", "Z"),
            "chargingRateUnit": fields.get("unit", "A"),
            "chargingSchedulePeriod": [{"startPeriod": start, "limit": limit} for start, limit in periods],
        },
    }


def profile201(number: int, periods: list[tuple[int, float]], **fields: Any) -> dict[str, Any]:
    """The same for OCPP 2.0.1."""
    profile = profile16(number, periods, **fields)
    profile["id"] = profile.pop("chargingProfileId")
    profile["chargingSchedule"] = [{"id": number, **profile["chargingSchedule"]}]
    return profile
