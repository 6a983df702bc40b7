"""What 2.x stations have beside charging: reports in parts, monitors, displays, customers, networks, tariffs."""

import pytest

from chargers.twin.answers_device import REPORT_PART
from chargers.twin.spec import EvseSpec, StationSpec, Vehicle
from fleet.twin.battery import Battery

V201, V21 = "ocpp2.0.1", "ocpp2.1"
TRUCK = Vehicle("TAG1", Battery(capacity_kwh=300, ac_kw=22, dc_kw=150), soc=0.2)
both = pytest.mark.parametrize("protocol", [V201, V21])
BEAT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}


def post(protocol):
    return StationSpec("POST", protocol, (EvseSpec(), EvseSpec(50, "DC")))


@both
async def test_a_base_report_comes_in_parts(kit, protocol):
    """Parts are numbered, the last says so, and together they are every variable once."""
    async with kit.yard_of(post(protocol)) as (system, yard):
        body = {"requestId": 9, "reportBase": "FullInventory"}
        assert await system.ask("POST", "GetBaseReport", body) == {"status": "Accepted"}
        await system.until(lambda: any(not part["tbc"] for part in system.said("NotifyReport")))
        variables = [one for one in yard["POST"].cabinet.variables if one.component is not None]
        refused = {"requestId": 9, "reportBase": "SummaryInventory"}
        assert await system.ask("POST", "GetBaseReport", refused) == {"status": "NotSupported"}
    parts = system.said("NotifyReport")
    assert len(parts) > 1
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [*[True] * (len(parts) - 1), False]
    assert all(len(part["reportData"]) <= REPORT_PART for part in parts)
    entries = [str((entry["component"], entry["variable"])) for part in parts for entry in part["reportData"]]
    assert len(entries) == len(set(entries)) == len(variables)
    assert system.faults == []


@both
async def test_a_report_of_what_was_asked_for(kit, protocol):
    """By component and variable; nothing found is an EmptyResultSet."""
    async with kit.yard_of(post(protocol)) as (system, _):
        body = {"requestId": 1, "componentVariable": [BEAT, {"component": {"name": "evse", "evse": {"id": 2}}}]}
        assert await system.ask("POST", "GetReport", body) == {"status": "Accepted"}
        await system.until(lambda: bool(system.said("NotifyReport")))
        nothing = {"requestId": 2, "componentVariable": [{"component": {"name": "Warp"}}]}
        assert await system.ask("POST", "GetReport", nothing) == {"status": "EmptyResultSet"}
    (part,) = system.said("NotifyReport")
    names = [(entry["component"]["name"], entry["variable"]["name"]) for entry in part["reportData"]]
    assert names == [("EVSE", "Power"), ("EVSE", "SupplyPhases"), ("OCPPCommCtrlr", "HeartbeatInterval")]


async def write(system, value):
    body = {"setVariableData": [{**BEAT, "attributeValue": str(value)}]}
    return (await system.ask("POST", "SetVariables", body))["setVariableResult"][0]["attributeStatus"]


async def watch(system, kind, value, **more):
    asked = {"value": value, "type": kind, "severity": 5, **BEAT, **more}
    (result,) = (await system.ask("POST", "SetVariableMonitoring", {"setMonitoringData": [asked]}))[
        "setMonitoringResult"
    ]
    return result["status"], result.get("id")


@both
async def test_monitors_tell_what_they_watch(kit, protocol):
    """A threshold crossed and crossed back, a delta, and a periodic one; each names its monitor."""
    async with kit.yard_of(post(protocol)) as (system, _):
        assert await watch(system, "UpperThreshold", 500) == ("Accepted", 1)
        assert await write(system, 600) == "Accepted"
        assert await write(system, 700) == "Accepted"
        assert await write(system, 400) == "Accepted"
        assert await watch(system, "Delta", 50) == ("Accepted", 2)
        assert await write(system, 430) == "Accepted"
        assert await write(system, 460) == "Accepted"
        events = [event for body in system.said("NotifyEvent") for event in body["eventData"]]
        assert await watch(system, "Periodic", 60) == ("Accepted", 3)
        await system.until(lambda: len(system.said("NotifyEvent")) >= len(events) + 2)
        later = [event for body in system.said("NotifyEvent") for event in body["eventData"]]
    seen = [(event["variableMonitoringId"], event["actualValue"], event.get("cleared", False)) for event in later]
    assert seen[:3] == [(1, "600", False), (1, "400", True), (2, "460", False)]
    assert {event["trigger"] for event in later[3:]} == {"Periodic"}
    assert system.faults == []


@both
async def test_monitors_are_listed_levelled_and_cleared(kit, protocol):
    """Doubles and unknown variables are refused; the report has them all; a level below their severity hushes them."""
    async with kit.yard_of(post(protocol)) as (system, _):
        assert await watch(system, "UpperThreshold", 500) == ("Accepted", 1)
        assert await watch(system, "UpperThreshold", 900) == ("Duplicate", None)
        assert await watch(system, "UpperThreshold", 900, id=1) == ("Accepted", 1)
        assert await watch(system, "Delta", 1, id=77) == ("Rejected", None)
        assert await watch(system, "Delta", 1, variable={"name": "Warp"}) == ("UnknownVariable", None)
        assert await watch(system, "Delta", 1, component={"name": "Warp"}) == ("UnknownComponent", None)
        assert await system.ask("POST", "GetMonitoringReport", {"requestId": 4}) == {"status": "Accepted"}
        await system.until(lambda: bool(system.said("NotifyMonitoringReport")))
        (report,) = system.said("NotifyMonitoringReport")
        assert [one["value"] for one in report["monitor"][0]["variableMonitoring"]] == [900]
        assert await system.ask("POST", "SetMonitoringLevel", {"severity": 2}) == {"status": "Accepted"}
        await write(system, 1000)
        assert not system.said("NotifyEvent")
        cleared = await system.ask("POST", "ClearVariableMonitoring", {"id": [1, 2]})
        assert [one["status"] for one in cleared["clearMonitoringResult"]] == ["Accepted", "NotFound"]
        assert await system.ask("POST", "GetMonitoringReport", {"requestId": 5}) == {"status": "EmptyResultSet"}
        await watch(system, "Delta", 1)
        assert await system.ask("POST", "SetMonitoringBase", {"monitoringBase": "FactoryDefault"}) == {
            "status": "Accepted"
        }
        assert await system.ask("POST", "GetMonitoringReport", {"requestId": 6}) == {"status": "EmptyResultSet"}
    assert system.faults == []


def message(number, priority="NormalCycle", text="Welcome", **more):
    return {"message": {"id": number, "priority": priority, "message": {"format": "UTF8", "content": text}, **more}}


@both
async def test_messages_are_shown(kit, protocol):
    """Set, listed, cleared; only one is always in front; a transaction it names must run."""
    async with kit.yard_of(post(protocol)) as (system, _):
        for body, expected in (
            (message(1, "AlwaysFront"), "Accepted"),
            (message(2, "AlwaysFront"), "Accepted"),
            (message(3, transactionId="nobody's"), "UnknownTransaction"),
            (message(4), "Accepted"),
        ):
            assert await system.ask("POST", "SetDisplayMessage", body) == {"status": expected}
        assert await system.ask("POST", "GetDisplayMessages", {"requestId": 1}) == {"status": "Accepted"}
        await system.until(lambda: bool(system.said("NotifyDisplayMessages")))
        (told,) = system.said("NotifyDisplayMessages")
        assert [one["id"] for one in told["messageInfo"]] == [2, 4]
        assert await system.ask("POST", "ClearDisplayMessage", {"id": 2}) == {"status": "Accepted"}
        assert await system.ask("POST", "ClearDisplayMessage", {"id": 2}) == {"status": "Unknown"}
        nothing = {"requestId": 2, "priority": "InFront"}
        assert await system.ask("POST", "GetDisplayMessages", nothing) == {"status": "Unknown"}
    assert system.faults == []


@both
async def test_customers_networks_and_cost(kit, protocol):
    """Customer information is told and cleared, a network profile of less security refused, a cost taken in."""
    card = {"idToken": "TAG1", "type": "ISO14443"}
    entries = [{"idToken": card, "idTokenInfo": {"status": "Accepted"}}]
    async with kit.yard_of(post(protocol)) as (system, yard):
        full = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": entries}
        await system.ask("POST", "SendLocalList", full)
        ask = {"requestId": 3, "report": True, "clear": True, "idToken": card}
        assert await system.ask("POST", "CustomerInformation", ask) == {"status": "Accepted"}
        await system.until(lambda: bool(system.said("NotifyCustomerInformation")))
        assert "TAG1" in system.said("NotifyCustomerInformation")[0]["data"]
        assert yard["POST"].cabinet.local_list.cards == {}
        nobody = {"requestId": 3, "report": True, "clear": False}
        assert await system.ask("POST", "CustomerInformation", nobody) == {"status": "Invalid"}
        connection = {
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": "wss://localhost",
            "messageTimeout": 30,
            "ocppInterface": "Wired0",
            "securityProfile": 2,
        }
        body = {"configurationSlot": 1, "connectionData": connection}
        assert await system.ask("POST", "SetNetworkProfile", body) == {"status": "Accepted"}
        connection["securityProfile"] = 0
        assert await system.ask("POST", "SetNetworkProfile", body) == {"status": "Rejected"}
        yard["POST"].plug_in(1, TRUCK)
        await system.until(lambda: bool(kit.samples(system, "POST")))
        charge = yard["POST"].cabinet.outlets[1].charge
        assert await system.ask("POST", "CostUpdated", {"totalCost": 4.5, "transactionId": charge.ref}) == {}
        assert charge.cost == 4.5
    assert system.faults == []


async def test_what_2_1_adds(kit):
    """Tariffs are kept, told and cleared; a limit is changed in place; the rest is refused in its own words."""
    tariff = {"tariffId": "T1", "currency": "MAD"}
    async with kit.yard_of(post(V21)) as (system, yard):
        ask = system.ask
        assert await ask("POST", "GetTariffs", {"evseId": 0}) == {"status": "NoTariff"}
        assert await ask("POST", "SetDefaultTariff", {"evseId": 1, "tariff": tariff}) == {"status": "Accepted"}
        again = await ask("POST", "SetDefaultTariff", {"evseId": 2, "tariff": tariff})
        assert again == {"status": "DuplicateTariffId"}
        told = await ask("POST", "GetTariffs", {"evseId": 0})
        assert told["tariffAssignments"] == [{"tariffId": "T1", "tariffKind": "DefaultTariff", "evseIds": [1]}]
        cleared = await ask("POST", "ClearTariffs", {"tariffIds": ["T1", "T2"]})
        assert [one["status"] for one in cleared["clearTariffsResult"]] == ["Accepted", "NoTariff"]
        profile = {"evseId": 0, "chargingProfile": kit.profile201(8, [(0, 10.0)])}
        assert (await ask("POST", "SetChargingProfile", profile))["status"] == "Accepted"
        update = {"chargingProfileId": 8, "scheduleUpdate": {"limit": 6.0}}
        assert await ask("POST", "UpdateDynamicSchedule", update) == {"status": "Accepted"}
        yard["POST"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "POST")) >= 2)
        assert yard["POST"].power_kw() == pytest.approx(4.14)
        ref = yard["POST"].cabinet.outlets[1].charge.ref
        use = {"transactionId": ref, "activate": True}
        assert await ask("POST", "UsePriorityCharging", use) == {"status": "NoProfile"}
        change = {"transactionId": "nobody's", "tariff": tariff}
        assert await ask("POST", "ChangeTransactionTariff", change) == {"status": "TxNotFound"}
        assert await ask(
            "POST", "RequestBatterySwap", {"idToken": {"idToken": "X", "type": "Central"}, "requestId": 1}
        ) == {"callError": "NotSupported"}
    assert system.faults == []
