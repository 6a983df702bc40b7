"""The depot's benchmarks in their short form: they print what other programs read, and the plan keeps its promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def figures(script):
    command = [sys.executable, str(HERE / script), "--short", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.bench
@pytest.mark.slow
def test_the_depots_benchmark_prints_its_figures():
    """CPU times of three sizes, their ratio to a linear programme, and a cost within a thousandth of its optimum."""
    found = figures("depot.py")
    assert set(found["cpu_ms"]) == set(found["replan_ms"]) == {"20", "100", "500"}
    assert found["ratios"]["lp_with_build_over_ours_500"] > 1
    for by_site in found["sites"].values():
        for one in by_site.values():
            assert one["cost_over_lp"] == pytest.approx(1.0, abs=1e-3)
            assert one["delivered"] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.bench
@pytest.mark.slow
def test_the_closed_loop_keeps_the_limit_and_saves_money():
    """On nights of surprises no policy breaks the limit, and the plan is a fifth cheaper than least laxity first."""
    found = figures("depot_night.py")
    assert found["saved_against_least_laxity"]["normal"] > 0.2
    for one in found["sites"]["normal"].values():
        assert one["minutes_over_limit"] == 0.0
        assert one["ready"] >= 0.95
