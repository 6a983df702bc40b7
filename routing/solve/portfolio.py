"""The engines "pyvrp" and "portfolio": PyVRP finds trips, CP-SAT decides on them, our own search polishes.

See portfolio.md for what each part is for and what was measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.solve.anneal import WARM, anneal
from routing.solve.master import choose
from routing.solve.reach import reach_of
from routing.solve.ruin import Search
from routing.solve.start import filled, mend
from routing.solve.tripmodel import TripModel
from routing.solve.trips import Pool
from routing.solve.tripsearch import TripSearch

if TYPE_CHECKING:
    from random import Random

    from pyvrp import Solution

    from routing.solve.incumbent import Incumbent
    from routing.solve.ruin import Sequences

HEAT, AGAIN = (0.15, 0.0015), (0.03, 0.0015)
"""Annealing of PyVRP's steps begins and ends at these shares of what a bin costs on average; the second from good
rounds.
"""

OFFERED = 0.02
"""PyVRP's best is timed and told after this share of the budget at most."""

TURNS = ((0.62, 0.70), (0.88, 1.0))
"""Shares of the budget when PyVRP's turn ends, and the polish after it."""

MASTER, MASTER_SECONDS = 0.04, 8.0
"""Share of the budget, and seconds, that the master may take at most."""


def search_pyvrp(best: Incumbent, random: Random, until: float | None = None) -> None:
    """PyVRP for what is left of the budget, in two runs: the second knows from the first how far batteries reach."""
    until = best.seconds if until is None else until
    begun = best.elapsed()
    run_pyvrp(best, random, begun + 0.8 * (until - begun))
    run_pyvrp(best, random, until)


def search_portfolio(best: Incumbent, random: Random) -> None:
    """PyVRP, the master over its trips, our ruin and repair; then each once more."""
    pool = Pool(best.ground)
    begun, lasts = best.elapsed(), best.left()
    for found, polished in TURNS:
        run_pyvrp(best, random, begun + found * lasts, pool)
        decide(best, random, pool)
        anneal(best, filled(best.ground, best.sequences, random), WARM, begun + polished * lasts)
        pool.add(best.sequences, best.cost)


def run_pyvrp(best: Incumbent, random: Random, until: float, pool: Pool | None = None) -> None:
    """One run of PyVRP from the best rounds, or from nothing; its trips go into `pool`."""
    ground = best.ground
    model = TripModel(ground, reach_of(ground, best.sequences))
    if not model.nodes:
        return
    search = TripSearch(model, random.getrandbits(31))
    fresh = not any(index not in ground.fixed for index in best.sequences)
    start = search.begin() if fresh else model.encode(best.sequences)
    offered = best.elapsed()

    def found(solution: Solution) -> None:
        nonlocal offered
        if best.elapsed() - offered >= OFFERED * best.seconds:
            offer(best, model.decode(solution), random)
            offered = best.elapsed()

    def seen(solution: Solution) -> None:
        if pool is not None:
            pool.add(model.decode(solution), model.cost(solution))

    last = search.run(start, HEAT if fresh else AGAIN, best.until(until), found, seen)
    offer(best, model.decode(last), random)


def offer(best: Incumbent, tours: Sequences, random: Random) -> None:
    """Take tours in as they are; those that cannot be driven lose bins, which find another place where there is one."""
    if not best.accept(Search(best.ground, tours, random)):
        best.accept(filled(best.ground, mend(best.ground, tours), random))


def decide(best: Incumbent, random: Random, pool: Pool) -> None:
    """Let the master choose among the trips found so far."""
    pool.add(best.sequences, best.cost)
    tours = choose(pool, best.sequences, min(MASTER * best.seconds, MASTER_SECONDS))
    if tours:
        offer(best, tours, random)
