"""The engine "own": annealed ruin and repair from several starts, OR-Tools for one of the first solutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.solve.model import Model
from routing.solve.start import filled, mend, recall

if TYPE_CHECKING:
    from random import Random

    from routing.plan import Plan
    from routing.solve.ground import Ground
    from routing.solve.incumbent import Incumbent
    from routing.solve.ruin import Search, Sequences

SEARCHED = 0.08
"""Share of the budget OR-Tools gets."""

STARTS, TRIED = 0.6, 0.15
"""Shares of what is left: for annealing from several starts, for trials of other trucks. The rest is the last run."""

START, MOST_STARTS = 0.012, 6
"""Seconds a bin that a start should have at least, and how many starts there are at most."""

HOT, WARM, COLD = 1.0, 0.3, 0.02
"""Annealing begins, begins again and ends at these multiples of a typical leg's cost."""


def search_own(ground: Ground, best: Incumbent, random: Random, warm: Plan | None) -> None:
    """Anneal from what OR-Tools finds and from nothing, try other trucks, then anneal the best of all once more.

    A good plan of the wrong trucks is hard to leave by small steps: hence the start from nothing, and the trials that
    forbid one truck of the best plan at a time.
    """
    start: Sequences = {}
    if warm is not None:
        start = mend(ground, recall(ground, warm))
        best.accept(filled(ground, start, random))
    found = Model(ground, "PATH_CHEAPEST_ARC").search(max(0.05, best.seconds * SEARCHED), start or None)
    if found is not None:
        best.accept(filled(ground, mend(ground, found), random))
    best.phase = "improving"
    begun, lasts = best.elapsed(), best.seconds - best.elapsed()
    starts = max(2, min(MOST_STARTS, int(STARTS * lasts / (START * ground.count))))
    for number in range(1, starts + 1):
        sequences, banned = (best.sequences, -1) if number == 1 else ({}, -1)
        if number > 2 and len(ground.rigs) > 1:  # the second start is free to take any truck
            banned = random.randrange(len(ground.rigs))
        until = begun + STARTS * number / starts * lasts
        _anneal(best, filled(ground, sequences, random, banned), HOT, until)
    trials = max(1, min(2 * len(best.sequences), int(TRIED * lasts / (START / 2 * ground.count))))
    for number in range(1, trials + 1):
        until = begun + (STARTS + TRIED * number / trials) * lasts
        _anneal(best, _trial(ground, best.sequences, number, random), WARM, until)
    _anneal(best, filled(ground, best.sequences, random), WARM, best.seconds)


def _trial(ground: Ground, tours: Sequences, number: int, random: Random) -> Search:
    """The best tours changed in a way small steps do not find.

    While mandatory bins are left, the trucks that could take them give up what others can serve as well; else one truck
    stays at home, the one with the fewest bins first.
    """
    served = {node for sequence in tours.values() for node in sequence}
    missed = [node for node in range(ground.count) if ground.due[node] and ground.choices[node] and node not in served]
    if missed:
        few = min(ground.choices[node] for node in missed)
        able = {rig.index for rig in ground.rigs if any(rig.allowed[node] for node in missed)}

        def stays(index: int, node: int) -> bool:
            if index not in able or node >= ground.count:
                return True
            return ground.due[node] and ground.choices[node] <= few

        start = {index: [node for node in sequence if stays(index, node)] for index, sequence in tours.items()}
        return filled(ground, start, random)
    by_size = sorted(
        (index for index in tours if index not in ground.fixed), key=lambda index: (len(tours[index]), index)
    )
    banned = by_size[(number - 1) % len(by_size)] if len(by_size) > 1 else -1
    return filled(ground, {index: tours[index] for index in by_size if index != banned}, random, banned)


def _anneal(best: Incumbent, search: Search, heat: float, until: float) -> None:
    best.accept(search)
    leg = _typical_leg(best.ground)
    begun = best.elapsed()
    lasts = max(1e-6, until - begun)
    search.anneal(leg * heat, leg * COLD, lambda: (best.elapsed() - begun) / lasts, best.accept)


def _typical_leg(ground: Ground) -> float:
    """Money from a bin to its third nearest, on average: what a good tour pays a leg, known before there is one."""
    cost = ground.rigs[0].cost
    legs = [cost[visit][near[min(2, len(near) - 1)]] for visit, near in enumerate(ground.near) if near]
    return sum(legs) / len(legs) if sum(legs) > 0 else 1.0
