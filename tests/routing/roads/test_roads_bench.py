"""The benchmark of the road engine runs and prints its figures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.bench
@pytest.mark.slow
def test_the_matrix_benchmark_ends_with_one_object(tmp_path):
    """On any machine, without the data folder: build, cache, both sizes, the peer, the ratios."""
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "bench" / "matrix.py", "--short", "--json"],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": "", "BINWATT_DATA": str(tmp_path)},
    )
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["extract"] == "lattice"
    assert set(result["points"]) == set(result["peer_scipy_junctions"]) == {"500", "2000"}
    assert 0 < result["ratios"]["ours_over_scipy_junctions"]["2000"] < 6
    assert result["load_ms"] < 500
    assert result["points"]["2000"]["peak_mib"] < 600
