"""The simulated city as OpenStreetMap elements, so that it enters the house by the door of real cities."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from fleet.exchange.osm_write import Extract, Node, Relation, Tags, Way

if TYPE_CHECKING:
    from .arterials import Highway
    from .city import City
    from .containers import Bin
    from .plane import Point
    from .streets import Limit, Streets
    from .yard import Station

SPEED_LIMITS: dict[Highway, int] = {"primary": 60, "secondary": 50, "tertiary": 50, "unclassified": 60}
COUNTRY_SPEED = 80
SYNTHETIC: Tags = (("source", "synthetic, made by binwatt"), ("fictional", "yes"))
SIGNS: dict[Limit, Tags] = {
    "arch": (("maxheight", "3.2"),),
    "alley": (("maxwidth", "2.4"), ("maxweight", "13")),
}
RECYCLING: dict[str, str] = {"glass": "recycling:glass_bottles", "paper": "recycling:paper"}


@dataclass(slots=True)
class _Chain:
    """Links of one street driven one after the other: one way of the file."""

    links: list[int]
    junctions: list[int]


@dataclass(slots=True)
class _Elements:
    streets: Streets
    nodes: list[Node] = field(default_factory=list)

    def add(self, point: Point, tags: Tags = ()) -> int:
        lat, lon = self.streets.plane.degrees(point)
        self.nodes.append(Node(len(self.nodes) + 1, lat, lon, tags))
        return len(self.nodes)


def extract_city(city: City) -> Extract:
    """Streets, signals, turn bans, the river, waste containers and charging stations of a city."""
    streets = city.streets
    elements = _Elements(streets)
    signals = set(streets.signals)
    for junction, point in enumerate(streets.junctions):
        elements.add(point, (("highway", "traffic_signals"),) if junction in signals else ())
    ways: list[Way] = []
    way_of: dict[int, int] = {}
    for chain in _chain_links(streets):
        number = len(ways) + 1
        way_of |= dict.fromkeys(chain.links, number)
        ways.append(Way(number, _nodes_of(elements, chain), _describe_street(streets, chain)))
    banks = tuple(elements.add(point) for point in streets.river)
    ways.append(Way(len(ways) + 1, banks, (("waterway", "river"), ("name", "Oued des Vergers"), *SYNTHETIC)))
    for container in city.bins:
        elements.add(streets.plane.metres(container.lat, container.lon), _describe_bin(container))
    for station in city.stations:
        elements.add(streets.plane.metres(station.lat, station.lon), _describe_station(station))
    relations = tuple(
        Relation(
            number,
            (("w", way_of[ban.from_link], "from"), ("n", ban.via + 1, "via"), ("w", way_of[ban.to_link], "to")),
            (("type", "restriction"), ("restriction", "no_left_turn"), *SYNTHETIC),
        )
        for number, ban in enumerate(streets.bans, 1)
    )
    return Extract(tuple(elements.nodes), tuple(ways), relations)


def _chain_links(streets: Streets) -> list[_Chain]:
    """Join links of one street, direction and sign end to end; ways end at signals, where turn bans refer to them."""
    stops = set(streets.signals)
    at: dict[tuple[int, tuple[int, bool, Limit | None]], list[int]] = {}
    for number, link in enumerate(streets.links):
        for junction in (link.a, link.b):
            at.setdefault((junction, (link.street, link.one_way, link.limit)), []).append(number)
    chains: list[_Chain] = []
    done: set[int] = set()
    for number, link in enumerate(streets.links):
        if number in done:
            continue
        done.add(number)
        chain = _Chain([number], [link.a, link.b])
        kind = (link.street, link.one_way, link.limit)
        for forward in (True, False):
            while (here := chain.junctions[-1 if forward else 0]) not in stops:
                ahead = [
                    n
                    for n in at[here, kind]
                    if n not in done
                    and (not link.one_way or here == (streets.links[n].a if forward else streets.links[n].b))
                ]
                if len(at[here, kind]) != 2 or not ahead:
                    break
                done.add(ahead[0])
                following = streets.links[ahead[0]]
                there = following.b if following.a == here else following.a
                place = len(chain.links) if forward else 0
                chain.links.insert(place, ahead[0])
                chain.junctions.insert(place + 1 if forward else 0, there)
        chains.append(chain)
    return chains


def _nodes_of(elements: _Elements, chain: _Chain) -> tuple[int, ...]:
    """The chain's nodes in order; bends get nodes of their own as they are met."""
    nodes = [chain.junctions[0] + 1]
    for number, (here, there) in zip(chain.links, pairwise(chain.junctions), strict=True):
        link = elements.streets.links[number]
        bends = link.line[1:-1] if link.a == here else link.line[-2:0:-1]
        nodes += [elements.add(point) for point in bends]
        nodes.append(there + 1)
    return tuple(nodes)


def _describe_street(streets: Streets, chain: _Chain) -> Tags:
    link = streets.links[chain.links[0]]
    street = streets.streets[link.street]
    tags: list[tuple[str, str]] = [
        ("highway", street.highway),
        ("name", street.name),
        ("name:fr", street.name),
        ("name:ar", street.name_ar),
    ]
    speed = COUNTRY_SPEED if street.highway == "primary" and link.metres > 500 else SPEED_LIMITS.get(street.highway)
    if speed is not None:
        tags.append(("maxspeed", str(speed)))
    if link.one_way:
        tags.append(("oneway", "yes"))
    if link.limit is not None:
        tags += SIGNS[link.limit]
    return (*tags, *SYNTHETIC)


def _describe_bin(container: Bin) -> Tags:
    tags: Tags = (("ref", container.bin_id), ("capacity", str(container.capacity_l)))
    if container.stream in RECYCLING:
        kind: Tags = (("amenity", "recycling"), ("recycling_type", "container"), (RECYCLING[container.stream], "yes"))
    else:
        kind = (("amenity", "waste_disposal"), ("waste", "mixed"))
    return (*kind, *tags, *SYNTHETIC)


def _describe_station(station: Station) -> Tags:
    socket = "socket:type2" if station.current == "AC" else "socket:type2_combo"
    return (
        ("amenity", "charging_station"),
        ("ref", station.station_id),
        ("brand", station.vendor),
        (socket, str(station.evses)),
        (f"{socket}:output", f"{station.max_kw:g} kW"),
        *SYNTHETIC,
    )
