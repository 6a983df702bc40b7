"""The OCA's cases for a 1.6 central system about boots, cards and charges, in our own words and code."""

from __future__ import annotations

import pytest

from fleet.events import Kind

covers = pytest.mark.covers


@covers("1.6", "BootNotification", "StatusNotification", "Heartbeat", case="TC_001_CSMS")
async def test_a_cold_boot(enter):
    """A station that boots is accepted with an interval and the time; its connectors and heartbeat are taken."""
    async with enter(boots=False) as case:
        reply = await case.boot()
        assert (reply["status"], reply["interval"] > 0) == ("Accepted", True)
        await case.status("Available", connector=0)
        assert set(await case.station.ask("Heartbeat", {})) == {"currentTime"}
        assert (case.connector(0), case.connector(1)) == ("Available", "Available")


@covers("1.6", "Authorize", "StartTransaction", "StopTransaction", "StatusNotification", case="TC_003_CSMS")
async def test_a_charge_that_begins_with_the_plug(enter):
    """Plugged in, then a card: the charge is kept from start to stop with its energy."""
    async with enter() as case:
        await case.status("Preparing")
        assert (await case.authorize())["status"] == "Accepted"
        started = await case.start()
        assert started["idTagInfo"]["status"] == "Accepted"
        await case.status("Charging")
        assert (await case.stop(started["transactionId"], idTag="CARD1"))["idTagInfo"]["status"] == "Accepted"
        await case.status("Finishing")
        await case.status("Available")
        row = case.transaction(started["transactionId"])
        assert (row.state, row.end_wh - row.start_wh, row.token) == ("ended", 8000.0, "CARD1")


@covers("1.6", "Authorize", "StartTransaction", "StatusNotification", case="TC_004_1_CSMS")
async def test_a_charge_that_begins_with_the_card(enter):
    """A card, then the plug: accepted both times."""
    async with enter() as case:
        assert (await case.authorize())["status"] == "Accepted"
        await case.status("Preparing")
        started = await case.start()
        await case.status("Charging")
        assert started["idTagInfo"]["status"] == "Accepted"
        assert case.transaction(started["transactionId"]).state == "running"


@covers("1.6", "Authorize", "StatusNotification", case="TC_004_2_CSMS")
async def test_nobody_plugs_in_after_the_card(enter):
    """The connector goes back to Available by itself and no charge is kept."""
    async with enter() as case:
        assert (await case.authorize())["status"] == "Accepted"
        await case.status("Preparing")
        await case.status("Available")
        assert case.house.look(lambda work: work.charging.count_transactions()) == {}


@covers("1.6", "StatusNotification", "StopTransaction", case="TC_005_1_CSMS")
async def test_the_cable_is_pulled_at_the_vehicle(enter):
    """Suspended by the vehicle, then stopped with EVDisconnected: the reason is kept."""
    async with enter() as case:
        number = (await case.start())["transactionId"]
        await case.status("SuspendedEV")
        await case.stop(number, reason="EVDisconnected")
        await case.status("Finishing")
        assert case.transaction(number).end_reason == "EVDisconnected"


@covers("1.6", "StartTransaction", "StatusNotification", case="TC_007_CSMS")
async def test_a_card_the_station_remembers(enter):
    """A start without an Authorize before it is judged at the start."""
    async with enter() as case:
        await case.status("Preparing")
        assert (await case.start())["idTagInfo"]["status"] == "Accepted"


@pytest.mark.parametrize(
    ("status", "values"),
    [
        pytest.param("Invalid", None, marks=covers("1.6", "Authorize", case="TC_023_1_CSMS")),
        pytest.param("Expired", {"expires_at": "past"}, marks=covers("1.6", "Authorize", case="TC_023_2_CSMS")),
        pytest.param("Blocked", {"status": "Blocked"}, marks=covers("1.6", "Authorize", case="TC_023_3_CSMS")),
    ],
)
async def test_a_card_that_may_not(enter, status, values):
    """An unknown, expired or blocked card is told so, when it is shown and when a charge is begun with it."""
    async with enter() as case:
        if values is not None:
            past = {"expires_at": case.house.clock.now()} if "expires_at" in values else values
            case.set_card("X", **past)
        assert (await case.authorize("X"))["status"] == status
        assert (await case.start("X"))["idTagInfo"]["status"] == status


@covers("1.6", "StatusNotification", case="TC_024_CSMS")
async def test_the_plug_does_not_lock(enter):
    """A lock failure is a fault with an alarm, and no charge begins."""
    async with enter() as case:
        assert (await case.authorize())["status"] == "Accepted"
        await case.status("Faulted", "ConnectorLockFailure")
        assert "evse.faulted" in [alarm.kind for alarm in case.house.look(lambda work: work.alarms.standing())]
        assert case.house.look(lambda work: work.charging.count_transactions()) == {}


@covers("1.6", "BootNotification", "StopTransaction", case="TC_032_1_CSMS")
async def test_the_power_fails_while_it_charges(enter):
    """After the power is back the station boots and stops the charge with PowerLoss."""
    async with enter() as case:
        number = (await case.start())["transactionId"]
    async with enter() as case:
        await case.stop(number, reason="PowerLoss")
        assert (case.transaction(number).state, case.transaction(number).end_reason) == ("ended", "PowerLoss")


@covers("1.6", "StartTransaction", "StatusNotification", case="TC_037_1_CSMS")
async def test_a_charge_begun_offline_with_a_good_card(enter):
    """A start told after the line is back keeps the time it happened."""
    async with enter(boots=False) as case:
        started = await case.start(at="2026-03-10T15:00:00Z")
        assert started["idTagInfo"]["status"] == "Accepted"
        assert case.transaction(started["transactionId"]).started_at.hour == 15


@covers("1.6", "StartTransaction", "StopTransaction", case="TC_037_3_CSMS")
async def test_a_charge_begun_offline_with_a_bad_card(enter):
    """The start is kept and answered Invalid; the station's stop for DeAuthorized ends it."""
    async with enter(boots=False) as case:
        started = await case.start("X")
        assert started["idTagInfo"]["status"] == "Invalid"
        await case.stop(started["transactionId"], reason="DeAuthorized")
        assert case.transaction(started["transactionId"]).end_reason == "DeAuthorized"


@covers("1.6", "StartTransaction", "StopTransaction", "MeterValues", case="TC_039_CSMS")
async def test_a_whole_charge_offline(enter):
    """Start, meter values and stop queued while the line was down are one charge, with their own times."""
    async with enter(boots=False) as case:
        number = (await case.start(at="2026-03-10T12:00:00Z"))["transactionId"]
        sample = {"timestamp": "2026-03-10T12:30:00Z", "sampledValue": [{"value": "5000"}]}
        payload = {"connectorId": 1, "transactionId": number, "meterValue": [sample]}
        assert await case.station.ask("MeterValues", payload) == {}
        await case.stop(number, timestamp="2026-03-10T13:00:00Z")
        row = case.transaction(number)
        assert ((row.ended_at - row.started_at).total_seconds(), row.end_wh) == (3600.0, 9000.0)
        ended = case.house.look(lambda work: work.events.newest(kinds=[Kind.TRANSACTION_ENDED]))
        assert [event.data["energy_wh"] for event in ended] == [8000.0]


@covers("1.6", "DataTransfer", case="TC_064_CSMS")
async def test_a_vendor_sends_data_of_its_own(enter):
    """Data nobody here understands is answered by the book."""
    async with enter() as case:
        reply = await case.station.ask("DataTransfer", {"vendorId": "Vendor", "messageId": "m", "data": "x"})
        assert reply == {"status": "UnknownVendorId"}


@covers("1.6", "Authorize", "StartTransaction")
async def test_a_card_is_told_its_group_and_expiry_and_charges_once_at_a_time(enter):
    """parentIdTag and expiryDate go with each judgement; one charge more than allowed is ConcurrentTx."""
    async with enter() as case:
        until = case.house.clock.now().replace(year=2027)
        case.set_card("FAMILY", group_id="GROUP", expires_at=until, most_at_once=1)
        info = {"status": "Accepted", "parentIdTag": "GROUP", "expiryDate": "2027-03-10T19:00:00Z"}
        assert await case.authorize("FAMILY") == info
        first = await case.start("FAMILY")
        assert first["idTagInfo"] == info
        assert (await case.start("FAMILY"))["idTagInfo"] == info
        async with case.house.station("CP2") as other:
            said = {"connectorId": 1, "idTag": "FAMILY", "meterStart": 0, "timestamp": "2026-03-10T18:01:00Z"}
            assert (await other.ask("StartTransaction", said))["idTagInfo"]["status"] == "ConcurrentTx"
        assert case.transaction(first["transactionId"]).group_id == "GROUP"
