"""What a station's profiles allow: from now on, and which of them holds now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import isfinite

from chargers.errors import ProfileError
from chargers.profile import ChargingProfile, Installed, Purpose, RateUnit, composite, install, profiles_for
from chargers.profile import station_composite as compose

_CAPS = (Purpose.STATION_MAX, Purpose.EXTERNAL_CONSTRAINTS)


@dataclass(frozen=True, slots=True)
class Running:
    """A charge under way, as its profiles name it."""

    ref: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Rack:
    """A station as its profiles see it. `charges`: those under way, by EVSE."""

    evses: tuple[int, ...]
    max_kw: float
    held: tuple[Installed, ...] = ()
    charges: Mapping[int, Running] | None = None

    def speaking(self, evse: int) -> tuple[ChargingProfile, ...]:
        """The profiles that speak for one EVSE."""
        charge = (self.charges or {}).get(evse)
        return profiles_for(self.held, evse, charge.ref if charge else None)

    def start_of(self, evse: int) -> datetime | None:
        """When the charge at one EVSE began."""
        charge = (self.charges or {}).get(evse)
        return charge.started_at if charge else None


def put_in(confirmed: Iterable[tuple[int, ChargingProfile]]) -> tuple[Installed, ...]:
    """What a station holds that confirmed these profiles (EVSE, profile), oldest first; those against the rules not."""
    held: tuple[Installed, ...] = ()
    for evse, profile in confirmed:
        try:
            held = install(held, evse, profile, relative_caps=True)
        except ProfileError:
            continue
    return held


def allowed(rack: Rack, at: datetime, span: timedelta) -> tuple[tuple[datetime, float], ...]:
    """What the profiles allow the whole station, in kW, from each instant on: OCPP's composite schedule.

    Where they say nothing it is what the station can do. Nothing at all where it holds no profile.
    """
    if not rack.held:
        return ()
    schedule = compose(
        [rack.speaking(evse) for evse in rack.evses],
        at=at,
        duration_s=round(span.total_seconds()),
        unit=RateUnit.W,
        transaction_starts=[rack.start_of(evse) for evse in rack.evses],
        unlimited=rack.max_kw * 1000.0,
    )
    begin = schedule.start or at
    steps = ((begin + timedelta(seconds=period.start_s), period.limit / 1000.0) for period in schedule.periods)
    # periods that differ in their phases alone are one step of power
    return tuple(next(same) for _kw, same in groupby(steps, key=lambda step: step[1]))


def binding(rack: Rack, at: datetime) -> Installed | None:
    """The profile that holds the station down now; None where none does.

    Of a station's maximum and what its charges may have together, the lower binds; among the charges, the tightest.
    """
    total = allowed(rack, at, timedelta(minutes=1))
    if not total or total[0][1] >= rack.max_kw:
        return None
    kw = total[0][1]
    caps = [one for one in rack.held if one.profile.purpose in _CAPS]
    found = [(watts, one) for one in caps if (watts := _alone(one, at, None)) <= kw * 1000.0 + 0.5]
    if not found:
        found = [
            (watts, one)
            for evse in rack.evses
            for one in _leading(rack, evse)
            if isfinite(watts := _alone(one, at, rack.start_of(evse)))
        ]
    if not found:
        return None
    return min(found, key=lambda pair: (pair[0], -pair[1].profile.stack_level))[1]


def _leading(rack: Rack, evse: int) -> Sequence[Installed]:
    """Profiles of charges that speak for an EVSE: those of its own charge before the default."""
    speaking = rack.speaking(evse)
    here = [one for one in rack.held if one.profile in speaking and one.profile.purpose not in _CAPS]
    own = [one for one in here if one.profile.purpose is Purpose.TX]
    return own or here


def _alone(one: Installed, at: datetime, start: datetime | None) -> float:
    """What one profile by itself allows now, in W; infinite where it says nothing."""
    schedule = composite([one.profile], at=at, duration_s=1, unit=RateUnit.W, transaction_start=start)
    return schedule.periods[0].limit
