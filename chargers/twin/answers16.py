"""What a simulated OCPP 1.6 station does when the central system calls it: Core, Smart Charging, Remote Trigger."""

from __future__ import annotations

from chargers.errors import CallNotTaken, ProfileError
from chargers.profile import Purpose, RateUnit, from_v16, schedule_payload
from chargers.twin.answering import Answer, accepted_if, status
from chargers.twin.answers_cards import CARDS16
from chargers.twin.answers_trust import TRUST16
from chargers.twin.answers_upkeep import UPKEEP16
from chargers.twin.controls import Controls
from chargers.twin.messages16 import boot16
from chargers.twin.notices import Asked, RemoteStart, StopReason
from chargers.twin.outbox import Payload
from chargers.twin.spec import Misbehaviour

PURPOSES = {
    "ChargePointMaxProfile": Purpose.STATION_MAX,
    "TxDefaultProfile": Purpose.TX_DEFAULT,
    "TxProfile": Purpose.TX,
}
UNTAKEN_LENGTH = 128
"""Values longer than this make some stations report nonsense ever after."""


def _here(controls: Controls, connector_id: int | None) -> bool:
    return connector_id in controls.cabinet.outlets


def _remote_start(controls: Controls, body: Payload) -> Payload:
    profile = None
    if "chargingProfile" in body:
        try:
            profile = from_v16(body["chargingProfile"])
        except ProfileError:
            return status("Rejected")
    connector = body.get("connectorId")
    known = connector is None or _here(controls, connector)
    asked = RemoteStart(body["idTag"], profile=profile)
    return accepted_if(known and controls.cabinet.remote_start(connector, asked, controls.now()))


def _remote_stop(controls: Controls, body: Payload) -> Payload:
    return accepted_if(controls.cabinet.remote_stop(str(body["transactionId"]), controls.now()))


def _reset(controls: Controls, body: Payload) -> Payload:
    controls.restart(StopReason.HARD_RESET if body["type"] == "Hard" else StopReason.SOFT_RESET)
    return status("Accepted")


def _unlock(controls: Controls, body: Payload) -> Payload:
    if controls.cabinet.spec.shows(Misbehaviour.NO_UNLOCK) or not _here(controls, body["connectorId"]):
        return status("NotSupported")
    controls.cabinet.unlock(body["connectorId"], controls.now())
    return status("Unlocked")


def _change_availability(controls: Controls, body: Payload) -> Payload:
    connector = body["connectorId"]
    if connector != 0 and not _here(controls, connector):
        return status("Rejected")
    operative = body["type"] == "Operative"
    return status(controls.cabinet.set_operative(connector, operative=operative, now=controls.now()))


def _get_configuration(controls: Controls, body: Payload) -> Payload:
    variables = controls.cabinet.variables
    wanted = body.get("key") or [one.key for one in variables if one.key is not None and one.mutability != "WriteOnly"]
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
    return {key: value for key, value in (("configurationKey", known), ("unknownKey", unknown)) if value}


def _change_configuration(controls: Controls, body: Payload) -> Payload:
    cabinet, key, value = controls.cabinet, body["key"], body["value"]
    found = cabinet.variables.by_key(key)
    if found is None:
        return status("NotSupported")
    if cabinet.spec.shows(Misbehaviour.OVERFLOWS) and len(value) > UNTAKEN_LENGTH:
        cabinet.variables.assign("NumberOfConnectors", "1850000000")
        return status("Accepted")
    if cabinet.spec.shows(Misbehaviour.ONE_MEASURAND) and found.data_type == "MemberList" and "," in value:
        return status("Rejected")
    result = found.put(value)
    if result == "Accepted":
        controls.board.look(found)
        cabinet.settings_changed()
        if found.key in {"AuthorizationKey", "SecurityProfile"}:
            controls.reconnect()
    controls.stir()
    return status(result)


def _set_charging_profile(controls: Controls, body: Payload) -> Payload:
    spec = controls.cabinet.spec
    if spec.shows(Misbehaviour.NO_SMART_CHARGING):
        raise CallNotTaken("NotImplemented")
    if spec.shows(Misbehaviour.VENDOR_KEY):
        return status("NotSupported")
    try:
        profile = from_v16(body["csChargingProfiles"])
        controls.cabinet.take_profile(body["connectorId"], profile, controls.now())
    except ProfileError:
        return status("Rejected")
    return status("Accepted")


def _clear_charging_profile(controls: Controls, body: Payload) -> Payload:
    purpose = PURPOSES.get(body.get("chargingProfilePurpose", ""))
    found = controls.cabinet.drop_profiles(
        body.get("id"), body.get("connectorId"), purpose, body.get("stackLevel"), controls.now()
    )
    return accepted_if(found, "Unknown")


def _get_composite_schedule(controls: Controls, body: Payload) -> Payload:
    cabinet, connector = controls.cabinet, body["connectorId"]
    if cabinet.spec.shows(Misbehaviour.BARE_COMPOSITE):
        return status("Accepted")
    if connector != 0 and not _here(controls, connector):
        return status("Rejected")
    unit = RateUnit(body.get("chargingRateUnit", "W"))
    schedule = schedule_payload(cabinet.schedule(connector, body["duration"], unit, controls.now()))
    if cabinet.speaks_of_nothing(connector):
        schedule["chargingSchedulePeriod"] = [{"startPeriod": 0, "limit": -1.0, "numberPhases": -1}]
    return {
        "status": "Accepted",
        "connectorId": connector,
        "scheduleStart": schedule["startSchedule"],
        "chargingSchedule": schedule,
    }


def _trigger_message(controls: Controls, body: Payload) -> Payload:
    cabinet, now, connector = controls.cabinet, controls.now(), body.get("connectorId")
    if connector is not None and connector != 0 and not _here(controls, connector):
        return status("Rejected")
    match body["requestedMessage"]:
        case "BootNotification":
            controls.say(Asked("BootNotification", boot16(cabinet)))
        case "Heartbeat":
            controls.say(Asked("Heartbeat", {}))
        case "StatusNotification":
            cabinet.tell_status(connector, now)
        case "MeterValues":
            for number in [connector] if connector else list(cabinet.outlets):
                cabinet.meter_now(number, now)
        case "FirmwareStatusNotification":
            controls.upkeep.tell_firmware()
        case "DiagnosticsStatusNotification" | "LogStatusNotification" as action:
            controls.upkeep.tell_log(action)
        case "SignChargePointCertificate":
            controls.say(Asked("SignCertificate", {"csr": controls.keyring.request_certificate()}))
        case _:
            return status("NotImplemented")
    return status("Accepted")


def _data_transfer(controls: Controls, body: Payload) -> Payload:
    if body["vendorId"] != controls.cabinet.spec.vendor:
        return status("UnknownVendorId")
    echo = {"data": body["data"]} if "data" in body else {}
    return accepted_if("messageId" not in body, "UnknownMessageId") | echo


def _clear_cache(_controls: Controls, _body: Payload) -> Payload:
    return status("Accepted")


ANSWERS16: dict[str, Answer] = {
    "RemoteStartTransaction": _remote_start,
    "RemoteStopTransaction": _remote_stop,
    "Reset": _reset,
    "UnlockConnector": _unlock,
    "ChangeAvailability": _change_availability,
    "GetConfiguration": _get_configuration,
    "ChangeConfiguration": _change_configuration,
    "SetChargingProfile": _set_charging_profile,
    "ClearChargingProfile": _clear_charging_profile,
    "GetCompositeSchedule": _get_composite_schedule,
    "TriggerMessage": _trigger_message,
    "ExtendedTriggerMessage": _trigger_message,
    "DataTransfer": _data_transfer,
    "ClearCache": _clear_cache,
    **CARDS16,
    **UPKEEP16,
    **TRUST16,
}
