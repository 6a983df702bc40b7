"""Who goes short, why, and whether what is offered would do: each offer is tried by planning again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chargers.schedule import NO_MARGINS, Binding, Mend, Night, TruckNeed, plan_power

START = datetime(2026, 1, 12, 16, tzinfo=UTC)


def need(name, kwh, arrives=0.0, ready_by=4.0, *, max_kw=22.0, min_kw=4.14, **more):
    hours = {"arrives": START + timedelta(hours=arrives), "ready_by": START + timedelta(hours=ready_by)}
    return TruckNeed(name, f"at-{name}", 1, kwh, **hours, max_kw=max_kw, min_kw=min_kw, **more)


def night(*trucks, limit=44.0, slots=32, start=START):
    return Night(start, (limit,) * slots, (0.0,) * slots, (1.0,) * slots, trucks, margins=NO_MARGINS)


def offer(short, mend):
    return next(option for option in short.options if option.mend is mend)


SITE = night(need("T1", 80.0), need("T2", 80.0), need("T3", 30.0, ready_by=7.0), limit=36.0)


def test_the_site_limit_binds():
    """Two trucks want more than the site has in their four hours; the third gives way and is no reason."""
    shortfalls = plan_power(SITE).shortfalls
    assert {short.binding for short in shortfalls} == {Binding.SITE}
    short = shortfalls[0]
    assert short.hours == ((START, START + timedelta(hours=4)),)
    assert set(short.rivals) < {"T1", "T2"}
    assert sum(one.kwh for one in shortfalls) == pytest.approx(160.0 - 36.0 * 4 * 0.93, abs=0.1)
    assert "the site limit is used up from 16:00 to 20:00, shared with T" in short.reason
    assert "more site limit or leaving at 2" in short.reason


def test_so_much_more_limit_would_do_and_less_would_not():
    """The extra limit offered is enough for all, and a kilowatt less is not."""
    more = offer(plan_power(SITE).shortfalls[0], Mend.MORE_LIMIT).kw
    assert more == pytest.approx(160.0 / 0.93 / 4 - 36.0, abs=0.2)
    assert plan_power(replace(SITE, limit_kw=(36.0 + more,) * 32)).shortfalls == ()
    assert plan_power(replace(SITE, limit_kw=(36.0 + more - 1.0,) * 32)).shortfalls != ()


@pytest.mark.parametrize("which", [0, 1])
def test_leaving_later_would_do(which):
    """The later departure offered to a truck fills it, and one slot earlier does not, the others as they are."""
    one = night(need("T1", 80.0), need("T2", 95.0, arrives=1.0), limit=36.0)
    shortfalls = plan_power(one).shortfalls
    short = shortfalls[which % len(shortfalls)]
    later = offer(short, Mend.LATER_DEPARTURE).ready_by

    def missing(ready_by):
        trucks = tuple(
            replace(truck, ready_by=ready_by) if truck.truck == short.truck else truck for truck in one.trucks
        )
        return [other.truck for other in plan_power(replace(one, trucks=trucks)).shortfalls]

    assert short.truck not in missing(later)
    assert missing(later - timedelta(minutes=15))


def test_the_charger_binds():
    """A truck that charges at full power all its stay needs a faster charger or more time, not more limit."""
    one = night(need("T1", 120.0), limit=200.0)
    (short,) = plan_power(one).shortfalls
    assert short.binding is Binding.CHARGER
    assert short.kwh == pytest.approx(120.0 - 88.0 * 0.93, abs=0.05)
    assert [option.mend for option in short.options] == [Mend.LATER_DEPARTURE, Mend.FASTER_CHARGER]
    assert "its charger at at-T1 gives its most, 22 kW, from 16:00 to 20:00" in short.reason
    faster = offer(short, Mend.FASTER_CHARGER).kw
    assert faster == 33.0
    trucks = (replace(one.trucks[0], max_kw=faster),)
    assert plan_power(replace(one, trucks=trucks)).shortfalls == ()


def test_the_time_binds():
    """A truck that is not there for a whole slot is told so."""
    (short,) = plan_power(night(need("T1", 20.0, arrives=1.1, ready_by=1.4))).shortfalls
    assert short.binding is Binding.TIME
    assert short.hours == ()
    assert short.reason == (
        "T1 will be 20 of 20 kWh short at 17:24: it is not plugged in for one whole slot before it leaves; "
        "leaving at 18:15 would do"
    )


def test_the_minimum_binds():
    """Room below the charger's least power is no room."""
    (short,) = plan_power(night(need("T1", 8.0), limit=4.0)).shortfalls
    assert short.binding in {Binding.MINIMUM, Binding.SITE}
    assert short.kwh == pytest.approx(8.0)
    assert "less than the 4.1 kW its charger at at-T1 needs" in short.reason


def test_no_room_at_all_is_the_sites_fault():
    """A site whose base load takes everything binds by its limit, and the limit is what would do."""
    one = replace(night(need("T1", 20.0), limit=10.0), base_kw=(12.0,) * 32)
    (short,) = plan_power(one).shortfalls
    assert short.binding is Binding.SITE
    more = offer(short, Mend.MORE_LIMIT).kw
    assert plan_power(replace(one, limit_kw=(10.0 + more,) * 32)).shortfalls == ()


def test_half_a_kilowatt_hour_is_no_shortfall():
    """A truck with 99 % of its need is ready."""
    assert plan_power(night(need("T1", 22.0 * 4 * 0.93 + 0.4), limit=200.0)).shortfalls == ()


def test_times_are_said_in_the_nights_zone():
    """A night that begins in the city's time speaks the city's time."""
    casablanca = START.astimezone(ZoneInfo("Africa/Casablanca"))
    (short,) = plan_power(night(need("T1", 120.0), limit=200.0, start=casablanca)).shortfalls
    assert "short at 21:00" in short.reason
