"""Waste containers mapped in OpenStreetMap, out of the extract the roads come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleet.errors import FleetError
from fleet.exchange.bins import BinFile
from fleet.exchange.records import refuse_if
from fleet.exchange.streams import DENSITY_KG_L, read_capacity, stream_of_tags
from fleet.tables import Bin, Sensor

WANTED = frozenset({"waste_disposal", "recycling"})
GUESSED_L = {"mixed": 1100.0}
GUESSED_ELSE_L = 3000.0
"""Where the map has no capacity: a street container for mixed waste, a drop-off one for the rest."""


def read_osm_bins(path: Path, *, sensors: bool = False) -> BinFile:
    """Bins from an extract: amenity=waste_disposal, and amenity=recycling unless it is a recycling centre.

    Ids are OSM-n… for nodes and OSM-w… for areas, which stand at their middle. With `sensors` each bin gets a sensor
    with its own id in lower case as device id ("osm-n123"), as The Things Stack writes them.

    Raises:
        ImportRefused: there is no container in it.
        FleetError: the file cannot be read as an extract.
    """
    import osmium

    if not path.is_file():
        raise FleetError(f"{path}: no such file; name an OpenStreetMap extract (.osm.pbf)")
    bins: list[Bin] = []
    guessed = 0
    try:
        filtered = osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.KeyFilter("amenity"))
        for entity in filtered:
            tags = dict(entity.tags)
            spot = _middle(entity)
            if tags.get("amenity") not in WANTED or tags.get("recycling_type") == "centre" or spot is None:
                continue
            litres = read_capacity(tags.get("capacity", ""))
            guessed += litres is None
            bins.append(_make_bin(f"OSM-{entity.type_str()}{entity.id}", spot, tags, litres))
    except (RuntimeError, ValueError, OSError) as error:
        raise FleetError(f"{path}: not an OpenStreetMap extract, or damaged ({error}); download it again") from None
    if not bins:
        refuse_if(str(path), ("line 1: no amenity=waste_disposal or recycling is mapped in it; import a CSV instead",))
    bins.sort(key=lambda row: row.bin_id)
    made = tuple(Sensor(device_id=row.bin_id.lower(), bin_id=row.bin_id) for row in bins) if sensors else ()
    notes = (f"{guessed} of {len(bins)} bins have no capacity on the map; usual sizes were taken",) if guessed else ()
    given = {"lat", "lon", "stream", "address", "name"} | ({"capacity_l"} if not guessed else set())
    return BinFile(str(path), tuple(bins), made, frozenset(given), notes)


def _middle(entity: Any) -> tuple[float, float] | None:
    """Where a node is, or the middle of a way's nodes; None for what has no place."""
    if entity.is_node():
        return entity.location.lat, entity.location.lon
    if not entity.is_way():
        return None
    spots = [(node.lat, node.lon) for node in entity.nodes if node.location.valid()]
    if not spots:
        return None
    if len(spots) > 1 and spots[0] == spots[-1]:
        spots.pop()
    return sum(lat for lat, _ in spots) / len(spots), sum(lon for _, lon in spots) / len(spots)


def _make_bin(bin_id: str, spot: tuple[float, float], tags: Mapping[str, str], litres: float | None) -> Bin:
    stream = stream_of_tags(tags)
    return Bin(
        bin_id=bin_id,
        name=tags.get("name", "")[:200],
        address=" ".join(filter(None, (tags.get("addr:housenumber"), tags.get("addr:street")))),
        lat=round(spot[0], 7),
        lon=round(spot[1], 7),
        stream=stream,
        capacity_l=litres or GUESSED_L.get(stream, GUESSED_ELSE_L),
        density_kg_l=DENSITY_KG_L[stream],
    )
