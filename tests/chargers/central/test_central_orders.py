"""Orders of every kind to stations of both versions: carried out once, every answer kept, restarts survived."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chargers.central.decisions import DEEDS
from chargers.central.device_rows import value_row
from chargers.central.dispatch import settle_unanswered
from chargers.central.v16 import StationV16
from chargers.central.v201 import StationV201
from chargers.central.v201_variables import place_of, variable_name
from fleet.events import Kind
from fleet.orders import DECISIONS, STATION_KINDS, OrderKind, OrderState, Wanted
from fleet.tables import StationVariable

TESTS = Path(__file__).parent.parent


def orders_covered() -> set[str]:
    """Kinds of orders that tests of the chargers are marked with."""
    marks = (one for path in sorted(TESTS.rglob("test_*.py")) for one in ast.walk(ast.parse(path.read_text())))
    return {
        word
        for mark in marks
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).rpartition(".")[2] == "covers"
        for keyword in mark.keywords
        if keyword.arg == "orders"
        for part in ast.walk(keyword.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
        for word in part.value.split()
    }


BOOT_V16 = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}
BOOT_V201 = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model"}}
UNKNOWN = {
    "GetVariables": lambda asked: {
        "getVariableResult": [{**one, "attributeStatus": "UnknownVariable"} for one in asked["getVariableData"]]
    },
    "SetVariables": lambda asked: {
        "setVariableResult": [
            {"attributeStatus": "Accepted", "component": one["component"], "variable": one["variable"]}
            for one in asked["setVariableData"]
        ]
    },
}
PROFILE = {
    "id": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": [
        {"id": 7, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000.0}]}
    ],
}
BOTH: list[tuple[OrderKind, dict[str, Any], str, dict[str, Any], str, dict[str, Any]]] = [
    (
        OrderKind.START_CHARGE, {"evse": 1, "token": "CARD1"},
        "RemoteStartTransaction", {"idTag": "CARD1", "connectorId": 1},
        "RequestStartTransaction", {"idToken": {"idToken": "CARD1", "type": "ISO14443"}, "evseId": 1},
    ),
    (OrderKind.RESET, {"how": "soft"}, "Reset", {"type": "Soft"}, "Reset", {"type": "OnIdle"}),
    (OrderKind.RESET, {"how": "hard"}, "Reset", {"type": "Hard"}, "Reset", {"type": "Immediate"}),
    (
        OrderKind.UNLOCK, {"evse": 1}, "UnlockConnector", {"connectorId": 1},
        "UnlockConnector", {"evseId": 1, "connectorId": 1},
    ),
    (
        OrderKind.SET_AVAILABILITY, {"operative": False},
        "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"},
        "ChangeAvailability", {"operationalStatus": "Inoperative"},
    ),
    (
        OrderKind.SET_AVAILABILITY, {"operative": True, "evse": 1},
        "ChangeAvailability", {"connectorId": 1, "type": "Operative"},
        "ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 1}},
    ),
    (
        OrderKind.GET_COMPOSITE, {"evse": 1, "seconds": 600},
        "GetCompositeSchedule", {"connectorId": 1, "duration": 600},
        "GetCompositeSchedule", {"evseId": 1, "duration": 600},
    ),
    (
        OrderKind.TRIGGER, {"message": "StatusNotification", "evse": 1},
        "TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1},
        "TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}},
    ),
    (
        OrderKind.CLEAR_PROFILE, {"profile_id": 7}, "ClearChargingProfile", {"id": 7},
        "ClearChargingProfile", {"chargingProfileId": 7},
    ),
    (
        OrderKind.CLEAR_PROFILE, {"purpose": "TxDefaultProfile", "stack_level": 1},
        "ClearChargingProfile", {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1},
        "ClearChargingProfile",
        {"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}},
    ),
    (OrderKind.LIMIT_STATION, {"limit_kw": None}, "ClearChargingProfile", {"id": 2},
     "ClearChargingProfile", {"chargingProfileId": 2}),
]  # fmt: skip


# carried out by tests of their own, below or beside the messages they are about
APART = {
    OrderKind.STOP_CHARGE, OrderKind.GET_VARIABLES, OrderKind.SET_VARIABLES, OrderKind.SET_PROFILE,
    OrderKind.ADMIT_STATION, OrderKind.CALL,
}  # fmt: skip


def test_every_kind_of_order_is_tried_here():
    """Each kind that either version carries out is tried here, or with the cases of its version."""
    assert set(DEEDS) == DECISIONS
    carried = set(StationV16.CALLS) | set(StationV201.CALLS) | {OrderKind.CALL, *DEEDS}
    assert carried - {case[0] for case in BOTH} - APART <= orders_covered()


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_what_a_version_has_no_request_for_is_refused_in_one_sentence(house, version):
    """An order the version lacks is rejected at once, and the station hears nothing of it."""
    old = version == "ocpp1.6"
    lacking = STATION_KINDS - set((StationV16 if old else StationV201).CALLS) - {OrderKind.CALL, *DEEDS}
    async with house.station(protocol=version, answers={} if old else UNKNOWN) as station:
        await ready(station, BOOT_V16 if old else BOOT_V201)
        before = len(station.heard)
        for number in [house.place(kind) for kind in sorted(lacking)]:
            order = await house.settled(number)
            assert (order.state, "has no request for" in order.answer["why"]) == ("rejected", True)
        assert len(station.heard) == before


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_an_expert_may_send_any_request_that_is_valid(house, version):
    """A raw call is validated first; its answer is kept as it came, and a wrong one is never sent."""
    old = version == "ocpp1.6"
    async with house.station(protocol=version, answers={} if old else UNKNOWN) as station:
        await ready(station, BOOT_V16 if old else BOOT_V201)
        order = await house.settled(house.place(OrderKind.CALL, action="ClearCache", payload={}))
        assert (order.state, order.answer) == ("accepted", {"result": {"status": "Accepted"}})
        before = len(station.heard)
        for action, payload, said in [
            ("ClearCache", {"x": 1}, "has a property that is not allowed: x"),
            ("clearcache", {}, "has no request 'clearcache'"),
            ("../x", {}, "has no request"),
            ("Reset", {"type": "Twice"}, "type is none of the values allowed"),
            ("Reset", [1], "payload must be a JSON object"),
        ]:
            order = await house.settled(house.place(OrderKind.CALL, action=action, payload=payload))
            assert (order.state, said in order.answer["why"]) == ("failed", True), order.answer
        assert len(station.heard) == before


async def ready(station: Any, boot: dict[str, Any]) -> None:
    """Boot, and wait until the house has done what it does after a boot."""
    await station.ask("BootNotification", boot)
    await station.until_heard("SetChargingProfile")


@pytest.mark.covers("1.6", "RemoteStartTransaction", "Reset", "UnlockConnector", "ChangeAvailability",
                    "GetCompositeSchedule", "TriggerMessage", "ClearChargingProfile")  # fmt: skip
@pytest.mark.covers("2.0.1", "RequestStartTransaction", orders="start_charge")
@pytest.mark.covers("2.0.1", "Reset", orders="reset")
@pytest.mark.covers("2.0.1", "UnlockConnector", orders="unlock")
@pytest.mark.covers("2.0.1", "ChangeAvailability", orders="set_availability")
@pytest.mark.covers("2.0.1", "GetCompositeSchedule", orders="get_composite")
@pytest.mark.covers("2.0.1", "TriggerMessage", orders="trigger")
@pytest.mark.covers("2.0.1", "ClearChargingProfile", orders="clear_profile limit_station")
@pytest.mark.covers("2.1", "RequestStartTransaction", orders="start_charge")
@pytest.mark.covers("2.1", "Reset", orders="reset")
@pytest.mark.covers("2.1", "UnlockConnector", orders="unlock")
@pytest.mark.covers("2.1", "ChangeAvailability", orders="set_availability")
@pytest.mark.covers("2.1", "GetCompositeSchedule", orders="get_composite")
@pytest.mark.covers("2.1", "TriggerMessage", orders="trigger")
@pytest.mark.covers("2.1", "ClearChargingProfile", orders="clear_profile limit_station")
@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_an_order_becomes_the_right_call(house, version):
    """What is sent says what was ordered, and an Accepted is kept with its answer."""
    old = version == "ocpp1.6"
    async with house.station(protocol=version, answers={} if old else UNKNOWN) as station:
        await ready(station, BOOT_V16 if old else BOOT_V201)
        for kind, args, action16, body16, action201, body201 in BOTH:
            station.heard.clear()
            order = await house.settled(house.place(kind, **args))
            good = "Unlocked" if kind is OrderKind.UNLOCK else "Accepted"
            assert (order.state, order.answer["status"]) == ("accepted", good), kind
            action, body = (action16, body16) if old else (action201, body201)
            sent = await station.until_heard(action)
            assert {name: sent[name] for name in body} == body


@pytest.mark.covers("2.0.1", "SetChargingProfile", orders="limit_station set_profile")
@pytest.mark.covers("2.1", "SetChargingProfile", orders="limit_station set_profile")
@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_a_limit_on_a_station_is_a_profile_for_all_of_it(house, version):
    """limit_station sets the station's maximum profile on connector or EVSE 0, rounded down, in force at once."""
    old = version == "ocpp1.6"
    async with house.station(protocol=version, answers={} if old else UNKNOWN) as station:
        await ready(station, BOOT_V16 if old else BOOT_V201)
        order = await house.settled(house.place(OrderKind.LIMIT_STATION, limit_kw=11.0))
        assert order.state == "accepted"
        sent = await station.until_heard("SetChargingProfile", 2)
        profile = sent["csChargingProfiles" if old else "chargingProfile"]
        assert sent["connectorId" if old else "evseId"] == 0
        assert profile["chargingProfilePurpose"] == ("ChargePointMaxProfile" if old else "ChargingStationMaxProfile")
        schedule = profile["chargingSchedule"] if old else profile["chargingSchedule"][0]
        assert schedule["chargingSchedulePeriod"][0]["limit"] == 15.9  # 11 kW / 690 V, rounded down


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_limit_given_with_a_start_never_lifts_a_station_above_its_fall_back(house, version):
    """Nobody counted that power at the site: it goes up with the night's profile, when there is room for it."""
    old = version == "ocpp1.6"
    async with house.station(protocol=version, answers={} if old else UNKNOWN) as station:
        await ready(station, BOOT_V16 if old else BOOT_V201)
        for asked, amperes in ((20.0, 6.0), (2.1, 3.0)):
            station.heard.clear()
            await house.settled(house.place(OrderKind.START_CHARGE, evse=1, token="CARD1", limit_kw=asked))
            sent = await station.until_heard("RemoteStartTransaction" if old else "RequestStartTransaction")
            schedule = sent["chargingProfile"]["chargingSchedule"]
            schedule = schedule if old else schedule[0]
            assert schedule["chargingSchedulePeriod"][0]["limit"] == amperes


async def test_a_profile_is_cut_to_what_the_station_takes(house):
    """A profile in watts goes out in amperes to a station that only takes those, with no more periods than it holds."""
    keys = [
        {"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": True, "value": "Current"},
        {"key": "ChargingScheduleMaxPeriods", "readonly": True, "value": "2"},
    ]
    limits = [11000.0, 9000.0, 4200.0]
    periods = [{"startPeriod": 900 * number, "limit": limit} for number, limit in enumerate(limits)]
    profile = {**PROFILE, "chargingSchedule": [{**PROFILE["chargingSchedule"][0], "chargingSchedulePeriod": periods}]}
    async with house.station(answers={"GetConfiguration": {"configurationKey": keys}}) as station:
        await ready(station, BOOT_V16)
        await house.until(lambda work: work.stations.get("CP1").max_periods == 2)
        order = await house.settled(house.place(OrderKind.SET_PROFILE, evse=1, profile=profile, expect_kw=9.0))
        assert order.state == "accepted"
        sent = (await station.until_heard("SetChargingProfile", 2))["csChargingProfiles"]["chargingSchedule"]
        assert sent["chargingRateUnit"] == "A"
        given = sent["chargingSchedulePeriod"]
        assert [(one["startPeriod"], one["limit"]) for one in given] == [(0, 13.0), (1800, 6.0)]
        await station.until_heard("GetCompositeSchedule")
    [row] = [row for row in house.look(lambda work: work.charging.profiles("CP1")) if row.profile_id == 7]
    assert (row.state, row.evse, row.purpose, row.order_id) == ("accepted", 1, "TxDefaultProfile", order.order_id)


async def test_a_station_that_refuses_a_unit_is_offered_the_other(house):
    """Rejected in amperes, the profile is sent in watts, and the station's taste is remembered."""

    def only_watts(asked: dict[str, Any]) -> dict[str, str]:
        unit = asked["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"]
        return {"status": "Accepted" if unit == "W" else "Rejected"}

    answers = {"GetConfiguration": {"unknownKey": []}, "SetChargingProfile": only_watts}
    async with house.station(answers=answers) as station:
        await station.ask("BootNotification", BOOT_V16)
        row = await house.until(lambda work: (found := work.stations.get("CP1")).fallback_at and found)
        assert row.rate_unit == "W"


@pytest.mark.covers("2.0.1", "RequestStopTransaction", orders="stop_charge")
@pytest.mark.covers("2.1", "RequestStopTransaction", orders="stop_charge")
@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])
async def test_a_charge_is_stopped_by_our_number(house, version):
    """stop_charge names our transaction; the station is told its own name for it, and a stranger's is refused."""
    async with house.station(protocol=version, answers=UNKNOWN) as station:
        await ready(station, BOOT_V201)
        event = {
            "eventType": "Started", "timestamp": "2026-03-10T18:00:00Z", "triggerReason": "CablePluggedIn", "seqNo": 0,
            "transactionInfo": {"transactionId": "own-name"}, "evse": {"id": 1, "connectorId": 1},
        }  # fmt: skip
        await station.ask("TransactionEvent", event)
        [row] = house.look(lambda work: work.charging.running("CP1"))
        order = await house.settled(house.place(OrderKind.STOP_CHARGE, transaction_id=row.transaction_id))
        assert order.state == "accepted"
        assert (await station.until_heard("RequestStopTransaction")) == {"transactionId": "own-name"}
        order = await house.settled(house.place(OrderKind.STOP_CHARGE, transaction_id=999))
        assert (order.state, "does not run" in order.answer["why"]) == ("rejected", True)


async def test_configuration_is_read_and_changed_on_16(house):
    """get_variables and set_variables speak of 1.6 configuration keys."""
    keys = [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]
    answers = {"GetConfiguration": {"configurationKey": keys, "unknownKey": ["Nope"]}}
    async with house.station(answers=answers) as station:
        await ready(station, BOOT_V16)
        order = await house.settled(house.place(OrderKind.GET_VARIABLES, names=["HeartbeatInterval", "Nope"]))
        assert order.answer == {
            "values": {"HeartbeatInterval": {"value": "300", "readonly": False}}, "unknown": ["Nope"],
        }  # fmt: skip
        order = await house.settled(house.place(OrderKind.SET_VARIABLES, values={"HeartbeatInterval": 60}))
        assert (order.state, order.answer) == ("accepted", {"values": {"HeartbeatInterval": "Accepted"}})
        assert await station.until_heard("ChangeConfiguration") == {"key": "HeartbeatInterval", "value": "60"}
        too_long = await house.settled(house.place(OrderKind.SET_VARIABLES, values={"X": "y" * 501}))
        assert too_long.state == "rejected"


@pytest.mark.covers("2.0.1", "GetVariables", "SetVariables", "GetBaseReport", "NotifyReport",
                    orders="get_variables set_variables")  # fmt: skip
@pytest.mark.covers("2.1", "GetVariables", "SetVariables", "GetBaseReport", "NotifyReport",
                    orders="get_variables set_variables")  # fmt: skip
@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])
async def test_variables_are_read_and_changed_on_2x(house, version):
    """Names are Component.Variable, with instances in brackets; a full report is gathered from its parts."""
    async with house.station(protocol=version, answers=UNKNOWN) as station:
        await ready(station, BOOT_V201)
        name = "SmartChargingCtrlr.Entries[ChargingProfiles]"
        order = await house.settled(house.place(OrderKind.GET_VARIABLES, names=[name]))
        assert order.answer == {"values": {name: {"status": "UnknownVariable", "value": None}}}
        order = await house.settled(
            house.place(OrderKind.SET_VARIABLES, values={"OCPPCommCtrlr.HeartbeatInterval": 60})
        )
        assert order.answer == {"values": {"OCPPCommCtrlr.HeartbeatInterval": "Accepted"}}
        with house.store.read() as work:
            assert [(row.name, row.value) for row in work.devices.variables("CP1")] == [
                ("OCPPCommCtrlr.HeartbeatInterval", "60")
            ]
        number = house.place(OrderKind.GET_VARIABLES)
        asked = await station.until_heard("GetBaseReport")
        for seq, more in ((0, True), (1, False)):
            entry = {
                "component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": f"Power{seq}"},
                "variableAttribute": [{"value": "22000"}],
            }  # fmt: skip
            part = {"requestId": asked["requestId"], "generatedAt": "2026-03-10T18:00:00Z", "seqNo": seq, "tbc": more}
            await station.ask("NotifyReport", {**part, "reportData": [entry]})
        order = await house.settled(number)
        assert {name: one["value"] for name, one in order.answer["values"].items()} == {
            "EVSE#1.Power0": "22000", "EVSE#1.Power1": "22000",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "component"),
    [
        ("Meter.Power", {"name": "Meter"}),
        ("Connector#2:1.Available", {"name": "Connector", "evse": {"id": 2, "connectorId": 1}}),
        ("Display[front]#1.Language[2]", {"name": "Display", "instance": "front", "evse": {"id": 1}}),
    ],
)
def test_a_variable_has_one_name_everywhere(name, component):
    """The name a row shows is the name an order takes, EVSE, connector and instances with it."""
    entry = place_of(name)
    assert entry["component"] == component
    assert variable_name(entry) == name
    assert StationVariable(**value_row(entry, "1"), station_id="ST-1").name == name


async def test_every_step_of_an_order_is_an_event(house):
    """queued, sent and accepted, in this order, with the answer."""
    async with house.station() as station:
        await ready(station, BOOT_V16)
        number = house.place(OrderKind.RESET, how="soft")
        await house.settled(number)
    told = house.look(lambda work: work.events.newest(kinds=[Kind.ORDER_CHANGED]))
    assert [event.data["state"] for event in told if event.data["order_id"] == number] == ["queued", "sent", "accepted"]


async def test_no_means_rejected_an_error_means_failed(make_house):
    """A Rejected is the station's decision; a CALLERROR or silence is a failure, with the reason in the answer."""
    answers = {
        "Reset": {"status": "Rejected"},
        "ChangeAvailability": ("InternalError", "out of order", {}),
        "UnlockConnector": None,
    }
    async with make_house(call_timeout_seconds=0.5) as house, house.station(answers=answers) as station:
        await ready(station, BOOT_V16)
        rejected = await house.settled(house.place(OrderKind.RESET))
        failed = await house.settled(house.place(OrderKind.SET_AVAILABILITY, operative=True))
        silent = await house.settled(house.place(OrderKind.UNLOCK, evse=1))
        alive = await house.settled(house.place(OrderKind.TRIGGER, message="Heartbeat"))
    assert (rejected.state, rejected.answer) == ("rejected", {"status": "Rejected"})
    assert (failed.state, "out of order" in failed.answer["why"]) == ("failed", True)
    assert (silent.state, "no answer within 0.5 s" in silent.answer["why"]) == ("failed", True)
    assert alive.state == "accepted"


UNCLEAR: list[tuple[OrderKind, dict[str, Any], str]] = [
    (OrderKind.UNLOCK, {}, "evse is missing"),
    (OrderKind.START_CHARGE, {"evse": 1}, "token is missing"),
    (OrderKind.START_CHARGE, {"evse": "one", "token": "x"}, "evse is 'one'"),
    (OrderKind.RESET, {"how": "gently"}, "give one of soft, hard"),
    (OrderKind.SET_AVAILABILITY, {}, "operative is None"),
    (OrderKind.LIMIT_STATION, {"limit_kw": -1}, "limit_kw is -1"),
    (OrderKind.SET_VARIABLES, {}, "values is missing"),
    (OrderKind.SET_PROFILE, {"evse": 1, "profile": {"id": 1}}, "chargingProfilePurpose"),
    (OrderKind.TRIGGER, {"message": "Nonsense"}, "requestedMessage"),
    (OrderKind.START_CHARGE, {"evse": 1, "token": "x" * 30}, "longer than 20"),
]


async def test_an_order_that_cannot_be_understood_fails_in_one_line(house):
    """The answer names the argument; nothing is sent."""
    async with house.station() as station:
        await ready(station, BOOT_V16)
        before = len(station.heard)
        placed = [(house.place(kind, **args), names) for kind, args, names in UNCLEAR]
        for number, names in placed:
            order = await house.settled(number)
            assert order.state == "failed"
            assert names in order.answer["why"]
        assert len(station.heard) == before


async def test_an_order_waits_for_its_station_until_it_expires(house):
    """Orders to a station that is away wait; ten minutes of the clock later they expire; none is sent late."""
    late = house.place(OrderKind.RESET)
    house.clock.advance(timedelta(minutes=11))
    assert (await house.settled(late)).state == "expired"
    waiting = house.place(OrderKind.SET_AVAILABILITY, operative=True)
    async with house.station() as station:
        assert (await house.settled(waiting)).state == "accepted"
        assert "Reset" not in [action for action, _ in station.heard]


async def test_orders_to_nobody_fail_at_once(house):
    """An identity nobody entered, and a parked station, get no orders."""
    assert "no station" in (await house.settled(house.place(OrderKind.RESET, "NOBODY"))).answer["why"]


async def test_one_call_at_a_time(house):
    """With several orders queued a station never has two of our calls to answer at once."""
    async with house.station(answers={"Reset": None}) as station:
        await ready(station, BOOT_V16)
        first, second = house.place(OrderKind.RESET), house.place(OrderKind.SET_AVAILABILITY, operative=True)
        await station.until_heard("Reset")
        assert "ChangeAvailability" not in [action for action, _ in station.heard]
        assert (await house.settled(first)).state == "failed"
        assert (await house.settled(second)).state == "accepted"


def test_after_a_restart_only_what_does_no_harm_is_sent_again(store):
    """Sent and unanswered: starts and resets fail, settings go back into the queue."""
    with store.begin() as work:
        kinds = [OrderKind.START_CHARGE, OrderKind.RESET, OrderKind.SET_PROFILE, OrderKind.GET_COMPOSITE]
        numbers = [work.orders.place(Wanted(kind, "CP1", {})).order_id for kind in kinds]
        for number in numbers:
            work.orders.mark(number, OrderState.SENT)
    with store.begin() as work:
        settle_unanswered(work)
    with store.read() as work:
        states = [work.orders.get(number).state for number in numbers]
    assert states == ["failed", "failed", "queued", "queued"]


async def test_what_was_lost_with_the_connection_is_sent_again_or_fails(house):
    """A setting is repeated on the next connection; a start is not, as the station may have done it."""
    deaf = {"ChangeAvailability": None, "RemoteStartTransaction": None}
    async with house.station("CP1", answers=deaf) as one, house.station("CP2", answers=deaf) as two:
        await ready(one, BOOT_V16)
        await ready(two, BOOT_V16)
        setting = house.place(OrderKind.SET_AVAILABILITY, "CP1", operative=True)
        start = house.place(OrderKind.START_CHARGE, "CP2", evse=1, token="CARD1")
        await one.until_heard("ChangeAvailability")
        await two.until_heard("RemoteStartTransaction")
    assert (await house.settled(start)).state == "failed"
    async with house.station("CP1"):
        assert (await house.settled(setting)).state == "accepted"
