"""What must hold at a site whatever its stations do. Each check is a function of values.

I1  every EVSE at its fall-back and the base load at its highest stay within the limit: all may be silent for ever
I2  the plan, each EVSE at least at its fall-back, and the base load stay within limit less margin in every slot
I3  so does the most of everything that may be active while profiles change (chargers.safety.pushes keeps it)
I4  silent EVSEs keep counting with what they hold, never confirmed ones with their hardware (chargers.safety.state)
I5  a site meter that has not been read for long counts as the highest base load
I6  nothing is allowed to start where the fall-back is not confirmed

OCPP is no protection device: a certified breaker or relay stays in charge of what these rules cannot see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chargers.errors import UnsafeLimits
from chargers.safety.state import EvseId, Kw, PushState, held_kw

_EXACT_KW = 1e-6


@dataclass(frozen=True, slots=True)
class Breach:
    """A slot in which more may be drawn than there is room for."""

    rule: str
    slot: int
    excess_kw: float


def check_fallbacks(fallback_kw: Mapping[EvseId, float], *, base_max_kw: float, limit_kw: float) -> None:
    """I1. Raise UnsafeLimits if the fall-backs and the highest base load are above the site limit."""
    total = sum(fallback_kw.values())
    if total + base_max_kw > limit_kw + _EXACT_KW:
        raise UnsafeLimits(
            f"{len(fallback_kw)} EVSEs at their fall-backs ({total:.1f} kW) and {base_max_kw:.1f} kW of base load are "
            f"above the site limit of {limit_kw:.1f} kW: lower the fall-backs by "
            f"{total + base_max_kw - limit_kw:.1f} kW in all"
        )


def plan_breaches(
    planned_kw: Mapping[EvseId, Kw],
    fallback_kw: Mapping[EvseId, float],
    *,
    base_kw: Sequence[float],
    limit_kw: Sequence[float],
    margin_kw: float = 0.0,
) -> tuple[Breach, ...]:
    """I2. Slots in which a plan is above its room. EVSEs without a plan count with their fall-back."""
    breaches = []
    for slot, (base, limit) in enumerate(zip(base_kw, limit_kw, strict=True)):
        drawn = sum(max(kw, planned_kw[evse][slot] if evse in planned_kw else 0.0) for evse, kw in fallback_kw.items())
        drawn += sum(kw[slot] for evse, kw in planned_kw.items() if evse not in fallback_kw)
        excess = drawn + base - (limit - margin_kw)
        if excess > _EXACT_KW:
            breaches.append(Breach("I2", slot, excess))
    return tuple(breaches)


def held_breaches(state: PushState, room_kw: Kw, *, first: int = 0) -> tuple[Breach, ...]:
    """I3 and I4. Slots from `first` in which what may be active is above the room (limit less base load, margin)."""
    slots = enumerate(zip(held_kw(state), room_kw, strict=True))
    return tuple(
        Breach("I3", slot, held - room) for slot, (held, room) in slots if slot >= first and held > room + _EXACT_KW
    )


def base_load_kw(measured_kw: float | None, *, age: timedelta, stale_after: timedelta, base_max_kw: float) -> float:
    """I5. The base load to reckon with: the measured one while it is fresh, else the highest there can be."""
    if measured_kw is None or age > stale_after:
        return base_max_kw
    return measured_kw


def may_start(state: PushState, evse: EvseId) -> bool:
    """I6. Whether a transaction may be allowed to start: the EVSE's fall-back is confirmed since its station booted."""
    known = state.evses.get(evse)
    return known is not None and known.fallback_kw is not None
