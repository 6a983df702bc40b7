"""Taking over lists of bins, trucks, stations and places; bins are held against the streets at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from console.errors import NoRoads
from console.roads import open_roads
from fleet import exchange
from fleet.exchange import BinFile, Kept
from fleet.store import Store, Work
from routing.errors import RoadsError
from routing.roads import snap_points

What = Literal["bins", "trucks", "stations", "places"]


def take_over(
    store: Store,
    what: What,
    file: Path | None,
    *,
    who: str,
    from_osm: Path | None = None,
    sensors: bool = False,
) -> dict[str, Any]:
    """Read, check and keep one file; nothing is kept if any row cannot be used.

    Gives file, added, updated, and warnings: what was kept but will not work as it is.

    Raises:
        ImportRefused: rows that cannot be used, each named with the mend.
    """
    keep: Callable[[Work], Kept]
    notes: tuple[str, ...] = ()
    bins: BinFile | None = None
    if from_osm is not None:
        bins = exchange.read_osm_bins(from_osm, sensors=sensors)
        file = from_osm
    assert file is not None
    if what == "bins":
        bins = bins or exchange.read_bins(file, sensors=sensors)
        notes, keep = bins.notes, _keeper(exchange.store_bins, bins, who)
    elif what == "trucks":
        keep = _keeper(exchange.store_trucks, exchange.read_trucks(file), who)
    elif what == "stations":
        keep = _keeper(exchange.store_stations, exchange.read_stations(file), who)
    else:
        keep = _keeper(exchange.store_places, exchange.read_places(file), who)
    with store.begin() as work:
        kept = keep(work)
    warnings = [*notes, *([*_outside(store, bins), *_uncollected(store, bins)] if bins is not None else [])]
    return {"file": file.name, "added": kept.added, "updated": kept.updated, "warnings": warnings}


def _keeper(store_file: Callable[..., Kept], file: object, who: str) -> Callable[[Work], Kept]:
    return lambda work: store_file(work, file, who=who)


def _outside(store: Store, file: BinFile) -> list[str]:
    """Bins no street is near: they are kept, and left by every plan until position or roads are mended."""
    try:
        network, _ = open_roads(store)
    except (NoRoads, RoadsError) as error:
        return [f"positions were not held against the streets: {error}"]
    off = snap_points(network, [(row.lat, row.lon) for row in file.bins]).off_network
    return [
        f"{file.bins[number].bin_id}: no street within reach of {file.bins[number].lat:.5f}, "
        f"{file.bins[number].lon:.5f}; correct its position or import roads that reach it"
        for number in off
    ]


def _uncollected(store: Store, file: BinFile) -> list[str]:
    """Streams no truck of the store takes: every plan would leave those bins."""
    with store.read() as work:
        trucks = work.trucks.all()
    taken = {stream for truck in trucks for stream in truck.streams}
    counts = Counter(row.stream for row in file.bins if trucks and row.stream not in taken)
    return [
        f"{count} bins of stream {stream!r}: no truck takes it; add it to a truck's streams"
        for stream, count in counts.items()
    ]
