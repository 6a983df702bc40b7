"""A night as whole numbers on a grid of trucks x slots: what the flow, the repair and the explanation all work on."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chargers.errors import ScheduleError
from chargers.schedule.problem import Night, TruckNeed

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]

UNIT_KWH = 0.001
"""Energy is counted in Wh on the grid side: coarser saves no time, and at 100 Wh loses 2 % of a 7.4 kW charger."""

ACCEPTANCE_PER_HOUR = 0.5
"""Power a battery accepts at its knee, in shares of its capacity (0.5 C); above it falls linearly to 1.02 of full."""

_SLACK = 1e-6  # against 549.9999999 units where 550 is meant


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Shapes: N trucks, T slots. Energies in UNIT_KWH on the grid side, powers in kW.

    stays[N,T]: whole slots plugged in, from now on; late[N,T]: inside the stay but after its planned finish;
    need[N]; cell_cap[N,T], cell_min[N,T]: most and least energy of a truck in a slot (0 outside its stay);
    cell_free[N,T]: the part of it that is its EVSE's fall-back, for which others_kw[T] already keeps power free;
    room[T]: most the trucks may have together above those; easy_room[T]: the part outside the reserve; hours[T]: what
    is left of each slot; power[N]: planned power after the taper; slack_hours[N]: stay less charging time at `power`.
    """

    night: Night
    first: int
    hours: Floats
    stays: Bools
    late: Bools
    need: Ints
    cell_cap: Ints
    cell_min: Ints
    cell_free: Ints
    fallback_kw: Floats
    raw_room_kw: Floats
    others_kw: Floats
    room: Ints
    easy_room: Ints
    power: Floats
    max_kw: Floats
    efficiency: Floats
    slack_hours: Floats


def effective_kw(truck: TruckNeed) -> float:
    """Mean power a truck can take over the rest of its charge, given that its battery tapers.

    Constant power up to the knee, then acceptance g (1.02 - soc) of the capacity per hour with g = 0.5 / (1 - knee):
    the bulk takes linear time, the tail ln((1.02 - s0) / (1.02 - s1)) / (g efficiency). max_kw where the battery is
    unknown.
    """
    remaining = truck.remaining_kwh
    if truck.battery_kwh is None or truck.soc is None or remaining == 0.0:
        return truck.max_kw
    battery = truck.battery_kwh
    slope = ACCEPTANCE_PER_HOUR / (1.0 - truck.knee)
    at_full = 1.02 - truck.max_kw / (slope * battery)  # state of charge where the battery begins to refuse max_kw
    full = min(1.0, truck.soc + remaining / battery)
    if full <= at_full:
        return truck.max_kw
    soc = min(truck.soc, full)
    tail_from = max(soc, at_full)
    tail_hours = float(np.log((1.02 - tail_from) / (1.02 - full))) / (slope * truck.efficiency)
    bulk_hours = max(0.0, at_full - soc) * battery / truck.efficiency / truck.max_kw
    hours = bulk_hours + tail_hours
    if hours <= 0.0:
        return truck.min_kw  # said to be full and to need more: whatever it takes will be little
    return min(truck.max_kw, max(truck.min_kw, remaining / truck.efficiency / hours))


def lay_out(night: Night) -> Grid:
    """The night on its grid. Raises ScheduleError, naming truck or slot, where the night contradicts itself."""
    _check(night)
    slots, trucks = night.slots, night.trucks
    slot = timedelta(minutes=night.slot_minutes)
    now = max(night.now, night.start) if night.now is not None else night.start
    first = int((now - night.start) / slot)
    hours = np.full(slots, night.slot_minutes / 60.0)
    hours[:first] = 0.0
    hours[first] = (night.slot_start(first + 1) - now).total_seconds() / 3600.0

    slot_seconds = slot.total_seconds()
    arrives = _slots_after(night.start, [truck.arrives for truck in trucks], slot_seconds)
    leaves = _slots_after(night.start, [truck.ready_by for truck in trucks], slot_seconds)
    from_slot = np.where([truck.arrives <= now for truck in trucks], first, np.ceil(arrives - _SLACK))
    finish = np.floor(leaves - night.margins.finish_early_minutes / night.slot_minutes + _SLACK)
    index = np.arange(slots)
    stays = (index >= from_slot[:, None]) & (index < np.floor(leaves + _SLACK)[:, None]) & (hours > 0.0)
    late = stays & (index >= finish[:, None])

    efficiency = _column(truck.efficiency for truck in trucks)
    max_kw = _column(truck.max_kw for truck in trucks)
    power = _column(effective_kw(truck) for truck in trucks)
    grid_kwh = _column(truck.remaining_kwh for truck in trucks) / efficiency

    fallback_kw = _column(truck.fallback_kw for truck in trucks)
    free, least, most = _cells(fallback_kw, _column(truck.min_kw for truck in trucks), power, hours)
    others_kw = np.array(night.others_kw, dtype=np.float64) if len(night.others_kw) else np.zeros(slots)
    others_kw += _fallback_kw(trucks, stays)
    limit_kw = np.asarray(night.limit_kw, dtype=np.float64)
    raw_room_kw = limit_kw - np.asarray(night.base_kw, dtype=np.float64) - others_kw - night.margin_kw
    reserve_kw = limit_kw * night.margins.limit_share
    if night.now is not None:
        reserve_kw[first] = 0.0  # nothing can surprise a slot that has begun as much as an unused limit costs
    return Grid(
        night=night,
        first=first,
        hours=hours,
        stays=stays,
        late=late,
        need=np.ceil(grid_kwh / UNIT_KWH - _SLACK).astype(np.int64),
        cell_cap=np.where(stays, most, 0.0).astype(np.int64),
        cell_min=np.where(stays, least, 0.0).astype(np.int64),
        cell_free=np.where(stays, free, 0.0).astype(np.int64),
        fallback_kw=fallback_kw,
        raw_room_kw=raw_room_kw,
        others_kw=others_kw,
        room=units(raw_room_kw, hours),
        easy_room=units(raw_room_kw - reserve_kw, hours),
        power=power,
        max_kw=max_kw,
        efficiency=efficiency,
        slack_hours=stays @ hours - grid_kwh / power,
    )


def _cells(fallback_kw: Floats, min_kw: Floats, power: Floats, hours: Floats) -> tuple[Floats, Floats, Floats]:
    """Units [N,T] of a slot that are free, the least above 0 and the most.

    A power under the fall-back rounds up, as that much is kept free exactly; what is above it rounds so that no sum of
    cells takes more than their powers (least up, most down).
    """
    free = _rounded_up(np.minimum(fallback_kw, power), hours)
    least = np.where(
        (min_kw > fallback_kw)[:, None],
        free + _rounded_up(np.maximum(min_kw - fallback_kw, 0.0), hours),
        _rounded_up(min_kw, hours),
    )
    most = free + np.floor(np.outer(np.maximum(power - fallback_kw, 0.0), hours) / UNIT_KWH + _SLACK)
    return free, least, np.maximum(least, most)


def _rounded_up(kw: Floats, hours: Floats) -> Floats:
    return np.asarray(np.ceil(np.outer(kw, hours) / UNIT_KWH - _SLACK))


def room_used(grid: Grid, energy: Ints) -> Ints:
    """Room a plan takes [T]: what each cell has above its fall-back."""
    return np.asarray(np.maximum(energy - grid.cell_free, 0).sum(axis=0))


def units(kw: Floats, hours: Floats) -> Ints:
    """Energy units that fit under a power in each slot, rounded down, never negative."""
    return np.floor(np.maximum(0.0, kw) * hours / UNIT_KWH + _SLACK).astype(np.int64)


def _slots_after(start: datetime, times: list[datetime], slot_seconds: float) -> Floats:
    return np.array([(time - start).total_seconds() for time in times], dtype=np.float64) / slot_seconds


def _column(figures: object) -> Floats:
    return np.fromiter(figures, dtype=np.float64)  # type: ignore[call-overload,no-any-return]  # any iterable of floats


def _fallback_kw(trucks: tuple[TruckNeed, ...], stays: Bools) -> float:
    """Fall-back power of all the plan's EVSEs, each once. Two trucks at one EVSE must follow one another."""
    at_evse: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row, truck in enumerate(trucks):
        at_evse[truck.station, truck.evse].append(row)
    for (station, evse), rows in at_evse.items():
        for one, other in combinations(rows, 2):
            if (stays[one] & stays[other]).any():
                raise ScheduleError(
                    f"{trucks[one].truck} and {trucks[other].truck} are both at {station} EVSE {evse} at the same "
                    f"time: give one of them another EVSE or another stay"
                )
    return sum(max(trucks[row].fallback_kw for row in rows) for rows in at_evse.values())


def _check(night: Night) -> None:
    slots = night.slots
    if slots == 0 or night.slot_minutes <= 0:
        raise ScheduleError("the night has no slots: give limit_kw one figure a slot and slot_minutes above 0")
    for name, figures in (("base_kw", night.base_kw), ("price", night.price), ("others_kw", night.others_kw)):
        if len(figures) not in ((slots, 0) if name == "others_kw" else (slots,)):
            raise ScheduleError(f"{name} has {len(figures)} figures for {slots} slots: give one a slot")
    for name, figures in (("limit_kw", night.limit_kw), ("base_kw", night.base_kw), ("price", night.price)):
        if not np.isfinite(np.asarray(figures, dtype=np.float64)).all():
            raise ScheduleError(f"{name} has a slot without a finite figure: fill the gap before planning")
    if night.now is not None and night.now >= night.slot_start(slots):
        raise ScheduleError(f"now ({night.now:%Y-%m-%d %H:%M}) is after the night: begin a new one")
    _check_trucks(night.trucks)


def _check_trucks(trucks: tuple[TruckNeed, ...]) -> None:
    seen: set[str] = set()
    for truck in trucks:
        if truck.truck in seen:
            raise ScheduleError(f"truck {truck.truck} is in the night twice: add its needs up")
        seen.add(truck.truck)
        if not 0.0 < truck.min_kw <= truck.max_kw:
            raise ScheduleError(
                f"truck {truck.truck}: charging power must be 0 < min_kw <= max_kw, "
                f"not {truck.min_kw:g} to {truck.max_kw:g} kW: correct the charger's or truck's figures"
            )
        if not (0.0 < truck.efficiency <= 1.0 and truck.priority >= 0.0 and 0.0 <= truck.kwh < float("inf")):
            raise ScheduleError(
                f"truck {truck.truck}: needs 0 < efficiency <= 1, priority >= 0 and a finite kwh >= 0, "
                f"not {truck.efficiency:g}, {truck.priority:g} and {truck.kwh:g}"
            )
        if not ((truck.battery_kwh is None or truck.battery_kwh > 0.0) and truck.knee < 1.0):
            raise ScheduleError(
                f"truck {truck.truck}: needs a battery_kwh above 0 (or None) and a knee below 1, "
                f"not {truck.battery_kwh} and {truck.knee:g}"
            )
