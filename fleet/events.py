"""Events: what happened. Append-only and hash-chained in the store.

The tail also gives readings and meter values as events. `Event.data` holds JSON values only. Kinds are past tense,
"subject.happened". The console folds them into its view, so each carries all the view needs; the fields are named
beside each kind.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

GENESIS = "0" * 64
"""What the first event's hash covers instead of a predecessor."""


class Kind(StrEnum):
    """Every kind of event; data fields in the comment."""

    # rows of volume: given by the tail from their own tables, not chained
    BIN_READ = "bin.read"  # fill | None, quality, battery
    EVSE_METERED = "evse.metered"  # station, evse, ref, power_w, energy_wh, soc, offered_w

    # the city
    CITY_IMPORTED = "city.imported"  # what ("bins", "roads", "trucks", "stations", "places"), added, updated, file
    # a rule of ours; state: "added", "changed", "ended" or "deleted"; kind, street, value, why
    STREET_RULED = "street.ruled"
    BIN_EMPTIED = "bin.emptied"  # source, truck, fill_before
    TRUCK_REPORTED = "truck.reported"  # lat, lon, activity, soc, odometer_km, load_kg
    UPLINK_REFUSED = "uplink.refused"  # network, device, why

    # the plan
    PLANNING_STARTED = "planning.started"  # day, seconds
    PLANNING_PROGRESSED = "planning.progressed"  # day, phase, elapsed_s, seconds, cost, served, due
    PLANNING_FAILED = "planning.failed"  # day, why
    PLAN_MADE = "plan.made"  # plan_id, day, km, hours, kwh, cost, served, unserved, routes
    PLAN_EDITED = "plan.edited"  # plan_id, version, way ("edit", "undo", "redo"), kind, args, delta
    PLAN_PUBLISHED = "plan.published"  # plan_id, day
    PLAN_WITHDRAWN = "plan.withdrawn"  # plan_id, day

    # stations
    STATION_CONNECTED = "station.connected"  # protocol
    STATION_DISCONNECTED = "station.disconnected"  # why
    STATION_BOOTED = "station.booted"  # vendor, model, serial, firmware, reason, status
    STATION_PARKED = "station.parked"  # address: an unknown station waits for a dispatcher
    STATION_REFUSED = "station.refused"  # why: wrong password, unknown, no common protocol
    STATION_ADMITTED = "station.admitted"  # admission: accepted or refused by a dispatcher; name, place_id
    CONNECTOR_CHANGED = "connector.changed"  # evse, connector, status, error_code, info
    TRANSACTION_STARTED = "transaction.started"  # transaction_id, evse, ref, token, truck, start_wh
    TRANSACTION_ENDED = "transaction.ended"  # transaction_id, evse, ref, token, truck, energy_wh, reason
    PROFILE_CONFIRMED = "profile.confirmed"  # evse, profile_id, purpose, status
    FRAME_REJECTED = "frame.rejected"  # code, description
    FRAME_TOLERATED = "frame.tolerated"  # action, fault: the first time of each violation in a connection

    STATION_CHANGED = "station.changed"  # what was set by a person: the columns and their new values
    STATION_EVENT = "station.event"  # number, component, variable, trigger, value, severity, cleared
    SECURITY_EVENT = "security.event"  # kind, info, critical, source ("station" or "central"), address
    CERTIFICATE_CHANGED = "certificate.changed"  # use, state, serial, subject, not_after
    RESERVATION_CHANGED = "reservation.changed"  # reservation_id, evse, token, state, expires_at
    FIRMWARE_PROGRESSED = "firmware.progressed"  # status, request_id, campaign_id
    LOG_PROGRESSED = "log.progressed"  # status, request_id, campaign_id, file
    CAMPAIGN_CHANGED = "campaign.changed"  # campaign_id, kind, state, done, failed, stations
    TRANSACTION_PRICED = "transaction.priced"  # transaction_id, tariff, total, currency, final
    TRANSACTION_CLOSED = "transaction.closed"  # transaction_id, evse, who, why: by hand
    TOKEN_CHANGED = "token.changed"  # noqa: S105 - status, group_id
    TARIFF_CHANGED = "tariff.changed"  # currency, vat

    # the depot's night
    NEEDS_CHANGED = "needs.changed"  # needs: [{truck, kwh, target_kwh, ready_by, soc, priority}]
    # schedule_id, site, starts_at, slot_minutes, limit_kw, base_kw, total_kw, peak_kw, why,
    # powers: [{truck, station, evse, kw}], shortfalls: [{truck, kwh, ready_by, reason}]
    SCHEDULE_MADE = "schedule.made"
    NEED_CLOSED = "need.closed"  # truck, state ("met" or "missed"), delivered_kwh, kwh, soc

    # people and jobs
    ORDER_CHANGED = "order.changed"  # order_id, kind, target, state, who, why, args, answer
    ALARM_RAISED = "alarm.raised"  # alarm_id, kind, severity, text
    ALARM_CLEARED = "alarm.cleared"  # alarm_id, kind
    ALARM_ACKNOWLEDGED = "alarm.acknowledged"  # alarm_id, kind, by
    PACE_CHANGED = "pace.changed"  # speed
    SERVER_STARTED = "server.started"  # ocpp_port, http_port
    SERVER_STOPPED = "server.stopped"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `subject` is the id of what it happened to. `event_id` is 0 for events that are not chained (readings, meter values)
    and for events not yet stored.
    """

    kind: Kind
    subject: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)
    who: str = ""
    event_id: int = 0


def encode_data(data: dict[str, Any]) -> str:
    """The JSON text that is stored and hashed: sorted keys, no blanks."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def chain_hash(previous: str, at: datetime, kind: str, subject: str, who: str, data: str) -> str:
    """sha256 over the predecessor's hash and this event's own fields, hex."""
    text = "\x1f".join((previous, at.isoformat(timespec="microseconds"), kind, subject, who, data))
    return hashlib.sha256(text.encode()).hexdigest()
