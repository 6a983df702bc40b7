"""What a charging plan keeps to, night after night."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargers.errors import ScheduleError
from chargers.schedule import MARGINS, NO_MARGINS, Margins, Night, Prudence, TruckNeed, effective_kw, plan_power

START = datetime(2026, 1, 12, 16, tzinfo=UTC)


def need(name, kwh, arrives=0.0, ready_by=4.0, *, max_kw=22.0, min_kw=4.14, **more):
    """A truck at its own station; times in hours after START."""
    hours = {"arrives": START + timedelta(hours=arrives), "ready_by": START + timedelta(hours=ready_by)}
    return TruckNeed(name, f"at-{name}", 1, kwh, **hours, max_kw=max_kw, min_kw=min_kw, **more)


def night(*trucks, limit=100.0, base=0.0, price=(1.0,) * 16, **more):
    more = {"margins": NO_MARGINS, **more}
    slots = len(price)
    limits = limit if isinstance(limit, tuple) else (limit,) * slots
    return Night(START, limits, (base,) * slots, price, trucks, **more)


def kwh(schedule, truck):
    return sum(schedule.kw[truck]) * schedule.slot_minutes / 60.0


def test_the_cheapest_hours_are_used():
    """A truck charges in the cheap slots of its stay, at full power, exactly what it needs."""
    price = (1.0,) * 4 + (0.5,) * 8 + (1.0,) * 4
    schedule = plan_power(night(need("T1", 22.0 * 2 * 0.93), price=price))
    assert schedule.kw["T1"] == pytest.approx((0.0,) * 4 + (22.0,) * 8 + (0.0,) * 4)
    assert schedule.cost == pytest.approx(22.0)
    assert schedule.planned_kwh["T1"] == pytest.approx(22.0 * 2 * 0.93)
    assert schedule.shortfalls == ()
    assert schedule.peak_kw == pytest.approx(22.0)


def test_early_breaks_ties():
    """At one price the first slots of the stay are used."""
    schedule = plan_power(night(need("T1", 10.23, arrives=1.1)))
    assert schedule.kw["T1"] == pytest.approx((0.0,) * 5 + (22.0,) * 2 + (0.0,) * 9)


def test_negative_prices_are_taken():
    """A slot that pays for power is cheaper than one that costs nothing."""
    price = (0.0,) * 8 + (-0.2,) + (0.0,) * 7
    schedule = plan_power(night(need("T1", 5.0), price=price))
    assert schedule.kw["T1"][8] == pytest.approx(21.52, abs=0.04)
    assert schedule.cost < 0.0


def test_nobody_to_charge():
    """A night without trucks, or with full ones, is a plan of nothing."""
    empty = plan_power(night(base=5.0))
    assert (empty.kw, empty.cost, empty.peak_kw) == ({}, 0.0, 5.0)
    full = plan_power(night(need("T1", 30.0, delivered_kwh=29.97)))
    assert full.kw["T1"] == (0.0,) * 16
    assert full.shortfalls == ()


def test_an_absent_truck_gets_nothing():
    """No power is planned outside whole slots of the stay."""
    schedule = plan_power(night(need("T1", 500.0, arrives=1.05, ready_by=2.2)))
    assert [slot for slot, kw in enumerate(schedule.kw["T1"]) if kw] == [5, 6, 7]


def test_the_higher_priority_goes_first_when_short():
    """Where the site cannot serve both, the dearer need is served."""
    trucks = need("T1", 60.0, priority=1.0), need("T2", 60.0, priority=5.0)
    schedule = plan_power(night(*trucks, limit=22.0))
    assert schedule.planned_kwh["T2"] == pytest.approx(60.0, abs=0.02)
    assert [short.truck for short in schedule.shortfalls] == ["T1"]


def test_priority_nought_still_charges():
    """An unserved kWh is dearer than any price, whatever its priority."""
    schedule = plan_power(night(need("T1", 10.0, priority=0.0), price=(90.0,) * 16))
    assert schedule.planned_kwh["T1"] == pytest.approx(10.0, abs=0.02)


def test_a_replan_goes_on_from_now():
    """Slots before now stay empty, the current one counts with what is left of it, only the rest is bought."""
    truck = need("T1", 22.0 * 0.93, delivered_kwh=11.0 * 0.93, charging=True)
    schedule = plan_power(night(truck, now=START + timedelta(minutes=50)))
    assert schedule.kw["T1"][:3] == (0.0, 0.0, 0.0)
    assert schedule.kw["T1"][3:6] == pytest.approx((22.0, 22.0, 7.32), abs=0.05)
    assert schedule.grid_kwh == pytest.approx(11.0, abs=0.02)


def test_a_plan_is_the_same_every_time():
    """The same night gives the same plan."""
    one = night(*(need(f"T{number}", 20.0 + number) for number in range(6)), limit=50.0)
    assert plan_power(one) == plan_power(one)


def test_every_evse_counts_at_least_with_its_fallback():
    """Power kept for one EVSE's fall-back is not given to another, and costs a truck at its own EVSE nothing."""
    one, other = need("T1", 60.0, fallback_kw=6.0), need("T2", 0.0, fallback_kw=6.0)
    schedule = plan_power(night(one, other, limit=22.0))
    assert max(schedule.kw["T1"]) == pytest.approx(16.0, abs=0.05)
    assert max(schedule.held_kw) <= 22.0 + 1e-6
    alone = plan_power(night(one, limit=22.0))
    assert max(alone.kw["T1"]) == pytest.approx(22.0)


def test_others_and_base_and_margin_are_left_free():
    """What is not planned here is taken from the limit first; where nothing is left nothing is planned."""
    truck = need("T1", 40.0)
    schedule = plan_power(night(truck, limit=40.0, base=10.0, others_kw=(8.0,) * 16, margin_kw=2.0))
    assert max(schedule.kw["T1"]) == pytest.approx(20.0, abs=0.05)
    over = plan_power(night(truck, limit=40.0, base=50.0))
    assert over.kw["T1"] == (0.0,) * 16


def test_margins_are_kept_where_they_cost_no_truck_its_need():
    """A reserve of the limit and an early finish hold until a truck would go short."""
    margins = Margins(limit_share=0.5, finish_early_minutes=60, urgent_hours=0.0)
    price = (1.0,) * 12 + (0.1,) * 4
    easy = plan_power(night(need("T1", 16.0), limit=22.0, price=price, margins=margins))
    assert max(easy.kw["T1"]) == pytest.approx(11.0, abs=0.05)
    assert easy.kw["T1"][12:] == (0.0,) * 4
    tight = plan_power(night(need("T1", 80.0), limit=22.0, price=price, margins=margins))
    assert tight.planned_kwh["T1"] == pytest.approx(80.0, abs=0.02)


def test_an_urgent_truck_does_not_wait_for_the_cheap_hours():
    """With little slack left a truck charges at once."""
    price = (1.0,) * 8 + (0.1,) * 8
    margins = Margins(limit_share=0.0, finish_early_minutes=0, urgent_hours=2.5)
    waiting = plan_power(night(need("T1", 22.0 * 0.93), price=price, margins=margins))
    assert waiting.kw["T1"][0] == 0.0
    urgent = plan_power(night(need("T1", 44.0 * 0.93), price=price, margins=margins))
    assert urgent.kw["T1"][:8] == pytest.approx((22.0,) * 8)


def test_prudent_keeps_more_than_normal():
    """The prudent setting reserves more and finishes earlier."""
    normal, prudent = MARGINS[Prudence.NORMAL], MARGINS[Prudence.PRUDENT]
    assert normal.limit_share < prudent.limit_share
    assert normal.finish_early_minutes < prudent.finish_early_minutes


def test_a_taper_lowers_the_power_planned_with():
    """A battery charged to the brim takes less than max_kw on average; below the knee all of it."""
    full = need("T1", 100.0, max_kw=90.0, battery_kwh=265.0, soc=1.0 - 100.0 / 265.0)
    assert 50.0 < effective_kw(full) < 75.0
    assert effective_kw(replace(full, soc=0.2)) == 90.0
    assert effective_kw(replace(full, soc=None)) == 90.0
    assert effective_kw(replace(full, soc=0.97, kwh=7.95)) < 40.0
    assert effective_kw(replace(full, soc=1.2)) == full.min_kw


def test_a_tapering_truck_may_draw_its_most_where_room_is():
    """The plan counts on the mean power, the ceiling lets the charger give more while the battery takes it."""
    truck = need("T1", 100.0, max_kw=90.0, battery_kwh=265.0, soc=1.0 - 100.0 / 265.0)
    assert max(plan_power(night(truck)).kw["T1"]) == pytest.approx(90.0, abs=0.05)
    assert max(plan_power(night(truck, limit=70.0)).kw["T1"]) <= 70.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"min_kw": 30.0}, "0 < min_kw <= max_kw, not 30 to 22 kW"),
        ({"efficiency": 0.0}, "0 < efficiency"),
        ({"kwh": float("nan")}, "finite kwh"),
        ({"kwh": -1.0}, "finite kwh"),
        ({"battery_kwh": 0.0}, "battery_kwh above 0"),
    ],
)
def test_contradictions_of_a_truck_are_named(change, message):
    """A truck's impossible figures are refused with its name."""
    with pytest.raises(ScheduleError, match=f"truck T1: .*{message}"):
        plan_power(night(replace(need("T1", 10.0), **change)))


def test_contradictions_of_a_night_are_named():
    """Two trucks of one name or at one EVSE, figures for other slots, a night that is over."""
    one = need("T1", 10.0)
    with pytest.raises(ScheduleError, match="T1 is in the night twice"):
        plan_power(night(one, one))
    with pytest.raises(ScheduleError, match="T1 and T2 are both at at-T1 EVSE 1"):
        plan_power(night(one, replace(one, truck="T2")))
    with pytest.raises(ScheduleError, match="base_kw has 1 figures for 16 slots"):
        plan_power(replace(night(one), base_kw=(1.0,)))
    with pytest.raises(ScheduleError, match="price has a slot without a finite figure"):
        plan_power(night(one, price=(float("nan"),) * 16))
    with pytest.raises(ScheduleError, match="after the night"):
        plan_power(night(one, now=START + timedelta(hours=4)))
    with pytest.raises(ScheduleError, match="no slots"):
        plan_power(Night(START, (), (), (), ()))


def test_two_trucks_may_follow_one_another_at_one_evse():
    """An EVSE's fall-back is kept once, whoever is at it."""
    one = need("T1", 10.0, 0.0, 2.0, fallback_kw=4.14)
    other = replace(need("T2", 10.0, 2.0, 4.0, fallback_kw=4.14), station=one.station)
    schedule = plan_power(night(one, other, limit=11.0))
    assert schedule.shortfalls == ()
    assert max(schedule.held_kw) <= 11.0 + 1e-6


def trucks():
    return st.tuples(
        st.floats(0.0, 120.0),
        st.integers(-60, 210).map(lambda minutes: minutes / 60),
        st.integers(0, 240).map(lambda minutes: minutes / 60),
        st.sampled_from([(4.14, 22.0), (1.38, 7.36), (5.0, 50.0), (5.0, 90.0), (22.0, 22.0)]),
        st.floats(0.0, 60.0),
        st.sampled_from([0.0, 4.14, 15.0]),
        st.sampled_from([0.0, 1.0, 4.0]),
        st.none() | st.floats(0.1, 0.9),
    )


@settings(max_examples=150, deadline=None)
@given(
    st.lists(trucks(), max_size=7),
    st.lists(st.floats(0.0, 150.0), min_size=16, max_size=16),
    st.lists(st.floats(-0.5, 3.0), min_size=16, max_size=16),
    st.sampled_from([NO_MARGINS, *MARGINS.values()]),
    st.none() | st.integers(0, 239),
)
def test_whatever_the_night_a_plan_keeps_its_limits(needs, limits, prices, margins, minute):
    """Ceilings are 0 or from minimum to maximum within the stay, and never raise the site above its limit."""
    fleet = tuple(
        need(
            f"T{number}",
            kwh,
            arrives,
            arrives + stay,
            min_kw=power[0],
            max_kw=power[1],
            delivered_kwh=delivered,
            fallback_kw=min(fallback, power[1]),
            priority=priority,
            battery_kwh=265.0 if soc else None,
            soc=soc,
        )
        for number, (kwh, arrives, stay, power, delivered, fallback, priority, soc) in enumerate(needs)
    )
    now = None if minute is None else START + timedelta(minutes=minute)
    one = night(*fleet, limit=tuple(limits), base=3.0, price=tuple(prices), margins=margins, now=now)
    schedule = plan_power(one)
    untouched = 3.0 + sum(truck.fallback_kw for truck in fleet)
    for held, limit in zip(schedule.held_kw, limits, strict=True):
        assert held <= max(limit, untouched) + 1e-6
    for truck in fleet:
        for slot, kw in enumerate(schedule.kw[truck.truck]):
            assert kw == 0.0 or truck.min_kw - 1e-6 <= kw <= truck.max_kw + 1e-6
            begins, ends = one.slot_start(slot), one.slot_start(slot + 1)
            if kw:
                assert max(truck.arrives, begins) <= max(begins, now or begins)
                assert truck.ready_by >= ends
                assert ends > (now or START)
        assert schedule.planned_kwh[truck.truck] <= truck.remaining_kwh + 0.01
    served = {short.truck for short in schedule.shortfalls}
    for truck in fleet:
        missing = truck.remaining_kwh - schedule.planned_kwh[truck.truck]
        assert (missing > max(0.5, 0.01 * truck.kwh) - 0.02) or truck.truck not in served
