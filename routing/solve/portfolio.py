"""The engines "pyvrp" and "portfolio": PyVRP finds trips, CP-SAT decides on them, our own search polishes.

See portfolio.md for what each part is for and what was measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.solve.anneal import WARM, anneal
from routing.solve.away import Away, solve_pieces
from routing.solve.master import choose
from routing.solve.reach import reach_of
from routing.solve.start import filled
from routing.solve.tripmodel import TripModel
from routing.solve.trips import Pool
from routing.solve.tripsearch import TripSearch

if TYPE_CHECKING:
    from random import Random

    from pyvrp import Solution

    from routing.solve.incumbent import Incumbent

HEAT, AGAIN = (0.15, 0.0015), (0.03, 0.0015)
"""Annealing of PyVRP's steps begins and ends at these shares of what a bin costs on average; the second from good
rounds.
"""

OFFERED = 0.02
"""PyVRP's best is timed and told after this share of the budget at most."""

TURNS, ONE_TURN, TURNING = ((0.62, 0.70), (0.88, 1.0)), ((0.92, 1.0),), 300
"""Shares of the budget when PyVRP's turn ends, and the polish after it; the second from `TURNING` bins on, where one
long cooling finds more than two.
"""

LARGE, SHARED = 2500, 600
"""From so many bins on the night is also searched in pieces: alone, and with workers to take them."""

WHOLE, PIECED = 0.45, 0.92
"""Shares of the budget when PyVRP's run on the whole night ends, and when that on pieces does."""

FEW, STARTS = 120, 3
"""Below so many bins there are so many starts; all but the first keep a truck at home, where trucks cost by the day."""

MASTER, MASTER_SECONDS = 0.04, 8.0
"""Share of the budget, and seconds, that the master may take at most."""


def search_pyvrp(best: Incumbent, random: Random) -> None:
    """PyVRP for what is left of the budget; with batteries in two runs, because the first tells how far they reach."""
    begun = best.elapsed()
    if any(rig.kwh_limit != float("inf") for rig in best.ground.rigs):
        run_pyvrp(best, random, begun + 0.8 * best.left())
    run_pyvrp(best, random, best.seconds)


def search_portfolio(best: Incumbent, random: Random, away: Away) -> None:
    """PyVRP, the master over its trips, our ruin and repair; then each once more. Large nights are solved in pieces."""
    pool = Pool(best.ground)
    away.start(best, random)
    if best.ground.count >= (LARGE if away.executor is None else SHARED):
        _search_large(best, random, pool, away)
    else:
        _search_in_turns(best, random, pool, away)


def _search_in_turns(best: Incumbent, random: Random, pool: Pool, away: Away) -> None:
    begun, lasts = best.elapsed(), best.left()
    for turn, (found, polished) in enumerate(TURNS if best.ground.count < TURNING else ONE_TURN):
        if turn == 0:
            _run_starts(best, random, begun + found * lasts, pool)
            away.collect(best, random, pool)
        else:
            run_pyvrp(best, random, begun + found * lasts, pool)
        decide(best, random, pool)
        anneal(best, filled(best.ground, best.sequences, random), WARM, begun + polished * lasts)


def _search_large(best: Incumbent, random: Random, pool: Pool, away: Away) -> None:
    begun, lasts = best.elapsed(), best.left()
    run_pyvrp(best, random, begun + WHOLE * lasts, pool)
    away.collect(best, random, pool)
    solve_pieces(best, random, begun + PIECED * lasts, away)
    decide(best, random, pool)
    anneal(best, filled(best.ground, best.sequences, random), WARM, best.seconds)


def _run_starts(best: Incumbent, random: Random, until: float, pool: Pool) -> None:
    """PyVRP from the best rounds or from nothing; on small days several times from nothing, because starts differ most
    there, and with one truck of the best rounds kept at home, because it settles on a mix of trucks early.
    """
    ground = best.ground
    starts = STARTS if ground.count < FEW and len(ground.rigs) > 1 else 1
    paid = any(rig.fixed > 0 for rig in ground.rigs)
    begun, lasts = best.elapsed(), until - best.elapsed()
    run_pyvrp(best, random, begun + lasts / starts, pool)
    for number in range(2, starts + 1):
        sent = sorted(best.sequences.keys() - ground.fixed.keys(), key=lambda index: len(best.sequences[index]))
        banned = sent[(number - 2) % len(sent)] if sent and paid else -1
        run_pyvrp(best, random, begun + number * lasts / starts, pool, banned)


def run_pyvrp(
    best: Incumbent, random: Random, until: float, pool: Pool | None = None, banned: int | None = None
) -> None:
    """One run of PyVRP from the best rounds, or from nothing; its trips go into `pool`.

    With a rig `banned` it begins from nothing, and that rig stays at home.
    """
    ground = best.ground
    if not any(any(rig.allowed) for rig in ground.rigs if rig.index != banned and rig.index not in ground.fixed):
        return  # no truck is left that might go
    model = TripModel(ground, reach_of(ground, best.sequences), -1 if banned is None else banned)
    search = TripSearch(model, random.getrandbits(31))
    fresh = banned is not None or not best.sequences.keys() - ground.fixed.keys()
    start = search.begin() if fresh else model.encode(best.sequences)
    offered = best.elapsed()

    def found(solution: Solution) -> None:
        nonlocal offered
        if best.elapsed() - offered >= OFFERED * best.seconds:
            best.offer(model.decode(solution), random)
            offered = best.elapsed()

    def seen(solution: Solution) -> None:
        if pool is not None:
            pool.add(model.decode_good(solution), model.cost(solution))

    last = search.run(start, HEAT if fresh else AGAIN, best.until(until), found, seen)
    best.offer(model.decode(last), random)


def decide(best: Incumbent, random: Random, pool: Pool) -> None:
    """Let the master choose among the trips found so far."""
    pool.add(best.sequences, best.cost)
    tours = choose(pool, best.sequences, min(MASTER * best.seconds, MASTER_SECONDS))
    if tours:
        best.offer(tours, random)
