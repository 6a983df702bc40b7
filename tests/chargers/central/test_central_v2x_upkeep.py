"""Orders and messages around a charge on OCPP 2.0.1 and 2.1: reservations, lists, firmware, logs, certificates."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from chargers.trust import Authority
from fleet.events import Kind
from fleet.tables import Campaign, CampaignStation, Firmware

BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model"}}
ANSWERS = {
    "GetVariables": lambda asked: {
        "getVariableResult": [{**one, "attributeStatus": "UnknownVariable"} for one in asked["getVariableData"]]
    },
    "CostUpdated": {},
    "GetTransactionStatus": {"messagesInQueue": False, "ongoingIndicator": True},
}
UNTIL = "2026-03-10T20:00:00+00:00"
STARTED = {
    "eventType": "Started", "timestamp": "2026-03-10T18:00:00Z", "triggerReason": "Authorized", "seqNo": 0,
    "transactionInfo": {"transactionId": "tx-1"}, "evse": {"id": 1, "connectorId": 1},
    "idToken": {"idToken": "CARD1", "type": "ISO14443"},
}  # fmt: skip


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
def booted(request, house):
    """A station of either version that has booted."""

    @asynccontextmanager
    async def make(**answers: Any):
        async with house.station(protocol=request.param, answers={**ANSWERS, **answers}) as station:
            assert (await station.ask("BootNotification", BOOT))["status"] == "Accepted"
            await station.until_heard("SetChargingProfile")
            yield station

    return make


async def ordered(house, kind: str, **args: Any):
    return await house.settled(house.place(kind, **args))


@pytest.mark.covers("2.0.1", "ReserveNow", "CancelReservation", "ReservationStatusUpdate", "TransactionEvent",
                    orders="reserve cancel_reservation")  # fmt: skip
@pytest.mark.covers("2.1", "ReserveNow", "CancelReservation", "ReservationStatusUpdate",
                    orders="reserve cancel_reservation")  # fmt: skip
async def test_reservations(house, booted):
    """Held with card and group, cancelled by order, ended by the station, used by the card's charge."""
    with house.store.begin() as work:
        work.tokens.set("CARD1", {"group_id": "FLEET"})
    async with booted() as station:
        first = await ordered(house, "reserve", evse=1, token="CARD1", until=UNTIL)
        assert await station.until_heard("ReserveNow") == {
            "id": first.answer["reservation_id"], "expiryDateTime": "2026-03-10T20:00:00Z", "evseId": 1,
            "idToken": {"idToken": "CARD1", "type": "ISO14443"},
            "groupIdToken": {"idToken": "FLEET", "type": "Central"},
        }  # fmt: skip
        number = first.answer["reservation_id"]
        assert (await ordered(house, "cancel_reservation", reservation_id=number)).state == "accepted"
        second = (await ordered(house, "reserve", token="CARD1", until=UNTIL)).answer["reservation_id"]
        said = {"reservationId": second, "reservationUpdateStatus": "Expired"}
        assert await station.ask("ReservationStatusUpdate", said) == {}
        third = (await ordered(house, "reserve", evse=1, token="CARD1", until=UNTIL)).answer["reservation_id"]
        await station.ask("TransactionEvent", STARTED)
        states = [house.look(lambda work, n=n: work.reservations.get(n).state) for n in (number, second, third)]
        assert states == ["cancelled", "expired", "used"]
        huge = await station.call("ReservationStatusUpdate", {**said, "reservationId": 2**70})
        assert huge[2] in ("PropertyConstraintViolation", "TypeConstraintViolation")


@pytest.mark.covers("2.0.1", "SendLocalList", "GetLocalListVersion", orders="send_local_list get_local_list")
@pytest.mark.covers("2.1", "SendLocalList", "GetLocalListVersion", orders="send_local_list get_local_list")
async def test_local_lists(house, booted):
    """All of it, then only what changed, then nothing when nothing did."""
    version = [0]

    def take(asked: dict[str, Any]) -> dict[str, str]:
        version[0] = asked["versionNumber"]
        return {"status": "Accepted"}

    answers = {"SendLocalList": take, "GetLocalListVersion": lambda _: {"versionNumber": version[0]}}
    async with booted(**answers) as station:
        assert (await ordered(house, "get_local_list")).answer == {"version": 0}
        assert (await ordered(house, "send_local_list")).answer["how"] == "full"
        with house.store.begin() as work:
            until = house.clock.now() + timedelta(days=1)
            work.tokens.set("BAD", {"status": "Accepted", "expires_at": until})
        assert (await ordered(house, "send_local_list", how="differential")).answer["how"] == "differential"
        sent = await station.until_heard("SendLocalList", 2)
        info = {"status": "Accepted", "cacheExpiryDateTime": "2026-03-11T19:00:00Z"}
        entry = {"idToken": {"idToken": "BAD", "type": "ISO14443"}, "idTokenInfo": info}
        assert sent == {"versionNumber": 2, "updateType": "Differential", "localAuthorizationList": [entry]}
        assert (await ordered(house, "send_local_list", how="differential")).answer["changed"] == 0


@pytest.mark.covers("2.0.1", "ClearCache", "DataTransfer", orders="clear_cache data_transfer")
@pytest.mark.covers("2.1", "ClearCache", "DataTransfer", orders="clear_cache data_transfer")
async def test_cache_and_vendor_data(house, booted):
    """Done or refused as the station says; data may be of any kind."""
    async with booted(DataTransfer={"status": "UnknownVendorId"}) as station:
        assert (await ordered(house, "clear_cache")).state == "accepted"
        assert (await ordered(house, "data_transfer", vendor="V", data={"a": [1]})).state == "rejected"
        assert await station.until_heard("DataTransfer") == {"vendorId": "V", "data": {"a": [1]}}


def firmware(house, **values: Any) -> int:
    with house.store.begin() as work:
        row = Firmware(name="fw.bin", path="fw.bin", bytes=10, sha256="0" * 64, added_at=work.now, **values)
        work.session.add(row)
        work.session.flush()
        return row.firmware_id


def campaign(house, kind: str, request_id: int) -> int:
    with house.store.begin() as work:
        row = Campaign(kind=kind, who="test", made_at=work.now)
        work.session.add(row)
        work.session.flush()
        part = CampaignStation(campaign_id=row.campaign_id, station_id="CP1", request_id=request_id, state="ordered")
        work.session.add(part)
        work.session.flush()
        return part.campaign_station_id


def state_of(house, number: int) -> tuple[str, str]:
    row = house.look(lambda work: work.session.get(CampaignStation, number))
    return row.state, row.status


@pytest.mark.covers("2.0.1", "UpdateFirmware", "FirmwareStatusNotification", orders="update_firmware")
@pytest.mark.covers("2.1", "UpdateFirmware", "FirmwareStatusNotification", orders="update_firmware")
async def test_firmware(house, booted):
    """Signed where it is signed, under a number of ours that the progress names."""
    signed = firmware(house, signature="c2ln", signing_pem="PEM")
    part = campaign(house, "update_firmware", 7)
    async with booted() as station:
        args = {"firmware_id": signed, "request_id": 7, "install_at": "2026-03-11T01:00:00Z", "retries": 1}
        assert (await ordered(house, "update_firmware", **args)).state == "accepted"
        sent = await station.until_heard("UpdateFirmware")
        assert (sent["requestId"], sent["retries"], sent["firmware"]["signature"]) == (7, 1, "c2ln")
        assert sent["firmware"]["installDateTime"] == "2026-03-11T01:00:00Z"
        for status in ("Downloading", "SignatureVerified", "Installed"):
            assert await station.ask("FirmwareStatusNotification", {"status": status, "requestId": 7}) == {}
        assert state_of(house, part) == ("done", "Installed")
        assert (await ordered(house, "update_firmware", url="http://x/fw")).state == "accepted"
        assert "signature" not in (await station.until_heard("UpdateFirmware", 2))["firmware"]


@pytest.mark.covers("2.0.1", "PublishFirmware", "PublishFirmwareStatusNotification", orders="publish_firmware")
@pytest.mark.covers("2.1", "PublishFirmware", "PublishFirmwareStatusNotification", orders="publish_firmware")
async def test_firmware_for_a_local_controller(house, booted):
    """Published with its checksum; a wrong checksum fails its part."""
    part = campaign(house, "publish_firmware", 8)
    async with booted() as station:
        args = {"url": "http://x/fw", "checksum": "d41d8cd98f00b204e9800998ecf8427e", "request_id": 8}
        assert (await ordered(house, "publish_firmware", **args)).state == "accepted"
        assert (await station.until_heard("PublishFirmware"))["location"] == "http://x/fw"
        said = {"status": "InvalidChecksum", "requestId": 8}
        assert await station.ask("PublishFirmwareStatusNotification", said) == {}
        assert state_of(house, part) == ("failed", "InvalidChecksum")


@pytest.mark.covers("2.0.1", "GetLog", "LogStatusNotification", orders="get_log")
@pytest.mark.covers("2.1", "GetLog", "LogStatusNotification", orders="get_log")
async def test_logs(house, booted):
    """Both logs go to one-time addresses; the progress is that of its part."""
    part = campaign(house, "get_log", 9)
    async with booted() as station:
        args = {"log": "security", "request_id": 9, "since": "2026-03-10T00:00:00Z"}
        assert (await ordered(house, "get_log", **args)).state == "accepted"
        sent = await station.until_heard("GetLog")
        assert (sent["logType"], sent["log"]["oldestTimestamp"]) == ("SecurityLog", "2026-03-10T00:00:00Z")
        name = sent["log"]["remoteLocation"].rpartition("/")[2]
        assert house.look(lambda work: work.files.get(name).what) == "security log"
        for status in ("Uploading", "UploadFailure"):
            assert await station.ask("LogStatusNotification", {"status": status, "requestId": 9}) == {}
        assert state_of(house, part) == ("failed", "UploadFailure")
        assert (await ordered(house, "get_log")).state == "accepted"
        assert (await station.until_heard("GetLog", 2))["logType"] == "DiagnosticsLog"


@pytest.mark.covers("2.0.1", "GetTransactionStatus", "CostUpdated", "TransactionEvent",
                    orders="get_transaction_status tell_cost")  # fmt: skip
@pytest.mark.covers("2.1", "GetTransactionStatus", "CostUpdated", "TransactionEvent",
                    orders="get_transaction_status tell_cost")  # fmt: skip
async def test_a_charge_is_asked_after_and_told_its_cost(house, booted):
    """By the station's own name of it; one that is not there is refused in one sentence."""
    async with booted() as station:
        reply = await station.ask("TransactionEvent", STARTED)
        assert reply["idTokenInfo"]["status"] == "Accepted"
        [row] = house.look(lambda work: work.charging.running("CP1"))
        asked = await ordered(house, "get_transaction_status", transaction_id=row.transaction_id)
        assert asked.answer == {"messagesInQueue": False, "ongoingIndicator": True}
        assert await station.until_heard("GetTransactionStatus") == {"transactionId": "tx-1"}
        assert (await ordered(house, "tell_cost", transaction_id=row.transaction_id, cost=12.5)).state == "accepted"
        assert await station.until_heard("CostUpdated") == {"totalCost": 12.5, "transactionId": "tx-1"}
        gone = await ordered(house, "tell_cost", transaction_id=999, cost=1)
        assert gone.answer["why"] == "CP1 has no transaction 999"


@pytest.mark.covers("2.0.1", "Authorize", "TransactionEvent")
@pytest.mark.covers("2.1", "Authorize", "TransactionEvent")
async def test_a_card_is_told_its_group_and_charges_once_at_a_time(house, booted):
    """Group and expiry go with the judgement; a second charge with a card of one is ConcurrentTx."""
    with house.store.begin() as work:
        work.tokens.set("CARD1", {"group_id": "G", "expires_at": house.clock.now() + timedelta(days=1)})
        work.tokens.set("CARD1", {"most_at_once": 1})
    async with booted() as station:
        info = (await station.ask("Authorize", {"idToken": STARTED["idToken"]}))["idTokenInfo"]
        assert info == {
            "status": "Accepted", "groupIdToken": {"idToken": "G", "type": "Central"},
            "cacheExpiryDateTime": "2026-03-11T19:00:00Z",
        }  # fmt: skip
        first = await station.ask("TransactionEvent", STARTED)
        other = {**STARTED, "transactionInfo": {"transactionId": "tx-2"}, "evse": {"id": 2, "connectorId": 1}}
        second = await station.ask("TransactionEvent", other)
        statuses = [one["idTokenInfo"]["status"] for one in (first, second)]
        assert statuses == ["Accepted", "ConcurrentTx"]


@pytest.mark.covers("2.0.1", "SecurityEventNotification", "SignCertificate", "CertificateSigned")
@pytest.mark.covers("2.1", "SecurityEventNotification", "SignCertificate", "CertificateSigned")
async def test_security_events_and_signing_requests(house, booted, tmp_path):
    """Events are kept; a request nobody may grant is refused and is an event itself."""
    async with booted() as station:
        said = {"type": "TamperDetectionActivated", "timestamp": "2026-03-10T18:00:00Z"}
        assert await station.ask("SecurityEventNotification", said) == {}
        house.central._desk.authority = Authority(tmp_path / "trust")
        assert await station.ask("SignCertificate", {"csr": "nonsense"}) == {"status": "Rejected"}
        kinds = [one.kind for one in house.look(lambda work: work.trust.events("CP1"))]
        assert kinds == ["CertificateNotSigned", "TamperDetectionActivated"]
        assert len(house.look(lambda work: work.events.newest(kinds=[Kind.SECURITY_EVENT]))) == 2


HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"}
NEW: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("OpenPeriodicEventStream",
     {"constantStreamData": {"id": 1, "variableMonitoringId": 1, "params": {"interval": 1, "values": 1}}},
     {"status": "Accepted"}),
    ("ClosePeriodicEventStream", {"id": 1}, {}),
    ("NotifyDERStartStop", {"controlId": "c", "started": True, "timestamp": "2026-03-10T18:00:00Z"}, {}),
    ("ReportDERControl", {"requestId": 1}, {}),
    ("NotifyPriorityCharging", {"transactionId": "t", "activated": True}, {}),
    ("BatterySwap",
     {"eventType": "BatteryIn", "requestId": 1, "idToken": {"idToken": "C", "type": "Central"},
      "batteryData": [{"evseId": 1, "serialNumber": "s", "soC": 50.0, "soH": 90.0}]},
     {}),
    ("NotifySettlement",
     {"pspRef": "p", "status": "Settled", "settlementAmount": 1.0, "settlementTime": "2026-03-10T18:00:00Z"}, {}),
    ("VatNumberValidation", {"vatNumber": "MA1"}, {"vatNumber": "MA1", "status": "Rejected"}),
]  # fmt: skip


@pytest.mark.covers(
    "2.1", "OpenPeriodicEventStream", "ClosePeriodicEventStream", "NotifyDERStartStop", "ReportDERControl",
    "NotifyPriorityCharging", "BatterySwap", "NotifySettlement", "VatNumberValidation", "NotifyDERAlarm",
    "PullDynamicScheduleUpdate", "GetCertificateChainStatus", "NotifyPeriodicEventStream",
)  # fmt: skip
async def test_what_is_new_in_21_is_answered_by_the_book(house):
    """Every new message gets a valid result of its own; a fault of the grid is an alarm until it is over."""
    async with house.station(protocol="ocpp2.1", answers=ANSWERS) as station:
        await station.ask("BootNotification", BOOT)
        for action, payload, answer in NEW:
            assert await station.ask(action, payload) == answer, action
        assert (await station.ask("PullDynamicScheduleUpdate", {"chargingProfileId": 1}))["status"] == "Rejected"
        asked = {"certificateHashData": HASH, "source": "OCSP", "urls": ["http://x"]}
        told = await station.ask("GetCertificateChainStatus", {"certificateStatusRequests": [asked]})
        assert [one["status"] for one in told["certificateStatus"]] == ["Failed"]
        none = await station.call("GetCertificateChainStatus", {"certificateStatusRequests": []})
        assert none[2] == "PropertyConstraintViolation"
        fault = {"controlType": "FreqDroop", "gridEventFault": "OverVoltage", "timestamp": "2026-03-10T18:00:00Z"}
        await station.ask("NotifyDERAlarm", fault)
        assert "station.grid_fault" in [one.kind for one in house.look(lambda work: work.alarms.standing())]
        await station.ask("NotifyDERAlarm", {**fault, "alarmEnded": True})
        assert "station.grid_fault" not in [one.kind for one in house.look(lambda work: work.alarms.standing())]
        stream = {"id": 1, "pending": 0, "basetime": "2026-03-10T18:00:00Z", "data": [{"t": 0.0, "v": "1"}]}
        await station.send([6, "s", "NotifyPeriodicEventStream", stream])
        assert (await station.call("Heartbeat", {}))[0] == 3
        assert station.loose.empty()
        assert house.central.counts()["received"]["NotifyPeriodicEventStream"] == 1


async def test_the_newest_version_in_common_is_the_stations_choice(house):
    """A station that prefers 2.1 gets 2.1; what 2.1 does not know is NotImplemented, with its words."""
    async with house.station(protocol=["ocpp2.1", "ocpp2.0.1"], answers=ANSWERS) as station:
        assert station.line.subprotocol == "ocpp2.1"
        assert (await station.call("Teleport", {}))[2] == "NotImplemented"
        assert (await station.call("Authorize", {}))[2] == "OccurrenceConstraintViolation"
