"""The device model's JSON as rows of the store: clipped to their columns, numbers within reason. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chargers.central.meters import read_time

LARGEST = 2**31 - 1


def text(value: object, most: int) -> str:
    """A text for a column."""
    return "" if value is None else str(value).replace("\x00", "")[:most]


def whole(value: object, default: int = 0) -> int:
    """A number for a column."""
    good = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
    return value if good and isinstance(value, int) else default


def number(value: object) -> float | None:
    """A finite number, if it is one."""
    try:
        read = float(value)  # type: ignore[arg-type] # whatever it is
    except (TypeError, ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def named(part: object) -> str:
    """A component or variable: its name, and its instance in brackets where it has one."""
    if not isinstance(part, dict):
        return ""
    name, instance = text(part.get("name"), 60), text(part.get("instance"), 58)
    return f"{name}[{instance}]" if instance else name


def place(part: object) -> tuple[int, int]:
    """EVSE and connector of a component; 0 for none."""
    evse = part.get("evse") if isinstance(part, dict) else None
    return (whole(evse.get("id")), whole(evse.get("connectorId"))) if isinstance(evse, dict) else (0, 0)


def value_row(entry: dict[str, Any], value: object) -> dict[str, Any]:
    """The row of one variable's value alone (an entry of a GetVariables or SetVariables result)."""
    evse, connector = place(entry.get("component"))
    return {
        "component": named(entry.get("component")),
        "variable": named(entry.get("variable")),
        "evse": evse,
        "connector": connector,
        "attribute": text(entry.get("attributeType") or "Actual", 10),
        "value": text(value, 2500),
    }


def variable_rows(entries: Iterable[Any]) -> list[dict[str, Any]]:
    """Rows of ReportDataType entries (NotifyReport), one an attribute."""
    rows = []
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        about = entry.get("variableCharacteristics")
        about = about if isinstance(about, dict) else {}
        evse, connector = place(entry.get("component"))
        for attribute in entry.get("variableAttribute") or [{}]:
            said = attribute if isinstance(attribute, dict) else {}
            value = said.get("value")
            rows.append(
                {
                    "component": named(entry.get("component")),
                    "variable": named(entry.get("variable")),
                    "evse": evse,
                    "connector": connector,
                    "attribute": text(said.get("type") or "Actual", 10),
                    "value": None if value is None else text(value, 2500),
                    "mutability": text(said.get("mutability") or "ReadWrite", 10),
                    "data_type": text(about.get("dataType"), 20),
                    "unit": text(about.get("unit"), 16),
                    "min_limit": number(about.get("minLimit")),
                    "max_limit": number(about.get("maxLimit")),
                    "values_list": text(about.get("valuesList"), 1000),
                }
            )
    return rows


def event_rows(entries: Iterable[Any], now: datetime) -> list[dict[str, Any]]:
    """Rows of EventDataType entries (NotifyEvent); the severity is the monitor's, looked up later."""
    return [
        {
            "number": whole(entry.get("eventId")),
            "at": read_time(text(entry.get("timestamp"), 40), now),
            "component": named(entry.get("component")),
            "evse": place(entry.get("component"))[0],
            "variable": named(entry.get("variable")),
            "trigger": text(entry.get("trigger"), 20),
            "value": text(entry.get("actualValue"), 2500),
            "cleared": bool(entry.get("cleared")),
            "cause": None if entry.get("cause") is None else whole(entry.get("cause")),
            "tech_code": text(entry.get("techCode"), 50),
            "tech_info": text(entry.get("techInfo"), 500),
            "transaction_ref": text(entry.get("transactionId"), 36),
            "monitor": None if entry.get("variableMonitoringId") is None else whole(entry["variableMonitoringId"], -1),
        }
        for entry in entries
        if isinstance(entry, dict)
    ]


def monitor_rows(entries: Iterable[Any]) -> list[tuple[int, dict[str, Any]]]:
    """Number and row of each monitor of MonitoringDataType entries (NotifyMonitoringReport)."""
    return [
        (whole(one.get("id")), monitor_row(entry, one))
        for entry in entries
        if isinstance(entry, dict)
        for one in entry.get("variableMonitoring") or []
        if isinstance(one, dict)
    ]


def monitor_row(entry: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """A monitor's columns: where it is, and what it watches for."""
    return {
        "component": named(entry.get("component")),
        "evse": place(entry.get("component"))[0],
        "variable": named(entry.get("variable")),
        "kind": text(said.get("type"), 30),
        "value": number(said.get("value")) or 0.0,
        "severity": min(9, max(0, whole(said.get("severity"), 9))),
        "on_transaction": bool(said.get("transaction")),
    }
