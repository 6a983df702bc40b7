"""The simulated city enters by the door of real ones: its file is read by the road engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fleet.exchange.osm_write import write_extract
from fleet.twin.city import City, draw_city
from fleet.twin.extract import extract_city
from routing.roads import Network, measure_matrix, read_extract, snap_points

if TYPE_CHECKING:
    from pathlib import Path

CITY = draw_city(3, "city")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    path: Path = tmp_path_factory.mktemp("twin") / "city.osm.pbf"
    write_extract(extract_city(CITY), path)
    return read_extract(path)


def points(city: City) -> list[tuple[float, float]]:
    places = (city.depot, city.landfill, *city.bins[:40])
    return [(place.lat, place.lon) for place in places]


def test_nearly_every_junction_is_kept(network: Network) -> None:
    """What a truck may use of the drawn town is one network of the same junctions."""
    assert network.nodes == pytest.approx(len(CITY.streets.junctions), rel=0.03)


def test_every_bin_stands_by_a_street(network: Network) -> None:
    """Bins snap within 10 m, those in alleys closed to big trucks within a block, and none lies off the network."""
    snaps = snap_points(network, [(b.lat, b.lon) for b in CITY.bins])
    assert snaps.off_network == ()
    far = np.asarray(snaps.offset_m) > 10
    assert far.mean() < 0.05
    assert np.asarray(snaps.offset_m).max() < 120


def test_every_place_is_reached(network: Network) -> None:
    """Depot, landfill and bins reach each other; the landfill is 5 to 10 km of road from the depot."""
    matrix = measure_matrix(network, points(CITY))
    assert matrix.unreachable == ()
    assert 5000 < matrix.metres[0, 1] < 10_000


def test_one_ways_make_there_and_back_differ(network: Network) -> None:
    """Distances are not symmetric, as in real towns: the median pair differs by a few percent."""
    metres = measure_matrix(network, points(CITY)).metres.astype(float)
    off = ~np.eye(len(metres), dtype=bool)
    assert np.median(2 * np.abs(metres - metres.T)[off] / (metres + metres.T)[off]) > 0.01
