"""Which bins on which night: a week of nights, each with room for so many, at the least cost of overflows and stops.

Emptying a bin on night k costs `overflow_cost` times the chance that it overflows before; emptying it early wastes the
part of its cycle that was left, at the price of a stop. Every bin starts on its cheapest night; a night that is too
full passes on those that lose least by another (their loss is what a place in that night is worth, its price). What a
bin is worth tonight is then what its best later night would cost, that night's price included: a night of rest or a
full one ahead makes tonight dearer to miss. Rolling: tonight is planned in full, what is said of later nights is a
draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
FREE = np.inf


@dataclass(frozen=True, slots=True)
class Room:
    """One night: how many bins its crews can empty."""

    day: date
    stops: float


@dataclass(frozen=True, slots=True)
class Wish:
    """One bin over the nights.

    `risk[k]`: the chance that it overflows before night k's round; one entry more than nights, for the round after the
    last. `open_on[k]`: a truck of its stream works that night. `cycle_days`: from empty to full. `held`: the night it
    is bound to, if any.
    """

    bin: str
    risk: tuple[float, ...]
    open_on: tuple[bool, ...]
    cycle_days: float
    held: int | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """`night` by bin (None: after the last), what emptying each tonight is worth, and the price of a place by night."""

    night: dict[str, int | None]
    value: dict[str, float]
    price: tuple[float, ...]


def spread(wishes: Sequence[Wish], rooms: Sequence[Room], *, overflow_cost: float, stop_cost: float) -> Spread:
    """Give every bin its night.

    No night is given more than its room as long as another has some; bins that are held stay, even where there is none.
    """
    nights = len(rooms)
    if not wishes:
        return Spread({}, {}, (0.0,) * nights)
    cost = _costs(wishes, nights, overflow_cost, stop_cost)
    chosen = np.argmin(cost, axis=1)
    free = np.array([wish.held is None for wish in wishes])
    room = np.array([*(each.stops for each in rooms), FREE])
    price = np.zeros(nights + 1)
    for _ in range(nights + 1):
        moved = False
        for night in range(nights):
            moved |= _relieve(night, cost, chosen, free, room, price)
        if not moved:
            break
    later = cost[:, 1:] + price[1:]
    saved = later.min(axis=1) - cost[:, 0] + stop_cost
    value = np.where(np.isfinite(cost[:, 0]), np.maximum(0.0, saved), 0.0)
    return Spread(
        night={wish.bin: int(at) if at < nights else None for wish, at in zip(wishes, chosen.tolist(), strict=True)},
        value={wish.bin: round(worth, 2) for wish, worth in zip(wishes, value.tolist(), strict=True)},
        price=tuple(price[:nights].tolist()),
    )


def _costs(wishes: Sequence[Wish], nights: int, overflow_cost: float, stop_cost: float) -> Table:
    """What each bin costs on each night, the last column after them all; infinite where nobody comes."""
    risk = np.array([wish.risk for wish in wishes], dtype=np.float64)
    cycle = np.array([max(1.0, wish.cycle_days) for wish in wishes])
    spared = np.minimum(1.0, np.arange(nights + 1)[None, :] / cycle[:, None])
    cost: Table = overflow_cost * risk - stop_cost * spared
    able = np.array([(*wish.open_on, True) for wish in wishes])
    cost[~able] = np.inf
    for row, wish in enumerate(wishes):
        if wish.held is not None:
            held = cost[row, wish.held]
            cost[row] = np.inf
            cost[row, wish.held] = held if np.isfinite(held) else 0.0
    return cost


def _relieve(
    night: int, cost: Table, chosen: NDArray[np.int64], free: NDArray[np.bool_], room: Table, price: Table
) -> bool:
    """Pass on what is too much for a night, the cheapest losses first; True when anything was."""
    mine = np.flatnonzero(chosen == night)
    over = len(mine) - int(room[night])
    movable = mine[free[mine]]
    if over <= 0 or not len(movable):
        return False
    filled = np.bincount(chosen, minlength=len(room)).astype(np.float64)
    moved = 0
    while moved < over and len(movable):
        spare = filled < room
        spare[night] = False
        options = np.where(spare[None, :], cost[movable], np.inf)
        to = options.argmin(axis=1)
        loss = options[np.arange(len(movable)), to] - cost[movable, night]
        order = np.argsort(loss, kind="stable")
        if not np.isfinite(loss[order[0]]):
            break
        taken = []
        for at in order.tolist():
            goal = int(to[at])
            if moved >= over or not np.isfinite(loss[at]):
                break
            if filled[goal] >= room[goal]:
                continue  # full by now: looked at again with the nights that are left
            chosen[movable[at]] = goal
            filled[goal] += 1
            filled[night] -= 1
            price[night] = max(price[night], float(loss[at]))
            moved += 1
            taken.append(at)
        movable = np.delete(movable, taken)
        if not taken:
            break
    return moved > 0
