"""One planner on one city in a process of its own: prints its score, processor time and peak memory as a JSON object.

python tests/bench/load/night_child.py BINS CITY_SEED SOLVER SECONDS SOLVER_SEED

SOLVER is `pyvrp` or `vroom` (the peers), or one of the product's own engines. The city is made before the clock starts;
the score is taken after it stops.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # first: routing.py of the benchmarks is no package

from load.rounds import NotAPlan, drive, measure, trim
from load.waste_city import waste_city

from routing.plan import Plan
from routing.problem import Problem

PEERS = ("pyvrp", "vroom")
LEAST_AGAIN = 0.1
"""Share of the budget left over that is worth going on with: OR-Tools ends by wall time, early on a busy machine."""


def plan_with(problem: Problem, solver: str, seconds: float, seed: int) -> Plan:
    """The plan of one solver; a peer's answer is timed, and trimmed to what can be driven when it broke a rule."""
    if solver not in PEERS:
        from routing.solve import solve

        begun = time.process_time()
        plan = solve(problem, seconds, seed, engine=solver, tick=time.process_time)
        while (left := seconds - (time.process_time() - begun)) > LEAST_AGAIN * seconds:
            plan = solve(problem, left, seed, engine=solver, warm=plan, tick=time.process_time)
        return plan
    from load import peers

    rounds = {"pyvrp": peers.solve_with_pyvrp, "vroom": peers.solve_with_vroom}[solver](problem, seconds, seed)
    plan = drive(problem, rounds)
    try:
        measure(problem, plan)
    except NotAPlan:
        return drive(problem, trim(problem, rounds))
    return plan


def main() -> None:
    bins, city, solver, seconds, seed = sys.argv[1:]
    problem = waste_city(int(bins), int(city))
    wall, cpu = time.monotonic(), time.process_time()
    plan = plan_with(problem, solver, float(seconds), int(seed))
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN)
    peaks = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, helpers.ru_maxrss)
    score = measure(problem, plan)
    print(
        json.dumps(
            asdict(score)
            | {
                "cpu_s": round(cpu + helpers.ru_utime + helpers.ru_stime, 2),
                "wall_s": round(wall, 2),
                "peak_mb": round(max(peaks) / (1024 if sys.platform != "darwin" else 1024**2)),
            }
        )
    )


if __name__ == "__main__":
    main()
