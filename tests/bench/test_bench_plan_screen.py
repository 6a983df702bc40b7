"""The bench of the Plan screen runs in its short form and prints its figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.bench
@pytest.mark.slow
def test_the_plan_screen_bench_prints_its_figures():
    """The last line is one object with the slowest kind of frame beside its target."""
    script = Path(__file__).with_name("plan_screen.py")
    done = subprocess.run(
        [sys.executable, str(script), "--short", "--json"], capture_output=True, text=True, check=True, timeout=180
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["stops"] == 2000
    assert figures["p95_ms"] > 0
    assert set(figures["ours"]) >= {"cursor in the stops", "map panned", "another route"}
