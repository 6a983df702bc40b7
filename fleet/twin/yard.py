"""The simulated depot: charging stations behind one grid connection, its limit, and what a kWh costs at which hour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .battery import Current
    from .plane import Plane, Point
    from .streets import Size

Protocol = Literal["ocpp1.6", "ocpp2.0.1"]


@dataclass(frozen=True, slots=True)
class Place:
    place_id: str
    name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class ChargingSite:
    """A grid connection. `limit_kw` bounds everything on it, `base_kw` is the most that is not a charging station."""

    place: Place
    limit_kw: float
    base_kw: float


@dataclass(frozen=True, slots=True)
class Station:
    """A charging station and the password it signs in with; makers and models do not exist."""

    station_id: str
    name: str
    lat: float
    lon: float
    protocol: Protocol
    current: Current
    evses: int
    max_kw: float
    fallback_kw: float
    vendor: str
    model: str
    serial: str
    firmware: str
    password: str


@dataclass(frozen=True, slots=True)
class Period:
    """Local hours `from_hour` to `until_hour` (over midnight where that is smaller) of some months, and their price."""

    name: Literal["peak", "full", "off-peak"]
    months: tuple[int, ...]
    from_hour: int
    until_hour: int
    mad_per_kwh: float


@dataclass(frozen=True, slots=True)
class Tariff:
    """What energy costs. `note` says how far to trust it."""

    name: str
    periods: tuple[Period, ...]
    note: str

    def price(self, month: int, hour: int) -> float:
        """MAD per kWh in an hour of a month."""
        for period in self.periods:
            after, before = hour >= period.from_hour, hour < period.until_hour
            over_midnight = period.from_hour > period.until_hour
            if month in period.months and ((after or before) if over_midnight else (after and before)):
                return period.mad_per_kwh
        raise ValueError(f"tariff {self.name} has no price for hour {hour} of month {month}; add a period")


_WINTER, _SUMMER = (10, 11, 12, 1, 2, 3), (4, 5, 6, 7, 8, 9)
THREE_PERIODS = Tariff(
    "three periods",
    (
        Period("peak", _WINTER, 17, 22, 1.4157),
        Period("full", _WINTER, 7, 17, 1.0101),
        Period("off-peak", _WINTER, 22, 7, 0.7398),
        Period("peak", _SUMMER, 18, 23, 1.4157),
        Period("full", _SUMMER, 7, 18, 1.0101),
        Period("off-peak", _SUMMER, 23, 7, 0.7398),
    ),
    note="modelled on a Moroccan medium-voltage tariff, before tax, not verified: check it on the bill",
)

# Vendor, model, protocol, current, most kW of one station.
_RANK: tuple[tuple[str, str, Protocol, Current, float], ...] = (
    ("Voltara", "Quai 90", "ocpp2.0.1", "DC", 90.0),
    ("Voltara", "Quai 90", "ocpp2.0.1", "DC", 90.0),
    ("Amperio", "Rapide 60", "ocpp1.6", "DC", 60.0),
    ("Amperio", "Rapide 60", "ocpp1.6", "DC", 60.0),
    ("Voltara", "Quai 50", "ocpp2.0.1", "DC", 50.0),
    ("Kilowa", "Borne 22", "ocpp1.6", "AC", 22.0),
    ("Kilowa", "Borne 22", "ocpp1.6", "AC", 22.0),
    ("Kilowa", "Borne 22", "ocpp1.6", "AC", 22.0),
    ("Noria", "N22", "ocpp2.0.1", "AC", 22.0),
    ("Noria", "N22", "ocpp2.0.1", "AC", 22.0),
    ("Kilowa", "Borne 22", "ocpp1.6", "AC", 22.0),
    ("Noria", "N22", "ocpp2.0.1", "AC", 22.0),
)
SITE_KW: dict[Size, tuple[float, float]] = {"small": (80.0, 10.0), "city": (170.0, 18.0)}
AC_FALLBACK_KW = 4.2  # 6 A on three phases is 4.14 kW
DC_FALLBACK_KW = 5.0
BAY_METRES = 4.5


def build_site(place: Place, size: Size) -> ChargingSite:
    """A connection the night's energy fits through, but not all trucks at full power at once."""
    limit, base = SITE_KW[size]
    return ChargingSite(place, limit_kw=limit, base_kw=base)


def build_stations(plane: Plane, corner: Point, seed: int) -> tuple[Station, ...]:
    """A dozen stations in a row of bays, two protocols, AC and DC."""
    stations = []
    for number, (vendor, model, protocol, current, kw) in enumerate(_RANK, 1):
        row, bay = divmod(number - 1, math.ceil(len(_RANK) / 2))
        lat, lon = plane.degrees((corner[0] + bay * BAY_METRES, corner[1] - 12.0 * row))
        digest = sha256(f"{seed}/{number}".encode()).hexdigest()
        stations.append(
            Station(
                station_id=f"BK-DEPOT-{number:02d}",
                name=f"{current} {number:02d}",
                lat=lat,
                lon=lon,
                protocol=protocol,
                current=current,
                evses=1,
                max_kw=kw,
                fallback_kw=AC_FALLBACK_KW if current == "AC" else DC_FALLBACK_KW,
                vendor=vendor,
                model=model,
                serial=f"SIM-{digest[:8].upper()}",
                firmware="1.4.2" if protocol == "ocpp1.6" else "3.0.1",
                password=digest[8:28],
            )
        )
    return tuple(stations)
