"""Load for the server benchmark, a process of its own: `python server_load.py PORT PID KIND CONNECTIONS WARM SECONDS`.

Closed loop: each of the stations keeps one CALL under way; the next goes out when the answer is there. Prints one JSON
object: messages, answers that were wrong, and the server's CPU per message by every thread's schedstat.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

SAMPLES = [
    ("Energy.Active.Import.Register", "Wh", "Outlet", None, "1234567"),
    ("Power.Active.Import", "W", "Outlet", None, "10987.4"),
    ("Current.Import", "A", "Outlet", "L1", "15.92"),
    ("Voltage", "V", "Outlet", "L1-N", "230.1"),
    ("Temperature", "Celsius", "Body", None, "34.5"),
    ("SoC", "Percent", "EV", None, "57"),
]
START = datetime(2026, 1, 1, tzinfo=UTC)
RECONNECTS_AT_ONCE = 50
BOOT = '{"chargePointVendor":"Bench","chargePointModel":"Load"}'


def payload_parts(kind: str) -> tuple[str, str, str]:
    """Action, and its payload around the timestamp."""
    if kind == "heartbeat":
        return "Heartbeat", "{}", ""
    common = {"context": "Sample.Periodic", "format": "Raw"}
    samples = [
        {"value": value, **common, "measurand": measurand, "location": location, "unit": unit}
        | ({"phase": phase} if phase else {})
        for measurand, unit, location, phase, value in SAMPLES
    ]
    meter_value = [{"timestamp": "@", "sampledValue": samples}]
    text = json.dumps({"connectorId": 1, "transactionId": 4711, "meterValue": meter_value}, separators=(",", ":"))
    before, after = text.split("@")
    return "MeterValues", before, after


class Tally:
    """What came back."""

    count = 0
    wrong = 0
    over = False


class Station(WSListener):  # type: ignore[misc]
    """Sends, waits, sends again. The server's own calls are answered with Accepted."""

    def __init__(self, kind: str, answer: bytes) -> None:
        self.action, self.before, self.after = payload_parts(kind)
        self.answer = answer
        self.number = 0
        self.looping = False
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def boot(self) -> None:
        self.key = b'"boot"'
        self.transport.send(WSMsgType.TEXT, f'[2,"boot","BootNotification",{BOOT}]'.encode())

    def send(self) -> None:
        self.number += 1
        self.key = b'"%d"' % self.number
        middle = (START + timedelta(seconds=self.number)).isoformat() if self.after else ""
        text = f'[2,"{self.number}","{self.action}",{self.before}{middle}{self.after}]'
        self.transport.send(WSMsgType.TEXT, text.encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            return
        text = frame.get_payload_as_bytes()
        if self.answer == b"[3," and text.startswith(b"[2,"):
            message = json.loads(text)
            transport.send(WSMsgType.TEXT, json.dumps([3, message[1], {"status": "Accepted"}]).encode())
            return
        if not text.startswith(self.answer) or self.key not in text[:40]:
            Tally.wrong += 1
        if not self.first.done():
            self.first.set_result(None)
        elif self.looping and not Tally.over:
            Tally.count += 1
            self.send()


def cpu_ns(pid: int) -> int:
    """CPU time of every thread of a process."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def rss_kib(pid: int) -> int:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


async def connect(port: int, kind: str, count: int, answer: bytes) -> list[Station]:
    """Open connections, each with one exchange behind it."""
    stations: list[Station] = []

    async def one(number: int) -> Station:
        url = f"ws://127.0.0.1:{port}/ocpp/CP{number:05d}"
        headers = {"Sec-WebSocket-Protocol": "ocpp1.6"}
        _, station = await ws_connect(lambda: Station(kind, answer), url, extra_headers=headers)
        assert isinstance(station, Station)
        station.boot()
        await asyncio.wait_for(station.first, 30)
        return station

    for begin in range(0, count, RECONNECTS_AT_ONCE):
        wanted = range(begin, min(begin + RECONNECTS_AT_ONCE, count))
        stations += await asyncio.gather(*(one(number) for number in wanted))
    return stations


async def main() -> dict[str, Any]:
    """Load or fill a server."""
    port, pid, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    count, warm, seconds, echo = int(sys.argv[4]), float(sys.argv[5]), float(sys.argv[6]), sys.argv[7] == "echo"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, count + 200)), hard))
    idle = rss_kib(pid)
    stations = await connect(port, "heartbeat" if kind == "idle" else kind, count, b"[2," if echo else b"[3,")
    await asyncio.sleep(warm)
    if kind == "idle":
        return {"kib_per_connection": (rss_kib(pid) - idle) / count, "wrong": Tally.wrong}
    for station in stations:
        station.looping = True
        station.send()
    await asyncio.sleep(0.5)
    begun, cpu, start = Tally.count, cpu_ns(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    done, used, wall = Tally.count - begun, cpu_ns(pid) - cpu, time.perf_counter() - start
    Tally.over = True
    return {"messages": done, "cpu_us": used / 1000 / max(done, 1), "rate": done / wall, "wrong": Tally.wrong}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main())))
