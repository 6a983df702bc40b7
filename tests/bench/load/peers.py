"""Other planners on the benchmark's problem, each modelled as somebody who knows it well would.

All take CPU seconds of this process and answer `Rounds`. They model what the benchmark's cities hold: one depot, sites
that are always open, no breaks, energy by the kilometre.
"""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import groupby
from typing import Any

import numpy as np
from load.rounds import Rounds, shed, trim

from routing.problem import Problem, Site, Truck

MILLI = 1_000
"""Solvers of whole numbers count money in thousandths: with a price of 1 a kilometre that is the metre."""

SHUT_OUT = 10_000_000
"""Metres into a street too narrow for a truck."""


class CpuBudget:
    """PyVRP's stopping criterion for seconds of processor time, its model's construction included."""

    def __init__(self, seconds: float, begun: float) -> None:
        self._seconds = seconds
        self._begun = begun

    def __call__(self, best_cost: float) -> bool:
        return time.process_time() - self._begun >= self._seconds

    @property
    def fraction_remaining(self) -> float:
        return max(0.0, 1 - (time.process_time() - self._begun) / self._seconds)


def solve_with_pyvrp(problem: Problem, seconds: float, seed: int) -> Rounds:
    """PyVRP alone: one run of its whole search, default parameters, alike trucks as one vehicle type.

    Bins are clients (optional ones with their prize), sites are reload depots, and the end is a virtual depot that is
    reached over the nearest site: so every truck comes home empty and the last tip costs no reload.
    """
    import pyvrp

    begun = time.process_time()
    metres, durations = _with_end(problem)
    end = len(metres) - 1
    wide = metres.copy()
    narrow = [visit.location for visit in problem.visits if visit.narrow]
    wide[:, narrow] = wide[narrow, :] = SHUT_OUT
    np.fill_diagonal(wide, 0)
    horizon = max(truck.ends for truck in problem.trucks)
    locations = [pyvrp.Location(0, 0) for _ in range(end + 1)]
    clients = [
        pyvrp.Client(
            visit.location,
            pickup=[visit.kg, visit.litres],
            service_duration=visit.service_seconds,
            tw_early=visit.opens,
            tw_late=min(visit.closes, horizon),
            prize=0 if visit.mandatory else round(visit.value * MILLI),
            required=visit.mandatory,
        )
        for visit in problem.visits
        if visit.location is not None
    ]
    sites = [
        pyvrp.Depot(site.location, site.opens, min(site.closes, horizon), site.unload_seconds) for site in problem.sites
    ]
    depots = [pyvrp.Depot(problem.depots[0].location, 0, horizon), pyvrp.Depot(end, 0, horizon), *sites]
    alike = [list(trucks) for _, trucks in groupby(problem.trucks, key=_kind)]
    types = [
        pyvrp.VehicleType(
            num_available=len(trucks),
            capacity=[trucks[0].kg, trucks[0].litres],
            start_depot=0,
            end_depot=1,
            fixed_cost=round(trucks[0].fixed_cost * MILLI),
            tw_early=trucks[0].starts,
            tw_late=trucks[0].ends,
            shift_duration=trucks[0].ends - trucks[0].starts,
            max_distance=_most_metres(trucks[0]),
            unit_distance_cost=round(trucks[0].cost_per_km),
            profile=0 if trucks[0].narrow else 1,
            reload_depots=list(range(2, 2 + len(sites))),
            max_reloads=trucks[0].max_tips - 1,
        )
        for trucks in alike
    ]
    data = pyvrp.ProblemData(locations, clients, depots, types, [metres, wide], [durations, durations])
    found = pyvrp.solve(data, CpuBudget(seconds, begun), seed=seed, collect_stats=False, display=False)
    halts: dict[str, list[str]] = {}
    waiting = [list(trucks) for trucks in alike]
    for route in found.best.routes():
        trips: list[str] = []
        for activity in list(route)[1:-1]:
            if activity.is_client():
                trips.append(problem.visits[activity.idx].bin)
            elif trips:
                trips.append(problem.sites[activity.idx - 2].place)
        if trips:
            truck = waiting[route.vehicle_type()].pop(0)
            halts[truck.truck] = _end_at_a_site(problem, trips)
    return halts


def solve_with_vroom(problem: Problem, seconds: float, seed: int) -> Rounds:
    """VROOM: each bin a shipment to the site that is least detour on its way home, unloading a setup of that halt.

    VROOM weighs no prize against a detour: mandatory bins get the highest priority, the others one by their prize, and
    optional bins that cost more than they are worth are taken off afterwards. It knows no bound on tips a shift. Its
    search takes no seed, and its limit is wall time of one thread.
    """
    del seed
    import vroom

    task = vroom.Input()
    task.set_durations_matrix("car", problem.seconds.astype(np.uint32))
    task.set_distances_matrix("car", problem.metres.astype(np.uint32))
    task.set_costs_matrix("car", problem.metres.astype(np.uint32))
    home = problem.depots[0].location
    for number, truck in enumerate(problem.trucks):
        task.add_vehicle(
            vroom.Vehicle(
                number,
                start=home,
                end=home,
                capacity=[truck.kg, truck.litres],
                skills={1} if truck.narrow else set(),
                time_window=vroom.TimeWindow(truck.starts, truck.ends),
                costs=vroom.VehicleCosts(fixed=round(truck.fixed_cost * MILLI)),
                max_distance=min(_most_metres(truck), 10**9),
            )
        )
    dearest = max(visit.value for visit in problem.visits) or 1.0
    for number, visit in enumerate(problem.visits):
        site = min(problem.sites, key=lambda site, at=visit.location: _way_home(problem, at, site))
        task.add_shipment(
            vroom.ShipmentStep(
                2 * number,
                visit.location,
                default_service=visit.service_seconds,
                time_windows=[vroom.TimeWindow(visit.opens, min(visit.closes, problem.trucks[0].ends))],
            ),
            vroom.ShipmentStep(2 * number + 1, site.location, default_setup=site.unload_seconds),
            amount=vroom.Amount([visit.kg, visit.litres]),
            skills={1} if visit.narrow else set(),
            priority=100 if visit.mandatory else round(visit.value / dearest * 50),
        )
    found = task.solve(exploration_level=5, nb_threads=1, timeout=timedelta(seconds=seconds))
    places = {site.location: site.place for site in problem.sites}
    bins = {visit.location: visit.bin for visit in problem.visits}
    steps = found.routes.sort_values(["vehicle_id", "arrival"], kind="stable")
    halts: dict[str, list[str]] = {}
    for number, at, kind in zip(steps["vehicle_id"], steps["location_index"], steps["type"], strict=True):
        trips = halts.setdefault(problem.trucks[int(number)].truck, [])
        if kind == "pickup":
            trips.append(bins[int(at)])
        elif kind == "delivery" and trips and trips[-1] != places[int(at)]:
            trips.append(places[int(at)])
    return shed(problem, trim(problem, halts))


def _kind(truck: Truck) -> tuple[Any, ...]:
    return (
        truck.depot,
        truck.kg,
        truck.litres,
        truck.starts,
        truck.ends,
        truck.max_tips,
        truck.narrow,
        truck.spendable_kwh,
        truck.fixed_cost,
        truck.cost_per_km,
    )


def _most_metres(truck: Truck) -> int:
    if truck.spendable_kwh is None:
        return 10**9
    return int(truck.spendable_kwh / truck.energy.kwh_per_km * 1000)


def _with_end(problem: Problem) -> tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.int64]]]:
    """Metres and seconds with one location more: the end, reached over the site that makes the way home shortest."""
    size = len(problem.metres)
    home = problem.depots[0].location
    metres = np.zeros((size + 1, size + 1), np.int64)
    seconds = np.zeros((size + 1, size + 1), np.int64)
    metres[:size, :size], seconds[:size, :size] = problem.metres, problem.seconds
    over = [problem.metres[:, site.location] + problem.metres[site.location, home] for site in problem.sites]
    lasts = [
        problem.seconds[:, site.location] + site.unload_seconds + problem.seconds[site.location, home]
        for site in problem.sites
    ]
    chosen = np.argmin(over, axis=0)
    rows = np.arange(size)
    metres[:size, size], seconds[:size, size] = np.array(over)[chosen, rows], np.array(lasts)[chosen, rows]
    for site in problem.sites:  # from a site, empty: straight home
        metres[site.location, size] = problem.metres[site.location, home]
        seconds[site.location, size] = problem.seconds[site.location, home]
    metres[home, size] = seconds[home, size] = 0
    metres[size, :size], seconds[size, :size] = SHUT_OUT, 0
    return metres, seconds


def _end_at_a_site(problem: Problem, halts: list[str]) -> list[str]:
    """`halts` with the last tip, at the site that makes the way home shortest."""
    where = {visit.bin: visit.location for visit in problem.visits}
    last = where.get(halts[-1])
    if last is None:
        return halts
    return [*halts, min(problem.sites, key=lambda site: _way_home(problem, last, site)).place]


def _way_home(problem: Problem, at: int, site: Site) -> int:
    return int(problem.metres[at, site.location] + problem.metres[site.location, problem.depots[0].location])
