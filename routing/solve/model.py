"""The night as an OR-Tools routing model.

Tips are optional copies of disposal sites, each tied to one truck, with unloading as a transit of minus the capacity
and slack at the copies alone; a count of them bounds the tips of a truck. The arc to a truck's end leads over its
last tip. Loads of two streams never mix because no arc joins their bins: what a truck may not drive takes longer than
any shift. Time is net of breaks (see `routing.solve.rig`), energy counts half a load on every leg;
`routing.solve.timing` is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.constraint_solver import pywrapcp
from ortools.constraint_solver import routing_enums_pb2 as enums

from routing.solve.rig import FAR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.solve.ground import Ground
    from routing.solve.rig import Rig
    from routing.solve.ruin import Sequences

CENTS = 100
"""Money is whole cents in the model."""

Grid = "NDArray[np.int64]"


class Model:
    """The routing model of a compiled problem, made for one first solution strategy.

    Nodes: visits, then copies of sites, then per depot one to start from and one to end at.
    """

    def __init__(self, ground: Ground, strategy: str) -> None:
        self.ground = ground
        count = ground.count
        starts = sorted({rig.depot for rig in ground.rigs})  # one nobody starts from would be a node to visit
        ends = sorted({rig.end for rig in ground.rigs})
        sites = range(count, count + len(ground.sites))
        self._copies = [
            (rig.index, site) for rig in ground.rigs for site in sites for _ in range(rig.truck.max_tips - 1)
        ]
        first_start = count + len(self._copies)
        self._first_end = first_start + len(starts)
        self._nodes = np.array([*range(count), *(site for _, site in self._copies), *starts, *ends])
        self._manager = pywrapcp.RoutingIndexManager(
            len(self._nodes),
            len(ground.rigs),
            [first_start + starts.index(rig.depot) for rig in ground.rigs],
            [self._first_end + ends.index(rig.end) for rig in ground.rigs],
        )
        self._routing = pywrapcp.RoutingModel(self._manager)
        self._add_arcs()
        self._add_loads()
        self._add_choices()
        self._parameters = pywrapcp.DefaultRoutingSearchParameters()
        self._parameters.first_solution_strategy = getattr(enums.FirstSolutionStrategy, strategy)
        self._parameters.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        self._parameters.time_limit.FromSeconds(1)  # set again by each search; without one the library warns
        self._routing.CloseModelWithParameters(self._parameters)

    def search(self, seconds: float, start: Sequences | None = None) -> Sequences | None:
        """The best tours of `seconds` of guided local search; None when there were none or `start` does not fit."""
        self._parameters.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
        if start is None:
            solution = self._routing.SolveWithParameters(self._parameters)
        else:
            assignment = self._routing.ReadAssignmentFromRoutes(self._routes(start), True)
            if assignment is None:
                return None
            solution = self._routing.SolveFromAssignmentWithParameters(assignment, self._parameters)
        return self._read(solution) if solution is not None else None

    def _add_arcs(self) -> None:
        """Cost, net time and energy of every arc, by kind of truck."""
        ground, routing = self.ground, self._routing
        known: dict[tuple[object, ...], tuple[int, int]] = {}
        prices, times, watts, limits = [], [], [], []
        banned = self._banned()
        horizon = max(max(rig.starts, rig.ends) for rig in ground.rigs)
        for rig in ground.rigs:
            kind = (rig.end, id(rig.roads), id(rig.cost), tuple(rig.home_site), tuple(rig.home_seconds))
            if kind not in known:
                known[kind] = (
                    routing.RegisterTransitMatrix(self._spread(np.array(rig.cost) * CENTS, rig.home_cost, CENTS)),
                    routing.RegisterTransitMatrix(self._spread(np.array(rig.roads.steps), rig.home_seconds, 1, banned)),
                )
            price, time = known[kind]
            prices.append(price)
            times.append(time)
            routing.SetArcCostEvaluatorOfVehicle(price, rig.index)
            routing.SetFixedCostOfVehicle(round(rig.fixed * CENTS), rig.index)
            if rig.kwh_limit < float("inf"):
                watts.append(routing.RegisterTransitMatrix(self._watt_hours(rig)))
                limits.append(int(rig.kwh_limit * 1000))
            else:
                watts.append(-1)
                limits.append(10**12)
        routing.AddDimensionWithVehicleTransits(times, horizon, horizon, False, "time")
        self._add_windows(routing.GetDimensionOrDie("time"))
        if any(each >= 0 for each in watts):
            nothing = routing.RegisterUnaryTransitVector([0] * len(self._nodes))
            evaluators = [each if each >= 0 else nothing for each in watts]
            routing.AddDimensionWithVehicleTransitAndCapacity(evaluators, 0, limits, True, "energy")

    def _add_windows(self, time: Any) -> None:
        ground, index = self.ground, self._manager.NodeToIndex
        for visit in range(ground.count):
            rigs = [rig for rig in ground.rigs if rig.allowed[visit]]
            opens = max((0, *(rig.opens[visit] for rig in rigs)))
            closes = min((rig.closes[visit] for rig in rigs), default=opens)
            time.CumulVar(index(visit)).SetRange(opens, max(opens, closes))
        for at, (owner, site) in enumerate(self._copies):
            rig = ground.rigs[owner]
            opens = max(0, rig.opens[site])
            time.CumulVar(index(ground.count + at)).SetRange(opens, max(opens, rig.closes[site]))
        for rig in ground.rigs:
            home = max(rig.starts, rig.ends)
            time.CumulVar(self._routing.Start(rig.index)).SetRange(rig.starts, home)
            time.CumulVar(self._routing.End(rig.index)).SetRange(rig.starts, home)

    def _add_loads(self) -> None:
        ground, routing, index = self.ground, self._routing, self._manager.NodeToIndex
        others = len(self._nodes) - ground.count - len(self._copies)
        for name, loads in (("kg", ground.kg), ("litres", ground.litres)):
            room = [getattr(rig.truck, name) for rig in ground.rigs]
            transit = routing.RegisterUnaryTransitVector(
                [*loads[: ground.count], *[-max(room)] * len(self._copies), *[0] * others]
            )
            routing.AddDimensionWithVehicleCapacity(transit, max(room), room, True, name)
            dimension = routing.GetDimensionOrDie(name)
            for visit in range(ground.count):
                dimension.SlackVar(index(visit)).SetValue(0)
            for rig in ground.rigs:
                dimension.SlackVar(routing.Start(rig.index)).SetValue(0)
        if len(ground.sites) > 1 and self._copies:
            one = routing.RegisterUnaryTransitVector([0] * ground.count + [1] * len(self._copies) + [0] * others)
            most = [rig.truck.max_tips - 1 for rig in ground.rigs]
            routing.AddDimensionWithVehicleCapacity(one, 0, most, True, "tips")

    def _add_choices(self) -> None:
        """Every bin may be left at its price; who may serve what."""
        ground, routing, index = self.ground, self._routing, self._manager.NodeToIndex
        for visit in range(ground.count):
            routing.AddDisjunction([index(visit)], round(ground.penalty[visit] * CENTS))
            rigs = [rig.index for rig in ground.rigs if rig.allowed[visit]]
            if len(rigs) < len(ground.rigs):
                routing.VehicleVar(index(visit)).SetValues([-1, *rigs])
        for at, (owner, _) in enumerate(self._copies):
            routing.AddDisjunction([index(ground.count + at)], 0)
            routing.VehicleVar(index(ground.count + at)).SetValues([-1, owner])

    def _banned(self) -> NDArray[np.bool_]:
        """Arcs no truck drives: between streams, to a site that does not take the load, and from nothing to a tip."""
        ground, count, size = self.ground, self.ground.count, len(self._nodes)
        banned = np.zeros((size, size), bool)
        names = {name: at for at, name in enumerate(sorted({visit.stream for visit in ground.visits}))}
        streams = np.array([names[visit.stream] for visit in ground.visits], dtype=np.int64)
        banned[:count, :count] = streams[:, None] != streams[None, :]
        copies = slice(count, count + len(self._copies))
        for visit in range(count):
            takers = set(ground.takers[visit])
            banned[visit, copies] = [site not in takers for _, site in self._copies]
        banned[copies, copies] = True
        banned[copies.stop : self._first_end, copies] = True
        return banned

    def _spread(
        self, table: Any, home: list[Any], scale: float, banned: NDArray[np.bool_] | None = None
    ) -> list[list[int]]:
        """A table over the ground's nodes as one over the model's, the last columns leading home."""
        grid = table[np.ix_(self._nodes, self._nodes)]
        served = self.ground.count + len(self._copies)
        grid[:served, self._first_end :] = (np.array(home)[self._nodes[:served]] * scale)[:, None]
        grid[served:, self._first_end :] = 0
        if banned is not None:
            grid[banned] = FAR
        return np.rint(np.minimum(grid, float(FAR) * CENTS)).astype(np.int64).tolist()  # type: ignore[no-any-return]

    def _watt_hours(self, rig: Rig) -> list[list[int]]:
        energy, ground = rig.truck.energy, self.ground
        by_metre = energy.kwh_per_km + energy.kwh_per_t_km * rig.truck.kg / 2000
        by_second = energy.aux_kw / 3.6
        table = np.array(rig.roads.metres) * by_metre + np.array(rig.roads.steps) * by_second
        halt = np.array(ground.kg, dtype=np.float64) * energy.kwh_per_t
        halt[: ground.count] += energy.kwh_per_lift * 1000
        halt[ground.count : ground.count + len(ground.sites)] += energy.kwh_per_tip * 1000
        home = [
            way * by_metre + seconds * by_second + halt[node] + energy.kwh_per_tip * 1000
            for node, (way, seconds) in enumerate(zip(rig.home_metres, rig.home_seconds, strict=True))
        ]
        return self._spread(table + halt[:, None], home, 1)

    def _routes(self, tours: Sequences) -> list[list[int]]:
        index, routes = self._manager.NodeToIndex, []
        for rig in self.ground.rigs:
            free = {
                site: [at for at, copy in enumerate(self._copies) if copy == (rig.index, site)]
                for _, site in self._copies
            }
            routes.append(
                [
                    index(node if node < self.ground.count else self.ground.count + free[node].pop())
                    for node in (tours.get(rig.index, []) if rig.index not in self.ground.fixed else [])
                ]
            )
        return routes

    def _read(self, solution: Any) -> Sequences:
        tours: Sequences = {}
        for rig in self.ground.rigs:
            at = solution.Value(self._routing.NextVar(self._routing.Start(rig.index)))
            sequence = []
            while not self._routing.IsEnd(at):
                sequence.append(int(self._nodes[self._manager.IndexToNode(at)]))
                at = solution.Value(self._routing.NextVar(at))
            if any(node < self.ground.count for node in sequence):
                tours[rig.index] = sequence
        return tours
