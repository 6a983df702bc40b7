"""What can be asked of a station by hand, and the least payload each request needs: what an expert starts typing from.

Drawn from the same schemas the request is judged by before it is sent.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chargers.central.schemas import Version, actions_of, read_schema

FROM_STATIONS = frozenset({
    "Authorize", "BatterySwap", "BootNotification", "ClearedChargingLimit", "ClosePeriodicEventStream",
    "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Get15118EVCertificate",
    "GetCertificateChainStatus", "GetCertificateStatus", "Heartbeat", "LogStatusNotification", "MeterValues",
    "NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDERAlarm", "NotifyDERStartStop",
    "NotifyDisplayMessages", "NotifyEVChargingNeeds", "NotifyEVChargingSchedule", "NotifyEvent",
    "NotifyMonitoringReport", "NotifyPeriodicEventStream", "NotifyPriorityCharging", "NotifyReport",
    "NotifySettlement", "OpenPeriodicEventStream", "PublishFirmwareStatusNotification", "PullDynamicScheduleUpdate",
    "ReportChargingProfiles", "ReportDERControl", "ReservationStatusUpdate", "SecurityEventNotification",
    "SignCertificate", "SignedFirmwareStatusNotification", "StartTransaction", "StatusNotification",
    "StopTransaction", "TransactionEvent", "VatNumberValidation",
})  # fmt: skip
"""Requests only stations make, in all versions (OCPP 1.6 section 4; 2.0.1 and 2.1 Part 2, section 1)."""


def askable(version: Version) -> tuple[str, ...]:
    """Requests a central system may send to a station of this version, by name."""
    return tuple(sorted(actions_of(version) - FROM_STATIONS))


def skeleton(version: Version, action: str) -> dict[str, Any]:
    """A payload with every required field and the first value its type allows; it may still need other values.

    Raises:
        KeyError: this version has no such request.
    """
    schema = read_schema(version, action, "request")
    return dict(_example(schema, schema.get("definitions", {})))


def optional_fields(version: Version, action: str) -> tuple[str, ...]:
    """The fields of a request that may be left out.

    Raises:
        KeyError: this version has no such request.
    """
    schema = read_schema(version, action, "request")
    required = set(schema.get("required", ()))
    return tuple(name for name in schema.get("properties", {}) if name not in required and name != "customData")


def _example(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: _example(fields[name], definitions) for name in schema.get("required", ()) if name in fields}
    if kind == "array":
        return [_example(schema["items"], definitions)] * max(1, schema.get("minItems", 1))
    if schema.get("format") == "date-time":
        return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if kind in ("integer", "number"):
        return int(schema.get("minimum", 0))
    return False if kind == "boolean" else ""
