"""A server as a process, and what the operating system knows of it: processor time of all its threads, its memory."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 10


class ServerFailed(Exception):
    """A server did not start; the text holds what it said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    pid: int
    port: int


def cores() -> tuple[set[int], set[int]]:
    """One core for the servers, another for the load; the same where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return {allowed[0]}, {allowed[-1]}


@contextlib.contextmanager
def running(name: str, command: Sequence[str], env: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """Start a server that prints a JSON object with `ocpp_port` once it listens; end it with the block.

    Raises:
        ServerFailed
    """
    with tempfile.TemporaryFile("w+", dir=folder) as said:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=said,
            env=dict(env),
            text=True,
            cwd=folder,
            preexec_fn=lambda: os.sched_setaffinity(0, cores()[0]),  # noqa: PLW1509 - no threads here yet
        )
        try:
            port = _read_port(process)
            if port is None:
                process.kill()
                process.wait()
                said.seek(0)
                raise ServerFailed(f"{name} did not start: {said.read().strip()[-400:] or 'it said nothing'}")
            yield Server(name, process.pid, port)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _read_port(process: subprocess.Popen[str]) -> int | None:
    assert process.stdout is not None
    until = time.monotonic() + START_SECONDS
    while (left := until - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            break
        line = process.stdout.readline()
        if not line:
            break
        with contextlib.suppress(ValueError):
            return int(json.loads(line)["ocpp_port"])
    return None


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += tree(int(child))
    return found


def cpu_ns(pid: int) -> int:
    """Processor nanoseconds of every thread of a process tree so far."""
    total = 0
    for process in tree(pid):
        for path in Path(f"/proc/{process}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):  # a thread that has just ended
                total += int(path.read_text().split()[0])
    return total


def rss_kib(pid: int) -> int:
    """Resident memory of a process tree."""
    total = 0
    for process in tree(pid):
        status = Path(f"/proc/{process}/status").read_text()
        total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return total


def require_linux() -> None:
    """End with one line where there is no /proc to read."""
    if not Path("/proc/self/schedstat").exists():
        sys.exit("this benchmark reads /proc/<pid>/task/*/schedstat: it needs Linux")
