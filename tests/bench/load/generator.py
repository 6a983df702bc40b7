"""Charging stations by the hundred, and the server's processor time while they speak (picows on uvloop).

    python tests/bench/load/generator.py --port P --pid PID [--connections 100] [--version 1.6] [--tls] [--echo]
                                         [--idle | --paced RATE | --storm SECONDS]

Every station connects to /ocpp/CP%05d with its password, sends a BootNotification and answers what the server asks
of it; that, and a warm-up, stay outside the figures. Then each keeps one CALL under way and sends the next as soon as
it is answered: Heartbeats for a while, then MeterValues, or TransactionEvents of 2.0.1. With --idle they say nothing
more, and what is read is memory. With --paced they say MeterValues at a total rate, in turn. With --storm they all lose
their connections, come back and boot within so many seconds. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import ssl
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import uvloop
from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

sys.path.insert(0, str(Path(__file__).resolve().parent))

from processes import cores, cpu_ns, rss_kib

AT_ONCE = 25
"""Connections opened at a time."""
ANSWER_SECONDS = 60.0
QUIET_SECONDS = 0.5
"""A server that asks its stations nothing for so long has settled."""
MOST_UNSETTLED_SECONDS = 20.0
LAST_ANSWERS_SECONDS = 20.0
STORM_PATIENCE = 60.0
STORM_TRY_SECONDS = 20.0
PROTOCOLS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1"}
KINDS = {"1.6": ("Heartbeat", "MeterValues"), "2.0.1": ("Heartbeat", "TransactionEvent")}
ANSWERS = {
    "GetBaseReport": b'{"status":"NotSupported"}',
    "GetVariables": (
        b'{"getVariableResult":[{"attributeStatus":"UnknownVariable","component":{"name":"A"},"variable":{"name":"B"}}]}'
    ),
    "GetConfiguration": b'{"configurationKey":[],"unknownKey":[]}',
    "SetChargingProfile": b'{"status":"Accepted"}',
    "TriggerMessage": b'{"status":"Accepted"}',
}
SAMPLES = (
    ("Energy.Active.Import.Register", "Wh", "Outlet", None, "1234567"),
    ("Power.Active.Import", "W", "Outlet", None, "10987.4"),
    ("Current.Import", "A", "Outlet", "L1", "15.92"),
    ("Voltage", "V", "Outlet", "L1-N", "230.1"),
    ("Temperature", "Celsius", "Body", None, "34.5"),
    ("SoC", "Percent", "EV", None, "57"),
)
SIXTH = ("Current.Offered", "A", "Outlet", None, "32.0")
"""2.0.1 knows no Temperature."""


def payload(kind: str, version: str) -> dict[str, Any]:
    """What a message of this kind carries; `@` stands for the instant, `#` for a number that grows."""
    if kind == "BootNotification":
        if version == "1.6":
            return {"chargePointVendor": "Peer", "chargePointModel": "Load", "chargePointSerialNumber": "1"}
        return {"reason": "PowerUp", "chargingStation": {"vendorName": "Peer", "model": "Load"}}
    if kind == "Heartbeat":
        return {}
    if kind == "TransactionEvent":
        info = {"eventType": "Updated", "timestamp": "@", "triggerReason": "MeterValuePeriodic", "seqNo": "#"}
        samples = [SIXTH if one[0] == "Temperature" else one for one in SAMPLES]
        value = {"timestamp": "@", "sampledValue": [_sample(*one, version) for one in samples]}
        return {**info, "transactionInfo": {"transactionId": "4711"}, "evse": {"id": 1}, "meterValue": [value]}
    samples = [_sample(*one, version) for one in SAMPLES]
    return {"connectorId": 1, "transactionId": 4711, "meterValue": [{"timestamp": "@", "sampledValue": samples}]}


def _sample(measurand: str, unit: str, location: str, phase: str | None, value: str, version: str) -> dict[str, Any]:
    sample: dict[str, Any] = {
        "value": value,
        "context": "Sample.Periodic",
        "measurand": measurand,
        "location": location,
    }
    if version == "1.6":
        sample |= {"format": "Raw", "unit": unit}
    else:
        sample |= {"value": float(value), "unitOfMeasure": {"unit": unit}}
    return sample | ({"phase": phase} if phase else {})


@dataclass(slots=True)
class Tally:
    """What all stations together have seen."""

    echo: bool
    run: int
    version: str = "1.6"
    answered: int = 0
    wrong: int = 0
    first_wrong: str = ""
    asked_at: float = 0.0
    measuring: bool = False
    stopped: bool = False
    waits: list[float] = field(default_factory=list)


class Station(WSListener):
    """One station."""

    def __init__(self, number: int, tally: Tally) -> None:
        self.number = number
        self.tally = tally
        self.looping = False
        self.waiting = False
        self.count = 0
        self.sent_at = 0.0
        self.expected = b""
        self.answered: asyncio.Future[None] | None = None
        self.transport: WSTransport | None = None
        self.prepare("BootNotification")

    def prepare(self, kind: str) -> None:
        """What is said from now on."""
        body = json.dumps(payload(kind, self.tally.version), separators=(",", ":")).encode()
        self.parts = [b'","' + kind.encode() + b'",']
        for timed in body.replace(b'"#"', b"#").split(b"@"):
            before, numbered, after = timed.partition(b"#")
            self.parts += [before, b"#", after, b"@"] if numbered else [before, b"@"]
        self.parts[-1] = b"]"

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def say(self) -> None:
        """Send the next CALL. No two carry the same instant, so that each is new to a store."""
        self.count += 1
        message_id = b"%04d-%d" % (self.number, self.count)
        self.expected = b'[%d,"%s"' % (2 if self.tally.echo else 3, message_id)
        filled = {b"@": self.instant(), b"#": b"%d" % self.count}
        self.sent_at = time.perf_counter()
        self.waiting = True
        assert self.transport is not None
        body = b"".join(filled.get(part, part) for part in self.parts)
        self.transport.send(WSMsgType.TEXT, b'[2,"' + message_id + body)

    def instant(self) -> bytes:
        seconds, ms = divmod(self.count, 1000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        month, day = divmod(self.tally.run, 28)
        return b"2026-%02d-%02dT%02d:%02d:%02d.%03dZ" % (month + 1, day + 1, hours, minutes, seconds, ms)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            return
        text = frame.get_payload_as_bytes()
        tally = self.tally
        if frame.msg_type == WSMsgType.TEXT and text.startswith(b"[2,") and not tally.echo:
            self.answer(text)
            return
        if not text.startswith(self.expected):
            tally.wrong += 1
            tally.first_wrong = tally.first_wrong or repr(text[:200])
            return
        tally.answered += 1
        self.waiting = False
        if self.answered is not None:
            self.answered.set_result(None)
            self.answered = None
        if tally.measuring:
            tally.waits.append(time.perf_counter() - self.sent_at)
        if self.looping and not tally.stopped:
            self.say()

    def answer(self, text: bytes) -> None:
        """The server asks something of the station."""
        _, message_id, action, _ = json.loads(text)
        self.tally.asked_at = time.monotonic()
        assert self.transport is not None
        given = ANSWERS.get(action)
        if given is None:
            reply = json.dumps([4, message_id, "NotSupported", "", {}]).encode()
        else:
            reply = b'[3,"' + message_id.encode() + b'",' + given + b"]"
        self.transport.send(WSMsgType.TEXT, reply)


async def connect(numbers: range, asked: argparse.Namespace, tally: Tally) -> list[Station]:
    """Stations that have connected, booted and been asked all the server wanted to know."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Station:
        async with room:
            return await open_one(number, asked, tally, ANSWER_SECONDS)

    stations = await asyncio.gather(*(one(number) for number in numbers))
    until = time.monotonic() + MOST_UNSETTLED_SECONDS
    tally.asked_at = max(tally.asked_at, time.monotonic())
    while time.monotonic() - tally.asked_at < QUIET_SECONDS and time.monotonic() < until:  # noqa: ASYNC110 - a quiet time
        await asyncio.sleep(0.1)
    return list(stations)


async def open_one(number: int, asked: argparse.Namespace, tally: Tally, patience: float) -> Station:
    """One station that has connected and was answered its BootNotification."""
    identity = f"CP{number:05d}"
    headers = {} if asked.echo else {"Sec-WebSocket-Protocol": PROTOCOLS[asked.version]}
    if asked.password:
        credentials = base64.b64encode(f"{identity}:{asked.password}".encode()).decode()
        headers["Authorization"] = f"Basic {credentials}"
    async with asyncio.timeout(patience):
        _, station = await ws_connect(
            lambda: Station(number, tally),
            f"{'wss' if asked.tls else 'ws'}://127.0.0.1:{asked.port}/ocpp/{identity}",
            ssl_context=unchecked() if asked.tls else None,
            extra_headers=headers,
            websocket_handshake_timeout=patience,
        )
        assert isinstance(station, Station)
        answered = station.answered = asyncio.get_running_loop().create_future()
        station.say()
        await answered
    return station


@cache
def unchecked() -> ssl.SSLContext:
    """TLS without a look at the certificate: it is processor time that is measured."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def measure_speaking(asked: argparse.Namespace, tally: Tally) -> dict[str, Any]:
    """Both kinds of message, one after the other on the same connections."""
    stations = await connect(range(asked.connections), asked, tally)
    return {kind: await speak(kind, stations, asked, tally) for kind in KINDS[asked.version]}


async def speak(kind: str, stations: list[Station], asked: argparse.Namespace, tally: Tally) -> dict[str, Any]:
    """Processor microseconds of the server per message, all stations speaking at once."""
    for station in stations:
        station.prepare(kind)
        station.looping = True
    settled = tally.answered
    tally.stopped = False
    tally.waits.clear()
    for station in stations:
        station.say()
    return await count(stations, asked, tally, settled)


async def count(stations: list[Station], asked: argparse.Namespace, tally: Tally, settled: int) -> dict[str, Any]:
    """The server's processor time and what it answered, in the middle of what goes on."""
    await asyncio.sleep(asked.warm)
    tally.measuring = True
    answered, used, began = tally.answered, cpu_ns(asked.pid), time.perf_counter()
    await asyncio.sleep(asked.seconds)
    answered = tally.answered - answered
    used, wall = cpu_ns(asked.pid) - used, time.perf_counter() - began
    tally.measuring = False
    tally.stopped = True
    until = time.monotonic() + LAST_ANSWERS_SECONDS
    while any(station.waiting for station in stations) and time.monotonic() < until:  # noqa: ASYNC110 - a quiet time
        await asyncio.sleep(0.05)
    waits = sorted(tally.waits) or [0.0]
    return {
        "cpu_us": round(used / 1000 / max(answered, 1), 2),
        "per_second": round(answered / wall),
        "server_core_share": round(used / 1e9 / wall, 3),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 2),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 2),
        "answered": tally.answered - settled,
    }


async def measure_paced(asked: argparse.Namespace, tally: Tally) -> dict[str, Any]:
    """MeterValues at a total rate, in turn over all connections; one that still waits is passed over."""
    stations = await connect(range(asked.connections), asked, tally)
    for station in stations:
        station.prepare(KINDS[asked.version][1])
    settled = tally.answered
    tally.waits.clear()
    measuring = asyncio.create_task(count(stations, asked, tally, settled))
    began, said, at = time.perf_counter(), 0, 0
    while not tally.stopped:
        due = int((time.perf_counter() - began) * asked.paced) - said
        for _ in range(due):
            station = stations[at % len(stations)]
            at += 1
            if not station.waiting:
                station.say()
        said += due
        await asyncio.sleep(0.001)
    return {"asked_per_second": asked.paced, **await measuring}


async def measure_storm(asked: argparse.Namespace, tally: Tally) -> dict[str, Any]:
    """All lose their connections, come back and boot, evenly within so many seconds; whoever fails tries again."""
    stations = await connect(range(asked.connections), asked, tally)
    for station in stations:
        assert station.transport is not None
        station.transport.disconnect()
    await asyncio.sleep(2)
    began, used = time.perf_counter(), cpu_ns(asked.pid)
    waits: list[float] = []
    tries = 0

    async def one(number: int) -> None:
        nonlocal tries
        await asyncio.sleep(asked.storm * number / asked.connections)
        since = time.perf_counter()
        while time.perf_counter() - since < STORM_PATIENCE:
            tries += 1
            try:
                await open_one(number, asked, tally, STORM_TRY_SECONDS)
            except (OSError, TimeoutError, WSError):
                await asyncio.sleep(1)
            else:
                waits.append(time.perf_counter() - since)
                return

    await asyncio.gather(*(one(number) for number in range(asked.connections)))
    waits.sort()
    return {
        "stations": asked.connections,
        "within_s": asked.storm,
        "booted": len(waits),
        "lost": asked.connections - len(waits),
        "tries": tries,
        "last_after_s": round(time.perf_counter() - began, 1),
        "p50_ms": round(waits[len(waits) // 2] * 1000),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000),
        "cpu_us": round((cpu_ns(asked.pid) - used) / 1000 / asked.connections),
    }


async def measure_idle(asked: argparse.Namespace, tally: Tally) -> dict[str, Any]:
    """Resident memory of the server per connection, of the second half: the first pays for caches and threads."""
    first = await connect(range(asked.connections), asked, tally)
    await asyncio.sleep(1)
    before = rss_kib(asked.pid)
    more = await connect(range(len(first), len(first) + asked.connections), asked, tally)
    await asyncio.sleep(1)
    after = rss_kib(asked.pid)
    return {
        "connections": len(more),
        "rss_mib": round(after / 1024, 1),
        "kib_per_connection": round((after - before) / len(more), 2),
    }


WAYS = {"idle": measure_idle, "paced": measure_paced, "storm": measure_storm}


async def main(asked: argparse.Namespace) -> None:
    """Measure, print, and leave without goodbyes."""
    tally = Tally(asked.echo, asked.run, asked.version)
    figures = await asked.measure(asked, tally)
    print(json.dumps({**figures, "wrong": tally.wrong, "first_wrong": tally.first_wrong}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pid", type=int, required=True, help="the server's; what descends from it is counted too")
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--version", choices=tuple(PROTOCOLS), default="1.6", help="of OCPP")
    parser.add_argument("--tls", action="store_true", help="over TLS; the certificate is not looked at")
    parser.add_argument("--echo", action="store_true", help="the server sends back what it gets")
    parser.add_argument("--password", default="", help="of every station")
    parser.add_argument("--run", type=int, default=0, help="number of this run: the day its meter values are of")
    parser.add_argument("--warm", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--idle", action="store_true", help="read memory instead, of that many more connections")
    parser.add_argument(
        "--paced", type=float, default=0.0, help="messages a second in all, instead of as many as can be"
    )
    parser.add_argument("--storm", type=float, default=0.0, help="seconds within which all come back and boot")
    options = parser.parse_args()
    options.measure = next((how for wanted, how in WAYS.items() if getattr(options, wanted)), measure_speaking)
    os.sched_setaffinity(0, cores()[1])
    uvloop.run(main(options))
