"""What a night can be asked for: reports, several shifts, what if, a week ahead, a site limit that is too small."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chargers.night.scene import look
from console.nightly import Job, what_if
from console.report_text import describe, describe_what_if
from fleet.settings import Settings
from fleet.store import Store
from fleet.tables import CitizenReport, Emptying, Shift, TruckState
from fleet.twin.opening import OPENING
from routing.night import Change

pytestmark = pytest.mark.slow
DAY = (OPENING + timedelta(days=1)).date()


def test_two_shifts_of_a_truck_are_two_needs(city: Store, night):
    """A truck with a morning and an afternoon is planned in both, its times apart, a need for each departure."""
    with city.begin() as work:
        for row in work.trucks.all():
            row.active = row.battery_kwh is not None
            row.capacity_kg, row.max_tips = 900.0, 1
            work.session.add(row)
            shift = Shift(shift_id=f"{row.truck_id}-pm", truck_id=row.truck_id, starts="15:00", ends="21:00")
            work.trucks.upsert_shift(shift.model_copy(update={"break_minutes": 0}))
    figures = night.plan(seconds=2.0)
    assert figures["violations"] == 0
    several = [row for row in figures["trucks"] if str(row["shift"]).endswith("-pm")]
    assert several
    with city.read() as work:
        needs = {(need.truck_id, need.ready_by) for need in work.charging.needs() if need.priority == 1.0}
        whole = work.plans.whole(night.in_force())
        assert needs == {(route.truck_id, route.departs_at) for route, _ in whole.routes}
        site = work.places.charging_sites()[0]
        soonest = {name: min(at for truck, at in needs if truck == name) for name, _ in needs}
        assert {name: need.ready_by for name, need in look(work, site).needs.items() if name in soonest} == soonest


def test_quiet_night_is_a_plan_too(city: Store, night):
    """With every bin emptied just now there is a plan of no routes, every bin in it with its reason."""
    with city.begin() as work:
        for row in work.bins.all():
            at = OPENING - timedelta(minutes=5)
            work.bins.take_emptying(Emptying(key=f"q-{row.bin_id}", bin_id=row.bin_id, emptied_at=at, source="truck"))
            row.capacity_l, row.overflow_fill = 1100.0, 5.0
            work.session.add(row)
    figures = night.plan()
    assert (figures["routes"], figures["served"], figures["violations"]) == (0, 0, 0)
    assert figures["left_by_reason"] == {"not_needed": 120}
    assert night.in_force() == figures["plan_id"]
    assert "0 routes" in describe(figures)


def test_report_by_a_citizen_is_served_and_done(city: Store, night):
    """`binwatt report` makes the emptiest bin due; its stop says so; the truck's emptying settles the report."""
    night.plan(publish=False)
    with city.read() as work:
        draft = work.plans.newest(DAY)
        whole = work.plans.whole(draft.plan_id)
        chosen = min(whole.left, key=lambda one: one.fill or 0).bin_id
    result = night.command("report", chosen, "overflow", "bags beside it", "--json")
    assert json.loads(result.stdout)["bin"] == chosen, result.stderr
    assert night.command("report", "NOBODY", "overflow", "x").returncode == 2
    assert night.command("report", chosen, "noise", "x").returncode == 2
    night.plan()
    with city.read() as work:
        whole = work.plans.whole(night.in_force())
    stop = next(stop for _, stops in whole.routes for stop in stops if stop.bin_id == chosen)
    assert (stop.why["code"], stop.why["text"]) == ("reported", "bags beside it")
    with city.begin() as work:
        work.bins.take_emptying(
            Emptying(key="done", bin_id=chosen, emptied_at=OPENING + timedelta(hours=9), source="truck")
        )
    with city.read() as work:
        assert work.reports.asking() == []
        assert work.session.get(CitizenReport, 1).state == "done"


def test_what_if_keeps_nothing(city: Store, settings: Settings, night):
    """A supposition is planned, compared and forgotten: no plan, event, need or lease comes of it."""
    night.plan()
    with city.read() as work:
        before = (
            night.in_force(),
            work.plans.newest().plan_id,
            len(work.events.newest(1000)),
            len(work.charging.needs()),
        )
        truck = work.trucks.all()[0].truck_id
    found = what_if(city, settings, Job(day=DAY, seconds=0.5), Change(without=(truck,)))
    with city.read() as work:
        after = (
            night.in_force(),
            work.plans.newest().plan_id,
            len(work.events.newest(1000)),
            len(work.charging.needs()),
        )
    assert after == before
    assert found["what_if"]["plan_id"] is None
    assert found["in_force"]["plan_id"] == before[0]
    assert truck not in {row["truck"] for row in found["what_if"]["trucks"]}
    assert f"against plan {before[0]} (published)" in describe_what_if(found)


def test_what_if_by_command(night):
    """Suppositions need --what-if; with it the command prints both plans; a truck nobody knows is one line."""
    day = ("--date", DAY.isoformat(), "--seconds", "1")
    assert night.command("plan", *day, "--trucks", "1").returncode == 2
    result = night.command("plan", *day, "--what-if", "--trucks", "1", "--mandatory-p", "0.8", "--json")
    found = json.loads(result.stdout)
    assert len({row["truck"] for row in found["what_if"]["trucks"]}) <= 1
    assert found["in_force"] is None
    result = night.command("plan", *day, "--what-if", "--without", "NOBODY")
    assert (result.returncode, "no truck NOBODY" in night.one_line(result.stderr)) == (1, True)


def test_horizon_of_a_week_is_in_the_report(night):
    """Looking seven nights ahead, the report tells each night's bins; tonight's plan is whole and sound."""
    figures = night.plan(days=7)
    assert figures["violations"] == 0
    assert len(figures["horizon"]) == 7
    named = [name for night in figures["horizon"] for name in night["named"]]
    assert len(named) == len(set(named)) > 20
    assert "the nights ahead" in describe(figures)


def test_problem_is_kept_with_the_newest_plans(city: Store, night):
    """Every plan has its problem beside it, to be worked on by hand; only the newest fourteen are kept."""
    plan_id = int(str(night.plan()["plan_id"]))
    from routing.packing import unpack

    with city.begin() as work:
        problem = unpack(work.plans.problem(plan_id))
        for _ in range(16):
            head = work.plans.get(plan_id).model_dump(exclude={"plan_id"}) | {"state": "draft"}
            newer = type(work.plans.get(plan_id))(**head)
            work.plans.keep_problem(work.plans.keep(newer, [], []), b"later")
        assert work.plans.problem(plan_id) is None
    with city.read() as work:
        served = {stop.bin_id for _, stops in work.plans.whole(plan_id).routes for stop in stops if stop.bin_id}
    assert served <= {visit.bin for visit in problem.visits}


def test_site_limit_too_small_is_planned_with(city: Store, night):
    """What charging cannot give the routes are told once: bins are dropped for want of energy, no truck is stranded."""
    with city.begin() as work:
        for row in work.trucks.all():
            row.active = row.battery_kwh is not None
            work.session.add(row)
            if row.battery_kwh:
                work.trucks.report(TruckState(truck_id=row.truck_id, at=OPENING, lat=0, lon=0, soc=0.16))
    free = night.plan(publish=False)
    assert free["shortfalls"] == []
    with city.begin() as work:
        for site in work.places.charging_sites():
            site.site_limit_kw = site.base_load_kw + 8.0  # one truck at a time, 2 kW of it kept free
            work.session.add(site)
        for station in work.stations.all():
            station.fallback_kw = 0.0
            work.session.add(station)
    tight = night.plan()
    assert tight["violations"] == 0
    assert tight["energy"]["dropped"]
    assert tight["kwh"] < free["kwh"]
    assert sum(one["kwh"] for one in tight["shortfalls"]) < 1.0
    left = {one["bin"]: one["code"] for one in tight["left_bins"]}
    assert {left[name] for name in tight["energy"]["dropped"]} == {"energy"}
    assert "left for want of energy" in describe(tight)
    with city.read() as work:
        batteries = {row.truck_id: row.battery_kwh for row in work.trucks.all() if row.battery_kwh}
        for need in work.charging.needs():
            if need.priority == 1.0:
                assert need.target_kwh <= batteries[need.truck_id]
