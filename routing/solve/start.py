"""Tours to begin a search from: an earlier plan's, another engine's, or none, made fit to be driven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.solve.ruin import Search, Sequences
from routing.solve.timing import time_tour
from routing.solve.tour import Tour

if TYPE_CHECKING:
    from random import Random

    from routing.plan import Plan
    from routing.solve.ground import Ground


def filled(ground: Ground, start: Sequences, random: Random, banned: int = -1) -> Search:
    """A search from `start` with every bin inserted that fits and pays; rig `banned` begins no tour."""
    search = Search(ground, start, random, banned)
    search.fill()
    return search


def mend(ground: Ground, tours: Sequences) -> Sequences:
    """The tours with bins taken off their ends until each can be driven."""
    mended: Sequences = {}
    for index, sequence in tours.items():
        rig, short = ground.rigs[index], list(sequence)
        while short:
            tour = Tour(ground, rig, short)
            short = tour.sequence
            if tour.feasible() and time_tour(ground, rig, short) is not None:
                mended[index] = short
                break
            short.pop()
    return mended


def recall(ground: Ground, warm: Plan) -> Sequences:
    """The tours of an earlier plan, as far as its trucks, bins and sites are still there."""
    rigs = {rig.truck.truck: rig.index for rig in ground.rigs}
    visits = {visit.bin: node for node, visit in enumerate(ground.visits)}
    sites = {site.place: ground.count + at for at, site in enumerate(ground.sites)}
    tours: Sequences = {}
    for route in warm.routes:
        index = rigs.get(route.truck)
        if index is None:
            continue
        known = [(visits if stop.kind == "bin" else sites).get(stop.bin or stop.place or "") for stop in route.stops]
        tours[index] = [node for node in known if node is not None and ground.rigs[index].may_serve(node)]
    return tours
