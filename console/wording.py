"""Figures, times and happenings in words: one place, so that every screen says the same thing the same way."""

from __future__ import annotations

from datetime import datetime, timedelta

from console.edits import tell_edit
from console.i18n import N_, _
from console.view import View
from fleet.events import Event, Kind
from fleet.orders import OrderKind

NOTHING = "·"
"""What a cell shows when nobody knows."""

STATE_SIGNS = {
    "Available": "○",
    "Occupied": "◑",
    "Preparing": "◔",
    "Charging": "●",
    "SuspendedEV": "◑",
    "SuspendedEVSE": "◑",
    "Finishing": "◕",
    "Reserved": "◇",
    "Faulted": "✖",
    "Unavailable": "⊘",
}
STATUS_WORDS = {
    "Available": N_("Available"),
    "Occupied": N_("Occupied"),
    "Preparing": N_("Preparing"),
    "Charging": N_("Charging"),
    "SuspendedEV": N_("paused by truck"),
    "SuspendedEVSE": N_("paused by station"),
    "Finishing": N_("Finishing"),
    "Reserved": N_("Reserved"),
    "Faulted": N_("Faulted"),
    "Unavailable": N_("Unavailable"),
}
STATE_WORDS = {
    "draft": N_("draft"),
    "published": N_("published"),
    "superseded": N_("superseded"),
    "withdrawn": N_("withdrawn"),
    "queued": N_("queued"),
    "sent": N_("sent"),
    "accepted": N_("accepted"),
    "rejected": N_("rejected"),
    "failed": N_("failed"),
    "expired": N_("expired"),
    "open": N_("open"),
    "met": N_("met"),
    "missed": N_("missed"),
    "parked": N_("parked"),
    "refused": N_("refused"),
    "driving": N_("driving"),
    "lifting": N_("lifting"),
    "tipping": N_("tipping"),
    "break": N_("break"),
    "plugged": N_("plugged"),
    "info": N_("info"),
    "warning": N_("warning"),
    "critical": N_("critical"),
    "bin": N_("bin"),
    "tip": N_("tip"),
    "depart": N_("depart"),
    "return": N_("return"),
}
ORDER_SIGNS = {
    "queued": "…",
    "sent": "→",
    "accepted": "✔",
    "rejected": "✖",
    "failed": "✖",
    "expired": "⧖",
    "withdrawn": "↶",
}
ORDER_WORDS: dict[str, str] = {
    OrderKind.START_CHARGE: N_("start a charge"),
    OrderKind.STOP_CHARGE: N_("stop a charge"),
    OrderKind.RESET: N_("reset"),
    OrderKind.UNLOCK: N_("unlock"),
    OrderKind.SET_AVAILABILITY: N_("change availability"),
    OrderKind.GET_VARIABLES: N_("read settings"),
    OrderKind.SET_VARIABLES: N_("write settings"),
    OrderKind.SET_PROFILE: N_("set a charging profile"),
    OrderKind.CLEAR_PROFILE: N_("clear charging profiles"),
    OrderKind.GET_COMPOSITE: N_("read the composite schedule"),
    OrderKind.TRIGGER: N_("trigger a message"),
    OrderKind.LIMIT_STATION: N_("limit the station"),
    OrderKind.ADMIT_STATION: N_("decide on a station"),
    OrderKind.RESERVE: N_("reserve"),
    OrderKind.CANCEL_RESERVATION: N_("cancel a reservation"),
    OrderKind.SEND_LOCAL_LIST: N_("send the list of cards"),
    OrderKind.GET_LOCAL_LIST: N_("read the version of the list of cards"),
    OrderKind.CLEAR_CACHE: N_("clear the cache of cards"),
    OrderKind.UPDATE_FIRMWARE: N_("update the firmware"),
    OrderKind.PUBLISH_FIRMWARE: N_("publish firmware"),
    OrderKind.GET_LOG: N_("fetch the log"),
    OrderKind.GET_REPORT: N_("ask for a report"),
    OrderKind.SET_MONITOR: N_("set a monitor"),
    OrderKind.CLEAR_MONITOR: N_("clear monitors"),
    OrderKind.GET_MONITORS: N_("read the monitors"),
    OrderKind.SET_MONITORING: N_("set the monitoring"),
    OrderKind.SHOW_MESSAGE: N_("show a message"),
    OrderKind.CLEAR_MESSAGE: N_("clear a message"),
    OrderKind.GET_MESSAGES: N_("read the messages shown"),
    OrderKind.CUSTOMER_INFORMATION: N_("ask for or clear customer data"),
    OrderKind.GET_TRANSACTION_STATUS: N_("ask how a charge stands"),
    OrderKind.GET_PROFILES: N_("read the charging profiles"),
    OrderKind.TELL_COST: N_("tell the cost"),
    OrderKind.DATA_TRANSFER: N_("send vendor data"),
    OrderKind.ROTATE_PASSWORD: N_("change the password"),
    OrderKind.SET_SECURITY_PROFILE: N_("raise the security profile"),
    OrderKind.SET_NETWORK_PROFILE: N_("set a network profile"),
    OrderKind.RENEW_CERTIFICATE: N_("renew the certificate"),
    OrderKind.INSTALL_CERTIFICATE: N_("install a certificate"),
    OrderKind.LIST_CERTIFICATES: N_("list the certificates"),
    OrderKind.DELETE_CERTIFICATE: N_("delete a certificate"),
    OrderKind.REVOKE_CERTIFICATE: N_("revoke a certificate"),
    OrderKind.CALL: N_("send a raw request"),
    OrderKind.CLOSE_TRANSACTION: N_("close a charge by hand"),
    OrderKind.CLEAR_FAULT: N_("take note of a fault"),
    OrderKind.RUN_CAMPAIGN: N_("run a campaign"),
    OrderKind.SET_TOKEN: N_("change a card"),
    OrderKind.SET_TARIFF: N_("change a tariff"),
    OrderKind.SET_STATION: N_("change a station"),
    OrderKind.MAKE_PLAN: N_("make a plan"),
    OrderKind.PUBLISH_PLAN: N_("publish the plan"),
    OrderKind.WITHDRAW_PLAN: N_("withdraw the plan"),
    OrderKind.WITHDRAW_ORDER: N_("withdraw an order"),
    OrderKind.RULE_STREET: N_("rule a street"),
}

_TELL: dict[Kind, str] = {
    Kind.CITY_IMPORTED: N_("{what} imported: {added} new, {updated} updated"),
    Kind.STREET_RULED: N_("street rule {state}: {street} {kind}"),
    Kind.BIN_EMPTIED: N_("emptied ({source})"),
    Kind.UPLINK_REFUSED: N_("uplink refused: {why}"),
    Kind.PLANNING_STARTED: N_("planning {day}"),
    Kind.PLANNING_FAILED: N_("no plan: {why}"),
    Kind.PLAN_MADE: N_("plan made: {routes} routes, {km:.0f} km, {served} bins, {unserved} not reached"),
    Kind.PLAN_PUBLISHED: N_("plan published for {day}"),
    Kind.PLAN_WITHDRAWN: N_("plan withdrawn for {day}"),
    Kind.STATION_CONNECTED: N_("connected, {protocol}"),
    Kind.STATION_DISCONNECTED: N_("connection lost: {why}"),
    Kind.STATION_BOOTED: N_("booted: {vendor} {model}, {status}"),
    Kind.STATION_PARKED: N_("unknown station waits for a decision"),
    Kind.STATION_REFUSED: N_("refused: {why}"),
    Kind.STATION_ADMITTED: N_("decided: {admission}"),
    Kind.CONNECTOR_CHANGED: N_("EVSE {evse}: {status} {error_code}"),
    Kind.TRANSACTION_STARTED: N_("EVSE {evse}: charge {transaction_id} started, {truck}"),
    Kind.TRANSACTION_ENDED: N_("EVSE {evse}: charge {transaction_id} ended, {reason}"),
    Kind.PROFILE_CONFIRMED: N_("EVSE {evse}: {purpose} {status}"),
    Kind.FRAME_REJECTED: N_("frame rejected, {code}: {description}"),
    Kind.FRAME_TOLERATED: N_("tolerated in {action}: {fault}"),
    Kind.STATION_EVENT: N_("{component} {variable}: {value} ({trigger})"),
    Kind.SECURITY_EVENT: N_("security: {kind} {info}"),
    Kind.CERTIFICATE_CHANGED: N_("certificate {use} {state}: {subject}"),
    Kind.RESERVATION_CHANGED: N_("EVSE {evse}: reservation {reservation_id} {state}"),
    Kind.FIRMWARE_PROGRESSED: N_("firmware: {status}"),
    Kind.LOG_PROGRESSED: N_("log: {status}"),
    Kind.CAMPAIGN_CHANGED: N_("campaign {campaign_id} {state}: {done} of {stations} done, {failed} failed"),
    Kind.TRANSACTION_PRICED: N_("charge {transaction_id}: {total} {currency}"),
    Kind.TRANSACTION_CLOSED: N_("EVSE {evse}: charge {transaction_id} closed by hand by {who}: {why}"),
    Kind.STATION_CHANGED: N_("settings of the station changed"),
    Kind.TOKEN_CHANGED: N_("card changed: {status}"),
    Kind.TARIFF_CHANGED: N_("tariff changed"),
    Kind.PLANNING_PROGRESSED: N_("planning {day}: {phase}"),
    Kind.NEEDS_CHANGED: N_("needs of the trucks changed"),
    Kind.SCHEDULE_MADE: N_("charging schedule made ({why}), peak {peak_kw:.0f} kW"),
    Kind.NEED_CLOSED: N_("need {state}: {delivered_kwh:.1f} of {kwh:.1f} kWh"),
    Kind.ALARM_RAISED: N_("alarm: {text}"),
    Kind.ALARM_CLEARED: N_("alarm over: {kind}"),
    Kind.ALARM_ACKNOWLEDGED: N_("alarm acknowledged: {kind}"),
    Kind.PACE_CHANGED: N_("time runs at {speed:g}x"),
    Kind.SERVER_STARTED: N_("server started"),
    Kind.SERVER_STOPPED: N_("server stopped"),
}


class _Known(dict[str, object]):
    """Fields of an event; one that is missing reads as nothing, not as an error."""

    def __missing__(self, _name: str) -> _Nothing:
        return _Nothing()


class _Nothing:
    def __format__(self, _spec: str) -> str:
        return NOTHING


def tell(event: Event) -> str:
    """What happened, in one line."""
    if event.kind is Kind.ORDER_CHANGED:
        return tell_order(str(event.data.get("kind", "")), str(event.data.get("state", "")), event.data.get("answer"))
    if event.kind is Kind.PLAN_EDITED:
        return _tell_edited(event)
    known = {name: _Nothing() if value is None else value for name, value in event.data.items()}
    try:
        return _(_TELL.get(event.kind, str(event.kind))).format_map(_Known(known)).strip()
    except ValueError:  # a field of another type than the text expects, from another version's log
        return f"{event.kind} {event.data}"


def _tell_edited(event: Event) -> str:
    """An edit by hand, taken back or done again."""
    args = event.data.get("args")
    edit = tell_edit(str(event.data.get("kind", "")), args if isinstance(args, dict) else {})
    way = str(event.data.get("way", "edit"))
    return edit if way == "edit" else f"{tell_edit(way, {})}: {edit}"


def tell_order(kind: str, state: str, answer: object) -> str:
    """An order, its state and the answer in one line."""
    why = ""
    if isinstance(answer, dict):
        why = str(answer.get("why") or answer.get("status") or "")
    words = f"{_(ORDER_WORDS.get(kind, kind))}: {_(STATE_WORDS.get(state, state))}"
    return f"{words} ({why})" if why else words


def percent(share: float | None) -> str:
    """A share as percent."""
    return NOTHING if share is None else f"{share * 100:.0f} %"


def figure(value: float | None, unit: str, digits: int = 0) -> str:
    """A figure with its unit."""
    return NOTHING if value is None else f"{value:,.{digits}f} {unit}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def clock(view: View, at: datetime | None) -> str:
    """Local hour and minute; with the day when it is not today."""
    if at is None:
        return NOTHING
    local, today = view.local(at), view.local(view.now).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%d/%m %H:%M}"


def ago(view: View, at: datetime | None) -> str:
    """How long ago, in the largest unit that fits."""
    if at is None:
        return NOTHING
    return duration(view.now - at)


def duration(span: timedelta) -> str:
    """A length of time in the largest unit that fits."""
    minutes = max(0.0, span / timedelta(minutes=1))
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} d"
