"""The OCA's cases for a 1.6 central system about local lists, reservations, firmware and logs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fleet.events import Kind
from fleet.tables import Campaign, CampaignStation, Firmware

covers = pytest.mark.covers

UNTIL = "2026-03-10T20:00:00+00:00"


# local lists


@covers("1.6", "GetLocalListVersion", case="TC_042_1_CSMS", orders="get_local_list")
async def test_a_station_without_a_local_list(enter):
    """-1 means that it keeps none: the order is rejected and the store knows."""
    async with enter(GetLocalListVersion={"listVersion": -1}) as case:
        order = await case.order("get_local_list")
        assert (order.state, order.answer) == ("rejected", {"version": -1})
        assert case.house.look(lambda work: work.tokens.local_list("CP1").state) == "unsupported"


@covers("1.6", "GetLocalListVersion", case="TC_042_2_CSMS", orders="get_local_list")
async def test_a_local_list_that_is_empty(enter):
    """0 is an empty list."""
    async with enter(GetLocalListVersion={"listVersion": 0}) as case:
        order = await case.order("get_local_list")
        assert (order.state, order.answer) == ("accepted", {"version": 0})


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        pytest.param(
            "NotSupported",
            "unsupported",
            marks=covers("1.6", "SendLocalList", case="TC_043_1_CSMS", orders="send_local_list"),
        ),
        pytest.param(
            "Failed",
            "rejected",
            marks=covers("1.6", "SendLocalList", case="TC_043_3_CSMS", orders="send_local_list"),
        ),
    ],
)
async def test_a_local_list_the_station_does_not_take(enter, answer, kept):
    """The order is rejected with the station's word, and nothing of the list is taken for known."""
    async with enter(GetLocalListVersion={"listVersion": 0}, SendLocalList={"status": answer}) as case:
        order = await case.order("send_local_list")
        assert (order.state, order.answer["status"]) == ("rejected", answer)
        row = case.house.look(lambda work: work.tokens.local_list("CP1"))
        assert (row.state, row.tokens) == (kept, [])


class Shelf:
    """A station's local list, as one that follows the standard keeps it."""

    def __init__(self) -> None:
        self.version = 0
        self.tags: dict[str, dict] = {}

    @property
    def answers(self) -> dict:
        return {"GetLocalListVersion": lambda _: {"listVersion": self.version}, "SendLocalList": self.take}

    def take(self, asked: dict) -> dict:
        if asked["updateType"] == "Full":
            self.tags.clear()
        elif asked["listVersion"] <= self.version:
            return {"status": "VersionMismatch"}
        for entry in asked["localAuthorizationList"]:
            if "idTagInfo" in entry:
                self.tags[entry["idTag"]] = entry["idTagInfo"]
            else:
                self.tags.pop(entry["idTag"], None)
        self.version = asked["listVersion"]
        return {"status": "Accepted"}


@covers("1.6", "SendLocalList", "GetLocalListVersion", case="TC_043_4_CSMS", orders="send_local_list")
async def test_the_whole_local_list(enter):
    """All cards with status, group and expiry, in as many messages as the station takes."""
    shelf = Shelf()
    keys = {"configurationKey": [{"key": "SendLocalListMaxLength", "readonly": True, "value": "2"}]}
    async with enter(GetConfiguration=keys, **shelf.answers) as case:
        for number in range(4):
            case.set_card(f"C{number}", group_id="G", expires_at=case.house.clock.now() + timedelta(days=1))
        order = await case.order("send_local_list", how="full")
        assert (order.state, order.answer["how"], order.answer["status"]) == ("accepted", "full", "Accepted")
        assert {"CARD1", "BAD", "C0", "C1", "C2", "C3"} == set(shelf.tags)
        assert shelf.tags["BAD"] == {"status": "Blocked"}
        assert shelf.tags["C0"] == {"status": "Accepted", "parentIdTag": "G", "expiryDate": "2026-03-11T19:00:00Z"}
        parts = [body for action, body in case.station.heard if action == "SendLocalList"]
        assert [(one["updateType"], len(one["localAuthorizationList"])) for one in parts] == [
            ("Full", 2), ("Differential", 2), ("Differential", 2),
        ]  # fmt: skip


@covers("1.6", "SendLocalList", "GetLocalListVersion", case="TC_043_5_CSMS", orders="send_local_list")
async def test_only_what_changed_of_the_local_list(enter):
    """A differential list has the cards changed since; a station with another version gets all of it."""
    shelf = Shelf()
    async with enter(**shelf.answers) as case:
        assert (await case.order("send_local_list")).state == "accepted"
        case.set_card("BAD", status="Accepted")
        order = await case.order("send_local_list", how="differential")
        assert (order.state, order.answer["how"]) == ("accepted", "differential")
        last = [body for action, body in case.station.heard if action == "SendLocalList"][-1]
        assert last["localAuthorizationList"] == [{"idTag": "BAD", "idTagInfo": {"status": "Accepted"}}]
        assert shelf.version == case.house.look(lambda work: work.tokens.local_list("CP1").version) == 2
        shelf.version = 40  # another system has been here
        order = await case.order("send_local_list", how="differential")
        assert (order.state, order.answer["how"], shelf.version) == ("accepted", "full", 41)


@covers("1.6", "SendLocalList", orders="send_local_list")
async def test_a_version_mismatch_is_put_right_with_the_whole_list(enter):
    """A station that refuses the difference is sent everything."""
    shelf = Shelf()
    refuse = iter([False, True, False])

    def take(asked: dict) -> dict:
        return {"status": "VersionMismatch"} if next(refuse) else shelf.take(asked)

    async with enter(**{**shelf.answers, "SendLocalList": take}) as case:
        await case.order("send_local_list")
        case.set_card("BAD", status="Accepted")
        order = await case.order("send_local_list", how="differential")
        assert (order.state, order.answer["how"]) == ("accepted", "full, after a version mismatch")
        assert shelf.tags["BAD"] == {"status": "Accepted"}


@covers("1.6", "ClearCache", case="TC_061_CSMS", orders="clear_cache")
@pytest.mark.parametrize(("answer", "state"), [("Accepted", "accepted"), ("Rejected", "rejected")])
async def test_cards_the_station_remembers_are_forgotten(enter, answer, state):
    """ClearCache, done or refused."""
    async with enter(ClearCache={"status": answer}) as case:
        assert (await case.order("clear_cache")).state == state


# reservations


@covers("1.6", "ReserveNow", "StartTransaction", case="TC_046_CSMS", orders="reserve")
async def test_a_reserved_connector_is_used(enter):
    """Held for a card, then used by the charge that names it."""
    async with enter() as case:
        order = await case.order("reserve", evse=1, token="CARD1", until=UNTIL)
        number = order.answer["reservation_id"]
        assert order.state == "accepted"
        assert await case.station.until_heard("ReserveNow") == {
            "connectorId": 1, "expiryDate": "2026-03-10T20:00:00Z", "idTag": "CARD1", "reservationId": number,
        }  # fmt: skip
        assert case.house.look(lambda work: work.reservations.get(number).state) == "held"
        await case.status("Reserved")
        await case.start(reservationId=number)
        assert case.house.look(lambda work: work.reservations.get(number).state) == "used"


@covers("1.6", "ReserveNow", "StatusNotification", case="TC_047_CSMS", orders="reserve")
async def test_a_reservation_nobody_uses(enter):
    """When its time has come it is expired, and the connector is free again."""
    async with enter() as case:
        order = await case.order("reserve", evse=1, token="CARD1", until=UNTIL)
        await case.status("Reserved")
        case.house.clock.advance(timedelta(hours=2))
        with case.house.store.begin() as work:
            work.reservations.expire()
        await case.status("Available")
        number = order.answer["reservation_id"]
        assert case.house.look(lambda work: work.reservations.get(number).state) == "expired"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("Faulted", marks=covers("1.6", "ReserveNow", case="TC_048_1_CSMS", orders="reserve")),
        pytest.param("Occupied", marks=covers("1.6", "ReserveNow", case="TC_048_2_CSMS", orders="reserve")),
        pytest.param("Unavailable", marks=covers("1.6", "ReserveNow", case="TC_048_3_CSMS", orders="reserve")),
        pytest.param("Rejected", marks=covers("1.6", "ReserveNow", case="TC_048_4_CSMS", orders="reserve")),
    ],
)
async def test_a_connector_that_cannot_be_reserved(enter, answer):
    """The order is rejected with the station's word and the reservation is over."""
    async with enter(ReserveNow={"status": answer}) as case:
        order = await case.order("reserve", evse=1, token="CARD1", until=UNTIL)
        assert (order.state, order.answer["status"]) == ("rejected", answer)
        assert case.house.look(lambda work: work.reservations.open("CP1")) == []


@covers("1.6", "ReserveNow", "StartTransaction", case="TC_049_CSMS", orders="reserve")
async def test_any_connector_of_a_station_is_reserved(enter):
    """Connector 0 stands for any; the card's charge on any connector uses it."""
    async with enter() as case:
        order = await case.order("reserve", token="CARD1", until=UNTIL)
        assert (await case.station.until_heard("ReserveNow"))["connectorId"] == 0
        await case.start()
        number = order.answer["reservation_id"]
        assert case.house.look(lambda work: work.reservations.get(number).state) == "used"


@covers("1.6", "CancelReservation", case="TC_051_CSMS", orders="cancel_reservation")
async def test_a_reservation_is_cancelled(enter):
    """The station lets go of it."""
    async with enter() as case:
        number = (await case.order("reserve", evse=1, token="CARD1", until=UNTIL)).answer["reservation_id"]
        assert (await case.order("cancel_reservation", reservation_id=number)).state == "accepted"
        assert await case.station.until_heard("CancelReservation") == {"reservationId": number}
        assert case.house.look(lambda work: work.reservations.get(number).state) == "cancelled"


@covers("1.6", "CancelReservation", case="TC_052_CSMS", orders="cancel_reservation")
async def test_a_reservation_the_station_does_not_know(enter):
    """Rejected: it holds none by this number, so nothing is held any more."""
    async with enter(CancelReservation={"status": "Rejected"}) as case:
        number = (await case.order("reserve", evse=1, token="CARD1", until=UNTIL)).answer["reservation_id"]
        assert (await case.order("cancel_reservation", reservation_id=number)).state == "rejected"
        assert case.house.look(lambda work: work.reservations.get(number).state) == "removed"


@covers("1.6", "ReserveNow", "Authorize", "StartTransaction", case="TC_053_CSMS", orders="reserve")
async def test_a_reserved_connector_is_used_by_another_card_of_the_group(enter):
    """The group goes along as parentIdTag, and with the other card's judgement."""
    async with enter() as case:
        case.set_card("ONE", group_id="FAMILY")
        case.set_card("TWO", group_id="FAMILY")
        order = await case.order("reserve", evse=1, token="ONE", until=UNTIL)
        assert (await case.station.until_heard("ReserveNow"))["parentIdTag"] == "FAMILY"
        assert (await case.authorize("TWO"))["parentIdTag"] == "FAMILY"
        number = order.answer["reservation_id"]
        assert (await case.start("TWO", reservationId=number))["idTagInfo"]["status"] == "Accepted"
        assert case.house.look(lambda work: work.reservations.get(number).state) == "used"


@covers("1.6", "DataTransfer", orders="data_transfer")
async def test_vendor_data_for_a_station(enter):
    """Data goes out as given; the station's answer decides."""
    async with enter(DataTransfer={"status": "UnknownVendorId"}) as case:
        order = await case.order("data_transfer", vendor="V", message="m", data="x")
        assert (order.state, order.answer["status"]) == ("rejected", "UnknownVendorId")
        assert await case.station.until_heard("DataTransfer") == {"vendorId": "V", "messageId": "m", "data": "x"}


# firmware and logs


def campaign(house, kind: str, request_id: int | None = None) -> int:
    """A campaign in which CP1 has been ordered something; its part."""
    with house.store.begin() as work:
        row = Campaign(kind=kind, who="test", made_at=work.now)
        work.session.add(row)
        work.session.flush()
        part = CampaignStation(campaign_id=row.campaign_id, station_id="CP1", request_id=request_id, state="ordered")
        work.session.add(part)
        work.session.flush()
        return part.campaign_station_id


def firmware(house, **values) -> int:
    """A firmware a station may be given."""
    with house.store.begin() as work:
        row = Firmware(name="fw.bin", path="fw.bin", bytes=10, sha256="0" * 64, added_at=work.now, **values)
        work.session.add(row)
        work.session.flush()
        return row.firmware_id


def part_of(house, number: int):
    return house.look(lambda work: work.session.get(CampaignStation, number))


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        pytest.param(
            ["Downloading", "Downloaded", "Installing", "Installed"],
            "done",
            marks=covers(
                "1.6", "UpdateFirmware", "FirmwareStatusNotification", case="TC_044_1_CSMS", orders="update_firmware"
            ),
        ),
        pytest.param(
            ["Downloading", "DownloadFailed"],
            "failed",
            marks=covers(
                "1.6", "UpdateFirmware", "FirmwareStatusNotification", case="TC_044_2_CSMS", orders="update_firmware"
            ),
        ),
        pytest.param(
            ["Downloading", "Downloaded", "Installing", "InstallationFailed"],
            "failed",
            marks=covers(
                "1.6", "UpdateFirmware", "FirmwareStatusNotification", case="TC_044_3_CSMS", orders="update_firmware"
            ),
        ),
    ],
)
async def test_a_firmware_update(enter, steps, state):
    """The station is told a one-time address and when; each step moves its part of the campaign, the last ends it."""
    async with enter(UpdateFirmware={}) as case:
        number = campaign(case.house, "update_firmware")
        order = await case.order("update_firmware", firmware_id=firmware(case.house), retries=2)
        sent = await case.station.until_heard("UpdateFirmware")
        assert (order.state, sent["retrieveDate"], sent["retries"]) == ("accepted", "2026-03-10T19:00:00Z", 2)
        name = sent["location"].rpartition("/")[2]
        assert case.house.look(lambda work: work.files.get(name).station_id) == "CP1"
        for step in steps:
            assert await case.station.ask("FirmwareStatusNotification", {"status": step}) == {}
            assert part_of(case.house, number).status == step
        assert part_of(case.house, number).state == state
        told = case.house.look(lambda work: work.events.newest(kinds=[Kind.FIRMWARE_PROGRESSED]))
        assert [event.data["status"] for event in told] == steps
        failed = "station.firmware" in [one.kind for one in case.house.look(lambda work: work.alarms.standing())]
        assert failed == (state == "failed")


@pytest.mark.parametrize(
    ("end", "state"),
    [
        pytest.param(
            "Uploaded",
            "done",
            marks=covers(
                "1.6", "GetDiagnostics", "DiagnosticsStatusNotification", case="TC_045_1_CSMS", orders="get_log"
            ),
        ),
        pytest.param(
            "UploadFailed",
            "failed",
            marks=covers(
                "1.6", "GetDiagnostics", "DiagnosticsStatusNotification", case="TC_045_2_CSMS", orders="get_log"
            ),
        ),
    ],
)
async def test_diagnostics(enter, end, state):
    """The station is told where to leave them, from when to when; its progress is that of its part."""
    async with enter(GetDiagnostics={"fileName": "diag.zip"}) as case:
        number = campaign(case.house, "get_log")
        order = await case.order("get_log", log="diagnostics", since="2026-03-10T00:00:00Z")
        sent = await case.station.until_heard("GetDiagnostics")
        assert (order.state, order.answer["fileName"], sent["startTime"]) == (
            "accepted", "diag.zip", "2026-03-10T00:00:00Z",
        )  # fmt: skip
        name = sent["location"].rpartition("/")[2]
        assert case.house.look(lambda work: work.files.get(name).direction) == "up"
        for step in ("Uploading", end):
            assert await case.station.ask("DiagnosticsStatusNotification", {"status": step}) == {}
        assert (part_of(case.house, number).state, part_of(case.house, number).status) == (state, end)


@covers("1.6", "GetDiagnostics", "GetLog", orders="get_log")
async def test_diagnostics_by_whichever_request_a_station_knows(enter):
    """Nothing there is a refusal; a station without the core's request is asked by the whitepaper's."""
    async with enter(GetDiagnostics={}) as case:
        assert (await case.order("get_log")).answer["status"] == "NothingThere"
        case.station.answers["GetDiagnostics"] = ("NotImplemented", "", {})
        assert (await case.order("get_log")).state == "accepted"
        assert (await case.station.until_heard("GetLog"))["logType"] == "DiagnosticsLog"


# the whitepaper's


@covers("1.6", "GetLog", "LogStatusNotification", case="TC_079_CSMS", orders="get_log")
async def test_the_security_log(enter):
    """Asked with a number of ours, which the progress names."""
    async with enter(GetLog={"status": "Accepted", "filename": "sec.log"}) as case:
        number = campaign(case.house, "get_log", 4711)
        order = await case.order("get_log", log="security", request_id=4711)
        sent = await case.station.until_heard("GetLog")
        assert (order.state, sent["logType"], sent["requestId"]) == ("accepted", "SecurityLog", 4711)
        for step in ("Uploading", "Uploaded"):
            said = {"status": step, "requestId": 4711}
            assert await case.station.ask("LogStatusNotification", said) == {}
        assert part_of(case.house, number).state == "done"


@covers("1.6", "LogStatusNotification")
async def test_progress_under_a_number_that_cannot_be(enter):
    """A request id beyond all bounds is answered, and kept without the number."""
    async with enter() as case:
        assert await case.station.ask("LogStatusNotification", {"status": "Uploading", "requestId": 2**70}) == {}
        [told] = case.house.look(lambda work: work.events.newest(kinds=[Kind.LOG_PROGRESSED]))
        assert (told.data["status"], told.data["request_id"]) == ("Uploading", None)


SIGNED = {"signature": "c2lnbmVk", "signing_pem": "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"}


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        pytest.param(
            ["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting", "Installed"],
            "done",
            marks=covers(
                "1.6", "SignedUpdateFirmware", "SignedFirmwareStatusNotification",
                case="TC_080_CSMS", orders="update_firmware",
            ),
        ),
        pytest.param(
            ["Downloading", "Downloaded", "InvalidSignature"],
            "failed",
            marks=covers(
                "1.6", "SignedUpdateFirmware", "SignedFirmwareStatusNotification",
                case="TC_081_CSMS", orders="update_firmware",
            ),
        ),
    ],
)  # fmt: skip
async def test_a_signed_firmware_update(enter, steps, state):
    """Signature and certificate go along; an invalid signature fails the station's part."""
    async with enter() as case:
        number = campaign(case.house, "update_firmware", 99)
        order = await case.order(
            "update_firmware",
            firmware_id=firmware(case.house, **SIGNED),
            request_id=99,
            install_at="2026-03-11T01:00:00Z",
        )
        sent = await case.station.until_heard("SignedUpdateFirmware")
        assert (order.state, sent["requestId"]) == ("accepted", 99)
        assert sent["firmware"]["signature"] == SIGNED["signature"]
        assert sent["firmware"]["signingCertificate"] == SIGNED["signing_pem"]
        assert sent["firmware"]["installDateTime"] == "2026-03-11T01:00:00Z"
        for step in steps:
            said = {"status": step, "requestId": 99}
            assert await case.station.ask("SignedFirmwareStatusNotification", said) == {}
        assert (part_of(case.house, number).state, part_of(case.house, number).status) == (state, steps[-1])


@covers("1.6", "SignedUpdateFirmware", orders="update_firmware")
@pytest.mark.parametrize(
    ("answer", "state"), [("InvalidCertificate", "rejected"), (("NotImplemented", "", {}), "failed")]
)
async def test_a_signed_firmware_is_never_sent_unsigned(enter, answer, state):
    """A station that refuses the signed update is not given the plain one."""
    reply = answer if isinstance(answer, tuple) else {"status": answer}
    async with enter(SignedUpdateFirmware=reply) as case:
        order = await case.order("update_firmware", firmware_id=firmware(case.house, **SIGNED))
        assert order.state == state
        assert "UpdateFirmware" not in [action for action, _ in case.station.heard]


async def test_a_firmware_that_is_not_there(enter):
    """The order fails in one line."""
    async with enter() as case:
        assert (await case.order("update_firmware", firmware_id=77)).answer["why"] == "there is no firmware 77"
        assert "url is missing" in (await case.order("update_firmware")).answer["why"]
