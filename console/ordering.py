"""What an order must say before it is placed: the same for the console, the command line and POST /api/v1/orders.

A refusal is one line: the argument, what is wrong with it, the mend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeAlias

from chargers.errors import TariffInvalid
from chargers.money import read_tariff
from fleet.orders import DECISIONS, STATION_KINDS, OrderKind, Wanted
from fleet.store import Work

Check: TypeAlias = Callable[[Any], str | None]
"""None when a value will do, else what it should be."""

MOST_TEXT = 20_000
MOST_LIST = 10_000


def _is(kind: type | tuple[type, ...], said: str) -> Check:
    def check(value: Any) -> str | None:
        return None if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) else said

    return check


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and len(value) <= MOST_TEXT else "a text"


def _list(value: Any) -> str | None:
    return None if isinstance(value, list) and len(value) <= MOST_LIST else "a list"


def _positive(value: Any) -> str | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return None if plain and 0 <= value < 1e9 else "a number of 0 or more"


def _instant(value: Any) -> str | None:
    try:
        return None if datetime.fromisoformat(value).tzinfo is not None else "an instant with its offset"
    except (TypeError, ValueError):
        return "an instant, e.g. 2026-03-10T18:00:00+00:00"


def _one_of(*choices: Any) -> Check:
    def check(value: Any) -> str | None:
        return None if value in choices else f"one of {', '.join(map(str, choices))}"

    return check


def _or_none(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


_int, _bool, _object = _is(int, "a whole number"), _is(bool, "true or false"), _is(dict, "an object")

ARGUMENTS: Mapping[OrderKind, Mapping[str, Check]] = {
    OrderKind.START_CHARGE: {"evse": _int, "token": _text, "limit_kw?": _or_none(_positive)},
    OrderKind.STOP_CHARGE: {"transaction_id": _int},
    OrderKind.RESET: {"how?": _one_of("soft", "hard")},
    OrderKind.UNLOCK: {"evse": _int, "connector?": _int},
    OrderKind.SET_AVAILABILITY: {"operative": _bool, "evse?": _int},
    OrderKind.GET_VARIABLES: {"names?": _list},
    OrderKind.SET_VARIABLES: {"values": _object},
    OrderKind.SET_PROFILE: {"evse": _int, "profile": _object, "expect_kw?": _positive},
    OrderKind.CLEAR_PROFILE: {"profile_id?": _int, "purpose?": _text, "evse?": _int, "stack_level?": _int},
    OrderKind.GET_COMPOSITE: {"evse": _int, "seconds": _int},
    OrderKind.TRIGGER: {"message": _text, "evse?": _or_none(_int)},
    OrderKind.LIMIT_STATION: {"limit_kw": _or_none(_positive)},
    OrderKind.ADMIT_STATION: {
        "admission": _one_of("accepted", "refused"),
        "name?": _text,
        "place_id?": _text,
        "password?": _text,
        "password_hash?": _text,
    },
    OrderKind.RESERVE: {"evse?": _or_none(_int), "token": _text, "until": _instant},
    OrderKind.CANCEL_RESERVATION: {"reservation_id": _int},
    OrderKind.SEND_LOCAL_LIST: {"how?": _one_of("full", "differential")},
    OrderKind.GET_LOCAL_LIST: {},
    OrderKind.CLEAR_CACHE: {},
    OrderKind.UPDATE_FIRMWARE: {
        "firmware_id?": _int,
        "url?": _text,
        "retrieve_at?": _instant,
        "install_at?": _instant,
        "retries?": _int,
        "request_id?": _int,
    },
    OrderKind.PUBLISH_FIRMWARE: {
        "do?": _one_of("publish", "unpublish"),
        "firmware_id?": _int,
        "url?": _text,
        "checksum?": _text,
        "request_id?": _int,
    },
    OrderKind.GET_LOG: {
        "log?": _one_of("diagnostics", "security"),
        "since?": _instant,
        "until?": _instant,
        "request_id?": _int,
    },
    OrderKind.GET_REPORT: {"base?": _one_of("full", "configuration", "summary"), "names?": _list, "criteria?": _list},
    OrderKind.SET_MONITOR: {
        "component": _text,
        "variable": _text,
        "evse?": _int,
        "kind": _text,
        "value": _is((int, float), "a number"),
        "severity": _one_of(*range(10)),
        "on_transaction?": _bool,
    },
    OrderKind.CLEAR_MONITOR: {"numbers": _list},
    OrderKind.GET_MONITORS: {},
    OrderKind.SET_MONITORING: {
        "base?": _one_of("All", "FactoryDefault", "HardWiredOnly"),
        "level?": _one_of(*range(10)),
    },
    OrderKind.SHOW_MESSAGE: {"message": _object},
    OrderKind.CLEAR_MESSAGE: {"number": _int},
    OrderKind.GET_MESSAGES: {},
    OrderKind.CUSTOMER_INFORMATION: {"report": _bool, "clear": _bool, "token?": _text, "customer?": _text},
    OrderKind.GET_TRANSACTION_STATUS: {"transaction_id?": _int},
    OrderKind.GET_PROFILES: {"evse?": _int, "purpose?": _text},
    OrderKind.TELL_COST: {"transaction_id": _int, "cost": _positive},
    OrderKind.DATA_TRANSFER: {"vendor": _text, "message?": _text, "data?": lambda _value: None},
    OrderKind.ROTATE_PASSWORD: {},
    OrderKind.SET_SECURITY_PROFILE: {"profile": _one_of(1, 2, 3)},
    OrderKind.SET_NETWORK_PROFILE: {"slot": _int, "connection": _object},
    OrderKind.RENEW_CERTIFICATE: {},
    OrderKind.INSTALL_CERTIFICATE: {"use": _text, "pem": _text},
    OrderKind.LIST_CERTIFICATES: {"use?": _text},
    OrderKind.DELETE_CERTIFICATE: {"certificate_id": _int},
    OrderKind.REVOKE_CERTIFICATE: {"certificate_id": _int},
    OrderKind.CALL: {"action": _text, "payload": _object},
    OrderKind.CLOSE_TRANSACTION: {"end_wh?": _positive},
    OrderKind.CLEAR_FAULT: {},
    OrderKind.RUN_CAMPAIGN: {
        "do": _one_of("start", "pause", "go on", "stop", "retry"),
        "kind?": _text,
        "stations?": _list,
        "args?": _object,
        "at_once?": _int,
        "stop_after?": _int,
    },
    OrderKind.SET_TOKEN: {
        "status?": _one_of("Accepted", "Blocked", "Expired", "Invalid"),
        "group_id?": _text,
        "kind?": _text,
        "expires_at?": _or_none(_instant),
        "most_at_once?": _or_none(_int),
        "holder?": _text,
        "note?": _text,
        "truck_id?": _or_none(_text),
        "language?": _text,
    },
    OrderKind.SET_TARIFF: {
        "do?": _one_of("put", "delete"),
        "name?": _text,
        "currency?": _text,
        "vat?": _positive,
        "elements?": _list,
        "valid_from?": _or_none(_instant),
        "valid_until?": _or_none(_instant),
        "rules?": _list,
    },
    OrderKind.SET_STATION: {
        "name?": _text,
        "place_id?": _or_none(_text),
        "groups?": _text,
        "public?": _bool,
        "priority?": _positive,
        "fallback_kw?": _positive,
        "max_kw?": _positive,
        "security_profile?": _or_none(_one_of(0, 1, 2, 3)),
        "lat?": _or_none(_is((int, float), "degrees")),
        "lon?": _or_none(_is((int, float), "degrees")),
    },
    OrderKind.MAKE_PLAN: {"seconds?": _positive, "publish?": _bool},
    OrderKind.PUBLISH_PLAN: {"note?": _text},
    OrderKind.WITHDRAW_PLAN: {"note?": _text},
    OrderKind.WITHDRAW_ORDER: {},
}
"""By kind: each argument and its check; a name that ends in "?" may be left out. Kinds not here check themselves."""


def refusal_of(work: Work, wanted: Wanted) -> str | None:
    """Why an order cannot be placed, in one line; None when it can."""
    return _wrong_argument(wanted) or _wrong_target(work, wanted) or _wrong_sense(work, wanted)


def _wrong_argument(wanted: Wanted) -> str | None:
    known = ARGUMENTS.get(wanted.kind)
    if known is None:
        return None
    names = {name.rstrip("?"): check for name, check in known.items()}
    for name, value in wanted.args.items():
        if name not in names:
            there = ", ".join(names) or "none"
            return f"{wanted.kind}: argument {name!r} is not known; there are {there}"
        said = names[name](value)
        if said is not None:
            return f"{wanted.kind}: {name} must be {said}, not {str(value)[:50]!r}"
    missing = [name for name in known if not name.endswith("?") and name not in wanted.args]
    return f"{wanted.kind}: {missing[0]} is missing" if missing else None


def _wrong_target(work: Work, wanted: Wanted) -> str | None:
    if wanted.kind in STATION_KINDS or wanted.kind in (OrderKind.CLEAR_FAULT, OrderKind.SET_STATION):
        station = work.stations.get(wanted.target)
        if station is None:
            return f"there is no station {wanted.target!r}"
        if station.admission != "accepted" and wanted.kind not in DECISIONS:
            return f"{wanted.target} is {station.admission}: accept it first"
    if wanted.kind is OrderKind.CLOSE_TRANSACTION and not wanted.target.isdecimal():
        return f"{wanted.target!r} is no transaction's number"
    if wanted.kind is OrderKind.WITHDRAW_ORDER and not wanted.target.isdecimal():
        return f"{wanted.target!r} is no order's number"
    if wanted.kind is OrderKind.MAKE_PLAN:
        try:
            date.fromisoformat(wanted.target)
        except ValueError:
            return f"{wanted.target!r} is no day; write YYYY-MM-DD"
    return None if wanted.target else "target is missing: say what the order is about"


def _wrong_sense(work: Work, wanted: Wanted) -> str | None:
    args = wanted.args
    if wanted.kind is OrderKind.RUN_CAMPAIGN:
        return _wrong_campaign(work, wanted)
    if wanted.kind is OrderKind.SET_STATION and args.get("place_id") is not None:
        return None if work.places.get(args["place_id"]) else f"there is no place {args['place_id']!r}"
    if wanted.kind is OrderKind.SET_TARIFF and args.get("do", "put") == "put":
        try:
            read_tariff(wanted.target, args.get("currency", "MAD"), args.get("vat", 0.2), args.get("elements", []))
        except TariffInvalid as error:
            return str(error)
    return None


def _wrong_campaign(work: Work, wanted: Wanted) -> str | None:
    args = wanted.args
    if args["do"] != "start":
        return None if wanted.target.isdecimal() else f"{wanted.target!r} is no campaign's number"
    try:
        kind = OrderKind(args.get("kind", ""))
    except ValueError:
        return f"run_campaign: kind {args.get('kind')!r} is no kind of order"
    stations = args.get("stations") or []
    if kind not in STATION_KINDS or not stations:
        return "run_campaign: needs a kind of order for stations, and stations"
    for least, name in ((1, "at_once"), (1, "stop_after")):
        if args.get(name, least) < least:
            return f"run_campaign: {name} must be {least} or more"
    for station in stations:
        said = refusal_of(work, Wanted(kind, str(station), args.get("args", {})))
        if said is not None:
            return said
    return None
