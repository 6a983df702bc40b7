"""The bin forecast: figures on a simulated city, on a real history, and its behaviour on single bins."""

from __future__ import annotations

import importlib.util
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from routing.errors import ForecastError
from routing.forecast import BinForecast, Emptying, Reading, Tuning, learn

NOW = datetime(2026, 3, 20, 20, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_forecast", ROOT / "tests" / "bench" / "forecast.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def steady(
    rate: float = 0.3, days: float = 20, every: float = 4, cycle: float = 3, noise: float = 0.02
) -> list[Reading]:
    """A bin that fills evenly and is emptied every `cycle` days, its last emptying one and a half days before NOW."""
    draw = Random(3)
    first = NOW - timedelta(days=days)
    readings = []
    for step in range(int(days * 24 / every) + 1):
        at = first + timedelta(hours=step * every)
        since = ((at - NOW).total_seconds() / 86_400 + 1.5) % cycle
        readings.append(Reading("B", at, min(1.0, max(0.0, rate * since + draw.gauss(0, noise)))))
    return readings


def forecast(readings: list[Reading], emptyings: tuple[Emptying, ...] = (), now: datetime = NOW) -> BinForecast:
    return learn(["B"], readings, emptyings, now).bins["B"]


@pytest.mark.parametrize("seed", [1, 2])
def test_simulated_city_meets_its_targets(bench, seed):
    """On the simulation skill is at least .50, coverage .86 to .94, Brier at most .10, hours to full within 11."""
    figures = bench.score_simulation(seed, nights=range(112, 148, 4))
    assert figures["skill_24h"] >= 0.50
    assert 0.86 <= figures["coverage_90"] <= 0.94
    assert figures["brier_24h"] <= 0.10
    assert figures["hours_to_full_mae"] <= 11
    assert figures["emptying_recall"] >= 0.92
    assert figures["emptying_precision"] >= 0.98
    assert figures["share_of_oracle"] >= 0.85
    assert figures["us_per_reading"] <= 40  # 7 on a quiet machine; the bench states it, this only catches a blow-up


def test_emptyings_are_found(bench):
    """Of the simulated emptyings at least .92 are found within a day, and .96 of those found are true."""
    city = bench.simulate(60, 40, seed=5)
    names = [f"B{row}" for row in range(60)]
    readings = [
        Reading(name, bench.ZERO + timedelta(hours=at), float(fill))
        for row, name in enumerate(names)
        for at, fill in enumerate(city.said[row])
        if fill == fill
    ]
    fleet = learn(names, readings, (), bench.ZERO + timedelta(days=40))
    true = [(row, at) for row in range(60) for at in range(24 * 39) if city.emptied[row, at]]
    found = [(names.index(each.bin), (each.at - bench.ZERO) / timedelta(hours=1)) for each in fleet.found]
    hit = sum(any(row == of and at <= when <= at + 24 for of, when in found) for row, at in true)
    right = sum(any(row == of and at <= when <= at + 30 for row, at in true) for of, when in found)
    assert hit / len(true) >= 0.92
    assert right / len(found) >= 0.96


def test_real_history_meets_its_targets(bench):
    """On 31 real bins the next day's RMSE is at most .20, three days' .27, and the Brier score at most .093."""
    data = Path(os.environ.get("BINWATT_DATA") or ROOT.parent / "shared" / "data") / "fill" / "wyndham.csv"
    if not data.exists():
        pytest.skip(f"no fill history at {data}")
    figures = bench.score_history(data)
    assert figures["rmse_24h"] <= 0.20
    assert figures["rmse_72h"] <= 0.27
    assert figures["brier_24h"] <= 0.093


def test_rate_and_level_of_a_steady_bin():
    """A bin filling .3 a day is known to .03 in rate and .05 in level after twenty days."""
    state = forecast(steady())
    assert state.health == "ok"
    assert state.rate == pytest.approx(0.3, abs=0.03)
    assert state.expect(NOW) == pytest.approx(0.45, abs=0.05)
    assert state.hours_to(0.9, NOW).q50 == pytest.approx(36, abs=6)


def test_order_of_readings_does_not_matter():
    """Readings in any order give the same state."""
    readings = steady()
    mixed = list(readings)
    Random(1).shuffle(mixed)
    assert forecast(mixed) == forecast(readings)


def test_future_and_foreign_readings_are_not_used():
    """A reading after now, or of a bin not asked for, changes nothing."""
    extra = [Reading("B", NOW + timedelta(hours=1), 0.99), Reading("X", NOW, 0.99)]
    assert forecast(steady() + extra) == forecast(steady())


def test_band_is_ordered_and_widens():
    """Quantiles are in order, and the band two days on is wider than in six hours."""
    state = forecast(steady())
    soon, later = state.fill(NOW + timedelta(hours=6)), state.fill(NOW + timedelta(hours=30))
    assert soon.q10 < soon.q50 < soon.q90
    assert later.q90 - later.q10 > soon.q90 - soon.q10


def test_chance_rises_with_time_and_falls_with_threshold():
    """The chance to reach a threshold never falls with time nor rises with the threshold."""
    state = forecast(steady())
    chances = [state.reaches(0.9, NOW + timedelta(hours=hours)) for hours in range(0, 120, 6)]
    assert chances == sorted(chances)
    assert chances[0] < 0.05
    assert chances[-1] > 0.95
    over = [state.reaches(threshold / 10, NOW + timedelta(hours=24)) for threshold in range(11)]
    assert over == sorted(over, reverse=True)


def test_one_low_reading_is_not_an_emptying():
    """A single reading near empty leaves the level; a second one that agrees resets it."""
    readings = [each for each in steady() if each.at <= NOW]
    low = [Reading("B", NOW + timedelta(hours=4), 0.03), Reading("B", NOW + timedelta(hours=8), 0.06)]
    doubted = forecast(readings + low[:1], now=NOW + timedelta(hours=8))
    confirmed = forecast(readings + low, now=NOW + timedelta(hours=8))
    assert doubted.level > 0.4
    assert confirmed.level < 0.1
    assert confirmed.emptied[-1] == low[0].at
    assert doubted.emptied[-1] < NOW


def test_an_emptying_told_by_a_truck_holds_at_once():
    """A truck's word resets the level without waiting for the sensor."""
    state = forecast(steady(), (Emptying("B", NOW - timedelta(minutes=5)),))
    assert state.expect(NOW) < 0.1


def test_a_silent_sensor_is_named_and_its_band_widens():
    """After three of its usual intervals a sensor is silent; the forecast goes on, less sure."""
    readings = [each for each in steady() if each.at <= NOW - timedelta(hours=24)]
    state = forecast(readings)
    assert state.health == "silent"
    assert state.blind_since == readings[-1].at
    heard = forecast(steady())
    band, sure = state.fill(NOW + timedelta(hours=12)), heard.fill(NOW + timedelta(hours=12))
    assert band.q90 - band.q10 > sure.q90 - sure.q10


def test_a_sensor_that_does_not_notice_an_emptying_is_stuck():
    """A figure that stands still across a truck's visit is not believed after it."""
    readings = [Reading("B", NOW - timedelta(hours=4 * step), 0.97) for step in range(20)]
    state = forecast(readings, (Emptying("B", NOW - timedelta(hours=30)),))
    assert state.health == "stuck"
    assert state.expect(NOW) < 0.6


def test_a_bin_without_readings_gets_its_groups_rate():
    """Nothing known: the rate of its group, and a band as wide as the bin."""
    readings = steady(rate=0.3)
    fleet = learn(["B", "C"], readings, (), NOW, groups={"B": "glass", "C": "glass"})
    state = fleet.bins["C"]
    assert state.health == "new"
    assert state.rate == pytest.approx(fleet.rates["glass"])
    assert state.fill(NOW).q90 - state.fill(NOW).q10 > 0.5


def test_clock_learns_the_hours():
    """Bins that fill by day only give a clock that hardly moves at night, in local time."""
    zone = ZoneInfo("Africa/Casablanca")
    names = [f"B{number}" for number in range(20)]
    readings = []
    for number, name in enumerate(names):
        for step in range(28 * 12):
            at = NOW - timedelta(days=28) + timedelta(hours=2 * step)
            local = at.astimezone(zone)
            today = min(1.0, max(0.0, (local.hour - 8) / 8))
            days = (local.date() - NOW.date()).days + 30 + number
            readings.append(Reading(name, at, min(1.0, 0.25 * (days % 3 + today))))
    week = learn(names, readings, (), NOW, zone=zone).fit.week
    by_day, by_night = sum(week[8:16]), sum(week[18:24]) + sum(week[0:6])
    assert by_day > 3 * by_night


def test_bad_input_is_named():
    """A fill above 1, a time without zone, and a senseless setting each say what is wrong."""
    with pytest.raises(ForecastError, match=r"bin B: a fill of 1\.5"):
        forecast([Reading("B", NOW, 1.5)])
    with pytest.raises(ForecastError, match=r"without a zone"):
        forecast([Reading("B", NOW.replace(tzinfo=None), 0.5)])
    with pytest.raises(ForecastError, match="memory_days"):
        Tuning(memory_days=0)
