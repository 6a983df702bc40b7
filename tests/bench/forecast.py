"""Benchmark of the forecast: error against naive models, coverage, Brier score, emptyings found, CPU.

python tests/bench/forecast.py [--short] [--json] [--seed N] [--bins N] [--history FILE]

Without a file it plays a city of 150 bins for 150 days: gamma inflow by hour of week with daily and drifting noise, a
noisy sensor every four hours with losses, outliers and silences, rounds in the morning. The forecast is carried on
every evening at 20:00 from the first day; the evenings of the last five weeks are scored against what the fill would
have been without a collection. The naive model is the rate of the last two readings, the oracle knows level, rate and
profile. Then a fleet of 5,000 bins (`--bins`) spends one night: states unpacked, a day's readings worked in, every
bin's fill now and at its round, chances and hours to full told, states packed again; and the night of a weekly fit.

With `--history` it plays a CSV of real levels (any headings for bin, time and fill) as `binwatt forecast backtest`
does; its skill is of the RMSE, because most days of coarse levels show no growth and a mean absolute error rewards
foretelling none.

Figures: skill_24h (mean absolute error), share_of_oracle, coverage_90 and covered_*, brier_24h (0.9 within a day),
hours_to_full_mae (cap 96), emptying_recall (of those from above 0.3, within a day) and emptying_precision,
us_per_reading (the whole history learned in one go, weekly fits included), us_per_bin_night, fleet_seconds,
fleet_fit_seconds (CPU, all).
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fleet.exchange.history import read_history
from routing.forecast import BinForecast, Fleet, Memory, Reading, advance, learn, pack_bin, unpack_bin
from routing.forecast.backtest import play

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
    usual: np.ndarray
    """Mean inflow of an hour, as only an oracle knows it."""


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
    return City(inflow, fill, _sense(fill, draw), emptied, rate[:, None] * pattern / 24)


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


def readings_of(city: City, names: list[str]) -> list[Reading]:
    """What the sensors said, by bin and time."""
    rows, hours = np.nonzero(~np.isnan(city.said))
    return [
        Reading(names[row], ZERO + timedelta(hours=int(at)), float(city.said[row, at]))
        for row, at in zip(rows, hours, strict=True)
    ]


def score_simulation(seed: int = 1, bins: int = 150, nights: range = range(112, 148)) -> dict[str, float]:
    """Carry the forecast on every evening, compare with the truth; the figures."""
    city = simulate(bins, 150, seed)
    names = [f"B{row:03d}" for row in range(bins)]
    readings = readings_of(city, names)
    by_night: dict[int, list[Reading]] = {}
    for each in readings:
        by_night.setdefault(int(((each.at - ZERO) / timedelta(hours=1) + 3) // 24), []).append(each)
    errors: dict[str, list[float]] = {}
    memory, found, spent = Memory(), [], 0.0
    for night in range(nights[-1] + 1):
        now = ZERO + timedelta(hours=night * 24 + 20)
        begun = time.process_time()
        fleet = advance(memory, names, by_night.get(night, []), (), now)
        spent += time.process_time() - begun
        found += [(names.index(each.bin), (each.at - ZERO) / timedelta(hours=1)) for each in fleet.found]
        if night in nights:
            _score_night(errors, city, names, fleet, night)
    begun = time.process_time()
    learn(names, readings, (), ZERO + timedelta(days=nights[-1], hours=20))
    learned = time.process_time() - begun
    mean = {name: float(np.mean(values)) for name, values in errors.items()}
    skill = 1 - mean["mae_24h"] / mean["naive_24h"]
    recall, precision = _emptyings(city, found, nights[-1] * 24 - 4)
    return {
        "skill_24h": skill,
        "share_of_oracle": skill / (1 - mean["oracle_24h"] / mean["naive_24h"]),
        "coverage_90": mean["covered_24h"],
        "brier_24h": mean["brier_24h"],
        "brier_constant": mean["over"] * (1 - mean["over"]),
        "hours_to_full_mae": mean["hours_to_full_mae"],
        "emptying_recall": recall,
        "emptying_precision": precision,
        "us_per_reading": learned / len(readings) * 1e6,
        "us_per_bin_night": spent / (nights[-1] + 1) / bins * 1e6,
        **{name: mean[name] for name in ("mae_12h", "mae_24h", "mae_48h", "covered_12h", "covered_48h", "width_24h")},
        "forecasts": float(len(errors["mae_24h"])),
    }


def _score_night(errors: dict[str, list[float]], city: City, names: list[str], fleet: Fleet, night: int) -> None:
    origin = night * 24 + 20
    now = ZERO + timedelta(hours=origin)
    for row, name in enumerate(names):
        past = city.said[row, : origin + 1]
        known = np.flatnonzero(~np.isnan(past[-25:])) + max(0, len(past) - 25)
        if len(known) < 2:
            continue
        speed = max(0.0, (past[known[-1]] - past[known[-2]]) / (known[-1] - known[-2]))
        path = city.fill[row, origin] + np.concatenate(([0.0], np.cumsum(city.inflow[row, origin + 1 :])))
        usual = np.concatenate(([0.0], np.cumsum(city.usual[row, origin + 1 : origin + 49])))
        _score_bin(errors, fleet.bins[name], now, path, (past[known[-1]], speed), usual)


def _score_bin(
    errors: dict[str, list[float]],
    bin_: BinForecast,
    now: datetime,
    path: np.ndarray,
    last: tuple[float, float],
    usual: np.ndarray,
) -> None:
    for horizon in HORIZONS:
        when = now + timedelta(hours=horizon)
        true = min(1.0, path[horizon])
        _note(errors, f"mae_{horizon}h", abs(min(1.0, bin_.expect(when)) - true))
        _note(errors, f"naive_{horizon}h", abs(min(1.0, last[0] + last[1] * horizon) - true))
        _note(errors, f"oracle_{horizon}h", abs(min(1.0, path[0] + usual[horizon]) - true))
        low, high = bin_.quantile(when, 0.05), bin_.quantile(when, 0.95)
        _note(errors, f"covered_{horizon}h", float(low - 1e-6 <= true <= high + 1e-6))
        _note(errors, f"width_{horizon}h", high - low)
    over = float(path[24] >= 0.9)
    _note(errors, "brier_24h", (bin_.reaches(0.9, now + timedelta(hours=24)) - over) ** 2)
    _note(errors, "over", over)
    reached = np.flatnonzero(path[:97] >= 0.9)
    if len(reached):
        _note(errors, "hours_to_full_mae", abs(min(96.0, bin_.hours_to(0.9, now).q50) - reached[0]))


def _emptyings(city: City, found: list[tuple[int, float]], until: int) -> tuple[float, float]:
    """Recall of those from above 0.3 within a day, and the share of those found that are true."""
    said: dict[int, list[float]] = {}
    for row, at in found:
        said.setdefault(row, []).append(at)
    rows, hours = np.nonzero(city.emptied)
    true: dict[int, list[int]] = {}
    hit = counted = 0
    for row, at in zip(rows.tolist(), hours.tolist(), strict=True):
        true.setdefault(row, []).append(at)
        if 0 < at < until - 24 and city.fill[row, at - 1] > 0.3:
            counted += 1
            hit += any(at <= when <= at + 24 for when in said.get(row, ()))
    right = sum(any(at <= when <= at + 30 for at in true.get(row, ())) for row, when in found)
    return hit / counted, right / len(found)


def spend_nights(bins: int, seed: int) -> dict[str, float]:
    """CPU of two nights of a large fleet after four weeks, without and with the weekly fit."""
    kinds = min(bins, 1000)  # the others are copies of a simulated thousand
    city = simulate(kinds, 30, seed)
    names = [f"B{row:05d}" for row in range(bins)]
    groups = {name: f"mixed|{row % 8}" for row, name in enumerate(names)}
    day = timedelta(days=1)
    readings = [
        Reading(names[number], each.at, each.fill)
        for each in readings_of(city, names[:kinds])
        for number in range(int(each.bin[1:]), bins, kinds)
    ]
    now = ZERO + timedelta(days=26)
    fleet = learn(names, [each for each in readings if each.at <= now], (), now, groups=groups)
    packed = {name: (pack_bin(each), each.older) for name, each in fleet.memory.bins.items()}
    readings = [each for each in readings if each.at > now]
    gc.collect()
    gc.freeze()  # the past is not in a night's process
    spent = []
    for _ in range(2):
        new = [each for each in readings if now < each.at <= now + day]
        now += day
        begun = time.process_time()
        memory = Memory({name: unpack_bin(*each) for name, each in packed.items()}, fleet.memory.groups)
        fleet = advance(memory, names, new, (), now, groups=groups)
        for each in fleet.bins.values():
            each.fill(now)
            each.fill(now + timedelta(hours=12))
            each.reaches(1.0, now + timedelta(hours=36))
            each.reaches(1.0, now + timedelta(hours=60))
            each.hours_to(1.0, now)
        packed = {name: (pack_bin(each), each.older) for name, each in memory.bins.items()}
        spent.append(time.process_time() - begun)
    size = sum(len(body) + len(older or b"") for body, older in packed.values()) / bins
    return {
        "fleet_bins": float(bins),
        "fleet_seconds": spent[0],
        "fleet_fit_seconds": spent[1],
        "bytes_per_bin": size,
    }


def score_history(path: Path) -> dict[str, float]:
    """Play a real history; only paths on which the level never fell are scored."""
    readings = [Reading(each.bin, each.at, each.fill) for each in read_history(path).levels]
    played = play(readings)
    total = played.total
    return {
        "skill_24h": total["skill_rmse_24h"],
        "coverage_90": total["coverage_24h"],
        "brier_24h": total["brier_24h"],
        "brier_constant": total["brier_24h_constant"],
        "us_per_reading": played.us_per_reading,
        "us_per_bin_night": played.us_per_bin_night,
        **{f"rmse_{hours}h": total[f"rmse_{hours}h_forecast"] for hours in (24, 48, 72)},
        **{f"rmse_{hours}h_persistence": total[f"rmse_{hours}h_persistence"] for hours in (24, 72)},
        **{f"rmse_{hours}h_mean_rate": total[f"rmse_{hours}h_mean_rate"] for hours in (24, 72)},
        "mae_24h": total["mae_24h_forecast"],
        "forecasts": total["forecasts_24h"],
    }


def _note(errors: dict[str, list[float]], name: str, value: float) -> None:
    errors.setdefault(name, []).append(value)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Benchmark of the bin forecast.")
    parser.add_argument("--short", action="store_true", help="every sixth night only, and a fleet of 1,000")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bins", type=int, default=0, help="of the large fleet; default 5000, short 1000")
    parser.add_argument("--history", type=Path, help="CSV of real levels instead of the simulation")
    options = parser.parse_args()
    if options.history is not None:
        figures = score_history(options.history)
    else:
        figures = score_simulation(options.seed, nights=range(112, 148, 6 if options.short else 1))
        figures |= spend_nights(options.bins or (1000 if options.short else 5000), options.seed)
    figures = {name: round(value, 4) for name, value in figures.items()}
    for name, value in figures.items():
        print(f"{name:20} {value:g}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
