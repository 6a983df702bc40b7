"""Benchmark of the depot's schedule: CPU of a whole night's plan, and its cost against other ways to share a site.

python tests/bench/depot.py [--short] [--json] [--seed N]

Random nights of 64 quarter-hours from 16:00: 60 % of trucks at 22 kW AC, 40 % at 50 to 90 kW DC, 50 to 180 kWh each, a
tariff of three posts, a site that is tight, normal or roomy. Measured in CPU time of this process, median of several
runs: `plan` (all of plan_power: checks, flow, minimum powers, fall-backs, explanation). Peers in the same run: `lp`,
the same night without minimum powers as a linear programme (GLOP through pywraplp; its solve alone, and with building
it), and what least laxity first and equal share cost, both with minimum powers and perfect knowledge of arrivals.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from ortools.linear_solver import pywraplp

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from chargers.schedule import MARGINS, NO_MARGINS, Night, Prudence, TruckNeed, plan_power

START = datetime(2026, 1, 12, 16, tzinfo=UTC)
SLOTS = 64
SLOT_HOURS = 0.25
EFFICIENCY = 0.93
PEAK, FULL, OFF_PEAK = 1.4157, 1.0101, 0.7398
SITES = {"tight": 1.0, "normal": 0.72, "roomy": 0.5}
TARGET_MS = {20: 5.0, 500: 50.0}
UNSERVED = 50.0


def random_night(trucks: int, seed: int, site: str) -> Night:
    """One night; `site` sets how much of its limit the needs take (util of SITES over ten and a half hours)."""
    draw = np.random.default_rng(seed)
    arrives = np.clip(draw.normal(1.5, 2.0, trucks), 0.0, 6.5)
    leaves = np.clip(draw.normal(13.5, 0.7, trucks), 12.0, 15.5)
    direct = draw.random(trucks) < 0.4
    most = np.where(direct, draw.choice([50.0, 60.0, 90.0], trucks), 22.0)
    least = np.where(direct, 5.0, 4.14)
    kwh = np.minimum(draw.uniform(50.0, 180.0, trucks), 0.85 * most * (leaves - arrives) * EFFICIENCY)
    base = trucks * 1.5 * (1.0 + 0.3 * np.sin(np.arange(SLOTS) / SLOTS * 2 * np.pi))
    limit = float(np.ceil(kwh.sum() / EFFICIENCY / 10.5 / SITES[site] + base.max()))
    fleet = tuple(
        TruckNeed(
            truck=f"T{row:04}",
            station=f"S{row:04}",
            evse=1,
            kwh=float(kwh[row]),
            arrives=START + timedelta(hours=float(arrives[row])),
            ready_by=START + timedelta(hours=float(leaves[row])),
            max_kw=float(most[row]),
            min_kw=float(least[row]),
            efficiency=EFFICIENCY,
            fallback_kw=float(least[row]),
        )
        for row in range(trucks)
    )
    hours = [(16.0 + (slot + 0.5) * SLOT_HOURS) % 24.0 for slot in range(SLOTS)]
    price = tuple(PEAK if 17 <= hour < 22 else FULL if 7 <= hour < 17 else OFF_PEAK for hour in hours)
    return Night(START, (limit,) * SLOTS, tuple(base.tolist()), price, fleet, margins=NO_MARGINS)


def stays(night: Night) -> np.ndarray:
    """(trucks, slots): whole slots plugged in."""
    first = [np.ceil((truck.arrives - START) / timedelta(hours=SLOT_HOURS)) for truck in night.trucks]
    end = [np.floor((truck.ready_by - START) / timedelta(hours=SLOT_HOURS)) for truck in night.trucks]
    slot = np.arange(SLOTS)
    return (slot >= np.array(first)[:, None]) & (slot < np.array(end)[:, None])


def solve_lp(night: Night) -> tuple[float, float, float]:
    """(CPU milliseconds of the solve, with building the programme, cost per kWh) of the linear optimum."""
    started = time.process_time()
    solver = pywraplp.Solver.CreateSolver("GLOP")
    kept = sum(truck.fallback_kw for truck in night.trucks)
    room = [
        solver.Constraint(0.0, max(0.0, limit - base - kept) * SLOT_HOURS)
        for limit, base in zip(night.limit_kw, night.base_kw, strict=True)
    ]
    objective = solver.Objective()
    bought = []
    for truck, stay in zip(night.trucks, stays(night), strict=True):
        kwh = truck.kwh / truck.efficiency
        need = solver.Constraint(kwh, kwh)
        for slot in np.flatnonzero(stay).tolist():
            free = solver.NumVar(0.0, truck.fallback_kw * SLOT_HOURS, "")
            above = solver.NumVar(0.0, (truck.max_kw - truck.fallback_kw) * SLOT_HOURS, "")
            room[slot].SetCoefficient(above, 1.0)
            for part in (free, above):
                need.SetCoefficient(part, 1.0)
                objective.SetCoefficient(part, night.price[slot])
                bought.append((slot, part))
        missing = solver.NumVar(0.0, kwh, "")
        need.SetCoefficient(missing, 1.0)
        objective.SetCoefficient(missing, UNSERVED)
    objective.SetMinimization()
    begin = time.process_time()
    if solver.Solve() != pywraplp.Solver.OPTIMAL:
        sys.exit("the linear programme found no optimum")
    ended = time.process_time()
    money = sum(night.price[slot] * part.solution_value() for slot, part in bought)
    energy = sum(part.solution_value() for _, part in bought)
    return (ended - begin) * 1e3, (ended - started) * 1e3, money / energy


def share_out(night: Night, policy: str) -> float:
    """Cost per kWh of a rule without a plan: `laxity` or `equal`."""
    stay = stays(night)
    most = np.array([truck.max_kw for truck in night.trucks])
    least = np.array([truck.min_kw for truck in night.trucks])
    need = np.array([truck.kwh for truck in night.trucks]) / EFFICIENCY
    left = need.copy()
    end = SLOTS - stay[:, ::-1].argmax(axis=1)
    money = 0.0
    for slot in range(SLOTS):
        room = night.limit_kw[slot] - night.base_kw[slot]
        waiting = np.flatnonzero(stay[:, slot] & (left > 1e-6))
        want = np.maximum(np.minimum(most, left / SLOT_HOURS), least)
        laxity = (end - slot) * SLOT_HOURS - left / most
        order = waiting[np.argsort(laxity[waiting] if policy == "laxity" else want[waiting], kind="stable")]
        if policy == "equal":
            while least[order].sum() > room and len(order):
                order = order[:-1]
        for place, row in enumerate(order):
            share = room if policy == "laxity" else max(least[row], room / (len(order) - place))
            power = min(want[row], share, room)
            if power < least[row]:
                continue
            energy = min(left[row], power * SLOT_HOURS)
            left[row] -= energy
            room -= power
            money += energy * night.price[slot]
    return money / float(need.sum() - left.sum())


def measure(trucks: int, site: str, seeds: range, runs: int) -> dict[str, float]:
    """Medians of times and means of costs over the nights of one size and site."""
    times: list[float] = []
    nights: list[dict[str, float]] = []
    for seed in seeds:
        night = random_night(trucks, seed, site)
        for _ in range(runs):
            begin = time.process_time()
            schedule = plan_power(night)
            times.append((time.process_time() - begin) * 1e3)
        solved_ms, built_ms, optimum = solve_lp(night)
        nights.append(
            {
                "lp_ms": solved_ms,
                "lp_with_build_ms": built_ms,
                "cost_over_lp": schedule.cost / schedule.grid_kwh / optimum,
                "per_kwh": schedule.cost / schedule.grid_kwh,
                "per_kwh_laxity": share_out(night, "laxity"),
                "per_kwh_equal": share_out(night, "equal"),
                "delivered": sum(schedule.planned_kwh.values()) / sum(truck.kwh for truck in night.trucks),
            }
        )
    return {
        "plan_ms": statistics.median(times),
        "plan_ms_max": max(times),
        **{name: statistics.mean(one[name] for one in nights) for name in nights[0]},
    }


def replan_ms(trucks: int, seed: int, runs: int) -> float:
    """Median CPU milliseconds of a re-plan in mid-night with prudent margins, half of every need delivered."""
    night = random_night(trucks, seed, "normal")
    running = Night(
        night.start,
        night.limit_kw,
        night.base_kw,
        night.price,
        tuple(
            TruckNeed(
                truck.truck,
                truck.station,
                truck.evse,
                truck.kwh,
                truck.arrives,
                truck.ready_by,
                truck.max_kw,
                truck.min_kw,
                fallback_kw=truck.fallback_kw,
                delivered_kwh=truck.kwh / 2,
                charging=True,
                battery_kwh=265.0,
                soc=max(0.0, 1.0 - truck.kwh / 2 / 265.0),
            )
            for truck in night.trucks
        ),
        margins=MARGINS[Prudence.PRUDENT],
        now=START + timedelta(hours=6, minutes=7),
    )
    spent = []
    for _ in range(runs):
        begin = time.process_time()
        plan_power(running)
        spent.append((time.process_time() - begin) * 1e3)
    return statistics.median(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="one night a site instead of four")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    nights, runs = (1, 3) if options.short else (4, 5)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    print("trucks site   plan ms   max   lp ms  built  cost/lp  per kWh: plan laxity  equal  delivered")
    for trucks in (20, 100, 500):
        for site in SITES:
            got = measure(trucks, site, range(options.seed, options.seed + nights), runs)
            figures.setdefault(str(trucks), {})[site] = got
            print(
                f"{trucks:6} {site:7} {got['plan_ms']:6.1f} {got['plan_ms_max']:5.1f} {got['lp_ms']:7.1f} "
                f"{got['lp_with_build_ms']:6.1f} {got['cost_over_lp']:8.4f} {got['per_kwh']:14.3f} "
                f"{got['per_kwh_laxity']:6.3f} {got['per_kwh_equal']:6.3f} {got['delivered']:10.4f}"
            )
    replans = {str(trucks): replan_ms(trucks, options.seed, runs) for trucks in (20, 100, 500)}
    print("re-plan in mid-night, prudent: " + ", ".join(f"{size}: {spent:.1f} ms" for size, spent in replans.items()))
    for trucks, target in TARGET_MS.items():
        worst = max(figures[str(trucks)][site]["plan_ms"] for site in SITES)
        print(f"{trucks} trucks: {worst:.1f} ms at the worst site, target {target:.0f} ms")
    if options.json:
        worst_ms = {size: max(by_site[site]["plan_ms"] for site in SITES) for size, by_site in figures.items()}
        ratios = {
            f"{peer}_over_ours_{size}": by_site["normal"][f"{peer}_ms"] / by_site["normal"]["plan_ms"]
            for size, by_site in figures.items()
            for peer in ("lp", "lp_with_build")
        }
        print(json.dumps({"cpu_ms": worst_ms, "replan_ms": replans, "ratios": ratios, "sites": figures}))


if __name__ == "__main__":
    main()
