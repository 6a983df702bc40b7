"""What a simulated OCPP 1.6 station does when the central system calls it."""

from __future__ import annotations

from typing import Any

from ocpp.charge_point import snake_to_camel_case
from ocpp.exceptions import NotImplementedError as NotImplementedByStation
from ocpp.v16 import call, call_result
from ocpp.v16.enums import Action

from chargers.errors import ProfileError
from chargers.profile import Purpose, RateUnit, from_v16, schedule_payload
from chargers.twin.controls import Controls
from chargers.twin.messages16 import boot16
from chargers.twin.notices import Asked, RemoteStart, StopReason
from chargers.twin.speaker import Speaker, on
from chargers.twin.spec import Misbehaviour

PURPOSES = {
    "ChargePointMaxProfile": Purpose.STATION_MAX,
    "TxDefaultProfile": Purpose.TX_DEFAULT,
    "TxProfile": Purpose.TX,
}


class Speaker16(Speaker):
    """An OCPP 1.6 connection."""

    _call = call
    _call_result = call_result
    _ocpp_version = "1.6"

    def __init__(self, controls: Controls, *args: Any) -> None:
        super().__init__(*args)
        self._controls = controls

    def _here(self, connector_id: int | None) -> bool:
        return connector_id in self._controls.cabinet.outlets

    @on(Action.remote_start_transaction)
    def on_remote_start(
        self, id_tag: str, connector_id: int | None = None, charging_profile: dict[str, Any] | None = None
    ) -> call_result.RemoteStartTransaction:
        profile = None
        if charging_profile is not None:
            try:
                profile = from_v16(snake_to_camel_case(charging_profile))
            except ProfileError:
                return call_result.RemoteStartTransaction("Rejected")
        known = connector_id is None or self._here(connector_id)
        asked = RemoteStart(id_tag, profile=profile)
        done = known and self._controls.cabinet.remote_start(connector_id, asked, self._controls.now())
        return call_result.RemoteStartTransaction("Accepted" if done else "Rejected")

    @on(Action.remote_stop_transaction)
    def on_remote_stop(self, transaction_id: int) -> call_result.RemoteStopTransaction:
        done = self._controls.cabinet.remote_stop(str(transaction_id), self._controls.now())
        return call_result.RemoteStopTransaction("Accepted" if done else "Rejected")

    @on(Action.reset)
    def on_reset(self, type: str) -> call_result.Reset:  # noqa: A002 - the field's name on the wire
        self._controls.restart(StopReason.HARD_RESET if type == "Hard" else StopReason.SOFT_RESET)
        return call_result.Reset("Accepted")

    @on(Action.unlock_connector)
    def on_unlock(self, connector_id: int) -> call_result.UnlockConnector:
        if self._controls.cabinet.spec.shows(Misbehaviour.NO_UNLOCK) or not self._here(connector_id):
            return call_result.UnlockConnector("NotSupported")
        self._controls.cabinet.unlock(connector_id, self._controls.now())
        return call_result.UnlockConnector("Unlocked")

    @on(Action.change_availability)
    def on_change_availability(self, connector_id: int, type: str) -> call_result.ChangeAvailability:  # noqa: A002
        if connector_id != 0 and not self._here(connector_id):
            return call_result.ChangeAvailability("Rejected")
        operative = type == "Operative"
        status = self._controls.cabinet.set_operative(connector_id, operative=operative, now=self._controls.now())
        return call_result.ChangeAvailability(status)

    @on(Action.get_configuration)
    def on_get_configuration(self, key: list[str] | None = None) -> call_result.GetConfiguration:
        variables = self._controls.cabinet.variables
        wanted = key or [one.key for one in variables if one.key is not None and one.mutability != "WriteOnly"]
        known, unknown = [], []
        for name in wanted:
            found = variables.by_key(name)
            if found is None:
                unknown.append(name)
                continue
            entry = {"key": found.key, "readonly": found.mutability == "ReadOnly"}
            if found.mutability != "WriteOnly":
                entry["value"] = found.value
            known.append(entry)
        return call_result.GetConfiguration(configuration_key=known or None, unknown_key=unknown or None)

    @on(Action.change_configuration)
    def on_change_configuration(self, key: str, value: str) -> call_result.ChangeConfiguration:
        found = self._controls.cabinet.variables.by_key(key)
        status = "NotSupported" if found is None else found.put(value)
        self._controls.stir()
        return call_result.ChangeConfiguration(status)

    @on(Action.set_charging_profile)
    def on_set_charging_profile(
        self, connector_id: int, cs_charging_profiles: dict[str, Any]
    ) -> call_result.SetChargingProfile:
        if self._controls.cabinet.spec.shows(Misbehaviour.NO_SMART_CHARGING):
            raise NotImplementedByStation
        try:
            profile = from_v16(snake_to_camel_case(cs_charging_profiles))
            self._controls.cabinet.take_profile(connector_id, profile, self._controls.now())
        except ProfileError:
            return call_result.SetChargingProfile("Rejected")
        return call_result.SetChargingProfile("Accepted")

    @on(Action.clear_charging_profile)
    def on_clear_charging_profile(
        self,
        id: int | None = None,  # noqa: A002 - the field's name on the wire
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> call_result.ClearChargingProfile:
        purpose = None if charging_profile_purpose is None else PURPOSES[charging_profile_purpose]
        now = self._controls.now()
        found = self._controls.cabinet.drop_profiles(id, connector_id, purpose, stack_level, now)
        return call_result.ClearChargingProfile("Accepted" if found else "Unknown")

    @on(Action.get_composite_schedule)
    def on_get_composite_schedule(
        self, connector_id: int, duration: int, charging_rate_unit: str | None = None
    ) -> call_result.GetCompositeSchedule:
        cabinet = self._controls.cabinet
        if cabinet.spec.shows(Misbehaviour.BARE_COMPOSITE):
            return call_result.GetCompositeSchedule("Accepted")
        if connector_id != 0 and not self._here(connector_id):
            return call_result.GetCompositeSchedule("Rejected")
        unit = RateUnit(charging_rate_unit or "W")
        schedule = cabinet.schedule(connector_id, duration, unit, self._controls.now())
        body = schedule_payload(schedule)
        return call_result.GetCompositeSchedule("Accepted", connector_id, body["startSchedule"], body)

    @on(Action.trigger_message)
    def on_trigger_message(self, requested_message: str, connector_id: int | None = None) -> call_result.TriggerMessage:
        cabinet, now = self._controls.cabinet, self._controls.now()
        if connector_id is not None and connector_id != 0 and not self._here(connector_id):
            return call_result.TriggerMessage("Rejected")
        match requested_message:
            case "BootNotification":
                self._controls.say(Asked("BootNotification", boot16(cabinet)))
            case "Heartbeat":
                self._controls.say(Asked("Heartbeat", {}))
            case "StatusNotification":
                cabinet.tell_status(connector_id, now)
            case "MeterValues":
                for number in [connector_id] if connector_id else list(cabinet.outlets):
                    cabinet.meter_now(number, now)
            case _:
                return call_result.TriggerMessage("NotImplemented")
        return call_result.TriggerMessage("Accepted")

    @on(Action.data_transfer)
    def on_data_transfer(
        self, vendor_id: str, message_id: str | None = None, data: str | None = None
    ) -> call_result.DataTransfer:
        if vendor_id != self._controls.cabinet.spec.vendor:
            return call_result.DataTransfer("UnknownVendorId")
        return call_result.DataTransfer("Accepted" if message_id is None else "UnknownMessageId", data)

    @on(Action.clear_cache)
    def on_clear_cache(self) -> call_result.ClearCache:
        return call_result.ClearCache("Accepted")

    @on(Action.get_local_list_version)
    def on_get_local_list_version(self) -> call_result.GetLocalListVersion:
        return call_result.GetLocalListVersion(-1)  # no local list here (1.6 section 6.22)
