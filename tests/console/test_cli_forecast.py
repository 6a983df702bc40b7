"""`binwatt forecast` as a person meets it."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.cli import app
from console.forecasts import backtest_file, describe_backtest
from fleet.clock import FixedClock
from fleet.settings import Settings
from fleet.store import Store
from fleet.tables import Bin, Reading


@pytest.fixture
def env(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINWATT_DB", sqlite_url)
    monkeypatch.setenv("BINWATT_STORE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Two bins for five weeks, four readings a day, emptied every fourth day."""
    rows = ["bin,time,fill"]
    for day in range(35):
        for hour in (0, 6, 12, 18):
            for number, name in enumerate(("A", "B")):
                fill = 22 * ((day + hour / 24 + 2 * number) % 4) + hour % 4
                rows.append(f"{name},2026-01-{day + 1:02d}T{hour:02d}:00Z,{fill:.1f}" if day < 31 else
                            f"{name},2026-02-{day - 30:02d}T{hour:02d}:00Z,{fill:.1f}")  # fmt: skip
    path = tmp_path / "history.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def read_store(store: Store, clock: FixedClock) -> Store:
    with store.begin() as work:
        work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3, quarter="Centre"))
        for step in range(120):
            at = clock.now() - timedelta(hours=4 * step)
            fill = 0.2 * (3.9 - 4 * step / 24 % 4)
            work.bins.take_reading(Reading(key=f"{step}", bin_id="A", measured_at=at, received_at=at, fill=fill))
    return store


def test_backtest_prints_tables_and_json(env, history):
    """Every model by hours ahead, coverage, Brier and CPU, in all and per bin; with --json one object."""
    shown = CliRunner().invoke(app, ["forecast", "backtest", str(history), "--per-bin"])
    assert shown.exit_code == 0, shown.output
    for words in (
        "levels taken as percent",
        "persistence",
        "last rate",
        "90 % coverage",
        "Brier",
        "us a reading",
        "\nA ",
    ):
        assert words in shown.output
    told = CliRunner().invoke(app, ["forecast", "backtest", str(history), "--json"])
    figures = json.loads(told.stdout)
    assert figures["total"]["skill_mae_24h"] > 0
    assert "bins" not in figures
    assert figures["us_per_reading"] > 0


def test_backtest_shows_its_progress_on_a_terminal_only(history, monkeypatch):
    """A bar on stderr where that is a terminal, and nothing of it left when done; else silence."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen, pipe = Terminal(), io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    backtest_file(history, Settings(), 0.8)
    monkeypatch.setattr("sys.stderr", pipe)
    figures = backtest_file(history, Settings(), 0.8)
    assert "nights" in screen.getvalue()
    assert screen.getvalue().endswith("\r")
    assert pipe.getvalue() == ""
    assert "history.csv" in describe_backtest(figures, per_bin=False)


def test_backtest_needs_one_history(env):
    """A file or the store, and not neither."""
    assert CliRunner().invoke(app, ["forecast", "backtest"]).exit_code == 2


def test_show_and_rebuild_on_a_store(env, read_store, monkeypatch):
    """A bin hour by hour with its health; rebuild keeps what it learned; an unknown bin is one line."""
    runner = CliRunner()
    monkeypatch.setattr("console.cli._store", lambda *_args, **_options: read_store)
    told = runner.invoke(app, ["forecast", "show", "A", "--hours", "24", "--json"])
    assert told.exit_code == 0, told.output
    figures = json.loads(told.stdout)
    assert figures["health"] == "ok"
    assert figures["group"] == "mixed|Centre"
    assert len(figures["hours"]) == 25
    assert figures["hours"][0]["q50"] == pytest.approx(0.78, abs=0.05)
    assert figures["hours"][-1]["overflow_p"] >= figures["hours"][0]["overflow_p"]
    assert "P(overflow)" in runner.invoke(app, ["forecast", "show", "A"]).output
    assert "1 bins learned from 120 readings" in runner.invoke(app, ["forecast", "rebuild"]).output
    with read_store.read() as work:
        assert work.forecasts.state("A") is not None
    assert "no bin is known as 'Z'" in str(runner.invoke(app, ["forecast", "show", "Z"]).exception)
    assert "bins" in json.loads(runner.invoke(app, ["forecast", "backtest", "--store", "--per-bin", "--json"]).stdout)
