"""The night as PyVRP sees it: several trips a shift, prizes for optional bins, one virtual place to end at.

The last arc of a tour leads over the best disposal site, as in `routing.solve.rig`, so END is a place of its own in
each profile. A profile is one table of ways: bins a truck may not serve, bins of two streams after each other and
sites that do not take a load are too far to reach; so a truck of several streams carries one at a time. An arc lasts
as long as the service at its begin and the drive, because crews differ in pace. A bin with shut hours is a group of
alternatives, one per span it is open. Time is net of the break, energy a bound on metres; `routing.solve.timing` is
exact, and what it refuses is mended afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyvrp
from pyvrp import Activity, ActivityType

from routing.solve.gate import merge
from routing.solve.rig import FAR
from routing.solve.tour import Tour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from routing.solve.ground import Ground
    from routing.solve.rig import Rig
    from routing.solve.ruin import Sequences

TOO_FAR = 10_000_000
"""Metres and seconds of a way that may not be driven: sums of a day's stay far below 64 bits."""

SCALES = (1_000, 10_000, 100_000)
"""Whole units of money tried, coarsest first: prices a metre and a second must be whole numbers."""

ROUNDING = 0.005
"""Relative error of a price that the choice of units may bring."""


class TripModel:
    """The bins and trucks of a compiled problem that a search may touch, as PyVRP data.

    `reach` bounds the metres of a truck's day, by rig; rig `banned` stays at home.
    """

    def __init__(self, ground: Ground, reach: Mapping[int, int], banned: int = -1) -> None:
        self.ground = ground
        self.rigs = [rig for rig in ground.rigs if rig.index != banned and rig.index not in ground.fixed]
        self.nodes = [node for node in range(ground.count) if any(rig.allowed[node] for rig in self.rigs)]
        self._starts = sorted({rig.depot for rig in self.rigs})
        self._first_site = len(self._starts) + 1  # PyVRP's depots: starts, END, sites
        self.scale = _scale(self.rigs)
        self.visits: list[int] = []
        """The node of each PyVRP client."""
        self._clients: dict[int, list[tuple[int, int]]] = {}  # node to (client, closes) of its alternatives
        self.kinds: list[list[int]] = []
        """The rigs of each PyVRP vehicle type: trucks it need not tell apart."""
        self.data = self._lay_out(reach)

    def encode(self, tours: Sequences) -> pyvrp.Solution:
        """Tours as a PyVRP solution; bins and trucks the model does not know are left out."""
        kinds = {rig: kind for kind, rigs in enumerate(self.kinds) for rig in rigs}
        routes = []
        for index, sequence in sorted(tours.items()):
            if index in kinds:
                steps = self._steps(self.ground.rigs[index], sequence)
                if any(step.is_client() for step in steps):
                    routes.append(pyvrp.Route(self.data, steps, kinds[index]))
        return pyvrp.Solution(self.data, routes)

    def decode(self, solution: pyvrp.Solution) -> Sequences:
        """A PyVRP solution as tours; trucks of one kind are taken in their order."""
        return self._tours(solution.routes())

    def decode_good(self, solution: pyvrp.Solution) -> Sequences:
        """Only those tours of a solution that break no limit."""
        return self._tours([route for route in solution.routes() if route.is_feasible()])

    def _tours(self, routes: list[pyvrp.Route]) -> Sequences:
        tours: Sequences = {}
        free = [list(rigs) for rigs in self.kinds]
        for route in routes:
            sequence = self.sequence(route)
            if sequence:
                tours[free[route.vehicle_type()].pop(0)] = sequence
        return tours

    def cost(self, solution: pyvrp.Solution) -> float:
        """Money of a solution, what is left counted."""
        units = solution.distance_cost() + solution.duration_cost() + solution.fixed_vehicle_cost()
        return (units + solution.uncollected_prizes()) / self.scale

    def sequence(self, route: pyvrp.Route) -> list[int]:
        """The nodes of one PyVRP route; a tip at its end stays implied."""
        found: list[int] = []
        count = self.ground.count
        for step in route:
            if step.is_client():
                found.append(self.visits[step.idx])
            elif step.idx >= self._first_site and found and found[-1] < count:
                found.append(count + step.idx - self._first_site)
        if found and found[-1] >= count:
            found.pop()
        return found

    def _steps(self, rig: Rig, sequence: Sequence[int]) -> list[Activity]:
        count = self.ground.count
        known = [node for node in sequence if node >= count or node in self._clients]
        while known and known[-1] >= count:
            known.pop()
        several = any(node < count and len(self._clients[node]) > 1 for node in known)
        early = Tour(self.ground, rig, list(known)).early if several else [0] * len(known)
        steps = []
        for node, begins in zip(known, early, strict=False):
            if node >= count:
                steps.append(Activity(ActivityType.DEPOT, self._first_site + node - count))
            else:
                options = self._clients[node]
                client = next((client for client, closes in options if begins <= closes), options[-1][0])
                steps.append(Activity(ActivityType.CLIENT, client))
        return steps

    def _lay_out(self, reach: Mapping[int, int]) -> pyvrp.ProblemData:
        ground, count = self.ground, self.ground.count
        places = [*self.nodes, *range(count, count + len(ground.sites)), *self._starts]
        end = len(places)
        profiles: dict[tuple[object, ...], int] = {}
        tables: list[tuple[Any, Any]] = []  # PyVRP writes its arrays as ndarray[int], which no array is
        types: dict[tuple[object, ...], int] = {}
        vehicles: list[pyvrp.VehicleType] = []
        for rig in self.rigs:
            profile = (tuple(rig.allowed), rig.depot, id(rig.roads), tuple(rig.home_site), tuple(rig.home_seconds))
            if profile not in profiles:
                profiles[profile] = len(tables)
                tables.append(self._tables(rig, places))
            vehicle = self._make_type(rig, profiles[profile], reach.get(rig.index))
            key = (*(getattr(vehicle, name) for name in _SAME[1:]), *map(tuple, (vehicle.capacity,)))
            if key not in types:
                types[key] = len(vehicles)
                vehicles.append(vehicle)
                self.kinds.append([])
            self.kinds[types[key]].append(rig.index)
        clients, groups = self._make_clients()
        return pyvrp.ProblemData(
            [pyvrp.Location(0, 0)] * (end + 1),
            clients,
            [
                *(pyvrp.Depot(end - len(self._starts) + at) for at in range(len(self._starts))),
                pyvrp.Depot(end),
                *(self._make_site(at) for at in range(len(ground.sites))),
            ],
            [each.replace(num_available=len(rigs)) for each, rigs in zip(vehicles, self.kinds, strict=True)],
            [metres for metres, _ in tables],
            [seconds for _, seconds in tables],
            groups,
        )

    def _make_clients(self) -> tuple[list[pyvrp.Client], list[pyvrp.ClientGroup]]:
        ground = self.ground
        clients: list[pyvrp.Client] = []
        groups: list[pyvrp.ClientGroup] = []
        for location, node in enumerate(self.nodes):
            spans = self._open(node)
            group = None
            if len(spans) > 1:
                group = len(groups)
                first = len(clients)
                groups.append(pyvrp.ClientGroup(list(range(first, first + len(spans))), required=False))
            for opens, closes in spans:
                self._clients.setdefault(node, []).append((len(clients), closes))
                self.visits.append(node)
                clients.append(
                    pyvrp.Client(
                        location,
                        pickup=[ground.kg[node], ground.litres[node]],
                        tw_early=opens,
                        tw_late=closes,
                        release_time=min(closes, ground.releases[node]) if ground.releases else 0,
                        prize=round(ground.penalty[node] * self.scale),
                        required=False,
                        group=group,
                    )
                )
        return clients, groups

    def _open(self, node: int) -> list[tuple[int, int]]:
        """When service may begin at a visit, on the clock of every truck that may come."""
        rigs = [rig for rig in self.rigs if rig.allowed[node]]
        opens, closes = max(rig.opens[node] for rig in rigs), min(rig.closes[node] for rig in rigs)
        shut = merge(span for rig in rigs if node in rig.gates for span in rig.gates[node].shut)
        spans = []
        for since, until in shut:
            if opens < min(since, closes + 1):
                spans.append((opens, min(since - 1, closes)))
            opens = max(opens, until)
        if opens <= closes or not spans:
            spans.append((max(0, opens), max(0, opens, closes)))
        return spans

    def _make_site(self, at: int) -> pyvrp.Depot:
        node = self.ground.count + at
        opens = max([0, *(rig.opens[node] for rig in self.rigs)])
        closes = min((rig.closes[node] for rig in self.rigs), default=opens)
        return pyvrp.Depot(len(self.nodes) + at, opens, max(opens, closes))

    def _make_type(self, rig: Rig, profile: int, reach: int | None) -> pyvrp.VehicleType:
        truck = rig.truck
        sites = [self._first_site + at for at in range(len(self.ground.sites))]
        vehicle = pyvrp.VehicleType(
            capacity=[truck.kg, truck.litres],
            start_depot=self._starts.index(rig.depot),
            end_depot=len(self._starts),
            fixed_cost=round(rig.fixed * self.scale),
            tw_early=max(0, rig.starts),
            tw_late=max(0, rig.starts, rig.ends),
            shift_duration=max(0, rig.soft_ends - rig.starts),
            unit_distance_cost=round(truck.cost_per_km / 1000 * self.scale),
            unit_duration_cost=round(truck.cost_per_hour / 3600 * self.scale),
            profile=profile,
            reload_depots=sites if truck.max_tips > 1 else [],
            max_reloads=truck.max_tips - 1,
            max_overtime=max(0, rig.ends - rig.soft_ends),
            unit_overtime_cost=round(truck.overtime_per_hour / 3600 * self.scale),
        )
        return vehicle if reach is None else vehicle.replace(max_distance=reach)

    def _tables(self, rig: Rig, places: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Metres, and seconds of service and drive, between the model's places for one profile."""
        ground, count, visits = self.ground, self.ground.count, len(self.nodes)
        pick = np.ix_(places, places)
        size = len(places) + 1
        served = visits + len(ground.sites)
        banned = np.zeros((size, size), bool)
        barred = [at for at, node in enumerate(self.nodes) if not rig.allowed[node]]
        banned[barred, :] = banned[:, barred] = True
        streams = np.unique([ground.streams[node] or "" for node in self.nodes], return_inverse=True)[1]
        banned[:visits, :visits] |= streams[:, None] != streams[None, :]
        for at, node in enumerate(self.nodes):
            taken = set(ground.takers[node])
            banned[at, [visits + site for site in range(len(ground.sites)) if count + site not in taken]] = True
        banned[visits:served, visits:served] = True
        banned[served:-1, visits:served] = True
        grids = []
        for table, home in ((rig.roads.metres, rig.home_metres), (rig.roads.steps, rig.home_seconds)):
            grid = np.zeros((size, size), np.int64)
            grid[:-1, :-1] = np.array(table)[pick]
            grid[:served, -1] = np.array(home)[places[:served]]
            grid[-1, :-1] = TOO_FAR
            grid[banned | (grid >= FAR)] = TOO_FAR
            np.fill_diagonal(grid, 0)
            grids.append(grid)
        return grids[0], grids[1]


_SAME = (
    "capacity", "start_depot", "fixed_cost", "tw_early", "tw_late", "shift_duration", "max_distance",
    "unit_distance_cost", "unit_duration_cost", "profile", "max_reloads", "max_overtime", "unit_overtime_cost",
)  # fmt: skip


def _scale(rigs: Sequence[Rig]) -> int:
    """Units a money such that prices a metre and a second round well."""
    prices = [price for rig in rigs for price in (rig.truck.cost_per_km / 1000, rig.truck.cost_per_hour / 3600)]
    for scale in SCALES:
        if all(abs(round(price * scale) - price * scale) <= ROUNDING * price * scale for price in prices):
            return scale
    return SCALES[-1]
