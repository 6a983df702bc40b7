"""What actions order, and what they ask first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from console.actions.values import Answers, Options, Selection
from console.errors import ActionDisabled
from console.i18n import _
from console.view import View
from fleet.orders import OrderKind, Wanted

if TYPE_CHECKING:
    from console.hands import Hands


def for_station(kind: OrderKind, **fixed: Any) -> Callable[[View, Selection, Answers], tuple[Wanted, ...]]:
    """An order to the selected station with fixed arguments; `evse=True` adds the selected EVSE."""

    def order(_view: View, at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
        args = {name: value for name, value in fixed.items() if name != "evse"}
        if fixed.get("evse"):
            args["evse"] = at.evse
        return (Wanted(kind, at.station_id, args),)

    return order


def order_plan(view: View, _at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
    """The plan of the next morning: before six, today's."""
    local = view.local(view.now)
    day = local.date() if local.hour < 6 else local.date() + timedelta(days=1)
    return (Wanted(OrderKind.MAKE_PLAN, day.isoformat(), {"publish": False}),)


def order_publish(view: View, _at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    if view.plan is None:
        return ()
    note = answers.get("note", "").strip()
    return (Wanted(OrderKind.PUBLISH_PLAN, str(view.plan.plan_id), {"note": note} if note else {}),)


def order_withdraw(view: View, _at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    return (Wanted(OrderKind.WITHDRAW_PLAN, str(view.plan.plan_id), why=answers.get("why", "")),) if view.plan else ()


def order_start(_view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    return (Wanted(OrderKind.START_CHARGE, at.station_id, {"evse": at.evse, "token": answers["token"]}),)


def order_stop(view: View, at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
    place = at.place(view)
    if place is None or place.transaction is None:
        return ()
    return (Wanted(OrderKind.STOP_CHARGE, at.station_id, {"transaction_id": place.transaction.transaction_id}),)


def order_stop_all(view: View, _at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
    return tuple(
        Wanted(OrderKind.STOP_CHARGE, station.station_id, {"transaction_id": evse.transaction.transaction_id})
        for station in view.stations.values()
        for evse in station.evses
        if evse.transaction
    )


def order_availability(view: View, at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
    place = at.place(view)
    operative = place is not None and place.status == "Unavailable"
    return (Wanted(OrderKind.SET_AVAILABILITY, at.station_id, {"operative": operative, "evse": at.evse}),)


def order_limit(_view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    text = answers["limit_kw"].replace(",", ".").strip()
    return (Wanted(OrderKind.LIMIT_STATION, at.station_id, {"limit_kw": float(text) if text else None}),)


def order_get(_view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    return (Wanted(OrderKind.GET_VARIABLES, at.station_id, {"names": answers["names"].replace(",", " ").split()}),)


def order_set(_view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    return (Wanted(OrderKind.SET_VARIABLES, at.station_id, {"values": {answers["name"]: answers["value"]}}),)


def order_trigger(_view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    return (Wanted(OrderKind.TRIGGER, at.station_id, {"message": answers["message"], "evse": at.evse}),)


# what is asked


def known_cards(hands: Hands, view: View, _at: Selection) -> Options:
    """Cards to start a charge with: those of trucks that still need energy first, then all others that are accepted.

    Raises:
        ActionDisabled: there is none.
    """
    busy = {e.transaction.truck_id for s in view.stations.values() for e in s.evses if e.transaction}
    trucks = [t for t in view.trucks.values() if t.id_token and t.truck_id not in busy]
    trucks.sort(key=lambda t: (t.truck_id not in view.needs, t.activity not in {"plugged", "parked"}, t.truck_id))
    of_trucks = {t.id_token for t in view.trucks.values()}
    others = [one for one in hands.read_records("cards", None) if one.state == "Accepted" and one.key not in of_trucks]
    found = (
        *((t.id_token, f"{t.truck_id}  {t.id_token}") for t in trucks),
        *((one.key, f"{one.key}  {one.cells[2]}".removesuffix("  ·")) for one in others),
    )
    if not found:
        raise ActionDisabled(_("there is no accepted card; n in the list of cards (I) adds one"))
    return found


def known_firmware(hands: Hands, view: View, at: Selection) -> Options:
    """Firmware that is here; what is made for another vendor's stations is left out.

    Raises:
        ActionDisabled: there is none.
    """
    station = at.station(view)
    vendor = station.vendor.casefold() if station else ""
    found = tuple(
        (one.key, "  ".join(one.cells[:4]))
        for one in hands.read_records("firmware", None)
        if not one.name or not vendor or one.name.casefold() == vendor
    )
    if not found:
        raise ActionDisabled(_("no firmware for it is here; binwatt firmware add FILE --version V takes one over"))
    return found


def limit_now(view: View, at: Selection) -> str:
    station = at.station(view)
    return f"{station.limit_kw:g}" if station and station.limit_kw is not None else ""


def messages(_view: View, _at: Selection) -> Options:
    names = ("StatusNotification", "MeterValues", "BootNotification", "Heartbeat", "FirmwareStatusNotification")
    return tuple((name, name) for name in names)
