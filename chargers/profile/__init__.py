"""Charging profiles as values: built, put on the wire and read back, and what they come to together. Pure."""

from chargers.profile.build import fallback_profile, from_schedule, lower_envelope
from chargers.profile.composite import composite, limit_watts, station_composite
from chargers.profile.installed import Installed, clear, end_transaction, install, profiles_for
from chargers.profile.values import (
    UNLIMITED,
    ChargingProfile,
    ChargingSchedule,
    Kind,
    Period,
    Purpose,
    RateUnit,
    Recurrency,
    check_profile,
    in_unit,
    watts,
)
from chargers.profile.wire import from_v16, from_v201, read_schedule, round_down, schedule_payload, to_v16, to_v201

__all__ = [
    "UNLIMITED",
    "ChargingProfile",
    "ChargingSchedule",
    "Installed",
    "Kind",
    "Period",
    "Purpose",
    "RateUnit",
    "Recurrency",
    "check_profile",
    "clear",
    "composite",
    "end_transaction",
    "fallback_profile",
    "from_schedule",
    "from_v16",
    "from_v201",
    "in_unit",
    "install",
    "limit_watts",
    "lower_envelope",
    "profiles_for",
    "read_schedule",
    "round_down",
    "schedule_payload",
    "station_composite",
    "to_v16",
    "to_v201",
    "watts",
]
