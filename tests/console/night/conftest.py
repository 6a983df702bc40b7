"""A small simulated city on the evening before a plan, and the night job as these tests call it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import fleet.store.engine
from console.nightly import make_plan
from console.settle import settle
from fleet.clock import FixedClock, Pace
from fleet.settings import CitySettings, PlanSettings, Settings, StoreSettings
from fleet.store import Store
from fleet.twin.city import draw_city
from fleet.twin.opening import OPENING

DAY = (OPENING + timedelta(days=1)).date()


@dataclass(frozen=True)
class Night:
    """The job on one store, called or as a command."""

    store: Store
    settings: Settings
    folder: Path

    def plan(self, settings: Settings | None = None, **options: object) -> dict[str, Any]:
        """Make tomorrow's plan and put it in force."""
        wanted = {"day": DAY, "seconds": 0.5, "publish": True, "seed": 0, "who": "test", **options}
        return make_plan(self.store, settings or self.settings, **wanted)  # type: ignore[arg-type] # a table of options

    def in_force(self) -> int | None:
        """The number of tomorrow's plan."""
        with self.store.read() as work:
            row = work.plans.published(DAY)
        return None if row is None else row.plan_id

    def command(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """`binwatt …` on the same store."""
        command = [sys.executable, "-m", "console", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=90, check=False, **options
        )

    @property
    def environment(self) -> dict[str, str]:
        """Of a process on the same store."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("BINWATT_")}
        return {
            **mine,
            "BINWATT_DB": str(self.store.url),
            "BINWATT_STORE_DATA_DIR": str(self.folder),
            "BINWATT_PLAN_ENGINE": "own",
            "BINWATT_SETTINGS": os.devnull,
        }

    @staticmethod
    def one_line(said: str) -> str:
        """What was said on stderr, after a look that it was one line and no traceback."""
        assert "Traceback" not in said
        lines = said.strip().splitlines()
        assert len(lines) == 1, said
        return lines[0]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small simulated city in a store, its time standing at the opening."""
    folder = tmp_path_factory.mktemp("city")
    store = Store.create(f"sqlite:///{folder / 'city.db'}", FixedClock(OPENING))
    for _ in settle(store, draw_city(1, "small"), folder):
        pass
    with store.begin() as work:
        work.places.set_pace(Pace(OPENING, OPENING, 0.0), "test")
    store.close()
    return folder


@pytest.fixture
def city(settled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A fresh copy of it, at its opening; who waits for its lock waits briefly."""
    monkeypatch.setattr(fleet.store.engine, "BUSY_SECONDS", 0.3)
    shutil.copyfile(settled / "city.db", tmp_path / "city.db")
    store = Store.open(f"sqlite:///{tmp_path / 'city.db'}", FixedClock(OPENING))
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        store=StoreSettings(data_dir=str(tmp_path)),
        city=CitySettings(simulated=True),
        plan=PlanSettings(engine="own"),
    )


@pytest.fixture
def night(city: Store, settings: Settings, tmp_path: Path) -> Night:
    """The job on that city."""
    return Night(city, settings, tmp_path)
