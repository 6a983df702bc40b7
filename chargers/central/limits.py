"""What a station can take, learned from it and not believed blindly; profiles cut to fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chargers.profile import ChargingProfile, Period, RateUnit, in_unit, lower_envelope
from fleet.tables import Station

MOST_PERIODS = 1024
MOST_STACK_LEVEL = 1000
MOST_PROFILES = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """A station's limits for charging profiles; None: it did not say."""

    units: tuple[RateUnit, ...] = ()
    max_stack_level: int | None = None
    max_periods: int | None = None
    max_profiles: int | None = None

    @classmethod
    def of(cls, station: Station) -> Limits:
        """As the store remembers them."""
        units = tuple(RateUnit(text) for text in (station.rate_unit or "").split(",") if text in ("A", "W"))
        return cls(units, station.max_stack_level, station.max_periods, station.max_profiles)

    def as_columns(self) -> dict[str, Any]:
        """What was learned, for the station's row."""
        columns = {
            "rate_unit": ",".join(self.units) or None,
            "max_stack_level": self.max_stack_level,
            "max_periods": self.max_periods,
            "max_profiles": self.max_profiles,
        }
        return {name: value for name, value in columns.items() if value is not None}

    def unit_for(self, current: str) -> RateUnit:
        """The unit to talk in: watts to DC stations, amperes to AC ones, unless the station takes only the other."""
        liked = RateUnit.W if current == "DC" else RateUnit.A
        return liked if not self.units or liked in self.units else self.units[0]


def read_units(text: str) -> tuple[RateUnit, ...]:
    """Units in a configuration value: "Current,Power" by the book, "A" and "W" as met in the field."""
    words = {word.strip().lower() for word in text.split(",")}
    found = []
    if words & {"current", "a"}:
        found.append(RateUnit.A)
    if words & {"power", "w"}:
        found.append(RateUnit.W)
    return tuple(found)


def read_count(text: str, most: int) -> int | None:
    """A count in a configuration value; None for what cannot be."""
    try:
        value = int(text)
    except ValueError:
        return None
    return value if 0 <= value <= most else None


def fit(profile: ChargingProfile, limits: Limits, unit: RateUnit | None = None) -> ChargingProfile:
    """The profile in a unit the station takes (or in `unit`), with no more periods and no higher level than it holds.

    Periods are joined to their lower envelope, so the fitted profile is nowhere above the wanted one.
    """
    schedule = profile.schedule
    wanted = unit or (schedule.unit if not limits.units or schedule.unit in limits.units else limits.units[0])
    periods = tuple(
        replace(period, limit=in_unit(period.limit, schedule.unit, wanted, period.phases))
        for period in schedule.periods
    )
    if limits.max_periods is not None and len(periods) > max(1, limits.max_periods):
        end = schedule.duration_s or periods[-1].start_s + 1
        steps = lower_envelope([(period.start_s, period.limit) for period in periods], end, limits.max_periods)
        phases = periods[0].phases
        periods = tuple(Period(start, limit, phases) for start, limit in steps)
    level = profile.stack_level if limits.max_stack_level is None else min(profile.stack_level, limits.max_stack_level)
    return replace(profile, stack_level=level, schedule=replace(schedule, unit=wanted, periods=periods))
