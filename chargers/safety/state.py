"""What every EVSE of a site may be drawing, as far as the central system can know, and the events that change it.

Power per slot is kW over the slots of the night being run. What an EVSE may draw is the most of everything that may
be active in it: its fall-back (a transaction can end and another start at any moment, also unheard), the profile it
confirmed, and every profile sent since. An EVSE whose fall-back was never confirmed counts with its hardware.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from chargers.profile.values import UNLIMITED, ChargingSchedule, RateUnit, in_unit

Kw: TypeAlias = tuple[float, ...]
"""kW in each slot."""


class EvseId(NamedTuple):
    station: str
    evse: int


@dataclass(frozen=True, slots=True)
class Push:
    """A profile on its way to an EVSE: its ceiling in each slot. Numbers grow with every push of a PushState."""

    number: int
    evse: EvseId
    kw: Kw


@dataclass(frozen=True, slots=True)
class EvseState:
    """hardware_kw: what it can do at most; min_kw: the least it can charge with; fallback_kw: None until confirmed.

    confirmed: the transaction profile it is known to follow; sent: pushes that may be active too, oldest first.
    charging: a transaction runs; silent: nothing is heard from its station.
    """

    hardware_kw: float
    min_kw: float = 0.0
    fallback_kw: float | None = None
    confirmed: Kw | None = None
    sent: tuple[Push, ...] = ()
    charging: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True)
class PushState:
    """All EVSEs of a site over `slots` slots."""

    slots: int
    evses: Mapping[EvseId, EvseState]
    pushes: int = 0


def held_kw(state: PushState, evses: Iterable[EvseId] | None = None) -> Kw:
    """The most these EVSEs (default: all) may draw together in each slot, whoever falls silent now."""
    chosen = state.evses if evses is None else evses
    rows = [held_by(state.evses[evse], state.slots) for evse in chosen]
    return tuple(map(sum, zip(*rows, strict=True))) if rows else (0.0,) * state.slots


def held_by(evse: EvseState, slots: int) -> Kw:
    """The most one EVSE may draw in each slot."""
    if evse.fallback_kw is None:
        return (evse.hardware_kw,) * slots
    fallback = (evse.fallback_kw,) * slots
    possible = [fallback, *(push.kw for push in evse.sent), *([evse.confirmed] if evse.confirmed is not None else [])]
    return tuple(min(evse.hardware_kw, max(at_once)) for at_once in zip(*possible, strict=True))


def unsettled_evses(state: PushState) -> tuple[EvseId, ...]:
    """EVSEs that can be heard and may follow one of several profiles: ask them for their composite schedule."""
    return tuple(name for name, evse in state.evses.items() if evse.sent and not evse.silent)


def slot_kw(schedule: ChargingSchedule, *, start: datetime, slot_minutes: int, slots: int, beyond_kw: float) -> Kw:
    """The most a schedule with a start allows in each slot; beyond_kw outside it and where it says nothing.

    For composite answers beyond_kw is the hardware's power; for a profile about to be sent its fall-back.
    """
    begin = (schedule.start - start).total_seconds() if schedule.start is not None else 0.0
    edges = [begin + period.start_s for period in schedule.periods]
    edges.append(begin + schedule.duration_s if schedule.duration_s is not None else UNLIMITED)
    limits = [in_unit(period.limit, schedule.unit, RateUnit.W, period.phases) / 1000.0 for period in schedule.periods]
    seconds = slot_minutes * 60

    def most(slot: int) -> float:
        since, until = slot * seconds, (slot + 1) * seconds
        inside = [
            kw for (left, right), kw in zip(pairwise(edges), limits, strict=True) if left < until and right > since
        ]
        covered = edges[0] <= since and until <= edges[-1]
        return max(inside) if covered else max([*inside, beyond_kw])

    return tuple(most(slot) for slot in range(slots))
