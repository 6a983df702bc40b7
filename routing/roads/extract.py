"""Reading an OpenStreetMap extract: the ways a truck may use, its turn restrictions, signals and barriers."""

from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Final

import osmium
from osmium.osm import Node, NodeRef, Relation, Way

from routing.errors import ExtractError
from routing.roads.build import build_network
from routing.roads.heights import Heights, read_heights
from routing.roads.key import Box, network_key
from routing.roads.network import Network
from routing.roads.rules import (
    ROAD_CLASSES,
    Most,
    TruckLimits,
    WayRule,
    blocks_passage,
    choose_name,
    read_most,
    read_way,
)

_KEYS: Final = ("highway", "barrier", "restriction", "restriction:hgv", "ele")
_HEIGHT_SHARE: Final = 5  # a map with fewer heights than one in five streets tells no climb: a few summits are no slope
_NOWHERE: Final = 2_147_483_647  # libosmium's coordinate of a node that is not in the file


@dataclass(frozen=True, slots=True)
class Restriction:
    """A turn restriction at a junction: from any of some ways to any of some ways, by OpenStreetMap ids."""

    kind: str  # no_left_turn, only_straight_on, …
    from_ways: frozenset[int]
    via_node: int
    to_ways: frozenset[int]


@dataclass(slots=True)
class Survey:
    """What one extract says, before it becomes a network. Points of all stretches lie one after the other."""

    origin: Path
    key: str  # of the network to be
    profile: str
    box: Box | None = None  # what lies outside is not read
    refs: list[int] = field(default_factory=list)  # node ids
    xs: list[int] = field(default_factory=list)  # longitude in units of 1e-7 degree, as the file has it
    ys: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # of each stretch: a way, or a part of it inside the extract
    rules: list[WayRule] = field(default_factory=list)
    way_ids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    restrictions: list[Restriction] = field(default_factory=list)
    forward_signals: set[int] = field(default_factory=set)  # nodes that stop traffic in the direction of the way
    backward_signals: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)  # nodes no truck passes
    gauges: dict[int, Most] = field(default_factory=dict)  # nodes that only smaller trucks pass
    heights: list[tuple[float, float, float]] = field(default_factory=list)  # mapped: latitude, longitude, metres


def read_extract(
    path: Path, limits: TruckLimits | None = None, box: Box | None = None, heights: Path | None = None
) -> Network:
    """The network of an `.osm.pbf` (or `.osm`, `.osm.gz`) file for a truck (default: `TruckLimits()`).

    `box` keeps the part of a bigger extract, a region's or a country's, inside (south, west, north, east) in degrees.
    `heights` is a file as `read_heights` takes it; without one, heights mapped in the extract itself count.
    ExtractError, one line, where the file is missing, broken, cut short, no OpenStreetMap data or without streets.
    """
    limits = limits or TruckLimits()
    survey = survey_extract(path, limits, box, heights)
    if not survey.starts:
        where = f" within {box}" if box else ""
        raise ExtractError(
            f"{path}: holds no street a {limits.profile} truck may use{where}; export it with its highways"
        )
    mapped = survey.heights if len(survey.heights) * _HEIGHT_SHARE >= len(survey.starts) else []
    return build_network(survey, read_heights(heights) if heights else Heights.of_points(mapped))


def survey_extract(path: Path, limits: TruckLimits, box: Box | None = None, heights: Path | None = None) -> Survey:
    """Everything in an extract that matters to a truck; ExtractError where osmium cannot read it to its end."""
    survey = Survey(path, network_key(path, limits, box, heights), limits.profile, box)
    try:
        for thing in osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.KeyFilter(*_KEYS)):
            match thing:
                case Node():
                    _note_node(survey, thing, limits)
                case Way():
                    _note_way(survey, thing, limits)
                case Relation():
                    _note_relation(survey, thing)
    except (RuntimeError, ValueError) as error:  # what osmium raises for any unreadable file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ExtractError(
            f"{path}: not a whole OpenStreetMap extract ({reason}); download or export it again"
        ) from error
    return survey


def _note_node(survey: Survey, node: Node, limits: TruckLimits) -> None:
    tags = dict(node.tags)
    if tags.get("highway") == "traffic_signals":
        facing = tags.get("traffic_signals:direction")
        if facing != "backward":
            survey.forward_signals.add(node.id)
        if facing != "forward":
            survey.backward_signals.add(node.id)
    if blocks_passage(tags, limits):
        survey.blocked.add(node.id)
    elif "barrier" in tags and min(most := read_most(tags, limits)) < inf:
        survey.gauges[node.id] = most
    if "ele" in tags:
        with suppress(ValueError):  # "about 20" is no height
            survey.heights.append((node.lat, node.lon, float(tags["ele"].removesuffix("m"))))


def _note_way(survey: Survey, way: Way, limits: TruckLimits) -> None:
    if way.tags.get("highway") not in ROAD_CLASSES:
        return
    tags = dict(way.tags)
    rule = read_way(tags, limits)
    if rule is None:
        return
    name = choose_name(tags)
    stretch: list[tuple[int, int, int]] = []
    for node in way.nodes:
        if node.x == _NOWHERE or (survey.box and not _is_inside(node, survey.box)):
            # the way goes on outside the extract and may come back: no straight line across the gap
            _add_stretch(survey, stretch, way.id, rule, name)
            stretch = []
        elif not stretch or stretch[-1][0] != node.ref:
            stretch.append((node.ref, node.x, node.y))
    _add_stretch(survey, stretch, way.id, rule, name)


def _is_inside(node: NodeRef, box: Box) -> bool:
    south, west, north, east = box
    return south <= node.lat <= north and west <= node.lon <= east


def _add_stretch(survey: Survey, stretch: list[tuple[int, int, int]], way_id: int, rule: WayRule, name: str) -> None:
    if len(stretch) < 2:
        return
    survey.starts.append(len(survey.refs))
    survey.rules.append(rule)
    survey.way_ids.append(way_id)
    survey.names.append(name)
    refs, xs, ys = zip(*stretch, strict=True)
    survey.refs.extend(refs)
    survey.xs.extend(xs)
    survey.ys.extend(ys)


def _note_relation(survey: Survey, relation: Relation) -> None:
    tags = dict(relation.tags)
    kind = tags.get("restriction:hgv") or tags.get("restriction", "")
    excepted = [vehicle.strip() for vehicle in tags.get("except", "").split(";")]
    if tags.get("type") != "restriction" or not kind.startswith(("no_", "only_")) or "hgv" in excepted:
        return
    members = [(member.role, member.type, member.ref) for member in relation.members]
    from_ways = frozenset(ref for role, what, ref in members if (role, what) == ("from", "w"))
    to_ways = frozenset(ref for role, what, ref in members if (role, what) == ("to", "w"))
    via = [ref for role, what, ref in members if (role, what) == ("via", "n")]
    if len(via) == 1 and from_ways and to_ways:  # restrictions via a way would need longer turns: they are not read
        survey.restrictions.append(Restriction(kind, from_ways, via[0], to_ways))
