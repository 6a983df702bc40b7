"""Reservations and local lists of the twin's stations."""

from datetime import UTC, datetime, timedelta

import pytest

from chargers.twin.cards import MOST_ENTRIES, Card, LocalList
from chargers.twin.spec import EvseSpec, StationSpec, Vehicle
from fleet.twin.battery import Battery

V16, V201 = "ocpp1.6", "ocpp2.0.1"
BATTERY = Battery(capacity_kwh=300, ac_kw=22, dc_kw=150)
both = pytest.mark.parametrize("protocol", [V16, V201])
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def post(protocol, evses=1):
    return StationSpec("POST", protocol, (EvseSpec(),) * evses)


async def reserve(system, yard, protocol, evse, token, number=5, minutes=60, group=None):
    until = (yard["POST"].now() + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    if protocol == V16:
        body = {"connectorId": evse, "expiryDate": until, "idTag": token, "reservationId": number}
        extra = {"parentIdTag": group} if group else {}
    else:
        card = {"idToken": token, "type": "ISO14443"}
        body = {"id": number, "expiryDateTime": until, "idToken": card} | ({"evseId": evse} if evse else {})
        extra = {"groupIdToken": {"idToken": group, "type": "Central"}} if group else {}
    return (await system.ask("POST", "ReserveNow", body | extra))["status"]


def told(system, protocol):
    key = "status" if protocol == V16 else "connectorStatus"
    return [body[key] for body in system.said("StatusNotification") if body.get("connectorId") == 1]


def started(system, protocol):
    if protocol == V16:
        return system.said("StartTransaction")
    return [body for body in system.said("TransactionEvent") if body["eventType"] == "Started"]


@both
async def test_a_reservation_is_used(kit, protocol):
    """Reserved for one card: another does not charge, the right one does and names the reservation."""
    async with kit.yard_of(post(protocol)) as (system, yard):
        assert await reserve(system, yard, protocol, 1, "MINE") == "Accepted"
        await system.until(lambda: told(system, protocol)[-1] == "Reserved")
        yard["POST"].plug_in(1, Vehicle("OTHER", BATTERY, 0.3))
        await system.until(lambda: told(system, protocol)[-1] != "Reserved")
        assert not started(system, protocol)
        assert not system.said("Authorize")
        yard["POST"].unplug(1)
        yard["POST"].plug_in(1, Vehicle("MINE", BATTERY, 0.3))
        await system.until(lambda: len(started(system, protocol)) == 1)
    assert started(system, protocol)[0]["reservationId"] == 5
    assert system.faults == []


@both
async def test_a_reservation_expires(kit, protocol):
    """After its time the EVSE is available; 2.0.1 tells so with the reservation's number."""
    async with kit.yard_of(post(protocol)) as (system, yard):
        assert await reserve(system, yard, protocol, 1, "MINE", minutes=5) == "Accepted"
        await system.until(lambda: told(system, protocol)[-1] == "Reserved")
        await system.until(lambda: told(system, protocol)[-1] == "Available")
        if protocol == V201:
            await system.until(lambda: bool(system.said("ReservationStatusUpdate")))
            expected = {"reservationId": 5, "reservationUpdateStatus": "Expired"}
            assert system.said("ReservationStatusUpdate") == [expected]
    assert system.faults == []


@both
async def test_a_reservation_is_refused(kit, protocol):
    """Occupied, Faulted, Unavailable and, for a time that is over or an EVSE that is not, Rejected."""
    async with kit.yard_of(post(protocol)) as (system, yard):
        twin = yard["POST"]
        assert await reserve(system, yard, protocol, 7, "MINE") == "Rejected"
        assert await reserve(system, yard, protocol, 1, "MINE", minutes=-5) == "Rejected"
        twin.plug_in(1, Vehicle("CAR", BATTERY, 0.3))
        assert await reserve(system, yard, protocol, 1, "MINE") == "Occupied"
        twin.unplug(1)
        twin.set_fault(1)
        assert await reserve(system, yard, protocol, 1, "MINE") == "Faulted"
        twin.clear_fault(1)
        closed = {"connectorId": 1, "type": "Inoperative"}
        if protocol == V201:
            closed = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
        await system.ask("POST", "ChangeAvailability", closed)
        assert await reserve(system, yard, protocol, 1, "MINE") == "Unavailable"


@both
async def test_a_reservation_is_replaced_and_cancelled(kit, protocol):
    """The same number moves it; another number finds it Occupied; what is cancelled twice is Rejected."""
    async with kit.yard_of(post(protocol)) as (system, yard):
        assert await reserve(system, yard, protocol, 1, "MINE") == "Accepted"
        assert await reserve(system, yard, protocol, 1, "YOURS", number=6) == "Occupied"
        assert await reserve(system, yard, protocol, 1, "YOURS", number=5) == "Accepted"
        cancel = {"reservationId": 5}
        assert await system.ask("POST", "CancelReservation", cancel) == {"status": "Accepted"}
        assert await system.ask("POST", "CancelReservation", cancel) == {"status": "Rejected"}
        await system.until(lambda: told(system, protocol)[-1] == "Available")


@both
async def test_any_evse_and_remote_starts(kit, protocol):
    """Reserved anywhere it takes a free EVSE; a remote start of another card goes past it, the right one to it."""
    async with kit.yard_of(post(protocol, evses=2)) as (system, yard):
        yard["POST"].plug_in(1, Vehicle("CAR", BATTERY, 0.3))
        await system.until(lambda: len(started(system, protocol)) == 1)
        assert await reserve(system, yard, protocol, 0, "MINE") == "Accepted"
        assert yard["POST"].status(2) == "Reserved"
        start = {"idTag": "OTHER"}
        action = "RemoteStartTransaction"
        if protocol == V201:
            start = {"idToken": {"idToken": "OTHER", "type": "Central"}, "remoteStartId": 1}
            action = "RequestStartTransaction"
        assert (await system.ask("POST", action, start))["status"] == "Rejected"
        if protocol == V16:
            start["idTag"] = "MINE"
        else:
            start["idToken"]["idToken"] = "MINE"
        assert (await system.ask("POST", action, start))["status"] == "Accepted"


def entry(protocol, token, status="Accepted", group=None):
    if protocol == V16:
        info = {"status": status} | ({"parentIdTag": group} if group else {})
        return {"idTag": token} | ({"idTagInfo": info} if status else {})
    info = {"status": status}
    card = {"idToken": token, "type": "ISO14443"}
    return {"idToken": card} | ({"idTokenInfo": info} if status else {})


async def send_list(system, protocol, version, how, *entries):
    key = "listVersion" if protocol == V16 else "versionNumber"
    body = {key: version, "updateType": how} | ({"localAuthorizationList": list(entries)} if entries else {})
    return (await system.ask("POST", "SendLocalList", body))["status"]


@both
async def test_a_local_list_decides_offline(kit, protocol):
    """Offline, a card on the list charges, one it blocks does not; full and differential lists change it."""
    async with kit.yard_of(post(protocol, evses=2)) as (system, yard):
        asked = entry(protocol, "GOOD"), entry(protocol, "BAD", "Blocked"), entry(protocol, "OLD")
        assert await send_list(system, protocol, 3, "Full", *asked) == "Accepted"
        assert await send_list(system, protocol, 3, "Differential", entry(protocol, "X")) == "VersionMismatch"
        assert await send_list(system, protocol, 4, "Differential", entry(protocol, "OLD", None)) == "Accepted"
        answer = await system.ask("POST", "GetLocalListVersion", {})
        assert list(answer.values()) == [4]
        assert set(yard["POST"].cabinet.local_list.cards) == {"GOOD", "BAD"}
        yard["POST"].drop_line(1200)
        await system.until(lambda: not yard["POST"].registered)
        yard["POST"].plug_in(1, Vehicle("GOOD", BATTERY, 0.3))
        yard["POST"].plug_in(2, Vehicle("BAD", BATTERY, 0.3))
        assert yard["POST"].cabinet.outlets[1].charge is not None
        assert yard["POST"].cabinet.outlets[2].charge is None
        await system.until(lambda: len(started(system, protocol)) == 1)
    assert system.faults == []


@both
async def test_a_local_list_may_decide_online(kit, protocol):
    """With LocalPreAuthorize a card on the list is not asked about."""
    async with kit.yard_of(post(protocol)) as (system, yard):
        assert await send_list(system, protocol, 1, "Full", entry(protocol, "GOOD")) == "Accepted"
        if protocol == V16:
            await system.ask("POST", "ChangeConfiguration", {"key": "LocalPreAuthorize", "value": "true"})
        else:
            place = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "LocalPreAuthorization"}}
            await system.ask("POST", "SetVariables", {"setVariableData": [{**place, "attributeValue": "true"}]})
        yard["POST"].plug_in(1, Vehicle("GOOD", BATTERY, 0.3))
        await system.until(lambda: len(started(system, protocol)) == 1)
    assert not system.said("Authorize")


def test_a_list_is_taken_as_a_whole_or_not():
    """A card twice, a full list that removes, or too many cards: Failed, and the old list stays."""
    local = LocalList()
    assert local.send(1, "Full", [Card("A", "Accepted")]) == "Accepted"
    assert local.send(2, "Full", [Card("B", "Accepted"), Card("B", "Blocked")]) == "Failed"
    assert local.send(2, "Full", [Card("B")]) == "Failed"
    many = [Card(f"C{n}", "Accepted") for n in range(MOST_ENTRIES)]
    assert local.send(2, "Differential", many) == "Failed"
    assert (local.version, set(local.cards)) == (1, {"A"})
    assert local.send(2, "Full", []) == "Accepted"
    assert local.cards == {}


def test_a_card_expires():
    """Past its time an accepted card is Expired; an unknown one is nothing."""
    local = LocalList()
    local.send(1, "Full", [Card("A", "Accepted", "G", NOW)])
    assert local.verdict("A", NOW - timedelta(seconds=1)) == "Accepted"
    assert local.verdict("A", NOW) == "Expired"
    assert local.verdict("B", NOW) is None
    assert (local.group_of("A"), local.group_of("B")) == ("G", "")
