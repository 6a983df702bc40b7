"""Why a servable bin is left: which limit, if it alone were lifted, would let a truck take it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from routing.plan import Reason
from routing.problem import ALWAYS
from routing.solve.insertion import find_insertion
from routing.solve.tour import Tour

if TYPE_CHECKING:
    from routing.solve.ground import Ground
    from routing.solve.rig import Rig
    from routing.solve.ruin import Sequences

PLENTY = 1 << 40


def blame(ground: Ground, tours: Sequences, visits: list[int]) -> dict[int, Reason]:
    """For each visit the first limit, lifted alone, under which it fits into the tours as they are; else the shift."""
    reasons: dict[int, Reason] = {}
    for reason in (Reason.CAPACITY, Reason.BATTERY, Reason.WINDOW, Reason.SHIFT):
        open_cases = [visit for visit in visits if visit not in reasons]
        if open_cases:
            relaxed = replace(ground, rigs=tuple(_lift(rig, reason) for rig in ground.rigs))
            reasons |= dict.fromkeys(_fitting(relaxed, tours, open_cases), reason)
    return {visit: reasons.get(visit, Reason.SHIFT) for visit in visits}


def _fitting(ground: Ground, tours: Sequences, visits: list[int]) -> list[int]:
    where: list[Tour | None] = [None] * ground.count
    for index, sequence in tours.items():
        tour = Tour(ground, ground.rigs[index], list(sequence))
        for node in tour.sequence:
            if node < ground.count:
                where[node] = tour
    idle = [rig for rig in ground.rigs if rig.index not in tours]
    return [visit for visit in visits if find_insertion(ground, visit, where, idle, float("inf"), None) is not None]


def _lift(rig: Rig, reason: Reason) -> Rig:
    if reason is Reason.CAPACITY:
        return replace(rig, truck=replace(rig.truck, kg=PLENTY, litres=PLENTY))
    if reason is Reason.BATTERY:
        return replace(rig, kwh_limit=float("inf"))
    free = [closes + ALWAYS for closes in rig.closes]
    if reason is Reason.WINDOW:
        return replace(rig, closes=free, gates={})
    calls = [call + ALWAYS for call in rig.last_call]
    return replace(rig, closes=free, gates={}, last_call=calls, ends=rig.ends + ALWAYS)
