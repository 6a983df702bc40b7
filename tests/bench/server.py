"""CPU the central system spends per message, durable, beside a bare echo and two other OCPP servers in the same run.

    python tests/bench/server.py [--short] [--json]

Heartbeat, and MeterValues of six samples with a timestamp never sent before, from 100 connected stations in a closed loop.
Subjects are interleaved, medians are taken. Ours writes every MeterValues to SQLite with synchronous=FULL before it
answers; the others store nothing. The npm server is left out where node or its package cannot be had.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers" / "ocpp_rpc"))

from install import install

CONNECTIONS = 100
TARGET_PLAIN_OVER_OURS = 10.0
KINDS = ("heartbeat", "meter_values")


@dataclass
class Subject:
    """A server under load."""

    name: str
    process: subprocess.Popen[str]
    port: int


def start(name: str, command: list[str], folder: Path) -> Subject:
    """Start a server and read its port."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("PORT "):
        process.kill()
        raise SystemExit(f"{name} did not start: {line.strip() or 'no output'}")
    return Subject(name, process, int(line.split()[1]))


def stop(subject: Subject) -> None:
    """End a server."""
    subject.process.kill()
    subject.process.wait()
    if subject.process.stdout is not None:
        subject.process.stdout.close()


def load(subject: Subject, kind: str, count: int, warm: float, seconds: float) -> dict[str, Any]:
    """One measurement."""
    arguments = [str(subject.port), str(subject.process.pid), kind, str(count), str(warm), str(seconds), subject.name]
    done = subprocess.run(
        [sys.executable, str(HERE / "server_load.py"), *arguments], capture_output=True, text=True, timeout=180, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"load on {subject.name} failed: {done.stderr.strip().splitlines()[-1:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if figures["wrong"]:
        raise SystemExit(f"{subject.name} gave {figures['wrong']} wrong answers")
    return figures


def measure(rounds: int, seconds: float, idle: int) -> dict[str, Any]:
    """All subjects, interleaved."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="binwatt-bench-")))
        stations = str(max(CONNECTIONS, idle))
        commands = {
            name: ([sys.executable, str(HERE / "server_subjects.py"), name, str(folder), stations], folder)
            for name in ("echo", "plain", "ours")
        }
        peer, why_not = install()
        if peer is not None:
            commands["ocpp_rpc"] = (["node", "server.mjs"], peer)
        else:
            print(f"ocpp-rpc is left out: {why_not}", file=sys.stderr)
        subjects = []
        for name, (command, place) in commands.items():
            subjects.append(start(name, command, place))
            ending.callback(stop, subjects[-1])
        memory = load(next(one for one in subjects if one.name == "ours"), "idle", idle, 2.0, 0.0)
        found: dict[str, dict[str, list[float]]] = {one.name: {kind: [] for kind in KINDS} for one in subjects}
        for _ in range(rounds):
            for kind in KINDS:
                for subject in subjects:
                    figures = load(subject, kind, CONNECTIONS, 0.5, seconds)
                    found[subject.name][kind].append(figures["cpu_us"])
    medians = {name: {kind: statistics.median(values) for kind, values in by.items()} for name, by in found.items()}
    return {"cpu_us": medians, "all": found, "kib_per_connection": memory["kib_per_connection"], "without": why_not}


def ratios_of(cpu: dict[str, dict[str, float]]) -> dict[str, float | None]:
    """The ratios the house promises."""
    ours = cpu["ours"]
    rpc = cpu.get("ocpp_rpc")
    return {
        "heartbeat_vs_echo": round(ours["heartbeat"] / cpu["echo"]["heartbeat"], 2),
        "meter_values_vs_echo": round(ours["meter_values"] / cpu["echo"]["meter_values"], 2),
        "plain_over_ours_meter_values": round(cpu["plain"]["meter_values"] / ours["meter_values"], 1),
        "ocpp_rpc_over_ours_meter_values": None if rpc is None else round(rpc["meter_values"] / ours["meter_values"], 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="one round, less than a minute")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    asked = parser.parse_args()
    rounds, seconds, idle = (1, 1.5, 500) if asked.short else (5, 3.0, 2000)
    found = measure(rounds, seconds, idle)
    result = {
        "connections": CONNECTIONS,
        "rounds": rounds,
        "cpus": os.cpu_count(),
        "cpu_us": {name: {kind: round(us, 1) for kind, us in by.items()} for name, by in found["cpu_us"].items()},
        "ratios": ratios_of(found["cpu_us"]),
        "target_plain_over_ours_meter_values": TARGET_PLAIN_OVER_OURS,
        "kib_per_connection": round(found["kib_per_connection"], 1),
        "left_out": found["without"],
    }
    print(f"CPU per message, {CONNECTIONS} stations in a closed loop, {rounds} round(s) of {seconds} s, median [least, most]")
    for name, by in found["all"].items():
        line = "   ".join(
            f"{kind} {statistics.median(values):7.1f} us [{min(values):.0f}, {max(values):.0f}]"
            for kind, values in by.items()
        )
        print(f"  {name:10} {line}")
    print(f"  memory of an idle connection: {result['kib_per_connection']} KiB")
    if asked.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
