"""Orders: what a person or job asks the world to do, and the states an order goes through.

queued -> sent -> accepted | rejected | failed; queued -> failed | expired; a settled order never changes again.
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
    ADMIT_STATION = "admit_station"  # admission: "accepted" | "refused"; password? for a parked station
    MAKE_PLAN = "make_plan"  # target: ISO day; seconds, publish
    PUBLISH_PLAN = "publish_plan"  # target: plan id; note?
    WITHDRAW_PLAN = "withdraw_plan"  # target: plan id
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


SETTLED = frozenset({OrderState.ACCEPTED, OrderState.REJECTED, OrderState.FAILED, OrderState.EXPIRED})

STATION_KINDS = frozenset(
    set(OrderKind) - {OrderKind.MAKE_PLAN, OrderKind.PUBLISH_PLAN, OrderKind.WITHDRAW_PLAN, OrderKind.RULE_STREET}
)
"""Carried out by the central system; the others by the plan job and the store."""

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
