"""Each rule of the whole problem, one small night at a time: the engine keeps it, the checker sees it broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from routing.check import check
from routing.energy import TruckEnergy
from routing.plan import Plan, Reason, Route
from routing.problem import Break, Depot, Problem, Site, Truck, Visit, Ways
from routing.solve import solve

HOUR = 3600
ZERO_KWH = TruckEnergy(kwh_per_km=1, kwh_per_t_km=0, kwh_per_lift=0, kwh_per_t=0, kwh_per_tip=0, aux_kw=0, spread=0)


def row_night(bins: int = 4, *, gap: int = 1000, **truck: object) -> Problem:
    """Bins in a row `gap` metres apart at 10 m/s; depot D1 before the first, site S and depot D2 behind the last."""
    size = bins + 3
    places = [*range(1, bins + 1), 0, bins + 1, bins + 1]
    at = np.array(places) * gap
    metres = np.abs(at[:, None] - at[None, :]).astype(np.int32)
    assert metres.shape == (size, size)
    fields: dict[str, object] = {
        "truck": "T", "depot": "D1", "litres": 9000, "kg": 9000, "starts": 0, "ends": 4 * HOUR, "cost_per_hour": 36.0,
    }  # fmt: skip
    return Problem(
        zero=datetime(2026, 3, 2, tzinfo=UTC),
        seconds=metres // 10,
        metres=metres,
        visits=tuple(
            Visit(bin=f"B{n}", location=n, litres=100, kg=100, service_seconds=60, mandatory=True) for n in range(bins)
        ),
        depots=(Depot(place="D1", location=bins), Depot(place="D2", location=bins + 1)),
        sites=(Site(place="S", location=bins + 2, unload_seconds=600),),
        trucks=(Truck(**fields | truck),),  # type: ignore[arg-type]
    )


def plan_of(night: Problem, seconds: float = 0.2) -> Plan:
    plan = solve(night, seconds, engine="own")
    assert check(night, plan) == ()
    return plan


def visits(night: Problem, **fields: object) -> Problem:
    return replace(night, visits=tuple(replace(visit, **fields) for visit in night.visits))


def sites(night: Problem, **fields: object) -> Problem:
    return replace(night, sites=tuple(replace(site, **fields) for site in night.sites))


def trucks(night: Problem, **fields: object) -> Problem:
    return replace(night, trucks=tuple(replace(truck, **fields) for truck in night.trucks))


def rules(night: Problem, plan: Plan) -> set[str]:
    return {violation.rule for violation in check(night, plan)}


def begins(night: Problem, route: Route) -> dict[str, int]:
    service = {visit.bin: visit.service_seconds for visit in night.visits}
    return {stop.bin: stop.leave - service[stop.bin] for stop in route.stops if stop.bin is not None}


def test_shut_hours_are_waited_out():
    """Nobody is served while the market stands; before and after is fine."""
    night = visits(row_night(ends=2 * HOUR), shut=((0, 1000), (1000, 3000)), opens=500)
    plan = plan_of(night)
    assert plan.missed == ()
    assert min(begins(night, plan.routes[0]).values()) >= 3000
    early = plan_of(row_night())
    assert "window" in rules(visits(row_night(), shut=((0, 3000),)), early)


def test_a_departure_waits_for_the_end_of_shut_hours():
    """Duty does not begin long before the first bin may be served."""
    night = visits(row_night(), shut=((0, 2 * HOUR),))
    assert plan_of(night).routes[0].departs >= 2 * HOUR - 200


def test_a_queue_is_waited_in():
    """Unloading begins only after the wait that holds on arrival, and a shorter queue later is worth a later start."""
    night = sites(row_night(), queue=((0, 1200), (2 * HOUR, 0)))
    plan = plan_of(night)
    tip = next(stop for stop in plan.routes[0].stops if stop.kind == "tip")
    assert tip.leave - tip.arrive >= (1800 if tip.arrive < 2 * HOUR else 600)
    plain = row_night()
    assert "unloading" in rules(sites(plain, queue=((0, 60),)), plan_of(plain))


def test_a_quick_crew_and_a_slow_one():
    """The pace scales service, rounded up."""
    slow = plan_of(row_night(service_pace=1.51)).routes[0]
    assert [stop.leave - stop.arrive for stop in slow.stops if stop.kind == "bin"] == [91] * 4
    assert "service" in rules(row_night(service_pace=1.51), plan_of(row_night()))


def test_each_class_of_truck_has_its_roads():
    """A bin a class cannot reach is served by another; matrices of the class time its routes."""
    night = row_night()
    closed = night.seconds * 2
    closed[:, 0] = closed[0, :] = -1
    wide = replace(night.trucks[0], truck="W", profile="19t", fixed_cost=1.0)
    narrow = replace(night.trucks[0], truck="N", fixed_cost=500.0)
    ways = {"19t": Ways(seconds=closed, metres=night.metres)}
    alone = plan_of(replace(night, trucks=(wide,), ways=ways))
    assert {left.bin: left.reason for left in alone.left} == {"B0": Reason.OUTSIDE}
    assert alone.routes[0].stops[1].arrive - alone.routes[0].departs == 2 * night.seconds[4, 1]
    both = plan_of(replace(night, trucks=(wide, narrow), ways=ways))
    assert both.missed == ()
    driven = plan_of(night)
    found = rules(replace(night, trucks=(replace(night.trucks[0], profile="19t"),), ways=ways), driven)
    assert {"way", "times"} <= found


def test_a_day_ends_at_another_depot():
    """The end depot is where the route returns."""
    plan = plan_of(row_night(ends_at="D2"))
    assert plan.routes[0].stops[-1].place == "D2"
    assert plan.metres < plan_of(row_night()).metres
    assert "shape" in rules(row_night(ends_at="D2"), plan_of(row_night()))


def test_overtime_is_used_when_needed_and_paid():
    """A shift too short for what is due runs over, at its price, and never beyond what is allowed."""
    need = plan_of(row_night()).routes[0].returns - plan_of(row_night()).routes[0].departs
    short = row_night(ends=need - 30)
    assert plan_of(short).missed != ()
    longer = trucks(short, overtime_seconds=600, overtime_per_hour=3600.0)
    route = plan_of(longer).routes[0]
    assert route.overtime == 30
    assert route.cost == pytest.approx(route.metres / 1000 + 36 * need / HOUR + 30)
    dear = plan_of(visits(longer, mandatory=False, value=20.0))
    assert (dear.served, dear.routes[0].overtime) == (3, 0)
    plan = plan_of(longer)
    assert "shift" in rules(trucks(longer, overtime_seconds=20), plan)
    assert "totals" in rules(trucks(longer, overtime_per_hour=1.0), plan)
    assert "totals" in rules(longer, replace(plan, routes=(replace(route, overtime=0),)))


def test_climbing_costs_energy():
    """With heights and a known tare, a leg uphill draws more; without a tare it is not counted."""
    night = row_night(energy=replace(ZERO_KWH, tare_t=10.0, kwh_per_t_climbed=0.01), spendable_kwh=1000.0)
    climb = np.full_like(night.metres, 50)
    flat, hilly = plan_of(night), plan_of(replace(night, climb=climb))
    legs = 6
    assert hilly.kwh == pytest.approx(flat.kwh + legs * 50 * 10 * 0.01 + 0.01 * 50 * 0.1 * (1 + 2 + 3 + 4))
    assert "energy" in rules(replace(night, climb=climb), flat)
    light = trucks(replace(night, climb=climb), energy=ZERO_KWH)
    assert plan_of(light).kwh == pytest.approx(flat.kwh)


def charged_night(**site: object) -> Problem:
    """A row of 10 km there and back for a battery of 8: the site can charge."""
    night = row_night(energy=ZERO_KWH, spendable_kwh=8.0, charge_kw=60.0)
    return sites(night, **{"charge_kw": 40.0} | site)


def test_a_truck_charges_where_it_tips_as_little_as_it_must():
    """Two kWh short at 40 kW: three minutes at the site, and the figures say so."""
    night = charged_night()
    plan = plan_of(night)
    assert plan.missed == ()
    route = plan.routes[0]
    stop = next(each for each in route.stops if each.kind == "charge")
    assert (stop.place, stop.metres) == ("S", 0)
    assert route.charged_kwh == pytest.approx(2.0, abs=0.01)
    assert stop.leave - stop.arrive == pytest.approx(180, abs=2)
    assert {left.reason for left in plan_of(sites(night, charge_kw=0.0)).left} <= {Reason.BATTERY}
    assert plan_of(trucks(night, charge_kw=0.0)).missed != ()


def test_a_truck_drives_to_a_charger_off_its_way():
    """Without a charger at the site it goes by the depot that has one."""
    night = sites(charged_night(), charge_kw=0.0)
    night = replace(night, depots=(night.depots[0], replace(night.depots[1], charge_kw=60.0)))
    plan = plan_of(night)
    assert plan.missed == ()
    assert [stop.place for stop in plan.routes[0].stops if stop.kind == "charge"] == ["D2"]


def test_no_time_to_charge():
    """A shift without room for the charge leaves bins instead."""
    night = charged_night()
    route = plan_of(night).routes[0]
    assert plan_of(trucks(night, ends=route.returns - route.departs - 60)).missed != ()


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("charge", {"charged_kwh": 5.9}),
        ("charge", {"charged_kwh": -1.0}),
        ("battery", {"charged_kwh": 0.5}),
        ("charge", {"place": "D1"}),
        ("charge", {"place": None}),
    ],
)
def test_a_charge_that_cannot_be_is_found(rule, fields):
    """More than there is time for, less than nothing, too little, or where no charger stands."""
    night = charged_night()
    plan = plan_of(night)
    stops = tuple(replace(s, **fields) if s.kind == "charge" else s for s in plan.routes[0].stops)
    assert rule in rules(night, replace(plan, routes=(replace(plan.routes[0], stops=stops),)))


def test_a_charge_beyond_full_or_at_a_bin_is_found():
    """Nothing lifts the battery above what it held at first, and bins do not charge."""
    night = charged_night()
    plan = plan_of(night)
    early = trucks(night, energy=replace(ZERO_KWH, kwh_per_km=0.1))
    assert "charge" in rules(early, plan)
    at_bin = tuple(replace(s, charged_kwh=1.0) if s.kind == "bin" else s for s in plan.routes[0].stops)
    assert "charge" in rules(night, replace(plan, routes=(replace(plan.routes[0], stops=at_bin),)))


def test_two_shifts_of_one_vehicle_do_not_meet():
    """Overtime of the first and start of the second keep apart, also where the shifts overlap as written."""
    night = visits(row_night(8), service_seconds=1500)
    first = replace(night.trucks[0], truck="A", vehicle="V", ends=2 * HOUR, overtime_seconds=2 * HOUR)
    second = replace(first, truck="B", starts=HOUR, ends=5 * HOUR, overtime_seconds=0)
    night = replace(night, trucks=(first, second))
    plan = plan_of(night, 0.4)
    assert len(plan.routes) == 2
    other = replace(night, trucks=(replace(first, vehicle=""), replace(second, vehicle="")))
    one, two = plan_of(row_night(4, truck="A")).routes[0], plan_of(row_night(4, truck="B")).routes[0]
    meet = replace(plan, routes=(replace(one, truck="A"), replace(two, truck="B")))
    assert any("its vehicle is out" in each.text for each in check(night, meet))
    assert not any("its vehicle is out" in each.text for each in check(other, meet))


def test_a_trip_waits_for_its_bins_release():
    """A trip leaves only when everything it takes is released."""
    night = visits(row_night(), release=3000)
    plan = plan_of(night)
    assert plan.missed == ()
    assert plan.routes[0].departs >= 3000
    driven = plan_of(row_night(starts=0, ends=3000))
    assert "release" in rules(visits(row_night(starts=0, ends=3000), release=2900), driven)


def test_narrow_windows_about_the_break_are_kept():
    """Bins open only for minutes before, within and after the hours of the break are all served."""
    rest = Break(seconds=1800, opens=HOUR, closes=2 * HOUR)
    night = row_night(rest=rest)
    hours = ((3000, 3400), (4500, 5000), (6500, 6700), (9000, 9100))
    some = tuple(replace(v, opens=o, closes=c) for v, (o, c) in zip(night.visits, hours, strict=True))
    plan = plan_of(replace(night, visits=some), 0.4)
    assert plan.missed == ()
    assert [stop.kind for stop in plan.routes[0].stops].count("break") == 1
