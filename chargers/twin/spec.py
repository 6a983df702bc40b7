"""What a simulated station is: its make, its EVSEs, the protocol it speaks, the ways it misbehaves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from fleet.twin.battery import Battery, Current

Protocol = Literal["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]


class Misbehaviour(StrEnum):
    """One bad manner seen on real stations. A station may have several."""

    QUIET_RECONNECT = "quiet-reconnect"
    """Comes back without BootNotification: two Heartbeats, then it goes on. 2.0.1 allows it; servers trip over it."""
    WATTS_ONLY = "watts-only"
    """Announces Power and rejects profiles in A."""
    AMPS_ONLY = "amps-only"
    """Announces Current and rejects profiles in W."""
    BARE_COMPOSITE = "bare-composite"
    """Answers GetCompositeSchedule with Accepted and nothing else."""
    IGNORES_PROFILES = "ignores-profiles"
    """Accepts every profile and draws what the vehicle takes."""
    NO_SMART_CHARGING = "no-smart-charging"
    """Answers SetChargingProfile with CALLERROR NotImplemented."""
    REPEATS_ITSELF = "repeats-itself"
    """After a reconnect sends again what was already answered; sends StopTransaction late and twice."""
    INTEGER_IDS = "integer-ids"
    """Message ids are numbers instead of strings."""
    WRONG_UNITS = "wrong-units"
    """Reports the mains frequency in "Hz", a unit OCPP 1.6 does not know."""
    LONG_SERIAL = "long-serial"
    """A serial number longer than the 25 characters of the schema."""
    METER_EVERY_15S = "meter-every-15s"
    """Sends meter values every 15 s whatever it is told."""
    FEW_PERIODS = "few-periods"
    """Takes at most four periods in a charging schedule."""
    NO_UNLOCK = "no-unlock"
    """Cannot unlock a connector: NotSupported in 1.6, UnlockFailed in 2.0.1."""
    NO_STATION_MAX = "no-station-max"
    """Rejects profiles for the whole station (ChargePointMaxProfile, ChargingStationMaxProfile)."""
    NO_START_PROFILE = "no-start-profile"
    """Rejects a remote start that brings a charging profile along."""
    DEFAULT_AT_NEXT_START = "default-at-next-start"
    """A TxDefaultProfile takes effect only with the next transaction."""
    NO_OFFERED = "no-offered"
    """Never reports Current.Offered and Power.Offered."""
    WRONG_CLOCK = "wrong-clock"
    """Stamps everything three hours ahead."""
    DIES_ON_ABNORMAL_CLOSE = "dies-on-abnormal-close"
    """A line lost without a close frame stops it until a watchdog restarts it five minutes later."""
    SHORT_BACK_OFF = "short-back-off"
    """Reconnects after 1, 2, 4 s without a random part, boots, tells Charging and replays what it queued."""
    DIES_ON_UNKNOWN_RESULT = "dies-on-unknown-result"
    """An answer to a call it does not know stops it until a watchdog restarts it."""
    DIES_ON_CALLERROR = "dies-on-callerror"
    """A CALLERROR stops it until a watchdog restarts it."""
    MINUS_ONE = "minus-one"
    """While nothing charges its composite schedule is a limit of -1 over -1 phases."""
    FUSSY_MAXIMUM = "fussy-maximum"
    """Rejects a Relative profile for the whole station in 1.6 too, by a rule of 2.0.1."""
    TENTHS_ONLY = "tenths-only"
    """Rejects a limit that is no multiple of 0.1."""
    VENDOR_KEY = "vendor-key"
    """No smart charging: only its own setting MaxChargingCurrent limits it."""
    TRIPS_OFFLINE = "trips-offline"
    """A minute after it lost its line it draws all it can, and two minutes later its breaker trips."""
    TWO_PHASES = "two-phases"
    """Its vehicles draw on two phases of three."""
    SLEEPS_AT_ZERO = "sleeps-at-zero"
    """A vehicle that was given nothing does not wake up until it is unplugged."""
    UNLIMITED_START = "unlimited-start"
    """A transaction draws all it can until its first TxProfile came."""
    FLOAT_IDS = "float-ids"
    """Connector and EVSE numbers are written as 1.0."""
    VENDOR_WORDS = "vendor-words"
    """Measurands and reasons no version of OCPP knows."""
    FORGETS_STOP = "forgets-stop"
    """Never tells the end of a transaction."""
    STOPS_UNKNOWN = "stops-unknown"
    """On each line it tells again, until answered, the end of a transaction nobody heard the start of."""
    OVERFLOWS = "overflows"
    """Says it has 1,850,000,000 connectors once a setting of more than 128 characters was written."""
    ONE_MEASURAND = "one-measurand"
    """Rejects a list of measurands: it takes one."""
    NO_CONNECTOR_ZERO = "no-connector-zero"
    """Rejects default profiles for connector 0."""
    ANSWERS_LATE = "answers-late"
    """Answers 40 s after it was asked."""
    REBOOTS = "reboots"
    """Restarts every five minutes."""
    REPLAYS_BACKWARDS = "replays-backwards"
    """What was metered offline is told newest first."""
    CHATTERS = "chatters"
    """Meter values every second."""


@dataclass(frozen=True, slots=True)
class EvseSpec:
    """A place to charge one vehicle: the most it gives, kind of current, phases (AC)."""

    max_kw: float = 22.0
    current: Current = "AC"
    phases: int = 3


@dataclass(frozen=True, slots=True)
class StationSpec:
    """A station as it leaves the works. EVSE n of the wire is evses[n - 1]; in OCPP 1.6 it is connector n."""

    identity: str
    protocol: Protocol = "ocpp1.6"
    evses: tuple[EvseSpec, ...] = (EvseSpec(),)
    vendor: str = "Binwatt"
    model: str = "Twin"
    serial: str = ""
    firmware: str = "1.0"
    misbehaviours: frozenset[Misbehaviour] = frozenset()
    meter_interval_seconds: int = 60

    def __post_init__(self) -> None:
        """Refuse a station no central system could know. Raises ValueError."""
        if not 0 < len(self.identity) <= 48 or ":" in self.identity:
            raise ValueError(f"station {self.identity!r}: an identity has 1 to 48 characters and no colon")
        if not self.evses:
            raise ValueError(f"station {self.identity!r} has no EVSE: give it at least one")

    def shows(self, misbehaviour: Misbehaviour) -> bool:
        return misbehaviour in self.misbehaviours


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What comes to a plug: who it is to the station, its pack and how full it is (0..1)."""

    token: str
    battery: Battery
    soc: float
