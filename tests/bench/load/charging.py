"""Stations that charge and keep account: what they said, what was acknowledged, what they were asked to do.

Each has one CALL under way. What is not acknowledged when the connection ends is sent again on the next one, as a
station does; nobody boots again. A transaction of some dozen meter values ends, and the next one begins.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

SINCE = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
STEP_WH = 25
ANSWERS: dict[str, Any] = {"GetConfiguration": {"configurationKey": [], "unknownKey": []}}
"""To what the server asks; all else is Accepted."""


@dataclass(slots=True)
class Charge:
    """One transaction as its station knows it."""

    start_wh: int
    began_s: int
    values: int
    """Meter values it will have."""
    number: int | None = None
    """As acknowledged."""
    said: int = 0
    ended: bool = False
    """Its end was acknowledged."""

    @property
    def end_wh(self) -> int:
        return self.start_wh + STEP_WH * self.values


@dataclass(slots=True)
class Charger:
    """One station over all its connections."""

    name: str
    charges: list[Charge] = field(default_factory=list)
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    """(transaction, second) of meter values."""
    carried_out: list[str] = field(default_factory=list)
    """What orders asked, each time they did."""
    answered: int = 0
    wrong: list[str] = field(default_factory=list)
    second: int = 0
    booted: bool = False
    line: _Line | None = None
    seed: int = 0

    def tick(self) -> bool:
        """Say the next thing if nothing is under way; False when the station is still waiting, or away."""
        line = self.line
        if line is None or line.waiting is not None or line.transport is None:
            return False
        line.ask(*self._next())
        return True

    def _next(self) -> tuple[str, dict[str, Any]]:
        if not self.booted:
            return "BootNotification", {"chargePointVendor": "Bench", "chargePointModel": "Crash"}
        if not self.charges or self.charges[-1].ended:
            draw = random.Random(f"{self.name}-{len(self.charges)}")
            start = self.charges[-1].end_wh if self.charges else 0
            self.second += 1
            self.charges.append(Charge(start, self.second, draw.randint(10, 60)))
        charge = self.charges[-1]
        if charge.number is None:
            told = {"connectorId": 1, "idTag": "CARD", "meterStart": charge.start_wh}
            return "StartTransaction", {**told, "timestamp": instant(charge.began_s)}
        if charge.said < charge.values:
            self.second = charge.began_s + charge.said + 1
            sample = {"value": str(charge.start_wh + STEP_WH * (charge.said + 1))}
            value = {"timestamp": instant(self.second), "sampledValue": [sample]}
            return "MeterValues", {"connectorId": 1, "transactionId": charge.number, "meterValue": [value]}
        self.second = charge.began_s + charge.values + 1
        told = {"transactionId": charge.number, "meterStop": charge.end_wh, "reason": "EVDisconnected"}
        return "StopTransaction", {**told, "timestamp": instant(self.second)}

    def acknowledge(self, action: str, payload: dict[str, Any]) -> None:
        """The server has answered."""
        self.answered += 1
        if action == "BootNotification":
            self.booted = True
        elif action == "StartTransaction":
            self.charges[-1].number = payload["transactionId"]
        elif action == "MeterValues":
            charge = self.charges[-1]
            charge.said += 1
            assert charge.number is not None
            self.acknowledged.append((charge.number, self.second))
        else:
            self.charges[-1].ended = True

    async def connect(self, port: int) -> None:
        """Open a connection; what was under way is said again."""
        headers = {"Sec-WebSocket-Protocol": "ocpp1.6"}
        url = f"ws://127.0.0.1:{port}/ocpp/{self.name}"
        _, line = await ws_connect(lambda: _Line(self), url, extra_headers=headers, websocket_handshake_timeout=20.0)
        assert isinstance(line, _Line)


class _Line(WSListener):
    """One connection of a station."""

    def __init__(self, charger: Charger) -> None:
        self.charger = charger
        self.transport: WSTransport | None = None
        self.waiting: tuple[str, str] | None = None
        self._count = 0
        charger.line = self

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self.transport = None

    def ask(self, action: str, payload: dict[str, Any]) -> None:
        self._count += 1
        self.waiting = f"{self.charger.second}-{self._count}", action
        self._send([2, self.waiting[0], action, payload])

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.TEXT:
            self._take(json.loads(frame.get_payload_as_bytes()))

    def _take(self, message: list[Any]) -> None:
        if message[0] == 2:
            if message[2] == "DataTransfer":
                self.charger.carried_out.append(message[3]["data"])
            self._send([3, message[1], ANSWERS.get(message[2], {"status": "Accepted"})])
            return
        waiting, self.waiting = self.waiting, None
        if waiting is None or message[1] != waiting[0] or message[0] != 3:
            self.charger.wrong.append(json.dumps(message)[:200])
        else:
            self.charger.acknowledge(waiting[1], message[2])

    def _send(self, message: list[Any]) -> None:
        if self.transport is not None:
            self.transport.send(WSMsgType.TEXT, json.dumps(message, separators=(",", ":")).encode())


def instant(second: int) -> str:
    """The second of a station's life as OCPP writes it."""
    return (SINCE + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")


async def reconnect(chargers: list[Charger], port: int, at_once: int = 50) -> None:
    """All of them, some at a time."""
    room = asyncio.Semaphore(at_once)

    async def one(charger: Charger) -> None:
        async with room:
            await charger.connect(port)

    await asyncio.gather(*(one(charger) for charger in chargers))


async def speak(chargers: list[Charger], per_second: float, until: asyncio.Event) -> None:
    """Round robin at a total rate; a station that still waits is passed over."""
    loop = asyncio.get_running_loop()
    began, said = loop.time(), 0
    at = 0
    while not until.is_set():
        due = int((loop.time() - began) * per_second) - said
        for _ in range(min(due, len(chargers))):
            chargers[at % len(chargers)].tick()
            at += 1
        said += due
        await asyncio.sleep(0.005)
