"""A truck as the search sees it.

Two devices keep the search small. *Net time*: a truck's clock stands still during its break, so its shift is shorter
by the break, and whatever closes after the break may begin closes earlier by it. A tour that keeps these times has
room for its break unless the break's hours are very tight; `routing.solve.timing` decides that exactly. *The way
home*: the leg from a bin to the depot leads over the best disposal site, so every tour ends empty without a last tip
in its sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.energy import Z90

if TYPE_CHECKING:
    from routing.problem import Problem, Truck, Visit

FAR = 1 << 30
"""Seconds or metres of a way that does not exist: more than any shift, and sums of a few still fit 64 bits."""

Table = list[list[int]]


@dataclass(frozen=True, slots=True)
class Roads:
    """From row node to column node: metres, seconds, and `steps`: service at the row plus the drive."""

    metres: Table
    seconds: Table
    steps: Table
    service: list[int]


@dataclass(frozen=True, slots=True)
class Rig:
    """One truck in search, in net time. `cost[x][y]` is money from reaching x to reaching y.

    `home_*[x]` lead from reaching x over `home_site[x]` (-1 at a site itself) to the depot. `fixed` counts the hours of
    the break. `kwh_limit` is expected kWh, such that the P90 stays within what the truck may spend.
    """

    truck: Truck
    index: int
    depot: int
    starts: int
    ends: int
    opens: list[int]
    closes: list[int]
    cost: list[list[float]]
    home_site: list[int]
    home_cost: list[float]
    home_seconds: list[int]
    home_metres: list[int]
    allowed: list[bool]
    fixed: float
    kwh_limit: float

    def may_serve(self, node: int) -> bool:
        """Whether this truck may halt at a visit or site at all."""
        return node >= len(self.allowed) or self.allowed[node]


def make_rig(
    problem: Problem,
    index: int,
    visits: list[Visit],
    roads: Roads,
    costs: dict[tuple[float, float], list[list[float]]],
) -> Rig:
    """The rig of truck `index`; `costs` holds a table for each (money a metre, money a second)."""
    truck, sites = problem.trucks[index], problem.sites
    count = len(visits)
    depot = count + len(sites) + [each.place for each in problem.depots].index(truck.depot)
    cost = costs[truck.cost_per_km / 1000, truck.cost_per_hour / 3600]
    last_sites, ends = _last_sites(problem, truck, count, roads.seconds, depot)
    ways: list[tuple[float, int]] = []
    for visit, row in zip(visits, cost, strict=False):
        options = [(row[site] + cost[site][depot], site) for site in last_sites.get(visit.stream, ())]
        ways.append(min(options, default=(float(FAR), -1)))
    home_seconds, home_metres = [], []
    for node, (_, site) in enumerate(ways):
        home_seconds.append(roads.steps[node][site] + roads.steps[site][depot] if site >= 0 else FAR)
        home_metres.append(roads.metres[node][site] + roads.metres[site][depot] if site >= 0 else FAR)
    site_nodes = range(count, count + len(sites))
    limit = float("inf")
    rest_seconds = truck.rest.seconds if truck.rest is not None else 0
    if truck.spendable_kwh is not None:
        limit = truck.spendable_kwh / (1 + Z90 * truck.energy.spread) - truck.energy.aux_kw * rest_seconds / 3600
    return Rig(
        truck=truck,
        index=index,
        depot=depot,
        starts=truck.starts,
        ends=ends,
        opens=[visit.opens for visit in visits] + [site.opens for site in sites],
        closes=[_net(truck, visit.closes) for visit in visits]
        + [_net(truck, site.closes) - site.unload_seconds for site in sites],
        cost=cost,
        home_site=[site for _, site in ways] + [-1] * len(sites),
        home_cost=[price for price, _ in ways] + [cost[node][depot] for node in site_nodes],
        home_seconds=home_seconds + [roads.steps[node][depot] for node in site_nodes],
        home_metres=home_metres + [roads.metres[node][depot] for node in site_nodes],
        allowed=[visit.stream in truck.streams and (truck.narrow or not visit.narrow) for visit in visits],
        fixed=truck.fixed_cost + truck.cost_per_hour * rest_seconds / 3600,
        kwh_limit=limit,
    )


def _net(truck: Truck, closes: int) -> int:
    """A closing time on the clock that stands still during the break."""
    rest = truck.rest
    return closes - rest.seconds if rest is not None and closes > rest.opens else closes


def _last_sites(
    problem: Problem, truck: Truck, count: int, seconds: Table, depot: int
) -> tuple[dict[str, list[int]], int]:
    """Per stream the sites a tour may end over, and the net time by which it must be home for them to be open."""
    ends = _net(truck, truck.ends)
    chosen: dict[str, list[int]] = {}
    for stream in truck.streams:
        latest = {
            count + at: _net(truck, site.closes) + seconds[count + at][depot]
            for at, site in enumerate(problem.sites)
            if site.takes(stream)
        }
        always = [site for site, home in latest.items() if home >= ends]
        if always:
            chosen[stream] = always
        elif latest:
            longest = max(latest, key=latest.__getitem__)
            chosen[stream] = [longest]
            ends = min(ends, latest[longest])
    return chosen, ends
