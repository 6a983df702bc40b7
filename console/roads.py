"""The road network in use: taken over from an extract, opened again by whoever needs it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

from console.errors import NoRoads
from fleet.events import Kind
from fleet.settings import Settings
from fleet.store import Store
from fleet.tables import RoadMap, Truck
from routing.roads import Network, Override, Profile, TruckLimits, open_network, read_speeds

HEIGHTS = ".heights"
"""Between the name of a kept extract and the suffix of the heights that came with it."""


def use_extract(
    store: Store,
    extract: Path,
    data_dir: Path,
    who: str,
    attribution: str | None = None,
    heights: Path | None = None,
) -> Network:
    """Build the network of `extract`, keep a copy of the file (and of its heights), and use it from now on.

    Raises:
        RoadsError: the file is no extract with streets a truck may use.
    """
    with store.read() as work:
        limits = smallest(work.trucks.all())
    cache = data_dir / "roads"
    network = open_network(extract, cache, limits, heights=heights)
    cache.mkdir(parents=True, exist_ok=True)
    hills = f"-{_digest(heights)}" if heights else ""
    copy = cache / f"{network.key[:16]}{hills}{''.join(extract.suffixes[-2:])}"  # the suffix tells the format
    if not copy.exists():
        shutil.copyfile(extract, copy)
    if heights is not None:
        folder = copy.with_name(copy.name + HEIGHTS)  # a tile keeps its name, which says where it lies
        folder.mkdir(exist_ok=True)
        shutil.copyfile(heights, folder / heights.name)
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
    """The network in use, with every street the smallest of the trucks may use; `adapt` closes what is not for others.

    Raises:
        NoRoads: none was imported.
        RoadsError: its file is gone or damaged.
    """
    with store.read() as work:
        row = work.places.road_map()
        limits = smallest(work.trucks.all())
    if row is None:
        raise NoRoads("no road network yet; import one with: binwatt import roads FILE.osm.pbf")
    return open_network(Path(row.extract_path), Path(row.cache_path), limits, heights=_heights_of(row)), row


def open_roads_for(store: Store, settings: Settings, day: date) -> Callable[[str], Network]:
    """The network in use as each truck, by its id, meets it in its first shift of `day`, our own rules in force.

    The streets its matrix was measured on by the built-in engine; a truck without a shift gets the plain network.

    Raises:
        NoRoads, RoadsError: as `open_roads`; or the city's speeds or a rule cannot be read.
    """
    from routing.roads.adapt import adapt  # with it comes scipy

    network, _row = open_roads(store)
    speeds = read_speeds(Path(settings.plan.speeds)) if settings.plan.speeds else None
    with store.read() as work:
        overrides = tuple(Override.from_row(row) for row in work.roads.active(day))
        trucks = {truck.truck_id: truck for truck in work.trucks.all()}
        shifts = {shift.truck_id: shift for shift in reversed(list(work.trucks.shifts_on(day)))}
    profiles = {name: Profile.of(truck, shifts[name]) for name, truck in trucks.items() if name in shifts}

    @cache
    def roads_of(truck_id: str) -> Network:
        profile = profiles.get(truck_id)
        return network if profile is None else adapt(network, profile, day, overrides, speeds)

    return roads_of


def _heights_of(row: RoadMap) -> Path | None:
    folder = Path(row.extract_path + HEIGHTS)
    return next(iter(sorted(folder.iterdir())), None) if folder.is_dir() else None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def smallest(trucks: list[Truck]) -> TruckLimits:
    """Limits no truck is below: of the lightest, lowest and narrowest."""
    if not trucks:
        return TruckLimits()
    return TruckLimits(
        gross_t=min(truck.gross_t for truck in trucks),
        height_m=min(truck.height_m for truck in trucks),
        width_m=min(truck.width_m for truck in trucks),
    )
