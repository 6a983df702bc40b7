"""The depot's yard: its stations with their makers' habits, and which truck stands at which."""

from __future__ import annotations

from dataclasses import dataclass

from chargers.twin.notices import PlugState
from chargers.twin.spec import EvseSpec, Misbehaviour, StationSpec, Vehicle
from chargers.twin.yard import Yard
from fleet.twin.city import City
from fleet.twin.vehicles import Truck
from fleet.twin.yard import Station

EVSE = 1
"""The simulated depot's stations have one each."""
HABITS: dict[int, frozenset[Misbehaviour]] = {
    3: frozenset({Misbehaviour.WATTS_ONLY, Misbehaviour.QUIET_RECONNECT}),
    5: frozenset({Misbehaviour.FEW_PERIODS}),
    6: frozenset({Misbehaviour.NO_OFFERED}),
    9: frozenset({Misbehaviour.QUIET_RECONNECT}),
    12: frozenset({Misbehaviour.METER_EVERY_15S}),
}
"""Bad manners by the station's place in the row: mild ones, none that can break the site limit.

The talkative one is the station used last: a station may have one message under way, so in hurried time its news would
pile up, and what a truck took would be known an hour late.
"""


def list_specs(city: City) -> list[StationSpec]:
    """What the city's stations are to the central system."""
    return [_specify(station, HABITS.get(place, frozenset())) for place, station in enumerate(city.stations, 1)]


def _specify(station: Station, habits: frozenset[Misbehaviour]) -> StationSpec:
    return StationSpec(
        identity=station.station_id,
        protocol=station.protocol,
        evses=(EvseSpec(station.max_kw, station.current, 3 if station.current == "AC" else 1),) * station.evses,
        vendor=station.vendor,
        model=station.model,
        serial=station.serial,
        firmware=station.firmware,
        misbehaviours=habits,
    )


@dataclass(slots=True)
class Berth:
    """A truck at a station. `loose_soc` is its state of charge while its cable is out; None while it is plugged."""

    truck_id: str
    vehicle: Vehicle
    loose_soc: float | None = None


class Depot:
    """Trucks at stations."""

    def __init__(self, city: City, yard: Yard) -> None:
        self._stations = {station.station_id: station for station in city.stations}
        self._yard = yard
        self._berths: dict[str, Berth] = {}

    def park(self, truck: Truck, soc: float, preferred: str | None) -> str | None:
        """Plug a truck in at its own station, or at the strongest free one that works; None when there is none."""
        assert truck.battery is not None
        station_id = self._choose(preferred)
        if station_id is not None:
            vehicle = Vehicle(truck.id_token, truck.battery, soc)
            self._berths[station_id] = Berth(truck.truck_id, vehicle)
            self._yard[station_id].plug_in(EVSE, vehicle)
        return station_id

    def leave(self, station_id: str) -> float:
        """A truck unplugs and goes; its state of charge."""
        berth = self._berths.pop(station_id)
        if berth.loose_soc is not None:
            return berth.loose_soc
        taken = self._yard[station_id].unplug(EVSE)
        return berth.vehicle.soc if taken is None else taken.soc

    def soc(self, station_id: str) -> float:
        """State of charge of the truck at a station, as its own telematics tell it."""
        berth = self._berths[station_id]
        if berth.loose_soc is not None:
            return berth.loose_soc
        plugged = self._yard[station_id].plugged(EVSE)
        return berth.vehicle.soc if plugged is None else plugged.soc

    def has_cable(self, station_id: str) -> bool:
        """Whether the truck at a station is plugged in."""
        return self._berths[station_id].loose_soc is None

    def place(self, station_id: str) -> tuple[float, float]:
        """Latitude and longitude of a station."""
        station = self._stations[station_id]
        return float(station.lat), float(station.lon)

    def pull_cable(self, station_id: str) -> None:
        """Somebody pulls a cable by mistake."""
        berth = self._berths.get(station_id)
        if berth is not None and berth.loose_soc is None:
            taken = self._yard[station_id].unplug(EVSE)
            berth.loose_soc = berth.vehicle.soc if taken is None else taken.soc

    def push_cable(self, station_id: str) -> None:
        """It is noticed and put back, if the truck is still there."""
        berth = self._berths.get(station_id)
        if berth is not None and berth.loose_soc is not None:
            berth.vehicle = Vehicle(berth.vehicle.token, berth.vehicle.battery, berth.loose_soc)
            berth.loose_soc = None
            self._yard[station_id].plug_in(EVSE, berth.vehicle)

    def _choose(self, preferred: str | None) -> str | None:
        free = [
            station
            for station in self._stations.values()
            if station.station_id not in self._berths
            and self._yard[station.station_id].status(EVSE) != PlugState.FAULTED.value
        ]
        nobody_online = self._yard.registered == 0
        free.sort(
            key=lambda one: (
                not (nobody_online or self._yard[one.station_id].registered),
                one.station_id != preferred,
                -one.max_kw,
            )
        )
        return free[0].station_id if free else None
