from __future__ import annotations

import itertools
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.twin import noise
from fleet.twin.city import draw_city
from fleet.twin.filling import PROFILES, count_hours, draw_inflow, hour_of_week, level, levels
from fleet.twin.history import recall_history
from fleet.twin.sensing import NOISE, read_sensor, report_times

CITY = draw_city(5, "city")
SMALL = draw_city(5, "small")
HISTORY = recall_history(SMALL)
OPENS = SMALL.opens_at


def test_draws_depend_on_their_keys_alone() -> None:
    """A draw is the same in a batch and alone, and differs with every key."""
    batch = noise.uniform(7, np.arange(100))
    assert batch[42] == noise.uniform(7, 42)[0]
    assert len(np.unique(batch)) == 100
    assert noise.uniform(7, 42)[0] != noise.uniform(42, 7)[0]


def test_draws_have_their_distributions() -> None:
    """Uniform, normal and Poisson draws have the moments they should."""
    keys = np.arange(40_000)
    assert noise.uniform(1, keys).mean() == pytest.approx(0.5, abs=0.01)
    assert noise.normal(1, keys).std() == pytest.approx(1, abs=0.015)
    for mean in (0.2, 3.0, 25.0):
        drawn = noise.poisson(np.full(keys.size, mean), 2, keys)
        assert drawn.mean() == pytest.approx(mean, rel=0.03)
        assert drawn.var() == pytest.approx(mean, rel=0.05)


def test_bins_fill_at_their_own_rate() -> None:
    """Over a year the fleet's inflow is the sum of the rates, and each bin's its own."""
    inflow = draw_inflow(5, SMALL.bins, 490_000, 24 * 364)
    rates = np.array([b.fill_per_day for b in SMALL.bins])
    assert inflow.sum() / 364 == pytest.approx(rates.sum(), rel=0.01)
    assert np.abs(inflow.sum(axis=1) / 364 / rates - 1).max() < 0.12


def test_the_week_shows_in_the_inflow() -> None:
    """Mean inflow by hour of the week follows the profile of the bin's kind."""
    first, hours = 490_000, 24 * 7 * 104
    for kind in range(4):
        bins = [b for b in CITY.bins if b.clock == kind][:60]
        share = draw_inflow(5, bins, first, hours) / np.array([[b.fill_per_day / 24] for b in bins])
        week = hour_of_week(np.arange(first, first + hours))
        mean = np.array([share[:, week == h].mean() for h in range(168)])
        assert np.corrcoef(mean, PROFILES[kind])[0, 1] > 0.98


def test_the_clock_starts_on_monday_midnight() -> None:
    """Hour 0 of the week is the local midnight before Monday."""
    opens = np.array([int(count_hours(OPENS))])
    assert OPENS.weekday() == 0
    assert hour_of_week(opens)[0] == 19


@settings(max_examples=60)
@given(
    place=st.integers(0, 119),
    emptied=st.floats(0, 100),
    first=st.floats(0, 100),
    second=st.floats(0, 100),
)
def test_a_bin_never_empties_itself(place: int, emptied: float, first: float, second: float) -> None:
    """Between emptyings the level only grows, from next to nothing."""
    since = OPENS + timedelta(hours=emptied)
    early, late = sorted((since + timedelta(hours=first), since + timedelta(hours=second)))
    low = level(5, SMALL.bins[place], early, since)
    assert 0 <= level(5, SMALL.bins[place], since, since) <= 0.05
    assert low <= level(5, SMALL.bins[place], late, since) + 1e-12


def test_levels_of_many_are_levels_of_each() -> None:
    """Asked together or alone, now or later, a bin's level is the same."""
    emptied = [OPENS - timedelta(hours=3 + k) for k in range(len(SMALL.bins))]
    together = levels(5, SMALL.bins, OPENS, emptied)
    alone = [level(5, b, OPENS, when) for b, when in zip(SMALL.bins, emptied, strict=True)]
    assert together == pytest.approx(alone, abs=1e-9)


def test_emptied_in_the_future_is_refused() -> None:
    """A level before the last emptying is a question without an answer."""
    with pytest.raises(ValueError, match="BK-0001"):
        level(5, SMALL.bins[0], OPENS, OPENS + timedelta(hours=1))


def test_same_seed_same_history() -> None:
    """A history depends on the city alone."""
    assert recall_history(draw_city(5, "small")) == HISTORY
    assert recall_history(draw_city(6, "small")) != HISTORY


def test_four_weeks_are_remembered() -> None:
    """Six reports a day and bin less the losses, in order, all in the 28 days before opening."""
    times = [reading.measured_at for reading in HISTORY.readings]
    assert times == sorted(times)
    assert OPENS - timedelta(days=28) < times[0]
    assert times[-1] <= OPENS
    assert 0.90 < len(times) / (28 * 6 * len(SMALL.bins)) < 0.96


def test_crews_came_every_few_days() -> None:
    """Bins were mostly emptied between half full and full, on mornings."""
    known = [e for e in HISTORY.emptyings if e.emptied_at > OPENS - timedelta(days=28)]
    full = np.array([e.fill_before for e in known])
    assert 0.7 < np.median(full) < 0.9
    assert (full > 1).mean() < 0.2
    hours = np.array([e.emptied_at.hour + 1 for e in known])
    assert ((hours >= 6) & (hours < 13)).mean() > 0.95
    assert 1.8 < 28 * len(SMALL.bins) / len(known) < 3.8


@pytest.mark.parametrize("seed", [1, 5, 9])
def test_two_bins_run_over_at_opening(seed: int) -> None:
    """Exactly the bins the city names as overdue are over the rim when it opens."""
    city = draw_city(seed, "small")
    emptied = recall_history(city).emptied_at
    full = levels(seed, city.bins, city.opens_at, [emptied[b.bin_id] for b in city.bins])
    over = {b.bin_id for b, share in zip(city.bins, full, strict=True) if share >= 1}
    assert over == set(city.overdue)


def test_a_live_report_is_the_one_of_the_history() -> None:
    """Read alone at its time, a sensor says what the history has it say."""
    said = {(r.bin_id, r.measured_at): r for r in HISTORY.readings}
    emptied = HISTORY.emptied_at
    compared = 0
    for container, sensor in zip(SMALL.bins, SMALL.sensors, strict=True):
        for at in report_times(sensor, max(emptied[container.bin_id], OPENS - timedelta(days=1)), OPENS):
            alone = read_sensor(SMALL, sensor, container, at, emptied[container.bin_id])
            assert alone == said.get((container.bin_id, at))
            compared += alone is not None
    assert compared > 200


def test_sensors_are_off_by_their_noise() -> None:
    """Most readings lie within the noise of the truth, a few are wild."""
    emptied = HISTORY.emptied_at
    truth = {b.bin_id: b for b in SMALL.bins if b.bin_id not in SMALL.overdue}
    sound = {s.bin_id for s in SMALL.sensors if s.health == "sound"}
    errors = np.array(
        [
            r.fill - level(5, truth[r.bin_id], r.measured_at, emptied[r.bin_id])
            for r in HISTORY.readings
            if r.bin_id in truth and r.bin_id in sound and r.measured_at > emptied[r.bin_id]
        ]
    )
    core = errors[np.abs(errors) < 0.12]
    assert len(errors) > 800
    assert 0.95 < len(core) / len(errors) < 1
    assert NOISE < core.std() < 1.4 * NOISE
    assert abs(core.mean()) < 0.01


def test_one_sensor_is_silent_and_one_is_stuck() -> None:
    """Before opening, one has said nothing for over two days, one the same distance for nine."""
    silent, stuck = (next(s for s in SMALL.sensors if s.health == health) for health in ("silent", "stuck"))
    last = max(r.measured_at for r in HISTORY.readings if r.bin_id == silent.bin_id)
    assert timedelta(days=2) < OPENS - last < timedelta(days=6)
    since = OPENS - timedelta(days=9)
    recent = [r.distance_mm for r in HISTORY.readings if r.bin_id == stuck.bin_id and r.measured_at > since]
    assert len(recent) > 30
    assert len(set(recent)) == 1


def test_reports_come_every_four_hours() -> None:
    """A sensor wakes six times a day, after the first time and up to the last, including it."""
    times = report_times(SMALL.sensors[0], OPENS, OPENS + timedelta(days=1))
    assert len(times) == 6
    assert {b - a for a, b in itertools.pairwise(times)} == {timedelta(hours=4)}
    assert report_times(SMALL.sensors[0], times[0], times[1]) == [times[1]]
