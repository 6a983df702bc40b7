"""Places, trucks with their shifts, and stations from files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fleet.errors import ImportRefused
from fleet.exchange import (
    read_places,
    read_stations,
    read_trucks,
    store_places,
    store_stations,
    store_trucks,
)
from fleet.passwords import verify_password
from fleet.store import Store

PLACES = """id;name;lat;lon;kind;site_limit_kw;base_load_kw;unload_minutes;opens;closes
depot;Dépôt municipal;34,93;-2,33;depot+charging;120;15;;;
tip;Décharge;34,98;-2,40;disposal;;;20;6:00;22h
"""
TRUCKS = """id,depot,streams,capacity_m3,payload_t,battery_kwh,max_charge_kw,id_token,starts,ends,weekdays
T1,depot,mixed,18,9,210,60,CARD-1,05:30,12:30,mon|tue|wed|thu|fri|sat
T2,depot,mixed;glass,10,4.5,,,,21:00,04:00,
"""
STATIONS = """id,place,password,current,max_kw,evses
DEPOT-01,depot,correct-horse-battery,DC,60,2
DEPOT-02,depot,,AC,22,
"""


def write(folder: Path, text: str, name: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture
def city(any_store: Store, tmp_path: Path) -> Store:
    with any_store.begin() as work:
        store_places(work, read_places(write(tmp_path, PLACES, "places.csv")))
    return any_store


def test_places(city: Store) -> None:
    """Roles, limits and hours are kept."""
    with city.read() as work:
        depot, tip = work.places.all()
    assert (depot.is_depot, depot.is_disposal, depot.site_limit_kw, depot.base_load_kw) == (True, False, 120, 15)
    assert (tip.is_depot, tip.is_disposal, tip.site_limit_kw) == (False, True, None)
    assert (tip.unload_seconds, tip.opens, tip.closes) == (1200, "06:00", "22:00")


def test_trucks_and_shifts(city: Store, tmp_path: Path) -> None:
    """Units become litres and kilograms; a break finds its place in a night shift."""
    file = read_trucks(write(tmp_path, TRUCKS, "trucks.csv"))
    for _ in range(2):
        with city.begin() as work:
            kept = store_trucks(work, file)
    assert (kept.added, kept.updated) == (0, 2)
    with city.read() as work:
        first, second = work.trucks.all()
        token = work.stations.token("CARD-1")
        shifts = work.trucks.shifts_on(date(2026, 3, 15))
    assert (first.capacity_l, first.capacity_kg, first.battery_kwh, first.max_charge_kw) == (18000, 9000, 210, 60)
    assert (second.streams, second.battery_kwh) == (["mixed", "glass"], None)
    assert token is not None
    assert token.truck_id == "T1"
    assert [(shift.truck_id, shift.starts, shift.ends) for shift in shifts] == [("T2", "21:00", "04:00")]
    assert (shifts[0].break_from, shifts[0].break_until) == ("23:20", "02:15")


def test_a_truck_without_a_depot_belongs_to_the_only_one(city: Store, tmp_path: Path) -> None:
    """One depot needs no naming; with two the row is refused with both named."""
    file = read_trucks(write(tmp_path, "id\nT1\n", "trucks.csv"))
    with city.begin() as work:
        store_trucks(work, file)
        assert [truck.depot_id for truck in work.trucks.all()] == ["depot"]
    second = write(tmp_path, "id,lat,lon,kind\nnord,34.95,-2.33,depot\n", "second.csv")
    with city.begin() as work:
        store_places(work, read_places(second))
    again = read_trucks(write(tmp_path, "id\nT2\n", "trucks.csv"))
    with pytest.raises(ImportRefused, match="known: depot, nord"), city.begin() as work:
        store_trucks(work, again)


def test_trucks_from_toml_may_have_several_shifts(city: Store, tmp_path: Path) -> None:
    """[[trucks.shifts]] gives each its days and hours."""
    text = """
    [[trucks]]
    id = "T1"
    depot = "depot"
    streams = ["mixed", "verre"]
    [[trucks.shifts]]
    weekdays = ["mon", "wed"]
    starts = "06:00"
    ends = "12:00"
    [[trucks.shifts]]
    weekdays = [5]
    starts = "14:00"
    ends = "20:00"
    """
    file = read_trucks(write(tmp_path, text, "trucks.toml"))
    assert file.trucks[0].streams == ["mixed", "glass"]
    assert [(shift.shift_id, shift.weekdays, shift.starts) for shift in file.shifts] == [
        ("T1-1", [0, 2], "06:00"),
        ("T1-2", [5], "14:00"),
    ]
    with city.begin() as work:
        assert store_trucks(work, file).added == 1


def test_stations_and_their_passwords(city: Store, tmp_path: Path) -> None:
    """The password is kept as a digest only; an empty one later leaves it in force."""
    file = read_stations(write(tmp_path, STATIONS, "stations.csv"))
    with city.begin() as work:
        assert store_stations(work, file).added == 2
    again = read_stations(write(tmp_path, STATIONS.replace("correct-horse-battery", ""), "again.csv"))
    with city.begin() as work:
        assert store_stations(work, again).updated == 2
    with city.read() as work:
        first, second = work.stations.all()
        evses = work.stations.evses("DEPOT-01")
    assert first.password_hash is not None
    assert "correct" not in first.password_hash
    assert verify_password("correct-horse-battery", first.password_hash)
    assert not verify_password("wrong", first.password_hash)
    assert (first.current, first.max_kw, [evse.number for evse in evses]) == ("DC", 60, [1, 2])
    assert (second.password_hash, second.max_kw, second.place_id) == (None, 22, "depot")


def test_unknown_depots_and_sites_are_refused_with_their_line(city: Store, tmp_path: Path) -> None:
    """A truck without a depot and a station without a site name the row and what is known; nothing is stored."""
    trucks = read_trucks(write(tmp_path, "id,depot\nT1,depot\nT2,tip\n", "trucks.csv"))
    with (
        pytest.raises(ImportRefused, match="line 3, depot_id: 'tip' is not a depot; known: depot"),
        city.begin() as work,
    ):
        store_trucks(work, trucks)
    stations = read_stations(write(tmp_path, "id,place\nS1,nowhere\n", "stations.csv"))
    with pytest.raises(ImportRefused, match="line 2, place_id: 'nowhere'"), city.begin() as work:
        store_stations(work, stations)
    with city.read() as work:
        assert work.trucks.all() == []
        assert work.stations.all() == []


@pytest.mark.parametrize(
    ("kind", "text", "problems"),
    [
        ("places", "id,lat,lon,kind\nA,34.9,-2.3,castle\n", ["line 2, kind: 'castle' is unknown"]),
        ("places", "id,lat,lon\nA,34.9,-2.3\n", ["line 2, kind: is empty"]),
        ("places", "id,lat,lon,kind\nA,34.9,-2.3,charging\n", ["line 2, site_limit_kw: is empty"]),
        (
            "places",
            "id,lat,lon,kind,site_limit_kw,base_load_kw,opens,closes\nA,34.9,-2.3,depot,50,60,9:00,25:00\n",
            ["line 2, closes: '25:00' is not a time", "line 2, base_load_kw: 60 leaves nothing"],
        ),
        ("trucks", "id,depot,battery_kwh\nT,d,200\n", ["line 2, max_charge_kw: is empty"]),
        (
            "trucks",
            "id,depot,streams,gross_t,starts,ends\nT,d,lava,400,06:00,06:30\n",
            ["line 2, streams: 'lava'", "line 2, gross_t: 400 is out of range", "line 2, ends: 06:30", "line 2, break"],
        ),
        (
            "trucks",
            "id,depot,id_token,starts,ends,break_from,break_until\nT,d,C,06:00,13:00,14:00,15:00\nU,d,C,06:00,13:00,,\n",
            ["line 2, break_from", "line 3, id_token: 'C' is on line 2 too"],
        ),
        ("trucks", "id,depot,weekdays\nT,d,mon|someday\n", ["line 2, weekdays: 'someday'"]),
        ("stations", "id,max_kw,evses\nS 1,22,0\n", ["line 2, id: 'S 1' cannot", "line 2, evses: 0 is out of range"]),
        ("stations", "id,max_kw,fallback_kw,phases\nS1,22,50,2\n", ["line 2, fallback_kw", "line 2, phases"]),
        ("stations", "id,password_hash\nS1,secret\n", ["line 2, password_hash"]),
    ],
)
def test_problems_are_told(tmp_path: Path, kind: str, text: str, problems: list[str]) -> None:
    """Each kind of file tells every problem of a row, with its line."""
    read = {"places": read_places, "trucks": read_trucks, "stations": read_stations}[kind]
    with pytest.raises(ImportRefused) as refused:
        read(write(tmp_path, text, f"{kind}.csv"))
    assert len(refused.value.problems) == len(problems)
    for said, expected in zip(refused.value.problems, problems, strict=True):
        assert said.startswith(expected)
