"""OCPP 2.0.1 stations over a real WebSocket: transaction events in any order, and every other message answered."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from sqlmodel import select

from fleet.events import Kind
from fleet.tables import MeterValue, Transaction

BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model", "serialNumber": "S1"}}
ID_TOKEN = {"idToken": "CARD1", "type": "ISO14443"}
EVSE = {"id": 1, "connectorId": 1}
UNKNOWN_VARIABLES = {
    "GetVariables": lambda asked: {
        "getVariableResult": [{**one, "attributeStatus": "UnknownVariable"} for one in asked["getVariableData"]]
    }
}


def event(kind: str, seq: int, minute: int, energy: float, **more: Any) -> dict[str, Any]:
    """A TransactionEvent of the transaction tx-1."""
    at = f"2026-03-10T18:{minute:02d}:00Z"
    context = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}.get(kind, "Sample.Periodic")
    register = {"value": energy, "context": context, "measurand": "Energy.Active.Import.Register"}
    return {
        "eventType": kind,
        "timestamp": at,
        "triggerReason": {"Started": "Authorized", "Ended": "EVDeparted"}.get(kind, "MeterValuePeriodic"),
        "seqNo": seq,
        "transactionInfo": {"transactionId": "tx-1"} | ({"stoppedReason": "EVDisconnected"} if kind == "Ended" else {}),
        "meterValue": [{"timestamp": at, "sampledValue": [register | {"unitOfMeasure": {"unit": "Wh"}}]}],
        **more,
    }


CHARGE = [
    event("Started", 0, 0, 1000.0, idToken=ID_TOKEN, evse=EVSE),
    event("Updated", 1, 20, 4000.0, evse=EVSE),
    event("Ended", 2, 40, 9000.0, evse=EVSE),
]


def only_transaction(work: Any) -> Transaction:
    [row] = work.session.exec(select(Transaction)).all()
    return row


def energies(work: Any) -> list[float | None]:
    return list(work.session.exec(select(MeterValue.energy_wh).order_by(MeterValue.measured_at)))


@pytest.fixture
def station(house: Any) -> Callable[[], Any]:
    """Opens a 2.0.1 station that knows no variables."""
    return lambda: house.station("CP2", "ocpp2.0.1", answers=UNKNOWN_VARIABLES)


async def test_boot_brings_limits_and_fallback(house, station):
    """A 2.0.1 station is asked for its variables and given its fall-back for every EVSE (evseId 0)."""
    async with station() as cp:
        reply = await cp.ask("BootNotification", BOOT)
        assert reply == {"currentTime": "2026-03-10T19:00:00.000Z", "interval": 300, "status": "Accepted"}
        asked = (await cp.until_heard("GetVariables"))["getVariableData"]
        assert {one["variable"]["name"] for one in asked} == {
            "RateUnit",
            "ProfileStackLevel",
            "PeriodsPerSchedule",
            "Entries",
        }
        sent = await cp.until_heard("SetChargingProfile")
        assert (sent["evseId"], sent["chargingProfile"]["chargingProfilePurpose"]) == (0, "TxDefaultProfile")
        await house.until(lambda work: work.stations.get("CP2").fallback_at)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_events_make_the_same_charge_in_any_order(house, station, order):
    """Whatever order the three events of a charge come in, the store ends up with the same charge and meter values."""
    async with station() as cp:
        for number in order:
            await cp.ask("TransactionEvent", CHARGE[number])
    row = house.look(only_transaction)
    assert (row.ref, row.state, row.start_wh, row.end_wh, row.truck_id, row.seq_no, row.evse) == (
        "tx-1", "ended", 1000.0, 9000.0, "T1", 2, 1,
    )  # fmt: skip
    assert (row.started_at.minute, row.ended_at.minute, row.end_reason) == (0, 40, "EVDisconnected")
    assert house.look(energies) == [1000.0, 4000.0, 9000.0]


async def test_events_sent_again_change_nothing(house, station):
    """A station that repeats every event is answered and kept once."""
    async with station() as cp:
        for one in [*CHARGE, *CHARGE]:
            await cp.ask("TransactionEvent", one)
    assert house.look(only_transaction).end_wh == 9000.0
    assert house.look(energies) == [1000.0, 4000.0, 9000.0]
    kinds = [Kind.TRANSACTION_STARTED, Kind.TRANSACTION_ENDED]
    assert len(house.look(lambda work: work.events.newest(kinds=kinds))) == 2


async def test_a_card_shown_late_names_the_truck(house, station):
    """A charge that began with the cable gets its truck from the update that brings the card, and the log says so."""
    async with station() as cp:
        await cp.ask("TransactionEvent", event("Started", 0, 0, 1000.0, evse=EVSE))
        assert house.look(only_transaction).truck_id is None
        reply = await cp.ask("TransactionEvent", event("Updated", 1, 5, 1100.0, idToken=ID_TOKEN))
        assert reply == {"idTokenInfo": {"status": "Accepted"}}
    assert house.look(only_transaction).truck_id == "T1"
    told = house.look(lambda work: work.events.newest(kinds=[Kind.TRANSACTION_STARTED]))
    assert [one.data["truck"] for one in told] == [None, "T1"]


async def test_cards_are_judged(house, station):
    """Authorize answers with the card's own status."""
    async with station() as cp:
        for token, status in (("CARD1", "Accepted"), ("BAD", "Blocked"), ("nobody", "Invalid")):
            reply = await cp.ask("Authorize", {"idToken": {"idToken": token, "type": "ISO14443"}})
            assert reply == {"idTokenInfo": {"status": status}}


async def test_meter_values_keep_units_and_phases(house, station):
    """Multipliers are applied, powers of three phases add up, what has no column is kept as text."""

    def sample(value: float, measurand: str, **more: Any) -> dict[str, Any]:
        return {"value": value, "measurand": measurand, **more}

    samples = [
        sample(11, "Power.Active.Import", phase="L1", unitOfMeasure={"unit": "W", "multiplier": 2}),
        sample(12, "Power.Active.Import", phase="L2", unitOfMeasure={"unit": "W", "multiplier": 2}),
        sample(16.0, "Current.Import", phase="L1"),
        sample(15.5, "Current.Import", phase="L2"),
        sample(50.01, "Frequency"),
    ]
    payload = {"evseId": 1, "meterValue": [{"timestamp": "2026-03-10T18:00:00Z", "sampledValue": samples}]}
    async with station() as cp:
        assert await cp.ask("MeterValues", payload) == {}
    row = house.look(lambda work: work.session.exec(select(MeterValue)).one())
    assert (row.power_w, row.current_a, row.energy_wh) == (2300.0, 16.0, None)
    assert "50.01" in row.extra


async def test_every_action_of_a_station_gets_a_real_result(house, station):
    """No known action is refused."""
    now = "2026-03-10T18:00:00Z"
    report = {"requestId": 1, "generatedAt": now, "seqNo": 0}
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]}
    hashes = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "c"}
    needs = {"requestedEnergyTransfer": "AC_three_phase"}
    profile = {
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }  # fmt: skip
    limit = {"chargingLimitSource": "EMS"}
    cases: list[tuple[str, dict[str, Any]]] = [
        ("Heartbeat", {}),
        ("StatusNotification", {"timestamp": now, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}),
        ("DataTransfer", {"vendorId": "V"}),
        ("FirmwareStatusNotification", {"status": "Idle"}),
        ("LogStatusNotification", {"status": "Idle"}),
        ("PublishFirmwareStatusNotification", {"status": "Idle"}),
        ("SecurityEventNotification", {"type": "TamperDetectionActivated", "timestamp": now}),
        ("ReservationStatusUpdate", {"reservationId": 1, "reservationUpdateStatus": "Expired"}),
        ("NotifyReport", report),
        ("NotifyMonitoringReport", report),
        ("NotifyEvent", {"generatedAt": now, "seqNo": 0, "eventData": [{
            "eventId": 1, "timestamp": now, "trigger": "Delta", "actualValue": "1",
            "eventNotificationType": "HardWiredNotification", "component": {"name": "A"}, "variable": {"name": "B"},
        }]}),
        ("NotifyCustomerInformation", {"data": "x", "seqNo": 0, "generatedAt": now, "requestId": 1}),
        ("NotifyDisplayMessages", {"requestId": 1}),
        ("NotifyChargingLimit", {"chargingLimit": limit}),
        ("ClearedChargingLimit", limit),
        ("ReportChargingProfiles", {
            "requestId": 1, "chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [profile],
        }),
        ("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs}),
        ("NotifyEVChargingSchedule", {"timeBase": now, "evseId": 1, "chargingSchedule": schedule}),
        ("SignCertificate", {"csr": "x"}),
        ("Get15118EVCertificate", {"iso15118SchemaVersion": "1", "action": "Install", "exiRequest": "x"}),
        ("GetCertificateStatus", {"ocspRequestData": {**hashes, "responderURL": "u"}}),
    ]  # fmt: skip
    async with station() as cp:
        for action, payload in cases:
            frame = await cp.call(action, payload)
            assert frame[0] == 3, (action, frame)
    assert house.central.counts()["tolerated"] == 0
