"""The OCA's cases for a 1.6 central system about remote control, configuration, limits and triggers."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fleet.tables import StationVariable

covers = pytest.mark.covers


@covers("1.6", "RemoteStartTransaction", "StartTransaction", case="TC_010_CSMS", orders="start_charge")
async def test_a_remote_start_after_the_plug(enter):
    """Plugged in first: the order is accepted and the charge that follows is answered."""
    async with enter() as case:
        await case.status("Preparing")
        order = await case.order("start_charge", evse=1, token="CARD1")
        assert (order.state, await case.station.until_heard("RemoteStartTransaction")) == (
            "accepted", {"idTag": "CARD1", "connectorId": 1},
        )  # fmt: skip
        assert (await case.start())["idTagInfo"]["status"] == "Accepted"


@covers("1.6", "RemoteStartTransaction", "Authorize", "StartTransaction", case="TC_011_1_CSMS", orders="start_charge")
async def test_a_remote_start_before_the_plug(enter):
    """Ordered first: the station authorizes, waits for the plug, then starts."""
    async with enter() as case:
        assert (await case.order("start_charge", evse=1, token="CARD1")).state == "accepted"
        assert (await case.authorize())["status"] == "Accepted"
        await case.status("Preparing")
        assert (await case.start())["idTagInfo"]["status"] == "Accepted"


@covers("1.6", "RemoteStartTransaction", "StatusNotification", case="TC_011_2_CSMS", orders="start_charge")
async def test_a_remote_start_nobody_plugs_in_for(enter):
    """The order stays accepted, the connector is free again, no charge is kept."""
    async with enter() as case:
        assert (await case.order("start_charge", evse=1, token="CARD1")).state == "accepted"
        await case.status("Preparing")
        await case.status("Available")
        assert case.house.look(lambda work: work.charging.count_transactions()) == {}


@covers("1.6", "RemoteStopTransaction", "StopTransaction", case="TC_012_CSMS", orders="stop_charge")
async def test_a_remote_stop(enter):
    """The station is told its number and stops with the reason Remote."""
    async with enter() as case:
        number = (await case.start())["transactionId"]
        assert (await case.order("stop_charge", transaction_id=number)).state == "accepted"
        assert await case.station.until_heard("RemoteStopTransaction") == {"transactionId": number}
        await case.stop(number, reason="Remote")
        assert case.transaction(number).end_reason == "Remote"


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        pytest.param("hard", "Hard", marks=covers("1.6", "Reset", case="TC_013_CSMS", orders="reset")),
        pytest.param("soft", "Soft", marks=covers("1.6", "Reset", case="TC_014_CSMS", orders="reset")),
    ],
)
async def test_a_reset(enter, how, kind):
    """The station is reset as ordered; the boot after it is accepted."""
    async with enter() as case:
        assert (await case.order("reset", how=how)).state == "accepted"
        assert await case.station.until_heard("Reset") == {"type": kind}
        assert (await case.station.ask("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}))[
            "status"
        ] == "Accepted"


@pytest.mark.parametrize(
    ("answer", "state", "charging"),
    [
        pytest.param(
            "Unlocked", "accepted", False, marks=covers("1.6", "UnlockConnector", case="TC_017_1_CSMS", orders="unlock")
        ),
        pytest.param(
            "NotSupported",
            "rejected",
            False,
            marks=covers("1.6", "UnlockConnector", case="TC_017_2_CSMS", orders="unlock"),
        ),
        pytest.param(
            "Unlocked",
            "accepted",
            True,
            marks=covers("1.6", "UnlockConnector", "StopTransaction", case="TC_018_1_CSMS", orders="unlock"),
        ),
        pytest.param(
            "UnlockFailed",
            "rejected",
            False,
            marks=covers("1.6", "UnlockConnector", case="TC_030_CSMS", orders="unlock"),
        ),
        pytest.param(
            "NotSupported",
            "rejected",
            True,
            marks=covers("1.6", "UnlockConnector", case="TC_031_CSMS", orders="unlock"),
        ),
    ],
)
async def test_unlocking_a_connector(enter, answer, state, charging):
    """Unlocked is done, all else is the station's refusal; a charge under way ends with UnlockCommand."""
    async with enter(UnlockConnector={"status": answer}) as case:
        number = (await case.start())["transactionId"] if charging else None
        order = await case.order("unlock", evse=1)
        assert (order.state, order.answer["status"]) == (state, answer)
        if number is not None and state == "accepted":
            await case.stop(number, reason="UnlockCommand")
            assert case.transaction(number).end_reason == "UnlockCommand"


KEYS = [
    {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
    {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core,SmartCharging"},
]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(
            [], marks=covers("1.6", "GetConfiguration", case="TC_019_1_CSMS", orders="get_variables get_report")
        ),
        pytest.param(
            ["SupportedFeatureProfiles"],
            marks=covers("1.6", "GetConfiguration", case="TC_019_2_CSMS", orders="get_variables"),
        ),
    ],
)
async def test_configuration_is_read(enter, names):
    """All keys or one: answered to the order and kept as the station's variables."""

    def answer(asked):
        return {"configurationKey": [one for one in KEYS if one["key"] in asked.get("key", [one["key"]])]}

    async with enter(GetConfiguration=answer) as case:
        kind = "get_variables" if names else "get_report"
        order = await case.order(kind, names=names)
        wanted = [one for one in KEYS if not names or one["key"] in names]
        assert {name: one["value"] for name, one in order.answer["values"].items()} == {
            one["key"]: one["value"] for one in wanted
        }
        sent = [body for action, body in case.station.heard if action == "GetConfiguration"][-1]
        assert sent == ({"key": names} if names else {})
        rows = case.house.look(lambda work: list(work.session.exec(select(StationVariable))))
        assert {(row.variable, row.value, row.mutability == "ReadOnly") for row in rows} == {
            (one["key"], one["value"], one["readonly"]) for one in wanted
        }


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        pytest.param(
            "Accepted",
            "accepted",
            marks=covers("1.6", "ChangeConfiguration", case="TC_021_CSMS", orders="set_variables"),
        ),
        pytest.param(
            "NotSupported",
            "rejected",
            marks=covers("1.6", "ChangeConfiguration", case="TC_040_1_CSMS", orders="set_variables"),
        ),
        pytest.param(
            "Rejected",
            "rejected",
            marks=covers("1.6", "ChangeConfiguration", case="TC_040_2_CSMS", orders="set_variables"),
        ),
    ],
)
async def test_configuration_is_changed(enter, answer, state):
    """The order ends as the station says, with its word for each key."""
    async with enter(ChangeConfiguration={"status": answer}) as case:
        order = await case.order("set_variables", values={"MeterValueSampleInterval": 15})
        assert (order.state, order.answer["values"]) == (state, {"MeterValueSampleInterval": answer})
        said = {"key": "MeterValueSampleInterval", "value": "15"}
        assert await case.station.until_heard("ChangeConfiguration") == said


@covers("1.6", "RemoteStartTransaction", case="TC_026_CSMS", orders="start_charge")
async def test_a_remote_start_the_station_refuses(enter):
    """The order is rejected, with the station's answer."""
    async with enter(RemoteStartTransaction={"status": "Rejected"}) as case:
        order = await case.order("start_charge", evse=1, token="CARD1")
        assert (order.state, order.answer["status"]) == ("rejected", "Rejected")


@covers("1.6", "RemoteStopTransaction", case="TC_028_CSMS", orders="stop_charge")
async def test_a_remote_stop_the_station_refuses(enter):
    """The order is rejected and the charge goes on."""
    async with enter(RemoteStopTransaction={"status": "Rejected"}) as case:
        number = (await case.start())["transactionId"]
        order = await case.order("stop_charge", transaction_id=number)
        assert (order.state, case.transaction(number).state) == ("rejected", "running")


METER = {"timestamp": "2026-03-10T18:00:00Z", "sampledValue": [{"value": "1"}]}
TRIGGERED = [
    ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}),
    ("Heartbeat", {}),
    ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"}),
    ("MeterValues", {"connectorId": 1, "meterValue": [METER]}),
    ("DiagnosticsStatusNotification", {"status": "Idle"}),
    ("FirmwareStatusNotification", {"status": "Idle"}),
]


@covers("1.6", "TriggerMessage", "DiagnosticsStatusNotification", "FirmwareStatusNotification", "MeterValues",
        case="TC_054_CSMS", orders="trigger")  # fmt: skip
async def test_messages_are_asked_for(enter):
    """Each message that can be triggered is, and then answered."""
    async with enter() as case:
        for count, (message, payload) in enumerate(TRIGGERED, 1):
            assert (await case.order("trigger", message=message, evse=1)).state == "accepted"
            said = await case.station.until_heard("TriggerMessage", count)
            assert said == {"requestedMessage": message, "connectorId": 1}
            assert (await case.station.call(message, payload))[0] == 3


@covers("1.6", "TriggerMessage", case="TC_055_CSMS", orders="trigger")
@pytest.mark.parametrize("answer", ["Rejected", "NotImplemented"])
async def test_a_message_asked_for_in_vain(enter, answer):
    """Rejected and NotImplemented are refusals."""
    async with enter(TriggerMessage={"status": answer}) as case:
        order = await case.order("trigger", message="MeterValues", evse=1)
        assert (order.state, order.answer["status"]) == ("rejected", answer)


@covers("1.6", "ExtendedTriggerMessage", "LogStatusNotification", orders="trigger")
async def test_messages_only_the_whitepaper_knows_are_asked_for_by_its_request(enter):
    """ExtendedTriggerMessage asks for the status of a log, and for a signing request."""
    async with enter() as case:
        for message in ("LogStatusNotification", "SignChargePointCertificate"):
            assert (await case.order("trigger", message=message)).state == "accepted"
        heard = [body for action, body in case.station.heard if action == "ExtendedTriggerMessage"]
        assert [body["requestedMessage"] for body in heard] == ["LogStatusNotification", "SignChargePointCertificate"]


SERVICE = [("Accepted", "accepted"), ("Scheduled", "accepted"), ("Rejected", "rejected")]


@covers("1.6", "ChangeAvailability", "StatusNotification", orders="set_availability")
@pytest.mark.parametrize(
    ("answer", "state"), [("Accepted", "accepted"), ("Scheduled", "accepted"), ("Rejected", "rejected")]
)
async def test_a_connector_is_taken_out_of_service(enter, answer, state):
    """Scheduled is as good as Accepted: it happens when the charge has ended."""
    async with enter(ChangeAvailability={"status": answer}) as case:
        order = await case.order("set_availability", operative=False, evse=1)
        assert (order.state, order.answer["status"]) == (state, answer)
        await case.status("Unavailable")
        assert case.connector() == "Unavailable"


# limits


def profile(number: int, purpose: str, watts: float, **more):
    schedule = {
        "id": 1, "chargingRateUnit": "W", "duration": 86400,
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": watts}],
    }  # fmt: skip
    return {
        "id": number, "stackLevel": 1, "chargingProfilePurpose": purpose, "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule], **more,
    }  # fmt: skip


@covers("1.6", "SetChargingProfile", case="TC_056_CSMS", orders="set_profile")
async def test_a_default_limit(enter):
    """A TxDefaultProfile goes to its connector in 1.6 words."""
    async with enter() as case:
        order = await case.order("set_profile", evse=1, profile=profile(7, "TxDefaultProfile", 4000.0))
        assert order.state == "accepted"
        sent = await case.station.until_heard("SetChargingProfile", 2)
        wanted = sent["csChargingProfiles"]
        assert (sent["connectorId"], wanted["chargingProfilePurpose"]) == (1, "TxDefaultProfile")
        assert wanted["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 4000.0


@covers("1.6", "SetChargingProfile", case="TC_057_CSMS", orders="set_profile")
async def test_a_limit_for_one_charge(enter):
    """A TxProfile names the running charge by its number."""
    async with enter() as case:
        number = (await case.start())["transactionId"]
        wanted = profile(8, "TxProfile", 4000.0, transactionId=str(number))
        assert (await case.order("set_profile", evse=1, profile=wanted)).state == "accepted"
        sent = (await case.station.until_heard("SetChargingProfile", 2))["csChargingProfiles"]
        assert (sent["chargingProfilePurpose"], sent["transactionId"]) == ("TxProfile", number)


@covers("1.6", "RemoteStartTransaction", "SetChargingProfile", case="TC_059_CSMS", orders="start_charge")
async def test_a_remote_start_with_a_limit(enter):
    """The limit goes along as a TxProfile without a transaction, rounded down."""
    async with enter() as case:
        assert (await case.order("start_charge", evse=1, token="CARD1", limit_kw=4.0)).state == "accepted"
        sent = (await case.station.until_heard("RemoteStartTransaction"))["chargingProfile"]
        assert (sent["chargingProfilePurpose"], "transactionId" in sent) == ("TxProfile", False)
        assert sent["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] <= 4000 / 690


@covers("1.6", "GetCompositeSchedule", case="TC_066_CSMS", orders="get_composite")
async def test_what_holds_is_asked(enter):
    """The composite schedule comes back with the order."""
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}]}
    answer = {"status": "Accepted", "connectorId": 1, "chargingSchedule": schedule}
    async with enter(GetCompositeSchedule=answer) as case:
        order = await case.order("get_composite", evse=1, seconds=3600)
        assert (order.state, order.answer["chargingSchedule"]) == ("accepted", schedule)
        assert await case.station.until_heard("GetCompositeSchedule") == {"connectorId": 1, "duration": 3600}


@covers("1.6", "ClearChargingProfile", case="TC_067_CSMS", orders="clear_profile")
async def test_limits_are_taken_away(enter):
    """By number, and by purpose and connector; Unknown means there was none, which is as well."""
    async with enter(ClearChargingProfile=lambda asked: {"status": "Accepted" if "id" in asked else "Unknown"}) as case:
        await case.order("set_profile", evse=1, profile=profile(7, "TxDefaultProfile", 4000.0))
        assert (await case.order("clear_profile", profile_id=7)).state == "accepted"
        assert (await case.order("clear_profile", purpose="TxProfile", evse=1, stack_level=1)).state == "accepted"
        said = await case.station.until_heard("ClearChargingProfile", 2)
        assert said == {"connectorId": 1, "chargingProfilePurpose": "TxProfile", "stackLevel": 1}
        assert 7 not in [row.profile_id for row in case.house.look(lambda work: work.charging.profiles("CP1"))]
