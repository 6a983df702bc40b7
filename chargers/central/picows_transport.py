"""WebSockets over picows: a third of the CPU per frame of other libraries (docs/decisions/0004).

picows decides about an upgrade in a plain function, but a password is verified off the event loop. So a door stands
before it: a small protocol that reads the HTTP request, waits for the gate, and only then hands over to picows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, cast

from picows import WSAutoPingStrategy, WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeResponse
from picows.common import WSUpgradeRequest, WSUpgradeResponseWithListener
from picows.picows import WSProtocol  # type: ignore[attr-defined] # compiled, missing from its stubs

from chargers.central.socket import MAX_MESSAGE_BYTES, CloseCode, Entry, Gate, Receiver, Refusal, Upgrade
from chargers.central.tls import Lock, read_peer, say_failure

HEAD_BYTES = 8 * 1024
HANDSHAKE_SECONDS = 15.0
READ_BUFFER_BYTES = 2048
"""Grows when needed; the library's default of 16 KiB would triple the memory of an idle connection."""
CLOSE_SECONDS = 2.0

Accept = Callable[[WSUpgradeRequest], WSUpgradeResponseWithListener]

_LOG = logging.getLogger("binwatt.central.picows")
_LOG.setLevel(logging.WARNING)


class PicowsSocket(WSListener):
    """One connection: the socket its receiver writes to and the listener picows reads into."""

    __slots__ = ("_entry", "_holds", "_loop", "_parts", "_receiver", "_size", "_transport")

    def __init__(self, entry: Entry, loop: asyncio.AbstractEventLoop) -> None:
        self._entry: Entry | None = entry
        self._loop = loop
        self._receiver: Receiver | None = None
        self._transport: WSTransport | None = None
        self._parts: list[bytes] | None = None
        self._size = 0
        self._holds: set[str] | None = None

    # what the receiver may do

    def send(self, text: bytes) -> None:
        transport = self._transport
        if transport is not None and not transport.is_close_frame_sent:
            transport.send(WSMsgType.TEXT, text)

    def close(self, code: CloseCode, reason: str) -> None:
        transport = self._transport
        if transport is None or transport.is_close_frame_sent or transport.is_disconnected:
            return
        transport.send_close(WSCloseCode(int(code)), reason.encode()[:123])
        self._loop.call_later(CLOSE_SECONDS, transport.disconnect)

    def pause(self) -> None:
        self._hold("receiver")

    def resume(self) -> None:
        self._release("receiver")

    # what picows tells

    def on_ws_connected(self, transport: WSTransport) -> None:
        entry, self._entry = self._entry, None
        assert entry is not None
        self._transport = transport
        if entry.subprotocol is None:
            self.close(CloseCode.PROTOCOL_ERROR, "no OCPP version in common")
            return
        self._receiver = entry.open(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is WSMsgType.TEXT and frame.fin and self._parts is None:
            if self._receiver is not None:
                self._receiver.receive(frame.get_payload_as_bytes())
        elif kind is WSMsgType.CLOSE:
            if not transport.is_close_frame_sent:
                transport.send_close(frame.get_close_code())
            transport.disconnect()
        elif kind in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._join(frame)
        elif kind is WSMsgType.BINARY:
            self.close(CloseCode.UNSUPPORTED_DATA, "OCPP is text")

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        receiver, self._receiver = self._receiver, None
        self._transport = None
        if receiver is not None:
            receiver.lost()

    def pause_writing(self) -> None:
        """The peer does not read what it is sent: take nothing more from it, so that nothing more piles up."""
        self._hold("peer")

    def resume_writing(self) -> None:
        self._release("peer")

    def _join(self, frame: WSFrame) -> None:
        begins = frame.msg_type is WSMsgType.TEXT
        if begins != (self._parts is None):
            self.close(CloseCode.PROTOCOL_ERROR, "continuation out of place")
            return
        if self._parts is None:
            self._parts = []
        self._parts.append(frame.get_payload_as_bytes())
        self._size += frame.payload_size
        if self._size > MAX_MESSAGE_BYTES:
            self._parts, self._size = None, 0
            self.close(CloseCode.MESSAGE_TOO_BIG, f"at most {MAX_MESSAGE_BYTES} bytes a message")
        elif frame.fin:
            whole = b"".join(self._parts)
            self._parts, self._size = None, 0
            if self._receiver is not None:
                self._receiver.receive(whole)

    def _hold(self, who: str) -> None:
        if self._transport is None:
            return
        if not self._holds:
            self._transport.underlying_transport.pause_reading()
            self._holds = set()
        self._holds.add(who)

    def _release(self, who: str) -> None:
        if self._holds and self._transport is not None:
            self._holds.discard(who)
            if not self._holds:
                self._transport.underlying_transport.resume_reading()


class _Door(asyncio.Protocol):
    """Reads one HTTP request, has the gate decide, hands the connection over."""

    def __init__(self, gate: Gate, ping_seconds: float, doors: set[_Door]) -> None:
        self._gate = gate
        self._ping_seconds = ping_seconds
        self._doors = doors
        self._head = b""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._doors.add(self)
        self._timer = asyncio.get_running_loop().call_later(HANDSHAKE_SECONDS, self.abort)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self._task is not None:
            return
        if b"\r\n\r\n" in self._head:
            assert self._transport is not None
            self._transport.pause_reading()
            self._task = asyncio.get_running_loop().create_task(self._decide())
        elif len(self._head) > HEAD_BYTES:
            self._refuse(Refusal(431, "the request head is too long"))

    def connection_lost(self, _error: Exception | None) -> None:
        self._leave()
        if self._task is not None:
            self._task.cancel()

    def abort(self) -> None:
        """End a handshake that takes too long."""
        if self._transport is not None:
            self._transport.abort()

    def _leave(self) -> None:
        self._doors.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    async def _decide(self) -> None:
        assert self._transport is not None
        inside = self._transport.get_extra_info("ssl_object")
        request = read_request(self._head, _address_of(self._transport))
        if isinstance(request, Upgrade) and inside is not None:
            request = replace(request, secure=True, certificate=read_peer(inside))
        decision = await self._gate(request) if isinstance(request, Upgrade) else request
        if self._transport.is_closing():
            return
        if isinstance(decision, Refusal):
            self._refuse(decision)
        else:
            self._hand_over(decision)

    def _refuse(self, refusal: Refusal) -> None:
        assert self._transport is not None
        self._transport.write(render_refusal(refusal))
        self._transport.close()

    def _hand_over(self, entry: Entry) -> None:
        transport = self._transport
        assert transport is not None
        self._leave()
        socket = PicowsSocket(entry, asyncio.get_running_loop())
        headers = {} if entry.subprotocol is None else {"Sec-WebSocket-Protocol": entry.subprotocol}

        def accept(_request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
            return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(headers), socket)

        protocol = _make_protocol(accept, self._ping_seconds)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        _pour(self._head, protocol)
        transport.resume_reading()


class _LockedDoor(_Door):
    """A door behind TLS: the handshake comes first, and one that fails is told of."""

    def __init__(self, gate: Gate, ping_seconds: float, doors: set[_Door], lock: Lock) -> None:
        super().__init__(gate, ping_seconds, doors)
        self._lock = lock
        self._shaking = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self._transport is not None
        if self._lock.is_barred(_address_of(self._transport)):
            self._transport.abort()
            return
        self._transport.pause_reading()  # what comes next is TLS, not ours to read
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._shake(self._transport))
        loop.call_soon(loop.call_soon, self._pass_on, self._transport)

    def data_received(self, data: bytes) -> None:
        if self._shaking:
            self._head += data
        else:
            super().data_received(data)

    def _pass_on(self, plain: asyncio.Transport) -> None:
        """Uvloop reads once before `start_tls` has a protocol of its own in place: that was for it."""
        early, self._head = self._head, b""
        inner = plain.get_protocol()
        if early and inner is not self:
            _pour(early, inner)

    async def _shake(self, plain: asyncio.Transport) -> None:
        address = _address_of(plain)
        try:
            secure = await asyncio.get_running_loop().start_tls(
                plain,
                self,
                self._lock.context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=CLOSE_SECONDS,
            )
        except (OSError, TimeoutError) as error:  # errors of TLS are OSErrors
            self._leave()
            plain.abort()
            why = say_failure(error)
            if why:
                self._lock.failed(address, why)
            return
        if secure is None or plain.is_closing():
            self._leave()
            return
        self._transport = secure
        self._task, self._shaking = None, False
        if self._head:
            self.data_received(b"")


def _pour(data: bytes, protocol: Any) -> None:
    """Give a BufferedProtocol what was read before it was there."""
    rest = memoryview(data)
    while rest:
        room = protocol.get_buffer(len(rest))
        count = min(len(room), len(rest))
        room[:count] = rest[:count]
        rest = rest[count:]
        protocol.buffer_updated(count)


def _address_of(transport: asyncio.Transport) -> str:
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""


def _make_protocol(accept: Accept, ping_seconds: float) -> Any:
    return WSProtocol(
        None,  # host and port: a client's
        None,  # path: a client's
        False,
        accept,
        _LOG,
        True,
        HANDSHAKE_SECONDS,
        ping_seconds > 0,
        ping_seconds,
        ping_seconds,
        WSAutoPingStrategy.PING_WHEN_IDLE,
        True,
        MAX_MESSAGE_BYTES,
        None,  # extra headers: a client's
        READ_BUFFER_BYTES,
    )


def read_request(head: bytes, address: str) -> Upgrade | Refusal:
    """The upgrade request in an HTTP/1.1 request head (RFC 6455, section 4.1), or why it is none."""
    lines = head.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return Refusal(400, "not an HTTP/1.1 request")
    if words[0] != "GET":
        return Refusal(405, "a WebSocket is opened with GET")
    headers: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            return Refusal(400, "a header line without a colon")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    if "websocket" not in ",".join(headers.get("upgrade", [])).lower():
        return Refusal(426, "charging stations connect here over WebSocket")
    offered = ",".join(headers.get("sec-websocket-protocol", []))
    return Upgrade(
        path=words[1],
        authorization=headers.get("authorization", [None])[0],
        offered=tuple(name.strip() for name in offered.split(",") if name.strip()),
        address=address,
    )


def render_refusal(refusal: Refusal) -> bytes:
    """A refusal as an HTTP/1.1 response that closes the connection."""
    body = refusal.text.encode()
    challenge = 'WWW-Authenticate: Basic realm="ocpp"\r\n' if refusal.status == HTTPStatus.UNAUTHORIZED else ""
    later = f"Retry-After: {refusal.retry_seconds}\r\n" if refusal.retry_seconds else ""
    upgrade = "Upgrade: websocket\r\n" if refusal.status == HTTPStatus.UPGRADE_REQUIRED else ""
    head = (
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        f"{challenge}{later}{upgrade}Connection: close\r\n\r\n"
    )
    return head.encode() + body


class PicowsListener:
    """Listens for stations with picows."""

    def __init__(self, server: asyncio.Server, doors: set[_Door]) -> None:
        self._server = server
        self._doors = doors

    @property
    def port(self) -> int:
        """The TCP port in use."""
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more; handshakes under way are cut off."""
        self._server.close()
        for door in list(self._doors):
            door.abort()


async def listen_with_picows(
    gate: Gate, host: str, port: int, ping_seconds: float, lock: Lock | None = None
) -> PicowsListener:
    """Listen on `host`:`port`; with a `lock`, over TLS.

    Raises:
        OSError: the port cannot be had.
    """
    doors: set[_Door] = set()
    loop = asyncio.get_running_loop()

    def make_door() -> _Door:
        return _Door(gate, ping_seconds, doors) if lock is None else _LockedDoor(gate, ping_seconds, doors, lock)

    server = await loop.create_server(make_door, host, port, backlog=1024)
    return PicowsListener(server, doors)
