"""Bills by worked examples, and what holds of every bill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargers.errors import TariffInvalid
from chargers.money import Charge, Dimension, Rule, choose, price, read_tariff

ZONE = ZoneInfo("Africa/Casablanca")
START = datetime(2026, 7, 14, 18, 0, tzinfo=UTC)  # a Tuesday, 19:00 in Casablanca


def energy(amount, step=1, **restrictions):
    return {"price_components": [{"type": "ENERGY", "price": amount, "step_size": step}], "restrictions": restrictions}


def one(kind, amount, step=1, **restrictions):
    return {"price_components": [{"type": kind, "price": amount, "step_size": step}], "restrictions": restrictions}


def charge(*points, minutes=None):
    """Points as (minutes, kWh)."""
    samples = [(START + timedelta(minutes=at), kwh * 1000) for at, kwh in points]
    end = START + timedelta(minutes=minutes if minutes is not None else points[-1][0])
    return Charge.of(START, 0.0, samples, end, points[-1][1] * 1000)


def bill(*elements, of, vat=0.0):
    return price(read_tariff("T", "MAD", vat, list(elements)), of, ZONE)


def amounts(found):
    return [(line.what.value, str(line.quantity), str(line.amount)) for line in found.lines]


def test_energy_and_vat():
    """20 kWh at 2.50 with 20 % VAT are 60.00."""
    found = bill(energy(2.5), of=charge((60, 20)), vat=0.2)
    assert (found.net, found.vat, found.total) == (Decimal("50.00"), Decimal("10.00"), Decimal("60.00"))
    assert amounts(found) == [("ENERGY", "20.0", "50.00")]


def test_time_of_use_is_cut_at_the_citys_clock():
    """19:00 to 21:00 in Casablanca at 10 kW, dearer until 20:00: ten kWh at each price."""
    found = bill(energy(4, start_time="17:00", end_time="20:00"), energy(2), of=charge((120, 20)))
    assert amounts(found) == [("ENERGY", "10.0", "40.00"), ("ENERGY", "10.0", "20.00")]
    assert found.lines[0].until == START + timedelta(hours=1)


def test_hours_over_midnight_belong_to_the_night():
    """22:00 to 06:00 holds at 23:00 and not at 21:30."""
    late = Charge.of(START, 0.0, [], START + timedelta(hours=4), 40_000.0)
    found = bill(energy(1, start_time="22:00", end_time="06:00"), energy(3), of=late)
    assert sorted(amounts(found)) == [("ENERGY", "10.0", "10.00"), ("ENERGY", "30.0", "90.00")]


def test_weekdays():
    """A Sunday's price is not a Tuesday's."""
    assert amounts(bill(energy(1, day_of_week=["SUNDAY"]), energy(3), of=charge((60, 10)))) == [
        ("ENERGY", "10.0", "30.00")
    ]


def test_idle_time_is_what_follows_the_charging():
    """One hour of charging, then forty minutes at the plug: parking costs for these forty only."""
    found = bill(one("TIME", 6), one("PARKING_TIME", 12), of=charge((30, 10), (60, 20), (100, 20)))
    assert amounts(found) == [("TIME", "1.0", "6.00"), ("PARKING_TIME", "0.6667", "8.00")]
    assert (found.minutes, found.idle_minutes) == (100.0, 40.0)


def test_a_short_pause_is_no_idle_time():
    """Four minutes without energy in between are charging."""
    found = bill(one("PARKING_TIME", 12), of=charge((30, 10), (34, 10), (60, 20)))
    assert found.total == 0


def test_an_idle_fee_after_a_free_hour():
    """A fee that holds from the second hour on counts from there."""
    found = bill(one("PARKING_TIME", 60, min_duration=7200), of=charge((60, 20), (180, 20)))
    assert amounts(found) == [("PARKING_TIME", "1.0", "60.00")]


def test_first_kwh_at_another_price():
    """The first five kWh cost less; the border lies within one sample."""
    found = bill(energy(1, max_kwh=5), energy(3, min_kwh=5), of=charge((60, 20)))
    assert amounts(found) == [("ENERGY", "5.0", "5.00"), ("ENERGY", "15.0", "45.00")]


def test_power_decides():
    """Above 32 kW a kWh is dearer."""
    found = bill(energy(5, min_power=32), energy(2), of=charge((30, 25), (90, 35)))
    assert amounts(found) == [("ENERGY", "25.0", "125.00"), ("ENERGY", "10.0", "20.00")]


def test_steps_round_up_once():
    """7.3 kWh in steps of one kWh are 8; 61 minutes in steps of 15 are 75; at two prices the last one's step counts."""
    assert amounts(bill(energy(1, 1000), of=charge((61, 7.3)))) == [("ENERGY", "8.0", "8.00")]
    assert amounts(bill(one("TIME", 4, 900), of=charge((61, 20)))) == [("TIME", "1.25", "5.00")]
    mixed = bill(energy(1, 1, max_kwh=5), energy(3, 1000), of=charge((60, 7.3)))
    assert amounts(mixed) == [("ENERGY", "5.0", "5.00"), ("ENERGY", "3.0", "9.00")]


def test_with_parking_only_parking_is_rounded():
    """OCPI: of time and parking time, used both, the total of parking takes the step."""
    found = bill(one("TIME", 6, 3600), one("PARKING_TIME", 6, 1800), of=charge((50, 20), (90, 20)))
    assert amounts(found) == [("TIME", "0.8333", "5.00"), ("PARKING_TIME", "1.0", "6.00")]


def test_a_flat_fee_once():
    """However many pieces the charge is cut into; also before the first sample."""
    tariff = (one("FLAT", 5), energy(1, max_kwh=1), energy(2))
    assert [line.what for line in bill(*tariff, of=charge((30, 1), (60, 2))).lines].count(Dimension.FLAT) == 1
    assert bill(*tariff, of=Charge.of(START, 0.0, [])).total == 5


def test_vat_of_a_price_of_its_own():
    """A component's VAT is in percent, as in OCPI, and counts for it alone."""
    parking = {"price_components": [{"type": "FLAT", "price": 10, "vat": 10}]}
    found = bill(parking, energy(1), of=charge((60, 10)), vat=0.2)
    assert (found.net, found.vat) == (Decimal("20.00"), Decimal("3.00"))


def test_wrong_registers_count_for_nothing():
    """A register that falls, one that leaps, one above the end, one after it."""
    samples = [(10, 2.0), (20, 1.0), (25, 90_000.0), (30, 5.0), (40, 12.0), (90, 11.0)]
    found = Charge.of(
        START,
        0.0,
        [(START + timedelta(minutes=at), kwh * 1000) for at, kwh in samples],
        START + timedelta(hours=1),
        9e3,
    )
    assert [kwh for _, kwh in found.points] == [0.0, 2.0, 5.0, 9.0]


def test_a_start_never_seen_counts_from_its_first_sample():
    """No start register: energy before the first sample is nobody's."""
    found = Charge.of(START, None, [(START, 5000.0)], START + timedelta(hours=1), 9000.0)
    assert found.kwh == 4.0


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ([], "at least one element"),
        ([{"price_components": []}], "at least one price"),
        ([{"price_components": [{"type": "GAS", "price": 1}]}], "'GAS' is none of"),
        ([energy(-1)], "-1 is no number"),
        ([energy("nan")], "is no number"),
        ([energy(1, step=0.5)], "no whole number"),
        ([energy(1, start_time="25:00")], "no time of day"),
        ([energy(1, day_of_week=["DIMANCHE"])], "no list of days"),
        ([energy(1, max_current=16)], "'max_current' is not known here"),
        ([{"price_components": [{"type": "FLAT", "price": 1}, {"type": "FLAT", "price": 2}]}], "two prices"),
        (["x"], "must be an object"),
    ],
)
def test_a_tariff_that_is_none_is_refused_in_one_line(elements, said):
    """The message names the tariff and the element."""
    with pytest.raises(TariffInvalid, match=said) as refused:
        read_tariff("T", "MAD", 0.2, elements)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("tariff T")


def test_the_most_particular_rule_wins():
    """Tokens and stations over tokens over stations over all; then rank."""
    rules = [
        Rule("all"),
        Rule("here", station_group="centre"),
        Rule("staff", token_group="staff"),
        Rule("staff-here", token_group="staff", station_group="centre"),
        Rule("here-2", station_group="centre", rank=1),
    ]
    assert choose(rules, "staff", ["centre"]) == "staff-here"
    assert choose(rules, "staff", ["port"]) == "staff"
    assert choose(rules, "", ["centre", "east"]) == "here-2"
    assert choose(rules, "guests", []) == "all"
    assert choose(rules[1:2], "", []) is None


WALKS = st.lists(st.tuples(st.integers(1, 90), st.floats(0, 40)), min_size=1, max_size=8)
TARIFFS = st.sampled_from(
    [
        [energy(2.5), one("PARKING_TIME", 12)],
        [energy(4, start_time="17:00", end_time="20:00"), energy(2), one("TIME", 3)],
        [one("FLAT", 5), energy(1, max_kwh=5), energy(3), one("TIME", 2, max_duration=3600)],
    ]
)


def walk(steps):
    points, at, kwh = [], 0, 0.0
    for minutes, more in steps:
        at, kwh = at + minutes, kwh + min(more, minutes * 3)
        points.append((at, kwh))
    return charge(*points)


@given(WALKS, TARIFFS)
def test_a_bill_adds_up(steps, elements):
    """Total is net and VAT, net is the lines; all energy and all time are billed once."""
    of = walk(steps)
    found = bill(*elements, of=of, vat=0.2)
    assert found.total == found.net + found.vat
    assert found.net == sum(line.amount for line in found.lines)
    kwh = sum(line.quantity for line in found.lines if line.what is Dimension.ENERGY)
    assert float(kwh) == pytest.approx(of.kwh, abs=0.001)
    assert found.minutes == pytest.approx(sum(step[0] for step in steps))


@given(WALKS, st.integers(1, 60))
def test_longer_is_never_cheaper(steps, more):
    """An hour more at the plug, with or without energy, never lowers an energy and parking bill."""
    tariff = (energy(2.5), one("PARKING_TIME", 12))
    before = bill(*tariff, of=walk(steps))
    assert bill(*tariff, of=walk([*steps, (more, 0.0)])).net >= before.net
    assert bill(*tariff, of=walk([*steps, (more, 5.0)])).net >= before.net - Decimal("0.02")


@given(WALKS, TARIFFS)
def test_more_samples_do_not_change_the_energy_paid(steps, elements):
    """A point put on the line between two others cuts a stretch and changes no quantity of energy."""
    of = walk(steps)
    finer = [of.points[0]]
    for point in of.points[1:]:
        last = finer[-1]
        finer += [(last[0] + (point[0] - last[0]) / 2, (last[1] + point[1]) / 2), point]
    one_bill, other = bill(*elements, of=of), bill(*elements, of=Charge(tuple(finer)))
    assert float(one_bill.net) == pytest.approx(float(other.net), abs=0.05)
