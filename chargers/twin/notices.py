"""What a station has to say, before a protocol puts it into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from chargers.profile import ChargingProfile


class ChargingState(StrEnum):
    """How a running transaction charges: words both versions have."""

    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"


class PlugState(StrEnum):
    """What a connector is outside charging: OCPP 1.6 words, section 4.9."""

    AVAILABLE = "Available"
    RESERVED = "Reserved"
    PREPARING = "Preparing"
    FINISHING = "Finishing"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class StopReason(StrEnum):
    """Why a transaction ended, in words both versions know; resets are told apart by version."""

    LOCAL = "Local"
    REMOTE = "Remote"
    EV_DISCONNECTED = "EVDisconnected"
    DE_AUTHORIZED = "DeAuthorized"
    SOFT_RESET = "SoftReset"
    HARD_RESET = "HardReset"
    UNLOCK = "UnlockCommand"
    FAULT = "Other"


StartTrigger = Literal["Authorized", "RemoteStart"]
SampleContext = Literal["Sample.Periodic", "Transaction.Begin", "Transaction.End", "Trigger"]


@dataclass(slots=True)
class Charge:
    """A transaction. `ref` is its id on the wire, in 1.6 unknown until the start is answered."""

    number: int
    evse: int
    token: str
    started_at: datetime
    meter_start_wh: float
    trigger: StartTrigger
    ref: str | None = None
    remote_start_id: int | None = None
    seq_no: int = -1
    reservation_id: int | None = None
    cost: float | None = None
    """What the central system last said it costs (2.x)."""

    def next_seq_no(self) -> int:
        self.seq_no += 1
        return self.seq_no


@dataclass(frozen=True, slots=True)
class RemoteStart:
    """An accepted remote start: whose token, the server's own number for it (2.0.1), a TxProfile it brought along."""

    token: str
    remote_start_id: int | None = None
    profile: ChargingProfile | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of an EVSE's meter. soc (0..1) where the station knows it (DC)."""

    at: datetime
    context: SampleContext
    energy_wh: float
    power_w: float
    current_a: float
    voltage_v: float
    offered_w: float
    offered_a: float
    soc: float | None


@dataclass(frozen=True, slots=True)
class StatusChanged:
    evse: int
    """0 is the station itself."""
    state: PlugState | ChargingState
    error: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class TokenPresented:
    evse: int
    token: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Started:
    charge: Charge
    sample: Sample
    state: ChargingState
    seq_no: int
    offline: bool


@dataclass(frozen=True, slots=True)
class StateChanged:
    charge: Charge
    state: ChargingState
    at: datetime
    seq_no: int
    offline: bool


@dataclass(frozen=True, slots=True)
class Metered:
    evse: int
    charge: Charge | None
    sample: Sample
    state: ChargingState
    seq_no: int
    offline: bool


@dataclass(frozen=True, slots=True)
class Ended:
    charge: Charge
    sample: Sample
    reason: StopReason
    seq_no: int
    offline: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A message somebody triggered, or a part of a report: action and payload are on the wire as they stand."""

    action: str
    payload: dict[str, object]


Notice = StatusChanged | TokenPresented | Started | StateChanged | Metered | Ended | Asked
