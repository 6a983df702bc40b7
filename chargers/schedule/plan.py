"""The night's charging plan: lay out, settle on the cheapest energies, lift to ceilings, explain."""

import numpy as np

from chargers.schedule.flow import cell_costs
from chargers.schedule.grid import UNIT_KWH, Floats, Grid, Ints, lay_out
from chargers.schedule.problem import Night, Schedule
from chargers.schedule.settle import cheapest_energy
from chargers.schedule.shortage import explain_shortfalls


def plan_power(night: Night) -> Schedule:
    """The cheapest power per truck and slot that fills every truck by its departure, under the site limit.

    In every slot base load, others_kw, margin_kw and each EVSE at its ceiling or its fall-back, whichever is more, stay
    within limit_kw: whoever falls silent, restarts or never had the plan is already counted (where all that is above
    the limit without a plan, the plan is 0 beyond the fall-backs). Margins are kept where they cost no truck its need.
    Where needs cannot be met, unserved energy is shared by priority and each Shortfall says why.

    The same call re-plans a running night: set `now` and each truck's delivered_kwh, charging and soc. Pure: the same
    night gives the same schedule. Raises ScheduleError where the night contradicts itself.
    """
    grid = lay_out(night)
    costs = cell_costs(grid)
    energy = cheapest_energy(grid, costs)
    kw = _ceilings(grid, energy)
    names = [truck.truck for truck in night.trucks]
    base_kw = np.asarray(night.base_kw, dtype=np.float64)
    site_kw = kw.sum(axis=0) + base_kw
    held_kw = np.maximum(kw - grid.fallback_kw[:, None], 0.0).sum(axis=0) + base_kw + grid.others_kw
    remaining = np.array([truck.remaining_kwh for truck in night.trucks])
    planned = np.minimum(energy.sum(axis=1) * UNIT_KWH * grid.efficiency, remaining)
    return Schedule(
        start=night.start,
        slot_minutes=night.slot_minutes,
        kw=dict(zip(names, map(tuple, kw.tolist()), strict=True)),
        planned_kwh=dict(zip(names, planned.tolist(), strict=True)),
        site_kw=tuple(site_kw.tolist()),
        held_kw=tuple(held_kw.tolist()),
        peak_kw=float(site_kw[grid.first :].max()),
        cost=float(energy.sum(axis=0) @ np.asarray(night.price, dtype=np.float64)) * UNIT_KWH,
        grid_kwh=float(energy.sum()) * UNIT_KWH,
        shortfalls=explain_shortfalls(grid, energy),
    )


def _ceilings(grid: Grid, energy: Ints) -> Floats:
    """The kW to allow [N,T]: planned power, and where room is left what the taper's mean hides.

    A battery that tapers at the end must take more than its mean power before: the difference up to max_kw is handed
    out in the slots the truck charges in, in equal parts of what each wants, never above the room.
    """
    hours = np.where(grid.hours > 0.0, grid.hours, 1.0)
    fallback = grid.fallback_kw[:, None]
    above = (energy - grid.cell_free) * UNIT_KWH / hours
    kw: Floats = np.where(above > 0.0, fallback + above, np.minimum(energy * UNIT_KWH / hours, fallback))
    kw = np.minimum(kw, grid.max_kw[:, None])
    wanted = np.where(energy > 0, np.minimum(grid.max_kw[:, None], kw * (grid.max_kw / grid.power)[:, None]), 0.0)
    used = np.maximum(kw - fallback, 0.0).sum(axis=0)
    asked = np.maximum(wanted - fallback, 0.0).sum(axis=0) - used
    spare = np.maximum(0.0, grid.raw_room_kw - used)
    share = np.minimum(1.0, np.divide(spare, asked, out=np.ones_like(spare), where=asked > 0.0))
    return np.asarray(kw + (wanted - kw) * share)
