"""Notices in the words of OCPP 2.0.1."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from chargers.twin.cabinet import Cabinet
from chargers.twin.notices import (
    Asked,
    Charge,
    ChargingState,
    Ended,
    Metered,
    Notice,
    PlugState,
    Sample,
    Started,
    StateChanged,
    StatusChanged,
    StopReason,
    TokenPresented,
)
from chargers.twin.outbox import Outgoing, Payload
from chargers.twin.spec import Misbehaviour
from chargers.twin.wording import measurands, serial, time_text

LATE = timedelta(seconds=180)

STATUS = {
    PlugState.AVAILABLE: "Available",
    PlugState.RESERVED: "Reserved",
    PlugState.PREPARING: "Occupied",
    PlugState.FINISHING: "Occupied",
    PlugState.UNAVAILABLE: "Unavailable",
    PlugState.FAULTED: "Faulted",
}

STOPPED = {
    StopReason.LOCAL: ("Local", "StopAuthorized"),
    StopReason.REMOTE: ("Remote", "RemoteStop"),
    StopReason.EV_DISCONNECTED: ("EVDisconnected", "EVDeparted"),
    StopReason.DE_AUTHORIZED: ("DeAuthorized", "Deauthorized"),
    StopReason.SOFT_RESET: ("Reboot", "ResetCommand"),
    StopReason.HARD_RESET: ("ImmediateReset", "ResetCommand"),
    StopReason.UNLOCK: ("Remote", "UnlockCommand"),
    StopReason.FAULT: ("Other", "AbnormalCondition"),
}

EventType = Literal["Started", "Updated", "Ended"]


def boot201(cabinet: Cabinet, reason: str) -> Payload:
    spec = cabinet.spec
    return {
        "reason": reason,
        "chargingStation": {
            "vendorName": spec.vendor[:50],
            "model": spec.model[:20],
            "serialNumber": serial(spec),
            "firmwareVersion": cabinet.firmware[:50],
        },
    }


def messages201(cabinet: Cabinet, notice: Notice, now: Callable[[], datetime]) -> list[Outgoing]:
    """The CALLs a notice becomes; none where 2.0.1 has no word for it."""
    match notice:
        case StatusChanged(evse=0):
            return []  # the station's own state is a variable in 2.0.1
        case StatusChanged():
            return [Outgoing("StatusNotification", lambda: _status(cabinet, notice))]
        case TokenPresented():
            return [_authorize(cabinet, notice, now)]
        case Started():
            return [_started(cabinet, notice, now)]
        case StateChanged():
            body = _event(cabinet, "Updated", notice.charge, notice.at, "ChargingStateChanged", notice.seq_no)
            body["transactionInfo"]["chargingState"] = notice.state.value
            return [_transaction_event(body, offline=notice.offline)]
        case Metered(charge=None):
            values = {"evseId": notice.evse, "meterValue": [sampled201(cabinet, notice.sample)]}
            return [Outgoing("MeterValues", lambda: values)]
        case Metered(charge=Charge() as charge):
            return [_metered(cabinet, charge, notice)]
        case Ended():
            return _ended(cabinet, notice)
        case Asked():
            return [Outgoing(notice.action, lambda: dict(notice.payload))]
    return []


def sampled201(cabinet: Cabinet, sample: Sample) -> Payload:
    return {
        "timestamp": time_text(cabinet.spec, sample.at),
        "sampledValue": [
            {
                "value": round(value, 1),
                "context": sample.context,
                "measurand": measurand,
                "unitOfMeasure": {"unit": unit},
            }
            for measurand, value, unit in measurands(cabinet.spec, cabinet.variables, sample)
        ],
    }


def _status(cabinet: Cabinet, notice: StatusChanged) -> Payload:
    charging = isinstance(notice.state, ChargingState)
    return {
        "timestamp": time_text(cabinet.spec, notice.at),
        "connectorStatus": "Occupied" if charging else STATUS[PlugState(notice.state)],
        "evseId": notice.evse,
        "connectorId": 1,
    }


def _authorize(cabinet: Cabinet, notice: TokenPresented, now: Callable[[], datetime]) -> Outgoing:
    def answered(result: Payload) -> None:
        accepted = result.get("idTokenInfo", {}).get("status") == "Accepted"
        cabinet.token_answered(notice.evse, notice.token, accepted=accepted, now=now())

    return Outgoing(
        "Authorize",
        lambda: {"idToken": {"idToken": notice.token[:36], "type": "ISO14443"}},
        on_result=answered,
        on_loss=lambda: cabinet.token_answered(notice.evse, notice.token, accepted=False, now=now()),
    )


def _event(cabinet: Cabinet, kind: EventType, charge: Charge, at: datetime, trigger: str, seq_no: int) -> Payload:
    return {
        "eventType": kind,
        "timestamp": time_text(cabinet.spec, at),
        "triggerReason": trigger,
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": charge.ref},
        "evse": {"id": charge.evse, "connectorId": 1},
    }


def _transaction_event(body: Payload, *, offline: bool, on_result: Callable[[Payload], None] | None = None) -> Outgoing:
    if offline:
        body["offline"] = True
    return Outgoing("TransactionEvent", lambda: body, "transaction", on_result)


def _started(cabinet: Cabinet, notice: Started, now: Callable[[], datetime]) -> Outgoing:
    charge = notice.charge

    def answered(result: Payload) -> None:
        token = result.get("idTokenInfo")
        accepted = token is None or token.get("status") == "Accepted"
        cabinet.start_answered(charge, ref=None, accepted=accepted, now=now())

    body = _event(cabinet, "Started", charge, charge.started_at, charge.trigger, notice.seq_no)
    body["idToken"] = {"idToken": charge.token[:36], "type": "ISO14443"}
    body["transactionInfo"]["chargingState"] = notice.state.value
    if charge.reservation_id is not None:
        body["reservationId"] = charge.reservation_id
    if charge.remote_start_id is not None:
        body["transactionInfo"]["remoteStartId"] = charge.remote_start_id
    body["meterValue"] = [sampled201(cabinet, notice.sample)]
    return _transaction_event(body, offline=notice.offline, on_result=answered)


def _metered(cabinet: Cabinet, charge: Charge, notice: Metered) -> Outgoing:
    trigger = "Trigger" if notice.sample.context == "Trigger" else "MeterValuePeriodic"
    body = _event(cabinet, "Updated", charge, notice.sample.at, trigger, notice.seq_no)
    body["transactionInfo"]["chargingState"] = notice.state.value
    body["meterValue"] = [sampled201(cabinet, notice.sample)]
    event = _transaction_event(body, offline=notice.offline)
    event.reading = True
    return event


def _ended(cabinet: Cabinet, notice: Ended) -> list[Outgoing]:
    if cabinet.spec.shows(Misbehaviour.FORGETS_STOP):
        return []
    stopped, trigger = STOPPED[notice.reason]
    body = _event(cabinet, "Ended", notice.charge, notice.sample.at, trigger, notice.seq_no)
    body["transactionInfo"]["stoppedReason"] = stopped
    body["meterValue"] = [sampled201(cabinet, notice.sample)]
    once = _transaction_event(body, offline=notice.offline)
    if not cabinet.spec.shows(Misbehaviour.REPEATS_ITSELF):
        return [once]
    again = _transaction_event(body, offline=notice.offline)
    once.not_before = again.not_before = notice.sample.at + LATE
    return [once, again]
