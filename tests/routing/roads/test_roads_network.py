"""The network's file and its cache."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from routing.errors import ExtractError, NetworkFileError
from routing.roads import Network, TruckLimits, open_network


def test_a_saved_network_reads_back_the_same(square, tmp_path):
    """Every array, name and key survive the file; the arrays are read-only."""
    square.ways[0].tags = {"highway": "primary", "name": "شارع"}
    network = square.network()
    network.save(tmp_path / "saved.npz")
    again = Network.load(tmp_path / "saved.npz")
    assert (again.key, again.profile, again.names) == (network.key, network.profile, network.names)
    for name in ("node_lat", "link_metres", "link_class", "shape_lon", "edge_seconds", "edge_twin", "turn_to"):
        array = getattr(again, name)
        assert np.array_equal(array, getattr(network, name))
        assert array.dtype == getattr(network, name).dtype
        assert not array.flags.writeable


def test_the_cache_saves_the_second_reading(square, tmp_path, monkeypatch):
    """Opened again, the same extract and truck come from the file: the extract is not read by osmium."""
    pbf = square.write()
    first = open_network(pbf, tmp_path / "cache")
    monkeypatch.setattr("routing.roads.extract.read_extract", lambda *_: pytest.fail("read again"))
    second = open_network(pbf, tmp_path / "cache")
    assert second is not first
    assert second.key == first.key


def test_another_truck_or_extract_is_another_network(square, tmp_path):
    """The key follows the content of the extract and the truck's limits, not the name of the file."""
    pbf, cache = square.write(), tmp_path / "cache"
    plain = open_network(pbf, cache)
    assert open_network(pbf, cache, TruckLimits(gross_t=7.5)).key != plain.key
    copy = pbf.with_name("copy.osm.pbf")
    copy.write_bytes(pbf.read_bytes())
    assert open_network(copy, cache).key == plain.key
    square.way("ac")
    assert open_network(square.write(), cache).key != plain.key
    assert len(list(cache.iterdir())) == 3


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "foreign", "version", "object"])
def test_a_damaged_cache_is_built_again(square, tmp_path, damage):
    """Whatever happened to the file, the network is right and the file is whole again."""
    pbf, cache = square.write(), tmp_path / "cache"
    network = open_network(pbf, cache)
    (saved,) = cache.iterdir()
    whole = saved.read_bytes()
    if damage == "version":
        with np.load(saved) as archive:
            arrays = dict(archive)
        head = json.loads(arrays["head"].tobytes()) | {"format": -1}
        arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
        np.savez(saved, **arrays)
    elif damage == "object":
        np.savez(saved, head=np.array([{"a": 1}], dtype=object))
    else:
        lengths = network.link_metres.tobytes()
        contents = {
            "empty": b"",
            "cut": whole[: len(whole) // 2],
            "foreign": b"hello",
            "flipped": whole.replace(lengths, lengths[::-1]),
        }
        assert contents[damage] != whole
        saved.write_bytes(contents[damage])
    with pytest.raises(NetworkFileError):
        Network.load(saved)
    assert open_network(pbf, cache).edges == network.edges
    assert Network.load(saved).key == network.key
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


def test_a_cache_that_cannot_be_written_costs_only_time(square, tmp_path):
    """A file where the cache folder should be: the network is built all the same."""
    (tmp_path / "cache").write_text("in the way")
    assert open_network(square.write(), tmp_path / "cache").edges == 8


def test_a_missing_extract_is_one_clear_line(tmp_path):
    """The path that was asked for stands in the message."""
    with pytest.raises(ExtractError, match=r"nowhere\.osm\.pbf: cannot be read"):
        open_network(tmp_path / "nowhere.osm.pbf", tmp_path)


def test_importing_the_package_costs_nothing():
    """Neither numpy nor scipy nor osmium load with the package; the names it offers are all there."""
    code = (
        "import sys, routing.roads as roads\n"
        "assert not {'numpy', 'scipy', 'osmium'} & set(sys.modules), sys.modules\n"
        "roads.Network\n"
        "assert not {'scipy', 'osmium'} & set(sys.modules), 'reading a network needs numpy only'\n"
        "[getattr(roads, name) for name in roads.__all__]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=Path(__file__).parents[3])


def test_unknown_names_are_refused():
    """The lazy package is no sink for typing errors."""
    with pytest.raises(ImportError, match="opne_network"):
        exec("from routing.roads import opne_network")
