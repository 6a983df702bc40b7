from __future__ import annotations

import math
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING

import osmium
import pytest

from fleet.errors import FleetError
from fleet.exchange.osm_write import write_extract
from fleet.twin.city import City, draw_city
from fleet.twin.extract import extract_city

if TYPE_CHECKING:
    from pathlib import Path

SMALL = draw_city(3, "small")
CITY = draw_city(3, "city")
BOTH = pytest.mark.parametrize("city", [SMALL, CITY], ids=["small", "city"])


def metres_between(city: City, one: object, other: object) -> float:
    plane = city.streets.plane
    return math.dist(plane.metres(one.lat, one.lon), plane.metres(other.lat, other.lon))


def test_same_seed_same_city() -> None:
    """A city depends on seed and size alone."""
    assert draw_city(3, "small") == SMALL
    assert draw_city(4, "small") != SMALL


def test_sizes() -> None:
    """120 bins and 4 trucks, or 420 and 8; a dozen stations in both."""
    assert (len(SMALL.bins), len(SMALL.trucks), len(SMALL.stations)) == (120, 4, 12)
    assert (len(CITY.bins), len(CITY.trucks), len(CITY.stations)) == (420, 8, 12)


@BOTH
def test_bins_stand_apart_and_beside_streets(city: City) -> None:
    """No two bins are closer than 60 m, ids are unique, each has its sensor with its own EUI."""
    assert len({b.bin_id for b in city.bins}) == len(city.bins)
    assert [s.bin_id for s in city.sensors] == [b.bin_id for b in city.bins]
    assert len({s.dev_eui for s in city.sensors}) == len(city.sensors)
    assert all(len(s.dev_eui) == 16 and int(s.dev_eui[:2], 16) & 2 for s in city.sensors)
    points = [city.streets.plane.metres(b.lat, b.lon) for b in city.bins]
    assert min(math.dist(p, q) for i, p in enumerate(points) for q in points[:i]) > 60


@BOTH
def test_streams_and_capacities_are_mixed(city: City) -> None:
    """Most bins take mixed waste; glass, paper and large containers exist."""
    streams = [b.stream for b in city.bins]
    assert streams.count("mixed") > 0.8 * len(streams)
    assert {"glass", "paper"} <= set(streams)
    assert {b.capacity_l for b in city.bins} == {660, 770, 1100, 3000}


@BOTH
def test_the_landfill_lies_outside_town(city: City) -> None:
    """It is 5 to 9 km from the depot as the crow flies."""
    assert 5000 < metres_between(city, city.depot, city.landfill) < 9000


@BOTH
def test_uncontrolled_charging_would_break_the_limit(city: City) -> None:
    """All electric trucks at full power exceed the site limit; all fall-backs together do not."""
    electric = [t.battery for t in city.trucks if t.battery is not None]
    greedy = sum(sorted((s.max_kw for s in city.stations), reverse=True)[: len(electric)])
    assert greedy + city.site.base_kw > city.site.limit_kw
    assert sum(s.fallback_kw * s.evses for s in city.stations) + city.site.base_kw < city.site.limit_kw


@BOTH
def test_a_night_suffices_to_fill_the_fleet(city: City) -> None:
    """Seventy percent of all batteries fits through the connection in eight hours."""
    kwh = 0.7 * sum(t.battery.capacity_kwh / t.battery.efficiency for t in city.trucks if t.battery is not None)
    assert kwh < 8 * (city.site.limit_kw - city.site.base_kw)
    assert kwh > 4 * (city.site.limit_kw - city.site.base_kw)


@BOTH
def test_the_opening_scene(city: City) -> None:
    """One station is faulted and two bins are overdue."""
    assert city.faulted_station in {s.station_id for s in city.stations}
    assert len(set(city.overdue)) == 2
    assert set(city.overdue) <= {b.bin_id for b in city.bins}


def test_every_hour_has_a_price() -> None:
    """The tariff covers the year, dearest in the evening, cheapest at night."""
    prices = {(m, h): CITY.tariff.price(m, h) for m in range(1, 13) for h in range(24)}
    assert prices[1, 19] > prices[1, 12] > prices[1, 3]
    assert "check" in CITY.tariff.note


def test_the_same_city_gives_the_same_file(tmp_path: Path) -> None:
    """Two writings agree to the byte."""
    digests = set()
    for name in ("one.osm.pbf", "two.osm.pbf"):
        write_extract(extract_city(SMALL), tmp_path / name)
        digests.add(sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(digests) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.osm.pbf", "two.osm.pbf"]


def test_the_file_says_what_the_city_is(tmp_path: Path) -> None:
    """Read back by osmium: every link's length, one-ways, bins with capacity and stream, stations, turn bans."""
    path = tmp_path / "town.osm.pbf"
    write_extract(extract_city(SMALL), path)
    metres, one_way, containers, stations, bans, streams = 0.0, 0.0, {}, set(), 0, set()
    ways = {}
    for thing in osmium.FileProcessor(str(path)).with_locations():
        tags = dict(thing.tags)
        if thing.is_way() and "highway" in tags:
            points = [SMALL.streets.plane.metres(n.lat, n.lon) for n in thing.nodes]
            length = sum(math.dist(p, q) for p, q in pairwise(points))
            metres += length
            one_way += length if tags.get("oneway") == "yes" else 0
            ways[thing.id] = (thing.nodes[0].ref, thing.nodes[-1].ref)
            assert tags["fictional"] == "yes"
        elif tags.get("amenity") in ("waste_disposal", "recycling"):
            containers[tags["ref"]] = int(tags["capacity"])
            streams |= {key for key in tags if key.startswith("recycling:")}
        elif tags.get("amenity") == "charging_station":
            stations.add(tags["ref"])
        elif tags.get("type") == "restriction":
            members = {m.role: m.ref for m in thing.members}
            assert members["via"] in ways[members["from"]]
            assert members["via"] in ways[members["to"]]
            bans += 1
    links = SMALL.streets.links
    assert metres == pytest.approx(sum(link.metres for link in links), rel=1e-4)
    assert one_way == pytest.approx(sum(link.metres for link in links if link.one_way), rel=1e-4)
    assert containers == {b.bin_id: b.capacity_l for b in SMALL.bins}
    assert stations == {s.station_id for s in SMALL.stations}
    assert streams == {"recycling:glass_bottles", "recycling:paper"}
    assert bans == len(SMALL.streets.bans)


def test_one_ways_are_written_in_their_direction() -> None:
    """Every one-way link lies along its way, from its first junction to its second."""
    extract = extract_city(SMALL)
    ahead = set()
    for way in extract.ways:
        if ("oneway", "yes") in way.tags:
            junctions = [n for n in way.nodes if n <= len(SMALL.streets.junctions)]
            ahead |= set(pairwise(junctions))
    assert ahead == {(link.a + 1, link.b + 1) for link in SMALL.streets.links if link.one_way}


def test_an_unwritable_place_is_one_clear_line(tmp_path: Path) -> None:
    """A missing folder is named, and nothing is left behind."""
    extract = replace(extract_city(SMALL), relations=())
    with pytest.raises(FleetError, match=r"nowhere.*cannot be written") as caught:
        write_extract(extract, tmp_path / "nowhere" / "town.osm.pbf")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
