"""Opening a network: from its saved file when the same extract and truck were read before, else from the extract."""

from contextlib import suppress
from pathlib import Path

from routing.errors import NetworkFileError
from routing.roads.key import Box, network_key
from routing.roads.network import Network
from routing.roads.rules import TruckLimits


def open_network(
    pbf: Path,
    cache_dir: Path,
    limits: TruckLimits | None = None,
    box: Box | None = None,
    heights: Path | None = None,
) -> Network:
    """The network of an extract for a truck (default: `TruckLimits()`), from `cache_dir` where it was built before.

    `box` cuts a city out of a bigger extract, `heights` gives its streets their climb. A damaged or outdated saved file
    is built again; a cache folder that cannot be written costs only time. ExtractError where a file cannot be read.
    """
    limits = limits or TruckLimits()
    key = network_key(pbf, limits, box, heights)
    saved = cache_dir / f"roads-{key}.npz"
    with suppress(NetworkFileError):
        network = Network.load(saved)
        if network.key == key:
            return network
    from routing.roads.extract import read_extract  # osmium and scipy load only to build

    network = read_extract(pbf, limits, box, heights)
    with suppress(OSError):
        network.save(saved)
    return network
