"""Ruin and repair from given tours, cooled until a moment of the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routing.solve.ground import Ground
    from routing.solve.incumbent import Incumbent
    from routing.solve.ruin import Search

HOT, WARM, COLD = 1.0, 0.3, 0.02
"""Annealing begins, begins again and ends at these multiples of a typical leg's cost."""


def anneal(best: Incumbent, search: Search, heat: float, until: float) -> None:
    """Improve `search` until that second of the budget, from `heat` typical legs down; `best` takes what it finds."""
    best.accept(search)
    leg = _typical_leg(best.ground)
    search.anneal(leg * heat, leg * COLD, best.until(until), best.accept)


def _typical_leg(ground: Ground) -> float:
    """Money from a bin to its third nearest, on average: what a good tour pays a leg, known before there is one."""
    cost = ground.rigs[0].cost
    legs = [cost[visit][near[min(2, len(near) - 1)]] for visit, near in enumerate(ground.near) if near]
    return sum(legs) / len(legs) if sum(legs) > 0 else 1.0
