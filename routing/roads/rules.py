"""What OpenStreetMap tags mean to a collection truck: which ways it may use, which way round, how fast.

Keys and values: the OpenStreetMap wiki's pages Key:access, Key:oneway, Key:maxweight, Key:maxheight, Key:maxwidth,
Key:maxspeed and Key:barrier. Conditional tags (`...:conditional`) are not read.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from routing.errors import RoadsError

ROAD_CLASSES: Final = (
    "residential", "service", "living_street", "unclassified", "road",
    "tertiary", "tertiary_link", "secondary", "secondary_link",
    "primary", "primary_link", "trunk", "trunk_link", "motorway", "motorway_link",
)  # fmt: skip
"""Drivable values of `highway`; a network stores the position in this tuple."""

CLASS_KMH: Final[Mapping[str, float]] = {
    "residential": 25, "service": 12, "living_street": 12, "unclassified": 30, "road": 25,
    "tertiary": 35, "tertiary_link": 30, "secondary": 40, "secondary_link": 30,
    "primary": 45, "primary_link": 35, "trunk": 60, "trunk_link": 40, "motorway": 80, "motorway_link": 40,
}  # fmt: skip
"""Speed of a loaded 19 t truck by class, stops at junctions included; our assumption, not calibrated on any city."""

SHARE_OF_LIMIT: Final = 0.8  # what traffic leaves of a posted limit
SLOWEST_KMH: Final = 5.0
SIGNAL_SECONDS: Final = 4.0  # mean wait at a traffic signal, over all phases

HEAVY_T: Final = 3.5
"""Above this gross weight a vehicle is a goods vehicle, an `hgv` (Key:hgv)."""

_CLOSED: Final = frozenset({"no", "private", "agricultural", "forestry", "emergency", "military", "bus", "psv"})
_ACCESS_KEYS: Final = ("hgv", "motor_vehicle", "vehicle", "access")  # the most specific that is present decides
_ONEWAY: Final = frozenset({"yes", "1", "true"})
_AGAINST: Final = frozenset({"-1", "reverse"})
_ROUND: Final = frozenset({"roundabout", "circular"})
_SOLID_BARRIERS: Final = frozenset({
    "block", "bollard", "bus_trap", "cycle_barrier", "debris", "ditch", "fence", "guard_rail", "hedge",
    "jersey_barrier", "kissing_gate", "log", "planter", "stile", "turnstile", "wall",
})  # fmt: skip

_WEIGHT_KEYS: Final = ("maxweight", "maxweight:hgv", "maxweightrating", "maxweightrating:hgv")
_HEIGHT_KEYS: Final = ("maxheight", "maxheight:physical", "maxheight:hgv")
_WIDTH_KEYS: Final = ("maxwidth", "maxwidth:physical", "maxwidth:hgv")
_LENGTH_KEYS: Final = ("maxlength", "maxlength:hgv")

_MEASURE: Final = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*([a-z/]*)\s*", re.IGNORECASE)
_FEET: Final = re.compile(r"\s*(\d+)\s*(?:'|ft)\s*(?:(\d+(?:\.\d+)?)\s*(?:\"|''|in)?)?\s*", re.IGNORECASE)
_POUND_T: Final = 0.000_453_592_37
_TONNES: Final = {"": 1.0, "t": 1.0, "to": 1.0, "kg": 0.001, "st": 2000 * _POUND_T, "lb": _POUND_T, "lbs": _POUND_T}
_METRES: Final = {"": 1.0, "m": 1.0, "cm": 0.01, "ft": 0.3048, "in": 0.0254}
_KMH_UNITS: Final = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609_344}


Most = tuple[float, float, float, float]
"""The most a sign allows: gross tonnes, metres of height, of width, of length; inf where there is none."""


@dataclass(frozen=True, slots=True)
class TruckLimits:
    """The vehicle a network is made for: streets whose signs forbid it are not read at all.

    One network serves a store, made for its smallest truck. What a sign on a street of it forbids to bigger ones stays
    with the street (`WayRule.most`), and `routing.roads.adapt` closes it to them.
    """

    gross_t: float = 19.0
    height_m: float = 3.6
    width_m: float = 2.55

    def __post_init__(self) -> None:
        checks = (("gross_t", self.gross_t, 100), ("height_m", self.height_m, 10), ("width_m", self.width_m, 6))
        for name, value, most in checks:
            if not 0 < value <= most:
                raise RoadsError(f"truck limit {name} is {value:g}: give a figure above 0 and up to {most}")

    @property
    def profile(self) -> str:
        """Short name of these limits, part of a network's key."""
        return f"{self.gross_t:g}t-{self.height_m:g}m-{self.width_m:g}m"


@dataclass(frozen=True, slots=True)
class WayRule:
    """How the truck may use one way: the directions open to it, relative to the order of its nodes, and its speed.

    `limit_kmh` is the posted limit, `most` what its signs allow, inf where there is none.
    """

    road_class: int
    forward: bool
    backward: bool
    kmh: float
    limit_kmh: float = inf
    most: "Most" = (inf, inf, inf, inf)


def read_way(tags: Mapping[str, str], limits: TruckLimits) -> WayRule | None:
    """Rule of one way, None where the truck may not drive."""
    highway = tags.get("highway", "")
    if highway not in CLASS_KMH or tags.get("area") == "yes" or _is_closed(tags, limits):
        return None
    most = read_most(tags, limits)
    if _exceeds(most, limits):
        return None
    oneway = tags.get("oneway:hgv") or tags.get("oneway", "")
    if oneway == "reversible":  # changes with the hour: nothing a night's plan can rely on
        return None
    implied = highway == "motorway" or tags.get("junction") in _ROUND
    backward = oneway in _AGAINST or not (oneway in _ONEWAY or (implied and oneway != "no"))
    posted = read_measure(tags.get("maxspeed:hgv") or tags.get("maxspeed", ""), _KMH_UNITS)
    limit = inf if posted is None else posted
    kmh = min(CLASS_KMH[highway], max(SLOWEST_KMH, limit * SHARE_OF_LIMIT))
    forward = oneway not in _AGAINST
    return WayRule(ROAD_CLASSES.index(highway), forward, backward, kmh, limit, most)


def blocks_passage(tags: Mapping[str, str], limits: TruckLimits) -> bool:
    """Whether a node with these tags (a bollard, a locked gate, a height gauge) stops the truck."""
    if "barrier" not in tags:
        return False
    said = _most_specific_access(tags, limits)
    if said in _CLOSED or _exceeds(read_most(tags, limits), limits):
        return True
    return said is None and tags["barrier"] in _SOLID_BARRIERS and tags.get("bollard") != "rising"


def read_most(tags: Mapping[str, str], limits: TruckLimits) -> Most:
    """What the signs of a way or of a gate allow at most; a ban on goods vehicles is one on gross weight."""
    tonnes = _least(tags, _WEIGHT_KEYS, _TONNES)
    if limits.gross_t <= HEAVY_T and tags.get("hgv") in _CLOSED:  # for heavier ones _is_closed has closed it already
        tonnes = min(tonnes, HEAVY_T)
    return (
        tonnes,
        _least(tags, _HEIGHT_KEYS, _METRES),
        _least(tags, _WIDTH_KEYS, _METRES),
        _least(tags, _LENGTH_KEYS, _METRES),
    )


def read_measure(text: str, units: Mapping[str, float]) -> float | None:
    """The figure of a sign ("3.5 t", "2,9 m", "12'6", "7500 kg") in the unit whose factor is 1; None where it has none.

    "default", "none", "unsigned", "below_default", "walk" or "FR:urban" are no figures. Of several values
    ("3.5;7.5") the smallest counts.
    """
    values = [value for part in re.split(r"[;|]", text) if (value := _read_one(part, units)) is not None]
    return min(values, default=None)


def choose_name(tags: Mapping[str, str]) -> str:
    """Name of a street for a terminal map: in Latin letters where it has one, since terminals cannot shape Arabic."""
    name = tags.get("name", "")
    if not name or _is_latin(name):
        return name or tags.get("ref", "")
    candidates = (tags.get(key, "") for key in ("name:fr", "name:en", "int_name", "name:latin"))
    return next((found for found in candidates if found), name)


def _read_one(text: str, units: Mapping[str, float]) -> float | None:
    if (feet := _FEET.fullmatch(text)) and "ft" in units:
        return int(feet[1]) * units["ft"] + float(feet[2] or 0) * units["in"]
    match = _MEASURE.fullmatch(text)
    if match is None or (factor := units.get(match[2].lower())) is None:
        return None
    return float(match[1].replace(",", ".")) * factor


def _least(tags: Mapping[str, str], keys: tuple[str, ...], units: Mapping[str, float]) -> float:
    posted = (read_measure(tags[key], units) for key in keys if key in tags)
    return min((most for most in posted if most is not None), default=inf)


def _exceeds(most: Most, limits: TruckLimits) -> bool:
    tonnes, height, width, _ = most
    return tonnes < limits.gross_t or height < limits.height_m or width < limits.width_m


def _most_specific_access(tags: Mapping[str, str], limits: TruckLimits) -> str | None:
    keys = _ACCESS_KEYS if limits.gross_t > HEAVY_T else _ACCESS_KEYS[1:]
    return next((tags[key] for key in keys if key in tags), None)


def _is_closed(tags: Mapping[str, str], limits: TruckLimits) -> bool:
    return _most_specific_access(tags, limits) in _CLOSED


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in text if letter.isalpha() and ord(letter) > 127)
