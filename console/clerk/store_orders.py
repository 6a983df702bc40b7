"""Orders about the store itself, carried out by the clerk: each in one unit of work, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import structlog

from console.ordering import refusal_of
from fleet.errors import StoreError
from fleet.events import Kind
from fleet.orders import OrderKind, OrderState, Wanted
from fleet.store import Work
from fleet.tables import Order

Deed: TypeAlias = Callable[[Work, Order], str | dict[str, Any]]
"""Does what an order asks; why not, as a text, or what came of it."""

STATION_COLUMNS = (
    *("name", "place_id", "groups", "public", "priority", "fallback_kw", "max_kw", "security_profile", "lat", "lon"),
)
CAMPAIGN_STATES: Mapping[str, Any] = {"pause": "paused", "go on": "running", "stop": "stopped"}
AT_ONCE, STOP_AFTER = 10, 3
log = structlog.get_logger("console.clerk")


def carry_out_all(work: Work) -> int:
    """Carry out every waiting order of these kinds; gives how many were settled."""
    waiting = work.orders.queued(DEEDS)
    for order in waiting:
        _carry_out(work, order)
    return len(waiting)


def _carry_out(work: Work, order: Order) -> None:
    kind = OrderKind(order.kind)
    refusal = refusal_of(work, Wanted(kind, order.target, order.args))
    if refusal is not None:
        work.orders.mark(order, OrderState.REJECTED, {"why": refusal})
        return
    try:
        answer = DEEDS[kind](work, order)
    except StoreError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        log.exception("order failed", order=order.order_id, kind=order.kind)
        work.orders.mark(order, OrderState.FAILED, {"why": f"its arguments cannot be understood: {error}"[:200]})
        return
    if isinstance(answer, str):
        work.orders.mark(order, OrderState.REJECTED, {"why": answer})
    else:
        work.orders.mark(order, OrderState.ACCEPTED, answer)


def _close_transaction(work: Work, order: Order) -> str | dict[str, Any]:
    end_wh = order.args.get("end_wh")
    refusal = work.charging.close_by_hand(int(order.target), who=order.who, why=order.why, end_wh=end_wh)
    return refusal or {}


def _clear_fault(work: Work, order: Order) -> str | dict[str, Any]:
    faulted = [row for row in work.stations.connectors() if row.station_id == order.target and row.status == "Faulted"]
    cleared = [work.alarms.clear("evse.faulted", f"{row.station_id}/{row.evse}") for row in faulted]
    work.alarms.clear("evse.faulted", order.target)
    return {"evses": [row.evse for row in faulted], "alarms": sum(cleared)}


def _run_campaign(work: Work, order: Order) -> str | dict[str, Any]:
    args = order.args
    if args["do"] == "retry":
        again = work.campaigns.retry(int(order.target), order.who)
        return again if isinstance(again, str) else {"stations": again}
    if args["do"] != "start":
        return work.campaigns.set_state(int(order.target), CAMPAIGN_STATES[args["do"]], order.who) or {}
    campaign = work.campaigns.start(
        OrderKind(args["kind"]),
        args.get("args", {}),
        [str(station) for station in args["stations"]],
        who=order.who,
        why=order.why,
        at_once=args.get("at_once", AT_ONCE),
        stop_after=args.get("stop_after", STOP_AFTER),
    )
    return {"campaign_id": campaign.campaign_id, "stations": len(args["stations"])}


def _set_token(work: Work, order: Order) -> str | dict[str, Any]:
    values = _with_instants(order.args, "expires_at")
    if values.get("truck_id") is not None and work.trucks.get(values["truck_id"]) is None:
        return f"there is no truck {values['truck_id']!r}"
    work.tokens.set(order.target, values, order.who)
    return {}


def _set_tariff(work: Work, order: Order) -> str | dict[str, Any]:
    args = _with_instants(order.args, "valid_from", "valid_until")
    if args.pop("do", "put") == "delete":
        return {} if work.money.delete_tariff(order.target, order.who) else f"there is no tariff {order.target!r}"
    rules = args.pop("rules", None)
    known = {"token_group", "station_group", "rank"}
    for rule in rules or ():
        if not isinstance(rule, dict) or set(rule) - known:
            return f"a rule is an object with {', '.join(sorted(known))}, not {str(rule)[:50]}"
    return work.money.put_tariff(order.target, args, rules, order.who) or {}


def _set_station(work: Work, order: Order) -> str | dict[str, Any]:
    station = work.stations.get(order.target)
    assert station is not None
    changed = {name: order.args[name] for name in STATION_COLUMNS if name in order.args}
    for name, value in changed.items():
        setattr(station, name, value)
    work.session.add(station)
    work.session.flush()
    work.events.append(Kind.STATION_CHANGED, order.target, who=order.who, **changed)
    return {}


def _with_instants(args: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in names and value is not None else value
        for name, value in args.items()
    }


DEEDS: Mapping[OrderKind, Deed] = {
    OrderKind.CLOSE_TRANSACTION: _close_transaction,
    OrderKind.CLEAR_FAULT: _clear_fault,
    OrderKind.RUN_CAMPAIGN: _run_campaign,
    OrderKind.SET_TOKEN: _set_token,
    OrderKind.SET_TARIFF: _set_tariff,
    OrderKind.SET_STATION: _set_station,
}
