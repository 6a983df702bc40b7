"""Opening a network: from its saved file when the same extract and truck were read before, else from the extract."""

import hashlib
from contextlib import suppress
from pathlib import Path

from routing.errors import ExtractError, NetworkFileError
from routing.roads.network import FORMAT, Network
from routing.roads.rules import TruckLimits


def open_network(pbf: Path, cache_dir: Path, limits: TruckLimits | None = None) -> Network:
    """The network of an extract for a truck (default: `TruckLimits()`), from `cache_dir` where it was built before.

    A damaged or outdated saved file is built again. A cache folder that cannot be written costs only time.
    ExtractError where the extract cannot be read.
    """
    limits = limits or TruckLimits()
    key = network_key(pbf, limits)
    saved = cache_dir / f"roads-{key}.npz"
    with suppress(NetworkFileError):
        network = Network.load(saved)
        if network.key == key:
            return network
    from routing.roads.extract import read_extract  # osmium and scipy load only to build

    network = read_extract(pbf, limits)
    with suppress(OSError):
        network.save(saved)
    return network


def network_key(pbf: Path, limits: TruckLimits) -> str:
    """Key of the network an extract gives for a truck: content of the file, the truck, version of our rules."""
    try:
        with pbf.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ExtractError(f"{pbf}: cannot be read ({error.strerror}); name an OpenStreetMap extract") from error
    return f"{digest}-{limits.profile}-v{FORMAT}"
