"""What a simulated OCPP 2.0.1 station does when the CSMS calls it: charging, profiles, availability, triggers."""

from __future__ import annotations

from collections.abc import Callable

from chargers.errors import CallNotTaken, ProfileError
from chargers.profile import Purpose, RateUnit, from_v201, schedule_payload, to_v201
from chargers.twin.answering import Answer, accepted_if, status
from chargers.twin.answers_board import BOARD2
from chargers.twin.answers_cards import CARDS2
from chargers.twin.answers_device import DEVICE2
from chargers.twin.answers_trust import TRUST2
from chargers.twin.answers_upkeep import UPKEEP2
from chargers.twin.controls import Controls
from chargers.twin.messages201 import boot201
from chargers.twin.notices import Asked, RemoteStart, StopReason
from chargers.twin.outbox import Payload
from chargers.twin.spec import Misbehaviour


def _here(controls: Controls, evse_id: int | None) -> bool:
    return evse_id in controls.cabinet.outlets


def _request_start(controls: Controls, body: Payload) -> Payload:
    profile = None
    if "chargingProfile" in body:
        try:
            profile = from_v201(body["chargingProfile"])
        except ProfileError:
            return status("Rejected")
    evse = body.get("evseId")
    known = evse is None or _here(controls, evse)
    group = body.get("groupIdToken", {}).get("idToken", "")
    asked = RemoteStart(body["idToken"]["idToken"], body["remoteStartId"], profile, group)
    return accepted_if(known and controls.cabinet.remote_start(evse, asked, controls.now()))


def _request_stop(controls: Controls, body: Payload) -> Payload:
    return accepted_if(controls.cabinet.remote_stop(body["transactionId"], controls.now()))


def _reset(controls: Controls, body: Payload) -> Payload:
    if "evseId" in body:
        return status("Rejected")  # this make resets as a whole
    controls.restart(StopReason.SOFT_RESET if body["type"] == "OnIdle" else StopReason.HARD_RESET)
    return status("Accepted")


def _unlock(controls: Controls, body: Payload) -> Payload:
    cabinet, evse = controls.cabinet, body["evseId"]
    if not _here(controls, evse) or body["connectorId"] != 1:
        return status("UnknownConnector")
    if cabinet.spec.shows(Misbehaviour.NO_UNLOCK):
        return status("UnlockFailed")
    if cabinet.outlets[evse].charge is not None:
        return status("OngoingAuthorizedTransaction")
    cabinet.unlock(evse, controls.now())
    return status("Unlocked")


def _change_availability(controls: Controls, body: Payload) -> Payload:
    number = body.get("evse", {}).get("id", 0)
    if number != 0 and not _here(controls, number):
        return status("Rejected")
    operative = body["operationalStatus"] == "Operative"
    return status(controls.cabinet.set_operative(number, operative=operative, now=controls.now()))


def _set_charging_profile(controls: Controls, body: Payload) -> Payload:
    spec = controls.cabinet.spec
    if spec.shows(Misbehaviour.NO_SMART_CHARGING):
        raise CallNotTaken("NotImplemented")
    if spec.shows(Misbehaviour.VENDOR_KEY):
        raise CallNotTaken("NotSupported", "no smart charging here")
    try:
        profile = from_v201(body["chargingProfile"])
        controls.cabinet.take_profile(body["evseId"], profile, controls.now())
    except ProfileError as error:
        why = {"reasonCode": "InvalidProfile", "additionalInfo": str(error)[:512]}
        return {"status": "Rejected", "statusInfo": why}
    return status("Accepted")


def _clear_charging_profile(controls: Controls, body: Payload) -> Payload:
    wanted = body.get("chargingProfileCriteria", {})
    purpose = wanted.get("chargingProfilePurpose")
    found = controls.cabinet.drop_profiles(
        body.get("chargingProfileId"),
        wanted.get("evseId"),
        None if purpose is None else Purpose(purpose),
        wanted.get("stackLevel"),
        controls.now(),
    )
    return accepted_if(found, "Unknown")


def _get_charging_profiles(controls: Controls, body: Payload) -> Payload:
    wanted, evse = body["chargingProfile"], body.get("evseId")
    ids = wanted.get("chargingProfileId")
    held = [
        one
        for one in controls.cabinet.limits.held
        if evse in {None, one.evse}
        and (ids is None or one.profile.id in ids)
        and wanted.get("chargingProfilePurpose") in {None, one.profile.purpose.value}
        and wanted.get("stackLevel") in {None, one.profile.stack_level}
    ]
    for number, one in enumerate(held, start=1):
        part = {
            "requestId": body["requestId"],
            "chargingLimitSource": "CSO",
            "evseId": one.evse,
            "chargingProfile": [to_v201(one.profile)],
            "tbc": number < len(held),
        }
        controls.say(Asked("ReportChargingProfiles", part))
    return accepted_if(bool(held), "NoProfiles")


def _get_composite_schedule(controls: Controls, body: Payload) -> Payload:
    cabinet, evse = controls.cabinet, body["evseId"]
    if cabinet.spec.shows(Misbehaviour.BARE_COMPOSITE):
        return status("Accepted")
    if evse != 0 and not _here(controls, evse):
        return status("Rejected")
    unit = RateUnit(body.get("chargingRateUnit", "W"))
    schedule = schedule_payload(cabinet.schedule(evse, body["duration"], unit, controls.now()))
    if cabinet.speaks_of_nothing(evse):
        schedule["chargingSchedulePeriod"] = [{"startPeriod": 0, "limit": -1.0, "numberPhases": -1}]
    composite = {
        "evseId": evse,
        "duration": body["duration"],
        "scheduleStart": schedule["startSchedule"],
        "chargingRateUnit": unit.value,
        "chargingSchedulePeriod": schedule["chargingSchedulePeriod"],
    }
    return {"status": "Accepted", "schedule": composite}


def _meter_all(controls: Controls, number: int | None) -> None:
    for one in list(controls.cabinet.outlets) if number is None else [number]:
        controls.cabinet.meter_now(one, controls.now())


def _meter_charges(controls: Controls, number: int | None) -> None:
    for one, outlet in controls.cabinet.outlets.items():
        if outlet.charge is not None and number in {None, one}:
            controls.cabinet.meter_now(one, controls.now())


def _sign(controls: Controls, _number: int | None) -> None:
    csr = controls.keyring.request_certificate()
    controls.say(Asked("SignCertificate", {"csr": csr, "certificateType": "ChargingStationCertificate"}))


TRIGGERED: dict[str, Callable[[Controls, int | None], None]] = {
    "BootNotification": lambda controls, _: controls.say(
        Asked("BootNotification", boot201(controls.cabinet, "Triggered"))
    ),
    "Heartbeat": lambda controls, _: controls.say(Asked("Heartbeat", {})),
    "StatusNotification": lambda controls, number: controls.cabinet.tell_status(number, controls.now()),
    "MeterValues": _meter_all,
    "TransactionEvent": _meter_charges,
    "FirmwareStatusNotification": lambda controls, _: controls.upkeep.tell_firmware(),
    "LogStatusNotification": lambda controls, _: controls.upkeep.tell_log("LogStatusNotification"),
    "SignChargingStationCertificate": _sign,
}
"""What is said when its message is asked for, of one EVSE or of all."""


def _trigger_message(controls: Controls, body: Payload) -> Payload:
    number = body.get("evse", {}).get("id")
    if number is not None and not _here(controls, number):
        return status("Rejected")
    say = TRIGGERED.get(body["requestedMessage"])
    if say is None:
        return status("NotImplemented")
    say(controls, number)
    return status("Accepted")


def _transaction_status(controls: Controls, body: Payload) -> Payload:
    waiting = {"messagesInQueue": controls.waiting > 0}
    if "transactionId" not in body:
        return waiting
    charges = (outlet.charge for outlet in controls.cabinet.outlets.values())
    ongoing = any(charge is not None and charge.ref == body["transactionId"] for charge in charges)
    return waiting | {"ongoingIndicator": ongoing}


def _data_transfer(controls: Controls, body: Payload) -> Payload:
    if body["vendorId"] != controls.cabinet.spec.vendor:
        return status("UnknownVendorId")
    return accepted_if("messageId" not in body, "UnknownMessageId")


def _clear_cache(_controls: Controls, _body: Payload) -> Payload:
    return status("Accepted")


ANSWERS201: dict[str, Answer] = {
    "RequestStartTransaction": _request_start,
    "RequestStopTransaction": _request_stop,
    "Reset": _reset,
    "UnlockConnector": _unlock,
    "ChangeAvailability": _change_availability,
    "SetChargingProfile": _set_charging_profile,
    "ClearChargingProfile": _clear_charging_profile,
    "GetChargingProfiles": _get_charging_profiles,
    "GetCompositeSchedule": _get_composite_schedule,
    "TriggerMessage": _trigger_message,
    "GetTransactionStatus": _transaction_status,
    "DataTransfer": _data_transfer,
    "ClearCache": _clear_cache,
    **DEVICE2,
    **CARDS2,
    **UPKEEP2,
    **TRUST2,
    **BOARD2,
}
