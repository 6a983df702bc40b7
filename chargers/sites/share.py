"""Who gets how much of a site's room: weighted max-min fairness over three phases. Pure.

Everybody who charges gets the least it needs, the first by priority and arrival where that is too much for all; what
is left rises for all alike, by priority, until a car has its most or a phase is full (progressive filling). Nobody
can get more without taking from somebody who has less for its priority.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import TypeAlias

from chargers.safety.state import EvseId

Phases: TypeAlias = tuple[float, float, float]
"""Of L1, L2, L3: kW, or the share of a kW drawn there."""

EVENLY: Phases = (1 / 3, 1 / 3, 1 / 3)
GRAIN_KW = 0.1
_HALVINGS = 50
_EXACT_KW = 1e-9


@dataclass(frozen=True, slots=True)
class Outlet:
    """An EVSE that charges. least_kw: below it nothing is charged; most_kw: what it can use at most."""

    name: EvseId
    least_kw: float
    most_kw: float
    priority: float = 1.0
    phases: Phases = EVENLY


def on_phase(number: int) -> Phases:
    """A single-phase outlet: all of it on L1, L2 or L3 (0, 1, 2)."""
    return (float(number == 0), float(number == 1), float(number == 2))


def share(outlets: Sequence[Outlet], room_kw: Phases) -> dict[EvseId, float]:
    """KW for each outlet, in tenths; the earlier in the list the longer it has waited. 0: it must wait."""
    room = list(room_kw)
    served: list[Outlet] = []
    for outlet in sorted(outlets, key=lambda one: -one.priority):
        if all(outlet.least_kw * part <= left + _EXACT_KW for part, left in zip(outlet.phases, room, strict=True)):
            room = [left - outlet.least_kw * part for part, left in zip(outlet.phases, room, strict=True)]
            served.append(outlet)
    given = {outlet.name: 0.0 for outlet in outlets}
    given.update({outlet.name: outlet.least_kw for outlet in served})
    rising = [outlet for outlet in served if outlet.most_kw > outlet.least_kw]
    while rising:
        level = _highest(rising, served, given, room_kw)
        for outlet in rising:
            given[outlet.name] = _at(outlet, level)
        full = [left < GRAIN_KW / 10 for left in _left(served, given, room_kw)]
        going = [
            outlet
            for outlet in rising
            if given[outlet.name] < outlet.most_kw - _EXACT_KW
            and not any(part > 0 and over for part, over in zip(outlet.phases, full, strict=True))
        ]
        if len(going) == len(rising):
            break
        rising = going
    return {name: floor(kw / GRAIN_KW + 1e-6) * GRAIN_KW for name, kw in given.items()}


def _at(outlet: Outlet, level: float) -> float:
    return min(outlet.most_kw, max(outlet.least_kw, level * outlet.priority))


def _left(served: Sequence[Outlet], given: dict[EvseId, float], room_kw: Phases) -> list[float]:
    return [
        room - sum(given[outlet.name] * outlet.phases[phase] for outlet in served) for phase, room in enumerate(room_kw)
    ]


def _highest(rising: Sequence[Outlet], served: Sequence[Outlet], given: dict[EvseId, float], room_kw: Phases) -> float:
    """The highest level to which all of `rising` can be brought, by halving."""
    low, high = 0.0, max(outlet.most_kw / outlet.priority for outlet in rising)

    def fits(level: float) -> bool:
        tried = given | {outlet.name: _at(outlet, level) for outlet in rising}
        return min(_left(served, tried, room_kw)) >= -_EXACT_KW

    if fits(high):
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
