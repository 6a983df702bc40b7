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
from fleet.tables.campaigns import Campaign, CampaignStation, Firmware, StationFile
from fleet.tables.charging import (
    ChargingNeed,
    ChargingSchedule,
    InstalledProfile,
    MeterHour,
    MeterValue,
    PowerShortfall,
    ScheduledPower,
    SiteMeter,
    Transaction,
)
from fleet.tables.device import DeviceEvent, DisplayMessage, Monitor, StationVariable, WireBlock
from fleet.tables.money import Receipt, Tariff, TariffRule
from fleet.tables.operations import Alarm, EventRow, Lease, Operator, Order, PaceRow
from fleet.tables.places import Place, RoadMap, RoadOverride, RoadTable
from fleet.tables.plans import LeftBin, Plan, PlanEdit, PlanProblem, Route, Stop
from fleet.tables.stations import Connector, Evse, IdToken, LocalList, Reservation, Station
from fleet.tables.trucks import Shift, Truck, TruckState
from fleet.tables.trust import Certificate, SecurityEvent

__all__ = [
    "Alarm",
    "Bin",
    "Campaign",
    "CampaignStation",
    "Certificate",
    "ChargingNeed",
    "ChargingSchedule",
    "CitizenReport",
    "Connector",
    "DeviceEvent",
    "DisplayMessage",
    "Emptying",
    "EventRow",
    "Evse",
    "Firmware",
    "ForecastGroup",
    "ForecastState",
    "IdToken",
    "InstalledProfile",
    "Lease",
    "LeftBin",
    "LocalList",
    "MeterHour",
    "MeterValue",
    "Monitor",
    "Operator",
    "Order",
    "PaceRow",
    "Place",
    "Plan",
    "PlanEdit",
    "PlanProblem",
    "PowerShortfall",
    "Reading",
    "Receipt",
    "Reservation",
    "RoadMap",
    "RoadOverride",
    "RoadTable",
    "Route",
    "ScheduledPower",
    "SecurityEvent",
    "Sensor",
    "Shift",
    "SiteMeter",
    "Station",
    "StationFile",
    "StationVariable",
    "Stop",
    "Tariff",
    "TariffRule",
    "Transaction",
    "Truck",
    "TruckState",
    "Uplink",
    "WireBlock",
]
