"""Simulated charging stations: true OCPP clients with a cable, a meter and, if asked, the bad manners of the field.

specs = [StationSpec("DEPOT-1"), StationSpec("DEPOT-2", "ocpp2.0.1", (EvseSpec(50, "DC"),))]
async with run_stations(specs, url="ws://127.0.0.1:9000/ocpp", clock=clock, pace=pace_of(clock)) as yard:
yard["DEPOT-1"].plug_in(1, Vehicle("CARD-1", battery, soc=0.3))
...
left = yard["DEPOT-1"].unplug(1)
"""

from chargers.twin.pacing import pace_of
from chargers.twin.spec import EvseSpec, Misbehaviour, StationSpec, Vehicle
from chargers.twin.station import SimStation
from chargers.twin.tally import Tally
from chargers.twin.yard import Yard, run_stations

__all__ = [
    "EvseSpec",
    "Misbehaviour",
    "SimStation",
    "StationSpec",
    "Tally",
    "Vehicle",
    "Yard",
    "pace_of",
    "run_stations",
]
