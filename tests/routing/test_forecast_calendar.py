"""The clock of a forecast: exact over changes of the hour, stretched by the calendar, factors corrected by what was."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from fleet.calendar import NO_CALENDAR, Calendar, Occasion
from routing.forecast import Reading, learn
from routing.forecast.clock import FLAT, UNBIASED, Clock, make_almanac

PARIS = ZoneInfo("Europe/Paris")
HOLIDAY = Occasion("Fête", "holiday", 2.0, month=3, day=18)


def clock_of(begin: datetime, days: int, calendar: Calendar, zone: ZoneInfo = PARIS, quarter: str = "") -> Clock:
    almanac = make_almanac(begin.timestamp(), (begin + timedelta(days=days)).timestamp(), zone, calendar, {})
    return almanac.clocks(FLAT, quarter, [UNBIASED])[0]


@pytest.mark.parametrize("change", [datetime(2026, 3, 29, tzinfo=PARIS), datetime(2026, 10, 25, tzinfo=PARIS)])
def test_the_clock_never_goes_back_over_a_change_of_the_hour(change):
    """Minute by minute across a day of 23 or 25 hours the clock moves on, and counts one usual day for each date."""
    clock = clock_of(change - timedelta(days=2), 6, NO_CALENDAR)
    begin = change.timestamp() - 86_400
    shown = [clock.exposure(begin + 60 * minute) for minute in range(3 * 1440)]
    assert all(later >= sooner for sooner, later in itertools.pairwise(shown))
    morning = [datetime(change.year, change.month, change.day + step, tzinfo=PARIS).timestamp() for step in (0, 1)]
    assert clock.exposure(morning[1]) - clock.exposure(morning[0]) == pytest.approx(1.0)


def test_instant_is_the_inverse_of_exposure():
    """The time at which the clock shows what it showed at a time is that time, within the range and outside."""
    begin = datetime(2026, 3, 10, tzinfo=UTC)
    clock = clock_of(begin, 20, Calendar("", (HOLIDAY,)))
    for hours in (-100, 0, 1.5, 200.25, 333, 700):
        at = begin.timestamp() + hours * 3600
        assert clock.instant(clock.exposure(at)) == pytest.approx(at, abs=1)


def test_a_holiday_stretches_its_day_and_no_other():
    """On a day of factor two the clock advances two usual days; its quarter alone feels a market."""
    begin = datetime(2026, 3, 16, tzinfo=PARIS)
    market = Occasion("Souk", "market", 3.0, quarter="Centre", weekdays=(3,))
    calendar = Calendar("", (HOLIDAY, market))
    centre, north = (clock_of(begin, 7, calendar, quarter=quarter) for quarter in ("Centre", "Nord"))

    def day(clock: Clock, number: int) -> float:
        start = (begin + timedelta(days=number)).timestamp()
        return clock.exposure(start + 86_400) - clock.exposure(start)

    assert [round(day(north, number), 6) for number in range(5)] == [1, 1, 2, 1, 1]
    assert [round(day(centre, number), 6) for number in range(5)] == [1, 1, 2, 3, 1]


def test_shifted_hours_keep_the_days_sum():
    """A season of other hours moves growth within the day and changes its sum by its factor alone."""
    hours = (4.0,) * 6 + (0.5,) * 18
    calendar = Calendar("", (Occasion("Fast", "holiday", 1.2, hours=hours, month=3, day=18),))
    begin = datetime(2026, 3, 18, tzinfo=PARIS)
    clock = clock_of(begin, 2, calendar)
    start = begin.timestamp()
    night = clock.exposure(start + 6 * 3600) - clock.exposure(start)
    whole = clock.exposure(start + 86_400) - clock.exposure(start)
    assert whole == pytest.approx(1.2)
    assert night == pytest.approx(1.2 * 24 / 33)


def test_a_known_feast_is_foretold_and_its_factor_learned():
    """Bins that take twice as much on a feast: with the calendar the day is foretold; its factor moves to the truth."""
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    feasts = (datetime(2026, 3, 18, tzinfo=UTC).date(), datetime(2026, 4, 9, tzinfo=UTC).date())
    draw = Random(4)
    readings = []
    names = [f"B{number:02d}" for number in range(30)]
    level = dict.fromkeys(names, 0.0)
    for step in range(45 * 12):
        at = begin + timedelta(hours=2 * step)
        for name in names:
            level[name] += 0.2 / 12 * (2.0 if at.date() in feasts else 1.0)
            if level[name] > 0.8:
                level[name] = 0.0
            readings.append(Reading(name, at, min(1.0, max(0.0, level[name] + draw.gauss(0, 0.01)))))
    told = tuple(
        Occasion(name, "holiday", 1.5, month=day.month, day=day.day)
        for name, day in zip(("first", "second"), feasts, strict=True)
    )
    same = tuple(Occasion("feast", "holiday", 1.5, month=day.month, day=day.day) for day in feasts)
    eve = datetime(2026, 4, 9, tzinfo=UTC)
    past = [each for each in readings if each.at <= eve]
    plain = learn(names, past, (), eve).bins["B00"]
    wise = learn(names, past, (), eve, calendar=Calendar("c", told)).bins["B00"]
    over = eve + timedelta(days=1)
    assert plain.expect(over) - plain.expect(eve) == pytest.approx(0.2, abs=0.03)
    assert wise.expect(over) - wise.expect(eve) == pytest.approx(0.3, abs=0.03)
    after = learn(names, readings, (), begin + timedelta(days=44), calendar=Calendar("c", same))
    assert 1.6 < after.fit.factors["feast"] < 2.1
