"""How each event changes the View: `fold(view, event) -> view`, pure.

An event about something the View does not know (yet) changes only the log: the feed loads what it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from console.view.values import (
    AlarmView,
    DepotView,
    EvseView,
    NeedView,
    OrderView,
    ProgressView,
    StationView,
    TransactionView,
    TruckView,
    View,
)
from fleet.events import Event, Kind

KEEP_EVENTS = 500
KEEP_ORDERS = 200
KEEP_POWER = timedelta(hours=18)
POWER_STEP = timedelta(minutes=5)
KEEP_SLOTS = 96
"""Slots of older schedules kept before the one in force."""
QUIET = frozenset({Kind.BIN_READ, Kind.EVSE_METERED, Kind.TRUCK_REPORTED, Kind.PLANNING_PROGRESSED})
"""Too many for the log a person reads."""

K = TypeVar("K")
V = TypeVar("V")


def fold(view: View, event: Event) -> View:
    """The view after this event."""
    change = _CHANGES.get(event.kind)
    if change is not None:
        view = change(view, event)
    if event.kind in QUIET:
        return view
    return replace(view, events=(*view.events[1 - KEEP_EVENTS :], event))


def _with(mapping: Mapping[K, V], key: K, value: V) -> dict[K, V]:
    return {**mapping, key: value}


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
    return replace(view, bins=_with(view.bins, event.subject, changed))


def _bin_emptied(view: View, event: Event) -> View:
    known = view.bins.get(event.subject)
    if known is None:
        return view
    # the sensor's next reading tells how empty it is; until then it is empty
    fill = 0.0 if known.read_at is None or known.read_at <= event.at else known.fill
    return replace(view, bins=_with(view.bins, event.subject, replace(known, emptied_at=event.at, fill=fill)))


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
    return replace(view, trucks=_with(view.trucks, event.subject, changed))


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


# stations


def _station(view: View, station_id: str, **changes: Any) -> View:
    known = view.stations.get(station_id) or StationView(station_id)
    return replace(view, stations=_with(view.stations, station_id, replace(known, **changes)))


def _evse(view: View, station_id: str, number: int, **changes: Any) -> View:
    station = view.stations.get(station_id)
    if station is None:
        return view
    known = station.evse(number) or EvseView(number, station.max_kw)
    others = [evse for evse in station.evses if evse.number != number]
    evses = tuple(sorted([*others, replace(known, **changes)], key=lambda evse: evse.number))
    return _station(view, station_id, evses=evses)


def _station_connected(view: View, event: Event) -> View:
    return _station(view, event.subject, online=True, protocol=event.data.get("protocol", ""))


def _station_disconnected(view: View, event: Event) -> View:
    return _station(view, event.subject, online=False)


def _station_booted(view: View, event: Event) -> View:
    data = event.data
    return _station(
        view,
        event.subject,
        vendor=data.get("vendor", ""),
        model=data.get("model", ""),
        firmware=data.get("firmware") or "",
    )


def _station_parked(view: View, event: Event) -> View:
    return _station(view, event.subject, admission="parked")


def _station_admitted(view: View, event: Event) -> View:
    return _station(view, event.subject, admission=event.data.get("admission", "accepted"))


def _connector_changed(view: View, event: Event) -> View:
    data = event.data
    number = int(data.get("evse", 0))
    if number == 0:
        return view
    changes: dict[str, Any] = {
        "status": data.get("status", ""),
        "error_code": data.get("error_code") or "",
        "info": data.get("info") or "",
    }
    if changes["status"] in {"Available", "Unavailable", "Faulted"}:
        changes |= {"power_kw": None, "offered_kw": None}
    return _evse(view, event.subject, number, **changes)


def _transaction_started(view: View, event: Event) -> View:
    data = event.data
    transaction = TransactionView(
        transaction_id=int(data["transaction_id"]),
        ref=str(data.get("ref") or ""),
        token=data.get("token") or "",
        truck_id=data.get("truck") or "",
        started_at=event.at,
        start_wh=data.get("start_wh"),
    )
    return _evse(view, event.subject, int(data["evse"]), transaction=transaction, energy_wh=data.get("start_wh"))


def _transaction_ended(view: View, event: Event) -> View:
    return _evse(
        view, event.subject, int(event.data["evse"]), transaction=None, power_kw=None, offered_kw=None, soc=None
    )


def _evse_metered(view: View, event: Event) -> View:
    data = event.data
    station = view.stations.get(event.subject)
    evse = station.evse(int(data["evse"])) if station else None
    if station is None or evse is None or (evse.metered_at is not None and event.at < evse.metered_at):
        return view
    power, offered = data.get("power_w"), data.get("offered_w")
    view = _evse(
        view,
        event.subject,
        evse.number,
        power_kw=evse.power_kw if power is None else power / 1000,
        offered_kw=evse.offered_kw if offered is None else offered / 1000,
        energy_wh=evse.energy_wh if data.get("energy_wh") is None else data["energy_wh"],
        soc=evse.soc if data.get("soc") is None else data["soc"],
        metered_at=event.at,
    )
    return view if station.place_id is None else _draw_power(view, station.place_id, event.at)


def power_step(at: datetime) -> datetime:
    """The five minutes an instant lies in."""
    return at - (at - datetime.min.replace(tzinfo=at.tzinfo)) % POWER_STEP


def _draw_power(view: View, place_id: str, at: datetime) -> View:
    """Add what a site's stations draw now to its series."""
    depot = view.depots.get(place_id) or DepotView(place_id)
    total = sum(station.power_kw for station in view.stations.values() if station.place_id == place_id)
    step = power_step(at)
    series = depot.actual_kw
    if series and series[-1][0] >= step:
        series = (*series[:-1], (series[-1][0], max(series[-1][1], total)))
    else:
        series = (*(sample for sample in series if sample[0] > at - KEEP_POWER), (step, total))
    return replace(view, depots=_with(view.depots, place_id, replace(depot, actual_kw=series)))


def _profile_confirmed(view: View, event: Event) -> View:
    data = event.data
    number = int(data.get("evse") or 0)
    text = f"{data.get('purpose', '')} {data.get('status', '')}".strip()
    return _evse(view, event.subject, number, profile=text) if number else view


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
    return replace(view, depots=_with(view.depots, depot.place_id, depot), needs=needs)


def _need_closed(view: View, event: Event) -> View:
    data = event.data
    truck = str(data.get("truck") or event.subject)
    known = view.needs.get(truck)
    if known is None:
        return view
    closed = replace(known, state=data["state"], delivered_kwh=data.get("delivered_kwh", 0.0), soc=data.get("soc"))
    return replace(view, needs=_with(view.needs, truck, closed))


# people and jobs


def _order_changed(view: View, event: Event) -> View:
    data = event.data
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
    )
    orders = _with(view.orders, order.order_id, order)
    if len(orders) > KEEP_ORDERS:
        orders.pop(min(orders))
    view = replace(view, orders=orders)
    if (order.kind, order.state) == ("limit_station", "accepted"):
        return _station(view, order.target, limit_kw=order.args.get("limit_kw"))
    return view


def _alarm_raised(view: View, event: Event) -> View:
    data = event.data
    alarm = AlarmView(
        int(data["alarm_id"]), data["kind"], event.subject, data.get("severity", "warning"), data["text"], event.at
    )
    return replace(view, alarms=_with(view.alarms, alarm.alarm_id, alarm))


def _alarm_cleared(view: View, event: Event) -> View:
    left = {number: alarm for number, alarm in view.alarms.items() if number != event.data["alarm_id"]}
    return replace(view, alarms=left)


def _alarm_acknowledged(view: View, event: Event) -> View:
    known = view.alarms.get(event.data["alarm_id"])
    if known is None:
        return view
    by = event.data.get("by") or event.who
    return replace(view, alarms=_with(view.alarms, known.alarm_id, replace(known, acknowledged_by=by)))


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
    Kind.STATION_CONNECTED: _station_connected,
    Kind.STATION_DISCONNECTED: _station_disconnected,
    Kind.STATION_BOOTED: _station_booted,
    Kind.STATION_PARKED: _station_parked,
    Kind.STATION_ADMITTED: _station_admitted,
    Kind.CONNECTOR_CHANGED: _connector_changed,
    Kind.TRANSACTION_STARTED: _transaction_started,
    Kind.TRANSACTION_ENDED: _transaction_ended,
    Kind.EVSE_METERED: _evse_metered,
    Kind.PROFILE_CONFIRMED: _profile_confirmed,
    Kind.NEEDS_CHANGED: _needs_changed,
    Kind.SCHEDULE_MADE: _schedule_made,
    Kind.NEED_CLOSED: _need_closed,
    Kind.ORDER_CHANGED: _order_changed,
    Kind.ALARM_RAISED: _alarm_raised,
    Kind.ALARM_CLEARED: _alarm_cleared,
    Kind.ALARM_ACKNOWLEDGED: _alarm_acknowledged,
    Kind.PACE_CHANGED: _pace_changed,
}
