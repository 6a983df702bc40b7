"""Orders: what a person or job asks the world to do, and the states an order goes through.

queued -> sent -> accepted | rejected | failed; queued -> failed | expired | withdrawn; a settled order never changes
again.
Arguments are JSON values, named in OCPP 2.0.1 words; the 1.6 handlers translate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any


class OrderKind(StrEnum):
    """What can be ordered. The target is a station id unless the comment says otherwise."""

    START_CHARGE = "start_charge"  # evse, token, limit_kw?
    STOP_CHARGE = "stop_charge"  # transaction_id (ours)
    RESET = "reset"  # how: "soft" | "hard"
    UNLOCK = "unlock"  # evse, connector?
    SET_AVAILABILITY = "set_availability"  # operative: bool, evse? (absent: the station)
    GET_VARIABLES = "get_variables"  # names: list (1.6 keys; 2.0.1 "Component.Variable"); empty: all
    SET_VARIABLES = "set_variables"  # values: {name: value}
    SET_PROFILE = "set_profile"  # evse, profile: charging profile in 2.0.1 words; expect_kw?
    CLEAR_PROFILE = "clear_profile"  # profile_id, or purpose and evse and stack_level
    GET_COMPOSITE = "get_composite"  # evse, seconds
    TRIGGER = "trigger"  # message, evse?
    LIMIT_STATION = "limit_station"  # limit_kw | None: ChargingStationMaxProfile; None lifts it
    ADMIT_STATION = "admit_station"  # admission: "accepted" | "refused"; name?, place_id?, password? | password_hash?
    RESERVE = "reserve"  # evse? (absent: any), token, until: ISO instant; reservation_id is added by the store
    CANCEL_RESERVATION = "cancel_reservation"  # reservation_id
    SEND_LOCAL_LIST = "send_local_list"  # how: "full" | "differential"; the tokens are those of the store
    GET_LOCAL_LIST = "get_local_list"  # its version at the station
    CLEAR_CACHE = "clear_cache"
    UPDATE_FIRMWARE = "update_firmware"  # firmware_id | url; retrieve_at?, install_at?, retries?, request_id?
    PUBLISH_FIRMWARE = "publish_firmware"  # firmware_id | url, checksum; or do: "unpublish", checksum
    GET_LOG = "get_log"  # log: "diagnostics" | "security"; since?, until?, request_id?
    GET_REPORT = "get_report"  # base: "full" | "configuration" | "summary"; or names: list, criteria: list
    SET_MONITOR = "set_monitor"  # component, variable, evse?, kind, value, severity, on_transaction?
    CLEAR_MONITOR = "clear_monitor"  # numbers: list
    GET_MONITORS = "get_monitors"
    SET_MONITORING = "set_monitoring"  # base: "All" | "FactoryDefault" | "HardWiredOnly", or level: 0 to 9
    SHOW_MESSAGE = "show_message"  # message: MessageInfoType in 2.0.1 words
    CLEAR_MESSAGE = "clear_message"  # number
    GET_MESSAGES = "get_messages"
    CUSTOMER_INFORMATION = "customer_information"  # report: bool, clear: bool, token? | customer?
    GET_TRANSACTION_STATUS = "get_transaction_status"  # transaction_id? (ours)
    GET_PROFILES = "get_profiles"  # evse?, purpose?
    TELL_COST = "tell_cost"  # transaction_id (ours), cost
    DATA_TRANSFER = "data_transfer"  # vendor, message?, data?
    ROTATE_PASSWORD = "rotate_password"  # noqa: S105 - the name of an order; the password is made when it is sent
    SET_SECURITY_PROFILE = "set_security_profile"  # profile: 1 to 3, only upwards
    SET_NETWORK_PROFILE = "set_network_profile"  # slot, connection: NetworkConnectionProfileType
    RENEW_CERTIFICATE = "renew_certificate"  # asks the station for a signing request
    INSTALL_CERTIFICATE = "install_certificate"  # use, pem
    LIST_CERTIFICATES = "list_certificates"  # use?
    DELETE_CERTIFICATE = "delete_certificate"  # certificate_id
    REVOKE_CERTIFICATE = "revoke_certificate"  # certificate_id, the station's own; the station need not be there
    CALL = "call"  # action, payload: any request, validated before it is sent
    # carried out by the store; the target is what the order is about
    CLOSE_TRANSACTION = "close_transaction"  # target: a transaction's number; end_wh?; why is the order's own
    CLEAR_FAULT = "clear_fault"  # target: a station; takes note that a person has seen to it
    RUN_CAMPAIGN = "run_campaign"  # target: "new" or its number; do: start, pause, go on, stop, retry; kind?, stations?
    SET_TOKEN = "set_token"  # noqa: S105 - target: a card; status?, group_id?, expires_at?, most_at_once?, holder?, note?
    SET_TARIFF = "set_tariff"  # target: a tariff's name; do: "put" | "delete"; the table's columns, rules: list
    SET_STATION = (
        "set_station"  # name?, place_id?, groups?, public?, priority?, fallback_kw?, max_kw?, security_profile?
    )
    MAKE_PLAN = "make_plan"  # target: ISO day; seconds, publish
    PUBLISH_PLAN = "publish_plan"  # target: plan id; note?
    WITHDRAW_PLAN = "withdraw_plan"  # target: plan id
    WITHDRAW_ORDER = "withdraw_order"  # target: the number of an order that still waits
    # target: "new" or a rule's number; do: "add", "change", "end", "delete"; kind, street, line, value, from_time,
    # until_time, weekdays, starts_on, ends_on as in the table road_override; why is the order's own
    RULE_STREET = "rule_street"


class OrderState(StrEnum):
    """Where an order is."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    """Taken back while it waited."""


SETTLED = frozenset(set(OrderState) - {OrderState.QUEUED, OrderState.SENT})

STORE_KINDS = frozenset(
    {
        OrderKind.MAKE_PLAN,
        OrderKind.PUBLISH_PLAN,
        OrderKind.WITHDRAW_PLAN,
        OrderKind.WITHDRAW_ORDER,
        OrderKind.RULE_STREET,
        OrderKind.CLOSE_TRANSACTION,
        OrderKind.CLEAR_FAULT,
        OrderKind.RUN_CAMPAIGN,
        OrderKind.SET_TOKEN,
        OrderKind.SET_TARIFF,
        OrderKind.SET_STATION,
    }
)
"""Carried out by the plan job and the clerk of the store."""

STATION_KINDS = frozenset(set(OrderKind) - STORE_KINDS)
"""Carried out by the central system."""

DECISIONS = frozenset({OrderKind.ADMIT_STATION, OrderKind.REVOKE_CERTIFICATE})
"""Of these: about stations that may be away, or not accepted yet."""

LIFETIME = timedelta(minutes=10)
"""Clock time after which an order that could not be sent is no longer wanted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order before it is placed."""

    kind: OrderKind
    target: str
    args: dict[str, Any] = field(default_factory=dict)
    who: str = ""
    why: str = ""
    key: str | None = None
    """Same key, same order: for jobs that may run twice."""
    lifetime: timedelta = LIFETIME
    """How long it waits for a station that is away."""
