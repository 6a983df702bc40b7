"""How each event changes the View: `fold(view, event) -> view`, pure.

An event about something the View does not know (yet) changes only the log: the feed loads what it names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from console.view.charging import (
    connector_changed,
    evse_metered,
    profile_confirmed,
    station_admitted,
    station_booted,
    station_changed,
    station_connected,
    station_disconnected,
    station_parked,
    transaction_ended,
    transaction_started,
    with_entry,
    with_station,
)
from console.view.values import (
    AlarmView,
    DepotView,
    NeedView,
    OrderView,
    ProgressView,
    TruckView,
    View,
)
from fleet.events import Event, Kind

KEEP_EVENTS = 500
KEEP_ORDERS = 200
KEEP_SLOTS = 96
"""Slots of older schedules kept before the one in force."""
QUIET = frozenset({Kind.BIN_READ, Kind.EVSE_METERED, Kind.TRUCK_REPORTED, Kind.PLANNING_PROGRESSED})
"""Too many for the log a person reads."""


def fold(view: View, event: Event) -> View:
    """The view after this event."""
    change = _CHANGES.get(event.kind)
    if change is not None:
        view = change(view, event)
    if not is_told(event):
        return view
    return replace(view, events=(*view.events[1 - KEEP_EVENTS :], event))


def is_told(event: Event) -> bool:
    """Whether the log a person reads holds this event."""
    if event.kind is Kind.ORDER_CHANGED:
        return not is_routine(str(event.data.get("kind")), str(event.data.get("state")))
    if event.kind is Kind.PROFILE_CONFIRMED:
        return event.data.get("status") != "Accepted"
    return event.kind not in QUIET


def is_routine(kind: str, state: str) -> bool:
    """Whether an order is one of the profiles the night job pushes every few minutes, going as it should."""
    return kind == "set_profile" and state in {"queued", "sent", "accepted"}


# the city


def _bin_read(view: View, event: Event) -> View:
    known = view.bins.get(event.subject)
    if known is None or (known.read_at is not None and event.at < known.read_at):
        return view
    data = event.data
    changed = replace(
        known,
        fill=known.fill if data.get("fill") is None else data["fill"],
        read_at=known.read_at if data.get("fill") is None else event.at,
        quality=data.get("quality", "ok"),
        battery=known.battery if data.get("battery") is None else data["battery"],
    )
    return replace(view, bins=with_entry(view.bins, event.subject, changed))


def _bin_emptied(view: View, event: Event) -> View:
    known = view.bins.get(event.subject)
    if known is None:
        return view
    # the sensor's next reading tells how empty it is; until then it is empty
    fill = 0.0 if known.read_at is None or known.read_at <= event.at else known.fill
    return replace(view, bins=with_entry(view.bins, event.subject, replace(known, emptied_at=event.at, fill=fill)))


def _truck_reported(view: View, event: Event) -> View:
    known = view.trucks.get(event.subject) or TruckView(event.subject)
    data = event.data
    changed = replace(
        known,
        lat=data.get("lat", known.lat),
        lon=data.get("lon", known.lon),
        activity=data.get("activity", known.activity),
        soc=data.get("soc", known.soc),
        load_kg=data.get("load_kg", known.load_kg),
        at=event.at,
    )
    return replace(view, trucks=with_entry(view.trucks, event.subject, changed))


# the plan


def _planning(view: View, event: Event) -> View:
    data = event.data
    before = view.progress
    return replace(
        view,
        progress=ProgressView(
            day=str(data.get("day", event.subject)),
            phase=data.get("phase", ""),
            elapsed_s=data.get("elapsed_s", 0.0),
            seconds=data.get("seconds") or (before.seconds if before else 0.0),
            cost=data.get("cost"),
            served=data.get("served"),
            due=data.get("due"),
            failed=str(data.get("why", "")) if event.kind is Kind.PLANNING_FAILED else "",
        ),
    )


def _plan_made(view: View, _event: Event) -> View:
    return replace(view, progress=None)


def _plan_moved(view: View, event: Event) -> View:
    if view.plan is None or view.plan.plan_id != event.data.get("plan_id"):
        return view
    state = "published" if event.kind is Kind.PLAN_PUBLISHED else "withdrawn"
    return replace(view, plan=replace(view.plan, state=state))


# the depot's night


def _needs_changed(view: View, event: Event) -> View:
    needs = {}
    for item in event.data.get("needs", ()):
        need = NeedView(
            truck_id=item["truck"],
            kwh=item["kwh"],
            target_kwh=item["target_kwh"],
            ready_by=datetime.fromisoformat(item["ready_by"]),
            soc=item.get("soc"),
            priority=item.get("priority", 1.0),
        )
        needs[need.truck_id] = need
    return replace(view, needs=needs)


def _schedule_made(view: View, event: Event) -> View:
    data = event.data
    known = view.depots.get(data["site"]) or DepotView(data["site"])
    begins = datetime.fromisoformat(data["starts_at"])
    # what was planned for the hours gone by stays on the chart, beside what was drawn in them
    passed = 0
    if known.starts_at is not None and known.slot_minutes == data["slot_minutes"]:
        passed = int((begins - known.starts_at) / timedelta(minutes=known.slot_minutes))
    keep = slice(0, passed) if 0 < passed <= min(len(known.planned_kw), KEEP_SLOTS) else slice(0)
    depot = replace(
        known,
        starts_at=known.starts_at if known.planned_kw[keep] else begins,
        slot_minutes=data["slot_minutes"],
        limit_kw=(*known.limit_kw[keep], *data["limit_kw"]),
        base_kw=(*known.base_kw[keep], *data["base_kw"]),
        planned_kw=(*known.planned_kw[keep], *data["total_kw"]),
        peak_kw=data["peak_kw"],
        why=data.get("why", ""),
        powers=tuple((p["truck"], p["station"], p["evse"], tuple(p["kw"])) for p in data.get("powers", ())),
    )
    short = {item["truck"]: item for item in data.get("shortfalls", ())}
    needs = {
        truck: replace(
            need,
            shortfall_kwh=short[truck]["kwh"] if truck in short else 0.0,
            reason=short[truck]["reason"] if truck in short else "",
        )
        for truck, need in view.needs.items()
    }
    return replace(view, depots=with_entry(view.depots, depot.place_id, depot), needs=needs)


def _need_closed(view: View, event: Event) -> View:
    data = event.data
    truck = str(data.get("truck") or event.subject)
    known = view.needs.get(truck)
    if known is None:
        return view
    closed = replace(known, state=data["state"], delivered_kwh=data.get("delivered_kwh", 0.0), soc=data.get("soc"))
    return replace(view, needs=with_entry(view.needs, truck, closed))


# people and jobs


def _order_changed(view: View, event: Event) -> View:
    data = event.data
    known = view.orders.get(int(data["order_id"]))
    until = data.get("expires_at")
    order = OrderView(
        order_id=int(data["order_id"]),
        kind=data["kind"],
        target=data["target"],
        state=data["state"],
        who=event.who,
        at=event.at,
        why=data.get("why") or "",
        args=data.get("args") or {},
        answer=data.get("answer"),
        ordered_at=(known and known.ordered_at) or event.at,
        sent_at=event.at if data["state"] == "sent" else known.sent_at if known else None,
        expires_at=datetime.fromisoformat(until) if until else None,
    )
    orders = with_entry(view.orders, order.order_id, order)
    if len(orders) > KEEP_ORDERS:
        orders.pop(min(orders, key=lambda number: _worth(orders[number])))
    view = replace(view, orders=orders)
    if (order.kind, order.state) == ("limit_station", "accepted"):
        return with_station(view, order.target, limit_kw=order.args.get("limit_kw"))
    return view


def _worth(order: OrderView) -> tuple[bool, bool, int]:
    """What is forgotten first: the oldest of the night's routine, then of the rest; what still waits stays longest."""
    return (order.waits, not is_routine(order.kind, order.state), order.order_id)


def _alarm_raised(view: View, event: Event) -> View:
    data = event.data
    alarm = AlarmView(
        int(data["alarm_id"]), data["kind"], event.subject, data.get("severity", "warning"), data["text"], event.at
    )
    return replace(view, alarms=with_entry(view.alarms, alarm.alarm_id, alarm))


def _alarm_cleared(view: View, event: Event) -> View:
    left = {number: alarm for number, alarm in view.alarms.items() if number != event.data["alarm_id"]}
    return replace(view, alarms=left)


def _alarm_acknowledged(view: View, event: Event) -> View:
    known = view.alarms.get(event.data["alarm_id"])
    if known is None:
        return view
    by = event.data.get("by") or event.who
    return replace(view, alarms=with_entry(view.alarms, known.alarm_id, replace(known, acknowledged_by=by)))


def _pace_changed(view: View, event: Event) -> View:
    return replace(view, speed=event.data.get("speed"))


_CHANGES: dict[Kind, Callable[[View, Event], View]] = {
    Kind.BIN_READ: _bin_read,
    Kind.BIN_EMPTIED: _bin_emptied,
    Kind.TRUCK_REPORTED: _truck_reported,
    Kind.PLANNING_STARTED: _planning,
    Kind.PLANNING_PROGRESSED: _planning,
    Kind.PLANNING_FAILED: _planning,
    Kind.PLAN_MADE: _plan_made,
    Kind.PLAN_PUBLISHED: _plan_moved,
    Kind.PLAN_WITHDRAWN: _plan_moved,
    Kind.STATION_CONNECTED: station_connected,
    Kind.STATION_DISCONNECTED: station_disconnected,
    Kind.STATION_BOOTED: station_booted,
    Kind.STATION_PARKED: station_parked,
    Kind.STATION_ADMITTED: station_admitted,
    Kind.STATION_CHANGED: station_changed,
    Kind.CONNECTOR_CHANGED: connector_changed,
    Kind.TRANSACTION_STARTED: transaction_started,
    Kind.TRANSACTION_ENDED: transaction_ended,
    Kind.EVSE_METERED: evse_metered,
    Kind.PROFILE_CONFIRMED: profile_confirmed,
    Kind.NEEDS_CHANGED: _needs_changed,
    Kind.SCHEDULE_MADE: _schedule_made,
    Kind.NEED_CLOSED: _need_closed,
    Kind.ORDER_CHANGED: _order_changed,
    Kind.ALARM_RAISED: _alarm_raised,
    Kind.ALARM_CLEARED: _alarm_cleared,
    Kind.ALARM_ACKNOWLEDGED: _alarm_acknowledged,
    Kind.PACE_CHANGED: _pace_changed,
}
