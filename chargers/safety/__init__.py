"""A site that stays under its limit whatever its stations do: invariants, and pushes in a safe order. Pure."""

from chargers.safety.invariants import check_fallbacks
from chargers.safety.pushes import next_pushes
from chargers.safety.state import (
    EvseId,
    EvseState,
    Kw,
    Push,
    PushState,
    held_by,
    held_kw,
    slot_kw,
    unsettled_evses,
)

__all__ = [
    "EvseId",
    "EvseState",
    "Kw",
    "Push",
    "PushState",
    "check_fallbacks",
    "held_by",
    "held_kw",
    "next_pushes",
    "slot_kw",
    "unsettled_evses",
]
