"""The report of a plan: as figures, as text, as one page, now and later, beside last week's."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from console.nightly import make_plan
from console.report import sum_up
from console.report_pdf import draw_report
from console.report_text import describe
from console.report_words import CODES, WORDS
from console.settle import settle
from fleet.clock import FixedClock, Pace
from fleet.settings import CitySettings, PlanSettings, Settings, StoreSettings
from fleet.store import Store
from fleet.twin.city import draw_city
from fleet.twin.opening import OPENING
from routing.plan import Reason

DAY = (OPENING + timedelta(days=1)).date()


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small simulated city and its plan for the next day and for the same weekday before."""
    folder = tmp_path_factory.mktemp("planned")
    store = Store.create(f"sqlite:///{folder / 'city.db'}", FixedClock(OPENING))
    for _ in settle(store, draw_city(1, "small"), folder):
        pass
    with store.begin() as work:
        work.places.set_pace(Pace(OPENING, OPENING, 0.0), "test")
        for truck in work.trucks.all():
            truck.co2_kg_per_km = 0.0 if truck.battery_kwh else 1.5
            work.session.add(truck)
    for days in (7, 0):
        day = DAY - timedelta(days=days)
        make_plan(store, options(folder), day=day, seconds=0.5, publish=True, seed=0, who="test", days=3 - days // 3)
    store.close()
    return folder


def options(folder: Path) -> Settings:
    return Settings(
        store=StoreSettings(data_dir=str(folder)), city=CitySettings(simulated=True), plan=PlanSettings(engine="own")
    )


@pytest.fixture
def store(planned: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copyfile(planned / "city.db", tmp_path / "city.db")
    opened = Store.open(f"sqlite:///{tmp_path / 'city.db'}", FixedClock(OPENING))
    yield opened
    opened.close()


def figures_of(store: Store, folder: Path) -> dict:
    with store.read() as work:
        plan = work.plans.published(DAY)
        return sum_up(work, work.plans.whole(plan.plan_id), options(folder))


def test_totals_are_the_sums_of_the_trucks(store: Store, tmp_path: Path):
    """Kilometres, bins, mass, energy, money and CO2 of the plan are those of its routes; CO2 by source."""
    figures = figures_of(store, tmp_path)
    rows = figures["trucks"]
    for name in ("km", "hours", "kwh", "cost", "co2_kg"):
        assert figures[name] == pytest.approx(sum(row[name] for row in rows), abs=0.2)
    assert figures["served"] == sum(len(row["served"]) for row in rows)
    for row in rows:
        expected = row["kwh"] * 0.6 if row["electric"] else row["km"] * 1.5
        assert row["co2_kg"] == pytest.approx(expected, abs=0.1)


def test_every_bin_has_its_reason(store: Store, tmp_path: Path):
    """Served and left by reason add up to all bins, and every code is one the report has words for."""
    figures = figures_of(store, tmp_path)
    assert sum(figures["served_by_reason"].values()) == figures["served"]
    assert sum(figures["left_by_reason"].values()) == figures["left"]
    assert figures["served"] + figures["left"] == figures["bins"] == 120
    for language, codes in CODES.items():
        assert set(figures["served_by_reason"]) | set(figures["left_by_reason"]) <= set(codes), language
        assert {reason.name.lower() for reason in Reason} <= set(codes), language


def test_expected_overflows_are_a_sum_of_chances(store: Store, tmp_path: Path):
    """What is expected to run over: the left by their next round, the served before their truck comes."""
    figures = figures_of(store, tmp_path)
    left = sum(one["overflow_p"] for one in figures["left_bins"])
    assert left <= figures["expected_overflows"] < figures["bins"]


def test_last_week_is_compared(store: Store, tmp_path: Path):
    """The plan of the same weekday a week before is named, with the change of each figure."""
    figures = figures_of(store, tmp_path)
    week = figures["last_week"]
    assert week["day"] == (DAY - timedelta(days=7)).isoformat()
    with store.read() as work:
        before = work.plans.get(week["plan_id"])
    assert week["change"]["km"]["was"] == pytest.approx(before.km, abs=0.01)
    assert week["change"]["km"]["change"] == pytest.approx(figures["km"] - before.km, abs=0.02)
    assert f"against {week['day']}, plan {week['plan_id']}" in describe(figures)


def test_text_names_each_truck(store: Store, tmp_path: Path):
    """The text has a line for every truck and one for the reasons."""
    figures = figures_of(store, tmp_path)
    text = describe(figures)
    assert all(f"  {row['truck']} " in text for row in figures["trucks"])
    assert "  served: " in text
    assert "  left: " in text


def test_many_missed_bins_are_told_by_reason(store: Store, tmp_path: Path):
    """A dozen missed bins are told each with its figures, hundreds by reason."""
    figures = figures_of(store, tmp_path)
    missed = [{"bin": f"BIN-{number}", "reason": "capacity: 90% now"} for number in range(200)]
    assert "left: BIN-3: capacity: 90% now" in describe({**figures, "unserved_bins": missed[:5]})
    text = describe({**figures, "unserved_bins": missed})
    assert "left: 200 due bins, capacity: BIN-0, BIN-1," in text
    assert "BIN-150" not in text


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_pdf_is_one_page_in_each_language(store: Store, tmp_path: Path, language):
    """The page holds the kilometres, every truck and, in Latin script, the words of its language."""
    figures = figures_of(store, tmp_path)
    file = PdfReader(io.BytesIO(draw_report(figures, "Berkane", language)))
    assert len(file.pages) == 1
    text = file.pages[0].extract_text()
    assert str(figures["served"]) in text
    assert str(figures["km"]) in text
    assert all(row["truck"] in text for row in figures["trucks"])
    if language != "ar":
        assert WORDS[language]["trucks"] in text
    assert set(WORDS[language]) == set(WORDS["en"])


def test_pdf_of_a_hard_night_stays_one_page(store: Store, tmp_path: Path):
    """Forty trucks, sixty missed bins and thirty notes: one page, and what does not fit is counted."""
    figures = figures_of(store, tmp_path)
    figures["trucks"] = [{**figures["trucks"][0], "truck": f"T{number}"} for number in range(40)]
    figures["unserved_bins"] = [{"bin": f"BIN-{number:04}", "reason": "capacity"} for number in range(60)]
    figures["without"] = [f"note {number}: " + "a long sentence of what was missing " * 4 for number in range(30)]
    file = PdfReader(io.BytesIO(draw_report(figures, "Berkane", "en")))
    assert len(file.pages) == 1
    text = file.pages[0].extract_text()
    assert "… and 22 more" in text
    assert "… and 42 more" in text


def test_show_by_command(store: Store, tmp_path: Path):
    """`binwatt plan show` prints the plan in force as text, JSON or PDF; an unknown number is one line."""

    def show(*arguments: str) -> subprocess.CompletedProcess[str]:
        mine = {name: value for name, value in os.environ.items() if not name.startswith("BINWATT_")}
        env = {**mine, "BINWATT_DB": str(store.url), "BINWATT_STORE_DATA_DIR": str(tmp_path)}
        command = [sys.executable, "-m", "console", "plan", "show", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    figures = json.loads(show("--json").stdout)
    assert figures == json.loads(json.dumps(figures_of(store, tmp_path)))
    assert show("--report", "text").stdout.startswith(f"Plan {figures['plan_id']} for {DAY} (published)")
    page = tmp_path / "report.pdf"
    assert show(str(figures["plan_id"]), "--report", str(page)).stdout.strip() == str(page)
    assert page.read_bytes().startswith(b"%PDF")
    assert show("999").returncode == 2
    assert show("--report", "page.doc").returncode == 2
    assert show("--report", str(tmp_path / "no" / "page.pdf")).returncode == 1
