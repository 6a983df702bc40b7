"""Tours to begin a search from: an earlier plan's, another engine's, or none, made fit to be driven."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from routing.solve.ruin import Search, Sequences
from routing.solve.timing import time_tour
from routing.solve.tour import Tour

if TYPE_CHECKING:
    from random import Random

    from routing.plan import Plan
    from routing.solve.ground import Ground
    from routing.solve.rig import Rig


def filled(ground: Ground, start: Sequences, random: Random, banned: int = -1) -> Search:
    """A search from `start` with every bin inserted that fits and pays; rig `banned` begins no tour.

    Insertion trusts net time; where a tour thus grew beyond what can be driven, the exact clock is asked bin by bin.
    """
    search = Search(ground, start, random, banned)
    search.fill()
    if all(tour.sequence == start.get(index) or holds(ground, tour) for index, tour in search.tours.items()):
        return search
    search = Search(ground, start, random, banned)
    search.fill(partial(holds, ground))
    return search


def holds(ground: Ground, tour: Tour) -> bool:
    """Whether a tour can be driven by the exact clock."""
    return not tour.sequence or time_tour(ground, tour.rig, tour.sequence) is not None


def mend(ground: Ground, tours: Sequences) -> Sequences:
    """The tours without the bins that keep them from being driven; trucks fixed by hand are not asked."""
    mended: Sequences = {}
    for index, sequence in tours.items():
        rig = ground.rigs[index]
        short = Tour(ground, rig, list(sequence)).sequence if index not in ground.fixed else []
        if short and time_tour(ground, rig, short) is None:
            short = _thin(ground, rig, short)
            while short and time_tour(ground, rig, short) is None:
                short.pop()
        if short:
            mended[index] = short
    return mended


def _thin(ground: Ground, rig: Rig, sequence: list[int]) -> list[int]:
    """The bins in their order that fit, one after the other, on the search's clock."""
    kept: list[int] = []
    for node in sequence:
        if node < ground.count:
            fits = Tour(ground, rig, [*kept, node]).feasible()
        else:
            fits = bool(kept) and kept[-1] < ground.count and node in ground.takers[kept[-1]]
        if fits:
            kept.append(node)
    return kept


def recall(ground: Ground, warm: Plan) -> Sequences:
    """The tours of an earlier plan, as far as its trucks, bins and sites are still there and locks leave them."""
    rigs = {rig.truck.truck: rig.index for rig in ground.rigs}
    visits = {visit.bin: node for node, visit in enumerate(ground.visits)}
    sites = {site.place: ground.count + at for at, site in enumerate(ground.sites)}
    tours: Sequences = {}
    seen: set[int] = set()
    for route in warm.routes:
        index = rigs.get(route.truck)
        if index is None or index in tours:
            continue
        tours[index] = []
        for stop in route.stops:
            known = visits.get(stop.bin or "") if stop.kind == "bin" else sites.get(stop.place or "")
            if known is None or stop.kind not in {"bin", "tip"} or known in seen:
                continue
            if ground.rigs[index].may_serve(known):
                tours[index].append(known)
                seen |= {known} if known < ground.count else set()
    return tours
