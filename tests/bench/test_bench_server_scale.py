"""The bench at scale in its short form: it paces, storms and prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("server_scale.py")


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="reads processor time from Linux's /proc")
def test_a_paced_load_is_stored_and_a_storm_loses_no_one() -> None:
    """Every acknowledged meter value is in the store; every station is back."""
    command = [sys.executable, str(SCRIPT), "paced", "storm", "--short", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["paced"]["stored"] >= found["paced"]["answered"] > 0
    assert found["storm"]["lost"] == 0
