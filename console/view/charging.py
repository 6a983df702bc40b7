"""How events of stations change the View: connections, connectors, charges, meters, and the power of a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from console.view.values import DepotView, EvseView, StationView, TransactionView, View
from fleet.events import Event

KEEP_POWER = timedelta(hours=18)
POWER_STEP = timedelta(minutes=5)

K = TypeVar("K")
V = TypeVar("V")


def with_entry(mapping: Mapping[K, V], key: K, value: V) -> dict[K, V]:
    return {**mapping, key: value}


def with_station(view: View, station_id: str, **changes: Any) -> View:
    known = view.stations.get(station_id) or StationView(station_id)
    return replace(view, stations=with_entry(view.stations, station_id, replace(known, **changes)))


def with_evse(view: View, station_id: str, number: int, **changes: Any) -> View:
    station = view.stations.get(station_id)
    if station is None:
        return view
    known = station.evse(number) or EvseView(number, station.max_kw)
    others = [evse for evse in station.evses if evse.number != number]
    evses = tuple(sorted([*others, replace(known, **changes)], key=lambda evse: evse.number))
    return with_station(view, station_id, evses=evses)


def station_connected(view: View, event: Event) -> View:
    return with_station(view, event.subject, online=True, protocol=event.data.get("protocol", ""))


def station_disconnected(view: View, event: Event) -> View:
    return with_station(view, event.subject, online=False)


def station_booted(view: View, event: Event) -> View:
    data = event.data
    return with_station(
        view,
        event.subject,
        vendor=data.get("vendor", ""),
        model=data.get("model", ""),
        firmware=data.get("firmware") or "",
    )


def station_changed(view: View, event: Event) -> View:
    """What people say of a station: name, site, groups, how much it can."""
    told = {name: value for name, value in event.data.items() if name in {"name", "place_id", "lat", "lon", "max_kw"}}
    if "groups" in event.data:
        told["groups"] = read_groups(str(event.data["groups"]))
    return with_station(view, event.subject, **told) if event.subject in view.stations else view


def read_groups(text: str) -> tuple[str, ...]:
    """The names of groups, comma separated."""
    return tuple(sorted(name for part in text.split(",") if (name := part.strip())))


def station_parked(view: View, event: Event) -> View:
    return with_station(view, event.subject, admission="parked")


def station_admitted(view: View, event: Event) -> View:
    view = station_changed(view, event)
    return with_station(view, event.subject, admission=event.data.get("admission", "accepted"))


def connector_changed(view: View, event: Event) -> View:
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
    return with_evse(view, event.subject, number, **changes)


def transaction_started(view: View, event: Event) -> View:
    data = event.data
    transaction = TransactionView(
        transaction_id=int(data["transaction_id"]),
        ref=str(data.get("ref") or ""),
        token=data.get("token") or "",
        truck_id=data.get("truck") or "",
        started_at=event.at,
        start_wh=data.get("start_wh"),
    )
    return with_evse(view, event.subject, int(data["evse"]), transaction=transaction, energy_wh=data.get("start_wh"))


def transaction_ended(view: View, event: Event) -> View:
    return with_evse(
        view, event.subject, int(event.data["evse"]), transaction=None, power_kw=None, offered_kw=None, soc=None
    )


def evse_metered(view: View, event: Event) -> View:
    data = event.data
    station = view.stations.get(event.subject)
    evse = station.evse(int(data["evse"])) if station else None
    if station is None or evse is None or (evse.metered_at is not None and event.at < evse.metered_at):
        return view
    power, offered = data.get("power_w"), data.get("offered_w")
    view = with_evse(
        view,
        event.subject,
        evse.number,
        power_kw=evse.power_kw if power is None else power / 1000,
        offered_kw=evse.offered_kw if offered is None else offered / 1000,
        energy_wh=evse.energy_wh if data.get("energy_wh") is None else data["energy_wh"],
        soc=evse.soc if data.get("soc") is None else data["soc"],
        metered_at=event.at,
    )
    return view if station.place_id is None else draw_power(view, station.place_id, event.at)


def power_step(at: datetime) -> datetime:
    """The five minutes an instant lies in."""
    return at - (at - datetime.min.replace(tzinfo=at.tzinfo)) % POWER_STEP


def draw_power(view: View, place_id: str, at: datetime) -> View:
    """Add what a site's stations draw now to its series."""
    depot = view.depots.get(place_id) or DepotView(place_id)
    total = sum(station.power_kw for station in view.stations.values() if station.place_id == place_id)
    step = power_step(at)
    series = depot.actual_kw
    if series and series[-1][0] >= step:
        series = (*series[:-1], (series[-1][0], max(series[-1][1], total)))
    else:
        series = (*(sample for sample in series if sample[0] > at - KEEP_POWER), (step, total))
    return replace(view, depots=with_entry(view.depots, place_id, replace(depot, actual_kw=series)))


def profile_confirmed(view: View, event: Event) -> View:
    data = event.data
    number = int(data.get("evse") or 0)
    text = f"{data.get('purpose', '')} {data.get('status', '')}".strip()
    return with_evse(view, event.subject, number, profile=text) if number else view
