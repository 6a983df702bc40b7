"""Plan the night: the best rounds found within a time budget.

`solve` compiles the problem and lets an engine search. An incumbent is kept, and told to `progress`, only when it could
be driven as it is.
"""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

from routing.errors import SolveError
from routing.solve.ground import compile_problem
from routing.solve.incumbent import Incumbent, Phase, Progress
from routing.solve.own import search_own

if TYPE_CHECKING:
    from collections.abc import Callable

    from routing.plan import Plan
    from routing.problem import Problem

__all__ = ["Phase", "Progress", "solve"]


def solve(
    problem: Problem,
    seconds: float,
    seed: int = 0,
    *,
    progress: Callable[[Progress], None] | None = None,
    warm: Plan | None = None,
    tick: Callable[[], float] = time.monotonic,
) -> Plan:
    """The best plan found in `seconds`.

    Small problems are given less: half a second and a tenth per bin. `warm` is a plan to start from. `tick` is the
    clock of the budget. Ruin and repair draws from `seed`; OR-Tools is deterministic, but both end by time. Raises
    SolveError for a budget that is not above 0.
    """
    if not seconds > 0:
        raise SolveError(f"a search of {seconds} s finds nothing; give it more than 0 s")
    begun = tick()
    ground = compile_problem(problem)
    seconds = min(seconds, 0.5 + ground.count / 10)
    best = Incumbent(ground, seconds, begun, tick, progress)
    if ground.count:
        search_own(ground, best, Random(seed), warm)
    best.tell("done")
    return best.plan()
