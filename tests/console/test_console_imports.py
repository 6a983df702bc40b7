"""What starting the console may load: a skeleton is painted first, everything heavy comes later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "ortools",
    "numpy",
    "pandas",
    "scipy",
    "alembic",
    "ocpp",
    "osmium",
    "sqlalchemy",
    "sqlmodel",
    "httpx",
    "babel",
    "fastapi",
)


@pytest.mark.parametrize("module", ["console.app"])
def test_importing_the_console_loads_nothing_heavy(module):
    """No solver, no numpy, no database library, no protocol library is loaded before the first paint."""
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=root
    )
    assert done.stdout.strip() == "[]"
