"""From rows of the store to a problem and back: what is due, why, in which hours, and what trucks must hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import osmium
import pytest
from osmium.osm.mutable import Node, Way

from fleet.clock import FixedClock
from fleet.store import Store
from fleet.tables import Bin, Emptying, Place, Reading, Shift, Truck
from routing.check import check
from routing.errors import ProblemError
from routing.night import Due, Situation, build_problem, gather, judge_bins, record
from routing.plan import Reason
from routing.roads import Network, read_extract
from routing.solve import solve

ZONE = ZoneInfo("Africa/Casablanca")
DAY = date(2026, 3, 11)  # the Wednesday after the clock's Tuesday evening
LAT, LON, STEP = 34.92, -2.32, 0.003


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A lattice of six by six streets, about 300 m apart."""
    path = tmp_path_factory.mktemp("roads") / "lattice.osm.pbf"
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number in range(36):
            row, column = divmod(number, 6)
            writer.add_node(Node(id=number + 1, location=(LON + column * STEP, LAT + row * STEP), version=1))
        for line in range(6):
            along = [line * 6 + step + 1 for step in range(6)]
            across = [step * 6 + line + 1 for step in range(6)]
            for way, refs in ((line, along), (line + 6, across)):
                writer.add_way(Way(id=way + 1, nodes=refs, tags={"highway": "residential"}, version=1))
    return read_extract(path)


def spot(row: float, column: float) -> dict[str, float]:
    return {"lat": LAT + row * STEP, "lon": LON + column * STEP}


@pytest.fixture
def city(store: Store, clock: FixedClock) -> Iterator[Store]:
    """Three bins read every four hours for ten days: FULL tonight, SLOW, and GLASS of another stream; one unread."""
    with store.begin() as work:
        work.places.upsert(Place(place_id="depot", name="Depot", is_depot=True, **spot(0, 0)))
        work.places.upsert(Place(place_id="tip", name="Tip", is_disposal=True, **spot(5, 5)))
        work.trucks.upsert(Truck(truck_id="T1", depot_id="depot", streams=["mixed", "glass"], battery_kwh=200.0))
        work.trucks.upsert_shift(Shift(shift_id="T1-am", truck_id="T1"))
        for name, (row, column), stream in (
            ("FULL", (1, 2), "mixed"),
            ("SLOW", (3, 1), "mixed"),
            ("GLASS", (2, 4), "glass"),
            ("UNREAD", (4, 2), "glass"),
        ):
            work.bins.upsert(Bin(bin_id=name, stream=stream, **spot(row, column)))
        for name, rate, since in (("FULL", 0.4, 2.2), ("SLOW", 0.02, 9.9), ("GLASS", 0.3, 2.0)):
            for step in range(60):
                at = clock.now() - timedelta(hours=4 * step + 0.5)
                days = (since - (4 * step + 0.5) / 24) % 3 if rate > 0.1 else since - (4 * step + 0.5) / 24
                work.bins.take_reading(
                    Reading(
                        key=f"{name}-{step}",
                        bin_id=name,
                        measured_at=at,
                        received_at=at,
                        fill=min(1.0, max(0.0, rate * days)),
                    )
                )
    return store


def look(store: Store, day: date = DAY) -> Situation:
    with store.read() as work:
        return gather(work, day, ZONE, 28)


def test_the_full_bin_is_due_and_the_slow_one_waits(city):
    """What overflows before its next round must be emptied; what will not can wait; the reason says so in figures."""
    judged = judge_bins(look(city), 0.5)
    assert judged["FULL"].due is Due.MUST
    assert judged["FULL"].overflow_p > 0.9
    assert "to overflow by Thu" in judged["FULL"].reason
    assert judged["SLOW"].due is Due.CAN_WAIT
    assert judged["SLOW"].fill_now == pytest.approx(0.2, abs=0.05)
    assert judged["GLASS"].due in (Due.MUST, Due.MAY)


def test_an_unread_bin_says_so(city):
    """A bin without a reading is judged on its group's rate, and says that nothing is known of it."""
    judged = judge_bins(look(city), 0.5)["UNREAD"]
    assert judged.health == "new"
    assert "no reading yet" in judged.reason
    assert judged.due is not Due.CAN_WAIT


def test_a_truck_that_does_not_come_tomorrow_makes_more_bins_due(city):
    """The next chance is the next shift of a truck of the stream, not simply the next day."""
    daily = judge_bins(look(city), 0.5)["GLASS"]
    with city.begin() as work:
        work.trucks.upsert_shift(Shift(shift_id="T1-am", truck_id="T1", weekdays=[2]))
    weekly = judge_bins(look(city), 0.5)["GLASS"]
    assert weekly.overflow_p > daily.overflow_p
    assert weekly.due is Due.MUST


def test_an_emptying_by_a_truck_is_believed(city, clock):
    """A bin a truck emptied an hour ago is not due although its last reading was full."""
    with city.begin() as work:
        at = clock.now() - timedelta(minutes=10)
        work.bins.take_emptying(Emptying(key="e", bin_id="FULL", emptied_at=at, source="truck"))
    assert judge_bins(look(city), 0.5)["FULL"].fill_now < 0.15


def test_problem_plan_and_rows(city, network):
    """The night becomes a problem, its plan passes the checker, its rows carry times, loads, reasons, targets."""
    situation = look(city)
    judged = judge_bins(situation, 0.5)
    problem, roads = build_problem(situation, judged, network, 0.15)
    assert {visit.bin for visit in problem.visits} == {"FULL", "GLASS", "UNREAD"}
    assert problem.trucks[0].litres == 18_000 * 4
    assert problem.trucks[0].spendable_kwh == pytest.approx(170)
    assert problem.trucks[0].rest is not None
    plan = solve(problem, 0.4)
    assert check(problem, plan) == ()
    head, routes, left = record(
        situation, judged, roads, plan, made_by="test", seed=0, solve_seconds=0.4, reserve=0.15, report={}
    )
    assert head.served == plan.served
    route, stops = routes[0]
    assert route.target_kwh == pytest.approx(route.kwh_p90 + 30, abs=0.02)
    assert 5 <= route.departs_at.astimezone(ZONE).hour + 24 * (route.departs_at.astimezone(ZONE).day - 11) <= 13
    assert [stop.kind for stop in stops][0 :: len(stops) - 1] == ["depart", "return"]
    full = next(stop for stop in stops if stop.bin_id == "FULL")
    assert full.reason.endswith("due")
    assert next(row for row in left if row.bin_id == "SLOW").reason.startswith(Reason.NOT_NEEDED.value)
    with city.begin() as work:
        plan_id = work.plans.keep(head, routes, left)
    with city.read() as work:
        whole = work.plans.whole(plan_id)
    assert whole is not None
    assert len(whole.routes[0][1]) == len(stops)


def test_a_bin_outside_the_network_is_reported(city, network):
    """A bin far from every street is left for that reason, and named."""
    with city.begin() as work:
        work.bins.upsert(Bin(bin_id="FULL", lat=LAT + 1, lon=LON))
    situation = look(city)
    problem, roads = build_problem(situation, judge_bins(situation, 0.5), network, 0.15)
    assert roads.outside == ("FULL",)
    left = {entry.bin: entry.reason for entry in solve(problem, 0.3).left}
    assert left["FULL"] is Reason.OUTSIDE


def test_night_shifts_cross_midnight(city, network):
    """A shift from 22:00 to 05:00 with a break at 01:00 ends, and rests, on the day after."""
    with city.begin() as work:
        work.trucks.upsert_shift(
            Shift(
                shift_id="T1-am", truck_id="T1", starts="22:00", ends="05:00", break_from="01:00", break_until="03:00"
            )
        )
    situation = look(city)
    problem, _ = build_problem(situation, judge_bins(situation, 0.5), network, 0.15)
    truck = problem.trucks[0]
    assert (truck.starts, truck.ends) == (22 * 3600, 29 * 3600)
    assert truck.rest is not None
    assert (truck.rest.opens, truck.rest.closes) == (25 * 3600, 27 * 3600)


def test_hours_are_those_of_the_wall_when_the_clocks_change():
    """On a day when clocks go forward, 06:00 is five hours after midnight, and the plan's times say so."""
    zone = ZoneInfo("Europe/Lisbon")
    situation = Situation(
        now=datetime(2026, 3, 28, 20, tzinfo=UTC), day=date(2026, 3, 29), zone=zone, bins=(), readings=(), emptyings=(),
        crews=(), later=(), depots=(), disposal=(),
    )  # fmt: skip
    assert situation.at("06:00") == 5 * 3600
    assert (situation.zero + timedelta(seconds=situation.at("06:00"))).astimezone(zone).hour == 6


def test_what_is_missing_is_named(city, network):
    """No shift that day, no disposal site, a depot off the streets: each in words with the mend."""
    situation = look(city)
    judged = judge_bins(situation, 0.5)
    with pytest.raises(ProblemError, match="no truck has a shift"):
        build_problem(replace(situation, crews=()), judged, network, 0.15)
    with pytest.raises(ProblemError, match="no disposal site"):
        build_problem(replace(situation, disposal=()), judged, network, 0.15)
    with pytest.raises(ProblemError, match="no bins"):
        build_problem(replace(situation, bins=()), judged, network, 0.15)
    away = (Place(place_id="depot", name="Depot", lat=LAT + 1, lon=LON, is_depot=True),)
    with pytest.raises(ProblemError, match="place depot: no street within reach"):
        build_problem(replace(situation, depots=away), judged, network, 0.15)


def test_real_streets_give_a_sound_plan(shared_data: Path):
    """On the streets of Porto a plan over 30 bins passes the checker and drives one-ways one way."""
    extract = shared_data / "cities" / "porto" / "roads.osm.pbf"
    if not extract.exists():
        pytest.skip(f"no extract at {extract}")
    porto = read_extract(extract)
    south, west, north, east = porto.bbox
    lat, lon = (south + north) / 2, (west + east) / 2
    noon = datetime(2026, 3, 10, 19, tzinfo=UTC)
    bins = tuple(
        Bin(bin_id=f"P{n}", lat=lat + (n % 6 - 3) * 0.002, lon=lon + (n // 6 - 3) * 0.003, overflow_fill=0.01)
        for n in range(30)
    )
    place = Place(place_id="depot", name="Depot", lat=lat, lon=lon, is_depot=True, is_disposal=True)
    situation = Situation(
        now=noon, day=DAY, zone=ZONE, bins=bins, readings=(), emptyings=(),
        crews=((Truck(truck_id="T1", depot_id="depot"), Shift(shift_id="s", truck_id="T1")),),
        later=(), depots=(place,), disposal=(place,),
    )  # fmt: skip
    problem, roads = build_problem(situation, judge_bins(situation, 0.5), porto, 0.15)
    assert (problem.seconds != problem.seconds.T).any()
    plan = solve(problem, 1.0)
    assert check(problem, plan) == ()
    assert plan.served + len(roads.outside) + len(plan.missed) >= 30
    assert plan.served >= 25
