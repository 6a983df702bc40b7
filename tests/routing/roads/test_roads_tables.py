"""The night's one call: profiles, rules, kerb, climb, hours, and the shelf that keeps matrices."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from fleet.store import Store
from fleet.tables import RoadOverride
from routing.errors import ExtractError, RoadsError, RouterError
from routing.roads import (
    Network,
    Override,
    Profile,
    Speeds,
    StoreShelf,
    TruckLimits,
    VehicleClass,
    measure_matrix,
    measure_tables,
    read_extract,
    read_speeds,
    route_geometry,
)
from routing.roads.heights import read_heights
from routing.roads.matrix import Cells
from routing.roads.tables import Kept

MONDAY = date(2026, 11, 23)
BIG = Profile(VehicleClass())
VAN = Profile(VehicleClass(gross_t=3.5, height_m=2.5, width_m=2.0, length_m=5.5))


class Drawer:
    """A shelf in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}

    def fetch(self, key: str) -> Kept | None:
        return self.kept.get(key)

    def keep(self, key: str, _engine: str, kept: Kept) -> None:
        self.kept[key] = kept


def beside(network: Network, count: int, seed: int = 7) -> np.ndarray:
    """Points beside random junctions."""
    rng = np.random.default_rng(seed)
    at = rng.choice(network.nodes, count, replace=False)
    return np.column_stack((network.node_lat[at], network.node_lon[at])) + rng.normal(0, 1e-4, (count, 2))


def test_a_city_without_rules_measures_as_before(city: Callable[[str], Network]) -> None:
    """One profile and nothing set: the plain matrix, with -1 where there is no way."""
    network = city("porto")
    points = np.vstack((beside(network, 30), [[41.3, -8.9]]))
    plain = measure_matrix(network, points)
    tables = measure_tables(network, points, [BIG], MONDAY)
    ways = tables.ways[BIG.key]
    assert (np.where(plain.seconds >= 1e9, -1, plain.seconds) == ways.seconds).all()
    assert (np.where(plain.metres >= 1e9, -1, plain.metres) == ways.metres).all()
    assert tables.off_network == (30,)
    assert (ways.seconds[30] == -1).all()
    assert (tables.engine, tables.fell_back, tables.rules, tables.computed) == ("built-in", None, (), 31)
    assert ways.climb is None


def test_classes_have_ways_of_their_own(sketch) -> None:
    """A bin in a street too narrow for the big class: cut off for it, served by the van; like profiles share."""
    for name, east, north in (("a", 0, 0), ("b", 100, 0), ("c", 100, 100), ("d", 0, 100)):
        sketch.node(name, east, north)
    for ends in ("ab", "bc", "da"):
        sketch.way(ends)
    sketch.way("cd", {"maxwidth": "2.2"})
    network = sketch.network(TruckLimits(3.5, 2.5, 2.0))
    points = [sketch.place(10, 0), sketch.place(50, 98), sketch.place(100, 50)]
    late = Profile(VehicleClass(), "20:00", "02:00")
    tables = measure_tables(network, points, [BIG, VAN, late], MONDAY)
    assert tables.cut_off == {BIG.key: (1,), VAN.key: (), late.key: (1,)}
    assert (tables.ways[BIG.key].seconds[1] == -1).all()
    assert tables.ways[late.key] is tables.ways[BIG.key]
    assert tables.computed == 6
    (leg,) = tables.legs(VAN.key, [0, 1])
    assert round(leg.metres) == tables.ways[VAN.key].metres[0, 1]


def test_only_new_points_are_searched(city: Callable[[str], Network]) -> None:
    """The second night: three new bins among forty, two gone; the same figures as from scratch, kerb and climb too."""
    network = city("porto")
    shelf, points = Drawer(), beside(network, 43)
    kerb = [number % 3 == 0 for number in range(43)]
    first = measure_tables(network, points[:40], [BIG], MONDAY, kerb=kerb[:40], shelf=shelf)
    again = measure_tables(network, points[:40], [BIG], MONDAY, kerb=kerb[:40], shelf=shelf)
    assert (first.computed, again.computed) == (40, 0)
    some = [*range(2, 43)]
    second = measure_tables(network, points[some], [BIG], MONDAY, kerb=[kerb[at] for at in some], shelf=shelf)
    fresh = measure_tables(network, points[some], [BIG], MONDAY, kerb=[kerb[at] for at in some])
    assert second.computed == 3
    off = second.ways[BIG.key].seconds - fresh.ways[BIG.key].seconds
    assert np.abs(off).max() == 0
    near = np.abs(second.ways[BIG.key].metres - fresh.ways[BIG.key].metres)
    assert (near > 1).mean() < 0.002  # of ways equally fast the search backwards may take the other
    third = measure_tables(network, points, [BIG], MONDAY, kerb=kerb, shelf=shelf)
    assert third.computed == 0


def test_rules_of_the_day_have_a_matrix_of_their_own(city: Callable[[str], Network]) -> None:
    """A closed street is measured anew and told; the day after, the shelf has the usual matrix still."""
    network = city("babezzouar")
    shelf, points = Drawer(), beside(network, 20)
    usual = measure_tables(network, points, [BIG], MONDAY, shelf=shelf)
    name = max(network.names, key=lambda one: len(one) * (network.names.index(one) > 0))
    rules = [
        Override("closed", street=name, starts_on=MONDAY, ends_on=MONDAY, why="works"),
        Override("closed", street="Rue Nulle Part"),
    ]
    closed = measure_tables(network, points, [BIG], MONDAY, rules, shelf=shelf)
    assert closed.computed == 20
    assert closed.rules[0] == f"{name}: closed (works)"
    assert "no street of the network lies there" in closed.rules[1]
    after = measure_tables(network, points, [BIG], date(2026, 11, 25), rules, shelf=shelf)
    assert after.computed == 0
    assert (after.ways[BIG.key].seconds == usual.ways[BIG.key].seconds).all()


def test_the_store_keeps_matrices(tmp_path: Path, city: Callable[[str], Network]) -> None:
    """Over a real store: fetched as kept, points rounded alike; a damaged body is measured anew."""
    store = Store.create(f"sqlite:///{tmp_path / 'a.db'}")
    try:
        shelf, network = StoreShelf(store), city("porto")
        points = beside(network, 15)
        first = measure_tables(network, points, [BIG], MONDAY, shelf=shelf)
        again = measure_tables(network, points, [BIG], MONDAY, shelf=shelf)
        assert again.computed == 0
        assert (first.ways[BIG.key].metres == again.ways[BIG.key].metres).all()
        with store.begin() as work:
            (key,) = work.session.connection().exec_driver_sql("select key from road_table").scalars().all()
            work.roads.keep_table(key, "built-in", [[0, 0, 0]], b"rubbish")
        assert measure_tables(network, points, [BIG], MONDAY, shelf=shelf).computed == 15
        with store.begin() as work:
            for number in range(12):
                work.roads.keep_table(f"{number:064}", "built-in", [], b"")
        with store.read() as work:
            held = work.session.connection().exec_driver_sql("select count(*) from road_table").scalar()
        assert held == 8
    finally:
        store.close()


def test_the_store_keeps_rules(tmp_path: Path) -> None:
    """Added, changed, ended, deleted; only those of the day are given to the night; every step is an event."""
    store = Store.create(f"sqlite:///{tmp_path / 'a.db'}")
    try:
        at = datetime(2026, 11, 23, tzinfo=UTC)
        with store.begin() as work:
            closed = work.roads.add(RoadOverride(kind="closed", street="Rue A", ends_on=MONDAY, at=at, who="amal"))
            slow = work.roads.add(RoadOverride(kind="speed", street="Rue B", value=9.0, at=at, who="amal"))
        with store.read() as work:
            assert [row.override_id for row in work.roads.active(MONDAY)] == [closed, slow]
            assert [row.override_id for row in work.roads.active(date(2026, 12, 1))] == [slow]
            assert Override.from_row(work.roads.get(slow)).tell() == "Rue B: speed 9 km/h"
        with store.begin() as work:
            work.roads.change(slow, {"value": 12.0}, "karim")
            work.roads.end(slow, "karim")
            work.roads.drop(closed, "karim")
        with store.read() as work:
            assert work.roads.active(MONDAY) == []
            assert [row.value for row in work.roads.overrides(ended=True)] == [12.0]
    finally:
        store.close()


def test_a_kerb_bin_is_served_from_its_own_lane(sketch) -> None:
    """North of a street that runs east, the truck must come from the east: one coming from the west goes round."""
    for name, east, north in (("a", 0, 0), ("b", 200, 0), ("c", 200, 100), ("d", 0, 100)):
        sketch.node(name, east, north)
    for ends in ("ab", "bc", "cd", "da"):
        sketch.way(ends)
    network = sketch.network()
    west, bin_north, bin_south = sketch.place(20, 0), sketch.place(100, 5), sketch.place(100, -5)
    points = [west, bin_north, bin_south]
    free = measure_matrix(network, points).metres
    held = measure_matrix(network, points, kerb=[False, True, True]).metres
    assert free[0, 1] == free[0, 2] == pytest.approx(80, abs=1)
    assert held[0, 2] == pytest.approx(80, abs=1)
    assert held[0, 1] > 300
    assert held[1, 0] == pytest.approx(80, abs=1)
    assert held[2, 0] > 300
    (leg,) = route_geometry(network, points[:2], kerb=[False, True])
    assert round(leg.metres) == held[0, 1]


def test_climb_is_summed_along_the_same_way(tmp_path: Path, sketch) -> None:
    """A hill between two ends: up counts, down does not, and both ways have their own."""
    for name, east in (("a", 0), ("b", 300), ("c", 600)):
        sketch.node(name, east, 0)
    sketch.way("ab")
    sketch.way("bc")
    rows = ["lat;lon;ele"] + [
        f"{lat:.7f};{lon:.7f};{height}".replace(".", ",")
        for (lat, lon), height in zip((sketch.place(x, 0) for x in (0, 300, 600)), (10, 40, 25), strict=True)
    ]
    heights = tmp_path / "heights.csv"
    heights.write_text("\n".join(rows))
    network = read_extract(sketch.write(), heights=heights)
    assert network.has_heights
    tables = measure_tables(network, [sketch.place(0, 0), sketch.place(300, 0), sketch.place(600, 0)], [BIG], MONDAY)
    climb = tables.ways[BIG.key].climb
    assert climb is not None
    assert climb[0, 1] == pytest.approx(30, abs=2)
    assert climb[1, 0] == 0
    assert climb[2, 0] == pytest.approx(15, abs=2)
    assert network.key != read_extract(sketch.write()).key


def test_mapped_heights_count_without_a_file(sketch) -> None:
    """`ele` on nodes of the extract gives its streets their climb."""
    sketch.node("a", 0, 0, {"ele": "12"}).node("b", 200, 0, {"ele": "30.5 m"}).node("c", 200, 50, {"ele": "hill"})
    sketch.way("ab")
    sketch.way("bc")
    network = sketch.network()
    assert measure_matrix(network, [sketch.place(0, 0), sketch.place(200, 0)]).climb[0, 1] == pytest.approx(18, abs=2)


def test_a_tile_is_read_from_its_corner(tmp_path: Path) -> None:
    """N34W003.hgt: rows from the north, big-endian; between cells the height is in between, voids are unknown."""
    grid = np.tile(np.arange(1201, dtype=">i2"), (1201, 1))
    grid[0, :] = -32768
    path = tmp_path / "N34W003.hgt"
    path.write_bytes(grid.tobytes())
    heights = read_heights(path)
    assert heights.at(np.array([34.5]), np.array([-2.75]))[0] == pytest.approx(300)
    assert np.isnan(heights.at(np.array([34.99999, 36.0]), np.array([-2.5, -2.5]))).all()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [("h.csv", "a,b\n1,2", "columns"), ("h.csv", "lat,lon,ele\n1,2", "line 2"), ("h.hgt", "x", "south-west corner")],
)
def test_files_without_heights_are_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    """One line says what is wrong."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ExtractError, match=words):
        read_heights(tmp_path / name)


def test_speeds_follow_the_hours_of_the_shift(tmp_path: Path, city: Callable[[str], Network]) -> None:
    """A slow morning takes longer than a night; the calibration of the documentation reads and is used."""
    file = tmp_path / "speeds.toml"
    file.write_text('[kmh]\nresidential = 20\n[hours.all]\n"00:00" = 1.2\n"07:00" = 0.5\n"20:00" = 1.0\n')
    speeds, network = read_speeds(file), city("porto")
    points = beside(network, 10)
    night = Profile(VehicleClass(), "22:00", "04:00")
    tables = measure_tables(network, points, [BIG, night], MONDAY, speeds=speeds)
    ratio = tables.ways[BIG.key].seconds.sum() / tables.ways[night.key].seconds.sum()
    assert 1.5 < ratio < 2.3
    assert speeds.shares(night)[0] == pytest.approx(6 / (2 / 1.0 + 4 / 1.2))


def test_default_speeds_are_the_built_in_ones(city: Callable[[str], Network]) -> None:
    """An empty calibration changes nothing."""
    network = city("babezzouar")
    points = beside(network, 12)
    plain = measure_tables(network, points, [BIG], MONDAY).ways[BIG.key].seconds
    assert (measure_tables(network, points, [BIG], MONDAY, speeds=Speeds()).ways[BIG.key].seconds == plain).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[kmh]\nfootway = 3", "no class of street"),
        ("[kmh]\nprimary = 300", "give a figure from"),
        ("kmh = 3", "must be a table"),
        ("[hours.all]\n'7' = 0.5", "no time of day"),
        ("speed = 3", "there is no 'speed'"),
        ("[", "cannot be read"),
    ],
)
def test_calibrations_that_make_no_sense_are_refused(tmp_path: Path, text: str, words: str) -> None:
    """One line: the place and what is wrong."""
    file = tmp_path / "speeds.toml"
    file.write_text(text)
    with pytest.raises(RoadsError, match=words):
        read_speeds(file)


class Elsewhere:
    """An engine elsewhere: constant ways, or trouble."""

    name = "osrm"
    mark = "osrm http://roads.test"

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble

    def cells(self, _points: object, origins: np.ndarray, targets: np.ndarray, _profile: Profile) -> Cells:
        if self.trouble:
            raise RouterError(self.trouble)
        return Cells(*(np.full((len(origins), len(targets)), figure, np.int32) for figure in (60, 500)))

    def matrix(self, points: np.ndarray, profile: Profile) -> Cells:
        return self.cells(points, np.arange(len(points)), np.arange(len(points)), profile)

    def route(self, _points: object, _profile: Profile) -> tuple[()]:
        raise RouterError("gone")


def test_another_engine_measures_and_the_built_in_steps_in(city: Callable[[str], Network]) -> None:
    """It answers: its figures and name. It fails, or our rules hold: built-in, and why."""
    network = city("porto")
    points = beside(network, 5)
    far = measure_tables(network, points, [BIG], MONDAY, router=Elsewhere())
    assert (far.engine, far.fell_back) == ("osrm", None)
    assert (far.ways[BIG.key].seconds == 60).all()
    apart = measure_tables(network, np.vstack((points, [[41.3, -8.9]])), [BIG], MONDAY, router=Elsewhere())
    assert (apart.ways[BIG.key].seconds[:5, :5] == 60).all()
    assert (apart.ways[BIG.key].seconds[5] == -1).all()
    assert len(far.legs(BIG.key, [0, 1, 2])) == 2
    failed = measure_tables(network, points, [BIG], MONDAY, router=Elsewhere("osrm: does not answer"))
    assert (failed.engine, failed.fell_back) == ("built-in", "osrm: does not answer")
    assert (failed.ways[BIG.key].seconds[0, 1:] != 60).any()
    rule = Override("closed", street=network.names[1])
    ruled = measure_tables(network, points, [BIG], MONDAY, [rule], router=Elsewhere())
    assert ruled.engine == "built-in"
    assert "street rules" in (ruled.fell_back or "")


def test_the_documented_calibration_is_one() -> None:
    """docs/speeds-example.toml reads, and its morning is slower than its night."""
    speeds = read_speeds(Path(__file__).parents[3] / "docs" / "speeds-example.toml")
    morning, night = (
        speeds.shares(Profile(VehicleClass(), *hours)) for hours in (("07:30", "09:30"), ("22:00", "04:00"))
    )
    assert (morning < night).all()
