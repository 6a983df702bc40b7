"""A simulated year: the same bins under two policies, counted the same way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from console.twin.year.calendar import PATTERNS, make_calendar
from console.twin.year.play import FASTEST, fit_containers, play_year
from console.twin.year.tell import describe
from console.twin.year.truth import Truth
from fleet.twin.city import draw_city
from fleet.twin.filling import level

CITY = draw_city(3, "small")


def test_truth_agrees_with_the_twin() -> None:
    """A level over the long run is the one the twin gives when asked for that hour alone."""
    truth = Truth(CITY, CITY.opens_at, 3)
    one = CITY.bins[5]
    for back in (30, 4):
        truth.empty(one.bin_id, CITY.opens_at - timedelta(hours=back))
    at = CITY.opens_at + timedelta(hours=17, minutes=20)
    expected = level(CITY.seed, one, at, CITY.opens_at - timedelta(hours=4))
    assert truth.fill(one.bin_id, at) == pytest.approx(expected, abs=1e-9)


def test_a_bin_nobody_empties_overflows_and_one_emptied_daily_does_not() -> None:
    """Overflow is counted by the hour and by the day from the true levels."""
    city = fit_containers(CITY)
    left, kept = Truth(city, city.opens_at, 20), Truth(city, city.opens_at, 20)
    for one in city.bins:
        left.empty(one.bin_id, city.opens_at - timedelta(hours=5))
        for day in range(21):
            kept.empty(one.bin_id, city.opens_at + timedelta(days=day, hours=-5))
    assert left.look_back().service < 0.8
    assert left.look_back().overflow_hours > 24
    assert kept.look_back().service > 0.999
    assert kept.look_back().bin_days == 20 * len(city.bins)


def test_the_calendar_serves_every_bin_as_seldom_as_it_bears() -> None:
    """Every bin has its days, slow streams fewer than quick ones, and a lower promise never asks for more."""
    city = fit_containers(CITY)
    strict, lax = make_calendar(city, 0.999), make_calendar(city, 0.9)
    assert sorted(each.bin_id for sector in strict for each in sector.bins) == sorted(b.bin_id for b in city.bins)
    assert all(sector.weekdays in PATTERNS for sector in strict)
    days = {
        stream: max(len(sector.weekdays) for sector in strict if sector.bins[0].stream == stream)
        for stream in ("glass", "mixed")
    }
    assert days["glass"] < days["mixed"]
    assert sum(len(s.weekdays) for s in lax) < sum(len(s.weekdays) for s in strict)


def test_containers_grow_where_a_daily_round_would_not_do() -> None:
    """Litres a day stay what they were; no bin fills faster than the limit."""
    fitted = fit_containers(CITY)
    assert max(each.fill_per_day for each in fitted.bins) <= FASTEST + 1e-9
    for before, after in zip(CITY.bins, fitted.bins, strict=True):
        assert after.fill_per_day * after.capacity_l == pytest.approx(before.fill_per_day * before.capacity_l, rel=1e-2)


@pytest.mark.slow
def test_a_few_days_under_both_policies(tmp_path: Path) -> None:
    """Both policies drive plans of the night job itself on the same bins; the table tells them side by side."""
    played = {}
    for policy in ("sensors", "fixed"):
        folder = tmp_path / policy
        folder.mkdir()
        heard: list[int] = []
        played[policy] = play_year(
            folder, policy=policy, seed=3, size="small", days=2, seconds=0.2, told=heard.append, warm_days=1
        )
        assert heard == [1, 2]
    sensors, fixed = played["sensors"], played["fixed"]
    assert fixed.bins == sensors.bins == len(CITY.bins)
    assert fixed.emptyings > sensors.emptyings > 0
    assert fixed.mean_fill < sensors.mean_fill
    assert sensors.service > 0.95
    text = describe(
        {
            "seed": 3, "days": 2, "seconds": 0.2, "saved": {"km": 0.1},
            "policies": {name: {field: getattr(one, field) for field in one.__slots__} for name, one in played.items()},
        }
    )  # fmt: skip
    assert "bin-days without overflow" in text
    assert "10.0%" in text
