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
    """Energy units [N,T] with every cell 0 or between cell_min and cell_cap; sums within room wherever `energy` was.

    The reserve beside easy_room is touched only where a repair finds no other way.
    """
    repair = _Repair(grid, costs, energy.copy(), room_used(grid, energy))
    for row, slot in np.argwhere((energy > 0) & (energy < grid.cell_min)):
        repair.mend(int(row), int(slot))
    return repair.energy


@dataclass(slots=True, eq=False)
class _Repair:
    grid: Grid
    costs: Ints
    energy: Ints
    used: Ints

    def mend(self, row: int, slot: int) -> None:
        """Empty one thin cell, or fill it to its minimum."""
        thin = int(self.energy[row, slot])
        if not 0 < thin < self.grid.cell_min[row, slot]:
            return  # an earlier mend of this truck already emptied or filled it
        self._set(row, slot, 0)
        if self._place(row, slot, thin, self.grid.easy_room) or self._place(row, slot, thin, self.grid.room):
            return
        if self._make_way(row, slot):
            self._raise(row, slot, thin)
        else:
            self._move(row, self._dropped(row, thin, self.grid.room))

    def _place(self, row: int, slot: int, thin: int, room: Ints) -> bool:
        """Drop or raise within a room, whichever is cheaper; false if neither can be."""
        cost = self.costs[row]
        dropped = self._dropped(row, thin, room)
        drop_cost = int(dropped @ cost) if int(dropped.sum()) == thin else None
        target = self._slot_to_raise(row, slot, thin, room)
        if target is not None:
            need = int(self.grid.cell_min[row, target])
            raise_cost = need * int(cost[target]) - int(self._given(row, need - thin) @ cost)
            if drop_cost is None or raise_cost < drop_cost:
                self._raise(row, target, thin)
                return True
        if drop_cost is not None:
            self._move(row, dropped)
        return drop_cost is not None

    def _dropped(self, row: int, thin: int, room: Ints) -> Ints:
        """Where a thin cell's energy goes: the cheapest slots the truck uses anyway."""
        return _fill(self._can_take(row, room), np.argsort(self.costs[row], kind="stable"), thin)

    def _given(self, row: int, lack: int) -> Ints:
        """What the truck's dearest slots give above their minimum."""
        most = np.maximum(self.energy[row] - self.grid.cell_min[row], 0)
        return _fill(most, np.argsort(-self.costs[row], kind="stable"), max(0, lack))

    def _raise(self, row: int, slot: int, thin: int) -> None:
        """Use a slot at its minimum. What the other slots cannot give for it is bought on top: the truck takes no more
        than its battery holds.
        """
        need = int(self.grid.cell_min[row, slot])
        self._move(row, -self._given(row, need - thin))
        self._set(row, slot, need)

    def _slot_to_raise(self, row: int, slot: int, thin: int, room: Ints) -> int | None:
        """The cheapest slot the truck does not use with room for its minimum: the thin one or another."""
        least = self.grid.cell_min[row]
        has_room = room - self.used + self.grid.cell_free[row] >= least
        may = (self.energy[row] == 0) & (least >= thin) & (least > 0) & has_room
        if may[slot]:
            return slot
        slots = np.flatnonzero(may)
        return int(slots[self.costs[row, slots].argmin()]) if len(slots) else None

    def _make_way(self, row: int, slot: int) -> bool:
        """Make room for the minimum in this slot: one rival gives what lacks and takes it back in another."""
        grid = self.grid
        lack = int(grid.cell_min[row, slot] - grid.cell_free[row, slot] - (grid.room - self.used)[slot])
        can_give = self.energy[:, slot] - np.maximum(grid.cell_min[:, slot], grid.cell_free[:, slot])
        can_give[row] = 0
        for rival in np.argsort(-can_give, kind="stable"):
            if can_give[rival] < lack:
                return False
            can_take = self._can_take(int(rival), grid.room)
            can_take[slot] = 0
            taken = _fill(can_take, np.argsort(self.costs[rival], kind="stable"), lack)
            if int(taken.sum()) == lack:
                taken[slot] = -lack
                self._move(int(rival), taken)
                return True
        return False

    def _can_take(self, row: int, room: Ints) -> Ints:
        """Energy each slot the truck uses could take on top [T]."""
        mine, free = self.energy[row], self.grid.cell_free[row]
        spare = np.maximum(room - self.used, 0) + np.maximum(free - mine, 0)
        return np.where(mine > 0, np.minimum(self.grid.cell_cap[row] - mine, spare), 0)

    def _move(self, row: int, change: Ints) -> None:
        mine, free = self.energy[row], self.grid.cell_free[row]
        self.used -= np.maximum(mine - free, 0)
        mine += change
        self.used += np.maximum(mine - free, 0)

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
