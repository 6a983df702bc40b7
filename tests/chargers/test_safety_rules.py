"""The invariants one by one, and what each event does to what an EVSE may draw."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chargers.errors import ScheduleError, UnsafeLimits
from chargers.profile import UNLIMITED, ChargingSchedule, Period, RateUnit
from chargers.safety import (
    EvseId,
    EvseState,
    Push,
    PushState,
    check_fallbacks,
    held_kw,
    next_pushes,
    slot_kw,
    unsettled_evses,
)

A, B = EvseId("A", 1), EvseId("B", 1)
START = datetime(2026, 1, 12, 16, tzinfo=UTC)


def site(**evses):
    known = {EvseId(name, 1): EvseState(22.0, 4.0, **{"fallback_kw": 4.0, **more}) for name, more in evses.items()}
    return PushState(2, known)


def settled(state, evse, kw):
    return replace(state, evses={**state.evses, evse: replace(state.evses[evse], confirmed=kw, sent=())})


def test_fallbacks_above_the_limit_are_refused():
    """I1: a site that breaks its limit when everybody is silent is refused, with the figure to mend it by."""
    check_fallbacks({"A": 4.0, "B": 15.0}, base_max_kw=11.0, limit_kw=30.0)
    with pytest.raises(UnsafeLimits, match=r"lower the fall-backs by 0\.5 kW"):
        check_fallbacks({"A": 4.0, "B": 15.0}, base_max_kw=11.0, limit_kw=29.5)


def test_old_and_new_both_count_while_one_is_unconfirmed():
    """I3: an EVSE counts with the most of fall-back, confirmed and sent profiles, in each slot by itself."""
    state = site(A={"charging": True, "confirmed": (10.0, 1.0), "sent": (Push(1, A, (2.0, 20.0)),)})
    assert held_kw(state) == (10.0, 20.0)
    assert unsettled_evses(state) == (A,)


def test_an_unknown_fallback_counts_as_the_hardware():
    """I4: an EVSE that never confirmed its fall-back may draw all it can."""
    state = site(A={"fallback_kw": None}, B={})
    assert held_kw(state) == (26.0, 26.0)
    assert held_kw(state, [B]) == (4.0, 4.0)


def test_a_silent_station_keeps_what_it_holds():
    """I4: silence changes nothing in the sum, and nothing is sent to the silent."""
    state = site(A={"charging": True, "confirmed": (10.0, 1.0), "silent": True})
    assert held_kw(state) == (10.0, 4.0)
    assert next_pushes(state, {A: (0.0, 0.0)}, (30.0, 30.0)) == (state, ())


def test_an_evse_that_does_not_charge_is_sent_nothing():
    """A transaction's profile needs its transaction."""
    state = site(A={})
    assert next_pushes(state, {A: (20.0, 20.0)}, (30.0, 30.0)) == (state, ())


def test_a_swap_waits_for_the_decrease():
    """In a full site only the falling profile goes at once; the rising one after its confirmation."""
    state = site(A={"charging": True, "confirmed": (20.0, 20.0)}, B={"charging": True, "confirmed": (4.0, 4.0)})
    wanted, room = {A: (0.0, 0.0), B: (20.0, 20.0)}, (24.0, 24.0)
    state, pushes = next_pushes(state, wanted, room)
    assert [(push.evse, push.kw) for push in pushes] == [(A, (0.0, 0.0))]
    assert next_pushes(state, wanted, room)[1] == ()
    state = settled(state, A, (0.0, 0.0))
    state, pushes = next_pushes(state, wanted, room)
    assert [(push.evse, push.kw) for push in pushes] == [(B, (20.0, 20.0))]


def test_a_rising_profile_is_cut_to_what_a_silent_neighbour_leaves():
    """Where room stays away, an EVSE gets what fits slot by slot, and nothing between 0 and its minimum."""
    state = site(
        A={"charging": True, "confirmed": (18.0, 20.0), "silent": True},
        B={"charging": True, "confirmed": (0.0, 0.0)},
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
