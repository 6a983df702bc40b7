"""The evening the simulation opens on: which trucks are home, which still out, when they come, with what battery."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .driving import Halt, Round, Trip, drive
from .paths import find_ways

if TYPE_CHECKING:
    from .city import City
    from .vehicles import Truck

FIRST_HOME, LAST_HOME = timedelta(minutes=8), timedelta(hours=2, minutes=40)  # after opening
HALTS_METRES = 700.0  # a late truck works within this distance of one place
STOP_SECONDS = (300.0, 540.0)
FULLEST_START = 0.97  # no truck began its afternoon round fuller
HOME_SOC = {"DC": (0.24, 0.46), "AC": (0.42, 0.56)}


@dataclass(frozen=True, slots=True)
class Homecoming:
    """A truck's evening: home `at`, with `soc` (None: diesel), to be plugged at `station_id`.

    `trip` is the end of its afternoon round of bulky waste, None where it is home already when the simulation opens.
    """

    truck_id: str
    at: datetime
    soc: float | None
    station_id: str | None
    trip: Trip | None


def come_home(city: City) -> tuple[Homecoming, ...]:
    """One homecoming for each truck, in order of time. A third of the electric trucks is home before the opening."""
    rng = np.random.default_rng((city.seed, 21))
    electric = [truck for truck in city.trucks if truck.battery is not None]
    late = electric[len(electric) // 3 :]
    gap = (LAST_HOME - FIRST_HOME) / max(1, len(late))
    order = rng.permutation(len(late)).tolist()
    due = {
        truck.truck_id: city.opens_at + FIRST_HOME + gap * (place + rng.uniform(0.1, 0.9))
        for truck, place in zip(late, order, strict=True)
    }
    stations = choose_stations(city)
    found = []
    for truck in city.trucks:
        station = stations.get(truck.truck_id)
        soc = None if truck.battery is None else _draw_soc(city, station, rng)
        trip = None
        at = city.opens_at - timedelta(minutes=float(rng.uniform(25, 150)))
        if truck.truck_id in due:
            trip = _finish_round(city, truck, due[truck.truck_id], rng)
            at = trip.returns
            used = 0.0 if truck.battery is None else trip.kwh / truck.battery.capacity_kwh
            soc = min(soc or 0.0, FULLEST_START - used)
            trip = replace(trip, planned=replace(trip.planned, soc=soc + used))
        found.append(Homecoming(truck.truck_id, at, soc, station, trip))
    return tuple(sorted(found, key=lambda home: home.at))


def choose_stations(city: City) -> dict[str, str]:
    """The station each electric truck parks at: big batteries take the fast ones, the faulted one stays empty."""
    free = [station for station in city.stations if station.station_id != city.faulted_station]
    free.sort(key=lambda station: -station.max_kw)
    packs = [truck for truck in city.trucks if truck.battery is not None]
    packs.sort(key=lambda truck: -truck.battery.capacity_kwh if truck.battery else 0.0)
    return {truck.truck_id: station.station_id for truck, station in zip(packs, free, strict=False)}


def _draw_soc(city: City, station_id: str | None, rng: np.random.Generator) -> float:
    current = next((s.current for s in city.stations if s.station_id == station_id), "DC")
    return round(float(rng.uniform(*HOME_SOC[current])), 3)


def _finish_round(city: City, truck: Truck, home: datetime, rng: np.random.Generator) -> Trip:
    """Work around one place since shortly before the opening, a tip at the landfill, and home by about `home`."""
    streets = city.streets
    points = np.array(streets.junctions)
    centre = points[int(rng.integers(len(points)))] * 0.6
    near = np.flatnonzero(np.hypot(*(points - centre).T) < HALTS_METRES)
    many = max(2, round((home - city.opens_at) / timedelta(minutes=9)))
    stops = rng.choice(near, size=many).tolist()
    chain = [*stops, streets.landfill, streets.depot]
    kinds = [*["pause"] * (many - 1), "tip", "return"]
    halts = tuple(
        Halt(
            kind="tip" if kind == "tip" else "return" if kind == "return" else "pause",
            line=way.line,
            metres=way.metres,
            drive_seconds=way.seconds,
            stop_seconds=600.0 if kind == "tip" else float(rng.uniform(*STOP_SECONDS)),
            kg=float(rng.uniform(60, 260)) if kind == "pause" else 0.0,
        )
        for kind, way in zip(kinds, find_ways(streets, list(pairwise(chain))), strict=True)
    )
    odometer = round(float(rng.uniform(4000, 46000)), 1)
    planned = Round(truck, city.opens_at, 1.0, halts, odometer)
    first = drive(planned, city.seed)
    planned = replace(planned, departs=planned.departs + (home - first.returns))
    return drive(planned, city.seed)
