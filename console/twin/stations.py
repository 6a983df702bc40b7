"""`binwatt twin stations`: a crowd of stations against any central system, watched in one line and summed up."""

from __future__ import annotations

import asyncio
import csv
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.errors import ConsoleError
from fleet.clock import Clock, Pace, PacedClock, WallClock

if TYPE_CHECKING:
    from chargers.twin.crowd import Crowd
    from chargers.twin.yard import Yard

LOOK_SECONDS = 1.0
SHOWN_COMPLAINTS = 5
SPARE_FILES = 64


@dataclass(frozen=True, slots=True)
class Play:
    """How a crowd is played. a_second: meter readings over all, 0 for each station's own; seconds: 0 is until ended."""

    url: str
    seconds: float = 0.0
    a_second: float = 0.0
    ramp: float = 200.0
    speed: float = 1.0
    token: str = "TWIN"  # noqa: S105 - the card the vehicles' drivers show
    roots_pem: str = ""
    seed: int = 1
    watched: bool = False
    """Whether a line on stderr tells how it goes."""


def play_stations(crowd: Crowd, passwords: Mapping[str, str], play: Play) -> dict[str, Any]:
    """Play until the time is up or somebody interrupts, and sum up."""
    _allow_files(crowd.count + SPARE_FILES)
    try:
        import uvloop
    except ImportError:  # not on every system
        return asyncio.run(_play(crowd, passwords, play))
    return uvloop.run(_play(crowd, passwords, play))


async def _play(crowd: Crowd, passwords: Mapping[str, str], play: Play) -> dict[str, Any]:
    from chargers.twin.crowd import drive, read_meters
    from chargers.twin.pacing import Pacing, pace_of
    from chargers.twin.yard import run_stations

    clock = _clock(play.speed)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, ended.set)
    began, cpu = loop.time(), time.process_time()
    async with run_stations(
        crowd.specs(),
        url=play.url,
        clock=clock,
        pace=pace_of(clock),
        passwords=passwords,
        seed=play.seed,
        roots_pem=play.roots_pem,
        a_second=play.ramp,
    ) as yard:
        stations = list(yard.values())
        lives = [asyncio.create_task(drive(stations, Pacing(clock, pace_of(clock)), play.token, play.seed))]
        if play.a_second > 0:
            lives.append(asyncio.create_task(read_meters(stations, play.a_second)))
        try:
            await _watch(yard, play, ended)
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
        for life in lives:
            if not life.cancelled():
                life.result()  # what went wrong in it
        return sum_up(yard, loop.time() - began, time.process_time() - cpu)


async def _watch(yard: Yard, play: Play, ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    began, before = loop.time(), 0
    while not ended.is_set():
        left = play.seconds - (loop.time() - began) if play.seconds > 0 else LOOK_SECONDS
        if left <= 0:
            break
        try:
            async with asyncio.timeout(min(left, LOOK_SECONDS)):
                await ended.wait()
        except TimeoutError:
            if play.watched:
                sent = yard.tally.sent.total()
                sys.stderr.write(f"\r{_line(yard, loop.time() - began, sent - before)}\x1b[K")
                sys.stderr.flush()
                before = sent
    if play.watched:
        sys.stderr.write("\n")


def _line(yard: Yard, seconds: float, rate: int) -> str:
    tally = yard.tally
    slowest = tally.latency.quantile(0.99)
    parts = [
        f"{seconds:.0f} s",
        f"{yard.registered:,} of {len(yard):,} connected",
        f"sent {tally.sent.total():,} ({rate:,}/s)",
        f"answered {tally.answers:,}",
        f"errors {_errors(yard):,}",
    ]
    return "  ".join([*parts, f"p99 {slowest * 1000:.0f} ms"] if slowest is not None else parts)


def _errors(yard: Yard) -> int:
    tally = yard.tally
    return tally.failures + len(tally.complaints) + len(tally.errors)


def sum_up(yard: Yard, seconds: float, cpu_seconds: float) -> dict[str, Any]:
    """What came of it, as one JSON object."""
    tally = yard.tally
    quantiles = {name: tally.latency.quantile(share) for name, share in (("p50", 0.5), ("p99", 0.99))}
    return {
        "stations": len(yard),
        "connected": yard.registered,
        "seconds": round(seconds, 2),
        "sent": tally.sent.total(),
        "received": tally.received.total(),
        "answered": tally.answers,
        "a_second": round(tally.sent.total() / seconds, 1) if seconds else 0.0,
        "failures": tally.failures,
        "refusals": dict(tally.refusals),
        "complaints": list(tally.complaints),
        "broken": list(tally.errors),
        "latency_ms": {name: None if value is None else round(value * 1000, 2) for name, value in quantiles.items()},
        "cpu_seconds": round(cpu_seconds, 2),
        "actions": dict(tally.sent),
    }


def describe(figures: Mapping[str, Any]) -> str:
    """The same for a person."""
    latency = figures["latency_ms"]
    shown = "no answer came" if latency["p50"] is None else f"p50 {latency['p50']:.1f} ms, p99 {latency['p99']:.1f} ms"
    refusals = "".join(f", {reason} {times:,} times" for reason, times in figures["refusals"].items())
    lines = [
        f"{figures['connected']:,} of {figures['stations']:,} stations connected after {figures['seconds']:.0f} s",
        f"sent {figures['sent']:,} ({figures['a_second']:,.0f}/s), answered {figures['answered']:,}; {shown}",
        f"asked by the server {figures['received']:,} times; failures {figures['failures']:,}{refusals}",
        f"the stations took {figures['cpu_seconds']:.1f} s of processor time",
    ]
    faults = [*figures["broken"], *figures["complaints"]]
    lines += [f"  {fault}" for fault in faults[:SHOWN_COMPLAINTS]]
    if len(faults) > SHOWN_COMPLAINTS:
        lines.append(f"  … and {len(faults) - SHOWN_COMPLAINTS} more")
    return "\n".join(lines)


def read_passwords(path: Path) -> dict[str, str]:
    """Station and key of each line of a CSV. Raises ConsoleError."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = [[cell.strip() for cell in row] for row in csv.reader(lines) if row]
    except OSError as error:
        raise ConsoleError(f"{path}: {error.strerror}: name a CSV of stations and their keys") from None
    for number, row in enumerate(rows, start=1):
        if len(row) < 2 or not row[0]:
            raise ConsoleError(f"{path}, line {number}: a station and its key are expected, with a comma between")
    return {row[0]: row[1] for row in rows}


def _clock(speed: float) -> Clock:
    wall = WallClock()
    if speed == 1.0:
        return wall
    begun = wall.now()
    pace = Pace(begun, begun, speed)
    return PacedClock(lambda: pace)


def _allow_files(wanted: int) -> None:
    """As many open connections as the system lets us have."""
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
