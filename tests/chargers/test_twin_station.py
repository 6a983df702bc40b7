import asyncio
import base64
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from chargers.twin.spec import EvseSpec, StationSpec, Vehicle
from chargers.twin.station import SimStation
from chargers.twin.yard import run_stations
from fleet.twin.battery import Battery

V16, V201 = "ocpp1.6", "ocpp2.0.1"
TRUCK = Vehicle("TAG1", Battery(capacity_kwh=300, ac_kw=22, dc_kw=150), soc=0.2)
both = pytest.mark.parametrize("protocol", [V16, V201])


def station(protocol, **fields):
    return StationSpec("DEPOT-1", protocol, **fields)


def set_profile(kit, protocol, number, periods, evse=1, **fields):
    if protocol == V16:
        return {"connectorId": evse, "csChargingProfiles": kit.profile16(number, periods, **fields)}
    return {"evseId": evse, "chargingProfile": kit.profile201(number, periods, **fields)}


def starts(system, protocol):
    if protocol == V16:
        return system.said("StartTransaction")
    return [body for body in system.said("TransactionEvent") if body["eventType"] == "Started"]


def ends(system, protocol):
    if protocol == V16:
        return system.said("StopTransaction")
    return [body for body in system.said("TransactionEvent") if body["eventType"] == "Ended"]


def reason(body):
    return body["reason"] if "reason" in body else body["transactionInfo"]["stoppedReason"]


@both
async def test_a_whole_charge(kit, protocol):
    """Boot, status, authorize, start, a reading a minute, stop: every message valid, the meter equal to the battery."""
    async with kit.yard_of(station(protocol, evses=(EvseSpec(50, "DC"),))) as (system, yard):
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "DEPOT-1")) >= 8)
        left = yard["DEPOT-1"].unplug(1)
        await system.until(lambda: bool(ends(system, protocol)))
        await system.until(lambda: yard["DEPOT-1"].waiting == 0)
    assert system.faults == []
    assert yard.tally.complaints == []
    order = list(dict.fromkeys(action for _, action, _ in system.heard if action != "Heartbeat"))
    begin = "StartTransaction" if protocol == V16 else "TransactionEvent"
    assert order[:4] == ["BootNotification", "StatusNotification", "Authorize", begin]
    readings = kit.samples(system, "DEPOT-1")
    periodic = [one["at"] for one in readings][protocol == V201 : -1]
    assert {later - earlier for earlier, later in pairwise(periodic)} == {timedelta(seconds=60)}
    assert readings[-1]["Energy.Active.Import.Register"] == pytest.approx(left.grid_kwh * 1000, abs=0.51)
    assert readings[-1]["SoC"] == pytest.approx(left.soc * 100, abs=0.06)
    assert readings[1]["Power.Active.Import"] == pytest.approx(50_000, abs=1)
    assert reason(ends(system, protocol)[0]) == "EVDisconnected"
    states = [body.get("status", body.get("connectorStatus")) for body in system.said("StatusNotification")]
    assert states[-1] == "Available"


@both
async def test_limits_are_obeyed_over_time(kit, protocol):
    """Under a schedule that steps up and down, every reading's power is what the step in force allows."""
    periods = [(0, 6.0), (300, 16.0), (600, 0.0), (900, 32.0)]
    async with kit.yard_of(station(protocol)) as (system, yard):
        answer = await system.ask("DEPOT-1", "SetChargingProfile", set_profile(kit, protocol, 1, periods, 0))
        assert answer["status"] == "Accepted"
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "DEPOT-1")) >= 19)
    for reading in kit.samples(system, "DEPOT-1"):
        second = (reading["at"] - kit.START).total_seconds()
        amps = [limit for start, limit in periods if start <= second][-1]
        assert reading["Power.Active.Import"] == pytest.approx(min(amps * 690, 22_000), abs=1)
        assert reading["Power.Offered"] == pytest.approx(min(amps * 690, 22_000), abs=1)
    assert system.faults == []


@both
async def test_a_lost_line_loses_no_reading_and_repeats_none(kit, protocol):
    """What was measured and ended while the line was down arrives after it, once each, with the times of then."""
    async with kit.yard_of(station(protocol)) as (system, yard):
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "DEPOT-1")) >= 3)
        yard["DEPOT-1"].drop_line(2400)
        await system.until(lambda: not yard["DEPOT-1"].registered)
        gone = len(kit.samples(system, "DEPOT-1"))
        await system.until(lambda: yard["DEPOT-1"].waiting > 5)  # measured offline, however slow the machine
        yard["DEPOT-1"].unplug(1)
        await system.until(lambda: bool(ends(system, protocol)))
    times = [one["at"] for one in kit.samples(system, "DEPOT-1")][protocol == V201 : -1]
    assert len(times) > gone + 4
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(seconds=60)}
    assert len(ends(system, protocol)) == len(starts(system, protocol)) == 1
    if protocol == V201:
        assert [body["seqNo"] for body in system.said("TransactionEvent")] == list(range(len(times) + 2))
        assert ends(system, protocol)[0]["offline"] is True
    else:
        assert {body["transactionId"] for body in system.said("MeterValues")} == {1}
    assert system.faults == []


async def test_an_offline_start_gets_its_id_late(kit):
    """1.6: a charge begun without a line sends its readings under the id its StartTransaction was answered with."""
    async with kit.yard_of(station(V16)) as (system, yard):
        yard["DEPOT-1"].drop_line(600)
        await system.until(lambda: not yard["DEPOT-1"].registered)
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: len(system.said("MeterValues")) >= 5)
    (start,) = system.said("StartTransaction")
    assert datetime.fromisoformat(start["timestamp"]) < kit.START + timedelta(seconds=600)
    assert {body["transactionId"] for body in system.said("MeterValues")} == {1}
    assert system.said("Authorize") == []


async def test_a_profile_right_behind_the_start(kit):
    """1.6: a TxProfile in the same packet as the StartTransaction.conf that names its transaction is taken."""
    async with kit.yard_of(station(V16)) as (system, yard):
        system.behind["StartTransaction"] = (
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": kit.profile16(1, [(0, 6.0)], purpose="TxProfile", transaction=1)},
        )
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: bool(system.said("MeterValues")))
        assert system.behind_answers == [{"status": "Accepted"}]
        assert yard["DEPOT-1"].power_kw() == pytest.approx(4.14)


@both
async def test_a_message_without_an_answer_is_sent_again(kit, protocol):
    """A transaction message whose answer the line took with it is repeated after the reconnect."""
    action = "StartTransaction" if protocol == V16 else "TransactionEvent"
    async with kit.yard_of(station(protocol)) as (system, yard):
        system.swallow.add(action)
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: bool(starts(system, protocol)))
        system.swallow.clear()
        yard["DEPOT-1"].drop_line(30)
        await system.until(lambda: len(kit.samples(system, "DEPOT-1")) >= 3)
    first, second = starts(system, protocol)
    assert first == second


@both
async def test_pending_and_rejected_stations_wait(kit, protocol):
    """Nothing but BootNotification is sent until it is Accepted; a triggered one comes at once."""
    async with kit.yard_of(station(protocol), speed=60, boot_status=["Pending", "Rejected"]) as (system, yard):
        await system.until(lambda: len(system.said("BootNotification")) == 1)
        answer = await system.ask("DEPOT-1", "TriggerMessage", {"requestedMessage": "BootNotification"})
        assert answer == {"status": "Accepted"}
        await system.until(lambda: yard["DEPOT-1"].registered)
    actions = [action for _, action, _ in system.heard]
    assert actions[:3] == ["BootNotification"] * 3
    assert actions[3] == "StatusNotification"


@both
async def test_a_refused_token_stops_the_charge(kit, protocol):
    """A token that Authorize accepts and the start refuses is stopped as DeAuthorized."""
    verdicts = iter(["Accepted", "Blocked"])
    accept = lambda token: next(verdicts, "Blocked")  # noqa: E731
    async with kit.yard_of(station(protocol), accept=accept) as (system, yard):
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: bool(ends(system, protocol)))
    assert reason(ends(system, protocol)[0]) == "DeAuthorized"


@both
async def test_remote_start_and_stop(kit, protocol):
    """A vehicle whose token is blocked charges by remote start and stops by remote stop, and does not start again."""
    async with kit.yard_of(station(protocol), accept=lambda token: "Accepted" if token == "OPS" else "Blocked") as (
        system,
        yard,
    ):
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: bool(system.said("Authorize")))
        if protocol == V16:
            ask = "RemoteStartTransaction", {"connectorId": 1, "idTag": "OPS"}
        else:
            token = {"idToken": "OPS", "type": "Central"}
            ask = "RequestStartTransaction", {"evseId": 1, "idToken": token, "remoteStartId": 5}
        assert await system.ask("DEPOT-1", *ask) == {"status": "Accepted"}
        await system.until(lambda: bool(kit.samples(system, "DEPOT-1")))
        if protocol == V16:
            ask = "RemoteStopTransaction", {"transactionId": 1}
        else:
            started = starts(system, protocol)[0]["transactionInfo"]
            assert started["remoteStartId"] == 5
            ask = "RequestStopTransaction", {"transactionId": started["transactionId"]}
        assert await system.ask("DEPOT-1", *ask) == {"status": "Accepted"}
        assert await system.ask("DEPOT-1", *ask) == {"status": "Rejected"}
        await system.until(lambda: bool(ends(system, protocol)))
        assert yard["DEPOT-1"].status(1) == "Finishing"
    assert reason(ends(system, protocol)[0]) == "Remote"
    assert system.faults == []


@both
@pytest.mark.parametrize("kind", ["gentle", "hard"])
async def test_reset_ends_everything_and_comes_back(kit, protocol, kind):
    """A reset ends the transaction, closes the line, boots again, and the waiting truck charges anew."""
    kinds = {V16: {"gentle": "Soft", "hard": "Hard"}, V201: {"gentle": "OnIdle", "hard": "Immediate"}}
    reasons = {"Soft": "SoftReset", "Hard": "HardReset", "OnIdle": "Reboot", "Immediate": "ImmediateReset"}
    async with kit.yard_of(station(protocol)) as (system, yard):
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: bool(kit.samples(system, "DEPOT-1")))
        word = kinds[protocol][kind]
        assert await system.ask("DEPOT-1", "Reset", {"type": word}) == {"status": "Accepted"}
        await system.until(lambda: len(starts(system, protocol)) == 2)
    assert [reason(body) for body in ends(system, protocol)] == [reasons[word]]
    boots = system.said("BootNotification")
    assert len(boots) == 2
    if protocol == V201:
        assert [body["reason"] for body in boots] == ["PowerUp", "RemoteReset"]


async def test_configuration_keys(kit):
    """1.6 keys are read and written by name; unknown, read-only, secret and malformed ones are told apart."""
    async with kit.yard_of(station(V16)) as (system, yard):

        async def change(key, value):
            return (await system.ask("DEPOT-1", "ChangeConfiguration", {"key": key, "value": value}))["status"]

        assert await change("meterValueSampleInterval", "30") == "Accepted"
        assert await change("MeterValuesSampledData", "Energy.Active.Import.Register") == "Accepted"
        assert await change("NumberOfConnectors", "5") == "Rejected"
        assert await change("HeartbeatInterval", "soon") == "Rejected"
        assert await change("NoSuchKey", "1") == "NotSupported"
        answer = await system.ask("DEPOT-1", "GetConfiguration", {"key": ["MeterValueSampleInterval", "Nope"]})
        assert answer["configurationKey"][0]["value"] == "30"
        assert answer["unknownKey"] == ["Nope"]
        everything = await system.ask("DEPOT-1", "GetConfiguration", {})
        assert "AuthorizationKey" not in {one["key"] for one in everything["configurationKey"]}
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "DEPOT-1")) >= 3)
        assert await change("AuthorizationKey", "new secret") == "Accepted"
        await system.until(lambda: len(system.said("BootNotification")) == 2)
    first, second, *_ = kit.samples(system, "DEPOT-1")
    assert second["at"] - first["at"] == timedelta(seconds=30)
    assert first.keys() == {"at", "Energy.Active.Import.Register"}
    credentials = base64.b64encode(b"DEPOT-1:new secret").decode()
    assert system.headers["DEPOT-1"]["Authorization"] == f"Basic {credentials}"


async def test_device_model(kit):
    """2.0.1 variables are read, written and reported in parts; unknown component and variable are told apart."""
    async with kit.yard_of(station(V201)) as (system, _):

        def named(component, name, **more):
            return {"component": {"name": component}, "variable": {"name": name}, **more}

        data = [
            named("SampledDataCtrlr", "TxUpdatedInterval"),
            named("SampledDataCtrlr", "Nope"),
            named("Nope", "Nope"),
            named("SecurityCtrlr", "BasicAuthPassword"),
        ]
        answer = await system.ask("DEPOT-1", "GetVariables", {"getVariableData": data})
        results = [one["attributeStatus"] for one in answer["getVariableResult"]]
        assert results == ["Accepted", "UnknownVariable", "UnknownComponent", "Rejected"]
        data = [
            named("SampledDataCtrlr", "TxUpdatedInterval", attributeValue="15"),
            named("ChargingStation", "Model", attributeValue="Other"),
        ]
        answer = await system.ask("DEPOT-1", "SetVariables", {"setVariableData": data})
        assert [one["attributeStatus"] for one in answer["setVariableResult"]] == ["Accepted", "Rejected"]
        ask = {"requestId": 9, "reportBase": "FullInventory"}
        assert await system.ask("DEPOT-1", "GetBaseReport", ask) == {"status": "Accepted"}
        await system.until(lambda: any(not part["tbc"] for part in system.said("NotifyReport")))
    parts = system.said("NotifyReport")
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    values = {
        (one["component"]["name"], one["variable"]["name"]): one["variableAttribute"][0].get("value")
        for part in parts
        for one in part["reportData"]
    }
    assert values["SampledDataCtrlr", "TxUpdatedInterval"] == "15"
    assert values["SmartChargingCtrlr", "RateUnit"] == "A,W"
    assert values["SecurityCtrlr", "BasicAuthPassword"] is None
    assert system.faults == []


@both
async def test_profiles_are_read_back_and_cleared(kit, protocol):
    """GetCompositeSchedule tells what was set, in the unit asked for; clearing it gives the hardware's maximum back."""
    key = "connectorId" if protocol == V16 else "evseId"
    async with kit.yard_of(station(protocol)) as (system, _):

        async def composite(unit):
            body = {key: 1, "duration": 600, "chargingRateUnit": unit}
            answer = await system.ask("DEPOT-1", "GetCompositeSchedule", body)
            schedule = answer["chargingSchedule" if protocol == V16 else "schedule"]
            assert schedule["chargingRateUnit"] == unit
            return [period["limit"] for period in schedule["chargingSchedulePeriod"]]

        await system.ask("DEPOT-1", "SetChargingProfile", set_profile(kit, protocol, 4, [(0, 10.0)]))
        assert await composite("A") == [10.0]
        assert await composite("W") == [6900.0]
        if protocol == V201:
            ask = {"requestId": 3, "chargingProfile": {"chargingProfileId": [4]}}
            assert await system.ask("DEPOT-1", "GetChargingProfiles", ask) == {"status": "Accepted"}
            await system.until(lambda: bool(system.said("ReportChargingProfiles")))
        clear = {"id": 4} if protocol == V16 else {"chargingProfileId": 4}
        assert await system.ask("DEPOT-1", "ClearChargingProfile", clear) == {"status": "Accepted"}
        assert await system.ask("DEPOT-1", "ClearChargingProfile", clear) == {"status": "Unknown"}
        assert await composite("W") == [22_000.0]
    assert system.faults == []


@both
async def test_other_orders(kit, protocol):
    """Trigger, unlock, availability, data transfer and cache are answered, and do what they say."""
    on_one = {"connectorId": 1} if protocol == V16 else {"evse": {"id": 1}}
    async with kit.yard_of(station(protocol)) as (system, yard):
        told = len(system.said("StatusNotification"))
        ask = {"requestedMessage": "StatusNotification", **on_one}
        assert await system.ask("DEPOT-1", "TriggerMessage", ask) == {"status": "Accepted"}
        await system.until(lambda: len(system.said("StatusNotification")) == told + 1)
        ask = {"requestedMessage": "MeterValues", **on_one}
        assert await system.ask("DEPOT-1", "TriggerMessage", ask) == {"status": "Accepted"}
        await system.until(lambda: bool(system.said("MeterValues")))
        ask = {"requestedMessage": "FirmwareStatusNotification"}
        assert await system.ask("DEPOT-1", "TriggerMessage", ask) == {"status": "Accepted"}
        await system.until(lambda: bool(system.said("FirmwareStatusNotification")))
        assert system.said("FirmwareStatusNotification") == [{"status": "Idle"}]
        ask = {"connectorId": 1} if protocol == V16 else {"evseId": 1, "connectorId": 1}
        assert await system.ask("DEPOT-1", "UnlockConnector", ask) == {"status": "Unlocked"}
        if protocol == V16:
            ask = {"connectorId": 1, "type": "Inoperative"}
        else:
            ask = {"evse": {"id": 1}, "operationalStatus": "Inoperative"}
        assert await system.ask("DEPOT-1", "ChangeAvailability", ask) == {"status": "Accepted"}
        assert yard["DEPOT-1"].status(1) == "Unavailable"
        ask = {"vendorId": "Somebody"}
        assert await system.ask("DEPOT-1", "DataTransfer", ask) == {"status": "UnknownVendorId"}
        assert await system.ask("DEPOT-1", "ClearCache", {}) == {"status": "Accepted"}
        assert await system.ask("DEPOT-1", "GetLog" if protocol == V201 else "GetDiagnostics", {}) != {}
    assert system.faults == []


@both
async def test_a_silent_station_charges_on(kit, protocol):
    """Silence keeps the line but answers nothing; afterwards every reading of the time arrives."""
    async with kit.yard_of(station(protocol)) as (system, yard):
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await system.until(lambda: bool(kit.samples(system, "DEPOT-1")))
        yard["DEPOT-1"].go_silent(600)
        heard = len(system.heard)
        question = asyncio.create_task(system.ask("DEPOT-1", "ClearCache", {}))
        await asyncio.sleep(0.3)
        assert len(system.heard) <= heard + 1, "one call may have been under way"
        assert not question.done()
        question.cancel()
        await system.until(lambda: len(kit.samples(system, "DEPOT-1")) >= 12)
    times = [one["at"] for one in kit.samples(system, "DEPOT-1")][protocol == V201 :]
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(seconds=60)}


async def test_a_fault_is_told_with_its_code(kit):
    """1.6: a known code goes as errorCode, a vendor's own as OtherError with vendorErrorCode."""
    async with kit.yard_of(station(V16)) as (system, yard):
        yard["DEPOT-1"].set_fault(1, "GroundFailure")
        await system.until(lambda: system.said("StatusNotification")[-1]["status"] == "Faulted")
        yard["DEPOT-1"].clear_fault(1)
        await system.until(lambda: system.said("StatusNotification")[-1]["status"] == "Available")
        yard["DEPOT-1"].set_fault(1, "E-4711")
        await system.until(lambda: system.said("StatusNotification")[-1]["status"] == "Faulted")
    codes = [body["errorCode"] for body in system.said("StatusNotification") if body["status"] == "Faulted"]
    assert codes == ["GroundFailure", "OtherError"]
    assert system.said("StatusNotification")[-1]["vendorErrorCode"] == "E-4711"
    assert system.faults == []


async def test_one_broken_station_leaves_the_others(kit):
    """A station that raises is noted and started again later; the rest go on charging."""
    clock = kit.FastClock(600)
    specs = [StationSpec("GOOD"), StationSpec("BAD")]
    async with (
        kit.central(clock) as system,
        run_stations(specs, url=system.url, clock=clock, pace=clock.wall) as yard,
    ):
        await system.until(lambda: yard.registered == 2)
        yard["BAD"].cabinet.outlets.clear()
        yard["BAD"].stir()
        yard["GOOD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "GOOD")) >= 2)
        assert yard["GOOD"].registered
        assert yard.tally.errors[0].startswith("BAD: ")


async def test_bad_answers_are_complained_about(kit):
    """Results that break the schema, CALLERRORs and foreign frames end up in the complaints, not in a crash."""
    async with kit.yard_of(station(V16)) as (system, yard):
        socket = system.lines["DEPOT-1"]
        for frame in (
            "nonsense",
            '[3,"nobody-asked",{}]',
            '[2,"s1","Reset",{"type":"Warp"}]',
            '[2,"s2","NoAction",{}]',
        ):
            await socket.send(frame)
        await system.until(lambda: len(yard.tally.complaints) == 4)
        system.swallow.add("Heartbeat")
        await system.until(lambda: bool(system.said("Heartbeat")))
        message_id = system.raw_ids[-1]
        await socket.send(f'[3,"{message_id}",{{"currentTime":5}}]')
        await system.until(lambda: len(yard.tally.complaints) == 5)
        assert yard["DEPOT-1"].registered
    no_message, unasked, reset, unknown, schema = yard.tally.complaints
    assert "no OCPP message" in no_message
    assert "never made" in unasked
    assert "Reset" in reset
    assert "NoAction" in unknown
    assert "result of Heartbeat breaks its schema" in schema


async def test_a_server_that_is_not_there_is_tried_again(kit):
    """Nobody listening is counted as a refusal, without an end to trying."""
    clock = kit.FastClock(600)
    lonely = SimStation(StationSpec("LONELY"), clock=clock, url="ws://127.0.0.1:9", pace=clock.wall)
    task = asyncio.create_task(lonely.run())
    await kit.Central(clock).until(lambda: lonely.tally.refusals["unreachable"] >= 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not lonely.registered


@both
async def test_a_server_that_restarts_is_found_again(kit, protocol):
    """Another server on the same port, knowing nothing, gets every reading the first one did not answer."""
    clock = kit.FastClock(1200)
    specs = [station(protocol)]
    async with kit.central(clock) as first:
        runner = run_stations(specs, url=first.url, clock=clock, pace=clock.wall)
        yard = await runner.__aenter__()
        await first.until(lambda: yard.registered == 1)
        yard["DEPOT-1"].plug_in(1, TRUCK)
        await first.until(lambda: len(kit.samples(first, "DEPOT-1")) >= 3)
    await asyncio.sleep(0.2)
    async with kit.central(clock, port=int(first.url.split(":")[2].split("/")[0])) as second:
        await second.until(lambda: len(kit.samples(second, "DEPOT-1")) >= 6)
        assert second.said("BootNotification")
        await runner.__aexit__(None, None, None)
    times = sorted({one["at"] for server in (first, second) for one in kit.samples(server, "DEPOT-1")})
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(seconds=60)}
    assert yard.tally.errors == []


async def test_a_protocol_the_server_does_not_speak(kit):
    """No common subprotocol: the station complains and hangs up."""
    clock = kit.FastClock(600)
    spec = StationSpec("OLD", "ocpp2.0.1")
    async with (
        kit.central(clock, protocols=["ocpp1.6"]) as system,
        run_stations([spec], url=system.url, clock=clock, pace=clock.wall) as yard,
    ):
        await system.until(lambda: bool(yard.tally.complaints or yard.tally.failures))
        assert not yard["OLD"].registered
