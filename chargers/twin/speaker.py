"""One connection of a station: calls out with their answers, calls in to a table, every fault of the other side noted.

Payloads stay what they are on the wire: nothing is renamed on the way in or out, so that the same words serve OCPP
1.6, 2.0.1 and 2.1. The schemas are those of the `ocpp` package.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from importlib.resources import files
from itertools import count
from typing import Any, Literal, Protocol
from uuid import uuid4

import jsonschema_rs
from websockets.exceptions import ConnectionClosed

from chargers.errors import CallDenied, CallNotTaken, LineLost
from chargers.twin.outbox import Payload
from chargers.twin.tally import Tally

ANSWER_SECONDS = 30.0
"""Wall seconds a station waits for an answer."""

CALL, RESULT, ERROR = 2, 3, 4
FOLDERS = {"ocpp1.6": "v16", "ocpp2.0.1": "v201", "ocpp2.1": "v21"}
MALFORMED = {"ocpp1.6": "FormationViolation", "ocpp2.0.1": "FormatViolation", "ocpp2.1": "FormatViolation"}
"""The code for a payload that breaks its schema: 1.6 spells it its own way (OCPP-J 1.6 section 4.2.3)."""


class Connection(Protocol):
    """What is needed of a WebSocket."""

    async def send(self, message: str) -> None: ...


class Speaker:
    """One line of one station."""

    def __init__(
        self,
        identity: str,
        protocol: str,
        connection: Connection,
        tally: Tally,
        ids: Iterator[str | int],
        answer: Callable[[str, Payload], Payload],
        listens: Callable[[], bool],
        *,
        delay: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """answer: the station's own, by action; raises CallNotTaken. delay: awaited before an answer leaves."""
        self.identity = identity
        self.unknown_answers = 0
        self.errors_heard = 0
        self._protocol = protocol
        self._connection = connection
        self._tally = tally
        self._ids = ids
        self._answer = answer
        self._listens = listens
        self._delay = delay
        self._asked: dict[str, asyncio.Future[list[Any]]] = {}
        self._turn = asyncio.Lock()
        self._late: set[asyncio.Task[None]] = set()

    async def ask(self, action: str, payload: Payload) -> Payload:
        """Make a CALL and wait for its result. Raises CallDenied, LineLost, TimeoutError."""
        async with self._turn:
            unique_id = next(self._ids)
            loop = asyncio.get_running_loop()
            future: asyncio.Future[list[Any]] = loop.create_future()
            self._asked[str(unique_id)] = future
            self._tally.sent[action] += 1
            since = loop.time()
            try:
                await self._send([CALL, unique_id, action, payload])
                async with asyncio.timeout(ANSWER_SECONDS):  # wait_for of Python 3.11 may swallow a cancellation
                    answer = await future
            except TimeoutError:
                self._tally.failures += 1
                self._tally.complain(self.identity, f"no answer to {action} within {ANSWER_SECONDS:.0f} s")
                raise
            finally:
                self._asked.pop(str(unique_id), None)
            self._tally.latency.note(loop.time() - since)
        if answer[0] == ERROR:
            self.errors_heard += 1
            code, description = (str(part) for part in [*answer[2:], "", ""][:2])
            self._tally.complain(self.identity, f"CALLERROR {code} to {action}: {description}")
            raise CallDenied(f"CALLERROR {code} to {action}: {description}")
        self._judge(action, answer[2])
        return answer[2] if isinstance(answer[2], dict) else {}

    async def take(self, frame: str | bytes) -> None:
        """Take in one frame."""
        try:
            message = json.loads(frame)
        except ValueError:
            message = None
        match message:
            case [2, str(unique_id), str(action), dict(payload)]:
                self._tally.received[action] += 1
                if self._listens():
                    await self._reply(unique_id, action, payload)
            case [3, unique_id, _] | [4, unique_id, *_]:
                await self._take_answer(str(unique_id), message)
            case _:
                self._tally.complain(self.identity, f"a frame that is no OCPP message: {frame!r:.80}")

    def hang_up(self) -> None:
        """The connection is gone: whoever waits for an answer learns it at once."""
        for future in self._asked.values():
            if not future.done():
                future.set_exception(LineLost(self.identity))
        for task in self._late:
            task.cancel()

    async def _take_answer(self, unique_id: str, message: list[Any]) -> None:
        self._tally.answers += 1
        future = self._asked.pop(unique_id, None)
        if future is None:
            self.unknown_answers += 1
            self._tally.complain(self.identity, f"an answer to a call never made or given up: {unique_id!r:.40}")
        elif not future.done():
            future.set_result(message)
            await asyncio.sleep(0)  # whoever asked takes it in before the next frame: a start's id before its profile

    async def _reply(self, unique_id: str, action: str, payload: Payload) -> None:
        schema = _schema(self._protocol, action, "request")
        fault = None if schema is None else next(schema.iter_errors(payload), None)
        if schema is None:
            message = self._object(unique_id, action, "NotImplemented", "nobody knows it")
        elif fault is not None:
            message = self._object(unique_id, action, MALFORMED[self._protocol], fault.message)
        else:
            try:
                message = [RESULT, unique_id, self._answer(action, payload)]
            except CallNotTaken as error:
                message = [ERROR, unique_id, error.code, error.description[:255], {}]
        if self._delay is None:
            await self._send(message)
            return
        task = asyncio.ensure_future(self._send_late(message, self._delay))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def _object(self, unique_id: str, action: str, code: str, why: str) -> list[Any]:
        """The CALLERROR to a call that is a fault of the server."""
        self._tally.complain(self.identity, f"{action} of the server: {code}, {why:.160}")
        return [ERROR, unique_id, code, why[:255], {}]

    async def _send_late(self, message: list[Any], delay: Callable[[], Awaitable[None]]) -> None:
        await delay()
        with suppress(ConnectionClosed):
            await self._send(message)

    async def _send(self, message: list[Any]) -> None:
        await self._connection.send(json.dumps(message, separators=(",", ":")))

    def _judge(self, action: str, payload: object) -> None:
        schema = _schema(self._protocol, action, "result")
        fault = None if schema is None else next(schema.iter_errors(payload), None)
        if fault is not None:
            self._tally.complain(self.identity, f"result of {action} breaks its schema: {fault.message:.160}")


def string_ids() -> Iterator[str]:
    """Message ids unique over restarts and connections (OCPP-J section 4.1.4)."""
    prefix = uuid4().hex[:16]
    return (f"{prefix}-{number}" for number in count(1))


@lru_cache(maxsize=256)
def _schema(protocol: str, action: str, side: Literal["request", "result"]) -> jsonschema_rs.Validator | None:
    """The schema of one message; None for an action nobody knows."""
    if not action.isalnum():
        return None
    request = action if protocol == "ocpp1.6" else f"{action}Request"
    name = request if side == "request" else f"{action}Response"
    path = files("ocpp") / FOLDERS[protocol] / "schemas" / f"{name}.json"
    if not path.is_file():
        return None
    schema: dict[str, Any] = json.loads(path.read_text("utf-8-sig"))
    return jsonschema_rs.validator_for(schema, validate_formats=False)
