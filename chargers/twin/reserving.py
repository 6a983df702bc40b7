"""Holding an EVSE for a card: what a station answers, and when a reservation ends by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from chargers.twin.cards import Reservation
from chargers.twin.outlet import Outlet

Reserved = Literal["Accepted", "Occupied", "Faulted", "Unavailable", "Rejected"]


def reserve(outlets: Mapping[int, Outlet], evse: int, wanted: Reservation, now: datetime) -> Reserved:
    """ReserveNow at an EVSE, or at any (0): the same number replaces (1.6 section 5.13, 2.0.1 H01)."""
    if (evse != 0 and evse not in outlets) or wanted.until <= now:
        return "Rejected"
    cancel(outlets, wanted.number)
    asked = list(outlets.values()) if evse == 0 else [outlets[evse]]
    refusals = [_refusal(outlet) for outlet in asked]
    for outlet, refusal in zip(asked, refusals, strict=True):
        if refusal is None:
            outlet.reservation = wanted
            return "Accepted"
    return next(refusal for refusal in refusals if refusal is not None)


def cancel(outlets: Mapping[int, Outlet], number: int) -> bool:
    """CancelReservation; False where none of this number is held."""
    held = [
        outlet for outlet in outlets.values() if outlet.reservation is not None and outlet.reservation.number == number
    ]
    for outlet in held:
        outlet.reservation = None
    return bool(held)


def ended(outlet: Outlet) -> tuple[int, Literal["Expired", "Removed"]] | None:
    """The number of a reservation that just ended by itself, and why; it is gone then."""
    held = outlet.reservation
    if held is None:
        return None
    why: Literal["Expired", "Removed"] = "Expired"
    if held.until > outlet.at:
        if outlet.fault is None and outlet.operative:
            return None
        why = "Removed"
    outlet.reservation = None
    return held.number, why


def _refusal(outlet: Outlet) -> Reserved | None:
    if outlet.fault is not None:
        return "Faulted"
    if not outlet.operative or outlet.closes_after_charge:
        return "Unavailable"
    taken = outlet.charge is not None or outlet.plugged is not None or outlet.expects is not None
    return "Occupied" if taken or outlet.reservation is not None else None
