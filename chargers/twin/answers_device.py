"""The device model of 2.x: variables, reports in parts, monitors (2.0.1 sections B and N)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chargers.twin.answering import Answer, status
from chargers.twin.controls import Controls
from chargers.twin.noticeboard import Monitor
from chargers.twin.notices import Asked
from chargers.twin.outbox import Payload
from chargers.twin.spec import Misbehaviour
from chargers.twin.variables import Variable, place_of
from chargers.twin.wording import time_text

REPORT_PART = 20
"""Entries in one message of a report."""
ALL_CRITERIA = frozenset({"Active", "Available", "Enabled"})
"""Everything this make has is available, enabled and active; nothing is a problem."""


def _get_variables(controls: Controls, body: Payload) -> Payload:
    results = []
    for asked in body["getVariableData"]:
        found, word = _find(controls, asked)
        if found is not None and found.mutability == "WriteOnly":
            word = "Rejected"
        result = _asked_place(asked) | {"attributeStatus": word}
        if found is not None and word == "Accepted":
            result["attributeValue"] = found.value
        results.append(result)
    return {"getVariableResult": results}


def _set_variables(controls: Controls, body: Payload) -> Payload:
    results = []
    spec = controls.cabinet.spec
    for asked in body["setVariableData"]:
        found, word = _find(controls, asked)
        value = asked["attributeValue"]
        if found is not None and word == "Accepted":
            fussy = spec.shows(Misbehaviour.ONE_MEASURAND) and found.data_type == "MemberList" and "," in value
            word = "Rejected" if fussy else found.put(value)
            if word == "Accepted":
                controls.board.look(found)
                if found.key in {"AuthorizationKey", "SecurityProfile"}:
                    controls.reconnect()
        results.append(_asked_place(asked) | {"attributeStatus": word})
    controls.cabinet.settings_changed()
    controls.stir()
    return {"setVariableResult": results}


def _find(controls: Controls, asked: dict[str, Any]) -> tuple[Variable | None, str]:
    variables = controls.cabinet.variables
    component, variable = asked["component"], asked["variable"]
    evse = component.get("evse")
    found = variables.by_place(
        component["name"], variable["name"], variable.get("instance"), None if evse is None else evse["id"]
    )
    if found is None:
        return None, "UnknownVariable" if variables.knows_component(component["name"]) else "UnknownComponent"
    return found, "Accepted" if asked.get("attributeType", "Actual") == "Actual" else "NotSupportedAttributeType"


def _asked_place(asked: dict[str, Any]) -> dict[str, Any]:
    return {key: asked[key] for key in ("component", "variable", "attributeType") if key in asked}


def _get_base_report(controls: Controls, body: Payload) -> Payload:
    if body["reportBase"] == "SummaryInventory":
        return status("NotSupported")
    wanted = [
        one
        for one in controls.cabinet.variables
        if one.component is not None and (body["reportBase"] == "FullInventory" or one.mutability != "ReadOnly")
    ]
    _report(controls, "NotifyReport", "reportData", body["requestId"], [_entry(one) for one in wanted])
    return status("Accepted")


def _get_report(controls: Controls, body: Payload) -> Payload:
    criteria = body.get("componentCriteria")
    chosen = body.get("componentVariable")
    wanted = [
        one
        for one in controls.cabinet.variables
        if one.component is not None
        and (chosen is None or any(_matches(one, place) for place in chosen))
        and (criteria is None or ALL_CRITERIA & set(criteria))
    ]
    if not wanted:
        return status("EmptyResultSet")
    _report(controls, "NotifyReport", "reportData", body["requestId"], [_entry(one) for one in wanted])
    return status("Accepted")


def _matches(variable: Variable, place: dict[str, Any]) -> bool:
    component, name = place["component"], place.get("variable", {}).get("name")
    evse = component.get("evse", {}).get("id")
    return (
        (variable.component or "").lower() == component["name"].lower()
        and (evse is None or evse == variable.evse)
        and (name is None or name.lower() == variable.name.lower())
    )


def _report(controls: Controls, action: str, key: str, request_id: int, entries: Sequence[Payload]) -> None:
    """A report in parts, each with its number and whether more come (2.0.1 B07.FR.08, FR.09)."""
    parts = [entries[at : at + REPORT_PART] for at in range(0, len(entries), REPORT_PART)]
    for number, part in enumerate(parts):
        head = {"requestId": request_id, "generatedAt": time_text(controls.cabinet.spec, controls.now())}
        tail = {"seqNo": number, "tbc": number < len(parts) - 1, key: list(part)}
        controls.say(Asked(action, head | tail))


def _entry(variable: Variable) -> Payload:
    attribute: dict[str, Any] = {"mutability": variable.mutability}
    if variable.mutability != "WriteOnly":
        attribute["value"] = variable.value
    numeric = variable.data_type in {"integer", "decimal"}
    return {
        **place_of(variable),
        "variableAttribute": [attribute],
        "variableCharacteristics": {"dataType": variable.data_type, "supportsMonitoring": numeric},
    }


def _set_monitoring(controls: Controls, body: Payload) -> Payload:
    results = []
    for asked in body["setMonitoringData"]:
        found, word = _find(controls, asked)
        number = None
        if found is not None:
            word, number = controls.board.watch(asked, found)
        result = {key: asked[key] for key in ("type", "severity", "component", "variable")} | {"status": word}
        results.append(result if number is None else result | {"id": number})
    controls.stir()
    return {"setMonitoringResult": results}


def _clear_monitoring(controls: Controls, body: Payload) -> Payload:
    monitors = controls.board.monitors
    return {
        "clearMonitoringResult": [
            {"id": number, "status": "NotFound" if monitors.pop(number, None) is None else "Accepted"}
            for number in body["id"]
        ]
    }


def _get_monitoring_report(controls: Controls, body: Payload) -> Payload:
    chosen = body.get("componentVariable")
    wanted = [
        monitor
        for monitor in controls.board.monitors.values()
        if chosen is None or any(_matches(monitor.variable, place) for place in chosen)
    ]
    if not wanted:
        return status("EmptyResultSet")
    entries = [_monitor_entry(controls, monitor) for monitor in wanted]
    _report(controls, "NotifyMonitoringReport", "monitor", body["requestId"], entries)
    return status("Accepted")


def _monitor_entry(controls: Controls, monitor: Monitor) -> Payload:
    told: Payload = {
        "id": monitor.number,
        "transaction": monitor.on_transaction,
        "value": monitor.value,
        "type": monitor.kind,
        "severity": monitor.severity,
    }
    if controls.cabinet.spec.protocol == "ocpp2.1":
        told["eventNotificationType"] = "CustomMonitor"
    return {**place_of(monitor.variable), "variableMonitoring": [told]}


def _set_monitoring_base(controls: Controls, body: Payload) -> Payload:
    """All monitors here are set by hand, so the other two bases have none (2.0.1 N05)."""
    if body["monitoringBase"] != "All":
        controls.board.monitors.clear()
    return status("Accepted")


def _set_monitoring_level(controls: Controls, body: Payload) -> Payload:
    if not 0 <= body["severity"] <= 9:
        return status("Rejected")
    controls.board.level = body["severity"]
    return status("Accepted")


DEVICE2: dict[str, Answer] = {
    "GetVariables": _get_variables,
    "SetVariables": _set_variables,
    "GetBaseReport": _get_base_report,
    "GetReport": _get_report,
    "SetVariableMonitoring": _set_monitoring,
    "ClearVariableMonitoring": _clear_monitoring,
    "GetMonitoringReport": _get_monitoring_report,
    "SetMonitoringBase": _set_monitoring_base,
    "SetMonitoringLevel": _set_monitoring_level,
}
