"""Searches that run elsewhere while we search here: other starts of a small night, the pieces of a large one.

What is sent is a `Problem` and what comes back is a `Plan`, so any `concurrent.futures.Executor` will do. A worker that
dies takes its part with it and nothing more: the search here goes on, and `notes` says so.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from routing.solve.executors import open_executor
from routing.solve.pieces import BINS, carve, cut, left_near
from routing.solve.start import recall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from random import Random

    from routing.plan import Plan
    from routing.problem import Problem
    from routing.solve.incumbent import Incumbent
    from routing.solve.trips import Pool

STARTED = 0.55
"""Share of the budget that starts elsewhere get, so that their answers are in when the master decides."""

GRACE = 15.0
"""Seconds waited for an answer beyond its budget: a new process has to import and compile first."""

ROUNDS = 3
"""How often a large night is cut anew."""

SLICE = 1.0
"""Seconds a piece should have at least."""


Part = tuple["Problem", "Plan | None"]


def solve_part(
    problem: Problem, seconds: float, seed: int, warm: Plan | None, tick: Callable[[], float] = time.monotonic
) -> Plan:
    """What a worker does: PyVRP on a part of a night."""
    from routing.solve import solve

    return solve(problem, seconds, seed, engine="pyvrp", warm=warm, tick=tick)


class Away:
    """The workers of one search; with no executor everything is done here."""

    def __init__(self, executor: Executor | None, workers: int, notes: list[str]) -> None:
        self.executor = executor
        self.workers = workers if executor is not None else 1
        self.notes = notes
        self._starts: list[Future[Plan] | None] = []

    def start(self, best: Incumbent, random: Random) -> None:
        """Send other starts of the whole night off, each but the first with one truck less to choose from."""
        problem = best.ground.problem
        for number in range(self.workers - 1):
            trucks = problem.trucks
            if number and len(trucks) > 1 and not problem.locks.pins and not problem.locks.fixed:
                gone = random.randrange(len(trucks))
                trucks = trucks[:gone] + trucks[gone + 1 :]
            part = replace(problem, trucks=trucks)
            self._starts.append(self._send(part, STARTED * best.left(), random.getrandbits(31), best.warm()))

    def collect(self, best: Incumbent, random: Random, pool: Pool) -> None:
        """Take in what the starts found."""
        for plan in self._answers(self._starts, GRACE):
            if plan is not None:
                tours = recall(best.ground, plan)
                pool.add(tours, plan.cost)
                best.offer(tours, random)
        self._starts = []

    def solve(self, best: Incumbent, parts: list[Part], seconds: float, random: Random) -> list[Plan | None]:
        """Each part improved for `seconds`, here or elsewhere; None where the answer was lost or time was up."""
        seeds = [random.getrandbits(31) for _ in parts]
        if self.executor is None:
            return [
                solve_part(problem, min(seconds, best.left()), seed, warm, best.tick) if best.left() > 0 else None
                for (problem, warm), seed in zip(parts, seeds, strict=True)
            ]
        sent = [self._send(problem, seconds, seed, warm) for (problem, warm), seed in zip(parts, seeds, strict=True)]
        return self._answers(sent, seconds * -(-len(parts) // self.workers) + GRACE)

    def _send(self, problem: Problem, seconds: float, seed: int, warm: Plan | None) -> Future[Plan] | None:
        if self.executor is None:
            return None
        try:
            return self.executor.submit(solve_part, problem, seconds, seed, warm)
        except Exception as error:  # noqa: BLE001 - a pool that broke or a cluster that left: we search here
            self._lose(error)
            return None

    def _answers(self, futures: list[Future[Plan] | None], patience: float) -> list[Plan | None]:
        late = wait([future for future in futures if future is not None], timeout=patience).not_done
        plans: list[Plan | None] = []
        for future in futures:
            plan = None
            if future is not None and future not in late:
                try:
                    plan = future.result()
                except Exception as error:  # noqa: BLE001 - as above
                    self._lose(error)
            plans.append(plan)
        for future in late:
            future.cancel()
        if late:
            self._lose(TimeoutError(f"{len(late)} answers did not come"))
        return plans

    def _lose(self, error: Exception) -> None:
        """Go on without the workers."""
        if self.executor is not None:
            why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            self.notes.append(f"search processes failed ({why}); searched in one process")
        self.executor = None
        self.workers = 1


@contextmanager
def find_away(workers: int, executor: Executor | None, notes: list[str]) -> Iterator[Away]:
    """The workers to use: those of `executor`, else of a cluster or of processes of our own, closed at the end."""
    if executor is not None:
        yield Away(executor, max(2, workers), notes)
        return
    with ExitStack() as stack:
        try:
            executor = stack.enter_context(open_executor(workers, os.environ))
        except (OSError, ImportError) as error:
            notes.append(f"no cluster ({error}); searched in one process")
        yield Away(executor, max(2, workers), notes)


def solve_pieces(best: Incumbent, random: Random, until: float, away: Away) -> None:
    """Cut the best rounds into pieces, improve each, put the answers together; `ROUNDS` times with other borders."""
    begun, lasts = best.elapsed(), until - best.elapsed()
    for number in range(1, ROUNDS + 1):
        ends = begun + number * lasts / ROUNDS
        groups = cut(best.ground, best.sequences, random, BINS)
        if not groups or ends - best.elapsed() <= 0:
            return
        near = left_near(best.ground, best.sequences, groups)
        parts = [
            (carve(best.ground, best.sequences, group, left), best.warm(group))
            for group, left in zip(groups, near, strict=True)
        ]
        seconds = max(SLICE, (ends - best.elapsed()) * min(1.0, away.workers / len(parts)))
        for group, plan in zip(groups, away.solve(best, parts, seconds, random), strict=True):
            if plan is not None:
                others = {index: tour for index, tour in best.sequences.items() if index not in group}
                best.offer(others | recall(best.ground, plan), random)
