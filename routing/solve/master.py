"""The master: of all trips gathered, those that together make the cheapest plan, decided by CP-SAT.

Columns are trips; a truck drives a chain of them, each from where the one before unloaded. Per truck and place in its
chain there is a begin; it obeys the windows of the trip's bins, shift and break (net time, as in `routing.solve.rig`).
Energy is the sum over the chain, relieved by what is charged at sites with a charger. Every bin is on one trip at most;
leaving it costs its penalty. The best rounds so far are the hint, so the answer can only be as good or better.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from routing.solve.trips import HOME, Pool, Timed, measure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from routing.solve.ground import Ground
    from routing.solve.ruin import Sequences

CENTS = 1000
"""Money is whole thousandths in the model."""

COLUMNS = 4_000
"""Most yes-or-no choices (trip, truck, place in its chain) the model is given."""

PATIENCE = 4.0

WATTS = 1000
"""Energy is whole Wh in the model."""


def choose(pool: Pool, incumbent: Sequences, seconds: float) -> Sequences | None:
    """The best tours found from the pool's trips; None when there are none within the limits.

    `seconds` are those of CP-SAT's own deterministic clock, which makes runs repeatable; a slow machine is stopped
    after `PATIENCE` times as many by the wall.
    """
    from ortools.sat.python import cp_model

    ground = pool.ground
    hinted = _chains(pool, incumbent)
    if hinted is None:
        return None
    places = sum(len(rigs) * _width(ground, rigs) for rigs in pool.kinds) / max(1, len(pool.kinds))
    columns = pool.best(int(COLUMNS / max(1.0, places)))
    known = {each.trip for each in columns}
    columns += [each for chain in hinted.values() for each in chain if each.trip not in known]
    model = cp_model.CpModel()
    chosen = _Chains(model, pool, columns)
    chosen.add_objective()
    chosen.hint(hinted)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.cp_model_presolve = False  # it takes longer than the search, and the full linear part
    solver.parameters.linearization_level = 2  # proves most pools optimal at once
    solver.parameters.random_seed = 1
    solver.parameters.max_time_in_seconds = PATIENCE * seconds
    solver.parameters.max_deterministic_time = seconds
    if solver.solve(model) not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None
    return chosen.read(solver)


def _width(ground: Ground, rigs: Iterable[int]) -> int:
    return max(ground.rigs[index].truck.max_tips for index in rigs)


def _chains(pool: Pool, tours: Sequences) -> dict[int, list[Timed]] | None:
    """The tours as chains of measured trips; None when one of them does not hold in net time."""
    chains: dict[int, list[Timed]] = {}
    for index, sequence in tours.items():
        if index in pool.ground.fixed:
            continue
        timed = [measure(pool.ground, pool.ground.rigs[index], trip) for trip in pool.split({index: sequence})]
        if any(each is None for each in timed):
            return None
        chains[index] = [each for each in timed if each is not None]
    return chains


class _Chains:
    """The model's variables: which trip is at which place of which truck's chain, and when it begins."""

    def __init__(self, model: Any, pool: Pool, columns: list[Timed]) -> None:
        self.model, self.pool, self.ground = model, pool, pool.ground
        self.columns = columns
        self.used: dict[int, Any] = {}
        self._ends: dict[tuple[int, int], list[Any]] = {}  # when the trip at a place is over, and charged
        self.at: dict[tuple[int, int], list[tuple[Timed, Any]]] = defaultdict(list)  # (rig, place) to its choices
        by_kind: dict[int, list[Timed]] = defaultdict(list)
        for each in columns:
            by_kind[each.trip.kind].append(each)
        for kind, rigs in enumerate(pool.kinds):
            before = None
            for index in rigs:
                used = self._chain(index, by_kind[kind])
                if before is not None:  # trucks alike are sent in their order
                    model.add_implication(used, before)
                before = used
        on: dict[int, list[Any]] = defaultdict(list)
        for choices in self.at.values():
            for each, choice in choices:
                for node in each.trip.bins:
                    on[node].append(choice)
        for choices_of_bin in on.values():
            model.add_at_most_one(choices_of_bin)

    def _chain(self, index: int, columns: list[Timed]) -> Any:
        model, rig = self.model, self.ground.rigs[index]
        used = self.used[index] = model.new_bool_var("")
        begin = model.new_int_var(rig.starts, rig.starts, "")
        charged: list[Any] = []
        previous: list[tuple[Timed, Any]] = []
        for place in range(rig.truck.max_tips):
            fits = [each for each in columns if (each.trip.start == rig.depot) == (place == 0)]
            if place == rig.truck.max_tips - 1:
                fits = [each for each in fits if each.trip.end == HOME]
            choices = [(each, model.new_bool_var("")) for each in fits]
            self.at[index, place] = choices
            if place == 0:
                model.add(sum(choice for _, choice in choices) == used)
            else:
                self._follow(previous, choices)
            model.add(
                begin + sum((rig.ends - each.latest) * choice for each, choice in choices if each.latest < rig.ends)
                <= rig.ends
            )
            after = model.new_int_var(rig.starts, rig.ends, "")
            model.add(after >= begin + sum(each.seconds * choice for each, choice in choices))
            model.add(after >= sum(each.earliest * choice for each, choice in choices))
            self._ends[index, place] = [after]
            if rig.charge_kw > 0 and rig.kwh_limit != float("inf"):
                after = self._charge(index, after, choices, charged)
                self._ends[index, place].append(after)
            begin, previous = after, choices
        if rig.kwh_limit != float("inf"):
            drawn = sum(
                round(each.kwh * WATTS) * choice
                for place in range(rig.truck.max_tips)
                for each, choice in self.at[index, place]
            )
            model.add(drawn <= int(rig.kwh_limit * WATTS) + sum(charged))
        return used

    def _follow(self, previous: list[tuple[Timed, Any]], choices: list[tuple[Timed, Any]]) -> None:
        """A trip begins where, and only if, the one before unloaded on the way."""
        for site in range(self.ground.count, self.ground.count + len(self.ground.sites)):
            arrives = [choice for each, choice in previous if each.trip.end == site]
            leaves = [choice for each, choice in choices if each.trip.start == site]
            if arrives or leaves:
                self.model.add(sum(arrives) == sum(leaves))

    def _charge(self, index: int, after: Any, choices: list[tuple[Timed, Any]], charged: list[Any]) -> Any:
        """The begin of the next trip when the truck charges at the site where this one ends."""
        model, rig = self.model, self.ground.rigs[index]
        equipped = [
            choice
            for each, choice in choices
            if each.trip.end != HOME and self.ground.sites[each.trip.end - self.ground.count].charge_kw > 0
        ]
        if not equipped:
            return after
        most = int(rig.kwh_limit * WATTS)
        watts = model.new_int_var(0, most, "")
        model.add(watts <= most * sum(equipped))
        charged.append(watts)
        later = model.new_int_var(rig.starts, rig.ends, "")
        model.add(round(rig.charge_kw * WATTS) * (later - after) >= 3600 * watts)
        return later

    def add_objective(self) -> None:
        """Driving, trucks and, as a rebate on every bin served, what leaving it would cost."""
        terms = []
        penalty = self.ground.penalty
        for choices in self.at.values():
            for each, choice in choices:
                cost = each.cost - sum(penalty[node] for node in each.trip.bins)
                terms.append(round(cost * CENTS) * choice)
        terms += [round(self.ground.rigs[index].fixed * CENTS) * used for index, used in self.used.items()]
        self.model.minimize(sum(terms))

    def hint(self, chains: dict[int, list[Timed]]) -> None:
        """Begin with these chains; trucks alike are named anew, in their order."""
        wanted: set[int] = set()
        sent = {
            index: chain
            for rigs in self.pool.kinds
            for index, chain in zip(rigs, (chains[rig] for rig in rigs if rig in chains), strict=False)
        }
        for index, chain in sent.items():
            for place, each in enumerate(chain):
                for column, choice in self.at.get((index, place), ()):
                    if column.trip == each.trip:
                        wanted.add(choice.index)
                        break
        for choices in self.at.values():
            for _, choice in choices:
                self.model.add_hint(choice, choice.index in wanted)
        for index, used in self.used.items():
            self.model.add_hint(used, index in sent)
            self._hint_times(index, sent.get(index, []))

    def _hint_times(self, index: int, chain: list[Timed]) -> None:
        """Each trip as early as it can be: without times CP-SAT would have to search for them."""
        rig = self.ground.rigs[index]
        now = rig.starts
        for place in range(rig.truck.max_tips):
            if place < len(chain):
                now = max(now + chain[place].seconds, chain[place].earliest)
            for end in {end.index: end for end in self._ends[index, place]}.values():
                self.model.add_hint(end, now)

    def read(self, solver: Any) -> Sequences:
        """The tours decided on."""
        tours: Sequences = {}
        for (index, _), choices in sorted(self.at.items(), key=lambda entry: entry[0]):
            for each, choice in choices:
                if solver.boolean_value(choice):
                    tour = tours.setdefault(index, [])
                    tour += each.trip.bins
                    if each.trip.end != HOME:
                        tour.append(each.trip.end)
        return tours
