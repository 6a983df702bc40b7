"""Every column of the store that says how a night may be driven reaches the problem; what is broken is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import routing.night.build as building
from fleet.tables import Bin, CitizenReport, Place, Shift, Truck
from routing.errors import ProblemError
from routing.forecast import Emptying, Reading
from routing.night import Change, Due, Situation, build_problem, judge_bins, look_ahead, suppose
from routing.night.gather import Crews, Plugs
from routing.night.ways import Measured
from routing.problem import Ways, truck_service, wait_at

ZONE = ZoneInfo("Africa/Casablanca")
DAY = date(2026, 3, 11)
NOW = datetime(2026, 3, 10, 19, tzinfo=UTC)
HOUR = 3600


class Grid:
    """Roads as the crow flies at 10 m/s; points north of 60 degrees lie off them."""

    def measure(self, points, bins, crews: Crews) -> Measured:
        table = np.array(points)
        metres = (np.abs(table[:, None] - table[None]).sum(axis=2) * 100_000).astype(np.int32)
        off = frozenset(np.flatnonzero(table[:, 0] > 60).tolist())
        ways = Ways(seconds=(metres // 10).astype(np.int32), metres=metres)
        return Measured({"": ways}, off, lambda locations, _: [[points[at] for at in locations]])


def place(name: str, **values) -> Place:
    return Place(**{"place_id": name, "name": name, "lat": 34.92, "lon": -2.32, **values})


def box(name: str, **values) -> Bin:
    return Bin(**{"bin_id": name, "lat": 34.93, "lon": -2.31, **values})


def situation(**values) -> Situation:
    """A city of one truck, one depot, one site and one bin, read every six hours."""
    readings = tuple(
        Reading("B", NOW - timedelta(hours=6 * step + 1), min(1.0, max(0.0, 0.9 - 0.05 * step))) for step in range(16)
    )
    base = Situation(
        now=NOW,
        day=DAY,
        zone=ZONE,
        bins=(box("B"),),
        readings=readings,
        emptyings=(),
        crews=((Truck(truck_id="T", depot_id="D"), Shift(shift_id="am", truck_id="T")),),
        later=tuple(
            (DAY + timedelta(days=ahead), ((Truck(truck_id="T", depot_id="D"), Shift(shift_id="am", truck_id="T")),))
            for ahead in range(1, 15)
        ),
        depots=(place("D", is_depot=True),),
        disposal=(place("S", is_disposal=True, lat=34.95),),
    )
    return replace(base, **values)


def built(city: Situation):
    return build_problem(city, judge_bins(city, 0.5), Grid(), 0.15)


def crew(shift: dict | None = None, **truck) -> tuple[Truck, Shift]:
    row = Truck(**{"truck_id": "T", "depot_id": "D", **truck})
    return row, Shift(**{"shift_id": "am", "truck_id": row.truck_id, **(shift or {})})


def test_truck_columns_reach_the_problem():
    """Pace, overtime, tips, end depot, tare and charger are the truck's in the problem too."""
    city = situation(
        crews=(
            crew(
                service_pace=1.2, overtime_minutes=30, overtime_per_hour=60, max_tips=4, end_depot_id="E", tare_t=11.0,
                battery_kwh=200, max_charge_kw=44,
            ),
        ),
        depots=(place("D", is_depot=True, truck_charger_kw=22), place("E", is_depot=True)),
    )  # fmt: skip
    problem, _ = built(city)
    truck = problem.trucks[0]
    assert (truck.service_pace, truck.overtime_seconds, truck.overtime_per_hour, truck.max_tips) == (1.2, 1800, 60, 4)
    assert (truck.ends_at, truck.energy.tare_t, truck.charge_kw) == ("E", 11.0, 44)
    assert truck_service(truck, problem.visits[0]) == 90
    assert problem.depots[0].charge_kw == 22


def test_site_columns_reach_the_problem():
    """A site's hours, streams, queue and charger are its own; what never closes takes loads at any hour."""
    city = situation(
        disposal=(
            place("S", is_disposal=True, opens="07:00", closes="15:00", streams=["mixed"], truck_charger_kw=50,
                  queue=[["07:00", 20], ["09:30", 5]]),
            place("A", is_disposal=True),
        )
    )  # fmt: skip
    site, always = built(city)[0].sites
    assert (site.opens, site.closes, site.charge_kw) == (7 * HOUR, 15 * HOUR, 50)
    assert site.takes("mixed")
    assert not site.takes("glass")
    assert [wait_at(site, at) for at in (6 * HOUR, 8 * HOUR, 10 * HOUR)] == [0, 1200, 300]
    assert always.closes > 2 * 86_400


def test_site_shut_on_the_weekday_is_not_used():
    """On a day the only site is shut the night is refused by name; with another it goes there, and says so."""
    shut = place("S", is_disposal=True, weekdays=[5, 6])
    with pytest.raises(ProblemError, match=r"no disposal site is open on 2026-03-11 \(S\)"):
        built(situation(disposal=(shut,)))
    problem, roads = built(situation(disposal=(shut, place("A", is_disposal=True))))
    assert [site.place for site in problem.sites] == ["A"]
    assert "disposal site S is shut on Wednesday" in roads.without


def test_two_shifts_share_one_battery():
    """A second shift may spend what the first leaves for sure and what can be charged between, and not a kWh more."""
    morning, evening = {"shift_id": "am", "ends": "12:00"}, {"shift_id": "pm", "starts": "16:00", "ends": "22:00"}
    city = situation(
        crews=(crew(morning, battery_kwh=100, max_charge_kw=40), crew(evening, battery_kwh=100, max_charge_kw=40)),
        plugs={"D": Plugs(evse_kw=22, count=2, room_kw=100)},
    )
    first, second = built(city)[0].trucks
    assert (first.truck, second.truck) == ("T", "T@pm")
    assert {first.vehicle, second.vehicle} == {"T"}
    between = 22 * 3.75 * 0.93
    assert first.spendable_kwh + second.spendable_kwh == pytest.approx(85 + between)
    assert first.spendable_kwh <= 85
    assert second.spendable_kwh <= 85
    alone = built(replace(city, plugs={}))[0].trucks
    assert sum(truck.spendable_kwh for truck in alone) == pytest.approx(85)


def test_shut_hours_are_of_their_weekday_and_cross_midnight():
    """A market on Wednesdays shuts the street on Wednesday only; night's rest reaches into the plan's morning."""
    rules = [
        {"from": "08:00", "until": "12:00", "weekdays": [2]},
        {"from": "22:00", "until": "06:00"},
        {"from": "11:00", "until": "13:00", "weekdays": [2, 3]},
    ]
    visit = built(situation(bins=(box("B", shut=rules),)))[0].visits[0]
    day = 24 * HOUR
    assert visit.shut == (
        (0, 6 * HOUR),
        (8 * HOUR, 13 * HOUR),
        (22 * HOUR, day + 6 * HOUR),
        (day + 11 * HOUR, day + 13 * HOUR),
        (day + 22 * HOUR, day + 30 * HOUR),
    )
    with pytest.raises(ProblemError, match="bin B: its shut hours"):
        built(situation(bins=(box("B", shut=[{"from": "noon", "until": "13:00"}]),)))


def test_fixed_day_empties_whatever_the_sensor_says():
    """On its day a bin is due though empty; on another it waits, unless a sound sensor says it will overflow."""
    empty = (Reading("B", NOW - timedelta(hours=1), 0.02),)
    today = judge_bins(situation(bins=(box("B", fixed_days=[2]),), readings=empty), 0.5)["B"]
    assert (today.due, today.code) == (Due.MUST, "fixed_day")
    other = judge_bins(situation(bins=(box("B", fixed_days=[4]),), readings=()), 0.5)["B"]
    assert other.due is Due.CAN_WAIT
    full = judge_bins(situation(bins=(box("B", fixed_days=[1]),)), 0.5)["B"]
    assert (full.due, full.code) == (Due.MUST, "due")


def test_report_makes_a_bin_due():
    """An open report of an overflow makes an empty bin due, and its reason says who said what when."""
    report = CitizenReport(at=NOW, bin_id="B", code="overflow", text="runs over")
    empty = (Reading("B", NOW - timedelta(hours=1), 0.02),)
    judged = judge_bins(situation(readings=empty, reports={"B": report}), 0.5)["B"]
    assert (judged.due, judged.code) == (Due.MUST, "reported")
    assert judged.why("reported")["report"] == "overflow"
    assert "overflow reported 10 Mar" in judged.reason


def test_why_holds_the_figures():
    """A reason as figures: fill now and then, its upper bound, the chance to overflow, until when, the sensor."""
    why = judge_bins(situation(), 0.5)["B"].why("due")
    assert set(why) >= {"code", "now", "then", "q90", "p", "early", "by", "health"}
    assert 0.8 < why["now"] <= why["then"] <= why["q90"] <= 1
    assert datetime.fromisoformat(why["by"]) > NOW


def test_broken_truck_is_planned_without_and_named():
    """A truck whose depot is off the streets, or that cannot load, costs the night that truck only."""
    away = place("E", is_depot=True, lat=70.0)
    city = situation(
        crews=(crew(), crew({"shift_id": "e"}, truck_id="LOST", depot_id="E"), crew(truck_id="NIL", capacity_kg=0)),
        depots=(place("D", is_depot=True), away),
        missing=("SICK",),
    )
    problem, roads = built(city)
    assert [truck.truck for truck in problem.trucks] == ["T"]
    told = " ".join(roads.without)
    for name in ("LOST", "NIL", "SICK", "place E"):
        assert name in told
    with pytest.raises(ProblemError, match="no truck can be planned with on 2026-03-11: truck NIL"):
        built(replace(city, crews=city.crews[2:], missing=()))


def test_hundred_thousand_due_bins_are_one_clear_refusal(monkeypatch):
    """More due bins than a plan can hold are refused with both mends, before any road is measured."""
    city = situation()
    verdict = judge_bins(city, 0.5)["B"]
    rows = tuple(box(f"B{number}") for number in range(100))
    monkeypatch.setattr(building, "MOST_VISITS", 50)
    due = {row.bin_id: replace(verdict, bin=row.bin_id, due=Due.MUST) for row in rows}
    with pytest.raises(ProblemError, match=r"100 bins are due and one plan holds at most 50: .*district.*mandatory_p"):
        build_problem(replace(city, bins=rows), due, Grid(), 0.15)


def test_of_too_many_optional_bins_the_worthiest_are_offered(monkeypatch):
    """Beyond what a plan can hold the least worthy optional bins wait, and the report says how many."""
    city = situation()
    verdict = judge_bins(city, 0.5)["B"]
    rows = tuple(box(f"B{number:02}") for number in range(20))
    monkeypatch.setattr(building, "MOST_VISITS", 5)
    may = {row.bin_id: replace(verdict, bin=row.bin_id, due=Due.MAY, value=float(n)) for n, row in enumerate(rows)}
    problem, roads = build_problem(replace(city, bins=rows), may, Grid(), 0.15)
    assert [visit.bin for visit in problem.visits] == [f"B{number:02}" for number in range(15, 20)]
    assert any("15 bins that may wait" in note for note in roads.without)


def test_suppositions_change_the_night():
    """Fewer trucks, one away, another site, a place closed: each is that night; unknown names are refused."""
    trucks = tuple(crew({"shift_id": name}, truck_id=name) for name in ("T1", "T2", "T3"))
    city = situation(crews=trucks, disposal=(place("S", is_disposal=True), place("A", is_disposal=True)))

    def left(**change) -> tuple[list[str], list[str]]:
        found, _ = suppose(city, Change(**change))
        return [row.truck_id for row, _ in found.crews], [site.place_id for site in found.disposal]

    assert left(trucks=2) == (["T1", "T2"], ["S", "A"])
    assert left(without=("T1",), trucks=1)[0] == ["T2"]
    assert left(sites=("A",))[1] == ["A"]
    assert left(without_sites=("A",))[1] == ["S"]
    assert left(closed=("S",))[1] == ["A"]
    assert suppose(city, Change(closed=("Rue Haute", "S")))[1] == ("Rue Haute",)
    with pytest.raises(ProblemError, match="there is no truck T9"):
        left(without=("T9",))
    with pytest.raises(ProblemError, match="there is no disposal site X"):
        left(without_sites=("X",))


def test_horizon_offers_tonight_what_no_later_night_can_take():
    """With no truck on the three days after, a bin that overflows then is worth its overflow tonight."""
    readings = tuple(
        Reading("B", NOW - timedelta(hours=6 * step + 1), max(0.0, 0.55 - 0.04 * step)) for step in range(12)
    )
    city = situation(readings=readings, emptyings=(Emptying("B", NOW - timedelta(days=4)),))
    resting = replace(
        city, later=tuple((day, () if number < 3 else crews) for number, (day, crews) in enumerate(city.later))
    )
    from routing.night import forecast_bins

    values = {}
    for name, each in (("daily", city), ("resting", resting)):
        known = forecast_bins(each)
        found = look_ahead(each, judge_bins(each, 0.99, forecasts=known), known, 5)
        values[name] = found.judged["B"].value
        assert [night["day"] for night in found.nights] == [(DAY + timedelta(days=at)).isoformat() for at in range(5)]
    assert values["resting"] > 100 > values["daily"]
