"""The road network in use: taken over from an extract, opened again by whoever needs it."""

from __future__ import annotations

import shutil
from pathlib import Path

from console.errors import NoRoads
from fleet.events import Kind
from fleet.store import Store
from fleet.tables import RoadMap, Truck
from routing.roads import Network, TruckLimits, open_network


def use_extract(store: Store, extract: Path, data_dir: Path, who: str, attribution: str | None = None) -> Network:
    """Build the network of `extract`, keep a copy of the file, and use it from now on.

    Raises:
        RoadsError: the file is no extract with streets a truck may use.
    """
    with store.read() as work:
        limits = biggest(work.trucks.all())
    cache = data_dir / "roads"
    network = open_network(extract, cache, limits)
    cache.mkdir(parents=True, exist_ok=True)
    copy = cache / f"{network.key[:16]}{''.join(extract.suffixes[-2:])}"  # the suffix tells the format
    if not copy.exists():
        shutil.copyfile(extract, copy)
    south, west, north, east = network.bbox
    row = RoadMap(
        name=extract.name,
        extract_path=str(copy),
        cache_path=str(cache),
        key=network.key,
        imported_at=store.clock.now(),
        junctions=network.nodes,
        edges=network.edges,
        south=south,
        west=west,
        north=north,
        east=east,
        attribution=attribution or network.attribution,
    )
    with store.begin() as work:
        before = work.places.road_map()
        work.places.use_road_map(row)
        added = before is None or before.key != network.key
        work.events.append(
            Kind.CITY_IMPORTED,
            "roads",
            who=who,
            what="roads",
            added=int(added),
            updated=int(not added),
            file=extract.name,
        )
    return network


def open_roads(store: Store) -> tuple[Network, RoadMap]:
    """The network in use, for the biggest of the trucks.

    Raises:
        NoRoads: none was imported.
        RoadsError: its file is gone or damaged.
    """
    with store.read() as work:
        row = work.places.road_map()
        limits = biggest(work.trucks.all())
    if row is None:
        raise NoRoads("no road network yet; import one with: binwatt import roads FILE.osm.pbf")
    return open_network(Path(row.extract_path), Path(row.cache_path), limits), row


def biggest(trucks: list[Truck]) -> TruckLimits:
    """Limits every truck keeps: of the heaviest, highest, widest; those made for narrow streets are left out."""
    wide = [truck for truck in trucks if not truck.narrow] or trucks
    if not wide:
        return TruckLimits()
    return TruckLimits(
        gross_t=max(truck.gross_t for truck in wide),
        height_m=max(truck.height_m for truck in wide),
        width_m=max(truck.width_m for truck in wide),
    )
