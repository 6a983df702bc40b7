"""A truck as the search sees it.

Two devices keep the search small. *Net time*: a truck's clock stands still during its break, so its shift is shorter
by the break, and whatever closes after the break may begin closes earlier by it. A tour that keeps these times has
room for its break unless the break's hours are very tight; `routing.solve.timing` decides that exactly. *The way
home*: the leg from a bin to the end depot leads over the best disposal site, so every tour ends empty without a last
tip in its sequence.

What is rare is kept apart, so that it costs nothing where it is not used: `gates` of bins with shut hours and of sites
with queues, and `soft` limits that may be passed for money or time (overtime, charging on the way).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.energy import Z90
from routing.solve.gate import NEVER, Gate, merge

if TYPE_CHECKING:
    from array import array

    from routing.problem import Problem, Site, Truck, Visit

FAR = 1 << 30
"""Seconds or metres of a way that does not exist: more than any shift, and sums of a few still fit 64 bits."""

Table = list["array[int]"]
Prices = list["array[float]"]


@dataclass(frozen=True, slots=True)
class Roads:
    """From row node to column node: metres, seconds, and `steps`: service at the row plus the drive.

    `service` at a site counts the shortest queue of the day; `climb` is None where no truck's energy counts it.
    """

    metres: Table
    seconds: Table
    steps: Table
    service: list[int]
    climb: Table | None = None


@dataclass(frozen=True, slots=True)
class Rig:
    """One truck in search, in net time. `cost[x][y]` is money from reaching x to reaching y.

    `home_*[x]` lead from reaching x over `home_site[x]` (-1 at a site itself) to the end depot; `last_call[x]` is the
    latest begin at x that leaves time for it. `fixed` counts the hours of the break. `kwh_limit` is expected kWh, such
    that the P90 stays within what the truck may spend; up to `charge_kw` may be charged on the way (0: nowhere).
    Of `able`, what the truck could serve, `allowed` is what locks leave it. `leaves_from` and `home_by` are its shift
    in true time, `ends` the latest return and `soft_ends` that without overtime in net time. `loose` bins can be
    served in a tour of their own though net time says no.
    """

    truck: Truck
    index: int
    depot: int
    end: int
    roads: Roads
    leaves_from: int
    home_by: int
    starts: int
    ends: int
    soft_ends: int
    opens: list[int]
    closes: list[int]
    gates: dict[int, Gate]
    cost: Prices
    home_site: list[int]
    home_cost: list[float]
    home_seconds: list[int]
    home_metres: list[int]
    last_call: list[int]
    able: list[bool]
    allowed: list[bool]
    fixed: float
    kwh_limit: float
    charge_kw: float
    soft: bool
    loose: set[int]

    def may_serve(self, node: int) -> bool:
        """Whether this truck may halt at a visit or site at all."""
        return node >= len(self.allowed) or self.allowed[node]

    def surcharge(self, home: int, kwh: float) -> tuple[float, int]:
        """Money for being home at `home` (net time) with `kwh` used, and when it is home after charging for them."""
        short = kwh - self.kwh_limit
        charging = 0
        if short > 0 and self.charge_kw > 0:
            charging = int(short * (1 + Z90 * self.truck.energy.spread) / self.charge_kw * 3600) + 1
        late = max(0, home + charging - self.soft_ends)
        return (self.truck.overtime_per_hour * late + self.truck.cost_per_hour * charging) / 3600, home + charging


def make_rig(
    problem: Problem,
    index: int,
    visits: list[Visit],
    roads: Roads,
    cost: Prices,
    span: tuple[int, int],
) -> Rig:
    """The rig of truck `index` over its `roads` and `cost`, on the road within `span`."""
    truck, sites = problem.trucks[index], problem.sites
    count = len(visits)
    places = [each.place for each in problem.depots]
    depot = count + len(sites) + places.index(truck.depot)
    end = count + len(sites) + places.index(truck.ends_at or truck.depot)
    starts, home_by = span
    closes = [_closes(truck, visit.closes) for visit in visits]
    closes += [_closes(truck, site.closes) - roads.service[count + at] for at, site in enumerate(sites)]
    opens = [_opens(truck, visit.opens, each) for visit, each in zip(visits, closes, strict=False)]
    opens += [site.opens - shortest_wait(site) for site in sites]
    last_sites, ends = _last_sites(problem, truck, count, roads, end, _closes(truck, home_by), closes)
    takers = {
        stream: [node for node, site in enumerate(sites, count) if site.takes(stream)] for stream in truck.streams
    }
    ways = [
        _way_home(node, last_sites.get(visit.stream, []), takers.get(visit.stream, []), roads, cost, end)
        for node, visit in enumerate(visits)
    ]
    gates = _gates(problem, truck, visits)
    home_seconds, home_metres, last_call = [], [], []
    for node, (_, site) in enumerate(ways):
        way = roads.steps[node][site] + roads.steps[site][end] if site >= 0 else FAR
        if site in gates:  # who comes last waits as long as one who comes at the end of the shift
            waits = ends - roads.steps[site][end]
            way += gates[site].admit(waits, waits) - waits
        home_seconds.append(way)
        home_metres.append(roads.metres[node][site] + roads.metres[site][end] if site >= 0 else FAR)
        last_call.append(min(ends - way, closes[site] - roads.steps[node][site] if site >= 0 else ends - FAR))
    site_nodes = range(count, count + len(sites))
    limit = float("inf")
    rest_seconds = truck.rest.seconds if truck.rest is not None else 0
    if truck.spendable_kwh is not None:
        limit = truck.spendable_kwh / (1 + Z90 * truck.energy.spread) - truck.energy.aux_kw * rest_seconds / 3600
    power = max([depot.charge_kw for depot in problem.depots] + [site.charge_kw for site in sites])
    charge_kw = min(truck.charge_kw, power) if truck.spendable_kwh is not None else 0.0
    able = [visit.stream in truck.streams and (truck.narrow or not visit.narrow) for visit in visits]
    return Rig(
        truck=truck,
        index=index,
        depot=depot,
        end=end,
        roads=roads,
        leaves_from=starts,
        home_by=home_by,
        starts=starts,
        ends=ends,
        soft_ends=min(ends, _closes(truck, truck.ends)),
        opens=opens,
        closes=closes,
        gates=gates,
        cost=cost,
        home_site=[site for _, site in ways] + [-1] * len(sites),
        home_cost=[price for price, _ in ways] + [cost[node][end] for node in site_nodes],
        home_seconds=home_seconds + [roads.steps[node][end] for node in site_nodes],
        home_metres=home_metres + [roads.metres[node][end] for node in site_nodes],
        last_call=last_call + [ends - roads.steps[node][end] for node in site_nodes],
        able=able,
        allowed=[can and _left_to(problem, truck, visit.bin) for can, visit in zip(able, visits, strict=True)],
        fixed=truck.fixed_cost + truck.cost_per_hour * rest_seconds / 3600,
        kwh_limit=limit,
        charge_kw=charge_kw,
        soft=charge_kw > 0 or (truck.overtime_seconds > 0 and truck.overtime_per_hour > 0),
        loose=set(),
    )


def shift_spans(problem: Problem) -> list[tuple[int, int]]:
    """Per truck the earliest departure and the latest return, overtime counted, that never let one vehicle drive two
    shifts at a time: where they would meet, the later shift begins when the earlier regularly ends.
    """
    spans = [(truck.starts, truck.ends + truck.overtime_seconds) for truck in problem.trucks]
    shifts: dict[str, list[int]] = {}
    for index, truck in enumerate(problem.trucks):
        shifts.setdefault(truck.vehicle or truck.truck, []).append(index)
    for indices in shifts.values():
        indices.sort(key=lambda index: (problem.trucks[index].starts, problem.trucks[index].ends))
        for one, two in itertools.pairwise(indices):
            begins, ends = max(problem.trucks[one].ends, spans[one][0]), spans[one][1]
            if ends > spans[two][0]:
                meet = max(begins, spans[two][0])
                spans[one], spans[two] = (spans[one][0], min(ends, meet)), (meet, spans[two][1])
    return spans


def shortest_wait(site: Site) -> int:
    """Seconds everybody waits at a site, whenever they come."""
    if not site.queue:
        return 0
    return min((wait for _, wait in site.queue), default=0) if site.queue[0][0] <= 0 else 0


def _left_to(problem: Problem, truck: Truck, name: str) -> bool:
    """Whether locks leave a bin to this truck's search; a fixed truck is not searched at all."""
    locks = problem.locks
    if truck.truck in locks.fixed or any(name in bins for bins in locks.fixed.values()):
        return False
    return locks.pins.get(name, truck.truck) == truck.truck


def _closes(truck: Truck, closes: int) -> int:
    """A closing time on the clock that stands still during the break."""
    rest = truck.rest
    return closes - rest.seconds if rest is not None and closes > rest.opens else closes


def _opens(truck: Truck, opens: int, closes: int) -> int:
    """An opening time on that clock, `closes` being on it; hours too narrow for it are taken as after the break."""
    rest = truck.rest
    return opens - rest.seconds if rest is not None and (opens >= rest.closes or closes < opens) else opens


def _gates(problem: Problem, truck: Truck, visits: list[Visit]) -> dict[int, Gate]:
    """The gates on the truck's clock, cautiously: shut as soon as it may be, open as late."""
    gates = {}
    rest = truck.rest.seconds if truck.rest is not None else 0
    for node, visit in enumerate(visits):
        if visit.shut:
            spans = [
                (
                    _closes(truck, since),
                    until - rest if truck.rest is not None and until >= truck.rest.closes else until,
                )
                for since, until in visit.shut
            ]
            gates[node] = Gate(shut=merge(spans))
    for at, site in enumerate(problem.sites):
        least = shortest_wait(site)
        queue = tuple((_closes(truck, since), wait - least) for since, wait in site.queue)
        if any(wait for _, wait in queue):
            gates[len(visits) + at] = Gate(queue=queue)
    return gates


def _way_home(node: int, last: list[int], takers: list[int], roads: Roads, cost: Prices, end: int) -> tuple[float, int]:
    """Money and site of the cheapest way from a visit to the end depot over one of the `last` sites of its stream.

    Where no road leads over those, that over any of its `takers`, whatever their hours; without one (FAR, -1).
    """
    for sites in (last, takers):
        open_ways = [
            (cost[node][site] + cost[site][end], site)
            for site in sites
            if roads.seconds[node][site] < FAR and roads.seconds[site][end] < FAR
        ]
        if open_ways:
            return min(open_ways)
    return float(FAR), -1


def _last_sites(
    problem: Problem, truck: Truck, count: int, roads: Roads, end: int, ends: int, closes: list[int]
) -> tuple[dict[str, list[int]], int]:
    """Per stream the sites a tour may end over, and the net time by which it must be home, whatever its stream."""
    chosen: dict[str, list[int]] = {}
    longest = NEVER
    for stream in truck.streams:
        latest = {
            node: closes[node] + roads.steps[node][end]
            for node, site in enumerate(problem.sites, count)
            if site.takes(stream) and _closes(truck, site.opens) + roads.steps[node][end] <= ends
        }
        always = [site for site, home in latest.items() if home >= ends]
        if always:
            chosen[stream], longest = always, ends
        elif latest:
            last = max(latest, key=latest.__getitem__)
            chosen[stream], longest = [last], max(longest, latest[last])
    return chosen, min(ends, longest) if chosen else ends
