"""Small street maps drawn in metres and written as ordinary OpenStreetMap files; real extracts where at hand."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
import pytest
from osmium.osm.mutable import Node, Relation, Way

from routing.roads import Network, TruckLimits, read_extract
from routing.roads.geodesy import degree_metres

LAT, LON = 34.92, -2.32
NORTH, EAST = (float(scale[0]) for scale in degree_metres(np.array([LAT])))


@dataclass
class Sketch:
    """A street map to be: named nodes in metres, ways through them, restrictions between ways."""

    path: Path
    nodes: dict[str, Node] = field(default_factory=dict)
    ways: list[Way] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)

    @staticmethod
    def place(east_m: float, north_m: float) -> tuple[float, float]:
        """Latitude and longitude of a spot given in metres from the corner of the map."""
        return LAT + north_m / NORTH, LON + east_m / EAST

    def node(self, name: str, east_m: float, north_m: float, tags: dict[str, str] | None = None) -> "Sketch":
        lat, lon = self.place(east_m, north_m)
        self.nodes[name] = Node(id=len(self.nodes) + 1, location=(lon, lat), tags=tags or {}, version=1)
        return self

    def way(self, names: str, tags: dict[str, str] | None = None) -> int:
        """A street through nodes of one letter each; residential unless the tags say otherwise. Returns its id."""
        way_id = 1000 + len(self.ways)
        refs = [self.nodes[name].id if name in self.nodes else 999_999 for name in names]
        self.ways.append(Way(id=way_id, nodes=refs, tags={"highway": "residential"} | (tags or {}), version=1))
        return way_id

    def restrict(self, kind: str, from_way: int, via: str, to_way: int, tags: dict[str, str] | None = None) -> None:
        members = [("w", from_way, "from"), ("n", self.nodes[via].id, "via"), ("w", to_way, "to")]
        tags = {"type": "restriction", "restriction": kind} | (tags or {})
        self.relations.append(Relation(id=len(self.relations) + 1, members=members, tags=tags, version=1))

    def write(self) -> Path:
        with osmium.SimpleWriter(str(self.path), overwrite=True) as writer:
            for node in self.nodes.values():
                writer.add_node(node)
            for way in self.ways:
                writer.add_way(way)
            for relation in self.relations:
                writer.add_relation(relation)
        return self.path

    def network(self, limits: TruckLimits | None = None) -> Network:
        return read_extract(self.write(), limits)


@pytest.fixture
def sketch(tmp_path: Path) -> Sketch:
    """An empty map."""
    return Sketch(tmp_path / "sketch.osm.pbf")


@pytest.fixture(scope="session")
def sketch_in() -> Callable[[Path], Sketch]:
    """An empty map in a folder of the caller's, for tests that draw many."""
    return lambda folder: Sketch(folder / "sketch.osm.pbf")


@pytest.fixture
def square(sketch: Sketch) -> Sketch:
    """Four junctions 100 m apart, two-way streets along the sides: ways 1000 (a-b), 1001 (b-c), 1002 (c-d), 1003 (d-a).

    d c
    a b
    """
    for name, east, north in (("a", 0, 0), ("b", 100, 0), ("c", 100, 100), ("d", 0, 100)):
        sketch.node(name, east, north)
    for ends in ("ab", "bc", "cd", "da"):
        sketch.way(ends)
    return sketch


@pytest.fixture(scope="session")
def city_file() -> Callable[[str], Path]:
    """Path of a real extract; the test is skipped where the data folder is not at hand."""
    root = Path(os.environ.get("BINWATT_DATA") or Path(__file__).parents[4] / "shared" / "data")

    def find(city: str) -> Path:
        path = root / "cities" / city / "roads.osm.pbf"
        if not path.exists():
            pytest.skip(f"no extract of {city}: set BINWATT_DATA to the data folder")
        return path

    return find


@pytest.fixture(scope="session")
def city(city_file: Callable[[str], Path]) -> Callable[[str], Network]:
    """A real network, read once a session."""
    read: dict[str, Network] = {}

    def build(name: str) -> Network:
        path = city_file(name)
        if name not in read:
            read[name] = read_extract(path)
        return read[name]

    return build
