"""From trucks and their shifts to the planner's trucks; what a second shift may spend of the battery."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from fleet.tables import Shift
from fleet.tables import Truck as TruckRow
from routing.energy import TruckEnergy
from routing.errors import ProblemError
from routing.night.gather import Situation
from routing.problem import Break, Truck

PLUG_SECONDS = 900
"""Between coming home and drawing power, and again before leaving, together."""
EFFICIENCY = 0.93
"""Of a kWh from the grid that ends in the battery."""


@dataclass(frozen=True, slots=True)
class Crews:
    """The trucks of a problem, the row and shift behind each, and who could not be planned with, in words."""

    trucks: tuple[Truck, ...]
    rows: Mapping[str, tuple[TruckRow, Shift]]
    without: tuple[str, ...]


def name_crew(truck_id: str, shift_id: str, *, first: bool) -> str:
    """What the planner calls a truck in a shift: the truck's name for its first of the day, TRUCK@SHIFT for others."""
    return truck_id if first else f"{truck_id}@{shift_id}"


def man_trucks(situation: Situation, reserve: float, depots: Collection[str]) -> Crews:
    """Every truck with a shift as the planner's truck; one whose rows make no sense is left out, and named."""
    trucks: list[Truck] = []
    rows: dict[str, tuple[TruckRow, Shift]] = {}
    without = [f"truck {name} is out of service" for name in situation.missing]
    for row, shift in situation.crews:
        name = name_crew(row.truck_id, shift.shift_id, first=row.truck_id not in rows)
        try:
            _refuse_astray(row, depots)
            trucks.append(_truck(situation, name, row, shift, reserve))
        except (ProblemError, ValueError) as error:
            without.append(str(error))
            continue
        rows[name] = (row, shift)
    return Crews(_share_batteries(situation, trucks, rows), rows, tuple(without))


def _refuse_astray(row: TruckRow, depots: Collection[str]) -> None:
    lost = {row.depot_id, row.end_depot_id or row.depot_id} - set(depots)
    if lost:
        raise ProblemError(f"truck {row.truck_id}: its depot {', '.join(sorted(lost))} is none, or off the streets")


def _truck(situation: Situation, name: str, row: TruckRow, shift: Shift, reserve: float) -> Truck:
    starts = situation.at(shift.starts)
    rest = None
    if shift.break_minutes > 0:
        opens = situation.at(shift.break_from, after=starts - 1)
        rest = Break(seconds=shift.break_minutes * 60, opens=opens, closes=situation.at(shift.break_until, after=opens))
    return Truck(
        truck=name,
        vehicle=row.truck_id,
        depot=row.depot_id,
        ends_at=row.end_depot_id,
        litres=int(row.capacity_l * row.compaction),
        kg=int(row.capacity_kg),
        starts=starts,
        ends=situation.at(shift.ends, after=starts),
        streams=frozenset(row.streams),
        rest=rest,
        max_tips=row.max_tips,
        narrow=row.narrow,
        energy=TruckEnergy(
            kwh_per_km=row.kwh_per_km,
            kwh_per_t_km=row.kwh_per_t_km,
            kwh_per_lift=row.kwh_per_lift,
            kwh_per_t=row.kwh_per_t,
            aux_kw=row.aux_kw,
            tare_t=row.tare_t,
        ),
        spendable_kwh=None if row.battery_kwh is None else row.battery_kwh * (1 - reserve),
        fixed_cost=row.fixed_cost,
        cost_per_km=row.cost_per_km,
        cost_per_hour=row.cost_per_hour,
        overtime_seconds=row.overtime_minutes * 60,
        overtime_per_hour=row.overtime_per_hour,
        service_pace=row.service_pace,
        charge_kw=(row.max_charge_kw or 0.0) if row.battery_kwh is not None else 0.0,
    )


def _share_batteries(
    situation: Situation, trucks: list[Truck], rows: Mapping[str, tuple[TruckRow, Shift]]
) -> tuple[Truck, ...]:
    """Shifts of one vehicle share what is in its battery and what it can take in between them.

    Each gets by its length, never more than what is there if those before spend all of theirs: whatever the rounds
    turn out to be, none can count on a kWh that another has used.
    """
    shifts: dict[str, list[Truck]] = {}
    for truck in trucks:
        if truck.spendable_kwh is not None:
            shifts.setdefault(truck.vehicle, []).append(truck)
    several = sum(len(group) > 1 for group in shifts.values())
    shared: dict[str, Truck] = {}
    for group in shifts.values():
        if len(group) < 2:
            continue
        group.sort(key=lambda truck: truck.starts)
        taken = [
            _charged_between(situation, before, after, rows[before.truck][0], several)
            for before, after in pairwise(group)
        ]
        full = group[0].spendable_kwh or 0.0
        held = full
        for number, truck in enumerate(group):
            lengths = [one.ends - one.starts for one in group[number:]]
            share = (held + sum(taken[number:])) * lengths[0] / sum(lengths)
            spends = min(held, share)
            shared[truck.truck] = replace(truck, spendable_kwh=spends)
            if number < len(taken):
                held = min(full, held - spends + taken[number])
    return tuple(shared.get(truck.truck, truck) for truck in trucks)


def _charged_between(situation: Situation, before: Truck, after: Truck, row: TruckRow, several: int) -> float:
    """Energy into the battery between two shifts, when every truck with two shifts charges at once."""
    plugs = situation.plugs.get(before.ends_at or before.depot)
    hours = (after.starts - before.ends - before.overtime_seconds - PLUG_SECONDS) / 3600
    if plugs is None or hours <= 0:
        return 0.0
    kw = min(plugs.evse_kw, row.max_charge_kw or plugs.evse_kw, plugs.room_kw / max(1, several))
    if several > plugs.count:
        kw *= plugs.count / several
    return kw * hours * EFFICIENCY
