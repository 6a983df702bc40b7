"""The invariants one by one, and what each event does to what an EVSE may draw."""

from datetime import UTC, datetime, timedelta

import pytest

from chargers.errors import ScheduleError, UnsafeLimits
from chargers.profile import UNLIMITED, ChargingSchedule, Period, RateUnit
from chargers.safety import (
    Breach,
    EvseId,
    EvseState,
    Push,
    PushState,
    base_load_kw,
    came_back,
    check_fallbacks,
    composite_confirmed,
    fallback_confirmed,
    fell_silent,
    held_breaches,
    held_kw,
    may_start,
    next_pushes,
    plan_breaches,
    push_rejected,
    rebooted,
    silent_evses,
    slot_kw,
    transaction_ended,
    transaction_started,
    unsettled_evses,
)

A, B = EvseId("A", 1), EvseId("B", 1)
START = datetime(2026, 1, 12, 16, tzinfo=UTC)


def site(**evses):
    known = {EvseId(name, 1): EvseState(22.0, 4.0, **{"fallback_kw": 4.0, **more}) for name, more in evses.items()}
    return PushState(2, known)


def test_fallbacks_above_the_limit_are_refused():
    """I1: a site that breaks its limit when everybody is silent is refused, with the figure to mend it by."""
    check_fallbacks({A: 4.0, B: 15.0}, base_max_kw=11.0, limit_kw=30.0)
    with pytest.raises(UnsafeLimits, match=r"lower the fall-backs by 0\.5 kW"):
        check_fallbacks({A: 4.0, B: 15.0}, base_max_kw=11.0, limit_kw=29.5)


def test_a_plan_counts_fallbacks_where_it_gives_less():
    """I2: planned 0 counts as the fall-back, an EVSE without a plan too."""
    fallback = {A: 4.0, B: 4.0}
    plan = {A: (0.0, 20.0)}
    assert plan_breaches(plan, fallback, base_kw=[2.0, 2.0], limit_kw=[10.0, 26.0]) == ()
    assert plan_breaches(plan, fallback, base_kw=[2.0, 2.0], limit_kw=[10.0, 26.0], margin_kw=1.0) == (
        Breach("I2", 0, 1.0),
        Breach("I2", 1, 1.0),
    )
    assert plan_breaches({A: (9.0,)}, {}, base_kw=[0.0], limit_kw=[8.0]) == (Breach("I2", 0, 1.0),)


def test_old_and_new_both_count_while_one_is_unconfirmed():
    """I3: an EVSE counts with the most of fall-back, confirmed and sent profiles, in each slot by itself."""
    state = site(A={"charging": True, "confirmed": (10.0, 1.0), "sent": (Push(1, A, (2.0, 20.0)),)})
    assert held_kw(state) == (10.0, 20.0)
    assert held_breaches(state, (10.0, 15.0)) == (Breach("I3", 1, 5.0),)
    assert held_breaches(state, (9.0, 20.0), first=1) == ()


def test_an_unknown_fallback_counts_as_the_hardware():
    """I4: an EVSE that never confirmed its fall-back may draw all it can."""
    state = site(A={"fallback_kw": None}, B={})
    assert held_kw(state) == (26.0, 26.0)
    assert held_kw(state, [B]) == (4.0, 4.0)
    assert held_kw(fallback_confirmed(state, A, 4.0)) == (8.0, 8.0)


def test_a_silent_station_keeps_what_it_holds():
    """I4: silence changes nothing in the sum, and nothing is sent to the silent."""
    state = fell_silent(site(A={"charging": True, "confirmed": (10.0, 1.0)}), "A")
    assert held_kw(state) == (10.0, 4.0)
    assert silent_evses(state) == (A,)
    assert next_pushes(state, {A: (0.0, 0.0)}, (30.0, 30.0)) == (state, ())
    assert silent_evses(came_back(state, "A")) == ()


@pytest.mark.parametrize(("measured", "minutes", "expected"), [(12.0, 1, 12.0), (12.0, 6, 40.0), (None, 0, 40.0)])
def test_a_stale_meter_counts_as_the_highest_base(measured, minutes, expected):
    """I5: an old or missing reading is no reading."""
    got = base_load_kw(measured, age=timedelta(minutes=minutes), stale_after=timedelta(minutes=5), base_max_kw=40.0)
    assert got == expected


def test_nothing_starts_before_its_fallback_is_confirmed():
    """I6: an unknown EVSE, or one without a confirmed fall-back, may not start."""
    state = site(A={"fallback_kw": None})
    assert not may_start(state, A)
    assert not may_start(state, B)
    assert may_start(fallback_confirmed(state, A, 4.0), A)


def test_a_reboot_leaves_the_old_profile_possible():
    """After a restart the profile may be there or not: it counts, and the EVSE is unsettled until it tells."""
    state = site(A={"charging": True, "confirmed": (10.0, 10.0)})
    after = rebooted(state, "A")
    assert held_kw(after) == held_kw(state)
    assert unsettled_evses(after) == (A,)
    told = composite_confirmed(after, A, 0, (4.0, 4.0))
    assert held_kw(told) == (4.0, 4.0)
    assert unsettled_evses(told) == ()


def test_a_rejected_push_no_longer_counts():
    """A refusal leaves what was before."""
    state, (push,) = next_pushes(site(A={"charging": True}), {A: (20.0, 20.0)}, (30.0, 30.0))
    assert held_kw(state) == (20.0, 20.0)
    assert held_kw(push_rejected(state, push)) == (4.0, 4.0)


def test_an_answer_settles_only_what_was_sent_before_the_question():
    """Pushes sent after a composite schedule was asked for stay possible."""
    sent = (Push(1, A, (20.0, 20.0)), Push(2, A, (8.0, 8.0)))
    state = site(A={"charging": True, "sent": sent})
    assert held_kw(composite_confirmed(state, A, 1, (6.0, 6.0))) == (8.0, 8.0)
    assert held_kw(composite_confirmed(state, A, 2, (6.0, 6.0))) == (6.0, 6.0)


def test_transactions_take_their_profiles_with_them():
    """An ended transaction leaves the fall-back; a new one begins there."""
    state = site(A={"charging": True, "confirmed": (20.0, 20.0)})
    assert held_kw(transaction_ended(state, A)) == (4.0, 4.0)
    assert held_kw(transaction_started(state, A)) == (4.0, 4.0)
    assert next_pushes(transaction_ended(state, A), {A: (20.0, 20.0)}, (30.0, 30.0))[1] == ()


def test_a_swap_waits_for_the_decrease():
    """In a full site only the falling profile goes at once; the rising one after its confirmation."""
    state = site(A={"charging": True, "confirmed": (20.0, 20.0)}, B={"charging": True, "confirmed": (4.0, 4.0)})
    wanted, room = {A: (0.0, 0.0), B: (20.0, 20.0)}, (24.0, 24.0)
    state, pushes = next_pushes(state, wanted, room)
    assert [(push.evse, push.kw) for push in pushes] == [(A, (0.0, 0.0))]
    assert next_pushes(state, wanted, room)[1] == ()
    state = composite_confirmed(state, A, state.pushes, (0.0, 0.0))
    state, pushes = next_pushes(state, wanted, room)
    assert [(push.evse, push.kw) for push in pushes] == [(B, (20.0, 20.0))]


def test_a_rising_profile_is_cut_to_what_a_silent_neighbour_leaves():
    """Where room stays away, an EVSE gets what fits slot by slot, and nothing between 0 and its minimum."""
    state = fell_silent(
        site(A={"charging": True, "confirmed": (18.0, 20.0)}, B={"charging": True, "confirmed": (0.0, 0.0)}), "A"
    )
    state, pushes = next_pushes(state, {B: (20.0, 20.0)}, (24.0, 24.0))
    assert [(push.evse, push.kw) for push in pushes] == [(B, (6.0, 4.0))]


def test_a_deeper_cut_does_not_wait_for_an_answer():
    """A pending push is followed at once by a lower one, never by a higher one."""
    state, (first,) = next_pushes(site(A={"charging": True}), {A: (20.0, 20.0)}, (30.0, 30.0))
    state, (second,) = next_pushes(state, {A: (20.0, 8.0)}, (30.0, 30.0))
    assert (first.kw, second.kw) == ((20.0, 20.0), (20.0, 8.0))
    assert next_pushes(state, {A: (22.0, 22.0)}, (30.0, 30.0))[1] == ()


def test_a_tenth_of_a_kilowatt_is_no_reason_to_push():
    """What a station rounded down is not sent again; anything above the plan is."""
    state = site(A={"charging": True, "confirmed": (19.95, 20.0)})
    assert next_pushes(state, {A: (20.0, 20.0)}, (30.0, 30.0))[1] == ()
    assert len(next_pushes(state, {A: (20.0, 19.99)}, (30.0, 30.0))[1]) == 1


def test_slots_that_are_over_do_not_count():
    """Neither their sums nor their differences cause or prevent a push."""
    state = site(A={"charging": True, "confirmed": (0.0, 20.0)})
    assert next_pushes(state, {A: (20.0, 20.0)}, (0.0, 30.0), first=1)[1] == ()


def test_figures_of_the_wrong_length_are_refused():
    """A plan or room with another number of slots is a mistake of the caller, said at once."""
    with pytest.raises(ScheduleError, match="3 figures for 2 slots"):
        next_pushes(site(A={"charging": True}), {}, (1.0, 1.0, 1.0))
    with pytest.raises(ScheduleError, match="1 slots confirmed of 2"):
        composite_confirmed(site(A={"charging": True}), A, 0, (1.0,))


def test_a_composite_schedule_in_slots():
    """Each slot has the highest limit that touches it; outside the schedule what is beyond it."""

    def rows(schedule):
        return slot_kw(schedule, start=START, slot_minutes=15, slots=4, beyond_kw=22.0)

    periods = (Period(0, 10.0), Period(600, 6.0), Period(1500, 0.0))
    at_once = ChargingSchedule(RateUnit.A, periods, START, 3600)
    assert rows(at_once) == pytest.approx((6.9, 4.14, 0.0, 0.0))
    later = ChargingSchedule(RateUnit.W, (Period(0, 5000.0),), START + timedelta(minutes=20), 2400)
    assert rows(later) == (22.0, 22.0, 5.0, 5.0)
    shorter = ChargingSchedule(RateUnit.W, (Period(0, 5000.0), Period(900, UNLIMITED)), START, 2000)
    assert rows(shorter) == (5.0, UNLIMITED, UNLIMITED, 22.0)


def test_five_hundred_evses_are_quick():
    """One round over a large depot looks at each EVSE a few times, not at each pair."""
    names = [EvseId(f"S{number}", 1) for number in range(500)]
    evses = {name: EvseState(22.0, 4.14, fallback_kw=4.14, charging=True) for name in names}
    state = PushState(64, evses)
    wanted = dict.fromkeys(names, (11.0,) * 64)
    state, pushes = next_pushes(state, wanted, (500 * 11.0,) * 64)
    assert len(pushes) == 500
    assert held_kw(state) == pytest.approx((5500.0,) * 64)
