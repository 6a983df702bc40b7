"""Benchmark of the forecast: error against the naive model, coverage, Brier score, microseconds a reading.

python tests/bench/forecast.py [--short] [--json] [--seed N] [--history FILE]

Without a file it plays a city of 150 bins for 150 days: gamma inflow by hour of week with daily and drifting noise, a
noisy sensor every four hours with losses, outliers and silences, rounds in the morning. Every evening at 20:00 of the
last weeks the forecast learns the 28 days before; truth is what the fill would have been without a collection. With
`--history` it takes a CSV of real daily levels (columns timestamp, latestFullness, reason, serialNumber; tenths) and
is scored on the paths that saw no emptying; its skill is of the RMSE, because most days of six coarse levels show no
growth and a mean absolute error rewards foretelling none. The naive model is the rate of the last two readings.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from routing.forecast import Reading, learn

ZERO = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
HORIZONS = (12, 24, 48)
HOUR_OF_DAY = (
    0.15, 0.1, 0.08, 0.08, 0.1, 0.3, 0.6, 1, 1.4, 1.6, 1.6, 1.7,
    1.8, 1.5, 1.1, 1, 1.1, 1.3, 1.5, 1.8, 2.0, 1.7, 1.1, 0.5,
)  # fmt: skip
WEEKDAYS = (1.0, 1.0, 1.05, 1.0, 1.05, 1.0, 0.9)
MARKET = (0.7, 0.7, 0.8, 0.8, 1.0, 1.3, 1.7)


@dataclass(frozen=True)
class City:
    """Hourly truth of a simulated city, (bins, hours): inflow, fill, what sensors said (nan: nothing), emptyings."""

    inflow: np.ndarray
    fill: np.ndarray
    said: np.ndarray
    emptied: np.ndarray


def simulate(bins: int, days: int, seed: int) -> City:
    """Play a city; the process is documented in the module."""
    draw = np.random.default_rng(seed)
    hours = days * 24
    hour, weekday = np.arange(hours) % 24, np.arange(hours) // 24 % 7
    daily = np.array(HOUR_OF_DAY) / np.mean(HOUR_OF_DAY)
    pattern = np.zeros((bins, hours))
    for row in range(bins):
        kind = draw.integers(0, 4)
        week = np.array(MARKET if kind == 3 else WEEKDAYS)
        pattern[row] = np.roll(daily, (0, -1, 2, 0)[kind])[hour] * (week * 7 / week.sum())[weekday]
    rate = 0.28 * np.exp(0.6 * draw.standard_normal(bins))
    drift, drifts = draw.standard_normal(bins) * 0.15, np.zeros((bins, days))
    for day in range(days):
        drift = 0.93 * drift + 0.055 * draw.standard_normal(bins)
        drifts[:, day] = drift
    factor = np.exp(drifts + 0.35 * draw.standard_normal((bins, days)))
    factor[draw.random((bins, days)) < 0.01] *= 2.5
    mean = rate[:, None] * pattern / 24 * np.repeat(factor, 24, axis=1)
    inflow = draw.gamma(np.maximum(mean / 0.02, 1e-9), 0.02)
    fill, emptied = np.zeros((bins, hours)), np.zeros((bins, hours), bool)
    level = draw.random(bins) * 0.6
    for at in range(hours):
        level = level + inflow[:, at]
        if hour[at] == 5:
            due = (level > 0.65 + 0.1 * draw.standard_normal(bins)) & (draw.random(bins) < 0.93)
            emptied[:, at] = due
            level = np.where(due, draw.random(bins) * 0.05, level)
        fill[:, at] = level
    return City(inflow, fill, _sense(fill, draw), emptied)


def _sense(fill: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    said = np.full(fill.shape, np.nan)
    hours = fill.shape[1]
    for row in range(len(fill)):
        at = np.arange(draw.integers(0, 4), hours, 4)
        at = at[draw.random(len(at)) > 0.05]
        value = np.minimum(fill[row, at], 1) + draw.normal(0, 0.025, len(at)) + draw.normal(0, 0.02)
        outlier = draw.random(len(at)) < 0.025
        value[outlier] = draw.random(outlier.sum())
        said[row, at] = np.round(np.clip(value, 0, 1), 2)
        if draw.random() < 0.3:
            begin = draw.integers(0, hours - 72)
            said[row, begin : begin + draw.integers(24, 72)] = np.nan
    return said


def score_simulation(seed: int = 1, bins: int = 150, nights: range = range(112, 148)) -> dict[str, float]:
    """Learn every evening, compare with the truth; the figures."""
    city = simulate(bins, 150, seed)
    names = [f"B{row:03d}" for row in range(bins)]
    rows, hours = np.nonzero(~np.isnan(city.said))
    readings = [
        Reading(names[row], ZERO + timedelta(hours=int(at)), float(city.said[row, at]))
        for row, at in zip(rows, hours, strict=True)
    ]
    gone = np.cumsum(city.inflow, axis=1)
    errors: dict[str, list[float]] = {}
    seen = spent = 0.0
    for night in nights:
        origin = night * 24 + 20
        now = ZERO + timedelta(hours=origin)
        mine = [each for each, at in zip(readings, hours, strict=True) if origin - 28 * 24 < at <= origin]
        begun = time.process_time()
        fleet = learn(names, mine, (), now)
        spent += time.process_time() - begun
        seen += len(mine)
        for row, name in enumerate(names):
            past = city.said[row, : origin + 1]
            known = np.flatnonzero(~np.isnan(past[-25:])) + max(0, len(past) - 25)
            if len(known) < 2:
                continue
            speed = max(0.0, (past[known[-1]] - past[known[-2]]) / (known[-1] - known[-2]))
            bin_ = fleet.bins[name]
            path = city.fill[row, origin] + gone[row, origin:] - gone[row, origin]
            for horizon in HORIZONS:
                when = now + timedelta(hours=horizon)
                true = min(1.0, path[horizon])
                _note(errors, f"mae_{horizon}h", abs(min(1.0, bin_.expect(when)) - true))
                _note(errors, f"naive_{horizon}h", abs(min(1.0, past[known[-1]] + speed * horizon) - true))
                low, high = bin_.quantile(when, 0.05), bin_.quantile(when, 0.95)
                _note(errors, f"covered_{horizon}h", float(low - 1e-6 <= true <= high + 1e-6))
                _note(errors, f"width_{horizon}h", high - low)
            over = float(path[24] >= 0.9)
            chance = bin_.reaches(0.9, now + timedelta(hours=24))
            _note(errors, "brier_24h", (chance - over) ** 2)
            _note(errors, "over", over)
            reached = np.flatnonzero(path[:97] >= 0.9)
            if len(reached):
                _note(errors, "hours_to_full_mae", abs(min(96.0, bin_.hours_to(0.9, now).q50) - reached[0]))
    mean = {name: float(np.mean(values)) for name, values in errors.items()}
    return {
        "skill_24h": 1 - mean["mae_24h"] / mean["naive_24h"],
        "coverage_90": mean["covered_24h"],
        "brier_24h": mean["brier_24h"],
        "brier_constant": mean["over"] * (1 - mean["over"]),
        "us_per_reading": spent / seen * 1e6,
        **{name: mean[name] for name in ("mae_12h", "mae_24h", "mae_48h", "covered_12h", "covered_48h", "width_24h")},
        "hours_to_full_mae": mean["hours_to_full_mae"],
        "forecasts": float(len(errors["mae_24h"])),
    }


def read_history(path: Path) -> dict[str, list[tuple[int, float]]]:
    """Levels by bin and day number; faults (ALERT at level 0) and the second reading of a day are left out."""
    days: dict[str, dict[int, float]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            level = float(row["latestFullness"]) / 10
            if row["reason"] == "ALERT" and level == 0:
                continue
            day = (datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC) - ZERO).days
            days.setdefault(row["serialNumber"], {}).setdefault(day, min(1.0, level))
    return {name: sorted(levels.items()) for name, levels in days.items()}


def score_history(path: Path, *, every: int = 1) -> dict[str, float]:
    """Walk the last two fifths of a real history; only paths on which the level never fell are scored."""
    history = read_history(path)
    days = sorted({day for levels in history.values() for day, _ in levels})
    errors: dict[str, list[float]] = {}
    seen = spent = 0.0
    for today in range(days[int(len(days) * 0.6)], days[-1] - 3, every):
        now = ZERO + timedelta(days=today)
        mine = [
            Reading(name, ZERO + timedelta(days=day), level)
            for name, levels in history.items()
            for day, level in levels
            if today - 84 < day <= today
        ]
        begun = time.process_time()
        fleet = learn(history, mine, (), now)
        spent += time.process_time() - begun
        seen += len(mine)
        for name, levels in history.items():
            known = dict(levels)
            if today not in known:
                continue
            path_levels = [known.get(today + step) for step in range(4)]
            for step in (1, 2, 3):
                part = [level for level in path_levels[: step + 1] if level is not None]
                true = path_levels[step]
                if true is None or any(later < sooner for sooner, later in itertools.pairwise(part)):
                    continue
                when = now + timedelta(days=step)
                bin_ = fleet.bins[name]
                _note(errors, f"square_{step * 24}h", (min(1.0, bin_.expect(when)) - true) ** 2)
                _note(errors, f"mae_{step * 24}h", abs(min(1.0, bin_.expect(when)) - true))
                before = known.get(today - 1, known[today])
                naive = min(1.0, known[today] + step * max(0.0, known[today] - before))
                _note(errors, f"naive_square_{step * 24}h", (naive - true) ** 2)
                low, high = bin_.quantile(when, 0.05), bin_.quantile(when, 0.95)
                _note(errors, f"covered_{step * 24}h", float(low - 0.1 <= true <= high + 0.1))
                # a level of 0.8 on six steps stands for everything from 0.7 on
                _note(errors, f"brier_{step * 24}h", (bin_.reaches(0.7, when) - float(true >= 0.8)) ** 2)
    mean = {name: float(np.mean(values)) for name, values in errors.items()}
    return {
        "skill_24h": 1 - (mean["square_24h"] / mean["naive_square_24h"]) ** 0.5,
        "coverage_90": mean["covered_24h"],
        "brier_24h": mean["brier_24h"],
        "us_per_reading": spent / seen * 1e6,
        "rmse_24h": mean["square_24h"] ** 0.5,
        "rmse_72h": mean["square_72h"] ** 0.5,
        "mae_24h": mean["mae_24h"],
        "forecasts": float(len(errors["mae_24h"])),
    }


def _note(errors: dict[str, list[float]], name: str, value: float) -> None:
    errors.setdefault(name, []).append(value)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Benchmark of the bin forecast.")
    parser.add_argument("--short", action="store_true", help="every sixth night or tenth day only")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--history", type=Path, help="CSV of real levels instead of the simulation")
    options = parser.parse_args()
    if options.history is not None:
        figures = score_history(options.history, every=10 if options.short else 1)
    else:
        figures = score_simulation(options.seed, nights=range(112, 148, 6 if options.short else 1))
    figures = {name: round(value, 4) for name, value in figures.items()}
    for name, value in figures.items():
        print(f"{name:20} {value:g}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
