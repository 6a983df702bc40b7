"""What some makes do to a message before it leaves: a table by manner. Payloads given are not changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chargers.twin.outbox import Payload
from chargers.twin.spec import Misbehaviour, StationSpec

NUMBERED = frozenset({"connectorId", "evseId"})
UNKNOWN_REASON = "VendorTimeout"
UNKNOWN_MEASURAND, UNKNOWN_VALUE = "Vendor.InletTemperature", "31.5"
STRAY_TRANSACTION = 987654


def spoil(spec: StationSpec, payload: Payload) -> Payload:
    """The payload as this station sends it."""
    for manner, do in SPOILERS.items():
        if spec.shows(manner):
            payload = do(spec, payload)
    return payload


def _write_floats(_spec: StationSpec, payload: Payload) -> Payload:
    floated: Payload = {key: float(value) for key, value in payload.items() if key in NUMBERED}
    evse = payload.get("evse")
    if isinstance(evse, dict):
        floated["evse"] = {key: float(value) for key, value in evse.items()}
    return {**payload, **floated}


def _use_own_words(spec: StationSpec, payload: Payload) -> Payload:
    spoiled = dict(payload)
    if "reason" in payload and "meterStop" in payload:
        spoiled["reason"] = UNKNOWN_REASON
    info = payload.get("transactionInfo", {})
    if "stoppedReason" in info:
        spoiled["transactionInfo"] = {**info, "stoppedReason": UNKNOWN_REASON}
    if "meterValue" in payload:
        value: Any = UNKNOWN_VALUE if spec.protocol == "ocpp1.6" else float(UNKNOWN_VALUE)
        extra = {"value": value, "measurand": UNKNOWN_MEASURAND}
        spoiled["meterValue"] = [
            {**one, "sampledValue": [*one["sampledValue"], {**extra, "context": one["sampledValue"][0]["context"]}]}
            for one in payload["meterValue"]
        ]
    return spoiled


SPOILERS: dict[Misbehaviour, Callable[[StationSpec, Payload], Payload]] = {
    Misbehaviour.FLOAT_IDS: _write_floats,
    Misbehaviour.VENDOR_WORDS: _use_own_words,
}


def stray_end(spec: StationSpec, at: str) -> tuple[str, Payload]:
    """The end of a transaction nobody heard the start of: action and payload."""
    if spec.protocol == "ocpp1.6":
        body = {"transactionId": STRAY_TRANSACTION, "meterStop": 4200, "timestamp": at, "reason": "PowerLoss"}
        return "StopTransaction", body
    return "TransactionEvent", {
        "eventType": "Ended",
        "timestamp": at,
        "triggerReason": "AbnormalCondition",
        "seqNo": 9,
        "offline": True,
        "transactionInfo": {"transactionId": f"stray-{STRAY_TRANSACTION}", "stoppedReason": "PowerLoss"},
        "evse": {"id": 1, "connectorId": 1},
    }
