"""Charging profiles as values, in the words of OCPP 2.0.1 (part 2, section K and data types 2.8 to 2.11)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from chargers.errors import ProfileError

SUPPLY_VOLTS = 230.0
"""Volts between phase and neutral by which A per phase and W in total are converted."""

PHASES = 3
"""OCPP: numberPhases left out means three."""

UNLIMITED = float("inf")
"""Limit of a stretch in which no profile says anything. Stations then do what they like: never leave such a gap."""


class RateUnit(StrEnum):
    """A is ampere per phase, W is watt over all phases."""

    A = "A"
    W = "W"


class Purpose(StrEnum):
    STATION_MAX = "ChargingStationMaxProfile"
    EXTERNAL_CONSTRAINTS = "ChargingStationExternalConstraints"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class Kind(StrEnum):
    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Recurrency(StrEnum):
    DAILY = "Daily"
    WEEKLY = "Weekly"


@dataclass(frozen=True, slots=True)
class Period:
    """From start_s (seconds after the schedule's start) until the next period: limit in the schedule's unit."""

    start_s: int
    limit: float
    phases: int = PHASES


@dataclass(frozen=True, slots=True)
class ChargingSchedule:
    """Periods in increasing start_s, the first at 0. start None: the transaction's; duration_s None: no end."""

    unit: RateUnit
    periods: tuple[Period, ...]
    start: datetime | None = None
    duration_s: int | None = None
    min_rate: float | None = None


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """One charging profile. transaction_id is text; 1.6 writes it as a whole number."""

    id: int
    stack_level: int
    purpose: Purpose
    kind: Kind
    schedule: ChargingSchedule
    recurrency: Recurrency | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: str | None = None


def watts(limit: float, unit: RateUnit, phases: int) -> float:
    """A limit as W in total."""
    return limit * SUPPLY_VOLTS * phases if unit is RateUnit.A else limit


def in_unit(limit: float, unit: RateUnit, wanted: RateUnit, phases: int) -> float:
    """A limit given in `unit`, in `wanted`, over this many phases."""
    if unit is wanted:
        return limit
    return limit * SUPPLY_VOLTS * phases if wanted is RateUnit.W else limit / (SUPPLY_VOLTS * phases)


def check_profile(profile: ChargingProfile, *, relative_caps: bool = False) -> None:
    """Raise ProfileError where a profile breaks a rule stations refuse (OCPP 2.0.1 K01.FR.*, 1.6 section 5.16).

    relative_caps: a maximum of the whole station may be Relative; 1.6 has no rule against it, 2.0.1 has (K01.FR.38).
    """
    what = f"charging profile {profile.id}"
    periods, start = profile.schedule.periods, profile.schedule.start
    if not periods or periods[0].start_s != 0:
        raise ProfileError(f"{what}: the first period must start at 0 s: begin the schedule with one that does")
    if any(before.start_s >= after.start_s for before, after in pairwise(periods)):
        raise ProfileError(f"{what}: periods must have increasing starts: sort them and drop doubles")
    if any(not period.limit >= 0.0 or period.phases not in {1, 2, 3} for period in periods):
        raise ProfileError(f"{what}: a limit is below 0 or no number, or phases are not 1 to 3: correct the period")
    if profile.kind is Kind.RELATIVE and start is not None:
        raise ProfileError(f"{what}: Relative starts with the transaction: leave its start out or make it Absolute")
    if profile.kind is not Kind.RELATIVE and start is None:
        raise ProfileError(f"{what}: {profile.kind} needs a start: give one or make it Relative")
    if profile.kind is Kind.RECURRING and profile.recurrency is None:
        raise ProfileError(f"{what}: Recurring needs a recurrency: Daily or Weekly")
    caps = {Purpose.STATION_MAX, Purpose.EXTERNAL_CONSTRAINTS}
    if profile.kind is Kind.RELATIVE and profile.purpose in caps and not relative_caps:
        raise ProfileError(f"{what}: {profile.purpose} cannot be Relative: no transaction starts it")
    if profile.transaction_id is not None and profile.purpose is not Purpose.TX:
        raise ProfileError(f"{what}: only a TxProfile belongs to a transaction: leave transaction_id out")
