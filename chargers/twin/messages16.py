"""Notices in the words of OCPP 1.6 (JSON)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from chargers.twin.cabinet import Cabinet
from chargers.twin.notices import (
    Asked,
    Charge,
    Ended,
    Metered,
    Notice,
    Sample,
    Started,
    StateChanged,
    StatusChanged,
    TokenPresented,
)
from chargers.twin.outbox import Durability, Outgoing, Payload
from chargers.twin.spec import Misbehaviour
from chargers.twin.wording import measurands, serial, time_text

LATE = timedelta(seconds=180)
ERROR_CODES = frozenset(
    {
        "ConnectorLockFailure",
        "EVCommunicationError",
        "GroundFailure",
        "HighTemperature",
        "InternalError",
        "LocalListConflict",
        "OtherError",
        "OverCurrentFailure",
        "PowerMeterFailure",
        "PowerSwitchFailure",
        "ReaderFailure",
        "ResetFailure",
        "UnderVoltage",
        "OverVoltage",
        "WeakSignal",
    }
)


def boot16(cabinet: Cabinet) -> Payload:
    spec = cabinet.spec
    return {
        "chargePointVendor": spec.vendor[:20],
        "chargePointModel": spec.model[:20],
        "chargePointSerialNumber": serial(spec),
        "firmwareVersion": cabinet.firmware[:50],
    }


def messages16(cabinet: Cabinet, notice: Notice, now: Callable[[], datetime]) -> list[Outgoing]:
    """The CALLs a notice becomes; none where 1.6 has no word for it."""
    match notice:
        case StatusChanged():
            return [Outgoing("StatusNotification", lambda: _status(cabinet, notice))]
        case TokenPresented():
            return [_authorize(cabinet, notice, now)]
        case Started():
            return [_start(cabinet, notice, now)]
        case Metered():
            return [_meter_values(cabinet, notice)]
        case Ended():
            return _stop(cabinet, notice)
        case StateChanged():
            return []
        case Asked():
            return [Outgoing(notice.action, lambda: dict(notice.payload))]


def sampled16(cabinet: Cabinet, sample: Sample) -> Payload:
    return {
        "timestamp": time_text(cabinet.spec, sample.at),
        "sampledValue": [
            {
                "value": f"{value:.0f}" if unit == "Wh" else f"{value:.1f}",
                "context": sample.context,
                "measurand": measurand,
                "unit": unit,
            }
            for measurand, value, unit in measurands(cabinet.spec, cabinet.variables, sample)
        ],
    }


def _status(cabinet: Cabinet, notice: StatusChanged) -> Payload:
    payload: Payload = {
        "connectorId": notice.evse,
        "errorCode": "NoError",
        "status": notice.state.value,
        "timestamp": time_text(cabinet.spec, notice.at),
    }
    if notice.error is not None:
        known = notice.error in ERROR_CODES
        payload["errorCode"] = notice.error if known else "OtherError"
        if not known:
            payload["vendorErrorCode"] = notice.error[:50]
    return payload


def _authorize(cabinet: Cabinet, notice: TokenPresented, now: Callable[[], datetime]) -> Outgoing:
    def answered(result: Payload) -> None:
        accepted = result.get("idTagInfo", {}).get("status") == "Accepted"
        cabinet.token_answered(notice.evse, notice.token, accepted=accepted, now=now())

    return Outgoing(
        "Authorize",
        lambda: {"idTag": notice.token[:20]},
        on_result=answered,
        on_loss=lambda: cabinet.token_answered(notice.evse, notice.token, accepted=False, now=now()),
    )


def _start(cabinet: Cabinet, notice: Started, now: Callable[[], datetime]) -> Outgoing:
    charge = notice.charge

    def answered(result: Payload) -> None:
        accepted = result.get("idTagInfo", {}).get("status") == "Accepted"
        ref = result.get("transactionId")
        cabinet.start_answered(charge, ref=None if ref is None else str(ref), accepted=accepted, now=now())

    reserved = {} if charge.reservation_id is None else {"reservationId": charge.reservation_id}
    return Outgoing(
        "StartTransaction",
        lambda: {
            "connectorId": charge.evse,
            "idTag": charge.token[:20],
            "meterStart": round(charge.meter_start_wh),
            "timestamp": time_text(cabinet.spec, charge.started_at),
            **reserved,
        },
        "transaction",
        on_result=answered,
    )


def _meter_values(cabinet: Cabinet, notice: Metered) -> Outgoing:
    def payload() -> Payload:
        body: Payload = {"connectorId": notice.evse, "meterValue": [sampled16(cabinet, notice.sample)]}
        if notice.charge is not None:
            body["transactionId"] = _number(notice.charge)
        return body

    kept: Durability = "passing" if notice.charge is None else "transaction"
    return Outgoing("MeterValues", payload, kept, reading=notice.charge is not None)


def _stop(cabinet: Cabinet, notice: Ended) -> list[Outgoing]:
    charge = notice.charge
    if cabinet.spec.shows(Misbehaviour.FORGETS_STOP):
        return []

    def payload() -> Payload:
        return {
            "transactionId": _number(charge),
            "idTag": charge.token[:20],
            "meterStop": round(notice.sample.energy_wh),
            "timestamp": time_text(cabinet.spec, notice.sample.at),
            "reason": notice.reason.value,
            "transactionData": [sampled16(cabinet, notice.sample)],
        }

    if not cabinet.spec.shows(Misbehaviour.REPEATS_ITSELF):
        return [Outgoing("StopTransaction", payload, "transaction")]
    late = notice.sample.at + LATE
    return [Outgoing("StopTransaction", payload, "transaction", not_before=late) for _ in range(2)]


def _number(charge: Charge) -> int:
    """The id the server gave, or 0 where the start was never answered: servers must take that too."""
    return int(charge.ref or 0)
