"""The server's benchmark in its short form: it measures the finished server and prints what other programs read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("server.py")


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="reads processor time from Linux's /proc")
def test_the_servers_benchmark_prints_its_figures() -> None:
    """Every promised key is there, no acknowledged meter value is missing, and ours is below the plain server."""
    command = [sys.executable, str(SCRIPT), "--short", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    ratios = found["ratios"]
    assert ratios["plain_over_ours_meter_values"] > 1
    assert ratios["heartbeat_vs_echo"] > 0
    assert ratios["meter_values_vs_echo"] > 0
    assert (ratios["ocpp_rpc_over_ours_meter_values"] is None) == ("ocpp_rpc_missing" in ratios)
    assert found["durable"]["missing"] == 0
    assert found["durable"]["acknowledged"] > 0
    assert isinstance(found["kib_per_connection"], float)
