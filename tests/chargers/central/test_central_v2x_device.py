"""What 2.0.1 and 2.1 stations are made of: reports, monitors and their events, messages, profiles, customers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from fleet.events import Kind
from fleet.orders import OrderKind, Wanted

BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model"}}
UNKNOWN = {
    "GetVariables": lambda asked: {
        "getVariableResult": [{**one, "attributeStatus": "UnknownVariable"} for one in asked["getVariableData"]]
    }
}
AT = "2026-03-10T18:00:00Z"


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
def booted(request, house):
    """A station of either version that has booted."""

    @asynccontextmanager
    async def make(**answers: Any):
        async with house.station(protocol=request.param, answers={**UNKNOWN, **answers}) as station:
            assert (await station.ask("BootNotification", BOOT))["status"] == "Accepted"
            await station.until_heard("SetChargingProfile")
            yield station

    return make


async def ordered(house, kind: str, **args: Any):
    return await house.settled(house.place(kind, **args))


@pytest.mark.covers("2.0.1", "GetBaseReport", "GetReport", "NotifyReport", orders="get_report")
@pytest.mark.covers("2.1", "GetBaseReport", "GetReport", "NotifyReport", orders="get_report")
async def test_a_report_fills_the_device_model(house, booted):
    """Parts in any number become variables with limits and mutability; the order ends with the last part."""
    entry = {
        "component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power", "instance": "AC"},
        "variableAttribute": [{"type": "Actual", "value": "7000", "mutability": "ReadOnly"}, {"type": "Target"}],
        "variableCharacteristics": {"dataType": "decimal", "unit": "W", "maxLimit": 22000, "supportsMonitoring": True},
    }  # fmt: skip
    async with booted() as station:
        number = house.place("get_report", base="configuration")
        asked = await station.until_heard("GetBaseReport")
        assert asked == {"requestId": number, "reportBase": "ConfigurationInventory"}
        for seq, more in ((0, True), (1, False)):
            part = {"requestId": number, "generatedAt": AT, "seqNo": seq, "tbc": more, "reportData": [entry]}
            assert await station.ask("NotifyReport", part) == {}
        order = await house.settled(number)
        assert (order.state, order.answer["variables"]) == ("accepted", 2)
        rows = house.look(lambda work: work.devices.variables("CP1", "power"))
        assert [(row.component, row.evse, row.variable, row.attribute, row.value) for row in rows] == [
            ("EVSE", 1, "Power[AC]", "Actual", "7000"), ("EVSE", 1, "Power[AC]", "Target", None),
        ]  # fmt: skip
        assert (rows[0].mutability, rows[0].unit, rows[0].max_limit) == ("ReadOnly", "W", 22000.0)
        station.answers["GetReport"] = {"status": "EmptyResultSet"}
        order = await ordered(house, "get_report", names=["EVSE.Power[AC]"], criteria=["Problem"])
        assert (order.state, order.answer["variables"]) == ("accepted", 0)
        assert (await station.until_heard("GetReport"))["componentVariable"] == [
            {"component": {"name": "EVSE"}, "variable": {"name": "Power", "instance": "AC"}}
        ]


@pytest.mark.covers("2.0.1", "SetVariableMonitoring", "ClearVariableMonitoring", "GetMonitoringReport",
                    "NotifyMonitoringReport", "NotifyEvent", "SetMonitoringBase", "SetMonitoringLevel",
                    orders="set_monitor clear_monitor get_monitors set_monitoring")  # fmt: skip
@pytest.mark.covers("2.1", "SetVariableMonitoring", "ClearVariableMonitoring", "GetMonitoringReport",
                    "NotifyMonitoringReport", "NotifyEvent", "SetMonitoringBase", "SetMonitoringLevel",
                    orders="set_monitor clear_monitor get_monitors set_monitoring")  # fmt: skip
async def test_monitors_are_set_told_and_cleared(house, booted):
    """A monitor has the station's number; its event is kept once, an alarm by its severity, gone when cleared."""

    def set_one(asked: dict[str, Any]) -> dict[str, Any]:
        said = {key: asked["setMonitoringData"][0][key] for key in ("type", "severity", "component", "variable")}
        return {"setMonitoringResult": [{"id": 5, "status": "Accepted", **said}]}

    answers = {
        "SetVariableMonitoring": set_one,
        "ClearVariableMonitoring": {"clearMonitoringResult": [{"id": 5, "status": "Accepted"}]},
        "GetMonitoringReport": {"status": "EmptyResultSet"},
    }
    async with booted(**answers) as station:
        args = {"component": "Cabinet", "variable": "Temperature", "kind": "UpperThreshold", "value": 70, "severity": 2}
        with house.store.begin() as work:
            number = work.orders.place(Wanted(OrderKind.SET_MONITOR, "CP1", args)).order_id
        order = await house.settled(number)
        assert (order.state, order.answer["number"]) == ("accepted", 5)
        event = {
            "eventId": 1, "timestamp": AT, "trigger": "Alerting", "actualValue": "75.5", "variableMonitoringId": 5,
            "component": {"name": "Cabinet"}, "variable": {"name": "Temperature"},
            "eventNotificationType": "CustomMonitor",
        }  # fmt: skip
        if station.line.subprotocol == "ocpp2.1":
            event["severity"] = 2
        for _ in range(2):
            said = {"generatedAt": AT, "seqNo": 0, "eventData": [event]}
            assert await station.ask("NotifyEvent", said) == {}
        [row] = house.look(lambda work: work.devices.events("CP1"))
        assert (row.value, row.severity) == ("75.5", 2)
        assert len(house.look(lambda work: work.events.newest(kinds=[Kind.STATION_EVENT]))) == 1
        assert "station.device" in [one.kind for one in house.look(lambda work: work.alarms.standing())]
        over = {**event, "eventId": 2, "cleared": True}
        await station.ask("NotifyEvent", {"generatedAt": AT, "seqNo": 0, "eventData": [over]})
        assert "station.device" not in [one.kind for one in house.look(lambda work: work.alarms.standing())]
        monitor = {"id": 6, "transaction": False, "value": 1, "type": "Delta", "severity": 8}
        if station.line.subprotocol == "ocpp2.1":
            monitor["eventNotificationType"] = "CustomMonitor"
        report = {
            "requestId": 1, "seqNo": 0, "generatedAt": AT,
            "monitor": [{"component": {"name": "X"}, "variable": {"name": "Y"}, "variableMonitoring": [monitor]}],
        }  # fmt: skip
        assert await station.ask("NotifyMonitoringReport", report) == {}
        assert [one.number for one in house.look(lambda work: work.devices.monitors("CP1"))] == [5, 6]
        assert (await ordered(house, "clear_monitor", numbers=[5])).state == "accepted"
        assert [one.number for one in house.look(lambda work: work.devices.monitors("CP1"))] == [6]
        assert (await ordered(house, "get_monitors")).state == "accepted"
        assert house.look(lambda work: work.devices.monitors("CP1")) == []
        assert (await ordered(house, "set_monitoring", base="All")).state == "accepted"
        assert (await ordered(house, "set_monitoring", level=4)).state == "accepted"
        assert await station.until_heard("SetMonitoringLevel") == {"severity": 4}


@pytest.mark.covers("2.0.1", "SetDisplayMessage", "ClearDisplayMessage", "GetDisplayMessages", "NotifyDisplayMessages",
                    orders="show_message clear_message get_messages")  # fmt: skip
@pytest.mark.covers("2.1", "SetDisplayMessage", "ClearDisplayMessage", "GetDisplayMessages", "NotifyDisplayMessages",
                    orders="show_message clear_message get_messages")  # fmt: skip
async def test_messages_on_the_screen(house, booted):
    """Shown, read back, and taken off again."""
    body = {"id": 3, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Salam"}}
    async with booted() as station:
        assert (await ordered(house, "show_message", message=body)).state == "accepted"
        number = house.place("get_messages")
        asked = await station.until_heard("GetDisplayMessages")
        part = {"requestId": asked["requestId"], "messageInfo": [body], "tbc": False}
        assert await station.ask("NotifyDisplayMessages", part) == {}
        assert [one["id"] for one in (await house.settled(number)).answer["messages"]] == [3]
        assert (await ordered(house, "clear_message", number=3)).state == "accepted"
        [row] = house.look(lambda work: work.devices.messages("CP1"))
        assert (row.state, row.body["message"]["content"]) == ("cleared", "Salam")


@pytest.mark.covers("2.0.1", "CustomerInformation", "NotifyCustomerInformation", "GetChargingProfiles",
                    "ReportChargingProfiles", "SetNetworkProfile",
                    orders="customer_information get_profiles set_network_profile")  # fmt: skip
@pytest.mark.covers("2.1", "CustomerInformation", "NotifyCustomerInformation", "GetChargingProfiles",
                    "ReportChargingProfiles", "SetNetworkProfile",
                    orders="customer_information get_profiles set_network_profile")  # fmt: skip
async def test_customers_profiles_and_networks(house, booted):
    """What comes in parts is the order's answer; the rest ends as the station says."""
    async with booted() as station:
        number = house.place("customer_information", token="CARD1", report=True)
        asked = await station.until_heard("CustomerInformation")
        assert asked["idToken"] == {"idToken": "CARD1", "type": "ISO14443"}
        for seq, text in enumerate(("charged ", "twice")):
            part = {"requestId": number, "seqNo": seq, "generatedAt": AT, "data": text, "tbc": seq == 0}
            assert await station.ask("NotifyCustomerInformation", part) == {}
        assert (await house.settled(number)).answer["data"] == "charged twice"
        number = house.place("get_profiles", evse=1, purpose="TxDefaultProfile")
        asked = await station.until_heard("GetChargingProfiles")
        assert (asked["evseId"], asked["chargingProfile"]) == (1, {"chargingProfilePurpose": "TxDefaultProfile"})
        profile = (await station.until_heard("SetChargingProfile"))["chargingProfile"]
        part = {"requestId": number, "chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [profile]}
        assert await station.ask("ReportChargingProfiles", part) == {}
        [told] = (await house.settled(number)).answer["profiles"]
        assert (told["source"], told["profile"]["id"]) == ("CSO", profile["id"])
        station.answers["GetChargingProfiles"] = {"status": "NoProfiles"}
        assert (await ordered(house, "get_profiles")).answer["profiles"] == []
        connection = {
            "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "wss://x", "messageTimeout": 30,
            "securityProfile": 2, "ocppInterface": "Wired0",
        }  # fmt: skip
        assert (await ordered(house, "set_network_profile", slot=1, connection=connection)).state == "accepted"
        assert (await station.until_heard("SetNetworkProfile"))["configurationSlot"] == 1


STARTED = {
    "eventType": "Started", "timestamp": AT, "triggerReason": "Authorized", "seqNo": 0,
    "transactionInfo": {"transactionId": "tx-1"}, "evse": {"id": 1, "connectorId": 1},
    "idToken": {"idToken": "CARD1", "type": "ISO14443"},
}  # fmt: skip


@pytest.mark.covers("2.0.1", "NotifyEVChargingNeeds", "NotifyEVChargingSchedule", "NotifyChargingLimit",
                    "ClearedChargingLimit", "SetChargingProfile")  # fmt: skip
@pytest.mark.covers("2.1", "NotifyEVChargingNeeds", "NotifyEVChargingSchedule", "NotifyChargingLimit",
                    "ClearedChargingLimit", "SetChargingProfile")  # fmt: skip
async def test_what_vehicles_need_and_others_limit(house, booted):
    """Needs of a charge under way are answered by a TxProfile for it; another system's limit is told while it lasts."""
    ac = {"energyAmount": 14000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}
    asked = {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": ac, "departureTime": AT}
    needs = {"evseId": 1, "chargingNeeds": asked}
    async with booted() as station:
        assert (await station.ask("NotifyEVChargingNeeds", needs))["status"] == "Rejected"
        await station.ask("TransactionEvent", STARTED)
        assert (await station.ask("NotifyEVChargingNeeds", needs))["status"] == "Accepted"
        told = house.look(lambda work: work.devices.vehicle_needs("CP1", 1))
        assert (told.wanted_wh, told.most_a, told.soc_percent, told.transfer) == (14000, 16, None, "AC_three_phase")
        assert told.departs_at == datetime.fromisoformat(AT)
        assert house.look(lambda work: work.devices.vehicle_needs("CP1", 2)) is None
        later = told.told_at + timedelta(seconds=1)
        assert house.look(lambda work: work.devices.vehicle_needs("CP1", 1, since=later)) is None
        profile = (await station.until_heard("SetChargingProfile", 2))["chargingProfile"]
        assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", "tx-1")
        limit = profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"]
        assert limit <= 4200 / 690  # the depot shares its limit: not above the fall-back
        schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}]}
        told = {"timeBase": AT, "evseId": 1, "chargingSchedule": schedule}
        assert (await station.ask("NotifyEVChargingSchedule", told))["status"] == "Accepted"
        by = {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1}
        assert await station.ask("NotifyChargingLimit", by) == {}
        assert "evse.limited" in [one.kind for one in house.look(lambda work: work.alarms.standing())]
        assert await station.ask("ClearedChargingLimit", {"chargingLimitSource": "EMS", "evseId": 1}) == {}
        assert "evse.limited" not in [one.kind for one in house.look(lambda work: work.alarms.standing())]


HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"}


@pytest.mark.covers("2.0.1", "BootNotification", "Heartbeat", "StatusNotification", "MeterValues",
                    "Get15118EVCertificate", "GetCertificateStatus")  # fmt: skip
@pytest.mark.covers("2.1", "BootNotification", "Heartbeat", "StatusNotification", "MeterValues",
                    "Get15118EVCertificate", "GetCertificateStatus")  # fmt: skip
async def test_the_small_talk_of_a_station(house, booted):
    """Boot, heartbeat, status and clock-aligned values; without a provider contract certificates are refused."""
    async with booted() as station:
        assert "currentTime" in await station.ask("Heartbeat", {})
        status = {"timestamp": AT, "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
        assert await station.ask("StatusNotification", status) == {}
        sample = {"timestamp": AT, "sampledValue": [{"value": 7000.0, "measurand": "Power.Active.Import"}]}
        assert await station.ask("MeterValues", {"evseId": 1, "meterValue": [sample]}) == {}
        request = {"iso15118SchemaVersion": "urn", "action": "Install", "exiRequest": "x"}
        assert (await station.ask("Get15118EVCertificate", request))["status"] == "Failed"
        ocsp = {"ocspRequestData": {**HASH, "responderURL": "http://x"}}
        assert (await station.ask("GetCertificateStatus", ocsp))["status"] == "Failed"
        [row] = [one for one in house.look(lambda work: work.stations.connectors()) if one.station_id == "CP1"]
        assert row.status == "Occupied"
