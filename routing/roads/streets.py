"""Streets as a map draws them: line segments by importance, and a place for each name."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from routing.roads.arrays import F32, I8
from routing.roads.network import ATTRIBUTION, Network
from routing.roads.rules import ROAD_CLASSES

_RANKS: Final = {"tertiary": 1, "secondary": 2, "primary": 3, "trunk": 3, "motorway": 3}  # others are 0
_RANK_OF_CLASS: Final = np.array([_RANKS.get(name.removesuffix("_link"), 0) for name in ROAD_CLASSES], np.int8)


@dataclass(frozen=True, slots=True)
class StreetLabel:
    """A street's name and a point on it, about its middle."""

    name: str
    lat: float
    lon: float
    rank: int  # as in StreetSegments
    metres: float  # length of all that bears the name: longer streets are named first


@dataclass(frozen=True, slots=True, eq=False)
class StreetSegments:
    """Every street once, as straight segments in degrees.

    Rank 0 is residential and service, 1 tertiary, 2 secondary, 3 primary, trunk and motorway.
    """

    lat1: F32
    lon1: F32
    lat2: F32
    lon2: F32
    rank: I8
    labels: tuple[StreetLabel, ...]  # by rank, then by length, the most important first
    attribution: str = ATTRIBUTION

    def __len__(self) -> int:
        return len(self.rank)


def street_segments(network: Network) -> StreetSegments:
    """Segments and labels of a network; both directions of a street are drawn once."""
    is_start = np.ones(len(network.shape_lat), bool)
    is_start[network.shape_start[1:] - 1] = False
    first = np.flatnonzero(is_start)
    lat, lon = network.shape_lat.astype(np.float32), network.shape_lon.astype(np.float32)
    sizes = np.diff(network.shape_start) - 1
    rank = np.repeat(_RANK_OF_CLASS[network.link_class], sizes)
    return StreetSegments(lat[first], lon[first], lat[first + 1], lon[first + 1], rank, _place_labels(network))


def _place_labels(network: Network) -> tuple[StreetLabel, ...]:
    """One label a name, on the link nearest to the middle of everything that bears it."""
    name, metres, count = network.link_name, network.link_metres, len(network.names)
    middle = (network.shape_start[:-1] + network.shape_start[1:] - 1) // 2
    lat = (network.shape_lat[middle] + network.shape_lat[middle + 1]) / 2
    lon = (network.shape_lon[middle] + network.shape_lon[middle + 1]) / 2
    total = np.bincount(name, metres, count)
    weight = np.maximum(total, 1e-9)
    off_lat = lat - (np.bincount(name, metres * lat, count) / weight)[name]
    off_lon = (lon - (np.bincount(name, metres * lon, count) / weight)[name]) * np.cos(np.radians(lat))
    order = np.lexsort((np.hypot(off_lat, off_lon), name))
    chosen = order[np.concatenate(([True], np.diff(name[order]) > 0))]
    rank = _RANK_OF_CLASS[network.link_class]
    labels = [
        StreetLabel(
            network.names[name[link]], float(lat[link]), float(lon[link]), int(rank[link]), float(total[name[link]])
        )
        for link in chosen.tolist()
        if network.names[name[link]]
    ]
    return tuple(sorted(labels, key=lambda label: (-label.rank, -label.metres, label.name)))
