import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from chargers.twin.spec import EvseSpec, Misbehaviour, StationSpec, Vehicle
from fleet.twin.battery import Battery

V16, V201 = "ocpp1.6", "ocpp2.0.1"
TRUCK = Vehicle("TAG1", Battery(capacity_kwh=300, ac_kw=22, dc_kw=150), soc=0.2)
both = pytest.mark.parametrize("protocol", [V16, V201])


def bad(protocol, *misbehaviours, **fields):
    return StationSpec("BAD", protocol, misbehaviours=frozenset(misbehaviours), **fields)


async def set_profile(kit, system, protocol, periods, evse=1, **fields):
    if protocol == V16:
        body = {"connectorId": evse, "csChargingProfiles": kit.profile16(1, periods, **fields)}
    else:
        body = {"evseId": evse, "chargingProfile": kit.profile201(1, periods, **fields)}
    answer = await system.ask("BAD", "SetChargingProfile", body)
    return answer.get("status", answer.get("callError"))


async def setting(system, protocol, key, component, name, instance=None):
    if protocol == V16:
        answer = await system.ask("BAD", "GetConfiguration", {"key": [key]})
        return answer["configurationKey"][0]["value"]
    variable = {"name": name} | ({"instance": instance} if instance else {})
    data = [{"component": {"name": component}, "variable": variable}]
    answer = await system.ask("BAD", "GetVariables", {"getVariableData": data})
    return answer["getVariableResult"][0]["attributeValue"]


@both
async def test_quiet_reconnect(kit, protocol):
    """No second BootNotification: two Heartbeats, what changed meanwhile, then the queued readings."""
    async with kit.yard_of(bad(protocol, Misbehaviour.QUIET_RECONNECT)) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 2)
        before = len(system.heard)
        yard["BAD"].drop_line(300)
        await system.until(lambda: not yard["BAD"].registered)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 8)
    later = [action for _, action, _ in system.heard[before:]]
    assert later.count("BootNotification") == 0
    assert "StatusNotification" not in later
    back = later.index("Heartbeat")
    assert later[back : back + 2] == ["Heartbeat", "Heartbeat"]
    assert later[back + 2] in {"MeterValues", "TransactionEvent"}


@both
@pytest.mark.parametrize(
    ("misbehaviour", "refused", "taken", "words"),
    [
        (Misbehaviour.WATTS_ONLY, "A", "W", {V16: "Power", V201: "W"}),
        (Misbehaviour.AMPS_ONLY, "W", "A", {V16: "Current", V201: "A"}),
    ],
)
async def test_one_unit_only(kit, protocol, misbehaviour, refused, taken, words):
    """Profiles in the other unit are Rejected, and the station says beforehand which unit it takes."""
    async with kit.yard_of(bad(protocol, misbehaviour)) as (system, _):
        said = await setting(
            system, protocol, "ChargingScheduleAllowedChargingRateUnit", "SmartChargingCtrlr", "RateUnit"
        )
        assert said == words[protocol]
        assert await set_profile(kit, system, protocol, [(0, 10.0)], unit=refused) == "Rejected"
        assert await set_profile(kit, system, protocol, [(0, 10.0)], unit=taken) == "Accepted"


@both
async def test_bare_composite(kit, protocol):
    """GetCompositeSchedule is Accepted without a schedule."""
    async with kit.yard_of(bad(protocol, Misbehaviour.BARE_COMPOSITE)) as (system, _):
        key = "connectorId" if protocol == V16 else "evseId"
        answer = await system.ask("BAD", "GetCompositeSchedule", {key: 1, "duration": 60})
    assert answer == {"status": "Accepted"}


@both
async def test_ignored_profiles(kit, protocol):
    """A profile is Accepted and reported as offered, and the vehicle draws what it likes."""
    async with kit.yard_of(bad(protocol, Misbehaviour.IGNORES_PROFILES)) as (system, yard):
        assert await set_profile(kit, system, protocol, [(0, 6.0)]) == "Accepted"
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 3)
    reading = kit.samples(system, "BAD")[2]
    assert reading["Power.Active.Import"] == pytest.approx(22_000)
    assert reading["Power.Offered"] == pytest.approx(4140)


@both
async def test_no_smart_charging(kit, protocol):
    """SetChargingProfile is answered with CALLERROR NotImplemented, and the line stays up."""
    async with kit.yard_of(bad(protocol, Misbehaviour.NO_SMART_CHARGING)) as (system, yard):
        assert await set_profile(kit, system, protocol, [(0, 6.0)]) == "NotImplemented"
        assert await system.ask("BAD", "ClearCache", {}) == {"status": "Accepted"}
        assert yard.tally.complaints == []


@both
async def test_repeats_itself(kit, protocol):
    """After a reconnect the last answered messages come again, and the end of a charge comes late and twice."""
    async with kit.yard_of(bad(protocol, Misbehaviour.REPEATS_ITSELF)) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 6)
        yard["BAD"].drop_line(10)
        await system.until(lambda: not yard["BAD"].registered)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 12)
        yard["BAD"].unplug(1)

        def ended():
            stops = system.said("StopTransaction")
            return stops + [body for body in system.said("TransactionEvent") if body["eventType"] == "Ended"]

        await system.until(lambda: len(ended()) == 2)
        first, second = ended()
        assert first == second
        late = yard["BAD"].now() - kit.datetime.fromisoformat(first["timestamp"])
        assert late >= timedelta(seconds=180)
    times = [one["at"] for one in kit.samples(system, "BAD")]
    assert len(set(times)) < len(times) - 2
    assert system.faults == []


async def test_integer_ids(kit):
    """Message ids are numbers, answers to them are understood."""
    async with kit.yard_of(bad(V16, Misbehaviour.INTEGER_IDS)) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: bool(system.said("MeterValues")))
    assert system.raw_ids[:3] == [1, 2, 3]


async def test_wrong_units_and_long_serials(kit):
    """A 1.6 schema refuses what these two send: the unit Hz and a serial number of 37 characters."""
    spec = bad(V16, Misbehaviour.WRONG_UNITS, Misbehaviour.LONG_SERIAL)
    async with kit.yard_of(spec) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(system.said("MeterValues")) >= 2)
    assert {fault.split(":")[0] for fault in system.faults} == {"BAD BootNotification", "BAD MeterValues"}
    assert len(system.said("BootNotification")[0]["chargePointSerialNumber"]) == 37
    assert "Hz" in str(system.said("MeterValues")[0])


@both
async def test_meter_values_every_15_seconds(kit, protocol):
    """The interval it was set to is accepted and makes no difference."""
    spec = bad(protocol, Misbehaviour.METER_EVERY_15S, meter_interval_seconds=300)
    async with kit.yard_of(spec, speed=300) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 5)
    times = [one["at"] for one in kit.samples(system, "BAD")]
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(seconds=15)}


@both
async def test_few_periods(kit, protocol):
    """Four periods are the most it takes, and it says so."""
    async with kit.yard_of(bad(protocol, Misbehaviour.FEW_PERIODS)) as (system, _):
        said = await setting(system, protocol, "ChargingScheduleMaxPeriods", "SmartChargingCtrlr", "PeriodsPerSchedule")
        assert said == "4"
        assert await set_profile(kit, system, protocol, [(n * 60, 10.0) for n in range(5)]) == "Rejected"
        assert await set_profile(kit, system, protocol, [(n * 60, 10.0) for n in range(4)]) == "Accepted"


@both
async def test_no_unlock_and_no_station_max(kit, protocol):
    """UnlockConnector fails in the words of the version; a profile for the whole station is Rejected."""
    spec = bad(protocol, Misbehaviour.NO_UNLOCK, Misbehaviour.NO_STATION_MAX)
    async with kit.yard_of(spec) as (system, _):
        body = {"connectorId": 1} if protocol == V16 else {"evseId": 1, "connectorId": 1}
        status = (await system.ask("BAD", "UnlockConnector", body))["status"]
        assert status == ("NotSupported" if protocol == V16 else "UnlockFailed")
        purpose = "ChargePointMaxProfile" if protocol == V16 else "ChargingStationMaxProfile"
        assert await set_profile(kit, system, protocol, [(0, 10.0)], 0, purpose=purpose) == "Rejected"
        assert await set_profile(kit, system, protocol, [(0, 10.0)], 0) == "Accepted"


@both
async def test_no_offered(kit, protocol):
    """Readings lack Power.Offered and Current.Offered."""
    async with kit.yard_of(bad(protocol, Misbehaviour.NO_OFFERED, evses=(EvseSpec(50, "DC"),))) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: bool(kit.samples(system, "BAD")))
    measurands = kit.samples(system, "BAD")[0].keys()
    assert "SoC" in measurands
    assert not any(name.endswith("Offered") for name in measurands)


@both
async def test_wrong_clock(kit, protocol):
    """Every time it stamps is three hours ahead."""
    async with kit.yard_of(bad(protocol, Misbehaviour.WRONG_CLOCK)) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: bool(kit.samples(system, "BAD")))
        ahead = kit.samples(system, "BAD")[0]["at"] - yard["BAD"].now()
    assert timedelta(hours=2, minutes=50) < ahead <= timedelta(hours=3)


@both
async def test_dies_on_abnormal_close(kit, protocol):
    """A cut line stops it for five minutes; then it boots anew with everything it measured."""
    async with kit.yard_of(bad(protocol, Misbehaviour.DIES_ON_ABNORMAL_CLOSE)) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 2)
        cut = yard["BAD"].now()
        system.lines["BAD"].transport.abort()
        await system.until(lambda: not yard["BAD"].registered)
        await system.until(lambda: len(system.said("BootNotification")) == 2)
        assert yard["BAD"].now() - cut >= timedelta(seconds=290)
        if protocol == V201:
            assert system.said("BootNotification")[1]["reason"] == "Watchdog"
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 9)
        await asyncio.sleep(0)
    times = [one["at"] for one in kit.samples(system, "BAD")][protocol == V201 :]
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(seconds=60)}
