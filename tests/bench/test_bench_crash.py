"""The crash test in its short form: three kills of the finished server under load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("crash.py")


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="pins processes to cores as Linux does")
def test_three_kills_lose_nothing_and_double_nothing() -> None:
    """Acknowledged meter values, charges and orders are in the store once, after kill -9 in the middle of things."""
    command = [sys.executable, str(SCRIPT), "--short", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["kills"] == 3
    assert found["meter_values_acknowledged"] > 500
    assert found["orders_accepted"] > 0
