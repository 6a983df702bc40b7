"""Battery and on-board charger of a plugged truck: what it draws when a station offers so much.

The pack takes constant power until the taper line meets it, then follows the line, an exponential in time. Both parts
are integrated in closed form, so one step of an hour and sixty steps of a minute end in the same state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

Current = Literal["AC", "DC"]

PHASE_VOLTS = 230.0
MINIMUM_AMPS = 6.0  # IEC 61851-1: a duty cycle below 10 % offers nothing, so the least offer is 6 A a phase
MINIMUM_AC_KW = 3 * PHASE_VOLTS * MINIMUM_AMPS / 1000
MINIMUM_DC_KW = 5.0
TAPER_C_RATE = 0.5  # power the pack takes at its knee, as a multiple of its capacity per hour
TAPER_TARGET = 1.02  # the line aims a little above full, so that full is reached in finite time


@dataclass(frozen=True, slots=True)
class Battery:
    """A pack: usable kWh, the most it draws from the grid over AC and DC, where the taper line stands, losses."""

    capacity_kwh: float
    ac_kw: float
    dc_kw: float
    knee: float = 0.82
    efficiency: float = 0.93


@dataclass(frozen=True, slots=True)
class Plugged:
    """A truck on a cable. `grid_kwh` is what it has drawn since it was plugged, `grid_kw` what it draws now."""

    battery: Battery
    current: Current
    soc: float
    grid_kwh: float = 0.0
    grid_kw: float = 0.0

    @property
    def full(self) -> bool:
        return self.soc >= 1.0

    @property
    def stored_kwh(self) -> float:
        return self.soc * self.battery.capacity_kwh


def draw_kw(state: Plugged, offered_kw: float) -> float:
    """Grid power drawn now: 0 below the least offer of its current type, else up to offer, charger and taper."""
    if state.full:
        return 0.0
    taper = _taper_per_hour(state.battery) * (TAPER_TARGET - state.soc) * state.battery.capacity_kwh
    return min(_steady_kw(state, offered_kw), taper / state.battery.efficiency)


def charge(state: Plugged, offered_kw: float, seconds: float) -> Plugged:
    """The truck after `seconds` under a constant offer: state of charge, meter and power at the end of the step."""
    if seconds < 0:
        raise ValueError(f"a charging step cannot go back in time: {seconds} s")
    pack = state.battery
    steady = _steady_kw(state, offered_kw) * pack.efficiency
    if steady <= 0 or state.full:
        return replace(state, grid_kw=0.0)
    hours = seconds / 3600
    slope = _taper_per_hour(pack)
    taper_from = TAPER_TARGET - steady / (slope * pack.capacity_kwh)
    soc = state.soc
    if soc < taper_from:
        bulk_hours = min(hours, (taper_from - soc) * pack.capacity_kwh / steady)
        soc += bulk_hours * steady / pack.capacity_kwh
        hours -= bulk_hours
    if hours > 0:
        soc = TAPER_TARGET - (TAPER_TARGET - soc) * math.exp(-slope * hours)
    soc = min(1.0, soc)
    taken = (soc - state.soc) * pack.capacity_kwh / pack.efficiency
    after = replace(state, soc=soc, grid_kwh=state.grid_kwh + taken)
    return replace(after, grid_kw=draw_kw(after, offered_kw))


def _steady_kw(state: Plugged, offered_kw: float) -> float:
    least, most = (
        (MINIMUM_AC_KW, state.battery.ac_kw) if state.current == "AC" else (MINIMUM_DC_KW, state.battery.dc_kw)
    )
    power = min(offered_kw, most)
    return power if power >= least - 1e-9 else 0.0


def _taper_per_hour(pack: Battery) -> float:
    return TAPER_C_RATE / (1 - pack.knee)
