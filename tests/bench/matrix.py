"""What the road engine costs: a city read from its extract and from the cache, matrices of 500 and 2,000 points.

And a night: 500 points of which 5 are new since the last one, two classes of trucks, twenty streets closed.

    python tests/bench/matrix.py [--short] [--json] [--extract FILE.osm.pbf]

Processor seconds (median of repeats) and peak memory, each part in a process of its own. The peer, in the same run, is
the plain way with scipy: shortest paths between junctions, which knows no turn bans, no U-turn rule and no place along
a street. The city is Bab Ezzouar where the data folder is at hand (BINWATT_DATA), else a drawn lattice of its size.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from routing.roads import Network, Override, Profile, VehicleClass, measure_matrix, open_network, read_extract
from routing.roads.adapt import adapt
from routing.roads.tables import Kept, measure_tables

SIZES = (500, 2000)
DAY = date(2026, 11, 23)
CLASSES = (Profile(VehicleClass()), Profile(VehicleClass(gross_t=7.5, height_m=2.8, width_m=2.2, length_m=6.5)))
RULES = 20
TARGETS = {"build_seconds": 0.5, "load_ms": 20.0, "500": 1.5, "2000": 7.0}
CHUNK = 128


def find_extract(folder: Path) -> Path:
    """Bab Ezzouar's extract, or a lattice drawn into `folder`."""
    data = Path(os.environ.get("BINWATT_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
    real = data / "cities" / "babezzouar" / "roads.osm.pbf"
    return real if real.exists() else draw_lattice(folder / "lattice.osm.pbf")


def draw_lattice(path: Path, side: int = 60, step: float = 0.0008, seed: int = 1) -> Path:
    """A crooked lattice of side x side junctions with a fifth of its streets missing and a seventh one-way."""
    import osmium
    from osmium.osm.mutable import Node, Way

    rng = np.random.default_rng(seed)
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for at in range(side * side):
            lat, lon = np.array(divmod(at, side)) * step + rng.normal(0, step / 6, 2) + (34.9, -2.4)
            writer.add_node(Node(id=at + 1, location=(float(lon), float(lat)), version=1))
        streets = [(at, at + 1) for at in range(side * side) if at % side < side - 1]
        streets += [(at, at + side) for at in range(side * (side - 1))]
        for number, (a, b) in enumerate(streets):
            tags = {"highway": str(rng.choice(["residential", "tertiary", "service"]))}
            if rng.random() < 1 / 7:
                tags["oneway"] = "yes"
            if rng.random() < 0.8:
                writer.add_way(Way(id=number + 1, nodes=[a + 1, b + 1], tags=tags, version=1))
    return path


def place_points(network: Network, count: int) -> np.ndarray:
    """Points beside random junctions, as bins stand beside streets."""
    rng = np.random.default_rng(1)
    at = rng.choice(network.nodes, count, replace=count > network.nodes)
    return np.column_stack((network.node_lat[at], network.node_lon[at])) + rng.normal(0, 2e-4, (count, 2))


def measure_between_junctions(network: Network, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The peer: seconds and metres between junctions with scipy's csgraph, metres summed by pointer doubling."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    rng = np.random.default_rng(1)
    nodes = rng.choice(network.nodes, count, replace=count > network.nodes)
    size = network.nodes
    order = np.lexsort((network.edge_seconds, network.edge_to, network.edge_from))
    tail, head = network.edge_from[order].astype(np.int64), network.edge_to[order].astype(np.int64)
    first = np.r_[True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])]
    order, tail, head = order[first], tail[first], head[first]
    graph = csr_array((network.edge_seconds[order], (tail, head)), shape=(size, size))
    key, length = tail * size + head, network.edge_metres[order]
    seconds, metres = np.empty((count, count), np.float32), np.empty((count, count), np.float32)
    column = np.arange(size)
    for start in range(0, count, CHUNK):
        found, before = dijkstra(graph, indices=nodes[start : start + CHUNK], return_predecessors=True)
        root = before < 0
        before = np.where(root, column, before)
        total = np.where(
            root, 0, length[np.minimum(np.searchsorted(key, before.astype(np.int64) * size + column), len(key) - 1)]
        )
        while True:
            total += np.take_along_axis(total, before, 1)
            further = np.take_along_axis(before, before, 1)
            if (further == before).all():
                break
            before = further
        seconds[start : start + CHUNK], metres[start : start + CHUNK] = found[:, nodes], total[:, nodes]
    return seconds, metres


class Drawer(dict[str, Kept]):
    """A shelf in memory."""

    def fetch(self, key: str) -> Kept | None:
        """The matrix kept under this key."""
        return self.get(key)

    def keep(self, key: str, _engine: str, kept: Kept) -> None:
        """Keep a matrix."""
        self[key] = kept


def close_streets(network: Network) -> list[Override]:
    """Rules that close streets drawn by lot."""
    rng = np.random.default_rng(1)
    lines = (network.edge_line(int(edge)) for edge in rng.choice(network.edges, RULES, replace=False))
    return [Override("closed", line=tuple(zip(lat.tolist(), lon.tolist(), strict=True))) for lat, lon in lines]


def play_night(network: Network, count: int) -> Callable[[], object]:
    """The second night: all but five of the points were measured the night before."""
    points, rules, drawer = place_points(network, count), close_streets(network), Drawer()
    measure_tables(network, points[:-5], CLASSES, DAY, rules, shelf=drawer)
    before = dict(drawer)

    def night() -> object:
        drawer.clear()
        drawer.update(before)
        return measure_tables(network, points, CLASSES, DAY, rules, shelf=drawer)

    return night


def run_part(part: str, extract: Path, cache: Path, count: int, repeats: int) -> dict[str, float]:
    """One part in this process: its processor seconds and the process's peak memory."""
    work: Callable[[], object]
    if part == "build":
        work = partial(read_extract, extract)
    elif part == "load":
        work = partial(open_network, extract, cache)
    elif part in {"adapt", "night"}:
        network = open_network(extract, cache)
        rules = close_streets(network)
        work = partial(adapt, network, CLASSES[0], DAY, rules) if part == "adapt" else play_night(network, count)
    else:
        network = open_network(extract, cache)
        measure = partial(measure_matrix, points=place_points(network, count))
        work = partial(measure if part == "ours" else partial(measure_between_junctions, count=count), network)
    used, waited = [], []
    for _ in range(repeats):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        used.append(time.process_time() - cpu)
        waited.append(time.perf_counter() - wall)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return {
        "cpu_seconds": round(statistics.median(used), 4),
        "wall_seconds": round(statistics.median(waited), 4),
        "peak_mib": round(peak, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="each part once")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--extract", type=Path, help="another city's .osm.pbf")
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        part, cache, count, repeats = asked.run
        print(json.dumps(run_part(part, asked.extract, Path(cache), int(count), int(repeats))))
        return
    with tempfile.TemporaryDirectory() as folder:
        extract = asked.extract or find_extract(Path(folder))
        network = open_network(extract, Path(folder) / "cache")

        def measure(part: str, count: int, repeats: int) -> dict[str, float]:
            options = ["--extract", str(extract), "--run", part, f"{folder}/cache", str(count), str(repeats)]
            done = subprocess.run([sys.executable, __file__, *options], check=True, capture_output=True, text=True)
            return json.loads(done.stdout)

        repeats = 1 if asked.short else 5
        build, load = measure("build", 0, repeats), measure("load", 0, 3 * repeats)
        patch, night = measure("adapt", 0, 3 * repeats), measure("night", SIZES[0], repeats)
        ours = {str(count): measure("ours", count, repeats) for count in SIZES}
        peer = {str(count): measure("peer", count, repeats) for count in SIZES}
    name = extract.parent.name if extract.name == "roads.osm.pbf" else extract.name.partition(".")[0]
    result = {
        "extract": name,
        "junctions": network.nodes,
        "edges": network.edges,
        "build_seconds": build["cpu_seconds"],
        "build_peak_mib": build["peak_mib"],
        "load_ms": round(load["wall_seconds"] * 1000, 2),
        "adapt_ms": round(patch["cpu_seconds"] * 1000, 2),
        "night_500_seconds": night["cpu_seconds"],
        "points": ours,
        "peer_scipy_junctions": peer,
        "ratios": {
            "ours_over_scipy_junctions": {
                size: round(ours[size]["cpu_seconds"] / peer[size]["cpu_seconds"], 2) for size in ours
            }
        },
        "targets": TARGETS,
    }
    print(f"{name}: {network.nodes} junctions, {network.edges} directed edges, median of {repeats}")
    print(f"  network from the extract   {build['cpu_seconds']:6.2f} s    {build['peak_mib']:6.0f} MiB")
    print(f"  network from the cache     {result['load_ms']:6.1f} ms")
    print(f"  {RULES} rules of streets laid over {result['adapt_ms']:6.1f} ms")
    print(f"  a night of two classes, 5 of 500 points new {night['cpu_seconds']:6.2f} s")
    for size, figures in ours.items():
        print(f"  {size:>4} points, by edges       {figures['cpu_seconds']:6.2f} s    {figures['peak_mib']:6.0f} MiB")
        plain = peer[size]
        print(f"  {size:>4} points, scipy junctions{plain['cpu_seconds']:6.2f} s    {plain['peak_mib']:6.0f} MiB")
    if asked.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
