"""Zero or minimum: no charger gives less than 6 A, so the flow's thin cells are dropped to 0 or raised.

The flow leaves 2 to 3 % of its cells below the minimum, mostly a truck's remainder. Each is mended by itself, by
whichever of these is cheapest: its energy moves to other slots of the truck (drop); the slot is raised to the minimum
with energy of the truck's other slots (raise); the same in a slot the truck did not use. Where the site is full
everywhere, a rival gives way in the slot and charges later. Room and cell limits are kept at every step, so no
repair can overload the site.
"""

from dataclasses import dataclass

import numpy as np

from chargers.schedule.grid import Grid, Ints, room_used


def repair_minimum(grid: Grid, costs: Ints, energy: Ints) -> Ints:
    """Energy units [N,T] with every cell 0 or between cell_min and cell_cap; sums within room wherever `energy` was."""
    repair = _Repair(grid, costs, energy.copy(), grid.room - room_used(grid, energy))
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
        self._set(row, slot, 0)

        dropped = _fill(self._can_take(row), np.argsort(cost, kind="stable"), thin)
        drop_cost = int(dropped @ cost) if int(dropped.sum()) == thin else None

        target = self._slot_to_raise(row, slot, thin)
        if target is None and drop_cost is None:
            target = self._slot_of_a_rival(row, slot)
        if target is not None:
            need = int(least[target])
            given = _fill(np.maximum(mine - least, 0), np.argsort(-cost, kind="stable"), max(0, need - thin))
            if drop_cost is None or need * int(cost[target]) - int(given @ cost) < drop_cost:
                # What its other slots cannot give is bought on top: the truck takes no more than its battery holds.
                self._move(row, -given)
                self._set(row, target, need)
                return
        self._move(row, dropped)

    def _slot_to_raise(self, row: int, slot: int, thin: int) -> int | None:
        """The cheapest slot the truck does not use with room for its minimum: the thin one or another."""
        least = self.grid.cell_min[row]
        has_room = self.spare + self.grid.cell_free[row] >= least
        may = (self.energy[row] == 0) & (least >= thin) & (least > 0) & has_room
        if may[slot]:
            return slot
        slots = np.flatnonzero(may)
        return int(slots[self.costs[row, slots].argmin()]) if len(slots) else None

    def _slot_of_a_rival(self, row: int, slot: int) -> int | None:
        """Make room for the minimum in this slot: one rival gives the rest of it and takes it back in another."""
        grid = self.grid
        lack = int(grid.cell_min[row, slot] - grid.cell_free[row, slot] - self.spare[slot])
        can_give = self.energy[:, slot] - np.maximum(grid.cell_min[:, slot], grid.cell_free[:, slot])
        can_give[row] = 0
        for rival in np.argsort(-can_give, kind="stable"):
            if can_give[rival] < lack:
                return None
            can_take = self._can_take(int(rival))
            can_take[slot] = 0
            taken = _fill(can_take, np.argsort(self.costs[rival], kind="stable"), lack)
            if int(taken.sum()) == lack:
                taken[slot] = -lack
                self._move(int(rival), taken)
                return slot
        return None

    def _can_take(self, row: int) -> Ints:
        """Energy each slot the truck uses could take on top [T]."""
        mine, free = self.energy[row], self.grid.cell_free[row]
        most = np.minimum(self.grid.cell_cap[row] - mine, self.spare + np.maximum(free - mine, 0))
        return np.where(mine > 0, most, 0)

    def _move(self, row: int, change: Ints) -> None:
        mine, free = self.energy[row], self.grid.cell_free[row]
        self.spare += np.maximum(mine - free, 0)
        mine += change
        self.spare -= np.maximum(mine - free, 0)

    def _set(self, row: int, slot: int, energy: int) -> None:
        change = np.zeros_like(self.energy[row])
        change[slot] = energy - self.energy[row, slot]
        self._move(row, change)


def _fill(most: Ints, order: Ints, amount: int) -> Ints:
    """Split an amount over slots in an order, each up to its most; less than the amount where they hold no more."""
    sorted_most = most[order]
    before = np.cumsum(sorted_most) - sorted_most
    parts = np.empty_like(most)
    parts[order] = np.clip(amount - before, 0, sorted_most)
    return parts
