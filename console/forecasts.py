"""`binwatt forecast`: how good the forecast is on a history, and what it says of one bin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from console.errors import ConsoleError
from fleet.calendar import load_calendar
from fleet.exchange.history import read_history
from fleet.settings import Settings
from fleet.store import Store
from routing.forecast import Emptying, Reading
from routing.forecast.backtest import HORIZONS, MODELS, Backtest, play
from routing.night.foresee import foresee, group_of, remember

NAMES = {
    "forecast": "binwatt",
    "persistence": "persistence",
    "last_rate": "last rate",
    "mean_rate": "mean rate 28 d",
}
BAR = 32
WORST = 12


def backtest_file(path: Path, settings: Settings, threshold: float) -> dict[str, Any]:
    """Play a history file night by night and give the figures."""
    history = read_history(path, settings.zone)
    readings = [Reading(each.bin, each.at, each.fill) for each in history.levels]
    played = play(
        readings,
        threshold=threshold,
        zone=settings.zone,
        calendar=load_calendar(settings.city.calendar),
        tell=_bar("backtest"),
    )
    notes = [f"levels taken as {history.unit}"]
    if history.skipped:
        notes.append(f"{history.skipped} rows left out, e.g. {history.examples[0]}")
    return _figures(played, str(path), threshold, notes)


def backtest_store(store: Store, settings: Settings, threshold: float, days: int) -> dict[str, Any]:
    """Play what the store holds of the last `days` again, without touching what the forecast remembers."""
    with store.read() as work:
        bins = work.bins.all()
        since = work.now - timedelta(days=days)
        rows, emptied = work.forecasts.heard_of([row.bin_id for row in bins], since)
    played = play(
        [Reading(row.bin_id, row.measured_at, row.fill, row.received_at, row.quality) for row in rows],
        [Emptying(row.bin_id, row.emptied_at) for row in emptied],
        threshold=threshold,
        groups={row.bin_id: group_of(row) for row in bins},
        zone=settings.zone,
        calendar=load_calendar(settings.city.calendar),
        tell=_bar("backtest"),
    )
    return _figures(played, settings.db, threshold, [f"the last {days} days"])


def show_bin(store: Store, settings: Settings, name: str, hours: int) -> dict[str, Any]:
    """What is expected of one bin, hour by hour; nothing is kept.

    Raises:
        ConsoleError: no such bin.
    """
    with store.read() as work:
        row = work.bins.get(name)
        if row is None:
            raise ConsoleError(f"no bin is known as {name!r}; `binwatt console` lists them")
        now = work.now
        seen = foresee(
            work,
            work.bins.all() if row.active else [*work.bins.all(), row],
            now,
            zone=settings.zone,
            history_days=settings.plan.history_days,
            calendar=load_calendar(settings.city.calendar),
        )
    forecast = seen.fleet.bins[name]
    full = forecast.hours_to(row.overflow_fill, now)
    steps = [now + timedelta(hours=ahead) for ahead in range(hours + 1)]
    return {
        "bin": name,
        "group": group_of(row),
        "at": now.isoformat(),
        "health": forecast.health,
        "blind_since": forecast.blind_since.isoformat() if forecast.blind_since else None,
        "rate_per_day": round(forecast.rate, 4),
        "clock_jumps": forecast.jumps,
        "too_late": forecast.lost,
        "emptied": [each.isoformat() for each in forecast.emptied],
        "threshold": row.overflow_fill,
        "hours_to_threshold": {key: round(value, 1) for key, value in _band(full).items()},
        "hours": [
            {
                "at": when.isoformat(),
                **{key: round(value, 4) for key, value in _band(forecast.fill(when)).items()},
                "overflow_p": round(forecast.reaches(row.overflow_fill, when), 4),
            }
            for when in steps
        ],
    }


def rebuild(store: Store, settings: Settings) -> dict[str, Any]:
    """Forget what the forecast remembers and learn it again from the readings the settings' history holds."""
    with store.begin() as work:
        work.forecasts.forget()
        seen = foresee(
            work,
            work.bins.all(),
            work.now,
            zone=settings.zone,
            history_days=settings.plan.history_days,
            calendar=load_calendar(settings.city.calendar),
        )
        remember(work, seen)
    return {"bins": len(seen.fleet.bins), "readings": seen.fleet.readings, "groups": len(seen.fleet.rates)}


def describe_backtest(figures: Mapping[str, Any], *, per_bin: bool) -> str:
    """The figures as tables."""
    total = figures["total"]
    heads = [hours for hours in HORIZONS if f"forecasts_{hours}h" in total]
    lines = [
        (
            f"{figures['source']}: {figures['readings']} readings of {len(figures['bins'])} bins, "
            f"{figures['nights']} nights, {figures['emptyings']} emptyings found"
        ),
        *(f"  {note}" for note in figures["notes"]),
    ]
    if not heads:
        return "\n".join([*lines, "no path without an emptying is long enough to be scored"])
    lines.append(f"{'MAE / RMSE':<16}" + "".join(f"{f'{hours} h':>16}" for hours in heads))
    for model in MODELS:
        cells = "".join(f"{total[f'mae_{h}h_{model}']:>9.3f} {total[f'rmse_{h}h_{model}']:>6.3f}" for h in heads)
        lines.append(f"{NAMES[model]:<16}{cells}")
    for title, key, form in (
        ("skill MAE", "skill_mae_{}h", ".2f"),
        ("skill RMSE", "skill_rmse_{}h", ".2f"),
        ("90 % coverage", "coverage_{}h", ".3f"),
        ("Brier", "brier_{}h", ".4f"),
        ("  constant", "brier_{}h_constant", ".4f"),
        ("forecasts", "forecasts_{}h", ".0f"),
    ):
        lines.append(f"{title:<16}" + "".join(f"{total[key.format(hours)]:>16{form}}" for hours in heads))
    if "hours_to_full_mae" in total:
        lines.append(f"hours to {figures['threshold']:.0%}: MAE {total['hours_to_full_mae']:.1f} h")
    lines.append(
        f"CPU: {figures['us_per_reading']:.1f} us a reading, {figures['us_per_bin_night']:.0f} us a bin and night"
    )
    unwell = {name: word for name, word in figures["health"].items() if word != "ok"}
    lines += [f"  {name}: {word}" for name, word in sorted(unwell.items())[:WORST]]
    lines += [f"  {name}: {count} readings with a wrong clock" for name, count in figures["clock_jumps"].items()]
    if per_bin:
        lines += _bin_lines(figures["bins"], heads)
    return "\n".join(lines)


def describe_bin(figures: Mapping[str, Any]) -> str:
    """One bin's outlook for a person."""
    full = figures["hours_to_threshold"]
    lines = [
        f"{figures['bin']} ({figures['group']}): {figures['health']}, {figures['rate_per_day']:.2f} a day",
        (
            f"  {figures['threshold']:.0%} in {full['q50']:.0f} h (one in ten sooner than {full['q10']:.0f} h, "
            f"later than {full['q90']:.0f} h)"
        ),
    ]
    if figures["blind_since"]:
        lines.append(f"  blind since {figures['blind_since']}")
    if figures["clock_jumps"]:
        lines.append(f"  {figures['clock_jumps']} readings with a wrong clock")
    lines.append(f"  {'at':<26}{'q10':>7}{'q50':>7}{'q90':>7}{'P(overflow)':>13}")
    lines += [
        f"  {hour['at'][:16]:<26}{hour['q10']:>7.2f}{hour['q50']:>7.2f}{hour['q90']:>7.2f}{hour['overflow_p']:>13.2f}"
        for hour in figures["hours"][:: max(1, len(figures["hours"]) // 24)]
    ]
    return "\n".join(lines)


def _bin_lines(bins: Mapping[str, Mapping[str, float]], heads: list[int]) -> list[str]:
    hours = 24 if 24 in heads else heads[0]
    lines = [f"{f'at {hours} h':<16}{'forecasts':>10}{'MAE':>8}{'RMSE':>8}{'skill':>8}{'cover':>8}{'Brier':>8}"]
    for name, figures in sorted(bins.items()):
        if f"forecasts_{hours}h" in figures:
            lines.append(
                f"{name:<16}{figures[f'forecasts_{hours}h']:>10.0f}{figures[f'mae_{hours}h_forecast']:>8.3f}"
                f"{figures[f'rmse_{hours}h_forecast']:>8.3f}{figures[f'skill_rmse_{hours}h']:>8.2f}"
                f"{figures[f'coverage_{hours}h']:>8.2f}{figures[f'brier_{hours}h']:>8.3f}"
            )
    return lines


def _figures(played: Backtest, source: str, threshold: float, notes: list[str]) -> dict[str, Any]:
    found = asdict(played)
    found["clock_jumps"] = found.pop("jumps")
    return {"source": source, "threshold": threshold, "notes": notes, **found}


def _band(band: Any) -> dict[str, float]:
    return {"q10": band.q10, "q50": band.q50, "q90": band.q90}


def _bar(title: str) -> Callable[[int, int], None] | None:
    """A progress bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, of: int) -> None:
        if done == of:
            sys.stderr.write("\r" + " " * (BAR + len(title) + 20) + "\r")
        elif done * 100 // of != (done - 1) * 100 // of:
            filled = done * BAR // of
            sys.stderr.write(f"\r{title} {'█' * filled}{'░' * (BAR - filled)} {done}/{of} nights")
        sys.stderr.flush()

    return tell
