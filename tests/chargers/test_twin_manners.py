"""The rarer bad manners of the twin's stations, each seen from the other side of the wire."""

from datetime import timedelta
from itertools import pairwise

import pytest

from chargers.twin.spec import Misbehaviour, StationSpec, Vehicle
from chargers.twin.spoiling import STRAY_TRANSACTION
from fleet.twin.battery import Battery

V16, V201 = "ocpp1.6", "ocpp2.0.1"
TRUCK = Vehicle("TAG1", Battery(capacity_kwh=300, ac_kw=22, dc_kw=150), soc=0.2)
both = pytest.mark.parametrize("protocol", [V16, V201])


def bad(protocol, *misbehaviours, **fields):
    return StationSpec("BAD", protocol, misbehaviours=frozenset(misbehaviours), **fields)


async def set_profile(kit, system, protocol, periods, evse=1, **fields):
    kind = fields.pop("kind", "Absolute")
    if protocol == V16:
        profile = kit.profile16(1, periods, **fields)
        body, schedules = {"connectorId": evse, "csChargingProfiles": profile}, [profile["chargingSchedule"]]
    else:
        profile = kit.profile201(1, periods, **fields)
        body, schedules = {"evseId": evse, "chargingProfile": profile}, profile["chargingSchedule"]
    profile["chargingProfileKind"] = kind
    if kind == "Relative":
        for schedule in schedules:
            del schedule["startSchedule"]
    answer = await system.ask("BAD", "SetChargingProfile", body)
    return answer.get("status", answer.get("callError"))


async def write(system, protocol, key, component, name, value):
    if protocol == V16:
        return (await system.ask("BAD", "ChangeConfiguration", {"key": key, "value": value}))["status"]
    place = {"component": {"name": component}, "variable": {"name": name}}
    answer = await system.ask("BAD", "SetVariables", {"setVariableData": [{**place, "attributeValue": value}]})
    return answer["setVariableResult"][0]["attributeStatus"]


def ends(system):
    ended = [body for body in system.said("TransactionEvent") if body["eventType"] == "Ended"]
    return system.said("StopTransaction") + ended


@both
async def test_short_back_off(kit, protocol):
    """It tries again after 1, 2, 4 and 4 s, boots and tells that it charges before it replays."""
    async with kit.yard_of(bad(protocol, Misbehaviour.SHORT_BACK_OFF)) as (system, yard):
        dialer = yard["BAD"].dialer
        assert [dialer.back_off(attempt) for attempt in range(4)] == [1.0, 2.0, 4.0, 4.0]
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 2)
        before = len(system.heard)
        yard["BAD"].drop_line(240)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 6)
    later = [(action, body) for _, action, body in system.heard[before:]]
    booted = [action for action, _ in later].index("BootNotification")
    news = later[booted + 1 : booted + 3] if protocol == V16 else later[booted + 1 : booted + 2]
    assert {action for action, _ in news} == {"StatusNotification"}
    assert news[-1][1].get("status", "Charging") == "Charging"
    assert later[booted + 1 + len(news)][0] in {"MeterValues", "TransactionEvent"}


@both
@pytest.mark.parametrize(
    ("manner", "frame"),
    [
        (Misbehaviour.DIES_ON_UNKNOWN_RESULT, '[3,"nobody-asked",{}]'),
        (Misbehaviour.DIES_ON_CALLERROR, None),
    ],
)
async def test_deadly_frames(kit, protocol, manner, frame):
    """It falls silent at the frame it cannot bear, and its watchdog brings it back after five minutes."""
    async with kit.yard_of(bad(protocol, manner)) as (system, yard):
        if frame is None:
            system.swallow.add("Heartbeat")
            await system.until(lambda: bool(system.said("Heartbeat")))
            frame = f'[4,"{system.raw_ids[-1]}","InternalError","",{{}}]'
            system.swallow.clear()
        died = yard["BAD"].now()
        await system.lines["BAD"].send(frame)
        await system.until(lambda: len(system.said("BootNotification")) == 2)
        assert yard["BAD"].now() - died >= timedelta(seconds=290)


@both
async def test_minus_one(kit, protocol):
    """Idle, its composite schedule is -1 over -1 phases; while it charges it is a true one. It takes 24 periods."""
    key = "connectorId" if protocol == V16 else "evseId"
    async with kit.yard_of(bad(protocol, Misbehaviour.MINUS_ONE)) as (system, yard):
        idle = await system.ask("BAD", "GetCompositeSchedule", {key: 1, "duration": 60})
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 1)
        charging = await system.ask("BAD", "GetCompositeSchedule", {key: 1, "duration": 60})
        assert await set_profile(kit, system, protocol, [(n * 60, 9.0) for n in range(25)]) == "Rejected"
        assert await set_profile(kit, system, protocol, [(n * 60, 9.0) for n in range(24)]) == "Accepted"
    name = "chargingSchedule" if protocol == V16 else "schedule"
    assert idle[name]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": -1.0, "numberPhases": -1}]
    assert charging[name]["chargingSchedulePeriod"][0]["limit"] == pytest.approx(22_000)


@pytest.mark.parametrize(("manners", "expected"), [((), "Accepted"), ((Misbehaviour.FUSSY_MAXIMUM,), "Rejected")])
async def test_fussy_maximum(kit, manners, expected):
    """A Relative maximum: 1.6 allows it, this one refuses it."""
    async with kit.yard_of(bad(V16, *manners)) as (system, _):
        fields = {"purpose": "ChargePointMaxProfile", "kind": "Relative"}
        assert await set_profile(kit, system, V16, [(0, 10.0)], 0, **fields) == expected


async def test_tenths_only(kit):
    """10.55 A is Rejected, 10.5 A is not (1.6 schemas refuse the first before it is sent)."""
    async with kit.yard_of(bad(V201, Misbehaviour.TENTHS_ONLY)) as (system, _):
        assert await set_profile(kit, system, V201, [(0, 10.55)]) == "Rejected"
        assert await set_profile(kit, system, V201, [(0, 10.5)]) == "Accepted"


@both
async def test_vendor_key(kit, protocol):
    """No profile is taken; its own setting holds the current down."""
    async with kit.yard_of(bad(protocol, Misbehaviour.VENDOR_KEY)) as (system, yard):
        assert await set_profile(kit, system, protocol, [(0, 6.0)]) == "NotSupported"
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 2)
        assert yard["BAD"].power_kw() == pytest.approx(22)
        place = ("MaxChargingCurrent", "VendorCtrlr", "MaxChargingCurrent")
        assert await write(system, protocol, *place, "10") == "Accepted"
        assert yard["BAD"].power_kw() == pytest.approx(6.9)


@both
async def test_trips_offline(kit, protocol):
    """Without its line it charges unbridled after a minute, trips after three, and charges again when it is back."""
    async with kit.yard_of(bad(protocol, Misbehaviour.TRIPS_OFFLINE)) as (system, yard):
        twin = yard["BAD"]
        assert await set_profile(kit, system, protocol, [(0, 6.0)], 0) == "Accepted"
        twin.plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 2)
        assert twin.power_kw() == pytest.approx(4.14)
        twin.drop_line(400)
        await system.until(lambda: not twin.registered)
        await system.until(lambda: twin.power_kw() > 20)
        await system.until(lambda: twin.status(1) == "Faulted")
        await system.until(lambda: bool(ends(system)))
        await system.until(lambda: twin.registered and twin.power_kw() == pytest.approx(4.14))


@both
async def test_two_phases(kit, protocol):
    """Under 16 A per phase it draws 16 A, but on two phases only."""
    async with kit.yard_of(bad(protocol, Misbehaviour.TWO_PHASES)) as (system, yard):
        assert await set_profile(kit, system, protocol, [(0, 16.0)], 0) == "Accepted"
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 3)
    reading = kit.samples(system, "BAD")[2]
    assert reading["Power.Active.Import"] == pytest.approx(16 * 230 * 2, abs=1)
    assert reading["Current.Import"] == pytest.approx(16.0, abs=0.1)


@both
async def test_sleeps_at_zero(kit, protocol):
    """Paused to 0 A and given 16 A again it sleeps on; unplugged and plugged in it wakes."""
    async with kit.yard_of(bad(protocol, Misbehaviour.SLEEPS_AT_ZERO)) as (system, yard):
        twin = yard["BAD"]
        twin.plug_in(1, TRUCK)
        await system.until(lambda: twin.power_kw() > 20)
        assert await set_profile(kit, system, protocol, [(0, 0.0)], 0) == "Accepted"
        await system.until(lambda: twin.status(1) == "SuspendedEVSE")
        assert await set_profile(kit, system, protocol, [(0, 16.0)], 0) == "Accepted"
        await system.until(lambda: twin.status(1) == "SuspendedEV")
        assert twin.power_kw() == 0
        twin.unplug(1)
        twin.plug_in(1, TRUCK)
        await system.until(lambda: twin.power_kw() == pytest.approx(11.04))


@both
async def test_unlimited_start(kit, protocol):
    """Under a default of 6 A it draws all it can, until a TxProfile for its transaction came."""
    async with kit.yard_of(bad(protocol, Misbehaviour.UNLIMITED_START)) as (system, yard):
        twin = yard["BAD"]
        assert await set_profile(kit, system, protocol, [(0, 6.0)], 0) == "Accepted"
        twin.plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 2)
        assert twin.power_kw() == pytest.approx(22)
        ref = twin.cabinet.outlets[1].charge.ref
        fields = {"purpose": "TxProfile", "transaction": int(ref) if protocol == V16 else ref, "level": 1}
        assert await set_profile(kit, system, protocol, [(0, 8.0)], **fields) == "Accepted"
        assert twin.power_kw() == pytest.approx(5.52)


@both
async def test_float_ids_and_vendor_words(kit, protocol):
    """1.0 for connector 1, a measurand and a reason nobody knows: all against the schemas."""
    spec = bad(protocol, Misbehaviour.FLOAT_IDS, Misbehaviour.VENDOR_WORDS)
    async with kit.yard_of(spec) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 2)
        yard["BAD"].unplug(1)
        await system.until(lambda: bool(ends(system)))
    status = system.said("StatusNotification")[-1]
    assert isinstance(status["connectorId"], float)
    assert "Vendor.InletTemperature" in kit.samples(system, "BAD")[1]
    (end,) = ends(system)
    assert "VendorTimeout" in (end.get("reason"), end.get("transactionInfo", {}).get("stoppedReason"))
    assert system.faults


@both
async def test_forgets_stop(kit, protocol):
    """The vehicle leaves, and nobody is told that its transaction ended."""
    async with kit.yard_of(bad(protocol, Misbehaviour.FORGETS_STOP)) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 2)
        yard["BAD"].unplug(1)
        await system.until(lambda: yard["BAD"].waiting == 0)
        told = len(system.heard)
        await system.until(lambda: len(system.heard) > told)
    assert ends(system) == []


@both
async def test_stops_unknown(kit, protocol):
    """On each line the same end of the same transaction nobody heard of."""
    async with kit.yard_of(bad(protocol, Misbehaviour.STOPS_UNKNOWN)) as (system, yard):
        await system.until(lambda: len(ends(system)) == 1)
        yard["BAD"].drop_line(5)
        await system.until(lambda: len(ends(system)) == 2)
    first, second = ends(system)
    assert first == second
    assert str(STRAY_TRANSACTION) in str(first)
    assert system.faults == []


async def test_overflows(kit):
    """A long value is Accepted, and from then on it has 1,850,000,000 connectors."""
    async with kit.yard_of(bad(V16, Misbehaviour.OVERFLOWS)) as (system, _):
        assert await write(system, V16, "MeterValuesSampledData", "", "", "Voltage," * 30) == "Accepted"
        answer = await system.ask("BAD", "GetConfiguration", {"key": ["NumberOfConnectors"]})
    assert answer["configurationKey"][0]["value"] == "1850000000"


@both
async def test_one_measurand(kit, protocol):
    """Two are Rejected, one is not."""
    async with kit.yard_of(bad(protocol, Misbehaviour.ONE_MEASURAND)) as (system, _):
        place = ("MeterValuesSampledData", "SampledDataCtrlr", "TxUpdatedMeasurands")
        assert await write(system, protocol, *place, "Voltage,Current.Import") == "Rejected"
        assert await write(system, protocol, *place, "Voltage") == "Accepted"


@both
async def test_no_connector_zero(kit, protocol):
    """A default for all is Rejected, one for connector 1 is not."""
    async with kit.yard_of(bad(protocol, Misbehaviour.NO_CONNECTOR_ZERO)) as (system, _):
        assert await set_profile(kit, system, protocol, [(0, 10.0)], 0) == "Rejected"
        assert await set_profile(kit, system, protocol, [(0, 10.0)], 1) == "Accepted"


@both
async def test_answers_late(kit, protocol):
    """Forty seconds pass before an answer, and its own messages go on meanwhile."""
    async with kit.yard_of(bad(protocol, Misbehaviour.ANSWERS_LATE), speed=120) as (system, yard):
        asked = yard["BAD"].now()
        assert await system.ask("BAD", "ClearCache", {}) == {"status": "Accepted"}
        assert timedelta(seconds=39) < yard["BAD"].now() - asked < timedelta(seconds=80)


@both
async def test_reboots(kit, protocol):
    """It restarts every five minutes."""
    async with kit.yard_of(bad(protocol, Misbehaviour.REBOOTS)) as (system, _):
        await system.until(lambda: len(system.said("BootNotification")) == 4)


@both
async def test_replays_backwards(kit, protocol):
    """What was metered offline comes newest first, and all of it."""
    async with kit.yard_of(bad(protocol, Misbehaviour.REPLAYS_BACKWARDS)) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 2)
        yard["BAD"].drop_line(400)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 9)
    times = [one["at"] for one in kit.samples(system, "BAD")]
    assert any(later < earlier for earlier, later in pairwise(times))
    assert len(set(times[1:])) == len(times) - 1


@both
async def test_chatters(kit, protocol):
    """A reading each second, whatever it was told."""
    async with kit.yard_of(bad(protocol, Misbehaviour.CHATTERS), speed=20) as (system, yard):
        yard["BAD"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "BAD")) >= 6)
    times = sorted({one["at"] for one in kit.samples(system, "BAD")})
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(seconds=1)}
