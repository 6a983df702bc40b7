"""The cheapest energies a charger can really give: flow first, minimum powers after.

Most nights the flow's few thin cells are repaired one by one for next to nothing. Where that costs more (a small, full
site), thin cells are decided together instead, each by its nearer end, and everything else is solved again around them.
"""

from dataclasses import replace

import numpy as np

from chargers.schedule.flow import cheapest_flow, unserved_costs
from chargers.schedule.grid import Grid, Ints
from chargers.schedule.minimum import repair_minimum

WORTH_SOLVING_AGAIN = 1e-3
"""Share of the money or of the energy a repair may lose without another solve."""

ROUNDS = 2


def cheapest_energy(grid: Grid, costs: Ints) -> Ints:
    """Energy units [N,T]: every cell 0 or between cell_min and cell_cap, sums within room."""
    ideal = cheapest_flow(grid, costs)
    mended = repair_minimum(grid, costs, ideal)
    if not _loses_much(grid, ideal, mended):
        return mended
    decided = repair_minimum(grid, costs, _decide_thin_cells(grid, costs, ideal))
    return min(mended, decided, key=lambda energy: _total(grid, costs, energy))


def _loses_much(grid: Grid, ideal: Ints, mended: Ints) -> bool:
    price = np.asarray(grid.night.price, dtype=np.float64)
    dearer = float((mended - ideal).sum(axis=0) @ price)
    left_out = int((_missing(grid, mended) - _missing(grid, ideal)).sum())
    money, energy = float(ideal.sum(axis=0) @ np.abs(price)), int(ideal.sum())
    return dearer > WORTH_SOLVING_AGAIN * money or left_out > WORTH_SOLVING_AGAIN * energy


def _missing(grid: Grid, energy: Ints) -> Ints:
    return np.asarray(np.maximum(0, grid.need - energy.sum(axis=1)))


def _total(grid: Grid, costs: Ints, energy: Ints) -> int:
    return int((costs * energy).sum() + unserved_costs(grid) @ _missing(grid, energy))


def _decide_thin_cells(grid: Grid, costs: Ints, energy: Ints) -> Ints:
    """Close each thin cell or hold it at its minimum, solve the rest again, and so on while new ones appear."""
    closed = np.zeros(energy.shape, dtype=bool)
    held = np.zeros_like(energy)
    for _ in range(ROUNDS):
        thin = (energy > 0) & (energy < grid.cell_min)
        if not thin.any():
            break
        up = thin & (2 * energy >= grid.cell_min)
        with_up = np.where(up, grid.cell_min, held)
        full = np.maximum(with_up - grid.cell_free, 0).sum(axis=0) > grid.room
        held = np.where(full, held, with_up)
        closed |= thin & ~up
        above = np.maximum(held - grid.cell_free, 0).sum(axis=0)
        rest = replace(
            grid,
            need=np.maximum(grid.need - held.sum(axis=1), 0),
            cell_cap=np.where(closed, 0, grid.cell_cap - held),
            cell_free=np.where(closed, 0, np.maximum(grid.cell_free - held, 0)),
            room=grid.room - above,
            easy_room=np.maximum(grid.easy_room - above, 0),
        )
        energy = cheapest_flow(rest, costs) + held
    return energy
