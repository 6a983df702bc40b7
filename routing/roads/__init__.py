"""The embedded road engine: an OpenStreetMap extract becomes a network, the network answers matrices and legs.

network = open_network(extract, cache_dir)         one file in, cached; the rest is numpy and scipy
matrix = measure_matrix(network, points)           seconds and metres of every pair, along the same fastest ways
tables = measure_tables(network, points, profiles, day, overrides)   the same for every class of truck and its hours
legs = route_geometry(network, points)             the streets a truck follows from point to point
streets = street_segments(network)                 what a map draws

Points are (latitude, longitude) in degrees WGS84 everywhere. Names load their module when first used, so that importing
this package costs nothing: reading a cached network loads numpy, only searching it scipy, only building it osmium.
`engine.md` beside this file explains the search.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from routing.roads.cache import open_network as open_network
    from routing.roads.extract import read_extract as read_extract
    from routing.roads.legs import Leg as Leg
    from routing.roads.legs import leg_geometry as leg_geometry
    from routing.roads.legs import route_geometry as route_geometry
    from routing.roads.matrix import UNREACHABLE as UNREACHABLE
    from routing.roads.matrix import RoadMatrix as RoadMatrix
    from routing.roads.matrix import measure_matrix as measure_matrix
    from routing.roads.matrix import name_unreachable as name_unreachable
    from routing.roads.network import ATTRIBUTION as ATTRIBUTION
    from routing.roads.network import Network as Network
    from routing.roads.overrides import OVERRIDE_KINDS as OVERRIDE_KINDS
    from routing.roads.overrides import Override as Override
    from routing.roads.overrides import OverrideKind as OverrideKind
    from routing.roads.remote import make_router as make_router
    from routing.roads.router import Router as Router
    from routing.roads.rules import TruckLimits as TruckLimits
    from routing.roads.shelf import StoreShelf as StoreShelf
    from routing.roads.snap import MAX_SNAP_M as MAX_SNAP_M
    from routing.roads.snap import Snaps as Snaps
    from routing.roads.snap import snap_points as snap_points
    from routing.roads.speeds import Speeds as Speeds
    from routing.roads.speeds import read_speeds as read_speeds
    from routing.roads.streets import StreetLabel as StreetLabel
    from routing.roads.streets import StreetSegments as StreetSegments
    from routing.roads.streets import street_segments as street_segments
    from routing.roads.tables import Tables as Tables
    from routing.roads.tables import measure_tables as measure_tables
    from routing.roads.vehicles import Profile as Profile
    from routing.roads.vehicles import VehicleClass as VehicleClass

_HOMES = {
    "cache": ("open_network",),
    "extract": ("read_extract",),
    "legs": ("Leg", "leg_geometry", "route_geometry"),
    "matrix": ("UNREACHABLE", "RoadMatrix", "measure_matrix", "name_unreachable"),
    "network": ("ATTRIBUTION", "Network"),
    "overrides": ("OVERRIDE_KINDS", "Override", "OverrideKind"),
    "remote": ("make_router",),
    "router": ("Router",),
    "rules": ("TruckLimits",),
    "shelf": ("StoreShelf",),
    "snap": ("MAX_SNAP_M", "Snaps", "snap_points"),
    "speeds": ("Speeds", "read_speeds"),
    "streets": ("StreetLabel", "StreetSegments", "street_segments"),
    "tables": ("Tables", "measure_tables"),
    "vehicles": ("Profile", "VehicleClass"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605 - ruff wants a literal; the table above is the one list


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
