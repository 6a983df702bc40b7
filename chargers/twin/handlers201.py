"""What a simulated OCPP 2.0.1 station does when the CSMS calls it."""

from __future__ import annotations

from typing import Any

from ocpp.charge_point import snake_to_camel_case
from ocpp.exceptions import NotImplementedError as NotImplementedByStation
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action

from chargers.errors import ProfileError
from chargers.profile import Purpose, RateUnit, from_v201, schedule_payload, to_v201
from chargers.twin.controls import Controls
from chargers.twin.messages201 import boot201
from chargers.twin.notices import Asked, RemoteStart, StopReason
from chargers.twin.speaker import Speaker, on
from chargers.twin.spec import Misbehaviour
from chargers.twin.variables import Variable
from chargers.twin.wording import time_text

REPORT_PART = 20
"""Variables in one NotifyReport."""


class Speaker201(Speaker):
    """An OCPP 2.0.1 connection."""

    _call = call
    _call_result = call_result
    _ocpp_version = "2.0.1"

    def __init__(self, controls: Controls, *args: Any) -> None:
        super().__init__(*args)
        self._controls = controls

    def _here(self, evse_id: int | None) -> bool:
        return evse_id in self._controls.cabinet.outlets

    @on(Action.request_start_transaction)
    def on_request_start(
        self,
        id_token: dict[str, Any],
        remote_start_id: int,
        evse_id: int | None = None,
        charging_profile: dict[str, Any] | None = None,
        **_: object,
    ) -> call_result.RequestStartTransaction:
        profile = None
        if charging_profile is not None:
            try:
                profile = from_v201(snake_to_camel_case(charging_profile))
            except ProfileError:
                return call_result.RequestStartTransaction("Rejected")
        known = evse_id is None or self._here(evse_id)
        asked = RemoteStart(id_token["id_token"], remote_start_id, profile)
        done = known and self._controls.cabinet.remote_start(evse_id, asked, self._controls.now())
        return call_result.RequestStartTransaction("Accepted" if done else "Rejected")

    @on(Action.request_stop_transaction)
    def on_request_stop(self, transaction_id: str, **_: object) -> call_result.RequestStopTransaction:
        done = self._controls.cabinet.remote_stop(transaction_id, self._controls.now())
        return call_result.RequestStopTransaction("Accepted" if done else "Rejected")

    @on(Action.reset)
    def on_reset(self, type: str, evse_id: int | None = None, **_: object) -> call_result.Reset:  # noqa: A002
        if evse_id is not None:
            return call_result.Reset("Rejected")  # this make resets as a whole
        self._controls.restart(StopReason.HARD_RESET if type == "Immediate" else StopReason.SOFT_RESET)
        return call_result.Reset("Accepted")

    @on(Action.unlock_connector)
    def on_unlock(self, evse_id: int, connector_id: int, **_: object) -> call_result.UnlockConnector:
        cabinet = self._controls.cabinet
        if not self._here(evse_id) or connector_id != 1:
            return call_result.UnlockConnector("UnknownConnector")
        if cabinet.spec.shows(Misbehaviour.NO_UNLOCK):
            return call_result.UnlockConnector("UnlockFailed")
        if cabinet.outlets[evse_id].charge is not None:
            return call_result.UnlockConnector("OngoingAuthorizedTransaction")
        cabinet.unlock(evse_id, self._controls.now())
        return call_result.UnlockConnector("Unlocked")

    @on(Action.change_availability)
    def on_change_availability(
        self, operational_status: str, evse: dict[str, Any] | None = None, **_: object
    ) -> call_result.ChangeAvailability:
        number = 0 if evse is None else int(evse["id"])
        if number != 0 and not self._here(number):
            return call_result.ChangeAvailability("Rejected")
        operative = operational_status == "Operative"
        status = self._controls.cabinet.set_operative(number, operative=operative, now=self._controls.now())
        return call_result.ChangeAvailability(status)

    @on(Action.get_variables)
    def on_get_variables(self, get_variable_data: list[dict[str, Any]], **_: object) -> call_result.GetVariables:
        results = []
        for asked in get_variable_data:
            found, status = self._find(asked)
            if found is not None and found.mutability == "WriteOnly":
                status = "Rejected"
            result = _place(asked) | {"attribute_status": status}
            if found is not None and status == "Accepted":
                result["attribute_value"] = found.value
            results.append(result)
        return call_result.GetVariables(results)

    @on(Action.set_variables)
    def on_set_variables(self, set_variable_data: list[dict[str, Any]], **_: object) -> call_result.SetVariables:
        results = []
        for asked in set_variable_data:
            found, status = self._find(asked)
            if found is not None and status == "Accepted":
                status = found.put(asked["attribute_value"])
            results.append(_place(asked) | {"attribute_status": status})
        self._controls.stir()
        return call_result.SetVariables(results)

    def _find(self, asked: dict[str, Any]) -> tuple[Variable | None, str]:
        variables = self._controls.cabinet.variables
        component, variable = asked["component"], asked["variable"]
        evse = component.get("evse")
        found = variables.by_place(
            component["name"], variable["name"], variable.get("instance"), None if evse is None else evse["id"]
        )
        if found is None:
            return None, "UnknownVariable" if variables.knows_component(component["name"]) else "UnknownComponent"
        return found, "Accepted" if asked.get("attribute_type", "Actual") == "Actual" else "NotSupportedAttributeType"

    @on(Action.get_base_report)
    def on_get_base_report(self, request_id: int, report_base: str, **_: object) -> call_result.GetBaseReport:
        if report_base == "SummaryInventory":
            return call_result.GetBaseReport("NotSupported")
        cabinet = self._controls.cabinet
        entries = [_report_entry(one) for one in cabinet.variables if one.component is not None]
        parts = [entries[at : at + REPORT_PART] for at in range(0, len(entries), REPORT_PART)]
        for number, part in enumerate(parts):
            body = {
                "requestId": request_id,
                "generatedAt": time_text(cabinet.spec, self._controls.now()),
                "seqNo": number,
                "tbc": number < len(parts) - 1,
                "reportData": part,
            }
            self._controls.say(Asked("NotifyReport", body))
        return call_result.GetBaseReport("Accepted")

    @on(Action.set_charging_profile)
    def on_set_charging_profile(
        self, evse_id: int, charging_profile: dict[str, Any], **_: object
    ) -> call_result.SetChargingProfile:
        if self._controls.cabinet.spec.shows(Misbehaviour.NO_SMART_CHARGING):
            raise NotImplementedByStation
        try:
            profile = from_v201(snake_to_camel_case(charging_profile))
            self._controls.cabinet.take_profile(evse_id, profile, self._controls.now())
        except ProfileError as error:
            why = {"reason_code": "InvalidProfile", "additional_info": str(error)[:512]}
            return call_result.SetChargingProfile("Rejected", status_info=why)
        return call_result.SetChargingProfile("Accepted")

    @on(Action.clear_charging_profile)
    def on_clear_charging_profile(
        self,
        charging_profile_id: int | None = None,
        charging_profile_criteria: dict[str, Any] | None = None,
        **_: object,
    ) -> call_result.ClearChargingProfile:
        wanted = charging_profile_criteria or {}
        purpose = wanted.get("charging_profile_purpose")
        found = self._controls.cabinet.drop_profiles(
            charging_profile_id,
            wanted.get("evse_id"),
            None if purpose is None else Purpose(purpose),
            wanted.get("stack_level"),
            self._controls.now(),
        )
        return call_result.ClearChargingProfile("Accepted" if found else "Unknown")

    @on(Action.get_charging_profiles)
    def on_get_charging_profiles(
        self, request_id: int, charging_profile: dict[str, Any], evse_id: int | None = None, **_: object
    ) -> call_result.GetChargingProfiles:
        ids = charging_profile.get("charging_profile_id")
        held = [
            one
            for one in self._controls.cabinet.limits.held
            if evse_id in {None, one.evse}
            and (ids is None or one.profile.id in ids)
            and charging_profile.get("charging_profile_purpose") in {None, one.profile.purpose.value}
            and charging_profile.get("stack_level") in {None, one.profile.stack_level}
        ]
        for number, one in enumerate(held, start=1):
            body = {
                "requestId": request_id,
                "chargingLimitSource": "CSO",
                "evseId": one.evse,
                "chargingProfile": [to_v201(one.profile)],
                "tbc": number < len(held),
            }
            self._controls.say(Asked("ReportChargingProfiles", body))
        return call_result.GetChargingProfiles("Accepted" if held else "NoProfiles")

    @on(Action.get_composite_schedule)
    def on_get_composite_schedule(
        self, duration: int, evse_id: int, charging_rate_unit: str | None = None, **_: object
    ) -> call_result.GetCompositeSchedule:
        cabinet = self._controls.cabinet
        if cabinet.spec.shows(Misbehaviour.BARE_COMPOSITE):
            return call_result.GetCompositeSchedule("Accepted")
        if evse_id != 0 and not self._here(evse_id):
            return call_result.GetCompositeSchedule("Rejected")
        unit = RateUnit(charging_rate_unit or "W")
        body = schedule_payload(cabinet.schedule(evse_id, duration, unit, self._controls.now()))
        composite = {
            "evse_id": evse_id,
            "duration": duration,
            "schedule_start": body["startSchedule"],
            "charging_rate_unit": unit.value,
            "charging_schedule_period": body["chargingSchedulePeriod"],
        }
        return call_result.GetCompositeSchedule("Accepted", schedule=composite)

    @on(Action.trigger_message)
    def on_trigger_message(
        self, requested_message: str, evse: dict[str, Any] | None = None, **_: object
    ) -> call_result.TriggerMessage:
        cabinet, now = self._controls.cabinet, self._controls.now()
        number = None if evse is None else int(evse["id"])
        if number is not None and not self._here(number):
            return call_result.TriggerMessage("Rejected")
        match requested_message:
            case "BootNotification":
                self._controls.say(Asked("BootNotification", boot201(cabinet, "Triggered")))
            case "Heartbeat":
                self._controls.say(Asked("Heartbeat", {}))
            case "StatusNotification":
                cabinet.tell_status(number, now)
            case "MeterValues" | "TransactionEvent":
                for one in list(cabinet.outlets) if number is None else [number]:
                    if requested_message == "MeterValues" or cabinet.outlets[one].charge is not None:
                        cabinet.meter_now(one, now)
            case _:
                return call_result.TriggerMessage("NotImplemented")
        return call_result.TriggerMessage("Accepted")

    @on(Action.get_transaction_status)
    def on_get_transaction_status(
        self, transaction_id: str | None = None, **_: object
    ) -> call_result.GetTransactionStatus:
        waiting = self._controls.waiting > 0
        if transaction_id is None:
            return call_result.GetTransactionStatus(messages_in_queue=waiting)
        charges = (outlet.charge for outlet in self._controls.cabinet.outlets.values())
        ongoing = any(charge is not None and charge.ref == transaction_id for charge in charges)
        return call_result.GetTransactionStatus(messages_in_queue=waiting, ongoing_indicator=ongoing)

    @on(Action.data_transfer)
    def on_data_transfer(self, vendor_id: str, message_id: str | None = None, **_: object) -> call_result.DataTransfer:
        if vendor_id != self._controls.cabinet.spec.vendor:
            return call_result.DataTransfer("UnknownVendorId")
        return call_result.DataTransfer("Accepted" if message_id is None else "UnknownMessageId")

    @on(Action.clear_cache)
    def on_clear_cache(self, **_: object) -> call_result.ClearCache:
        return call_result.ClearCache("Accepted")

    @on(Action.get_local_list_version)
    def on_get_local_list_version(self, **_: object) -> call_result.GetLocalListVersion:
        return call_result.GetLocalListVersion(0)  # no local list here (2.0.1 D02.FR.03)


def _place(asked: dict[str, Any]) -> dict[str, Any]:
    return {key: asked[key] for key in ("component", "variable", "attribute_type") if key in asked}


def _report_entry(variable: Variable) -> dict[str, Any]:
    component: dict[str, Any] = {"name": variable.component}
    if variable.evse is not None:
        component["evse"] = {"id": variable.evse}
    name: dict[str, Any] = {"name": variable.name}
    if variable.instance is not None:
        name["instance"] = variable.instance
    attribute: dict[str, Any] = {"mutability": variable.mutability}
    if variable.mutability != "WriteOnly":
        attribute["value"] = variable.value
    return {
        "component": component,
        "variable": name,
        "variableAttribute": [attribute],
        "variableCharacteristics": {"dataType": variable.data_type, "supportsMonitoring": False},
    }
