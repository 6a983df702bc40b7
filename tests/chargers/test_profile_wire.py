"""Profiles on the wire and back, what stations hold, and the profiles the central system builds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocpp.messages import Call, validate_payload

from chargers.errors import ProfileError, ProfileUnreadable
from chargers.profile import (
    ChargingProfile,
    ChargingSchedule,
    Installed,
    Kind,
    Period,
    Purpose,
    RateUnit,
    Recurrency,
    clear,
    composite,
    end_transaction,
    fallback_profile,
    from_schedule,
    from_v16,
    from_v201,
    install,
    limit_watts,
    lower_envelope,
    profiles_for,
    to_v16,
    to_v201,
)

EVENING = datetime(2026, 1, 12, 16, tzinfo=UTC)
PLAN = from_schedule(
    [0.0, 11.0, 11.0, 22.0],
    start=EVENING,
    slot_minutes=15,
    profile_id=7,
    transaction_id="42",
    unit=RateUnit.A,
)


def test_a_plan_as_1_6_payload():
    """kW become A per phase rounded down to a tenth, equal slots one period, times RFC 3339 in UTC."""
    assert to_v16(PLAN) == {
        "chargingProfileId": 7,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "transactionId": 42,
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": "2026-01-12T16:00:00Z",
            "duration": 3600,
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 0.0},
                {"startPeriod": 900, "limit": 15.9},
                {"startPeriod": 2700, "limit": 31.8},
            ],
        },
    }


@pytest.mark.parametrize("unit", RateUnit)
@pytest.mark.parametrize("phases", [1, 3])
async def test_payloads_pass_the_protocols_schemas(unit, phases):
    """Both wire forms are valid by the JSON schemas of their protocol."""
    plan = from_schedule(
        [3.7, 7.4, 0.0], start=EVENING, slot_minutes=15, profile_id=1, transaction_id="9", unit=unit, phases=phases
    )
    for one in (plan, fallback_profile(profile_id=2, kw=4.14, unit=unit, phases=phases)):
        old = {"connectorId": 1, "csChargingProfiles": to_v16(one)}
        await validate_payload(Call("1", "SetChargingProfile", old), "1.6")
        new = {"evseId": 1, "chargingProfile": to_v201(one)}
        await validate_payload(Call("1", "SetChargingProfile", new), "2.0.1")


def test_six_amperes_stay_six():
    """Rounding down does not push a minimum of 6 A (4.14 kW on three phases) under itself."""
    assert fallback_profile(profile_id=1, kw=4.14, unit=RateUnit.A).schedule.periods == (Period(0, 6.0),)
    assert fallback_profile(profile_id=1, kw=1.38, unit=RateUnit.A, phases=1).schedule.periods == (Period(0, 6.0, 1),)


def test_a_fallback_leaves_no_gap_ever():
    """A fall-back speaks at any time, transaction or not, also on a station whose clock stands in 1970."""
    relative = fallback_profile(profile_id=1, kw=4.14, unit=RateUnit.W)
    absolute = fallback_profile(profile_id=1, kw=4.14, unit=RateUnit.W, start=datetime(2020, 1, 1, tzinfo=UTC))
    for held, when in ((relative, datetime(1970, 1, 1, tzinfo=UTC)), (relative, EVENING), (absolute, EVENING)):
        got = composite([held], at=when, duration_s=10**6, unit=RateUnit.W)
        assert got.periods == (Period(0, 4140.0),)
        assert (held.stack_level, held.valid_to, held.purpose) == (0, None, Purpose.TX_DEFAULT)


def test_a_replan_sends_only_what_is_to_come():
    """With `now` given, the profile begins with the slot that runs."""
    late = from_schedule(
        [1.0, 2.0, 3.0],
        start=EVENING,
        slot_minutes=15,
        profile_id=7,
        transaction_id="42",
        unit=RateUnit.W,
        now=EVENING + timedelta(minutes=20),
    )
    assert late.schedule.start == EVENING + timedelta(minutes=15)
    assert late.schedule.periods == (Period(0, 2000.0), Period(900, 3000.0))
    with pytest.raises(ProfileError, match="the night ended"):
        from_schedule(
            [1.0],
            start=EVENING,
            slot_minutes=15,
            profile_id=7,
            transaction_id="42",
            unit=RateUnit.W,
            now=EVENING + timedelta(hours=1),
        )


@given(st.lists(st.integers(0, 5).map(lambda step: step * 4.4), min_size=1, max_size=64), st.integers(1, 24))
def test_few_periods_never_allow_more(plan, most):
    """A station with few periods gets a lower envelope: at most that many, in every slot at or under the plan."""
    sent = from_schedule(
        plan,
        start=EVENING,
        slot_minutes=15,
        profile_id=7,
        transaction_id="42",
        unit=RateUnit.W,
        max_periods=most,
    )
    assert len(sent.schedule.periods) <= most
    got = composite([sent], at=EVENING, duration_s=len(plan) * 900, unit=RateUnit.W)
    for slot, kw in enumerate(plan):
        assert limit_watts(got, slot * 900 + 450) <= kw * 1000.0 + 1e-6


def test_the_envelope_gives_up_the_least_energy():
    """Of two joins the one that loses less is made."""
    assert lower_envelope([(0, 10.0), (4, 9.0), (8, 0.0)], 12, 2) == [(0, 9.0), (8, 0.0)]
    assert lower_envelope([(0, 0.0), (1, 10.0), (2, 0.0), (9, 8.0)], 12, 3) == [(0, 0.0), (9, 8.0)]


def any_profile():
    moments = st.integers(0, 10**6).map(lambda second: EVENING + timedelta(seconds=second))
    steps = st.lists(
        st.tuples(st.integers(1, 1000), st.integers(0, 10**6), st.sampled_from([1, 2, 3])), max_size=5
    ).map(
        lambda later: tuple(
            Period(sum(step for step, _, _ in later[:index]), limit / 10, phases)
            for index, (_, limit, phases) in enumerate([*later, (0, 60, 3)])
        )
    )
    return st.builds(
        lambda unit, periods, start, duration, kind, valid_to, transaction: ChargingProfile(
            id=5,
            stack_level=3,
            purpose=Purpose.TX if transaction else Purpose.TX_DEFAULT,
            kind=kind,
            schedule=ChargingSchedule(unit, periods, None if kind is Kind.RELATIVE else start, duration, 6.0),
            recurrency=Recurrency.WEEKLY if kind is Kind.RECURRING else None,
            valid_to=valid_to,
            transaction_id=transaction,
        ),
        st.sampled_from(RateUnit),
        steps,
        moments,
        st.none() | st.integers(1, 10**6),
        st.sampled_from(Kind),
        st.none() | moments,
        st.none() | st.integers(1, 10**6).map(str),
    )


@given(any_profile())
def test_what_is_written_is_read_back(profile):
    """Both wire forms carry a whole profile."""
    assert from_v16(to_v16(profile)) == profile
    assert from_v201(to_v201(profile)) == profile


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chargingProfilePurpose": "Tx"}, "'Tx' is not one of ChargePointMaxProfile"),
        ({"chargingProfileKind": "Sometimes"}, "chargingProfileKind 'Sometimes' is not one of Absolute"),
        ({"stackLevel": None}, "stackLevel is missing"),
        ({"stackLevel": True}, "stackLevel is True: int is expected"),
        ({"validTo": "tomorrow"}, "validTo 'tomorrow' is no RFC 3339 time"),
        ({"chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [3]}}, "objects are expected"),
        ({"chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0}]}}, "limit"),
    ],
)
def test_unreadable_payloads_name_the_field(change, message):
    """A payload that is no profile says which field and why."""
    with pytest.raises(ProfileUnreadable, match=message):
        from_v16({**to_v16(PLAN), **change})


def test_two_schedules_are_refused():
    """The up to three schedules of ISO 15118 are not supported, and said so."""
    payload = to_v201(PLAN)
    with pytest.raises(ProfileUnreadable, match="holds 2 entries"):
        from_v201({**payload, "chargingSchedule": payload["chargingSchedule"] * 2})


def test_1_6_cannot_say_everything():
    """A text transaction id and external constraints exist only in 2.x."""
    with pytest.raises(ProfileError, match="is no number"):
        to_v16(
            from_schedule([1.0], start=EVENING, slot_minutes=15, profile_id=7, transaction_id="a-b", unit=RateUnit.W)
        )
    outside = ChargingProfile(
        1, 0, Purpose.EXTERNAL_CONSTRAINTS, Kind.ABSOLUTE, ChargingSchedule(RateUnit.A, (Period(0, 9.0),), EVENING)
    )
    with pytest.raises(ProfileError, match=r"1\.6 has no"):
        to_v16(outside)


@pytest.mark.parametrize(
    ("purpose", "kind", "periods", "start", "message"),
    [
        (Purpose.TX_DEFAULT, Kind.RELATIVE, [(5, 6.0)], None, "must start at 0"),
        (Purpose.TX_DEFAULT, Kind.RELATIVE, [(0, 6.0), (9, 7.0), (9, 8.0)], None, "increasing"),
        (Purpose.TX_DEFAULT, Kind.RELATIVE, [(0, -1.0)], None, "below 0"),
        (Purpose.TX_DEFAULT, Kind.RELATIVE, [(0, float("nan"))], None, "no number"),
        (Purpose.TX_DEFAULT, Kind.RELATIVE, [(0, 6.0)], EVENING, "leave its start out"),
        (Purpose.TX_DEFAULT, Kind.ABSOLUTE, [(0, 6.0)], None, "needs a start"),
        (Purpose.TX_DEFAULT, Kind.RECURRING, [(0, 6.0)], EVENING, "needs a recurrency"),
        (Purpose.STATION_MAX, Kind.RELATIVE, [(0, 6.0)], None, "cannot be Relative"),
    ],
)
def test_profiles_a_station_would_refuse(purpose, kind, periods, start, message):
    """What stations answer with Rejected is refused before it is sent."""
    schedule = ChargingSchedule(RateUnit.A, tuple(Period(*period) for period in periods), start)
    with pytest.raises(ProfileError, match=message):
        install((), 0, ChargingProfile(1, 0, purpose, kind, schedule))


def numbered(profile_id, purpose, level, transaction=None):
    kind, start = (Kind.ABSOLUTE, EVENING) if purpose is Purpose.STATION_MAX else (Kind.RELATIVE, None)
    schedule = ChargingSchedule(RateUnit.A, (Period(0, 6.0),), start)
    return ChargingProfile(profile_id, level, purpose, kind, schedule, transaction_id=transaction)


def test_same_id_or_same_place_replaces():
    """The same id replaces wherever it was, the same purpose and level only at the same EVSE."""
    held = install((), 0, numbered(1, Purpose.TX_DEFAULT, 0))
    held = install(held, 1, numbered(2, Purpose.TX_DEFAULT, 0))
    held = install(held, 1, numbered(3, Purpose.TX_DEFAULT, 0))
    assert [(one.evse, one.profile.id) for one in held] == [(0, 1), (1, 3)]
    held = install(held, 2, numbered(1, Purpose.TX, 1, "8"))
    assert [(one.evse, one.profile.id) for one in held] == [(1, 3), (2, 1)]


def test_who_speaks_for_an_evse():
    """Station-wide, own and the running transaction's profiles; an own default takes the station's place."""
    held = (
        Installed(0, numbered(1, Purpose.TX_DEFAULT, 0)),
        Installed(1, numbered(2, Purpose.TX_DEFAULT, 0)),
        Installed(0, numbered(3, Purpose.STATION_MAX, 0)),
        Installed(1, numbered(4, Purpose.TX, 0, "a")),
        Installed(2, numbered(5, Purpose.TX, 0)),
    )

    def ids(evse, transaction):
        return [one.id for one in profiles_for(held, evse, transaction)]

    assert ids(1, "a") == [2, 3, 4]
    assert ids(1, "b") == [2, 3]
    assert ids(1, None) == [2, 3]
    assert ids(2, "b") == [1, 3, 5]
    assert ids(3, None) == [1, 3]
    assert [one.profile.id for one in end_transaction(held, 1)] == [1, 2, 3, 5]


def test_clearing_by_id_or_by_criteria():
    """An id alone decides; criteria must all match; nothing named clears everything."""
    held = (
        Installed(1, numbered(1, Purpose.TX_DEFAULT, 0)),
        Installed(1, numbered(2, Purpose.TX, 1)),
        Installed(2, numbered(3, Purpose.TX, 2)),
    )
    assert [one.profile.id for one in clear(held, profile_id=2)] == [1, 3]
    assert [one.profile.id for one in clear(held, purpose=Purpose.TX, evse=1)] == [1, 3]
    assert [one.profile.id for one in clear(held, stack_level=2)] == [1, 2]
    assert clear(held) == ()


def test_station_wide_and_transaction_profiles_go_where_they_belong():
    """A maximum is refused at an EVSE, a transaction's profile at the station."""
    with pytest.raises(ProfileError, match="goes to EVSE 0"):
        install((), 1, numbered(1, Purpose.STATION_MAX, 0))
    with pytest.raises(ProfileError, match="not to 0"):
        install((), 0, numbered(1, Purpose.TX, 0))
