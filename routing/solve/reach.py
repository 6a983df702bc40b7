"""How far a battery goes, in metres: the bound PyVRP is given in place of energy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.solve.tour import Tour

if TYPE_CHECKING:
    from routing.solve.ground import Ground
    from routing.solve.rig import Rig
    from routing.solve.ruin import Sequences

FULL = 0.7
"""Share of the loads a truck could tip in a day that an ordinary day brings."""

LEAST, KNOWN = 0.3, 0.5
"""Share of the battery that is for driving at least, and use from which a tour says what a metre takes."""

CHARGED = 1.5
"""Batteries a truck is taken to use when it can charge on the way."""


def reach_of(ground: Ground, tours: Sequences) -> dict[int, int]:
    """Metres a day of each rig with a battery: as its tour in `tours` uses it, else by an ordinary day's loads."""
    reach = {}
    for rig in ground.rigs:
        if rig.kwh_limit == float("inf"):
            continue
        limit = rig.kwh_limit * (CHARGED if rig.charge_kw > 0 else 1.0)
        tour = Tour(ground, rig, list(tours.get(rig.index, ())))
        if tour.kwh >= KNOWN * rig.kwh_limit and tour.metres:
            reach[rig.index] = int(tour.metres * limit / tour.kwh)
        else:
            reach[rig.index] = int(_ordinary(ground, rig, limit))
    return reach


def _ordinary(ground: Ground, rig: Rig, limit: float) -> float:
    truck, energy = rig.truck, rig.truck.energy
    kg = sum(ground.kg[: ground.count])
    loaded = min(kg, FULL * truck.max_tips * truck.kg)
    halts = loaded / (kg / ground.count) if kg else 0.0
    still = (
        halts * energy.kwh_per_lift
        + loaded / 1000 * energy.kwh_per_t
        + truck.max_tips * energy.kwh_per_tip
        + (rig.ends - rig.starts) / 3600 * energy.aux_kw
    )
    by_metre = (energy.kwh_per_km + energy.kwh_per_t_km * truck.kg / 2000) / 1000
    return max(LEAST * limit, limit - still) / by_metre if by_metre else 1e9
