"""What other systems hand in and take out: roads, bins, trucks, places and stations as files.

A file is read and checked whole (`read_…` raises ImportRefused with every problem), then kept (`store_…`).
"""

from fleet.exchange.bins import BinFile, read_bins
from fleet.exchange.keep import Kept, store_bins, store_places, store_stations, store_trucks
from fleet.exchange.osm_bins import read_osm_bins
from fleet.exchange.places import PlaceFile, read_places
from fleet.exchange.stations import StationFile, read_stations
from fleet.exchange.trucks import TruckFile, read_trucks

__all__ = [
    "BinFile",
    "Kept",
    "PlaceFile",
    "StationFile",
    "TruckFile",
    "read_bins",
    "read_osm_bins",
    "read_places",
    "read_stations",
    "read_trucks",
    "store_bins",
    "store_places",
    "store_stations",
    "store_trucks",
]
