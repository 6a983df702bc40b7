"""Coordinates in a file: in degrees, the right way round, and near one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from fleet.exchange.cells import Cells

FAR_KM = 300.0
"""A city's bins, depots and stations do not lie further apart than this."""

LAT = ("latitude", "y", "lat_wgs84", "latitude_wgs84", "lat_deg", "خط_العرض")
LON = ("lng", "long", "longitude", "x", "lon_wgs84", "longitude_wgs84", "lon_deg", "خط_الطول")


@dataclass(frozen=True, slots=True)
class Spot:
    """A row's place on the map, and in its file."""

    where: str
    lat: float
    lon: float


def read_spot(cells: Cells, problems: list[str]) -> Spot | None:
    """Latitude and longitude of a row, both needed."""
    mend = "write decimal degrees (WGS84)"
    told = [cells.need("lat", mend), cells.need("lon", mend)]
    if not all(told):
        return None
    lat = cells.number("lat", -1e9, 1e9, "decimal degrees")
    lon = cells.number("lon", -1e9, 1e9, "decimal degrees")
    if lat is None or lon is None:
        return None
    if abs(lat) <= 90 and abs(lon) <= 180:
        if abs(lat) < 0.001 and abs(lon) < 0.001:
            problems.append(f"{cells.where}: lat and lon are 0, a place in the ocean; fill them in")
            return None
        return Spot(cells.where, lat, lon)
    if abs(lat) <= 180 and abs(lon) <= 90:
        problems.append(f"{cells.where}: lat {lat:g} is beyond 90 degrees; lat and lon look swapped")
    else:
        problems.append(
            f"{cells.where}: lat {lat:g}, lon {lon:g} are not degrees; export the coordinates as EPSG:4326 (WGS84)"
        )
    return None


def check_spots(spots: Sequence[Spot]) -> list[str]:
    """Problems of spots that lie far from all the others, swapped ones named as such."""
    if len(spots) < 3:
        return []
    middle = Spot("", median(spot.lat for spot in spots), median(spot.lon for spot in spots))
    problems = []
    for spot in spots:
        away = _km(spot, middle)
        if away <= FAR_KM:
            continue
        swapped = Spot("", spot.lon, spot.lat)
        if abs(spot.lon) <= 90 and _km(swapped, middle) <= FAR_KM:
            problems.append(f"{spot.where}: {away:.0f} km from the other rows; lat and lon look swapped")
        else:
            problems.append(
                f"{spot.where}: {away:.0f} km from the other rows; check the digits and signs of lat and lon"
            )
    return problems


def _km(one: Spot, other: Spot) -> float:
    """Distance on the sphere (haversine)."""
    lat, far_lat = math.radians(one.lat), math.radians(other.lat)
    across = math.radians(other.lon - one.lon)
    half = math.sin((far_lat - lat) / 2) ** 2 + math.cos(lat) * math.cos(far_lat) * math.sin(across / 2) ** 2
    return 2 * 6371.0 * math.asin(min(1.0, math.sqrt(half)))
