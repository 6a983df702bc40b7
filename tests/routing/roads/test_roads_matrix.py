"""The matrix against a plain search that shares nothing with it."""

import heapq
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.errors import RoadsError
from routing.roads import UNREACHABLE, Network, Snaps, measure_matrix, name_unreachable, snap_points


def plain_search(network: Network, snaps: Snaps, start: int, end: int) -> tuple[float, float]:
    """Seconds and metres by a textbook search over edges in plain Python, one pair at a time."""
    seconds, metres = network.edge_seconds.tolist(), network.edge_metres.tolist()
    turns = [network.turn_to[network.turn_start[e] : network.turn_start[e + 1]].tolist() for e in range(network.edges)]

    def sides(at: int) -> list[tuple[int, float]]:
        edge, fraction = int(snaps.edge[at]), float(snaps.fraction[at])
        twin = int(network.edge_twin[edge])
        return [(edge, fraction)] + ([(twin, 1 - fraction)] if twin >= 0 else [])

    goals = dict(sides(end))
    best = (float("inf"), float("inf"))
    queue: list[tuple[float, float, int]] = []
    for edge, fraction in sides(start):
        if edge in goals and goals[edge] >= fraction:
            gap = goals[edge] - fraction
            best = min(best, (gap * seconds[edge], gap * metres[edge]))
        rest = 1 - fraction
        queue += [
            (rest * seconds[edge] + seconds[turn], rest * metres[edge] + metres[turn], turn) for turn in turns[edge]
        ]
    heapq.heapify(queue)
    done: set[int] = set()
    while queue:
        took, ran, edge = heapq.heappop(queue)
        if edge in done:
            continue
        done.add(edge)
        if edge in goals:
            unused = 1 - goals[edge]
            best = min(best, (took - unused * seconds[edge], ran - unused * metres[edge]))
        for turn in turns[edge]:
            if turn not in done:
                heapq.heappush(queue, (took + seconds[turn], ran + metres[turn], turn))
    return best


def random_points(network: Network, rng: np.random.Generator, count: int) -> np.ndarray:
    """Points beside random junctions, as bins stand."""
    at = rng.choice(network.nodes, count)
    return np.column_stack((network.node_lat[at], network.node_lon[at])) + rng.normal(0, 2e-4, (count, 2))


@pytest.mark.parametrize("name", ["babezzouar", "porto", "monaco"])
def test_real_matrices_agree_with_a_plain_search(city: Callable[[str], Network], name: str) -> None:
    """Random pairs of real cities, one-ways, signals and turn bans included: the same seconds and metres."""
    network = city(name)
    rng = np.random.default_rng(11)
    points = random_points(network, rng, 40)
    matrix = measure_matrix(network, points)
    assert matrix.unreachable == ()
    for start, end in rng.integers(0, 40, (25, 2)).tolist():
        if {start, end} & set(matrix.off_network):
            continue
        seconds, metres = plain_search(network, matrix.snaps, start, end)
        assert matrix.seconds[start, end] == pytest.approx(seconds, abs=0.51)
        assert matrix.metres[start, end] == pytest.approx(metres, abs=0.51)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), oneway=st.floats(0, 0.5), bans=st.integers(0, 12))
def test_drawn_matrices_agree_with_a_plain_search(tmp_path_factory, sketch_in, seed, oneway, bans) -> None:
    """Crooked lattices with random one-ways, classes, dead ends and turn bans: every pair as in the plain search."""
    rng = np.random.default_rng(seed)
    sketch = draw_lattice(sketch_in(tmp_path_factory.mktemp("lattice")), rng, oneway, bans)
    try:
        network = sketch.network()
    except RoadsError:  # so many one-ways that nothing connects
        return
    points = random_points(network, rng, 8)
    matrix = measure_matrix(network, points)
    on = [at for at in range(8) if at not in matrix.off_network]
    for start in on:
        for end in on:
            seconds, metres = plain_search(network, matrix.snaps, start, end)
            assert matrix.seconds[start, end] == pytest.approx(seconds, abs=0.51)
            assert matrix.metres[start, end] == pytest.approx(metres, abs=0.51)


def draw_lattice(sketch, rng: np.random.Generator, oneway: float, bans: int):
    """Five by four junctions, no two streets alike."""
    letters = "abcdefghijklmnopqrst"
    for at, letter in enumerate(letters):
        east, north = at % 5 * 90 + rng.uniform(-20, 20), at // 5 * 80 + rng.uniform(-20, 20)
        sketch.node(letter, east, north)
    ways = []
    for at, letter in enumerate(letters):
        for next_at in (at + 1 if at % 5 < 4 else None, at + 5 if at < 15 else None):
            if next_at is not None and rng.random() < 0.85:
                tags = {"highway": str(rng.choice(["residential", "secondary", "service"]))}
                if rng.random() < oneway:
                    tags["oneway"] = str(rng.choice(["yes", "-1"]))
                ways.append((sketch.way(letter + letters[next_at], tags), letter, letters[next_at]))
    for _ in range(bans):
        first, second = (ways[at] for at in rng.choice(len(ways), 2, replace=False))
        shared = set(first[1:]) & set(second[1:])
        if shared:
            sketch.restrict(str(rng.choice(["no_left_turn", "only_right_turn"])), first[0], shared.pop(), second[0])
    return sketch


def test_a_matrix_costs_nothing_on_the_diagonal(square):
    """From a point to itself: 0 s, 0 m; on a network of two-way streets the matrix is symmetric."""
    network = square.network()
    matrix = measure_matrix(network, [square.place(*at) for at in ((20, 5), (100, 60), (50, 100), (0, 30))])
    assert matrix.seconds.dtype == matrix.metres.dtype == np.int32
    assert np.diag(matrix.seconds).tolist() == np.diag(matrix.metres).tolist() == [0] * 4
    assert (matrix.seconds == matrix.seconds.T).all()
    assert matrix.metres[0].tolist() == [0, 140, 170, 50]


def test_a_point_behind_on_a_one_way_street_is_reached_round_the_block(square):
    """Both points on the same one-way edge, the second behind the first: all the way round, not backwards."""
    square.ways[0].tags = {"highway": "residential", "oneway": "yes"}
    matrix = measure_matrix(square.network(), [square.place(60, 0), square.place(40, 0)])
    assert matrix.metres.tolist() == [[0, 380], [20, 0]]


def test_faster_is_not_shorter(square):
    """The way is the fastest; the metres are that way's, not the shortest's."""
    square.node("x", 50, -60)
    square.ways[0].tags = {"highway": "service"}  # 100 m at 12 km/h: 30 s
    square.way("axb", {"highway": "primary"})  # 156 m at 45 km/h: 12.5 s
    matrix = measure_matrix(square.network(), [square.place(-5, 50), square.place(105, 50)])
    assert matrix.metres[0, 1] == pytest.approx(50 + 156 + 50, abs=1)


def test_points_off_the_network_are_marked_and_named(square):
    """A bin outside the road network: its row and column hold the mark, a line names it with distance and mend."""
    points = [square.place(50, 0), square.place(50, -2000), square.place(0, 50)]
    matrix = measure_matrix(square.network(), points)
    assert matrix.off_network == (1,)
    marked = matrix.seconds == UNREACHABLE
    assert marked.tolist() == (matrix.metres == UNREACHABLE).tolist()
    assert marked.tolist() == [[False, True, False], [True, True, True], [False, True, False]]
    (line,) = name_unreachable(matrix, ["depot", "bin 17", "bin 4"])
    assert line.startswith("bin 17 lies 2,000 m from the nearest street")
    assert matrix.unreachable == ()


def test_a_pair_without_a_way_is_marked_and_named(square):
    """Were a network not strongly connected, the pair has the mark and a line of its own, never 0."""
    network = square.network()
    cut = {name: getattr(network, name) for name in network.__dataclass_fields__}
    cut["turn_start"], cut["turn_to"] = np.zeros(9, np.int64), np.zeros(0, np.int32)
    matrix = measure_matrix(Network(**cut), [square.place(50, 0), square.place(0, 50)])
    assert matrix.unreachable == ((0, 1), (1, 0))
    assert matrix.seconds.tolist() == [[0, UNREACHABLE], [UNREACHABLE, 0]]
    assert name_unreachable(matrix, ["depot", "bin 4"])[0].startswith("no permitted way leads from depot to bin 4")


def test_two_marks_still_fit_an_int32():
    """A planner that adds two marked legs overflows nothing."""
    assert np.iinfo(np.int32).max > 2 * UNREACHABLE


def test_no_points_give_an_empty_matrix(square):
    """An empty list is no error, one point is a matrix of one zero."""
    network = square.network()
    assert measure_matrix(network, []).seconds.shape == (0, 0)
    assert measure_matrix(network, [square.place(0, 0)]).seconds.tolist() == [[0]]


def test_the_same_points_give_the_same_matrix(city: Callable[[str], Network]) -> None:
    """Order and company of the points change nothing: 200 points at once as 130 of them alone."""
    network = city("marrakech_nw")
    points = random_points(network, np.random.default_rng(2), 200)
    whole, part = measure_matrix(network, points), measure_matrix(network, points[70:])
    assert (whole.seconds[70:, 70:] == part.seconds).all()
    assert (whole.metres[70:, 70:] == part.metres).all()


@pytest.mark.parametrize(
    ("name", "detour", "asymmetry"), [("babezzouar", (1.64, 3.1), (0.12, 0.54)), ("porto", (1.77, 3.3), (0.15, 0.59))]
)
def test_real_detours_are_those_measured_beside_the_reference_engines(
    city: Callable[[str], Network], name: str, detour: tuple[float, float], asymmetry: tuple[float, float]
) -> None:
    """Road over crow, and how much the way back differs: median and 95th percentile as measured there."""
    network = city(name)
    at = np.random.default_rng(3).choice(network.nodes, 60, replace=False)
    points = np.column_stack((network.node_lat[at], network.node_lon[at]))
    there = measure_matrix(network, points).metres
    back = there.T
    crow = np.hypot(
        *np.moveaxis((points[:, None] - points[None]) * [111_000, 111_320 * np.cos(np.radians(points[0, 0]))], 2, 0)
    )
    pairs = crow > 200
    assert np.percentile(there[pairs] / crow[pairs], (50, 95)) == pytest.approx(detour, rel=0.08)
    differs = abs(there - back)[pairs] / ((there + back)[pairs] / 2)
    assert np.percentile(differs, (50, 95)) == pytest.approx(asymmetry, rel=0.2)


def test_the_matrix_does_not_depend_on_the_side_a_point_was_snapped_to(square):
    """Written the other way round, the same street gives the same matrix."""
    points = [square.place(20, 3), square.place(80, -3), square.place(0, 70)]
    before = measure_matrix(square.network(), points)
    square.ways[0].nodes = square.ways[0].nodes[::-1]
    after = measure_matrix(square.network(), points)
    assert (before.metres == after.metres).all()
    assert snap_points(square.network(), points).off_network == ()


def test_a_matrix_is_read_only(square):
    """Whoever plans with it cannot change it for the others."""
    matrix = measure_matrix(square.network(), [square.place(0, 0)])
    with pytest.raises(ValueError, match="read-only"):
        matrix.seconds[0, 0] = 5
