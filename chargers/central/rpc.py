"""The OCPP-J conversation with one station: every CALL answered, in order, and nothing before it is durable.

`Rpc` overrides `route_message` and `call` of the `ocpp` package's ChargePoint, into which it is mixed. The package
gives no answer to broken messages, takes results in their order of arrival and spends 40 times the CPU on a meter
value; its schemas, datatypes and dataclasses stay. See central.md.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

import msgspec

from chargers.central import schemas, wire
from chargers.central.desk import Desk
from chargers.central.outgoing import Outgoing
from chargers.central.socket import CloseCode, Socket
from chargers.central.wire import Answered, Broken, ErrorCode, MessageId, ResultRefused, Sent
from fleet.errors import StoreBusy, StoreError
from fleet.tables import MeterValue

MOST_IN_LINE = 16
"""With more CALLs unanswered the station is read no further; a well-behaved one has one."""
HANDLER_SECONDS = 20.0
"""Stations give up waiting after 30 s or so; they are told before that their message was not kept."""
REJECT_BUDGET = 30
REJECT_WINDOW_SECONDS = 60.0
"""A connection that sends more broken messages than this is closed: each costs a hundred good ones."""

Rows = list[dict[str, Any]]
Later = Coroutine[Any, Any, dict[str, Any]]
Answer = dict[str, Any] | Rows | Later
"""What a handler gives: the reply; meter value rows, to be stored before `{}` is replied; or a coroutine of a reply."""


class Unacceptable(Exception):
    """A request the schema allows and sense does not; the text says which value."""


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """How one action is read and answered."""

    action: str
    handler: Callable[[Any, Any], Answer]
    strict: Callable[[msgspec.Raw], Any]
    tolerant: type[msgspec.Struct]
    is_reply: Callable[[object], bool]


def answers(action: str, tolerant: type[msgspec.Struct]) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Mark a method as the handler of `action`; `tolerant`: what it reads, in the loosest types it can work with."""

    def mark(handler: Callable[..., Answer]) -> Callable[..., Answer]:
        handler.answers = action, tolerant  # type: ignore[attr-defined] # read when the class is made
        return handler

    return mark


class _Place:
    """A CALL's place in the line of replies."""

    __slots__ = ("message_id", "reply", "session")

    def __init__(self, session: Rpc, message_id: MessageId) -> None:
        self.session = session
        self.message_id = message_id
        self.reply: bytes | None = None

    def stored(self, error: StoreError | None) -> None:
        """The writer has committed, or could not."""
        if error is None:
            self.session.settle(self, wire.result_frame(self.message_id, {}))
        else:
            self.session.settle_failed(self, error)


def _reply_check(version: schemas.Version, action: str) -> Callable[[object], bool]:
    """What is sent without wanting an answer has no schema of one (2.1: NotifyPeriodicEventStream)."""
    try:
        return schemas.is_valid(version, action, "response")
    except KeyError:
        return lambda _reply: True


class Rpc(Outgoing):
    """Mixed into the package's ChargePoint of one version."""

    ROUTES: ClassVar[dict[str, Route]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not hasattr(cls, "version"):
            return
        found = [getattr(cls, name) for name in dir(cls)]
        cls.ROUTES = {
            action: Route(
                action,
                handler,
                schemas.decoder(cls.version, action),
                tolerant,
                _reply_check(cls.version, action),
            )
            for handler in found
            for action, tolerant in [getattr(handler, "answers", (None, None))]
            if action is not None and tolerant is not None
        }

    def __init__(self, station_id: str, socket: Socket, desk: Desk) -> None:
        """The package's own initialiser is not run: it makes a queue, a lock and a route map for every connection."""
        super().__init__(station_id, socket, desk)
        self.heard = False
        self._line: list[_Place] = []  # short and mostly empty: an empty deque takes 700 bytes of every idle session
        self._paused = False
        self._rejects: deque[float] | None = None

    # incoming

    def receive(self, text: bytes) -> None:
        """Take one message. Never raises; whatever is owed an answer gets one."""
        self.heard = True
        self.desk.frames.note(self.id, False, text)
        try:
            kind, message_id, action, payload = wire.read_call(text)
            if kind != wire.CALL or len(message_id) > wire.ID_LENGTH:
                raise msgspec.ValidationError("no CALL")
            route = self.ROUTES[action]
            request = route.strict(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, RecursionError):
            self._receive_odd(text)
            return
        self.desk.counts.received[action] += 1
        self._answer(route, message_id, request)

    async def route_message(self, raw_msg: str | bytes) -> None:
        """The package's name for `receive`."""
        self.receive(raw_msg.encode() if isinstance(raw_msg, str) else raw_msg)

    def _receive_odd(self, text: bytes) -> None:
        """The slow lane: answers to our calls, and CALLs the fast lane did not take."""
        message = wire.read_odd(text, self.version)
        if message is None:
            return
        if isinstance(message, Sent):
            self._receive_sent(message)
            return
        if isinstance(message, ResultRefused):
            self.desk.counts.rejected += 1
            self.log.warning("result refused", code=message.code, description=message.description)
            self.rejected(ErrorCode.GENERIC, f"our result was refused: {message.code} {message.description}"[:255])
            return
        if isinstance(message, Answered):
            self.take_answer(message)
            return
        if isinstance(message, Broken):
            self._reject(message.message_id, message.code, message.description)
            return
        action = message.action
        route = self.ROUTES.get(action)
        if route is None:
            known = schemas.is_known(self.version, action)
            code = ErrorCode.NOT_SUPPORTED if known else ErrorCode.NOT_IMPLEMENTED
            self._reject(message.message_id, code, f"{action[:50]} is not answered here")
            return
        self.desk.counts.received[action] += 1
        fault = schemas.judge(self.version, action, "request", message.payload)
        try:
            request = msgspec.convert(message.payload, route.tolerant, strict=False)
        except msgspec.ValidationError as error:
            fault = fault or schemas.Fault("type", str(error))
            self._reject(message.message_id, wire.code_for(self.version, fault), fault.text)
            return
        if fault is not None:
            self.tolerate(action, fault.text)
        self._answer(route, message.message_id, request)

    def _receive_sent(self, message: Sent) -> None:
        """A message that wants no answer: handled as a CALL is, and its reply goes nowhere."""
        route = self.ROUTES.get(message.action)
        if route is None:
            self.log.info("passed over", action=message.action[:50])
            return
        self.desk.counts.received[message.action] += 1
        try:
            answer = self.handle(route, msgspec.convert(message.payload, route.tolerant, strict=False))
            if isinstance(answer, list):
                for row in answer:
                    self.desk.writer.put(MeterValue, row)
            elif not isinstance(answer, dict):
                self.desk.spawn(self._finish_sent(route, answer))
        except (msgspec.ValidationError, Unacceptable, StoreError) as error:
            self.tolerate(message.action, str(error))
        except Exception:  # a handler's mistake must not end the connection
            self.log.exception("handler failed", action=route.action)

    async def _finish_sent(self, route: Route, answer: Later) -> None:
        try:
            async with asyncio.timeout(HANDLER_SECONDS):
                await answer
        except Exception:  # nobody waits for the outcome
            self.log.exception("handler failed", action=route.action)

    def _answer(self, route: Route, message_id: MessageId, request: Any) -> None:
        try:
            answer = self.handle(route, request)
            if isinstance(answer, dict):
                self._reply(route, message_id, answer)
            elif isinstance(answer, list):
                self._store(message_id, answer)
            else:
                place = self._queue(message_id)
                self.desk.spawn(self._reply_later(route, place, answer))
        except Unacceptable as error:
            self._reject(message_id, ErrorCode.PROPERTY, str(error))
        except StoreBusy as error:
            self._fail(message_id, str(error))
        except Exception:  # a handler's mistake must not leave the station waiting
            self.log.exception("handler failed", action=route.action)
            self._fail(message_id, "")

    def handle(self, route: Route, request: Any) -> Answer:
        """Ask the handler; sessions may answer in its place."""
        return route.handler(self, request)

    def _store(self, message_id: MessageId, rows: Rows) -> None:
        if not rows:
            self._post(wire.result_frame(message_id, {}))
            return
        put = self.desk.writer.put
        place = _Place(self, message_id)
        for row in rows[:-1]:
            put(MeterValue, row)
        put(MeterValue, rows[-1], place.stored)
        self._enter(place)

    async def _reply_later(self, route: Route, place: _Place, answer: Later) -> None:
        try:
            async with asyncio.timeout(HANDLER_SECONDS):
                reply = await answer
        except StoreError as error:
            self.settle_failed(place, error)
        except TimeoutError:
            self.log.warning("handler too slow", action=route.action)
            self.settle(place, self._internal_error(place.message_id, "not done in time, send it again"))
        except Exception:  # a handler's mistake must not leave the station waiting
            self.log.exception("handler failed", action=route.action)
            self.settle(place, self._internal_error(place.message_id, ""))
        else:
            self.settle(place, self._frame(route, place.message_id, reply))

    def _reply(self, route: Route, message_id: MessageId, reply: dict[str, Any]) -> None:
        self._post(self._frame(route, message_id, reply))

    def _frame(self, route: Route, message_id: MessageId, reply: dict[str, Any]) -> bytes:
        if route.is_reply(reply):
            return wire.result_frame(message_id, reply)
        fault = schemas.judge(self.version, route.action, "response", reply)
        if fault is None:
            return wire.result_frame(message_id, reply)
        self.log.error("invalid reply", action=route.action, fault=fault.text)
        return self._internal_error(message_id, "")

    def _post(self, reply: bytes) -> None:
        """Send a reply now, or behind those still owed."""
        if self._line:
            self._queue(None).reply = reply
        else:
            self._send(reply)

    def _send(self, frame: bytes) -> None:
        self.desk.frames.note(self.id, True, frame)
        self.socket.send(frame)

    def _queue(self, message_id: MessageId | None) -> _Place:
        place = _Place(self, message_id if message_id is not None else wire.UNREADABLE_ID)
        self._enter(place)
        return place

    def _enter(self, place: _Place) -> None:
        self._line.append(place)
        if len(self._line) > MOST_IN_LINE and not self._paused:
            self._paused = True
            self.socket.pause()

    def settle(self, place: _Place, reply: bytes) -> None:
        """The reply of a place in the line is known: send what is at the head."""
        place.reply = reply
        line = self._line
        while line and (head := line[0].reply) is not None:
            del line[0]
            self._send(head)
        if self._paused and len(line) < MOST_IN_LINE // 2:
            self._paused = False
            self.socket.resume()

    def settle_failed(self, place: _Place, error: StoreError) -> None:
        """The store refused: the station keeps its message and sends it again."""
        self.log.error("not stored", why=str(error))
        self.settle(place, self._internal_error(place.message_id, "not stored, send it again"))

    def _internal_error(self, message_id: MessageId, description: str) -> bytes:
        self.desk.counts.rejected += 1
        return wire.error_frame(self.version, message_id, ErrorCode.INTERNAL, description)

    def _fail(self, message_id: MessageId, description: str) -> None:
        self._post(self._internal_error(message_id, description))

    def _reject(self, message_id: MessageId, code: ErrorCode, description: str) -> None:
        self.desk.counts.rejected += 1
        self.log.warning("rejected", code=str(code), description=description)
        self._post(wire.error_frame(self.version, message_id, code, description))
        self.rejected(code, description)
        now = time.monotonic()
        recent = self._rejects = deque() if self._rejects is None else self._rejects
        recent.append(now)
        while now - recent[0] > REJECT_WINDOW_SECONDS:
            recent.popleft()
        if len(recent) > REJECT_BUDGET:
            self.socket.close(CloseCode.POLICY_VIOLATION, "too many broken messages")

    def rejected(self, code: ErrorCode, description: str) -> None:
        """A message was answered with a CALLERROR; sessions make it an event."""

    def hang_up(self, why: str) -> None:
        """The connection is gone: nobody waits any longer for what it would have brought."""
        self.connected = False
        self.fail_calls(why)
        self._line.clear()
