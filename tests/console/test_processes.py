"""Child processes of the demo: they speak, they end when asked, and they never outlive who started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.errors import JobFailed
from console.processes import Child

ROOT = Path(__file__).parents[2]


@pytest.fixture
def env(sqlite_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "BINWATT_DB": sqlite_url,
        "BINWATT_STORE_DATA_DIR": str(tmp_path),
        "BINWATT_OCPP_PORT": "0",
        "BINWATT_HTTP_PORT": "0",
    }


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def test_server_tells_its_ports_and_its_counts(env: dict[str, str], tmp_path: Path):
    """It listens before it speaks, and says what it did when it is asked to end."""
    child = Child("serve", [], env, tmp_path / "log")
    ports = child.said(30)
    assert ports["ocpp_port"] > 0
    assert ports["http_port"] > 0
    figures = child.end()
    assert figures is not None
    assert figures["errors"] == []
    assert not child.running


def test_child_that_cannot_start_gives_its_own_words(env: dict[str, str], tmp_path: Path):
    """A child that ends at once is an error with the line it left."""
    child = Child("serve", [], {**env, "BINWATT_OCPP_UNKNOWN_STATIONS": "ask"}, tmp_path / "log")
    with pytest.raises(JobFailed, match="is not one of 'refuse', 'park'"):
        child.said(30)
    child.end()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see whether a process lives")
def test_children_end_when_their_parent_is_killed(env: dict[str, str], tmp_path: Path):
    """kill -9 of the demo leaves no server behind."""
    code = (
        "import sys, time; from pathlib import Path; from console.processes import Child;"
        f"child = Child('serve', [], {env!r}, Path({str(tmp_path / 'log')!r}));"
        "child.said(30); print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert lives(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    parent.stdout.close()
    until = time.monotonic() + 20
    while lives(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not lives(pid)
