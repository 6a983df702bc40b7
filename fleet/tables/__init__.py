"""The store's tables by family. Importing this package knows them all to SQLModel's metadata.

Times are aware UTC. Entities of the city carry the name people gave them as key (`bin_id` "BIN-0042"); what happens
carries a number. Volumes are litres, masses kilograms, energy kWh, power kW, fill 0 to 1, states of charge 0 to 1.
"""

from fleet.tables.bins import (
    Bin,
    CitizenReport,
    Emptying,
    ForecastGroup,
    ForecastState,
    Reading,
    Sensor,
    Uplink,
)
from fleet.tables.charging import (
    ChargingNeed,
    ChargingSchedule,
    InstalledProfile,
    MeterValue,
    PowerShortfall,
    ScheduledPower,
    Transaction,
)
from fleet.tables.operations import Alarm, EventRow, Lease, Operator, Order, PaceRow
from fleet.tables.places import Place, RoadMap, RoadOverride, RoadTable
from fleet.tables.plans import LeftBin, Plan, PlanEdit, PlanProblem, Route, Stop
from fleet.tables.stations import Connector, Evse, IdToken, Station
from fleet.tables.trucks import Shift, Truck, TruckState

__all__ = [
    "Alarm",
    "Bin",
    "ChargingNeed",
    "ChargingSchedule",
    "CitizenReport",
    "Connector",
    "Emptying",
    "EventRow",
    "Evse",
    "ForecastGroup",
    "ForecastState",
    "IdToken",
    "InstalledProfile",
    "Lease",
    "LeftBin",
    "MeterValue",
    "Operator",
    "Order",
    "PaceRow",
    "Place",
    "Plan",
    "PlanEdit",
    "PlanProblem",
    "PowerShortfall",
    "Reading",
    "RoadMap",
    "RoadOverride",
    "RoadTable",
    "Route",
    "ScheduledPower",
    "Sensor",
    "Shift",
    "Station",
    "Stop",
    "Transaction",
    "Truck",
    "TruckState",
    "Uplink",
]
