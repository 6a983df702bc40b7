"""The settings of a simulated station: one table, read as configuration keys (1.6) and as device model (2.0.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chargers.twin.cards import MOST_ENTRIES
from chargers.twin.spec import Misbehaviour, StationSpec

Mutability = Literal["ReadOnly", "ReadWrite", "WriteOnly"]
DataType = Literal["string", "integer", "decimal", "boolean", "MemberList", "SequenceList"]
SetResult = Literal["Accepted", "Rejected"]

LONGEST_VALUE = 500
VENDOR_KEY = "MaxChargingCurrent"
"""A: the only limit some makes know."""
FEATURES = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
MEASURANDS = (
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC,Power.Offered,Current.Offered"
)


@dataclass(slots=True)
class Variable:
    """One setting. key: its 1.6 name; component, name, instance, evse: its place in the device model."""

    key: str | None
    component: str | None
    name: str
    value: str
    mutability: Mutability = "ReadOnly"
    data_type: DataType = "string"
    instance: str | None = None
    evse: int | None = None

    @property
    def readable(self) -> bool:
        return self.mutability != "WriteOnly"

    def put(self, value: str) -> SetResult:
        """Take a new value, or refuse one of the wrong type or length, or for a setting that cannot be written."""
        fits = {
            "integer": value.isdecimal(),
            "boolean": value.lower() in {"true", "false"},
        }.get(self.data_type, True)
        if self.mutability == "ReadOnly" or not fits or len(value) > LONGEST_VALUE:
            return "Rejected"
        self.value = value
        return "Accepted"


def place_of(variable: Variable) -> dict[str, dict[str, object]]:
    """Component and variable as 2.x writes them."""
    component: dict[str, object] = {"name": variable.component}
    if variable.evse is not None:
        component["evse"] = {"id": variable.evse}
    name: dict[str, object] = {"name": variable.name}
    if variable.instance is not None:
        name["instance"] = variable.instance
    return {"component": component, "variable": name}


class Variables:
    """All settings of one station, by whichever name they are asked for."""

    def __init__(self, spec: StationSpec) -> None:
        self._all = list(_station(spec))
        self._by_key = {variable.key.lower(): variable for variable in self._all if variable.key}
        self._by_place = {
            (variable.component.lower(), variable.evse, variable.name.lower(), variable.instance): variable
            for variable in self._all
            if variable.component
        }
        self._components = {variable.component.lower() for variable in self._all if variable.component}

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._all)

    def by_key(self, key: str) -> Variable | None:
        """The setting a 1.6 configuration key names; keys differ in case between servers (1.6 section 9)."""
        return self._by_key.get(key.lower())

    def by_place(self, component: str, name: str, instance: str | None, evse: int | None) -> Variable | None:
        return self._by_place.get((component.lower(), evse, name.lower(), instance))

    def knows_component(self, component: str) -> bool:
        return component.lower() in self._components

    def assign(self, key: str, value: str) -> None:
        """Set by the station itself, whoever else may write it."""
        self._by_key[key.lower()].value = value

    def assign_place(self, component: str, name: str, value: str) -> None:
        """Set by the station itself what has a place in the device model only."""
        self._by_place[component.lower(), None, name.lower(), None].value = value

    def text(self, key: str) -> str:
        return self._by_key[key.lower()].value

    def number(self, key: str) -> int:
        return int(self._by_key[key.lower()].value)

    def flag(self, key: str) -> bool:
        return self._by_key[key.lower()].value.lower() == "true"


def rate_units(spec: StationSpec) -> tuple[Literal["A", "W"], ...]:
    """The units a station takes limits in."""
    if spec.shows(Misbehaviour.WATTS_ONLY):
        return ("W",)
    return ("A",) if spec.shows(Misbehaviour.AMPS_ONLY) else ("A", "W")


def _station(spec: StationSpec) -> Iterator[Variable]:
    yield Variable(None, "ChargingStation", "Model", spec.model)
    yield Variable(None, "ChargingStation", "VendorName", spec.vendor)
    yield Variable(None, "ChargingStation", "SerialNumber", spec.serial)
    yield Variable(None, "ChargingStation", "FirmwareVersion", spec.firmware)
    for number, evse in enumerate(spec.evses, start=1):
        yield Variable(None, "EVSE", "Power", f"{evse.max_kw * 1000:.0f}", data_type="decimal", evse=number)
        yield Variable(None, "EVSE", "SupplyPhases", str(evse.phases), data_type="integer", evse=number)
    yield Variable("NumberOfConnectors", None, "", str(len(spec.evses)), data_type="integer")
    yield Variable("SupportedFeatureProfiles", None, "", FEATURES, data_type="SequenceList")
    yield from _communication(spec)
    yield from _transactions(spec)
    yield from _smart_charging(spec)


def _communication(spec: StationSpec) -> Iterator[Variable]:
    comm = "OCPPCommCtrlr"
    yield Variable("HeartbeatInterval", comm, "HeartbeatInterval", "300", "ReadWrite", "integer")
    yield Variable("WebSocketPingInterval", comm, "WebSocketPingInterval", "20", "ReadOnly", "integer")
    yield Variable(
        "TransactionMessageAttempts", comm, "MessageAttempts", "3", "ReadWrite", "integer", "TransactionEvent"
    )
    yield Variable(
        "TransactionMessageRetryInterval",
        comm,
        "MessageAttemptInterval",
        "10",
        "ReadWrite",
        "integer",
        "TransactionEvent",
    )
    yield Variable("RetryBackOffWaitMinimum", comm, "RetryBackOffWaitMinimum", "5", "ReadWrite", "integer")
    yield Variable("RetryBackOffRepeatTimes", comm, "RetryBackOffRepeatTimes", "5", "ReadWrite", "integer")
    yield Variable("RetryBackOffRandomRange", comm, "RetryBackOffRandomRange", "5", "ReadWrite", "integer")
    yield Variable("SecurityProfile", "SecurityCtrlr", "SecurityProfile", "1", "ReadWrite", "integer")
    yield Variable("AuthorizationKey", "SecurityCtrlr", "BasicAuthPassword", "", "WriteOnly")
    yield Variable(None, "SecurityCtrlr", "Identity", spec.identity)
    for message in ("GetVariables", "SetVariables", "GetReport"):
        yield Variable(None, "DeviceDataCtrlr", "ItemsPerMessage", "50", "ReadOnly", "integer", message)


def _transactions(spec: StationSpec) -> Iterator[Variable]:
    sampled, tx, auth = "SampledDataCtrlr", "TxCtrlr", "AuthCtrlr"
    interval = str(spec.meter_interval_seconds)
    yield Variable("MeterValueSampleInterval", sampled, "TxUpdatedInterval", interval, "ReadWrite", "integer")
    yield Variable("MeterValuesSampledData", sampled, "TxUpdatedMeasurands", MEASURANDS, "ReadWrite", "MemberList")
    yield Variable("ClockAlignedDataInterval", "AlignedDataCtrlr", "Interval", "0", "ReadOnly", "integer")
    yield Variable("ConnectionTimeOut", tx, "EVConnectionTimeOut", "120", "ReadWrite", "integer")
    yield Variable("StopTransactionOnInvalidId", tx, "StopTxOnInvalidId", "true", "ReadWrite", "boolean")
    yield Variable(None, tx, "TxStartPoint", "Authorized", "ReadOnly", "MemberList")
    yield Variable(None, tx, "TxStopPoint", "EVConnected", "ReadOnly", "MemberList")
    yield Variable("AllowOfflineTxForUnknownId", auth, "OfflineTxForUnknownIdEnabled", "true", "ReadWrite", "boolean")
    lists = "LocalAuthListCtrlr"
    yield Variable("LocalAuthListEnabled", lists, "Enabled", "true", "ReadWrite", "boolean")
    yield Variable("LocalPreAuthorize", auth, "LocalPreAuthorization", "false", "ReadWrite", "boolean")
    yield Variable("LocalAuthorizeOffline", auth, "LocalAuthorizeOffline", "true", "ReadWrite", "boolean")
    yield Variable("LocalAuthListMaxLength", None, "", str(MOST_ENTRIES), data_type="integer")
    yield Variable("SendLocalListMaxLength", lists, "ItemsPerMessage", "100", "ReadOnly", "integer")
    yield Variable("ReserveConnectorZeroSupported", "ReservationCtrlr", "NonEvseSpecific", "true", data_type="boolean")
    yield Variable("AuthorizeRemoteTxRequests", auth, "AuthorizeRemoteStart", "false", "ReadOnly", "boolean")


def _smart_charging(spec: StationSpec) -> Iterator[Variable]:
    smart = "SmartChargingCtrlr"
    units = rate_units(spec)
    words = ",".join({"A": "Current", "W": "Power"}[unit] for unit in units)
    periods = "4" if spec.shows(Misbehaviour.FEW_PERIODS) else "24" if spec.shows(Misbehaviour.MINUS_ONE) else "96"
    if spec.shows(Misbehaviour.VENDOR_KEY):
        yield Variable(VENDOR_KEY, "VendorCtrlr", VENDOR_KEY, "63", "ReadWrite", "integer")
    yield Variable(None, smart, "Enabled", "true", "ReadOnly", "boolean")
    yield Variable("ChargeProfileMaxStackLevel", smart, "ProfileStackLevel", "8", "ReadOnly", "integer")
    yield Variable("ChargingScheduleMaxPeriods", smart, "PeriodsPerSchedule", periods, "ReadOnly", "integer")
    yield Variable("MaxChargingProfilesInstalled", smart, "Entries", "10", "ReadOnly", "integer", "ChargingProfiles")
    if spec.protocol == "ocpp1.6":
        yield Variable("ChargingScheduleAllowedChargingRateUnit", None, "", words, data_type="SequenceList")
    else:
        yield Variable(None, smart, "RateUnit", ",".join(units), data_type="MemberList")
