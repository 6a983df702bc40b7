"""Broken, odd and hostile frames: each gets an answer or a close, never silence, and hurts nobody else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from chargers.central.desk import Desk
from chargers.central.v16 import StationV16
from fleet.settings import OcppSettings
from fleet.store import Writer
from fleet.tables import MeterValue, Station


class Kept:
    """A socket that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, text: bytes) -> None:
        self.sent.append(text)

    def close(self, code: int, reason: str) -> None:
        self.sent.append(json.dumps(["close", code, reason]).encode())

    def pause(self) -> None:
        self.sent.append(b'"pause"')

    def resume(self) -> None:
        self.sent.append(b'"resume"')


BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
BROKEN: list[tuple[Any, Any, str, str]] = [
    # frame, message id of the answer, code in 1.6, code in 2.0.1
    ("{nonsense", "-1", "FormationViolation", "RpcFrameworkError"),
    ("", "-1", "FormationViolation", "RpcFrameworkError"),
    ('"text"', "-1", "FormationViolation", "RpcFrameworkError"),
    ("[]", "-1", "FormationViolation", "RpcFrameworkError"),
    ("[2]", "-1", "FormationViolation", "RpcFrameworkError"),
    ([2, None, "Heartbeat", {}], "-1", "FormationViolation", "RpcFrameworkError"),
    ([2, "x"], "x", "FormationViolation", "RpcFrameworkError"),
    ([2, "x", "Heartbeat"], "x", "FormationViolation", "RpcFrameworkError"),
    ([2, "x", "Heartbeat", {}, {}], "x", "FormationViolation", "RpcFrameworkError"),
    ([2, "x", ["Heartbeat"], {}], "x", "FormationViolation", "RpcFrameworkError"),
    ([9, "x", "Heartbeat", {}], "x", "NotSupported", "MessageTypeNotSupported"),
    (["2", "x", "Heartbeat", {}], "x", "NotSupported", "MessageTypeNotSupported"),
    ([2, "x", "Teleport", {}], "x", "NotImplemented", "NotImplemented"),
    ([2, "x", "../../etc", {}], "x", "NotImplemented", "NotImplemented"),
    ([2, "x", "Boot" * 200, {}], "x", "NotImplemented", "NotImplemented"),
    ([2, "x", "Reset", {"type": "Hard"}], "x", "NotSupported", "NotSupported"),
    ([2, "x", "StatusNotification", []], "x", "TypeConstraintViolation", "TypeConstraintViolation"),
    ([2, "x", "Authorize", {}], "x", "ProtocolError", "OccurrenceConstraintViolation"),
]


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_broken_call_is_answered_with_the_codes_of_its_version(house, version):
    """The id is given back where it can be read, else "-1"; the code is spelled as the version spells it."""
    async with house.station(protocol=version) as station:
        for frame, message_id, code16, code201 in BROKEN:
            await station.send(frame)
            answer = await station.answer()
            code = code16 if version == "ocpp1.6" else code201
            assert (answer[:3], answer[4]) == ([4, message_id, code], {}), frame
            assert len(answer[3]) <= 255
        assert (await station.call("Heartbeat", {}))[0] == 3


async def test_answers_nobody_waits_for_are_passed_over(house):
    """A late or invented result is neither answered nor kept."""
    frames = [[3, "unknown", {}], [4, "unknown", "GenericError", "", {}], [3, "x"], [4], [3, 5, 6]]
    async with house.station() as station:
        for frame in frames * 20:
            await station.send(frame)
        assert (await station.call("Heartbeat", {}))[0] == 3
        assert station.loose.empty()


async def test_values_that_cannot_be_are_refused_by_name(house):
    """A connector 1850000000 and a meter of 10^30 do no harm to the store."""
    async with house.station() as station:
        status = {"connectorId": 1850000000, "errorCode": "NoError", "status": "Available"}
        answer = await station.call("StatusNotification", status)
        assert (answer[0], answer[2]) == (4, "PropertyConstraintViolation")
        sample = {"value": "1e308", "measurand": "Power.Active.Import"}
        nan = {"value": "NaN", "measurand": "Voltage"}
        payload = {
            "connectorId": 1,
            "meterValue": [{"timestamp": "0001-01-01T00:00:00+23:59", "sampledValue": [sample, nan]}],
        }
        assert await station.ask("MeterValues", payload) == {}
        start = {"connectorId": 1, "idTag": "CARD1", "meterStart": 10**30, "timestamp": "yesterday"}
        assert (await station.call("StartTransaction", start))[0] == 3
    row = house.look(lambda work: work.session.exec(select(MeterValue)).one())
    assert (row.power_w, row.voltage_v) == (None, None)


async def test_texts_with_nul_are_kept_without(house):
    """PostgreSQL refuses NUL in a text: it never gets that far."""
    async with house.station() as station:
        await station.ask("BootNotification", {**BOOT, "firmwareVersion": "1\x002"})
        reply = await station.ask("Authorize", {"idTag": "CARD1\x00"})
        assert reply["idTagInfo"]["status"] == "Accepted"


async def test_too_many_broken_messages_end_the_connection(house):
    """After 30 in a minute the connection is closed for it; others are not disturbed."""
    async with house.station("CP2") as quiet, house.station() as station:
        for _ in range(31):
            await station.send("{")
        code, reason = await station.until_closed()
        assert (code, reason) == (1008, "too many broken messages")
        assert (await quiet.call("Heartbeat", {}))[0] == 3


async def test_messages_in_a_hurry_are_answered_in_order(house):
    """Many calls at once, storing and not, are answered one by one in the order they came."""
    async with house.station() as station:
        sample = [{"value": "1"}]
        frames = []
        for number in range(60):
            at = f"2026-03-10T18:{number:02d}:00Z"
            payload = {"connectorId": 1, "meterValue": [{"timestamp": at, "sampledValue": sample}]}
            frames += [[2, f"m{number}", "MeterValues", payload], [2, f"h{number}", "Heartbeat", {}]]
        for frame in frames:
            await station.send(frame)
        answers = [await station.answer() for _ in frames]
    assert [answer[:2] for answer in answers] == [[3, frame[1]] for frame in frames]
    assert house.look(lambda work: len(work.session.exec(select(MeterValue)).all())) == 60


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("BootNotification", BOOT),
    ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"}),
    ("StartTransaction", {"connectorId": 1, "idTag": "C", "meterStart": 1, "timestamp": "2026-03-10T18:00:00Z"}),
    ("StopTransaction", {"transactionId": 1, "meterStop": 1, "timestamp": "2026-03-10T18:00:00Z"}),
    ("MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": "t", "sampledValue": [{"value": "1"}]}]}),
]


@st.composite
def mutated(draw: st.DrawFn) -> list[Any]:
    """A good CALL with one value anywhere in its payload replaced, removed or added to."""
    action, payload = draw(st.sampled_from(GOOD))
    body = json.loads(json.dumps(payload))
    at: Any = body
    while isinstance(at, dict | list) and at:
        key = draw(st.sampled_from(sorted(at))) if isinstance(at, dict) else draw(st.integers(0, len(at) - 1))
        if isinstance(at[key], dict | list) and draw(st.booleans()):
            at = at[key]
            continue
        how = draw(st.sampled_from(["replace", "remove", "add"]))
        if how == "remove":
            del at[key]
        elif how == "add" and isinstance(at, dict):
            at[draw(st.text(max_size=10))] = draw(JSON)
        else:
            at[key] = draw(JSON)
        break
    return [2, "mutant", action, body]


async def test_mutated_calls_are_answered_or_the_line_is_closed(house):
    """Whatever a payload is turned into, and whatever the envelope, there is an answer or a close, never silence."""

    async def exchange(frame: Any) -> None:
        async with house.station(answers={"GetConfiguration": {}}) as station:
            await station.send(frame)
            done, _ = await asyncio.wait(
                {asyncio.ensure_future(station.answer()), station.closed}, return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                one.result()

    frames: list[Any] = []

    @settings(max_examples=60, database=None, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(
        st.one_of(
            mutated(), st.lists(JSON, max_size=5).filter(lambda one: one[:1] not in ([3], [4])), st.text(max_size=20)
        )
    )
    def collect(frame: Any) -> None:
        frames.append(frame)

    collect()
    for frame in frames:
        await exchange(frame)
    async with house.station() as station:
        assert (await station.call("Heartbeat", {}))[0] == 3


async def test_what_cannot_be_stored_is_not_acknowledged(furnished, clock):
    """With a store that takes nothing more, a meter value is answered with InternalError and a heartbeat as ever."""
    full = Writer(furnished, bound=0)
    full.start()
    session = StationV16(Station(station_id="CP1"), Kept(), Desk(furnished, full, OcppSettings()), lambda _: None)
    payload = {
        "connectorId": 1,
        "meterValue": [{"timestamp": "2026-03-10T18:00:00Z", "sampledValue": [{"value": "1"}]}],
    }
    session.receive(json.dumps([2, "m", "MeterValues", payload]).encode())
    session.receive(json.dumps([2, "h", "Heartbeat", {}]).encode())
    assert [json.loads(text)[:3] for text in session.socket.sent] == [
        [4, "m", "InternalError"],
        [3, "h", {"currentTime": "2026-03-10T19:00:00.000Z"}],
    ]
    await full.stop()


async def test_messages_that_want_no_answer_get_none(furnished, clock):
    """OCPP 2.1's SEND is handled without a reply, and its CALLRESULTERROR is counted; older versions refuse both."""
    writer = Writer(furnished)
    writer.start()

    class Newer(StationV16):
        """A session whose version has SEND; the handlers do not matter."""

        version = "1.6"

    row, desk = Station(station_id="CP1", quirks=[]), Desk(furnished, writer, OcppSettings())
    session = Newer(row, Kept(), desk, lambda _: None)
    session.version = "2.1"
    beat = [6, "s", "Heartbeat", {}]
    for frame in (beat, [6, "s", "Nonsense", {}], [6], [5, "x", "GenericError", "why", {}], [5]):
        session.receive(json.dumps(frame).encode())
    assert (session.socket.sent, desk.counts.received["Heartbeat"], desk.counts.rejected) == ([], 1, 1)
    session.version = "1.6"
    session.receive(json.dumps(beat).encode())
    assert json.loads(session.socket.sent[0])[:3] == [4, "s", "NotSupported"]
    await desk.stop()
    await writer.stop()
