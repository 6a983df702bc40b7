"""Composite schedules against figures of other implementations' test suites (times UTC).

Not encoded: a maximum in W over a transaction profile in A where a station reports both units side by side (one
composite here is in one unit); a firmware's -1 for a gap and libocpp's 48 A for it, since OCPP leaves gaps undefined:
ours are UNLIMITED, or what the caller says its hardware does (covered below with both).
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargers.profile import (
    UNLIMITED,
    ChargingProfile,
    ChargingSchedule,
    Kind,
    Period,
    Purpose,
    RateUnit,
    Recurrency,
    composite,
    limit_watts,
    station_composite,
)

A, W = RateUnit.A, RateUnit.W
MAX, DEFAULT, TX = Purpose.STATION_MAX, Purpose.TX_DEFAULT, Purpose.TX


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def profile(purpose, periods, unit=A, *, start=None, duration=None, level=0, recurs=None, kind=None, phases=3, **more):
    if kind is None:
        kind = Kind.RECURRING if recurs else Kind.ABSOLUTE if start else Kind.RELATIVE
    return ChargingProfile(
        id=1,
        stack_level=level,
        purpose=purpose,
        kind=kind,
        schedule=ChargingSchedule(
            unit,
            tuple(Period(second, limit, phases) for second, limit in periods.items()),
            start=at(start) if start else None,
            duration_s=duration,
        ),
        recurrency=recurs,
        **more,
    )


def limits(schedule):
    return {period.start_s: period.limit for period in schedule.periods}


def over(profiles, begin, end, unit=A, **more):
    seconds = round((at(end) - at(begin)).total_seconds())
    return limits(composite(profiles, at=at(begin), duration_s=seconds, unit=unit, **more))


def grid24(purpose=TX):
    hours = {hour * 3600: float(hour + 1) for hour in range(24)}
    return profile(purpose, hours, W, start="2024-01-17T00:00", recurs=Recurrency.DAILY, duration=86400)


EVENING = profile(TX, {0: 2000.0}, W, start="2024-01-17T18:04", duration=1080, level=2, recurs=Recurrency.DAILY)
EVENING_ONCE = profile(
    TX, {0: 2000.0}, W, start="2024-01-17T18:04", duration=1080, level=2, recurs=Recurrency.DAILY, kind=Kind.ABSOLUTE
)
RELATIVE_STEPS = profile(DEFAULT, {0: 16.0, 1800: 15.0, 2700: 14.0}, duration=3600)
RELATIVE_WATTS = profile(DEFAULT, {0: 12420.0, 300: 8280.0, 600: 6210.0, 900: 4140.0, 1200: 2070.0}, W)
K_41 = {"start": "2024-08-21T12:24:36"}


def test_a_short_high_profile_covers_a_daily_low_one_and_each_keeps_its_phases():
    """Stack level 1 leads while it lasts; below it the daily profile of the evening goes on over midnight."""
    once = profile(DEFAULT, {0: 2000.0}, W, start="2024-01-17T18:00", duration=1080, level=1, phases=1)
    daily = profile(
        DEFAULT, {0: 11000.0, 28800: 6000.0, 72000: 12000.0}, W, start="2024-01-17T17:00", recurs=Recurrency.DAILY
    )
    got = composite([once, daily], at=at("2024-01-17T18:01"), duration_s=43140, unit=W)
    assert got.periods == (Period(0, 2000.0, 1), Period(1020, 11000.0, 3), Period(25140, 6000.0, 3))
    assert got.duration_s == 43140


def test_three_purposes_and_their_ends():
    """The transaction's profile leads over the default, both end, the maximum holds throughout (OCTT K_41)."""
    held = [
        profile(MAX, {0: 10.0}, duration=86404, **K_41),
        profile(DEFAULT, {0: 6.0, 60: 10.0, 120: 8.0, 180: 15.0, 260: 8.0}, duration=304, **K_41),
        profile(TX, {0: 8.0, 50: 11.0, 140: 16.0, 200: 6.0, 240: 12.0}, duration=264, **K_41),
    ]
    got = limits(composite(held, at=at("2024-08-21T12:24:40"), duration_s=400, unit=A))
    assert got == {0: 8.0, 46: 10.0, 196: 6.0, 236: 10.0, 260: 8.0, 300: 10.0}


@pytest.mark.parametrize(
    ("held", "begin", "end", "expected"),
    [
        ([grid24(), EVENING], "2024-01-18T18:02", "2024-01-18T18:24", {0: 19.0, 120: 2000.0, 1200: 19.0}),
        ([grid24(DEFAULT), EVENING], "2024-01-18T18:04", "2024-01-18T18:22", {0: 2000.0}),
        ([grid24(), EVENING_ONCE], "2024-01-18T18:04", "2024-01-18T18:22", {0: 19.0}),
        ([grid24()], "2024-01-18T18:04", "2024-01-18T18:22", {0: 19.0}),
        ([grid24()], "2024-01-18T18:04", "2024-01-18T20:04", {0: 19.0, 3360: 20.0, 6960: 21.0}),
        ([grid24()], "2024-01-18T23:30", "2024-01-19T00:30", {0: 24.0, 1800: 1.0}),
        ([grid24()], "2024-01-16T05:00", "2024-01-16T05:30", {0: 6.0}),
    ],
)
def test_daily_profiles(held, begin, end, expected):
    """A daily profile holds every day; an absolute one only once, whatever recurrency it names."""
    assert over(held, begin, end, W) == expected


@pytest.mark.parametrize("hour", range(24))
def test_every_hour_of_a_daily_grid(hour):
    """Hour k of the daily grid has limit k + 1, on any later day."""
    assert over([grid24()], f"2024-02-20T{hour:02}:10", f"2024-02-20T{hour:02}:20", W) == {0: hour + 1.0}


@pytest.mark.parametrize("phases", [1, 3])
def test_fewest_phases_hold(phases):
    """A remote start's 20 A on one phase under a maximum of 16 A: 16 A on one phase, however many the maximum has."""
    held = [profile(TX, {0: 20.0}, phases=1), profile(MAX, {0: 16.0}, start="2024-01-01T00:00", phases=phases)]
    got = composite(held, at=at("2024-01-01T00:00"), duration_s=300, unit=A)
    assert got.periods == (Period(0, 16.0, 1),)


def test_a_maximum_in_watts_over_amperes():
    """5000 W over 20 A on one phase: asked in A the 20 A hold (5000 W are 21.7 A), asked in W their 4600 W."""
    held = [profile(TX, {0: 20.0}, phases=1), profile(MAX, {0: 5000.0}, W, start="2024-01-01T00:00")]
    day = "2024-01-01T00:00", "2024-01-01T00:05"
    assert over(held, *day, A) == {0: 20.0}
    assert over(held, *day, W) == {0: 4600.0}


def test_absolute_maximum_without_end():
    """The last period of a schedule without a duration goes on."""
    held = [profile(MAX, {0: 16.0, 3600: 20.0}, start="2024-01-01T00:00")]
    assert over(held, "2024-01-01T00:00", "2024-01-02T00:00") == {0: 16.0, 3600: 20.0}


def test_a_daily_duration_leaves_a_gap():
    """Between a daily profile's end and its next start nothing is said: unlimited, or what the station says it does."""
    held = [profile(MAX, {0: 16.0, 3600: 20.0}, start="2023-01-01T00:00", duration=7200, recurs=Recurrency.DAILY)]
    begin = at("2023-01-01T00:00")
    got = limits(composite(held, at=begin, duration_s=86401, unit=A))
    assert got == {0: 16.0, 3600: 20.0, 7200: UNLIMITED, 86400: 16.0}
    at_48 = limits(composite(held, at=begin, duration_s=86401, unit=A, unlimited=48.0))
    assert at_48 == {0: 16.0, 3600: 20.0, 7200: 48.0, 86400: 16.0}


@pytest.mark.parametrize(("day", "expected"), [("01-01", 10.0), ("01-03", 16.0), ("01-22", 10.0), ("01-23", 16.0)])
def test_weekly_over_daily(day, expected):
    """A weekly profile of a higher level leads on its weekday only."""
    held = [
        profile(MAX, {0: 16.0, 3600: 20.0}, start="2023-01-01T00:00", duration=7200, recurs=Recurrency.DAILY),
        profile(MAX, {0: 10.0, 3600: 12.0}, start="2023-01-01T00:00", duration=7200, recurs=Recurrency.WEEKLY, level=1),
    ]
    assert over(held, f"2023-{day}T00:00", f"2023-{day}T00:30") == {0: expected}


def test_absolute_default_begins_and_ends_within_the_query():
    """The first and last second of a schedule are its own."""
    held = [profile(DEFAULT, {0: 32.0, 1800: 31.0, 2700: 30.0}, start="2024-01-01T12:02", duration=3600)]
    got = over(held, "2024-01-01T12:01:59", "2024-01-01T13:02:01", unlimited=48.0)
    assert got == {0: 48.0, 1: 32.0, 1801: 31.0, 2701: 30.0, 3601: 48.0}


@pytest.mark.parametrize(
    ("evses", "expected"), [(1, {0: 16.0, 1800: 15.0, 2700: 14.0}), (2, {0: 32.0, 1800: 30.0, 2700: 28.0})]
)
def test_a_station_adds_its_evses(evses, expected):
    """A default on EVSE 0 speaks for each EVSE; the station's composite is their sum."""
    got = station_composite([[RELATIVE_STEPS]] * evses, at=at("2024-01-01T00:00"), duration_s=3600, unit=A)
    assert limits(got) == expected


def test_a_station_maximum_caps_the_sum():
    """The maximum of the station is compared with the sum of its EVSEs, not with each."""
    cap = profile(
        MAX,
        {0: 24.0, 900: 28.0, 1800: 30.0, 2700: 32.0},
        start="2024-01-01T08:00",
        duration=7200,
        recurs=Recurrency.DAILY,
        phases=1,
    )
    got = station_composite([[RELATIVE_STEPS, cap]] * 2, at=at("2024-01-02T08:01"), duration_s=3600, unit=A)
    assert limits(got) == {0: 24.0, 840: 28.0, 1740: 30.0, 2700: 28.0}


@pytest.mark.parametrize(
    ("amperes", "phases", "unit", "expected"),
    [
        (16.0, 3, A, {0: 16.0, 300: 12.0, 600: 9.0, 900: 6.0, 1200: 3.0}),
        (10.0, 3, A, {0: 10.0, 600: 9.0, 900: 6.0, 1200: 3.0}),
        (16.0, 1, A, {0: 16.0, 1200: 9.0}),
        (10.0, 1, A, {0: 10.0, 1200: 9.0}),
        (10.0, 3, W, {0: 6900.0, 600: 6210.0, 900: 4140.0, 1200: 2070.0}),
        (10.0, 1, W, {0: 2300.0, 1200: 2070.0}),
    ],
)
def test_amperes_and_watts_meet(amperes, phases, unit, expected):
    """A default in W under a maximum in A: converted at 230 V over the fewest phases either allows."""
    held = [RELATIVE_WATTS, profile(MAX, {0: amperes}, start="2024-01-01T00:00", phases=phases)]
    assert over(held, "2024-01-01T12:00", "2024-01-01T13:00", unit) == expected


def test_relative_counts_from_the_transaction():
    """A relative profile starts with the transaction, not with the question."""
    begin = at("2024-01-01T12:00")
    got = composite([RELATIVE_STEPS], at=begin, duration_s=600, unit=A, transaction_start=begin - timedelta(minutes=25))
    assert limits(got) == {0: 16.0, 300: 15.0}


def test_validity_bounds_a_profile():
    """Outside validFrom and validTo the next lower level leads."""
    low = profile(DEFAULT, {0: 6.0})
    high = profile(DEFAULT, {0: 20.0}, level=3, valid_from=at("2024-01-01T12:10"), valid_to=at("2024-01-01T12:20"))
    assert over([high, low], "2024-01-01T12:00", "2024-01-01T12:30") == {0: 6.0, 600: 20.0, 1200: 6.0}


def test_external_constraints_cap_too():
    """A grid operator's constraint holds beside the station's maximum."""
    held = [RELATIVE_STEPS, profile(Purpose.EXTERNAL_CONSTRAINTS, {0: 9.0}, start="2024-01-01T00:00")]
    assert over(held, "2024-01-01T12:00", "2024-01-01T12:10") == {0: 9.0}


def test_nothing_installed_is_no_limit():
    """Without profiles there is one unlimited period, and outside its time a composite promises nothing."""
    got = composite([], at=at("2024-01-01T12:00"), duration_s=600, unit=A)
    assert limits(got) == {0: UNLIMITED}
    assert limit_watts(got, 600) == UNLIMITED
    sixteen = composite([RELATIVE_STEPS], at=at("2024-01-01T12:00"), duration_s=600, unit=A)
    assert limit_watts(sixteen, 599) == 16.0 * 690.0


def periods():
    limit = st.integers(0, 32).map(float)
    later = st.dictionaries(st.integers(1, 7200), limit, max_size=4)
    return st.builds(lambda first, more: {0: first, **dict(sorted(more.items()))}, limit, later)


def profiles():
    minutes = st.integers(0, 180).map(lambda minute: f"2024-01-01T{10 + minute // 60}:{minute % 60:02}")
    return st.builds(
        lambda purpose, steps, start, duration, level, recurs, phases: profile(
            purpose, steps, start=start, duration=duration, level=level, recurs=recurs, phases=phases
        ),
        st.sampled_from([MAX, DEFAULT, TX]),
        periods(),
        minutes,
        st.none() | st.integers(1, 7200),
        st.integers(0, 2),
        st.sampled_from([None, Recurrency.DAILY]),
        st.sampled_from([1, 3]),
    )


@given(st.lists(profiles(), max_size=5), st.integers(0, 7200), st.integers(0, 7199))
def test_a_long_question_agrees_with_a_short_one(held, begin_s, later_s):
    """The limit a composite gives for an instant is the one asked at that instant."""
    anchor = at("2024-01-01T10:00")
    begin = anchor + timedelta(seconds=begin_s)
    long = composite(held, at=begin, duration_s=7200, unit=A, transaction_start=anchor)
    then = begin + timedelta(seconds=later_s)
    short = composite(held, at=then, duration_s=1, unit=A, transaction_start=anchor)
    assert limit_watts(long, later_s) == limit_watts(short, 0)
    assert all(one.start_s < two.start_s for one, two in pairwise(long.periods))
