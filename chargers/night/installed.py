"""What every EVSE of a scene may be following, read back from the orders: they are the one durable record of pushes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chargers.errors import ProfileError
from chargers.night.scene import Bay, Outlet, Scene
from chargers.profile import ChargingProfile, from_v201
from chargers.safety.state import EvseId, EvseState, Kw, Push, PushState, slot_kw
from fleet.orders import OrderState
from fleet.store import Work
from fleet.tables import Order

REST = timedelta(minutes=5)
"""A station that refused a profile, or did not answer it, is left alone for so long."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a site's EVSEs may be following, and those that are not to be asked again just now."""

    state: PushState
    resting: frozenset[Outlet]


def read_pushes(work: Work, scene: Scene, start: datetime, slot_minutes: int, slots: int) -> Standing:
    """The safety state of a site: per EVSE its fall-back, the profile it confirmed, and those that may hold as well.

    A profile counts from the moment it is ordered. One whose answer never came keeps counting until a later one is
    confirmed, also when it was to be sent again and ran out of time; one that was rejected, or expired before it was
    ever sent, never held.
    """
    orders = work.orders.profiles_of([bay.transaction for bay in scene.bays.values() if bay.transaction is not None])
    by_outlet: dict[Outlet, list[Order]] = {}
    for order in orders:
        by_outlet.setdefault((order.target, int(order.args.get("evse", 0))), []).append(order)

    def kw_of(order: Order, bay: Bay) -> Kw:
        profile = profile_of(order)
        if profile is None:
            return (bay.evse.max_kw,) * slots
        return slot_kw(
            profile.schedule,
            start=start,
            slot_minutes=slot_minutes,
            slots=slots,
            beyond_kw=bay.station.fallback_kw,
        )

    evses: Mapping[EvseId, EvseState] = {
        EvseId(*outlet): _state(bay, by_outlet.get(outlet, ()), kw_of) for outlet, bay in scene.bays.items()
    }
    newest = max((order.order_id or 0 for order in orders), default=0)
    resting = frozenset(
        outlet
        for outlet, given in by_outlet.items()
        if given[-1].state in (OrderState.REJECTED, OrderState.FAILED)
        and scene.now - (given[-1].done_at or scene.now) < REST
    )
    return Standing(PushState(slots=slots, evses=evses, pushes=newest), resting)


def profile_of(order: Order) -> ChargingProfile | None:
    """The profile an order carries; None when a person wrote one that cannot be read."""
    try:
        return from_v201(order.args["profile"])
    except (KeyError, TypeError, ProfileError):
        return None


def _state(bay: Bay, orders: Iterable[Order], kw_of: Callable[[Order, Bay], Kw]) -> EvseState:
    confirmed: Kw | None = None
    sent: list[Push] = []
    for order in orders:
        if bay.transaction is None or _ref(order) != bay.transaction.ref:
            continue
        if order.state == OrderState.ACCEPTED:
            confirmed, sent = kw_of(order, bay), []
        elif order.state in (OrderState.QUEUED, OrderState.SENT):
            sent.append(Push(order.order_id or 0, EvseId(*bay.outlet), kw_of(order, bay)))
        elif order.state in (OrderState.FAILED, OrderState.EXPIRED, OrderState.WITHDRAWN) and order.sent_at is not None:
            # nobody will answer it any more: count the most of it and of what was before, and go on from there
            failed = kw_of(order, bay)
            confirmed = failed if confirmed is None else tuple(map(max, confirmed, failed))
    return EvseState(
        hardware_kw=bay.evse.max_kw,
        min_kw=bay.minimum_kw,
        fallback_kw=bay.station.fallback_kw if bay.station.fallback_at is not None else None,
        confirmed=confirmed,
        sent=tuple(sent),
        charging=bay.transaction is not None,
        silent=not bay.station.online,
    )


def _ref(order: Order) -> str | None:
    profile = order.args.get("profile")
    return profile.get("transactionId") if isinstance(profile, dict) else None
