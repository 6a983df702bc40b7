"""Plan the night: the best rounds found within a time budget.

`solve` compiles the problem and lets an engine search. An incumbent is kept, and told to `progress`, only when it could
be driven as it is. Where an engine is missing or fails, the next of its chain goes on from there, and `fallbacks` says
so; the last of the chain is plain insertion.
"""

from __future__ import annotations

import time
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Literal, get_args

from routing.errors import SolveError
from routing.solve.away import Away, find_away
from routing.solve.ground import compile_problem
from routing.solve.incumbent import Incumbent, Phase, Progress
from routing.solve.ruin import Search
from routing.solve.start import filled, mend, recall
from routing.solve.steps import StepClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from routing.plan import Plan
    from routing.problem import Problem

__all__ = ["Engine", "Phase", "Progress", "solve"]

Engine = Literal["portfolio", "own", "ortools", "pyvrp"]

CHAIN: dict[Engine, tuple[Engine, ...]] = {
    "portfolio": ("portfolio", "own"),
    "pyvrp": ("pyvrp", "own"),
    "ortools": ("ortools", "own"),
    "own": ("own",),
}
"""Which engines are tried, one after the other."""

SMALL, SMALL_BASE, SMALL_BIN = 80, 0.5, 0.1
"""Below so many bins the budget is at most this many seconds, and this many a bin: more finds nothing."""


def solve(
    problem: Problem,
    seconds: float,
    seed: int = 0,
    *,
    engine: Engine = "portfolio",
    progress: Callable[[Progress], None] | None = None,
    warm: Plan | None = None,
    tick: Callable[[], float] = time.monotonic,
    workers: int = 1,
    executor: Executor | None = None,
    fallbacks: list[str] | None = None,
    iterations: int | None = None,
) -> Plan:
    """The best plan found in `seconds`; it passes `routing.check`, whatever happens to an engine.

    `engine` chooses who searches: "portfolio" (PyVRP's trips, CP-SAT's choice, our polish), or one alone. Days of under
    80 bins are given less than asked for. `warm` is a plan to start from. `tick` is the clock of the budget. With
    `workers` above 1, an `executor`, or a cluster (see `routing.solve.executors`), parts of the portfolio's search run
    there. What went wrong on the way is appended to `fallbacks`, one line each. With `iterations` the budget is that
    many steps of the search instead of time: the same problem, seed and steps then give the same plan on one worker
    (but for "ortools", which ends by time only). Raises SolveError for a budget that is not above 0 and for an engine
    there is not.
    """
    if not seconds > 0:
        raise SolveError(f"a search of {seconds} s finds nothing; give it more than 0 s")
    if iterations is not None and iterations <= 0:
        raise SolveError(f"a search of {iterations} steps finds nothing; give it more than 0 steps")
    if engine not in get_args(Engine):
        raise SolveError(f"no engine is called {engine!r}; there are {', '.join(get_args(Engine))}")
    if iterations is not None:
        tick = StepClock(seconds / iterations)
    notes = fallbacks if fallbacks is not None else []
    begun = tick()
    ground = compile_problem(problem)
    if ground.count < SMALL and iterations is None:
        seconds = min(seconds, SMALL_BASE + SMALL_BIN * ground.count)
    best = Incumbent(ground, seconds, begun, tick, progress)
    random = Random(seed)
    if any(any(rig.allowed) for rig in ground.rigs if rig.index not in ground.fixed):  # else no truck is left to plan
        _begin(best, random, warm)
        for name in CHAIN[engine]:
            try:
                _search(name, best, random, partial(find_away, workers, executor, notes))
            except Exception as error:  # noqa: BLE001 - whatever an engine raises, the night must have a plan
                notes.append(f"{name} failed ({type(error).__name__}: {error}); went on without it")
            else:
                break
        else:
            _insert(best, random)
            notes.append("no engine could search; the rounds are those of plain insertion")
    best.tell("done")
    return best.plan()


def _begin(best: Incumbent, random: Random, warm: Plan | None) -> None:
    """A first incumbent: the warm plan as far as it goes; tours settled by hand, and nothing else, without one."""
    if warm is not None:
        best.offer(recall(best.ground, warm), random)  # as it is first: no bin put in may make it worse
        best.accept(filled(best.ground, best.sequences, random))
    elif best.ground.fixed:
        best.accept(filled(best.ground, {}, random))


def _insert(best: Incumbent, random: Random) -> None:
    """Bins put where they cost least, one after the other: a plan where every engine failed."""
    found = filled(best.ground, best.sequences, random)
    if not best.accept(found):
        best.accept(Search(best.ground, mend(best.ground, found.sequences()), random))


def _search(engine: Engine, best: Incumbent, random: Random, away: Callable[[], AbstractContextManager[Away]]) -> None:
    """Run one engine until the budget ends. The imports are here so that a missing library is one engine's matter."""
    if engine == "portfolio":
        from routing.solve.portfolio import search_portfolio

        with away() as others:
            search_portfolio(best, random, others)
    elif engine == "pyvrp":
        from routing.solve.portfolio import search_pyvrp

        search_pyvrp(best, random)
    elif engine == "ortools":
        from routing.solve.own import search_ortools

        search_ortools(best, random)
    else:
        from routing.solve.own import search_own

        search_own(best, random)
