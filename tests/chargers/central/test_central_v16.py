"""OCPP 1.6 stations over a real WebSocket: answered by the book, kept once, whatever order things come in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlmodel import select

from chargers.central import session
from fleet.events import Kind
from fleet.tables import Connector, MeterValue, Transaction

BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model", "firmwareVersion": "1.2"}
START = {"connectorId": 1, "idTag": "CARD1", "meterStart": 1000, "timestamp": "2026-03-10T18:00:00Z"}


def stop(transaction: int, meter: int = 9000) -> dict[str, Any]:
    return {"transactionId": transaction, "meterStop": meter, "timestamp": "2026-03-10T19:00:00Z", "reason": "Local"}


def meter_values(transaction: int | None, energy: str = "1500", at: str = "2026-03-10T18:30:00Z") -> dict[str, Any]:
    samples = [
        {"value": energy, "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
        {"value": "7.36", "measurand": "Power.Active.Import", "unit": "kW"},
        {"value": "41", "measurand": "SoC", "unit": "Percent", "location": "EV"},
    ]
    payload = {"connectorId": 1, "meterValue": [{"timestamp": at, "sampledValue": samples}]}
    return payload if transaction is None else {**payload, "transactionId": transaction}


def transactions(work: Any) -> list[Transaction]:
    return list(work.session.exec(select(Transaction).order_by(Transaction.transaction_id)))


def meters(work: Any) -> list[MeterValue]:
    return list(work.session.exec(select(MeterValue).order_by(MeterValue.measured_at)))


async def test_boot_is_accepted_with_the_clock_of_the_house(house):
    """A known station is accepted, told the injected time and the heartbeat interval, and remembered by what it is."""
    async with house.station() as station:
        reply = await station.ask("BootNotification", BOOT)
        assert reply == {"currentTime": "2026-03-10T19:00:00.000Z", "interval": 300, "status": "Accepted"}
        row = house.look(lambda work: work.stations.get("CP1"))
        assert (row.vendor, row.model, row.firmware, row.protocol, row.online) == (
            "Vendor", "Model", "1.2", "ocpp1.6", True,
        )  # fmt: skip


async def test_after_boot_limits_are_learned_and_the_fallback_installed(house):
    """A booting station is asked what it can take and given its fall-back, in amperes, never above 4.2 kW."""
    async with house.station() as station:
        await station.ask("BootNotification", BOOT)
        sent = (await station.until_heard("SetChargingProfile"))["csChargingProfiles"]
        assert (sent["chargingProfilePurpose"], sent["stackLevel"]) == ("TxDefaultProfile", 0)
        assert sent["chargingSchedule"]["chargingRateUnit"] == "A"
        assert 6.0 <= sent["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] <= 4200 / 690
        row = await house.until(lambda work: (found := work.stations.get("CP1")).fallback_at and found)
        assert (row.rate_unit, row.max_stack_level, row.max_periods) == ("A,W", 8, 24)


async def test_a_station_that_never_boots_works_all_the_same(house, monkeypatch):
    """After a reconnect without BootNotification everything is answered, and the station is asked for one."""
    monkeypatch.setattr(session, "BOOT_WAIT_SECONDS", 0.3)
    async with house.station() as station:
        started = await station.ask("StartTransaction", START)
        assert started["idTagInfo"] == {"status": "Accepted"}
        await station.ask("MeterValues", meter_values(started["transactionId"]))
        assert house.look(lambda work: len(meters(work))) == 1
    async with house.station() as station:
        assert (await station.until_heard("TriggerMessage"))["requestedMessage"] == "BootNotification"


async def test_a_charge_from_card_to_end_is_in_the_store(any_house):
    """Authorize, start, meter values and stop give one transaction with the truck, and its energy in the event log."""
    async with any_house.station() as station:
        await station.ask("BootNotification", BOOT)
        assert await station.ask("Authorize", {"idTag": "CARD1"}) == {"idTagInfo": {"status": "Accepted"}}
        number = (await station.ask("StartTransaction", START))["transactionId"]
        await station.ask("MeterValues", meter_values(number))
        await station.ask("StopTransaction", stop(number))
    [row] = any_house.look(transactions)
    assert (row.truck_id, row.state, row.start_wh, row.end_wh, row.ref) == ("T1", "ended", 1000.0, 9000.0, str(number))
    [meter] = any_house.look(meters)
    assert (meter.energy_wh, meter.power_w, meter.ref) == (1500.0, 7360.0, str(number))
    assert meter.soc == pytest.approx(0.41)
    ended = any_house.look(lambda work: work.events.newest(kinds=[Kind.TRANSACTION_ENDED]))
    assert [event.data["energy_wh"] for event in ended] == [8000.0]


async def test_cards_are_judged_one_by_one(house):
    """Unknown and blocked cards are refused; a refused start still carries a transaction id, as the schema wants."""
    async with house.station() as station:
        assert (await station.ask("Authorize", {"idTag": "nobody"}))["idTagInfo"]["status"] == "Invalid"
        assert (await station.ask("Authorize", {"idTag": "BAD"}))["idTagInfo"]["status"] == "Blocked"
        reply = await station.ask("StartTransaction", {**START, "idTag": "BAD"})
        assert reply["idTagInfo"]["status"] == "Blocked"
        assert isinstance(reply["transactionId"], int)


async def test_the_same_messages_again_change_nothing(house):
    """A start, a meter value and a stop sent twice are kept once and answered alike."""
    async with house.station() as station:
        first = await station.ask("StartTransaction", START)
        assert await station.ask("StartTransaction", START) == first
        number = first["transactionId"]
        for _ in range(2):
            await station.ask("MeterValues", meter_values(number))
        for meter in (9000, 9999):
            await station.ask("StopTransaction", stop(number, meter))
    assert [row.end_wh for row in house.look(transactions)] == [9000.0]
    assert len(house.look(meters)) == 1
    assert len(house.look(lambda work: work.events.newest(kinds=[Kind.TRANSACTION_ENDED]))) == 1


async def test_what_was_queued_offline_is_taken_in_any_order(house):
    """Meter values hours old, out of order, and the stop before them: merged by time."""
    async with house.station() as station:
        number = (await station.ask("StartTransaction", START))["transactionId"]
    async with house.station() as station:
        await station.ask("StopTransaction", stop(number))
        for minute in (50, 10, 30):
            at = f"2026-03-10T18:{minute}:00Z"
            await station.ask("MeterValues", meter_values(number, str(1000 + minute), at))
    rows = house.look(meters)
    assert [row.energy_wh for row in rows] == [1010.0, 1030.0, 1050.0]
    assert {row.ref for row in rows} == {str(number)}


async def test_the_end_of_a_charge_never_begun_is_kept(house):
    """A StopTransaction whose start was lost is answered and kept, once, and never meets a later charge of ours."""
    async with house.station() as station:
        assert await station.ask("StopTransaction", stop(1)) == {}
        assert await station.ask("StopTransaction", stop(1)) == {}
        started = await station.ask("StartTransaction", START)
        await station.ask("StopTransaction", stop(started["transactionId"], 5000))
    assert [(row.state, row.end_wh) for row in house.look(transactions)] == [
        ("ended-unseen", 9000.0),
        ("ended", 5000.0),
    ]


async def test_a_new_charge_ends_the_one_it_must_have_replaced(house):
    """Two charges cannot run on a connector; the lost end of the older one still counts when it comes."""
    async with house.station() as station:
        old = (await station.ask("StartTransaction", START))["transactionId"]
        await station.ask("StartTransaction", {**START, "timestamp": "2026-03-10T18:45:00Z"})
        assert [row.state for row in house.look(transactions)] == ["ended", "running"]
        await station.ask("StopTransaction", stop(old, 4000))
    rows = house.look(transactions)
    assert [(row.state, row.end_wh) for row in rows] == [("ended", 4000.0), ("running", None)]


async def test_connectors_are_known_by_what_they_report(house):
    """StatusNotification updates the connector; a fault sounds an alarm, and its end clears it."""
    async with house.station() as station:
        fault = {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted", "info": "relay"}
        await station.ask("StatusNotification", fault)
        assert [alarm.kind for alarm in house.look(lambda work: work.alarms.standing())] == ["evse.faulted"]
        await station.ask("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
        assert house.look(lambda work: work.alarms.standing()) == []
        await station.ask("StatusNotification", {"connectorId": 0, "errorCode": "NoError", "status": "Available"})
    rows = house.look(lambda work: list(work.session.exec(select(Connector).where(Connector.station_id == "CP1"))))
    assert {(row.evse, row.number, row.status) for row in rows} == {(1, 1, "Available"), (0, 0, "Available")}


async def test_every_action_of_a_station_gets_a_real_result(house):
    """Known actions are never refused, used here or not: stations have died of NotImplemented."""
    cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("DataTransfer", {"vendorId": "V", "data": "x"}, {"status": "UnknownVendorId"}),
        ("FirmwareStatusNotification", {"status": "Installed"}, {}),
        ("DiagnosticsStatusNotification", {"status": "Uploaded"}, {}),
        ("LogStatusNotification", {"status": "Uploaded"}, {}),
        ("SignedFirmwareStatusNotification", {"status": "Installed"}, {}),
        ("SecurityEventNotification", {"type": "TamperDetectionActivated", "timestamp": "2026-03-10T18:00:00Z"}, {}),
        ("SignCertificate", {"csr": "x"}, {"status": "Rejected"}),
    ]
    async with house.station() as station:
        for action, payload, wanted in cases:
            assert await station.ask(action, payload) == wanted


async def test_a_charge_starts_only_where_silence_is_safe(house):
    """Without a confirmed fall-back a card is refused if the site cannot carry all the station may draw."""
    with house.store.begin() as work:
        depot = work.places.get("DEPOT")
        depot.site_limit_kw = 30.0
        work.session.add(depot)
    refusing = {"SetChargingProfile": {"status": "Rejected"}}
    async with house.station(answers=refusing) as station:
        await station.ask("BootNotification", BOOT)
        assert (await station.ask("Authorize", {"idTag": "CARD1"}))["idTagInfo"]["status"] == "Blocked"
    assert "station.no_fallback" in [alarm.kind for alarm in house.look(lambda work: work.alarms.standing())]
    async with house.station("CP2") as station:
        await station.ask("BootNotification", BOOT)
        assert (await station.ask("Authorize", {"idTag": "CARD1"}))["idTagInfo"]["status"] == "Accepted"


async def test_bad_manners_of_the_field_are_met_with_patience(house):
    """Numbers as ids, over-long serials, unknown words and units, null for nothing: answered and kept."""
    async with house.station() as station:
        long = {**BOOT, "chargePointSerialNumber": "S" * 60}
        assert (await station.call("BootNotification", long, 17))[:2] == [3, 17]
        assert (await station.call("Heartbeat", None))[0] == 3
        odd = meter_values(None)
        odd["meterValue"][0]["sampledValue"].append({"value": "50.0", "measurand": "Frequency", "unit": "Hz"})
        assert await station.ask("MeterValues", odd) == {}
        strange = {"connectorId": 1.0, "errorCode": "VendorThing", "status": "Napping", "extra": True}
        assert await station.ask("StatusNotification", strange) == {}
    [row] = house.look(meters)
    assert (row.energy_wh, row.measured_at) == (1500.0, datetime.fromisoformat("2026-03-10T18:30:00Z"))
    assert "Hz" in row.extra
    assert house.central.counts()["tolerated"] >= 3


async def test_a_meter_that_cannot_be_right_is_told_and_not_billed(house):
    """A register that runs backwards ends the charge without energy and with an alarm."""
    async with house.station() as station:
        number = (await station.ask("StartTransaction", START))["transactionId"]
        await station.ask("StopTransaction", stop(number, 10))
    [ended] = house.look(lambda work: work.events.newest(kinds=[Kind.TRANSACTION_ENDED]))
    assert ended.data["energy_wh"] is None
    assert "transaction.meter" in [alarm.kind for alarm in house.look(lambda work: work.alarms.standing())]


async def test_connectors_silent_since_a_reconnect_are_asked(house, monkeypatch):
    """After the boot that is asked for, each connector is asked for its status."""
    monkeypatch.setattr(session, "BOOT_WAIT_SECONDS", 0.3)
    async with house.station() as station:
        asked = await station.until_heard("TriggerMessage", 2)
    assert asked == {"requestedMessage": "StatusNotification", "connectorId": 1}
