from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fleet.twin.city import draw_city
from fleet.twin.driving import Halt, Round, drive, start_engine
from fleet.twin.evening import choose_stations, come_home
from fleet.twin.faults import draw_faults
from fleet.twin.paths import find_ways

CITY = draw_city(3, "city")
TRUCK = CITY.trucks[0]
START = datetime(2026, 11, 24, 5, tzinfo=UTC)
LINE = ((34.92, -2.32), (34.92, -2.31), (34.93, -2.31))
HALTS = (
    Halt("bin", LINE, 2000, 260, 75, kg=110, bin_id="BK-0001"),
    Halt("bin", LINE[::-1], 2000, 260, 75, kg=90, bin_id="BK-0002"),
    Halt("break", LINE[:1], 0, 0, 1800),
    Halt("tip", LINE, 7000, 700, 900),
    Halt("return", LINE[::-1], 7000, 700, 0),
)
ROUND = Round(TRUCK, START, 0.9, HALTS, odometer_km=1000)
TRIP = drive(ROUND, seed=3)


def test_energy_adds_up() -> None:
    """What the trip used is kilometres, mass, lifts, tonnes, one tip and hours at the truck's true figures."""
    engine = start_engine(TRUCK, 3, START.toordinal())
    hours = sum((p.ends - p.starts) / timedelta(hours=1) for p in TRIP.phases if p.activity != "break")
    expected = (
        18 * engine.kwh_per_km
        + (2 * 0.110 + 7 * 0.200) * engine.kwh_per_t_km
        + 2 * engine.kwh_per_lift
        + 0.2 * engine.kwh_per_t
        + 0.5
        + hours * engine.aux_kw
    )
    assert TRIP.kwh == pytest.approx(expected)
    assert TRIP.metres == 18_000


def test_it_comes_home_with_the_battery_it_would_have() -> None:
    """State of charge falls by what was used, never rises on the way, and stays after the return."""
    socs = [TRIP.at(START + timedelta(seconds=20 * k)).soc for k in range(400)]
    assert socs == sorted(socs, reverse=True)
    assert TRUCK.battery is not None
    assert socs[-1] == pytest.approx(0.9 - TRIP.kwh / TRUCK.battery.capacity_kwh)
    assert TRIP.at(TRIP.returns + timedelta(days=1)).activity == "parked"


def test_a_truck_moves_along_its_line() -> None:
    """Activities come in order, and no step of ten seconds is longer than the road allows."""
    states = [TRIP.at(START + timedelta(seconds=10 * k)) for k in range(600)]
    order = list(dict.fromkeys(s.activity for s in states))
    assert order == ["parked", "driving", "lifting", "break", "tipping"]
    for a, b in itertools.pairwise(states):
        step = math.hypot((b.lat - a.lat) * 111_000, (b.lon - a.lon) * 91_000)
        assert step < 300
        assert b.odometer_km >= a.odometer_km
    assert (TRIP.at(START).lat, TRIP.at(START).lon) == LINE[0]


def test_load_is_lifted_and_tipped() -> None:
    """The load grows by what was in the bins and is gone after the tip; each lift is told with its time."""
    assert [(lift.bin_id, lift.kg) for lift in TRIP.lifts] == [("BK-0001", 110), ("BK-0002", 90)]
    assert max(p.load_kg for p in TRIP.phases) == 200
    assert TRIP.at(TRIP.returns).load_kg == 0
    assert TRIP.at(TRIP.lifts[0].at + timedelta(seconds=1)).load_kg == 110


def test_what_lies_in_the_bins_is_weighed_not_planned() -> None:
    """With a weigher the truck carries what is there, and uses more for more."""
    heavy = drive(ROUND, seed=3, weigh=lambda _bin, _at: 400.0)
    assert [lift.kg for lift in heavy.lifts] == [400, 400]
    assert heavy.kwh > TRIP.kwh


def test_trips_differ_by_seed_and_day_about_the_plan() -> None:
    """Same seed, same trip; over many, energy spreads by a few percent and time by more, about the planned figures."""
    assert drive(ROUND, seed=3) == TRIP
    trips = [drive(replace(ROUND, departs=START + timedelta(days=d)), seed) for seed in range(30) for d in range(3)]
    kwh = np.array([t.kwh for t in trips])
    assert 0.02 < kwh.std() / kwh.mean() < 0.12
    minutes = np.array([(t.returns - t.planned.departs) / timedelta(minutes=1) for t in trips])
    planned = sum(h.drive_seconds + h.stop_seconds for h in HALTS) / 60
    assert 0.95 < minutes.mean() / planned < 1.2


def test_an_empty_battery_does_not_go_below_zero() -> None:
    """A round beyond the battery ends at 0, not under it."""
    assert drive(replace(ROUND, soc=0.02), seed=3).at(TRIP.returns).soc == 0


def test_a_diesel_has_no_state_of_charge() -> None:
    """Its state says None."""
    assert drive(replace(ROUND, truck=CITY.trucks[-1]), seed=3).at(START).soc is None


def test_a_round_without_stops_is_refused() -> None:
    """There is no trip in a round that goes nowhere."""
    with pytest.raises(ValueError, match="T01"):
        drive(replace(ROUND, halts=()), seed=3)


@pytest.mark.parametrize("size", ["small", "city"])
def test_trucks_come_home_through_the_evening(size: str) -> None:
    """Late trucks return between 19:05 and 21:45 with the charge announced; the others are home before 19:00."""
    city = draw_city(3, size)
    homes = come_home(city)
    assert homes == come_home(city)
    assert sorted(h.truck_id for h in homes) == [t.truck_id for t in city.trucks]
    late = [h for h in homes if h.trip is not None]
    assert len(late) >= len(city.trucks) // 2
    for home in homes:
        if home.trip is None:
            assert home.at < city.opens_at
            continue
        assert timedelta(minutes=5) <= home.at - city.opens_at <= timedelta(hours=2, minutes=45)
        arrived = home.trip.at(home.at)
        assert arrived.soc == pytest.approx(home.soc, abs=1e-6)
        assert (arrived.lat, arrived.lon) == (city.depot.lat, city.depot.lon)
        assert home.trip.at(city.opens_at).activity != "parked"
        assert 0 < home.trip.planned.soc <= 1


def test_each_electric_truck_has_its_station() -> None:
    """No station twice, the faulted one not at all, the largest packs on the fastest ones."""
    stations = choose_stations(CITY)
    assert len(set(stations.values())) == len(stations) == sum(t.battery is not None for t in CITY.trucks)
    assert CITY.faulted_station not in stations.values()
    power = {s.station_id: s.max_kw for s in CITY.stations}
    assert power[stations["T01"]] == 90


def test_ways_follow_the_streets() -> None:
    """A way's line is as long as it says, joins its ends, and differs there and back where streets are one-way."""
    streets = CITY.streets
    rng = np.random.default_rng(0)
    pairs = [tuple(rng.integers(len(streets.junctions), size=2).tolist()) for _ in range(20)]
    ways = find_ways(streets, pairs)
    for (start, goal), way in zip(pairs, ways, strict=True):
        assert way.line[0] == streets.plane.degrees(streets.junctions[start])
        assert way.line[-1] == streets.plane.degrees(streets.junctions[goal])
        points = [streets.plane.metres(*p) for p in way.line]
        length = sum(math.dist(a, b) for a, b in itertools.pairwise(points))
        assert length == pytest.approx(way.metres, rel=1e-3)
    back = find_ways(streets, [(b, a) for a, b in pairs])
    assert any(abs(a.metres - b.metres) > 1 for a, b in zip(ways, back, strict=True))


def test_the_night_has_its_faults() -> None:
    """Every kind happens, in order, and the station the city names is faulted when it opens."""
    faults = draw_faults(CITY)
    assert faults == draw_faults(CITY)
    assert [f.starts for f in faults] == sorted(f.starts for f in faults)
    assert {f.kind for f in faults} == {
        "station faulted",
        "line dropped",
        "cable unplugged",
        "sensor silent",
        "truck late",
    }
    assert [f.subject for f in faults if f.lasts(CITY.opens_at)] == [CITY.faulted_station]
    assert all(f.starts < f.ends <= CITY.opens_at + timedelta(hours=19) for f in faults)
    assert next(f for f in faults if f.kind == "truck late").starts == START
