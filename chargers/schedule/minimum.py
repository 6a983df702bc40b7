"""Zero or minimum: no charger gives less than 6 A, so the flow's thin cells are dropped to 0 or raised.

The flow leaves 2 to 3 % of its cells below the minimum, mostly a truck's remainder. Each is mended by itself, by
whichever of these is cheapest: its energy moves to other slots of the truck (drop); the slot is raised to the minimum
with energy of the truck's other slots (raise); the same in a slot the truck did not use. Where the site is full
everywhere, a rival gives way in the slot and charges later. Room and cell limits are kept at every step, so no
repair can overload the site.
"""

from dataclasses import dataclass

import numpy as np

from chargers.schedule.grid import Grid, Ints


def repair_minimum(grid: Grid, costs: Ints, energy: Ints) -> Ints:
    """Energy units [N,T] with every cell 0 or between cell_min and cell_cap; sums within room wherever `energy` was."""
    repair = _Repair(grid, costs, energy.copy(), grid.room - energy.sum(axis=0))
    for row, slot in np.argwhere((energy > 0) & (energy < grid.cell_min)):
        repair.mend(int(row), int(slot))
    return repair.energy


@dataclass(slots=True, eq=False)
class _Repair:
    grid: Grid
    costs: Ints
    energy: Ints
    spare: Ints

    def mend(self, row: int, slot: int) -> None:
        """Empty one thin cell, or fill it to its minimum."""
        mine, least, cost = self.energy[row], self.grid.cell_min[row], self.costs[row]
        thin = int(mine[slot])
        if not 0 < thin < least[slot]:
            return  # an earlier mend of this truck already emptied or filled it
        mine[slot] = 0
        self.spare[slot] += thin

        can_take = np.where(mine > 0, np.minimum(self.grid.cell_cap[row] - mine, self.spare), 0)
        dropped = _fill(can_take, np.argsort(cost, kind="stable"), thin)
        drop_cost = int(dropped @ cost) if int(dropped.sum()) == thin else None

        target = self._slot_to_raise(row, slot, thin)
        if target is None and drop_cost is None:
            target = self._slot_of_a_rival(row, slot)
        if target is not None:
            need = int(least[target])
            given = _fill(np.maximum(mine - least, 0), np.argsort(-cost, kind="stable"), max(0, need - thin))
            if drop_cost is None or need * int(cost[target]) - int(given @ cost) < drop_cost:
                # What its other slots cannot give is bought on top: the truck takes no more than its battery holds.
                mine -= given
                self.spare += given
                mine[target] += need
                self.spare[target] -= need
                return
        mine += dropped
        self.spare -= dropped

    def _slot_to_raise(self, row: int, slot: int, thin: int) -> int | None:
        """The cheapest slot the truck does not use with room for its minimum: the thin one or another."""
        least = self.grid.cell_min[row]
        may = (self.energy[row] == 0) & (least >= thin) & (least > 0) & (self.spare >= least)
        if may[slot]:
            return slot
        slots = np.flatnonzero(may)
        return int(slots[self.costs[row, slots].argmin()]) if len(slots) else None

    def _slot_of_a_rival(self, row: int, slot: int) -> int | None:
        """Room for the minimum in this slot: one rival gives the rest of it and takes it back in a slot with room."""
        lack = int(self.grid.cell_min[row, slot]) - int(self.spare[slot])
        above_least = self.energy[:, slot] - self.grid.cell_min[:, slot]
        above_least[row] = 0
        for rival in np.argsort(-above_least, kind="stable"):
            if above_least[rival] < lack:
                return None
            theirs = self.energy[rival]
            can_take = np.where(theirs > 0, np.minimum(self.grid.cell_cap[rival] - theirs, self.spare), 0)
            can_take[slot] = 0
            taken = _fill(can_take, np.argsort(self.costs[rival], kind="stable"), lack)
            if int(taken.sum()) == lack:
                theirs += taken
                self.spare -= taken
                theirs[slot] -= lack
                self.spare[slot] += lack
                return slot
        return None


def _fill(most: Ints, order: Ints, amount: int) -> Ints:
    """Split an amount over slots in an order, each up to its most; less than the amount where they hold no more."""
    sorted_most = most[order]
    before = np.cumsum(sorted_most) - sorted_most
    parts = np.empty_like(most)
    parts[order] = np.clip(amount - before, 0, sorted_most)
    return parts
