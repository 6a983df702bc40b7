"""The simulated city as one frozen value: everything it owns, drawn from a seed and a size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .containers import Bin, Sensor, fit_sensors, place_bins
from .opening import OPENING
from .streets import Size, Streets, draw_streets
from .vehicles import Shift, Truck, list_shifts, list_trucks
from .yard import THREE_PERIODS, ChargingSite, Place, Station, Tariff, build_site, build_stations

NAME = "Berkane (simulated)"


@dataclass(frozen=True, slots=True)
class City:
    """A city that does not exist, its streets and names invented. Equal seed and size give equal cities.

    The simulation opens at `opens_at`, in mid-evening: `faulted_station` is out of order then, and the two `overdue`
    bins run over.
    """

    seed: int
    size: Size
    opens_at: datetime
    name: str
    time_zone: str
    streets: Streets
    depot: Place
    landfill: Place
    site: ChargingSite
    bins: tuple[Bin, ...]
    sensors: tuple[Sensor, ...]
    trucks: tuple[Truck, ...]
    shifts: tuple[Shift, ...]
    stations: tuple[Station, ...]
    tariff: Tariff
    faulted_station: str
    overdue: tuple[str, ...]


def draw_city(seed: int, size: Size, opens_at: datetime = OPENING) -> City:
    """The city of this seed and size, simulated from `opens_at` on."""
    streets = draw_streets(seed, size)
    gate = streets.junctions[streets.depot]
    tip = streets.junctions[streets.landfill]
    depot = Place("depot", "Dépôt municipal", *streets.plane.degrees(gate))
    bins = place_bins(streets, seed, size)
    trucks = list_trucks(size)
    stations = build_stations(streets.plane, (gate[0] - 12.0, gate[1] - 8.0), seed)
    return City(
        seed=seed,
        size=size,
        opens_at=opens_at,
        name=NAME,
        time_zone="Africa/Casablanca",
        streets=streets,
        depot=depot,
        landfill=Place("landfill", "Décharge contrôlée", *streets.plane.degrees(tip)),
        site=build_site(Place("yard", "Parc de recharge", depot.lat, depot.lon), size),
        bins=bins,
        sensors=fit_sensors(bins, seed),
        trucks=trucks,
        shifts=list_shifts(trucks),
        stations=stations,
        tariff=THREE_PERIODS,
        faulted_station=stations[-2].station_id,
        overdue=_choose_overdue(bins, seed),
    )


def _choose_overdue(bins: tuple[Bin, ...], seed: int) -> tuple[str, ...]:
    """Two busy mixed bins in open streets that the crews have missed."""
    busy = sorted((b for b in bins if b.stream == "mixed" and not b.narrow), key=lambda b: b.fill_per_day, reverse=True)
    first = len(busy) // 8 + seed % 7
    return busy[first].bin_id, busy[first + 3].bin_id
