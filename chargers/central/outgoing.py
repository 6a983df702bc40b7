"""Our calls to one station: one under way at a time, each answered, refused, given up or lost, never mixed up.

Answers are matched by message id. One that nobody waits for, because it is late or invented, is counted and forgotten.
"""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from typing import Any, ClassVar

import structlog

from chargers.central import schemas, wire
from chargers.central.desk import Desk
from chargers.central.schemas import Version
from chargers.central.socket import Socket
from chargers.central.wire import Answered
from chargers.errors import CallInvalid, CallRefused, CallUnanswered, StationLost

log = structlog.get_logger("binwatt.central")


class Outgoing:
    """The half of a conversation that asks."""

    version: ClassVar[Version]

    def __init__(self, station_id: str, socket: Socket, desk: Desk) -> None:
        self.id = station_id
        self.socket = socket
        self.desk = desk
        self.connected = True
        self._calls: dict[str, asyncio.Future[Answered]] = {}
        self._turn: asyncio.Lock | None = None

    @property
    def log(self) -> Any:
        """The log, naming this station."""
        return log.bind(station=self.id)

    async def call(
        self,
        payload: Any,
        suppress: bool = False,  # noqa: ARG002 - the package's parameter; a CALLERROR is never hidden here
        unique_id: str | None = None,
        skip_schema_validation: bool = False,  # noqa: ARG002 - the package's parameter; what we send is always validated
    ) -> dict[str, Any]:
        """Send one of the package's `call` dataclasses and wait for its result; see `call_raw`."""
        return await self.call_raw(type(payload).__name__, to_wire(payload), unique_id)

    async def call_raw(self, action: str, payload: Any, unique_id: str | None = None) -> dict[str, Any]:
        """Send a CALL and wait for its result: the payload as it came, in wire names, `{}` if it is no object.

        The payload, in wire names too, is validated first. One CALL is under way at a time (2.0.1 Part 4, 4.1.4).

        Raises:
            CallInvalid, StationLost, CallUnanswered, CallRefused
        """
        try:
            fault = schemas.judge(self.version, action, "request", payload)
        except KeyError:
            raise CallInvalid(f"OCPP {self.version} has no request {action[:50]!r}; mind capitals") from None
        if fault is not None:
            raise CallInvalid(f"{action}: {fault.text}")
        message_id = unique_id or str(uuid.uuid4())
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            answer = await self._exchange(action, message_id, payload)
        if answer.code is not None:
            raise CallRefused(action, answer.code, answer.description)
        result = answer.payload if isinstance(answer.payload, dict) else {}
        fault = schemas.judge(self.version, action, "response", result)
        if fault is not None:
            self.tolerate(f"{action} result", fault.text)
        return result

    async def _exchange(self, action: str, message_id: str, payload: Any) -> Answered:
        if not self.connected:
            raise StationLost(f"{action}: the station is not connected")
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._calls[message_id] = future
        self.desk.counts.sent[action] += 1
        self.socket.send(wire.call_frame(message_id, action, payload))
        seconds = self.desk.settings.call_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise CallUnanswered(f"{action}: no answer within {seconds:g} s") from None
        finally:
            del self._calls[message_id]

    def take_answer(self, answer: Answered) -> None:
        """A CALLRESULT or CALLERROR has come."""
        future = self._calls.get(answer.message_id)
        if future is not None and not future.done():
            future.set_result(answer)
        else:
            self.desk.counts.unasked += 1

    def fail_calls(self, why: str) -> None:
        """Nobody waits any longer for what the connection would have brought."""
        for future in self._calls.values():
            if not future.done():
                future.set_exception(StationLost(why))

    def tolerate(self, action: str, fault: str) -> None:
        """Something breaks its schema in a way that does not matter; sessions make its first time an event."""
        self.desk.counts.tolerated += 1
        self.log.info("tolerated", action=action, fault=fault)


_WIRE_NAMES: dict[type, list[tuple[str, str]]] = {}


def to_wire(value: Any) -> Any:
    """The package's dataclasses as JSON values in wire names, without what is None; dicts keep their keys."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        names = _WIRE_NAMES.get(kind)
        if names is None:
            names = _WIRE_NAMES[kind] = [(field.name, _camel(field.name)) for field in dataclasses.fields(kind)]
        pairs = ((wire_name, getattr(value, name)) for name, wire_name in names)
        return {wire_name: to_wire(item) for wire_name, item in pairs if item is not None}
    if isinstance(value, list):
        return [to_wire(item) for item in value]
    return value


def _camel(name: str) -> str:
    import ocpp.charge_point

    return next(iter(ocpp.charge_point.snake_to_camel_case({name: None})))  # type: ignore[no-any-return]
