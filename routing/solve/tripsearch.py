"""PyVRP's local search under our own acceptance: annealed, in slices, with its penalties carried on.

PyVRP's solver accepts late and restarts its penalties high; with a budget known beforehand, cooling to its end finds
better rounds in the same time (figures in portfolio.md).
"""

from __future__ import annotations

import math
import warnings
from random import Random
from typing import TYPE_CHECKING

from pyvrp import PenaltyManager, PenaltyParams, RandomNumberGenerator, Solution
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import (
    OPERATORS,
    LocalSearch,
    NeighbourhoodParams,
    PerturbationManager,
    PerturbationParams,
    compute_neighbours,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from routing.solve.tripmodel import TripModel

NEIGHBOURS = 50
"""Activities near each bin that moves are tried with."""

TORN = 25
"""Most bins PyVRP takes out or puts in before it repairs: fewer make twice the steps a second, and dearer rounds."""

SMALL, SMALL_NEIGHBOURS, SMALL_TORN = 120, 30, 12
"""Up to so many bins fewer neighbours and fewer torn find more: three times the steps, and a small night needs them."""

LOAD, TIME, WAY = 100.0, 100.0, 100.0
"""First prices, in metres, of a unit of load, a second late and a metre beyond the battery; PyVRP adapts them."""

UPDATED = 100
"""Steps between two changes of these prices: PyVRP's own 500 are many of the steps a night has time for."""

SAMPLED = 8
"""Every so many steps a solution is shown to who collects trips."""


class TripSearch:
    """One PyVRP search over a `TripModel`, which may be run again from other solutions."""

    def __init__(self, model: TripModel, seed: int) -> None:
        self.model = model
        self.data = model.data
        self.steps = 0
        small = len(model.nodes) <= SMALL
        self._random = Random(seed)
        self._rng = RandomNumberGenerator(seed=seed % (1 << 32))
        self._search = LocalSearch(
            self.data,
            self._rng,
            compute_neighbours(
                self.data, NeighbourhoodParams(num_neighbours=SMALL_NEIGHBOURS if small else NEIGHBOURS)
            ),
            PerturbationManager(PerturbationParams(1, SMALL_TORN if small else TORN)),
        )
        for operator in OPERATORS:
            if operator.supports(self.data):
                self._search.add_operator(operator(self.data))
        metre = max(1, min((kind.unit_distance_cost for kind in self.data.vehicle_types()), default=1))
        first = ([LOAD * metre] * self.data.num_load_dimensions, TIME * metre, WAY * metre)
        self._penalties = PenaltyManager(
            first, PenaltyParams(solutions_between_updates=UPDATED, max_penalty=1e5 * metre)
        )

    def begin(self) -> Solution:
        """A first solution by descent from empty rounds; it may break limits.

        From random rounds the descent ends with more trucks and dearer, and the cooling does not make up for it.
        """
        return self._search(Solution(self.data, []), self._penalties.max_cost_evaluator(), exhaustive=True)

    def run(
        self,
        start: Solution,
        heat: tuple[float, float],
        elapsed: Callable[[], float],
        found: Callable[[Solution], None] | None = None,
        seen: Callable[[Solution], None] | None = None,
    ) -> Solution:
        """The best solution until `elapsed` reaches 1, cooling between the two of `heat`, in shares of a bin's cost.

        `found` hears of each new best feasible one, `seen` of a sample of all on the way.
        """
        best = current = start
        price = self._penalties.cost_evaluator()
        bins = max(1, len(self.model.nodes))
        leg = max(1.0, self._penalties.cost_evaluator().penalised_cost(start) / bins)
        hot, cold = heat[0] * leg, heat[1] * leg
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PenaltyBoundWarning)  # an overfull night is told by its plan
            while (share := elapsed()) < 1:
                self.steps += 1
                price = self._penalties.cost_evaluator()
                candidate = self._search(current, price, exhaustive=False)
                self._penalties.register(candidate)
                cost = price.penalised_cost(candidate)
                if price.cost(candidate) < price.cost(best):
                    best = candidate
                    deeper = self._search(candidate, price, exhaustive=True)
                    if deeper.is_feasible() and price.cost(deeper) <= price.cost(best):
                        best = candidate = deeper
                        cost = price.penalised_cost(deeper)
                    if found is not None:
                        found(best)
                heat_now = hot * (cold / hot) ** share
                if cost < price.penalised_cost(current) - heat_now * math.log(1 - self._random.random()):
                    current = candidate
                if seen is not None and self.steps % SAMPLED == 0:
                    seen(candidate)
        return best
