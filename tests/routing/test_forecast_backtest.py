"""Playing a history again: figures a person can check, for any sensor's grain, against naive models."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from routing.errors import ForecastError
from routing.forecast import Emptying, Reading
from routing.forecast.backtest import play

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)


def sawtooth(names: tuple[str, ...] = ("A", "B", "C"), days: int = 40, noise: float = 0.02) -> list[Reading]:
    """Bins that fill .2 a day, emptied every fourth day, read every four hours."""
    draw = Random(2)
    readings = []
    for number, name in enumerate(names):
        for step in range(days * 6):
            at = BEGIN + timedelta(hours=4 * step)
            fill = 0.2 * ((4 * step / 24 + number) % 4) + draw.gauss(0, noise)
            readings.append(Reading(name, at, round(min(1.0, max(0.0, fill)), 3)))
    return readings


def test_a_regular_bin_is_foretold_within_its_noise():
    """On even growth the forecast's error is the sensor's, far below the naive models', and its band holds."""
    told = []
    played = play(sawtooth(), threshold=0.7, tell=lambda done, of: told.append((done, of)))
    total = played.total
    assert total["mae_24h_forecast"] < 0.03
    assert total["skill_mae_24h"] > 0.5
    assert total["mae_24h_persistence"] == pytest.approx(0.2, abs=0.02)
    assert total["coverage_24h"] > 0.85
    assert total["hours_to_full_mae"] < 6
    assert total["brier_24h"] < total["brier_24h_constant"]
    assert told[-1] == (played.nights, played.nights)
    assert played.emptyings >= 25
    assert set(played.bins) == {"A", "B", "C"}
    assert sum(figures["forecasts_24h"] for figures in played.bins.values()) == total["forecasts_24h"]


def test_paths_with_an_emptying_are_not_scored():
    """No forecast is held against a level that an emptying cut: told or seen."""
    rising = [Reading("A", BEGIN + timedelta(hours=4 * step), round(0.004 * step, 4)) for step in range(200)]
    whole = play(rising)
    told = play(rising, [Emptying("A", BEGIN + timedelta(hours=4 * step + 1)) for step in range(60, 200, 3)])
    assert whole.total["forecasts_24h"] > 10
    assert "forecasts_24h" not in told.total


def test_clock_jumps_in_a_history_are_counted_per_bin():
    """Times of 1970 and of the far future are told at their bin, and do not stop the play."""
    wrong = [Reading("B", datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=step), 0.9) for step in range(6)]
    later = [Reading("C", datetime(2099, 1, 1, tzinfo=UTC) + timedelta(hours=step), 0.9) for step in range(4)]
    played = play([*sawtooth(), *wrong, *later], threshold=0.7)
    clean = play(sawtooth(), threshold=0.7)
    assert played.jumps == {"B": 6, "C": 4}
    assert played.total["mae_24h_forecast"] == pytest.approx(clean.total["mae_24h_forecast"], abs=1e-6)
    assert played.nights == clean.nights


def test_a_history_too_short_is_refused():
    """A dozen readings are the least that can be played."""
    with pytest.raises(ForecastError, match="too short to play"):
        play(sawtooth(("A",), days=1))
