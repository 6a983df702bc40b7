"""Reservations and local lists, in the words of 1.6 and of 2.x."""

from __future__ import annotations

from typing import Any

from chargers.twin.answering import Answer, accepted_if, instant, status
from chargers.twin.cards import Card, Reservation
from chargers.twin.controls import Controls
from chargers.twin.outbox import Payload


def _reserve16(controls: Controls, body: Payload) -> Payload:
    group = body.get("parentIdTag", "")
    wanted = Reservation(body["reservationId"], body["idTag"], instant(body["expiryDate"]), group)
    return status(controls.cabinet.reserve(body["connectorId"], wanted, controls.now()))


def _reserve2(controls: Controls, body: Payload) -> Payload:
    group = body.get("groupIdToken", {}).get("idToken", "")
    wanted = Reservation(body["id"], body["idToken"]["idToken"], instant(body["expiryDateTime"]), group)
    return status(controls.cabinet.reserve(body.get("evseId", 0), wanted, controls.now()))


def _cancel(controls: Controls, body: Payload) -> Payload:
    return accepted_if(controls.cabinet.cancel_reservation(body["reservationId"], controls.now()))


def _list_version16(controls: Controls, _body: Payload) -> Payload:
    return {"listVersion": controls.cabinet.local_list.version}


def _list_version2(controls: Controls, _body: Payload) -> Payload:
    return {"versionNumber": controls.cabinet.local_list.version}


def _card16(entry: dict[str, Any]) -> Card:
    info = entry.get("idTagInfo", {})
    until = info.get("expiryDate")
    return Card(
        entry["idTag"], info.get("status"), info.get("parentIdTag", ""), None if until is None else instant(until)
    )


def _card2(entry: dict[str, Any]) -> Card:
    info = entry.get("idTokenInfo", {})
    until = info.get("cacheExpiryDateTime")
    group = info.get("groupIdToken", {}).get("idToken", "")
    return Card(entry["idToken"]["idToken"], info.get("status"), group, None if until is None else instant(until))


def _send_list16(controls: Controls, body: Payload) -> Payload:
    cards = [_card16(entry) for entry in body.get("localAuthorizationList", [])]
    return status(controls.cabinet.local_list.send(body["listVersion"], body["updateType"], cards))


def _send_list2(controls: Controls, body: Payload) -> Payload:
    cards = [_card2(entry) for entry in body.get("localAuthorizationList", [])]
    return status(controls.cabinet.local_list.send(body["versionNumber"], body["updateType"], cards))


CARDS16: dict[str, Answer] = {
    "ReserveNow": _reserve16,
    "CancelReservation": _cancel,
    "GetLocalListVersion": _list_version16,
    "SendLocalList": _send_list16,
}
CARDS2: dict[str, Answer] = {
    "ReserveNow": _reserve2,
    "CancelReservation": _cancel,
    "GetLocalListVersion": _list_version2,
    "SendLocalList": _send_list2,
}
