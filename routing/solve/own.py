"""The engines "own" and "ortools": annealed ruin and repair from several starts, and OR-Tools' guided local search.

"own" lets OR-Tools find one of its first solutions.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from routing.solve.anneal import HOT, WARM, anneal
from routing.solve.start import filled, mend

if TYPE_CHECKING:
    from random import Random

    from routing.solve.ground import Ground
    from routing.solve.incumbent import Incumbent
    from routing.solve.ruin import Search, Sequences

SEARCHED = 0.08
"""Share of the budget OR-Tools gets."""

STARTS, TRIED = 0.6, 0.15
"""Shares of what is left: for annealing from several starts, for trials of other trucks. The rest is the last run."""

START, MOST_STARTS = 0.012, 6
"""Seconds a bin that a start should have at least, and how many starts there are at most."""


def search_ortools(best: Incumbent, random: Random) -> None:
    """OR-Tools from the best rounds or from its own first solutions, one after the other, for the whole budget.

    Guided local search begins from the better of two first solutions; one alone is often far behind (facts measured on
    four instances), and none is best on all.
    """
    share = best.left()
    for strategy in ("PATH_CHEAPEST_ARC", "LOCAL_CHEAPEST_INSERTION"):
        _ask_ortools(best, random, strategy, share / 4, {})
    if not _ask_ortools(best, random, "PATH_CHEAPEST_ARC", best.left(), best.sequences) and best.left() > 0:
        _ask_ortools(best, random, "PATH_CHEAPEST_ARC", best.left(), {})


def _ask_ortools(best: Incumbent, random: Random, strategy: str, seconds: float, start: Sequences) -> bool:
    """Whether OR-Tools found tours from `start`, or from nothing; `best` takes them in."""
    from routing.solve.model import Model

    found = Model(best.ground, strategy).search(max(0.05, seconds), start or None)
    if found is not None:
        best.accept(filled(best.ground, mend(best.ground, found), random))
    return found is not None


def search_own(best: Incumbent, random: Random) -> None:
    """Anneal from what OR-Tools finds and from nothing, try other trucks, then anneal the best of all once more.

    A good plan of the wrong trucks is hard to leave by small steps: hence the start from nothing, and the trials that
    forbid one truck of the best plan at a time. OR-Tools ends by time, so it is left out where steps are counted.
    """
    ground = best.ground
    if not best.counted:
        with suppress(ImportError):  # the rest of the search does without
            _ask_ortools(best, random, "PATH_CHEAPEST_ARC", best.seconds * SEARCHED, best.sequences)
    best.phase = "improving"
    begun, lasts = best.elapsed(), best.seconds - best.elapsed()
    starts = max(2, min(MOST_STARTS, int(STARTS * lasts / (START * ground.count))))
    for number in range(1, starts + 1):
        sequences, banned = (best.sequences, -1) if number == 1 else ({}, -1)
        if number > 2 and len(ground.rigs) > 1:  # the second start is free to take any truck
            banned = random.randrange(len(ground.rigs))
        until = begun + STARTS * number / starts * lasts
        anneal(best, filled(ground, sequences, random, banned), HOT, until)
    trials = max(1, min(2 * len(best.sequences), int(TRIED * lasts / (START / 2 * ground.count))))
    for number in range(1, trials + 1):
        until = begun + (STARTS + TRIED * number / trials) * lasts
        anneal(best, _trial(ground, best.sequences, number, random), WARM, until)
    anneal(best, filled(ground, best.sequences, random), WARM, best.seconds)


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
