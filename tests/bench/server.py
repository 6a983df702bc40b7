"""What a message costs the central system: processor time of the finished server beside what it is measured by.

    python tests/bench/server.py [--short] [--json]

Ours is `binwatt serve` on a real SQLite store (synchronous=FULL): known stations with passwords, requests and replies
validated, a meter value answered only after its commit; at the end the acknowledged ones are counted in the store. Its
peers run in the same minutes, repetitions interleaved, and store nothing: a bare `websockets` echo, the plain `ocpp` +
`websockets` server with the packages' defaults, and the npm server `ocpp-rpc` in strict mode where node is at hand. 100
stations, each with one CALL under way at any time, no two meter values alike. Figures are processor microseconds of the
whole server (all threads, /proc schedstat) per message; and its memory per idle connection.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from load.processes import Server, ServerFailed, require_linux, running

from fleet.passwords import hash_password
from fleet.store import Store
from fleet.tables import Station

ROOT = Path(__file__).resolve().parents[2]
LOAD = ROOT / "tests" / "bench" / "load"
KINDS = ("Heartbeat", "MeterValues")
CONNECTIONS = 100
PASSWORD = "a station's secret"
TARGET_PLAIN_OVER_OURS = 10.0
GENERATOR_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Length:
    """How long is measured."""

    repetitions: int
    warm: float
    seconds: float
    idle: int
    """Idle connections counted; as many are opened before."""


SHORT = Length(1, 0.4, 0.8, 100)
FULL = Length(7, 0.7, 2.0, 1000)


@dataclass(slots=True)
class Peer:
    """A server and what was measured of it."""

    server: Server
    echo: bool = False
    password: str = ""
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    idle: dict[str, Any] = field(default_factory=dict)

    def cpu_us(self, kind: str) -> float:
        """Median processor microseconds per message."""
        return float(statistics.median(run["cpu_us"] for run in self.runs[kind]))


@contextlib.contextmanager
def serve_ours(folder: Path, stations: int, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """`binwatt serve` on a fresh store that knows `stations` stations; `settings`: further BINWATT_ variables."""
    url = f"sqlite:///{store_file(folder)}"
    store = Store.create(url)
    kept = hash_password(PASSWORD)
    with store.begin() as work:
        work.session.add_all(Station(station_id=f"CP{number:05d}", password_hash=kept) for number in range(stations))
    store.close()
    env = {name: value for name, value in os.environ.items() if not name.startswith("BINWATT_")}
    env |= {"BINWATT_DB": url, "BINWATT_STORE_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    env |= {"BINWATT_OCPP_PORT": "0", "BINWATT_HTTP_PORT": "0", **(settings or {})}
    with running("binwatt serve", [sys.executable, "-m", "console", "serve"], env, folder) as server:
        yield server


def store_file(folder: Path) -> Path:
    """Where our server keeps what it was told."""
    return folder / "binwatt.db"


def find_packages() -> tuple[Path | None, str]:
    """The folder with the npm peers, or None and why they cannot be had."""
    install = [sys.executable, str(ROOT / "tests" / "peers" / "install.py")]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    return (None, done.stderr.strip()) if done.returncode else (Path(done.stdout.strip()), "")


def start_peers(stack: contextlib.ExitStack, folder: Path, length: Length) -> tuple[dict[str, Peer], str]:
    """All servers; and why the npm one is missing, if it is."""

    def start(name: str, command: list[str], env: dict[str, str] | None = None) -> Server:
        return stack.enter_context(running(name, command, {**os.environ, **(env or {})}, folder))

    python = sys.executable
    peers = {
        "ours": Peer(stack.enter_context(serve_ours(folder, 2 * length.idle)), password=PASSWORD),
        "echo": Peer(start("websockets echo", [python, str(LOAD / "echo.py")]), echo=True),
        "plain": Peer(start("ocpp + websockets", [python, str(LOAD / "plain.py")])),
    }
    packages, missing = find_packages()
    if packages is not None:
        node = shutil.which("node") or "node"
        env = {"NODE_PATH": str(packages / "node_modules"), "NODE_ENV": "production"}
        peers["ocpp_rpc"] = Peer(start("ocpp-rpc strict", [node, str(LOAD / "strict.cjs")], env))
    return peers, missing


def measure(peer: Peer, *options: str) -> dict[str, Any]:
    """One run of the load generator against a server.

    Raises:
        ServerFailed: the generator could not connect, or an answer was not the one asked for.
    """
    command = [sys.executable, str(LOAD / "generator.py"), "--port", str(peer.server.port)]
    command += ["--pid", str(peer.server.pid), "--password", peer.password, *options]
    command += ["--echo"] if peer.echo else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=GENERATOR_SECONDS, check=False)
    if done.returncode or not done.stdout:
        raise ServerFailed(f"{peer.server.name}: the load generator failed: {done.stderr.strip()[-400:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    if figures["wrong"]:
        raise ServerFailed(f"{peer.server.name} gave {figures['wrong']} wrong answers, first: {figures['first_wrong']}")
    return figures


def measure_all(peers: dict[str, Peer], length: Length) -> None:
    """Memory while the servers are fresh, then every server in turn, so that a busy moment meets them all."""
    for peer in peers.values():
        if not peer.echo:
            peer.idle = measure(peer, "--idle", "--connections", str(length.idle))
    timing = ["--warm", str(length.warm), "--seconds", str(length.seconds)]
    for repetition in range(length.repetitions):
        for peer in peers.values():
            run = measure(peer, "--connections", str(CONNECTIONS), "--run", str(repetition), *timing)
            for kind in KINDS:
                peer.runs.setdefault(kind, []).append(run[kind])


def count_stored(folder: Path) -> int:
    """Meter values in our server's store."""
    with contextlib.closing(sqlite3.connect(f"file:{store_file(folder)}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM meter_value").fetchone()[0])


def describe_runs(peer: Peer, kind: str) -> dict[str, Any]:
    """The figures of one server and kind of message."""
    runs = peer.runs[kind]
    used = [run["cpu_us"] for run in runs]
    return {
        "cpu_us": peer.cpu_us(kind),
        "cpu_us_range": [min(used), max(used)],
        "per_second": round(statistics.median(run["per_second"] for run in runs)),
        "p50_ms": statistics.median(run["p50_ms"] for run in runs),
        "p99_ms": statistics.median(run["p99_ms"] for run in runs),
    }


def compare(peers: dict[str, Peer], missing: str) -> dict[str, Any]:
    """The ratios other programs read."""
    ours, echo, plain = peers["ours"], peers["echo"], peers["plain"]
    ratios: dict[str, Any] = {
        "heartbeat_vs_echo": round(ours.cpu_us("Heartbeat") / echo.cpu_us("Heartbeat"), 3),
        "meter_values_vs_echo": round(ours.cpu_us("MeterValues") / echo.cpu_us("MeterValues"), 3),
        "plain_over_ours_heartbeat": round(plain.cpu_us("Heartbeat") / ours.cpu_us("Heartbeat"), 2),
        "plain_over_ours_meter_values": round(plain.cpu_us("MeterValues") / ours.cpu_us("MeterValues"), 2),
        "ocpp_rpc_over_ours_meter_values": None,
    }
    if "ocpp_rpc" in peers:
        theirs = peers["ocpp_rpc"].cpu_us("MeterValues")
        ratios["ocpp_rpc_over_ours_meter_values"] = round(theirs / ours.cpu_us("MeterValues"), 2)
    else:
        ratios["ocpp_rpc_missing"] = missing
    return ratios


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="each server once, less than a second each")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    asked = parser.parse_args()
    require_linux()
    length = SHORT if asked.short else FULL
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        try:
            peers, missing = start_peers(stack, folder, length)
            measure_all(peers, length)
        except ServerFailed as error:
            sys.exit(str(error))
        acknowledged = sum(run["answered"] for run in peers["ours"].runs["MeterValues"])
        stored = count_stored(folder)
    result = {
        "connections": CONNECTIONS,
        "repetitions": length.repetitions,
        "seconds": length.seconds,
        "servers": {key: {kind: describe_runs(peer, kind) for kind in KINDS} for key, peer in peers.items()},
        "durable": {"acknowledged": acknowledged, "stored": stored, "missing": max(acknowledged - stored, 0)},
        "ratios": compare(peers, missing),
        "kib_per_connection": peers["ours"].idle["kib_per_connection"],
        "idle": {key: peer.idle for key, peer in peers.items() if peer.idle},
        "target_plain_over_ours_meter_values": TARGET_PLAIN_OVER_OURS,
    }
    show(result, peers, missing)
    if asked.json:
        print(json.dumps(result))
    if result["durable"]["missing"]:
        sys.exit(f"{result['durable']['missing']} meter values were acknowledged but are not in the store")


def show(result: dict[str, Any], peers: dict[str, Peer], missing: str) -> None:
    """The figures as text."""
    print(
        f"{CONNECTIONS} stations, one CALL each under way, {result['seconds']:g} s x {result['repetitions']}, medians"
    )
    print(f"  {'server CPU per message, microseconds':<40}{'Heartbeat':<24}MeterValues")
    for key, peer in peers.items():
        line = f"  {peer.server.name:<40}"
        for kind in KINDS:
            cell = result["servers"][key][kind]
            least, most = cell["cpu_us_range"]
            line += f"{cell['cpu_us']:.1f} [{least:.1f}-{most:.1f}]".ljust(24)
        print(line.rstrip())
    if missing:
        print(f"  ocpp-rpc strict: not measured, {missing}")
    for name, value in result["ratios"].items():
        print(f"  {name:<40}{value}")
    for key, idle in result["idle"].items():
        named = f"KiB per idle connection, {peers[key].server.name}"
        print(f"  {named:<40}{idle['kib_per_connection']}  ({idle['connections']} connections)")
    print("  {acknowledged} meter values acknowledged, {stored} in the store".format(**result["durable"]))


if __name__ == "__main__":
    main()
