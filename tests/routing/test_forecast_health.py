"""Sensors that cannot be believed are called what they are, and their bins carried on with a wider band."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from routing.forecast import BinForecast, Emptying, Reading, learn

NOW = datetime(2026, 3, 20, 20, tzinfo=UTC)
PEERS = tuple(f"P{number}" for number in range(6))


def saw(at: datetime, phase: float = 0.0) -> float:
    """A bin that fills .3 a day and is emptied every third day."""
    days = (NOW - at).total_seconds() / 86_400 + phase
    return 0.3 * (3 - days % 3)


def peers() -> list[Reading]:
    draw = Random(5)
    return [
        Reading(name, at, min(1.0, max(0.0, saw(at, number * 0.5) + draw.gauss(0, 0.02))))
        for number, name in enumerate(PEERS)
        for at in (NOW - timedelta(hours=4 * step) for step in range(6 * 24))
    ]


def told(say: Callable[[datetime, Random], float | None], *, quality: str = "tilted") -> list[Reading]:
    draw = Random(9)
    readings = []
    for step in reversed(range(6 * 24)):
        at = NOW - timedelta(hours=4 * step)
        fill = say(at, draw)
        good = None if fill is None else min(1.0, max(0.0, fill))
        readings.append(Reading("B", at, good, quality="ok" if good is not None else quality))
    return readings


def judge(readings: list[Reading], emptyings: tuple[Emptying, ...] = ()) -> BinForecast:
    return learn(["B", *PEERS], [*readings, *peers()], emptyings, NOW).bins["B"]


def width(forecast: BinForecast) -> float:
    band = forecast.fill(NOW + timedelta(hours=6))
    return band.q90 - band.q10


def rounds() -> tuple[Emptying, ...]:
    return tuple(Emptying("B", NOW - timedelta(days=3 * number, hours=1)) for number in range(1, 8))


@pytest.fixture(scope="module")
def sound() -> BinForecast:
    return judge(told(lambda at, draw: saw(at) + draw.gauss(0, 0.02)))


def test_a_sound_sensor_is_ok(sound):
    """Noise of two in a hundred and a bin emptied every three days are nothing to report."""
    assert sound.health == "ok"


def test_a_sensor_at_a_hundred_despite_visits_is_stuck(sound):
    """A figure of 100 that no visit changes is not believed: the bin goes on from its last visit at its peers' rate."""
    forecast = judge(told(lambda at, draw: 1.0), rounds())
    assert forecast.health == "stuck"
    assert forecast.blind_since is not None
    assert forecast.expect(NOW) == pytest.approx(0.03 + 0.3 * 73 / 24, abs=0.1)
    assert width(forecast) > width(sound)


def test_a_full_bin_nobody_emptied_is_full_and_not_stuck():
    """Four days at the top without a visit are an overflow."""
    forecast = judge(told(lambda at, draw: 1.0 if NOW - at < timedelta(days=4) else saw(at)))
    assert forecast.health == "ok"
    assert forecast.expect(NOW) > 0.95


def test_a_figure_that_stands_still_for_two_cycles_is_stuck(sound):
    """Half full for three weeks while its peers filled six times."""
    forecast = judge(told(lambda at, draw: 0.5 + draw.gauss(0, 0.003)))
    assert forecast.health == "stuck"
    assert forecast.blind_since is not None
    assert width(forecast) > width(sound)


def test_figures_that_contradict_each_other_are_noise(sound):
    """Readings anywhere between empty and full make a noisy sensor, its band wider."""
    forecast = judge(told(lambda at, draw: draw.random()))
    assert forecast.health == "noisy"
    assert width(forecast) > width(sound)


@pytest.mark.parametrize(("quality", "health"), [("tilted", "tilted"), ("beyond", "fault"), ("blind", "fault")])
def test_messages_without_a_figure_are_named(quality, health):
    """A sensor that speaks but tells no fill is not silent but askew or at fault, and blind since its last fill."""
    last = NOW - timedelta(days=2)
    forecast = judge(told(lambda at, draw: saw(at) if at <= last else None, quality=quality))
    assert forecast.health == health
    assert forecast.blind_since == last


def test_a_sensor_is_well_again_once_it_speaks_sense():
    """One good figure after tilted ones ends it."""
    last = NOW - timedelta(days=2)
    forecast = judge(told(lambda at, draw: None if last < at < NOW else saw(at)))
    assert forecast.health == "ok"


def test_a_drop_beside_a_truck_is_an_emptying_at_once():
    """Where a truck stood at the bin the first low reading is believed; without one it waits for a second."""
    rising = told(lambda at, draw: 0.3 + 0.5 * (1 - (NOW - at).total_seconds() / (24 * 86_400)))
    dropped = [*rising[:-1], Reading("B", NOW, 0.05)]
    assert judge(dropped).level > 0.6
    beside = judge(dropped, (Emptying("B", NOW - timedelta(hours=2), certain=False),))
    assert beside.level == pytest.approx(0.05, abs=0.01)
    assert beside.emptied[-1] == NOW


def test_a_truck_that_stood_there_and_took_nothing_changes_nothing():
    """A stop alone resets no level."""
    rising = told(lambda at, draw: 0.3 + 0.5 * (1 - (NOW - at).total_seconds() / (24 * 86_400)))
    passed = judge(rising, (Emptying("B", NOW - timedelta(hours=2), certain=False),))
    assert passed.level == pytest.approx(judge(rising).level, abs=0.01)
