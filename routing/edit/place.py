"""Where a bin fits best into a tour: every place by the money of its detour, the cheapest few timed exactly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from routing.edit.drive import Track
from routing.edit.index import tour_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.edit.index import Index, Step, Tour
    from routing.plan import Route
    from routing.problem import Truck

TRIED = 6
"""How many places are timed exactly."""
FORBIDDEN = 1e9
"""Money added for a place the rules forbid: taken only when there is no other."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bin put into a tour, and roughly what that costs."""

    steps: tuple[Step, ...]
    money: float


def best_places(index: Index, truck: Truck, tour: Tour, name: str) -> list[Place]:
    """Every place for a bin in the tour of a truck, cheapest first; the last is a load of its own."""
    visit = index.visit(name)
    ways = index.problem.ways_of(truck)
    step: Step = ("bin", name)
    start = index.depots[truck.depot].location
    end = index.depots[truck.ends_at or truck.depot].location
    here = start if visit.location is None else visit.location
    per_metre, per_second = truck.cost_per_km / 1000, truck.cost_per_hour / 3600

    def leg(origin: int, goal: int) -> float:
        if origin == goal:
            return 0.0
        seconds, metres = int(ways.seconds[origin, goal]), int(ways.metres[origin, goal])
        return FORBIDDEN if seconds < 0 or metres < 0 else metres * per_metre + seconds * per_second

    fits = _rooms(index, truck, tour, name)
    stands = [start, *(index.location(one) or 0 for one in tour), end]
    places = []
    for position, (before, after) in enumerate(pairwise(stands)):
        if position == len(tour) and tour:
            continue  # after the last tip: the load of its own below
        money = leg(before, here) + leg(here, after) - leg(before, after)
        if tour and not fits[position]:
            money += FORBIDDEN
        places.append(Place((*tour[:position], step, *tour[position:]), money))
    for site in index.problem.sites if tour else ():
        if site.takes(visit.stream):
            last = stands[-2]
            money = leg(last, here) + leg(here, site.location) + leg(site.location, end) - leg(last, end)
            if sum(kind == "tip" for kind, _ in tour) >= truck.max_tips:
                money += FORBIDDEN
            places.append(Place((*tour, step, ("tip", site.place)), money))
    return sorted(places, key=lambda place: place.money)


def put_best(index: Index, truck: Truck, route: Route | None, name: str, departs: int | None) -> tuple[Step, ...]:
    """The tour of `truck` with a bin where it costs least and breaks nothing; else where it would cost least."""
    tour = () if route is None else tour_of(route)
    places = best_places(index, truck, tour, name)[:TRIED]
    track = Track(index, truck, [*(one for kind, one in tour if kind == "bin"), name])
    best, cheapest = places[0], float("inf")
    for place in places:
        if place.money >= FORBIDDEN:
            continue
        timed = track.exact(place.steps)
        if timed is not None and departs not in {None, timed.departs}:
            timed = track.drive(place.steps, departs)
        if timed is not None and timed.cost < cheapest:
            best, cheapest = place, timed.cost
    return best.steps


def _rooms(index: Index, truck: Truck, tour: Sequence[Step], name: str) -> list[bool]:
    """Per position of a tour, whether the load under way there has room for the bin and is of its stream."""
    visit = index.visits[name]
    able = visit.stream in truck.streams and (truck.narrow or not visit.narrow)
    rooms: list[bool] = []
    load: list[str] = []
    for number, (kind, one) in enumerate(tour):
        if kind == "bin":
            load.append(one)
        if kind == "tip" or number == len(tour) - 1:
            bins = [index.visits[each] for each in load]
            room = (
                able
                and sum(each.kg for each in bins) + visit.kg <= truck.kg
                and sum(each.litres for each in bins) + visit.litres <= truck.litres
                and all(each.stream == visit.stream for each in bins)
                and (kind == "bin" or index.sites[one].takes(visit.stream))
            )
            rooms += [room] * (number + 1 - len(rooms))
            load = []
    return [*rooms, False]
