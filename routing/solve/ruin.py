"""Improve tours by slack induction by string removals: tear strings of neighbouring bins out, put them back greedily.

The method is that of Christiaens and Vanden Berghe 2020, "Slack Induction by String Removals for Vehicle Routing
Problems" (Transportation Science 54-2), extended by tips inside tours, optional bins with a value, and a ruin that is
drawn to mandatory bins still unserved. Acceptance is simulated annealing in money.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from routing.solve.insertion import apply, find_insertion
from routing.solve.tour import Tour

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from routing.solve.ground import Ground

STRING = 10
"""Longest string torn out of one tour."""
REMOVED = 10
"""Bins torn out on average."""
RETRIED = 6
"""Unserved bins tried again with each repair."""
DRAWN = 0.25
"""How often the ruin centres on a mandatory bin left, when there is one."""

Sequences = dict[int, list[int]]
"""Rig index to its sequence of nodes."""


class Search:
    """Tours under improvement. `cost` counts driving and the penalty of every visit left. Rig `banned` begins no
    tour; tours fixed by hand are always there and never torn.
    """

    def __init__(self, ground: Ground, start: Sequences, random: Random, banned: int = -1) -> None:
        self.ground = ground
        self.random = random
        self.banned = banned
        self.tours: dict[int, Tour] = {}
        self.where: list[Tour | None] = [None] * ground.count
        for index, sequence in (start | ground.fixed).items():
            if sequence:
                self._hold(Tour(ground, ground.rigs[index], list(sequence)))
        left = [visit for visit in range(ground.count) if self.where[visit] is None]
        self.left = {visit for visit in left if ground.choices[visit]}
        self._lost = sum(ground.penalty[visit] for visit in left if not ground.choices[visit])
        self.cost = self._total()
        self._before: dict[int, Tour | None] = {}
        self._left_before: set[int] = set()

    def sequences(self) -> Sequences:
        """The tours as plain lists."""
        return {index: list(tour.sequence) for index, tour in sorted(self.tours.items())}

    def fill(self, holds: Callable[[Tour], bool] | None = None) -> None:
        """Insert what fits and pays, dearest to leave first; what makes a tour that does not hold is taken back."""
        for visit in sorted(self.left, key=lambda each: (-self.ground.penalty[each], each)):
            self._before, self._left_before = {}, {visit}
            self._insert(visit)
            tour = self.where[visit]
            if holds is not None and tour is not None and not holds(tour):
                self._left_before = self.left | {visit}
                self._take_back(self.cost)
        self.cost = self._total()

    def anneal(self, hot: float, cold: float, elapsed: Callable[[], float], accept: Callable[[Search], bool]) -> int:
        """Ruin and repair until `elapsed` reaches 1, cooling from `hot` to `cold` money; the number of steps made.

        `accept` hears of every new best; where it answers no (the day cannot be driven so), the step is taken back.
        """
        best = current = self.cost
        temperature = hot
        for step in itertools.count():
            if step % 16 == 0:
                share = elapsed()
                if share >= 1:
                    return step
                temperature = hot * (cold / hot) ** share
            self._step()
            if self.cost < best - 1e-6:
                if accept(self):
                    best = current = self.cost
                else:
                    self._take_back(current)
            elif self.cost < current - temperature * math.log(1 - self.random.random()):
                current = self.cost
            else:
                self._take_back(current)
        raise AssertionError  # count() does not end

    def _step(self) -> None:
        self._before = {}
        self._left_before = set(self.left)
        torn = self._ruin()
        again = list(self.left)
        if len(again) > RETRIED:
            centre = self.ground.roads.metres[torn[0] if torn else again[0]]
            due = self.ground.due
            again.sort(key=lambda visit: (not due[visit], centre[visit] * (0.5 + self.random.random())))
            again = again[:RETRIED]
        else:
            again.sort()
        self.left.update(torn)
        for visit in self._order(torn + again):
            self._insert(visit)
        self._settle()

    def _settle(self) -> None:
        """Book the step: what the tours it touched cost now against before."""
        for index, before in self._before.items():
            now = self.tours.get(index)
            if now is not None and not now.sequence:
                del self.tours[index]
                now = None
            self.cost += (now.cost if now is not None else 0.0) - (before.cost if before is not None else 0.0)
        penalty = self.ground.penalty
        self.cost += sum(penalty[visit] for visit in self.left - self._left_before)
        self.cost -= sum(penalty[visit] for visit in self._left_before - self.left)

    def _take_back(self, cost: float) -> None:
        for visit in self._left_before:
            self.where[visit] = None
        for index, before in self._before.items():
            if before is None:
                self.tours.pop(index, None)
            else:
                self._hold(before)
        self.left = self._left_before
        self.cost = cost

    def _ruin(self) -> list[int]:
        """Tear strings out of tours near a centre; the visits torn."""
        random, ground = self.random, self.ground
        tours = self.tours
        if not tours:
            return []
        longest = min(STRING, max(1.0, sum(len(tour.sequence) for tour in tours.values()) / len(tours)))
        strings = int(random.random() * (4 * REMOVED / (1 + longest) - 1) + 1)
        centre = int(random.random() * ground.count)
        if self.left and random.random() < DRAWN:
            due = sorted(visit for visit in self.left if ground.due[visit])
            if due:
                centre, strings, longest = due[int(random.random() * len(due))], strings * 2, longest * 3
        torn: list[int] = []
        hit: set[int] = set()
        for visit in itertools.chain((centre,), ground.near[centre]):
            tour = self.where[visit]
            if tour is None or tour.rig.index in hit or not tour.rig.allowed[centre]:
                continue
            hit.add(tour.rig.index)
            torn += self._tear(self._own(tour), visit, longest)
            if len(hit) >= strings:
                break
        return torn

    def _tear(self, tour: Tour, visit: int, longest: float) -> list[int]:
        size = len(tour.sequence)
        length = int(self.random.random() * min(size, longest) + 1)
        at = tour.sequence.index(visit)
        start = max(0, min(at - int(self.random.random() * length), size - length))
        count = self.ground.count
        string = tour.sequence[start : start + length]
        torn = [node for node in string if node < count]
        tour.sequence[start : start + length] = [node for node in string if node >= count]
        for node in torn:
            self.where[node] = None
        tour.refresh()
        return torn

    def _order(self, visits: list[int]) -> list[int]:
        """The order of repair: mandatory and choosy first, then at random, heavy, far, near, or tight ones before
        others.
        """
        ground, draw = self.ground, self.random.random()
        self.random.shuffle(visits)
        if draw >= 0.4:
            rig = ground.rigs[0]
            outward = ground.roads.metres[rig.depot]
            if draw < 0.65:
                visits.sort(key=lambda visit: -ground.kg[visit])
            elif draw < 0.8:
                visits.sort(key=lambda visit: -outward[visit])
            elif draw < 0.9:
                visits.sort(key=outward.__getitem__)
            else:
                visits.sort(key=lambda visit: rig.closes[visit] - rig.opens[visit])
        # those few trucks may serve go before those any truck may
        visits.sort(key=lambda visit: (not ground.due[visit], ground.choices[visit]))
        return visits

    def _insert(self, visit: int) -> None:
        tours = self.tours
        idle = [
            rig
            for rig in self.ground.rigs
            if rig.index != self.banned and (rig.index not in tours or not tours[rig.index].sequence)
        ]
        ceiling = self.ground.penalty[visit]
        insertion = find_insertion(self.ground, visit, self.where, idle, ceiling, self.random)
        if insertion is None:
            return
        if insertion.tour is not None:
            insertion = insertion._replace(tour=self._own(insertion.tour))
        else:
            self._before.setdefault(insertion.rig.index, None)
        tour = apply(self.ground, insertion)
        self.tours[tour.rig.index] = tour
        self.where[visit] = tour
        self.left.discard(visit)

    def _own(self, tour: Tour) -> Tour:
        """The tour, or when this step has not touched it yet a copy put in its place, so that it can be taken back."""
        index = tour.rig.index
        if index in self._before:
            return tour
        self._before[index] = tour
        mine = tour.copy()
        self._hold(mine)
        return mine

    def _hold(self, tour: Tour) -> None:
        self.tours[tour.rig.index] = tour
        for node in tour.sequence:
            if node < self.ground.count:
                self.where[node] = tour

    def _total(self) -> float:
        left = sum(self.ground.penalty[visit] for visit in self.left)
        return sum(tour.cost for tour in self.tours.values()) + left + self._lost
