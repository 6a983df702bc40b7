"""The finished server at scale: idle memory, a paced load, a storm of stations, OCPP 2.0.1 and TLS.

    python tests/bench/server_scale.py [--short] [--json]

idle      10,000 connections in one process: resident memory of each
paced     2,000 durable MeterValues a second over 1,000 connections: share of a core, and how long stations wait
storm     5,000 stations lose their connections, come back and boot within 10 s: none is lost
versions  processor time of a 2.0.1 TransactionEvent and of TLS beside 1.6 and a bare `websockets` echo of the same run

`binwatt serve` on a SQLite store (synchronous=FULL), stations with passwords, message log on. Other programs on the
machine disturb the figures: compare within one run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import statistics
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from load.processes import ServerFailed, require_linux, running
from server import LOAD, PASSWORD, Peer, count_stored, measure, serve_ours


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    idle: int
    paced_stations: int
    paced_rate: int
    paced_s: float
    storm: int
    storm_s: float
    rounds: int
    seconds: float


FULL = Size(10_000, 1_000, 2_000, 6.0, 5_000, 10.0, 3, 1.5)
SHORT = Size(200, 50, 200, 1.0, 100, 2.0, 1, 0.5)


def ours(stack: contextlib.ExitStack, folder: Path, name: str, stations: int, *, tls: bool = False) -> Peer:
    """A server of its own for each figure, so that none sees what another left."""
    home = folder / name
    home.mkdir()
    port = free_port() if tls else 0
    server = stack.enter_context(serve_ours(home, stations, {"BINWATT_OCPP_TLS_PORT": str(port)}))
    return Peer(replace(server, port=port) if tls else server, password=PASSWORD)


def free_port() -> int:
    """A port nobody listens on, below those the system hands to outgoing connections, which could take it meanwhile."""
    while True:
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return int(found.getsockname()[1])


def measure_idle(folder: Path, size: Size) -> dict[str, Any]:
    """Memory of each of the second half of the connections, of the whole process, and what connecting costs."""
    with contextlib.ExitStack() as stack:
        return measure(ours(stack, folder, "idle", size.idle), "--idle", "--connections", str(size.idle // 2))


def measure_paced(folder: Path, size: Size) -> dict[str, Any]:
    """The share of a core and the waits; and that all that was acknowledged is in the store."""
    with contextlib.ExitStack() as stack:
        peer = ours(stack, folder, "paced", size.paced_stations)
        options = ["--paced", str(size.paced_rate), "--seconds", str(size.paced_s)]
        found = measure(peer, *options, "--connections", str(size.paced_stations))
        return {**found, "stored": count_stored(folder / "paced")}


def measure_storm(folder: Path, size: Size) -> dict[str, Any]:
    """Who came back, after how long."""
    with contextlib.ExitStack() as stack:
        peer = ours(stack, folder, "storm", size.storm)
        return measure(peer, "--storm", str(size.storm_s), "--connections", str(size.storm))


def measure_versions(folder: Path, size: Size) -> dict[str, Any]:
    """Microseconds by version and transport, interleaved with the echo."""
    timing = ["--connections", "100", "--warm", "0.5", "--seconds", str(size.seconds)]
    runs: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        echo = stack.enter_context(running("echo", [sys.executable, str(LOAD / "echo.py")], dict(os.environ), folder))
        servers = {
            "websockets echo": (Peer(echo, echo=True), ()),
            "1.6": (ours(stack, folder, "v16", 100), ()),
            "1.6 over TLS": (ours(stack, folder, "tls", 100, tls=True), ("--tls",)),
            "2.0.1": (ours(stack, folder, "v201", 100), ("--version", "2.0.1")),
        }
        for number in range(size.rounds):
            for name, (peer, options) in servers.items():
                found = measure(peer, *timing, *options, "--run", str(number))
                for kind, figures in found.items():
                    if isinstance(figures, dict):
                        runs.setdefault(f"{name} {kind}", []).append(figures["cpu_us"])
    return {name: {"cpu_us": statistics.median(used), "range": [min(used), max(used)]} for name, used in runs.items()}


PARTS = {"idle": measure_idle, "paced": measure_paced, "storm": measure_storm, "versions": measure_versions}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[], help="which; default: all")
    parser.add_argument("--short", action="store_true", help="a few stations, a second each")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    asked = parser.parse_args()
    require_linux()
    size = SHORT if asked.short else FULL
    found: dict[str, Any] = {}
    for name in asked.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="bw-scale-") as folder:
            try:
                found[name] = PARTS[name](Path(folder), size)
            except ServerFailed as error:
                sys.exit(str(error))
        print(name)
        for key, value in found[name].items():
            print(f"  {key:<36}{value}")
    if asked.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
