"""Trips: what a truck does between two unloadings, gathered from all good rounds a search comes by."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from routing.energy import drive, lift

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.solve.ground import Ground
    from routing.solve.rig import Rig
    from routing.solve.ruin import Sequences

HOME = -1
"""The end of a trip that is the last of its truck: over the best disposal site to the depot."""


class Trip(NamedTuple):
    """The bins of one load in order, from `start` (a depot or site node) to `end` (a site node, or HOME)."""

    kind: int
    start: int
    bins: tuple[int, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Timed:
    """A trip measured for one kind of truck, in net time. `cost` leaves the truck's fixed cost out.

    It begins by `latest`, and ends at `earliest` or `seconds` after its begin, whichever is later.
    """

    trip: Trip
    cost: float
    kwh: float
    seconds: int
    latest: int
    earliest: int


class Pool:
    """Distinct trips by kind of truck and set of bins, each in its cheapest order, with the best cost they were seen
    at. `kinds` holds the rigs no plan need tell apart.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.kinds: list[list[int]] = []
        self._kind_of: dict[int, int] = {}
        known: dict[tuple[object, ...], int] = {}
        for rig in ground.rigs:
            if rig.index in ground.fixed:
                continue
            truck = rig.truck
            key = (
                tuple(rig.allowed), rig.depot, id(rig.roads), id(rig.cost), tuple(rig.home_seconds), rig.starts,
                rig.ends, truck.kg, truck.litres, rig.kwh_limit, rig.fixed, truck.max_tips, truck.energy,
            )  # fmt: skip
            if key not in known:
                known[key] = len(self.kinds)
                self.kinds.append([])
            self._kind_of[rig.index] = known[key]
            self.kinds[known[key]].append(rig.index)
        self._trips: dict[tuple[int, int, int, frozenset[int]], tuple[float, float, Trip]] = {}

    def __len__(self) -> int:
        return len(self._trips)

    def add(self, tours: Sequences, cost: float) -> None:
        """Take in the trips of tours that cost `cost` in all."""
        for trip in self.split(tours):
            key = (trip.kind, trip.start, trip.end, frozenset(trip.bins))
            known = self._trips.get(key)
            if known is None:
                self._trips[key] = (cost, self._way(trip), trip)
            else:
                way = self._way(trip)
                best, shortest, same = known
                self._trips[key] = (min(cost, best), way, trip) if way < shortest else (min(cost, best), shortest, same)

    def best(self, most: int) -> list[Timed]:
        """The `most` trips seen in the cheapest rounds, measured; those that cannot be driven are left out."""
        chosen = sorted(self._trips.values(), key=lambda entry: (entry[0], entry[2]))[:most]
        timed = (measure(self.ground, self.ground.rigs[self.kinds[trip.kind][0]], trip) for _, _, trip in chosen)
        return [each for each in timed if each is not None]

    def split(self, tours: Sequences) -> Iterator[Trip]:
        """The trips of tours, truck after truck and in order."""
        count = self.ground.count
        for index, sequence in sorted(tours.items()):
            kind = self._kind_of.get(index)
            if kind is None:
                continue
            rig = self.ground.rigs[index]
            start, bins = rig.depot, []
            for node in sequence:
                if node < count:
                    bins.append(node)
                elif bins:
                    yield Trip(kind, start, tuple(bins), node)
                    start, bins = node, []
            if bins:
                yield Trip(kind, start, tuple(bins), HOME)

    def _way(self, trip: Trip) -> float:
        rig = self.ground.rigs[self.kinds[trip.kind][0]]
        return sum(rig.cost[one][two] for one, two in itertools.pairwise((trip.start, *trip.bins)))


def measure(ground: Ground, rig: Rig, trip: Trip) -> Timed | None:
    """The trip's cost, energy and times with `rig`; None when it cannot be driven."""
    bins, steps = trip.bins, rig.roads.steps
    site = trip.end if trip.end != HOME else rig.home_site[bins[-1]]
    kg, litres = sum(ground.kg[node] for node in bins), sum(ground.litres[node] for node in bins)
    if site < 0 or kg > rig.truck.kg or litres > rig.truck.litres:
        return None
    way = (trip.start, *bins, site)
    legs = list(itertools.pairwise(way))
    latest, home, cost = rig.closes[site], 0, 0.0
    if trip.end == HOME:
        home, cost = steps[site][rig.end], rig.cost[site][rig.end]
        latest = min(latest, rig.ends - home)
    for before, node in reversed(legs):  # back to the begin
        latest = min(latest - steps[before][node], rig.closes[before] if before != trip.start else latest)
    if latest < rig.starts:
        return None
    cost += sum(rig.cost[before][node] for before, node in legs)
    seconds = _drive(rig, legs, latest) + home - latest
    kwh = _energy(ground, rig, legs, trip.end == HOME) + rig.truck.energy.aux_kw * seconds / 3600
    return Timed(trip, cost, kwh, seconds, latest, _drive(rig, legs, rig.starts) + home)


def _drive(rig: Rig, legs: list[tuple[int, int]], begin: int) -> int:
    """When unloading begins at the end of the legs."""
    now = begin
    for before, node in legs:
        now = max(now + rig.roads.steps[before][node], rig.opens[node])
    return now


def _energy(ground: Ground, rig: Rig, legs: list[tuple[int, int]], home: bool) -> float:
    """Expected kWh but for what runs by the hour."""
    energy, metres, climb = rig.truck.energy, rig.roads.metres, rig.roads.climb
    kg, kwh = 0, energy.kwh_per_tip
    for before, node in legs:
        kwh += drive(energy, metres[before][node], kg, climb[before][node] if climb else 0)
        if node < ground.count:
            kwh += lift(energy, ground.kg[node])
            kg += ground.kg[node]
    site = legs[-1][1]
    return kwh + (drive(energy, metres[site][rig.end], 0, climb[site][rig.end] if climb else 0) if home else 0.0)
