"""What a collection truck draws from its battery: driving, lifting, compacting, tipping, and what runs all shift.

    E = sum over legs of d (a0 + a1 m) + c (tare + m) up  +  lifts e_l  +  tonnes e_c  +  tips e_t  +  hours aux

with d the kilometres of a leg, m the tonnes on board while driving it and up the metres it climbs, where heights are
known: c = g / 3600 / 0.85, nothing won back downhill. The defaults are assumptions that give 1.8 to 3 kWh/km in city
service; published figures for battery trucks are 2.1 to 2.25 kWh/km all-in (Dennis eCollect 4x2) and at most 3.1
kWh/km (Renault E-Tech D Wide 26t). Fit them per truck from meter values and odometer.

Errors of such a model come from what a whole shift shares (weather, driver, tyres, traffic), so they do not average out
over the legs: the standard deviation is a share of the sum, and the P90 a constant factor on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from routing.errors import ProblemError

Z90 = 1.2815515655446004
"""The standard normal quantile that nine days in ten stay below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruckEnergy:
    """The model's figures for one truck. `spread`: standard deviation of a shift's energy as a share of its mean."""

    kwh_per_km: float = 1.0
    kwh_per_t_km: float = 0.03
    kwh_per_lift: float = 0.05
    kwh_per_t: float = 1.5
    kwh_per_tip: float = 0.5
    aux_kw: float = 3.0
    kwh_per_t_climbed: float = 9.81 / 3600 / 0.85
    """For a tonne lifted a metre by driving uphill."""
    tare_t: float = 0.0
    """Of the empty truck; 0: unknown, and climbing is not counted."""
    spread: float = 0.10

    def __post_init__(self) -> None:
        for name in ("kwh_per_km", "kwh_per_t_km", "kwh_per_lift", "kwh_per_t", "kwh_per_tip", "aux_kw",
                     "kwh_per_t_climbed", "tare_t", "spread"):  # fmt: skip
            if not getattr(self, name) >= 0:
                raise ProblemError(f"truck energy: {name} is {getattr(self, name)}, it must be 0 or more")


def drive(energy: TruckEnergy, metres: float, kg: float, climb: float = 0) -> float:
    """Expected kWh of a leg of `metres` that rises by `climb`, with `kg` on board, without what runs by the hour."""
    kwh = metres / 1000 * (energy.kwh_per_km + energy.kwh_per_t_km * kg / 1000)
    return kwh + energy.kwh_per_t_climbed * (energy.tare_t + kg / 1000) * climb if climb and energy.tare_t else kwh


def lift(energy: TruckEnergy, kg: float) -> float:
    """Expected kWh of emptying one bin of `kg` into the body and compacting it."""
    return energy.kwh_per_lift + energy.kwh_per_t * kg / 1000


def run(energy: TruckEnergy, seconds: float) -> float:
    """Expected kWh of auxiliaries (cab, steering, brakes' air) over `seconds` on duty."""
    return energy.aux_kw * seconds / 3600


def p90(energy: TruckEnergy, kwh: float) -> float:
    """The kWh that nine shifts in ten stay below, when `kwh` is expected."""
    return kwh * (1 + Z90 * energy.spread)
