"""The exact optimum of a night as one minimum-cost flow.

truck --cell--> slot --room--> grid        energy bought in that slot at that slot's price
truck --------fall-back------> grid        the same, as far as power is kept free for its EVSE anyway
truck --------unserved-------> grid        energy the truck must go without, dear

Without minimum powers the charging problem is a transportation problem, so integral flow gives the linear programme's
optimum (to one energy unit) in a fraction of its time. Margins are dear arcs beside the cheap ones: used only where a
truck would otherwise go short.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from ortools.graph.python import min_cost_flow

from chargers.errors import ScheduleError
from chargers.schedule.grid import Floats, Grid, Ints

PRICE_STEPS = 1_000_000
"""Whole-number cost of the dearest price of the night. Costs are relative, so any currency will do."""

EARLY_SHARE = 5e-4
"""The preference for early slots never outweighs more than this share of the dearest price (keeps 0.1 % of optimal)."""

MARGIN_COST = 3 * PRICE_STEPS
UNSERVED_COST = 20 * PRICE_STEPS


def cell_costs(grid: Grid) -> Ints:
    """Whole-number cost per energy unit [N,T]: price, small preference for early, dear after the planned finish.

    Tight trucks and those already charging feel the preference more, so they go first inside one price. A truck with
    less slack than margins.urgent_hours pays the same at every hour: only early counts for it.
    """
    night, (trucks, slots) = grid.night, grid.stays.shape
    price = np.asarray(night.price, dtype=np.float64)
    scale = PRICE_STEPS / max(float(np.abs(price).max()), 1e-9)
    eagerness = np.empty(trucks)
    eagerness[np.argsort(-grid.slack_hours, kind="stable")] = 1.0 + 2.0 * np.arange(trucks) / max(1, trucks)
    eagerness += [truck.charging for truck in night.trucks]
    early = PRICE_STEPS * EARLY_SHARE / 4.0 * np.outer(eagerness, np.arange(1, slots + 1) / slots)
    urgent = grid.slack_hours < night.margins.urgent_hours
    priced = np.where(urgent[:, None], price.min(), price) * scale + early
    return np.asarray(np.round(priced) + MARGIN_COST * grid.late, dtype=np.int64)


def cheapest_flow(grid: Grid, costs: Ints) -> Ints:
    """Energy units [N,T] of the cheapest plan that serves as much as can be. ScheduleError if OR-Tools gives up."""
    trucks, slots = grid.stays.shape
    row, column = np.nonzero(grid.cell_cap)
    cells = len(row)
    slot_node = np.arange(trucks, trucks + slots, dtype=np.int32)
    truck_node = np.arange(trucks, dtype=np.int32)
    sink = trucks + slots
    groups = list(_free_groups(grid, costs))
    free_row = np.concatenate([group.rows for group in groups]) if groups else np.empty(0, np.intp)

    solver = min_cost_flow.SimpleMinCostFlow()
    add = solver.add_arcs_with_capacity_and_unit_cost
    above_free = grid.cell_cap - grid.cell_free
    add(row.astype(np.int32), slot_node[column], above_free[row, column], costs[row, column])
    for group in groups:
        add(group.rows.astype(np.int32), np.full(len(group.rows), sink, np.int32), group.most, group.costs)
    to_sink = np.full(slots, sink, np.int32)
    add(slot_node, to_sink, grid.easy_room, np.zeros(slots, np.int64))
    add(slot_node, to_sink, grid.room - grid.easy_room, np.full(slots, MARGIN_COST, np.int64))
    add(truck_node, np.full(trucks, sink, np.int32), grid.need, unserved_costs(grid))
    supplies = np.concatenate([grid.need, np.zeros(slots, np.int64), [-grid.need.sum()]])
    solver.set_nodes_supplies(np.arange(sink + 1, dtype=np.int32), supplies)
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise ScheduleError(f"the flow solver answered {status.name}: check prices and powers for absurd figures")

    energy = np.zeros((trucks, slots), np.int64)
    energy[row, column] = solver.flows(np.arange(cells, dtype=np.int32))
    free_flow = solver.flows(np.arange(cells, cells + len(free_row), dtype=np.int32))
    for group, amounts in zip(
        groups, np.split(free_flow, np.cumsum([len(group.rows) for group in groups])), strict=False
    ):
        _spread(energy, group, amounts)
    return energy


@dataclass(frozen=True, slots=True, eq=False)
class _FreeGroup:
    """Free energy of the slots of one price: one arc a truck, as nothing but the price tells these slots apart."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    free: Ints  # [rows, columns]
    most: Ints  # [rows]
    costs: Ints  # [rows]


def _free_groups(grid: Grid, costs: Ints) -> Iterator[_FreeGroup]:
    if not grid.cell_free.any():
        return
    levels, level = np.unique(np.asarray(grid.night.price, dtype=np.float64), return_inverse=True)
    for price, late in product(range(len(levels)), (False, True)):
        columns = np.flatnonzero(level == price)
        free = np.where(grid.late[:, columns] == late, grid.cell_free[:, columns], 0)
        most = free.sum(axis=1)
        rows = np.flatnonzero(most)
        if len(rows):
            cost = np.where(free[rows] > 0, costs[rows][:, columns], 0).sum(axis=1) // (free[rows] > 0).sum(axis=1)
            yield _FreeGroup(rows, columns, free[rows], most[rows], cost)


def _spread(energy: Ints, group: _FreeGroup, amounts: Ints) -> None:
    """Give a group's energy to its slots: first where the truck charges above its fall-back, then the earliest."""
    used = energy[np.ix_(group.rows, group.columns)]
    order = np.argsort(used == 0, axis=1, kind="stable")
    free = np.take_along_axis(group.free, order, axis=1)
    before = np.cumsum(free, axis=1) - free
    parts = np.empty_like(free)
    np.put_along_axis(parts, order, np.clip(amounts[:, None] - before, 0, free), axis=1)
    energy[np.ix_(group.rows, group.columns)] = used + parts


def unserved_costs(grid: Grid) -> Ints:
    """Cost of leaving one unit of each truck unserved [N]: above every price and margin even at priority 0."""
    priority: Floats = np.array([truck.priority for truck in grid.night.trucks], dtype=np.float64)
    return np.round(UNSERVED_COST * (1.0 + np.minimum(priority, 100.0))).astype(np.int64)
