"""Frames made from the schemas, then broken: each is answered in its turn, nothing crashes and nothing is kept.

BINWATT_FUZZ sets how many frames are sent in all; 2,000 where it is not set, 100,000 in the long form.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from chargers.central import rpc, wire
from chargers.central.desk import Desk
from chargers.central.schemas import read_schema
from chargers.central.v16 import StationV16
from chargers.central.v21 import StationV21
from chargers.central.v201 import StationV201
from fleet.settings import OcppSettings
from fleet.store import Writer

FRAMES = int(os.environ.get("BINWATT_FUZZ", "2000"))
ROUND = 250
SESSIONS = {"1.6": StationV16, "2.0.1": StationV201, "2.1": StationV21}
TIMES = st.sampled_from(
    [
        "2026-03-10T18:00:00Z",
        "1970-01-01T00:00:00Z",
        "2099-12-31T23:59:59+14:00",
        "yesterday",
        "",
        "0001-01-01T00:00:00Z",
    ]
)
NUMBERS = st.one_of(
    st.integers(-3, 40),
    st.sampled_from([2**31, -(2**31), 2**63, 2**64, 10**40, 1850000000]),
    st.floats(allow_nan=False),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=30) | st.just("\x00") | TIMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=6,
)


class Line:
    """A socket whose station answers our calls at once and keeps what it is answered."""

    def __init__(self) -> None:
        self.session: Any = None
        self.sent: list[list[Any]] = []
        self.closed = False

    def send(self, text: bytes) -> None:
        frame = json.loads(text)
        if frame[0] == 2:
            answer = json.dumps([3, frame[1], {"status": "Accepted"}]).encode()
            asyncio.get_running_loop().call_soon(self.session.receive, answer)
        else:
            self.sent.append(frame)

    def close(self, code: int, reason: str) -> None:
        self.closed = True

    def pause(self) -> None:
        """This station never stops."""

    def resume(self) -> None:
        """This station never stopped."""


def payload_of(schema: dict[str, Any], definitions: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Valid payloads of a schema, as far as its keywords say."""
    if "$ref" in schema:
        return payload_of(definitions[schema["$ref"].removeprefix("#/definitions/")], definitions, depth)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        required = set(schema.get("required", ()))
        parts = {
            name: payload_of(sub, definitions, depth + 1)
            for name, sub in schema.get("properties", {}).items()
            if name in required or depth < 3
        }
        must = {name: part for name, part in parts.items() if name in required}
        may = {name: part for name, part in parts.items() if name not in required}
        return st.fixed_dictionaries(must, optional=may)
    if kind == "array":
        return st.lists(
            payload_of(schema["items"], definitions, depth + 1), min_size=schema.get("minItems", 0), max_size=2
        )
    if kind == "string":
        if schema.get("format") == "date-time":
            return TIMES
        return st.text(max_size=min(schema.get("maxLength", 30), 30)) | st.sampled_from(["CARD1", "1", "7.5", "NaN"])
    if kind in ("integer", "number"):
        return st.integers(0, 3) if kind == "integer" else st.floats(0, 100)
    return st.booleans() if kind == "boolean" else ANYTHING


def payloads(version: Any) -> dict[str, st.SearchStrategy[Any]]:
    """Action -> payloads, of all that stations send."""
    return {
        action: payload_of(schema := read_schema(version, action, "request"), schema.get("definitions", {}))
        for action in SESSIONS[version].ROUTES
    }


def mutate(draw: st.DrawFn, body: Any) -> Any:
    """One value anywhere is replaced, removed or added."""
    at = body
    while isinstance(at, dict | list) and at:
        key = draw(st.sampled_from(sorted(at))) if isinstance(at, dict) else draw(st.integers(0, len(at) - 1))
        if isinstance(at[key], dict | list) and draw(st.booleans()):
            at = at[key]
            continue
        how = draw(st.sampled_from(["replace", "remove", "add", "bare"]))
        if how == "remove":
            del at[key]
        elif how == "add" and isinstance(at, dict):
            at[draw(st.text(max_size=10))] = draw(ANYTHING)
        else:
            at[key] = None if how == "bare" else draw(ANYTHING)
        break
    return body


def frames_of(version: Any) -> st.SearchStrategy[bytes]:
    """Good calls, calls with a broken payload, broken envelopes, cut and garbled text."""
    by_action = payloads(version)

    @st.composite
    def make(draw: st.DrawFn) -> bytes:
        action = draw(st.sampled_from(sorted(by_action)))
        body = draw(by_action[action])
        how = draw(st.sampled_from(["good", "payload", "payload", "payload", "envelope", "text"]))
        if how == "payload":
            body = mutate(draw, body)
        frame: Any = [2, draw(st.sampled_from(["m", "", "x" * 36, "é"])), action, body]
        if how == "envelope":
            frame = draw(st.one_of(st.just(mutate(draw, frame)), st.lists(ANYTHING, max_size=5), ANYTHING))
        text = json.dumps(frame, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
        if how == "text":
            at = draw(st.integers(0, len(text)))
            text = text[:at] + draw(st.sampled_from([b"", b"\xff", b"[" * 2000, b'"', b"\x00"])) + text[at + 1 :]
        return text

    return make()


def owed(text: bytes, version: str) -> bool:
    """Whether a frame is owed an answer: all but answers are, and what 2.1 sends without wanting one."""
    try:
        frame = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True
    kind = frame[0] if isinstance(frame, list) and frame else None
    answers = {wire.CALLRESULT, wire.CALLERROR} | ({wire.CALLRESULTERROR, wire.SEND} if version == "2.1" else set())
    return not (type(kind) in (int, float) and kind in answers)


def readable_id(text: bytes) -> Any:
    """The message id an answer must carry; None where it may be "-1"."""
    try:
        frame = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    good = isinstance(frame, list) and len(frame) == 4 and isinstance(frame[1], str) and len(frame[1]) <= 255
    return frame[1] if good else None


@pytest.mark.parametrize("version", sorted(SESSIONS))
async def test_whatever_is_sent_is_answered_in_its_turn(furnished, version, monkeypatch):
    """An answer to every frame, with its id where that can be read, in order; no memory grows with their number."""
    monkeypatch.setattr(rpc, "REJECT_BUDGET", 10**9)
    writer = Writer(furnished, gather_seconds=0.0)
    writer.start()
    desk = Desk(furnished, writer, OcppSettings(open_stations=True, call_timeout_seconds=2.0))
    made = frames_of(version)
    rounds = max(2, FRAMES // len(SESSIONS) // ROUND)
    blocks: list[int] = []
    try:
        for number in range(rounds):
            frames = draw_frames(made, number)
            await exchange(furnished, desk, version, frames)
            gc.collect()
            blocks.append(sys.getallocatedblocks())
    finally:
        await desk.stop()
        await writer.stop()
    late, early = blocks[-1], max(blocks[: max(1, len(blocks) // 2)])
    assert late < early * 1.3 + 100_000


def draw_frames(made: st.SearchStrategy[bytes], number: int) -> list[bytes]:
    """The frames of one round; the same number gives the same ones."""
    frames: list[bytes] = []

    @seed(number)
    @settings(
        max_examples=ROUND,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(made)
    def collect(frame: bytes) -> None:
        frames.append(frame)

    collect()
    return frames


async def exchange(store: Any, desk: Desk, version: str, frames: list[bytes]) -> None:
    """One connection sends all frames and gets all its answers."""
    line = Line()
    with store.read() as work:
        row = work.stations.get("CP1")
    session: Any = SESSIONS[version](row, line, desk, lambda _: None)
    line.session = session
    session._tried = True
    wanted = [frame for frame in frames if owed(frame, version)]
    for number, frame in enumerate(frames):
        session.receive(frame)
        if number % 25 == 0:
            await asyncio.sleep(0)
    async with asyncio.timeout(30):
        while len(line.sent) < len(wanted):  # noqa: ASYNC110 - replies come from the writer's thread
            await asyncio.sleep(0.002)
    assert len(line.sent) == len(wanted)
    for frame, answer in zip(wanted, line.sent, strict=True):
        assert answer[0] in (3, 4), (frame, answer)
        expected = readable_id(frame)
        assert expected is None or answer[1] == expected, (frame, answer)
        assert answer[0] == 3 or (len(answer) == 5 and len(answer[3]) <= 255), (frame, answer)
        assert answer[0] == 3 or answer[2] != "InternalError", (frame, answer)
    session.lost()
    assert not session._line
