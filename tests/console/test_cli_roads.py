"""`binwatt import roads --heights` and `binwatt roads override` as a person meets them."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from console.roads import open_roads, open_roads_for, smallest, use_extract
from fleet.settings import Settings
from fleet.store import Store
from fleet.tables import Place, RoadOverride, Shift, Truck
from routing.roads import TruckLimits

ROOT = Path(__file__).parents[2]
SPOTS = {1: (34.920, -2.320), 2: (34.921, -2.320), 3: (34.922, -2.320), 4: (34.921, -2.318)}
WAYS = {10: ("Rue de Fès", (1, 2, 3)), 11: ("Rue Oued Zegzel", (3, 4)), 12: ("Avenue Hassan II", (4, 1))}


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """Three streets round a block, and heights beside them."""
    nodes = [f'<node id="{n}" version="1" lat="{lat}" lon="{lon}"/>' for n, (lat, lon) in SPOTS.items()]
    ways = [
        f'<way id="{way}" version="1">' + "".join(f'<nd ref="{n}"/>' for n in refs)
        + f'<tag k="highway" v="residential"/><tag k="name" v="{name}"/></way>'
        for way, (name, refs) in WAYS.items()
    ]  # fmt: skip
    path = tmp_path / "city.osm"
    path.write_text(f'<osm version="0.6">{"".join(nodes + ways)}</osm>', encoding="utf-8")
    rows = [f"{lat},{lon},{20 * n}" for n, (lat, lon) in SPOTS.items()]
    (tmp_path / "heights.csv").write_text("lat,lon,height\n" + "\n".join(rows))
    return path


def binwatt(tmp_path: Path, url: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BINWATT_")}
    env = {
        **kept,
        "BINWATT_DB": url,
        "BINWATT_STORE_DATA_DIR": str(tmp_path / "data"),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    return subprocess.run(
        [sys.executable, "-m", "console", *map(str, arguments)],
        env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_rules_are_added_listed_and_ended(tmp_path: Path, sqlite_url: str, city: Path) -> None:
    """A part of a name finds the street; a rule is told as it is kept; what is unclear is one line with the mend."""
    done = binwatt(tmp_path, sqlite_url, "import", "roads", city, "--heights", tmp_path / "heights.csv", "--json")
    assert json.loads(done.stdout)["climbs"] is True

    def override(*words: str) -> subprocess.CompletedProcess[str]:
        return binwatt(tmp_path, sqlite_url, "roads", "override", *words)

    added = override("add", "fes", "--when", "mon 06:00-13:00", "--why", "market")
    assert added.stdout == "rule 1: Rue de Fès closed mon 06:00-13:00\n"
    one_way = override("add", "hassan", "--kind", "one_way", "--towards", "nowhere")
    assert one_way.returncode == 2
    assert "say --towards one of them" in one_way.stderr
    several = override("add", "rue")
    assert "one of several streets: Rue de Fès, Rue Oued Zegzel" in several.stderr
    assert "needs a figure in t" in override("add", "zegzel", "--kind", "max_t").stderr
    assert override("end", "1").stdout == "rule 1 is ended\n"
    assert "no rules" in override("list").stdout
    (rule,) = json.loads(override("list", "--ended", "--json").stdout)["rules"]
    assert (rule["street"], rule["active"], rule["when"]) == ("Rue de Fès", False, "mon 06:00-13:00")
    store = Store.open(sqlite_url)
    try:
        assert open_roads(store)[0].has_heights
    finally:
        store.close()


def test_each_truck_meets_its_own_streets(tmp_path: Path, store: Store, city: Path) -> None:
    """A rule above 12 t closes its street to the 19 t truck alone; one without a shift gets the plain network."""
    use_extract(store, city, tmp_path / "data", "amina")
    with store.begin() as work:
        work.places.upsert(Place(place_id="D", name="D", lat=34.92, lon=-2.32, is_depot=True))
        for name, gross_t in (("BIG", 19.0), ("SMALL", 7.5), ("IDLE", 19.0)):
            work.trucks.upsert(Truck(truck_id=name, depot_id="D", gross_t=gross_t))
            if name != "IDLE":
                work.session.add(Shift(shift_id=name, truck_id=name))
        work.roads.add(RoadOverride(kind="max_t", street="Rue de Fès", value=12.0, at=work.now))
    roads_of = open_roads_for(store, Settings(), date(2026, 11, 23))
    assert roads_of("SMALL") is roads_of("IDLE")
    big = roads_of("BIG")
    assert big.edge_open is not None
    assert 0 < (~big.edge_open).sum() < big.edges
    assert roads_of("BIG") is big


def test_the_network_is_made_for_the_smallest_truck() -> None:
    """Each limit is the least of any truck; without trucks the usual one."""
    trucks = [
        Truck(truck_id="A", depot_id="D", gross_t=19, height_m=3.6, width_m=2.5),
        Truck(truck_id="B", depot_id="D", gross_t=7.5, height_m=3.8, width_m=2.1, narrow=True),
    ]
    assert smallest(trucks) == TruckLimits(7.5, 3.6, 2.1)
    assert smallest([]) == TruckLimits()
