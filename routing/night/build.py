"""From the city and its judged bins to the problem the solver is given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fleet.tables import Bin, Place, Shift
from fleet.tables import Truck as TruckRow
from routing.energy import TruckEnergy
from routing.errors import ProblemError
from routing.night.due import Due, Judgement
from routing.night.gather import Situation
from routing.problem import ALWAYS, Break, Depot, Problem, Site, Truck, Visit
from routing.roads import UNREACHABLE, Network, measure_matrix

MAX_TIPS = 3


@dataclass(frozen=True, slots=True)
class Roads:
    """The points of a problem: depots, disposal sites, then bins; and which bins no street of the network is near."""

    points: tuple[tuple[float, float], ...]
    outside: tuple[str, ...]


def build_problem(
    situation: Situation, judged: Mapping[str, Judgement], network: Network, reserve: float
) -> tuple[Problem, Roads]:
    """State the night's problem for every bin that must or may be emptied.

    Raises:
        ProblemError: no trucks, no bins, no disposal site, or a depot or site that lies outside the road network.
    """
    offered = [row for row in situation.bins if judged[row.bin_id].due is not Due.CAN_WAIT]
    if not situation.bins:
        raise ProblemError("no bins: import them with: binwatt import bins FILE")
    if not situation.crews:
        raise ProblemError(f"no truck has a shift on {situation.day}: import trucks, or give one a shift on that day")
    if not situation.disposal:
        raise ProblemError("no disposal site to unload at: import a place with disposal = true")
    places = [*situation.depots, *situation.disposal]
    points = (*((place.lat, place.lon) for place in places), *((row.lat, row.lon) for row in offered))
    matrix = measure_matrix(network, points)
    off = set(matrix.off_network)
    for number, place in enumerate(places):
        if number in off:
            raise ProblemError(
                f"place {place.place_id}: no street within reach of {place.lat:.5f}, {place.lon:.5f}; "
                "correct its position or import roads that reach it"
            )
    depots = len(situation.depots)
    problem = Problem(
        zero=situation.zero,
        seconds=np.where(matrix.seconds >= UNREACHABLE, -1, matrix.seconds).astype(np.int32),
        metres=np.where(matrix.metres >= UNREACHABLE, -1, matrix.metres).astype(np.int32),
        visits=tuple(
            _visit(row, judged[row.bin_id], None if len(places) + number in off else len(places) + number)
            for number, row in enumerate(offered)
        ),
        depots=tuple(Depot(place=place.place_id, location=number) for number, place in enumerate(situation.depots)),
        sites=tuple(
            Site(
                place=place.place_id,
                location=depots + number,
                unload_seconds=place.unload_seconds,
                opens=situation.at(place.opens) if place.opens else 0,
                closes=_closing(situation, place),
            )
            for number, place in enumerate(situation.disposal)
        ),
        trucks=tuple(_truck(situation, row, shift, reserve) for row, shift in situation.crews),
    )
    outside = tuple(row.bin_id for number, row in enumerate(offered) if len(places) + number in off)
    return problem, Roads(points, outside)


def _visit(row: Bin, judged: Judgement, location: int | None) -> Visit:
    # a bin nobody can see is planned at its upper fill
    fill = judged.upper_fill if judged.health in ("silent", "new") else judged.fill_then
    litres = math.ceil(fill * row.capacity_l)
    return Visit(
        bin=row.bin_id,
        location=location,
        litres=max(1, litres),
        kg=max(1, math.ceil(litres * row.density_kg_l)),
        service_seconds=row.service_seconds,
        stream=row.stream,
        mandatory=judged.due is Due.MUST,
        value=judged.value,
        narrow=row.narrow,
    )


def _closing(situation: Situation, place: Place) -> int:
    if place.closes is None:
        return ALWAYS
    return situation.at(place.closes, after=situation.at(place.opens) if place.opens else 0)


def _truck(situation: Situation, row: TruckRow, shift: Shift, reserve: float) -> Truck:
    starts = situation.at(shift.starts)
    rest = None
    if shift.break_minutes > 0:
        opens = situation.at(shift.break_from, after=starts - 1)
        rest = Break(seconds=shift.break_minutes * 60, opens=opens, closes=situation.at(shift.break_until, after=opens))
    return Truck(
        truck=row.truck_id,
        depot=row.depot_id,
        litres=int(row.capacity_l * row.compaction),
        kg=int(row.capacity_kg),
        starts=starts,
        ends=situation.at(shift.ends, after=starts),
        streams=frozenset(row.streams),
        rest=rest,
        max_tips=MAX_TIPS,
        narrow=row.narrow,
        energy=TruckEnergy(
            kwh_per_km=row.kwh_per_km,
            kwh_per_t_km=row.kwh_per_t_km,
            kwh_per_lift=row.kwh_per_lift,
            kwh_per_t=row.kwh_per_t,
            aux_kw=row.aux_kw,
        ),
        spendable_kwh=None if row.battery_kwh is None else row.battery_kwh * (1 - reserve),
        fixed_cost=row.fixed_cost,
        cost_per_km=row.cost_per_km,
        cost_per_hour=row.cost_per_hour,
    )
