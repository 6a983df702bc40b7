"""Why a truck goes short, read from the minimum cut, and what would do.

Slots on the source side of the minimum cut are the ones whose room holds the whole shortage up; outside them a short
truck's own charger is the limit. Options are re-solved, not guessed: the extra limit by Newton steps on the cut (its
value is linear in the limit while the cut stays), later departures and faster chargers on the room the plan leaves.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

import numpy as np
from ortools.graph.python import max_flow

from chargers.schedule.grid import UNIT_KWH, Bools, Grid, Ints, room_used, units
from chargers.schedule.problem import Binding, Mend, Option, Shortfall, TruckNeed

WORTH_TELLING_KWH = 0.5
WORTH_TELLING_SHARE = 0.01
"""A truck with 99 % of its need, or all but half a kWh, is ready: what it lacks is rounding, not a shortfall."""

FASTEST_CHARGER_KW = 400.0
NAMED_RIVALS = 3
NAMED_STRETCHES = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    served: int
    site_bound: Bools  # [T] slots whose room is what holds everything up


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """What is the same for every truck that a plan leaves short."""

    grid: Grid
    energy: Ints  # [N,T]
    spare: Ints  # [T] room the plan leaves
    site_bound: Bools  # [T]
    more_limit: float | None
    shared_outlets: frozenset[tuple[str, int]]  # EVSEs with several trucks one after another


def explain_shortfalls(grid: Grid, energy: Ints) -> tuple[Shortfall, ...]:
    """One Shortfall per truck that `energy` leaves short of ready, largest first."""
    remaining = np.array([truck.remaining_kwh for truck in grid.night.trucks])
    missing = np.minimum(remaining, (grid.need - energy.sum(axis=1)) * UNIT_KWH * grid.efficiency)
    worth = np.array([max(WORTH_TELLING_KWH, WORTH_TELLING_SHARE * truck.kwh) for truck in grid.night.trucks])
    rows = [int(row) for row in np.argsort(-missing, kind="stable") if missing[row] >= worth[row]]
    if not rows:
        return ()
    outlets = Counter((truck.station, truck.evse) for truck in grid.night.trucks)
    case = _Case(
        grid=grid,
        energy=energy,
        spare=grid.room - room_used(grid, energy),
        site_bound=_minimum_cut(grid, grid.need, grid.room).site_bound,
        more_limit=_more_limit(grid),
        shared_outlets=frozenset(outlet for outlet, trucks in outlets.items() if trucks > 1),
    )
    return tuple(_explain(case, row, float(missing[row])) for row in rows)


def _minimum_cut(grid: Grid, need: Ints, room: Ints) -> _Cut:
    trucks, slots = grid.stays.shape
    source, sink = trucks + slots, trucks + slots + 1
    row, column = np.nonzero(grid.cell_cap)
    truck_node = np.arange(trucks, dtype=np.int32)
    slot_node = np.arange(trucks, trucks + slots, dtype=np.int32)
    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(np.full(trucks, source, np.int32), truck_node, need)
    above_free = grid.cell_cap - grid.cell_free
    solver.add_arcs_with_capacity(row.astype(np.int32), slot_node[column], above_free[row, column])
    solver.add_arcs_with_capacity(truck_node, np.full(trucks, sink, np.int32), grid.cell_free.sum(axis=1))
    solver.add_arcs_with_capacity(slot_node, np.full(slots, sink, np.int32), room)
    solver.solve(source, sink)
    source_side = np.zeros(sink + 1, dtype=bool)
    source_side[solver.get_source_side_min_cut()] = True
    return _Cut(int(solver.optimal_flow()), source_side[trucks : trucks + slots])


def _more_limit(grid: Grid) -> float | None:
    """Least kW more, in every slot, with which the site keeps no truck short; None if it keeps none short now."""
    need = np.minimum(grid.need, grid.cell_cap.sum(axis=1))
    wanted = int(need.sum())
    more_kw = 0.0
    for _ in range(40):
        cut = _minimum_cut(grid, need, units(grid.raw_room_kw + more_kw, grid.hours))
        bound_hours = float(grid.hours[cut.site_bound].sum())
        if cut.served >= wanted or bound_hours == 0.0:
            break
        more_kw += max(0.1, (wanted - cut.served) * UNIT_KWH / bound_hours)
    return float(np.ceil(more_kw * 10.0) / 10.0) if more_kw > 0.0 and cut.served >= wanted else None


def _explain(case: _Case, row: int, kwh: float) -> Shortfall:
    grid, truck, stay = case.grid, case.grid.night.trucks[row], case.grid.stays[row]
    bound = stay & case.site_bound
    filled = case.energy[row] >= grid.cell_cap[row]
    if not stay.any():
        binding, where = Binding.TIME, stay
    elif bound.any():
        binding, where = Binding.SITE, bound
    elif filled[stay].all():
        binding, where = Binding.CHARGER, stay
    else:
        binding, where = Binding.MINIMUM, stay & ~filled
    site_helps = binding is Binding.SITE and case.more_limit is not None
    found = (
        Option(Mend.MORE_LIMIT, kw=case.more_limit) if site_helps else None,
        _later_departure(case, row),
        _faster_charger(case, row) if binding is Binding.CHARGER else None,
    )
    bare = Shortfall(
        truck=truck.truck,
        station=truck.station,
        kwh=round(kwh, 2),
        of_kwh=truck.kwh,
        ready_by=truck.ready_by,
        binding=binding,
        hours=_stretches(grid, where),
        rivals=_rivals(case, bound, row),
        options=tuple(option for option in found if option is not None),
        reason="",
    )
    return replace(bare, reason=_sentence(bare, truck, float(grid.power[row]), grid.night.start.tzinfo))


def _later_departure(case: _Case, row: int) -> Option | None:
    """First slot end by which the room left after ready_by fills the truck at its power; None within this night."""
    grid, spare, truck = case.grid, case.spare, case.grid.night.trucks[row]
    if (truck.station, truck.evse) in case.shared_outlets:
        return None  # the next truck waits for this EVSE
    leaves = (truck.ready_by - grid.night.start).total_seconds() / 60.0 / grid.night.slot_minutes
    arrives = (truck.arrives - grid.night.start).total_seconds() / 60.0 / grid.night.slot_minutes
    index = np.arange(len(spare))
    after = (index >= np.floor(leaves + 1e-6)) & (index >= np.ceil(arrives - 1e-6)) & (index >= grid.first)
    most = units(np.full(len(spare), grid.power[row]), grid.hours)
    least = np.ceil(truck.min_kw * grid.hours / UNIT_KWH)
    offered = np.minimum(most, spare + units(np.full(len(spare), truck.fallback_kw), grid.hours))
    offered = np.where(after & (offered >= least), offered, 0)
    enough = np.cumsum(offered) >= int(grid.need[row] - case.energy[row].sum())
    if not enough.any():
        return None
    return Option(Mend.LATER_DEPARTURE, ready_by=grid.night.slot_start(int(enough.argmax()) + 1))


def _faster_charger(case: _Case, row: int) -> Option | None:
    """Least charger power that fills the truck in its stay on the room the plan leaves, up to FASTEST_CHARGER_KW."""
    grid, stay = case.grid, case.grid.stays[row]
    reach = np.where(stay, case.spare + np.maximum(case.energy[row], grid.cell_free[row]), 0)
    low, high = float(grid.max_kw[row]), FASTEST_CHARGER_KW

    def fills(kw: float) -> bool:
        return bool(np.minimum(units(np.where(stay, kw, 0.0), grid.hours), reach).sum() >= grid.need[row])

    if not fills(high):
        return None
    while high - low > 0.1:
        middle = (low + high) / 2.0
        low, high = (low, middle) if fills(middle) else (middle, high)
    return Option(Mend.FASTER_CHARGER, kw=float(np.ceil(high)))


def _rivals(case: _Case, bound: Bools, row: int) -> tuple[str, ...]:
    taken = case.energy @ bound
    taken[row] = 0
    order = np.argsort(-taken, kind="stable")[: np.count_nonzero(taken)]
    return tuple(case.grid.night.trucks[other].truck for other in order)


def _stretches(grid: Grid, where: Bools) -> tuple[tuple[datetime, datetime], ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    return tuple(
        (grid.night.slot_start(int(begin)), grid.night.slot_start(int(end)))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    )


def _sentence(short: Shortfall, truck: TruckNeed, power: float, zone: tzinfo | None) -> str:
    amount = f"{short.kwh:.0f}" if short.kwh >= 1.0 else f"{short.kwh:.1f}"
    who = f"{short.truck} will be {amount} of {short.of_kwh:.0f} kWh short at {_clock(short.ready_by, zone)}"
    when = _when(short.hours, zone)
    match short.binding:
        case Binding.SITE:
            shared = f", shared with {_names(short.rivals)}" if short.rivals else ""
            why = f"the site limit is used up {when}{shared}"
        case Binding.CHARGER:
            why = f"its charger at {short.station} gives its most, {_kw(power)}, {when}"
        case Binding.TIME:
            why = "it is not plugged in for one whole slot before it leaves"
        case Binding.MINIMUM:
            why = f"what the site has left is less than the {_kw(truck.min_kw)} its charger at {short.station} needs"
    mends = " or ".join(_offer(option, zone) for option in short.options)
    return f"{who}: {why}; {mends} would do" if mends else f"{who}: {why}; no single change found would do"


def _offer(option: Option, zone: tzinfo | None) -> str:
    match option:
        case Option(Mend.LATER_DEPARTURE, ready_by=datetime() as later):
            return f"leaving at {_clock(later, zone)}"
        case Option(Mend.FASTER_CHARGER, kw=float() as power):
            return f"a charger of {_kw(power)}"
        case _:
            return f"{_kw(option.kw or 0.0)} more site limit"


def _when(hours: tuple[tuple[datetime, datetime], ...], zone: tzinfo | None) -> str:
    if len(hours) > NAMED_STRETCHES:
        return f"most of the time from {_clock(hours[0][0], zone)} to {_clock(hours[-1][1], zone)}"
    return "from " + _join([f"{_clock(begin, zone)} to {_clock(end, zone)}" for begin, end in hours]) if hours else ""


def _names(rivals: tuple[str, ...]) -> str:
    more = len(rivals) - NAMED_RIVALS
    return _join([*rivals[:NAMED_RIVALS], *([f"{more} more"] if more > 0 else [])])


def _clock(time: datetime, zone: tzinfo | None) -> str:
    return f"{time.astimezone(zone):%H:%M}"


def _kw(power: float) -> str:
    return f"{power:.1f}".removesuffix(".0") + " kW"


def _join(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
