"""What 2.1 adds to 2.0.1 for a station: tariffs it keeps, priority charging, dynamic limits, energy transfer."""

from __future__ import annotations

from dataclasses import replace

from chargers.errors import ProfileError
from chargers.twin.answering import Answer, accepted_if, status
from chargers.twin.answers201 import ANSWERS201
from chargers.twin.controls import Controls
from chargers.twin.notices import Charge
from chargers.twin.outbox import Payload


def _charge(controls: Controls, ref: str) -> Charge | None:
    charges = (outlet.charge for outlet in controls.cabinet.outlets.values())
    return next((charge for charge in charges if charge is not None and charge.ref == ref), None)


def _set_default_tariff(controls: Controls, body: Payload) -> Payload:
    evse, tariffs = body["evseId"], controls.board.tariffs
    if evse != 0 and evse not in controls.cabinet.outlets:
        return status("Rejected")
    name = body["tariff"]["tariffId"]
    if any(number != evse and other["tariffId"] == name for number, other in tariffs.items()):
        return status("DuplicateTariffId")
    tariffs[evse] = body["tariff"]
    return status("Accepted")


def _get_tariffs(controls: Controls, body: Payload) -> Payload:
    kept = {number: tariff for number, tariff in controls.board.tariffs.items() if body["evseId"] in {0, number}}
    if not kept:
        return status("NoTariff")
    every = list(controls.cabinet.outlets)
    return {
        "status": "Accepted",
        "tariffAssignments": [
            {"tariffId": tariff["tariffId"], "tariffKind": "DefaultTariff", "evseIds": [number] if number else every}
            for number, tariff in kept.items()
        ],
    }


def _clear_tariffs(controls: Controls, body: Payload) -> Payload:
    tariffs, names = controls.board.tariffs, body.get("tariffIds")
    going = {
        number: tariff["tariffId"]
        for number, tariff in tariffs.items()
        if (names is None or tariff["tariffId"] in names) and body.get("evseId") in {None, number}
    }
    for number in going:
        del tariffs[number]
    gone = set(going.values())
    results = [{"tariffId": name, "status": "Accepted" if name in gone else "NoTariff"} for name in names or gone]
    return {"clearTariffsResult": results or [{"status": "NoTariff"}]}


def _change_tariff(controls: Controls, body: Payload) -> Payload:
    return accepted_if(_charge(controls, body["transactionId"]) is not None, "TxNotFound")


def _use_priority(controls: Controls, body: Payload) -> Payload:
    """No priority profile is ever installed here (2.1 K21)."""
    return accepted_if(False, "Rejected" if _charge(controls, body["transactionId"]) is None else "NoProfile")


def _allow_transfer(controls: Controls, body: Payload) -> Payload:
    return accepted_if(_charge(controls, body["transactionId"]) is not None)


def _update_dynamic(controls: Controls, body: Payload) -> Payload:
    """A new limit for a profile that is installed (2.1 K28)."""
    number, limit = body["chargingProfileId"], body["scheduleUpdate"].get("limit")
    for held in controls.cabinet.limits.held:
        if held.profile.id == number and limit is not None:
            schedule = held.profile.schedule
            periods = tuple(replace(period, limit=float(limit)) for period in schedule.periods)
            profile = replace(held.profile, schedule=replace(schedule, periods=periods))
            try:
                controls.cabinet.take_profile(held.evse, profile, controls.now())
            except ProfileError:
                return status("Rejected")
            return status("Accepted")
    return status("Rejected")


def _no_der(_controls: Controls, _body: Payload) -> Payload:
    return status("NotSupported")


def _no_streams(_controls: Controls, _body: Payload) -> Payload:
    return {}


ANSWERS21: dict[str, Answer] = {
    **ANSWERS201,
    "SetDefaultTariff": _set_default_tariff,
    "GetTariffs": _get_tariffs,
    "ClearTariffs": _clear_tariffs,
    "ChangeTransactionTariff": _change_tariff,
    "UsePriorityCharging": _use_priority,
    "NotifyAllowedEnergyTransfer": _allow_transfer,
    "UpdateDynamicSchedule": _update_dynamic,
    "SetDERControl": _no_der,
    "GetDERControl": _no_der,
    "ClearDERControl": _no_der,
    "GetPeriodicEventStream": _no_streams,
}
