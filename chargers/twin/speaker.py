"""One connection of a station: calls out with their answers, calls in to handlers, every fault of the other side noted.

The ocpp package's ChargePoint gives routing, schemas and encoding; replaced here are what facts of its version 2.1 make
unfit for a client of many lines: answers matched by position in one queue, calls that outlive their connection for half
a minute, and key conversion of every payload sent.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import count
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import jsonschema_rs
import ocpp.messages
import ocpp.routing
from ocpp.charge_point import ChargePoint
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, CallError, CallResult

from chargers.errors import CallDenied, LineLost
from chargers.twin.outbox import Payload
from chargers.twin.tally import Tally

ANSWER_SECONDS = 30.0
"""Wall seconds a station waits for an answer."""

ocpp.messages.ASYNC_VALIDATION = False  # a thread hop costs more than most validations (0.35 ms against 0.08)

_log = logging.getLogger("chargers.twin")
_log.addHandler(logging.NullHandler())


_Handler = TypeVar("_Handler", bound=Callable[..., Any])


def on(action: str) -> Callable[[_Handler], _Handler]:
    """Mark a method as the handler of an action: the package's own decorator, with its type kept."""
    mark: Callable[[_Handler], _Handler] = ocpp.routing.on(action)
    return mark


class Connection(Protocol):
    """What is needed of a WebSocket."""

    async def send(self, message: str) -> None: ...


class Speaker(ChargePoint):  # type: ignore[misc]  # the package has no types
    """Base of both protocols' speakers."""

    def __init__(
        self, identity: str, connection: Connection, tally: Tally, ids: Iterator[str | int], listens: Callable[[], bool]
    ) -> None:
        super().__init__(identity, connection, response_timeout=ANSWER_SECONDS, logger=_log)
        self._tally = tally
        self._ids = ids
        self._listens = listens
        self._asked: dict[str, asyncio.Future[CallResult | CallError]] = {}

    async def ask(self, action: str, payload: Payload) -> Payload:
        """Make a CALL and wait for its result. Raises CallDenied, LineLost, TimeoutError."""
        async with self._call_lock:
            unique_id = next(self._ids)
            future: asyncio.Future[CallResult | CallError] = asyncio.get_running_loop().create_future()
            self._asked[str(unique_id)] = future
            self._tally.sent[action] += 1
            try:
                await self._send(Call(unique_id, action, payload).to_json())
                async with asyncio.timeout(ANSWER_SECONDS):  # wait_for of Python 3.11 may swallow a cancellation
                    answer = await future
            except TimeoutError:
                self._tally.failures += 1
                self._tally.complain(self.id, f"no answer to {action} within {ANSWER_SECONDS:.0f} s")
                raise
            finally:
                self._asked.pop(str(unique_id), None)
        if isinstance(answer, CallError):
            what = f"CALLERROR {answer.error_code} to {action}: {answer.error_description}"
            self._tally.complain(self.id, what)
            raise CallDenied(what)
        self._judge(action, answer.payload)
        return answer.payload if isinstance(answer.payload, dict) else {}

    async def route_message(self, raw_msg: str | bytes) -> None:
        """Take in one frame."""
        try:
            message = ocpp.messages.unpack(raw_msg)
        except OCPPError as error:
            self._tally.complain(self.id, f"a frame that is no OCPP message ({error.description}): {raw_msg!r:.80}")
            return
        if isinstance(message, Call):
            self._tally.received[str(message.action)] += 1
            if self._listens():
                await self._answer(message)
            return
        self._tally.answers += 1
        future = self._asked.pop(str(message.unique_id), None)
        if future is None:
            self._tally.complain(self.id, f"an answer to a call never made or given up: {message.unique_id!r:.40}")
        elif not future.done():
            future.set_result(message)
            await asyncio.sleep(0)  # whoever asked takes it in before the next frame: a start's id before its profile

    def hang_up(self) -> None:
        """The connection is gone: whoever waits for an answer learns it at once."""
        for future in self._asked.values():
            if not future.done():
                future.set_exception(LineLost(self.id))

    async def _answer(self, call: Call) -> None:
        try:
            await self._handle_call(call)
        except OCPPError as error:
            self._tally.complain(self.id, f"{call.action} of the server: {error.code} {_cause(error)}")
            await self._send(call.create_call_error(error).to_json())

    async def _send(self, message: str) -> None:
        await self._connection.send(message)

    def _judge(self, action: str, payload: object) -> None:
        fault = next(_result_schema(self._ocpp_version, action).iter_errors(payload), None)
        if fault is not None:
            self._tally.complain(self.id, f"result of {action} breaks its schema: {fault.message:.160}")


def string_ids() -> Iterator[str]:
    """Message ids unique over restarts and connections (OCPP-J section 4.1.4)."""
    prefix = uuid4().hex[:16]
    return (f"{prefix}-{number}" for number in count(1))


def _cause(error: OCPPError) -> str:
    return str((error.details or {}).get("cause", error.description))[:160]


@lru_cache(maxsize=64)
def _result_schema(version: str, action: str) -> jsonschema_rs.Draft4Validator:
    path = files("ocpp") / f"v{version.replace('.', '')}" / "schemas" / f"{action}Response.json"
    schema: dict[str, Any] = json.loads(path.read_text("utf-8-sig"))
    return jsonschema_rs.Draft4Validator(schema, validate_formats=False)
