"""WebSockets over the `websockets` library: where picows has no wheel, and where stations ask for compression.

OCPP 2.0.1 wants permessage-deflate (RFC 7692) offered by the CSMS (Part 4, section 3.3); picows has none. It costs some
35 KiB an idle connection, so a setting decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from chargers.central.socket import MAX_MESSAGE_BYTES, CloseCode, Entry, Gate, Refusal, Upgrade
from chargers.central.tls import Lock, read_peer

if TYPE_CHECKING:
    from websockets.http11 import Request, Response
    from websockets.typing import Subprotocol

HANDSHAKE_SECONDS = 15.0
ENTRY = "binwatt_entry"


class WebsocketsSocket:
    """One connection: messages go out in order from a task of its own."""

    __slots__ = ("_closing", "_connection", "_may_read", "_outgoing")

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._outgoing: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._closing: tuple[CloseCode, str] | None = None
        self._may_read = asyncio.Event()
        self._may_read.set()

    def send(self, text: bytes) -> None:
        if self._closing is None:
            self._outgoing.put_nowait(text)

    def close(self, code: CloseCode, reason: str) -> None:
        if self._closing is None:
            self._closing = code, reason
            self._outgoing.put_nowait(None)

    def pause(self) -> None:
        self._may_read.clear()

    def resume(self) -> None:
        self._may_read.set()

    async def write(self) -> None:
        """Send what is queued until the connection ends or is closed from here."""
        try:
            while (text := await self._outgoing.get()) is not None:
                await self._connection.send(text, text=True)
        except ConnectionClosed:
            return
        assert self._closing is not None
        code, reason = self._closing
        await self._connection.close(code, reason.encode()[:123].decode(errors="ignore"))

    async def receive(self) -> bytes | None:
        """The next text message; None when the connection has ended or the peer sent binary."""
        await self._may_read.wait()
        try:
            message = await self._connection.recv(decode=None)
        except ConnectionClosed:
            return None
        if isinstance(message, str):
            return message.encode()
        self.close(CloseCode.UNSUPPORTED_DATA, "OCPP is text")
        return None


class WebsocketsListener:
    """Listens for stations with `websockets`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def port(self) -> int:
        """The TCP port in use."""
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def stop(self) -> None:
        """Listen no more."""
        self._server.close(close_connections=False)


async def listen_with_websockets(
    gate: Gate, host: str, port: int, ping_seconds: float, *, deflate: bool, lock: Lock | None = None
) -> WebsocketsListener:
    """Listen on `host`:`port`; with `deflate`, compression is granted to whoever asks for it.

    Raises:
        OSError: the port cannot be had.
    """

    async def decide(connection: ServerConnection, request: Request) -> Response | None:
        peer = connection.remote_address
        inside = connection.transport.get_extra_info("ssl_object")
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        upgrade = Upgrade(
            path=request.path,
            authorization=request.headers.get("Authorization"),
            offered=tuple(name.strip() for name in offered.split(",") if name.strip()),
            address=str(peer[0]) if peer else "",
            secure=inside is not None,
            certificate=read_peer(inside),
        )
        decision = await gate(upgrade)
        if isinstance(decision, Refusal):
            response = connection.respond(HTTPStatus(decision.status), decision.text)
            if decision.status == HTTPStatus.UNAUTHORIZED:
                response.headers["WWW-Authenticate"] = 'Basic realm="ocpp"'
            if decision.retry_seconds:
                response.headers["Retry-After"] = str(decision.retry_seconds)
            return response
        setattr(connection, ENTRY, decision)
        return None

    def select(connection: ServerConnection, _offered: Sequence[Subprotocol]) -> Subprotocol | None:
        entry: Entry = getattr(connection, ENTRY)
        return entry.subprotocol  # type: ignore[return-value] # a NewType of str

    async def serve_one(connection: ServerConnection) -> None:
        entry: Entry = getattr(connection, ENTRY)
        if entry.subprotocol is None:
            await connection.close(CloseCode.PROTOCOL_ERROR, "no OCPP version in common")
            return
        socket = WebsocketsSocket(connection)
        receiver = entry.open(socket)
        writing = asyncio.create_task(socket.write())
        try:
            while (text := await socket.receive()) is not None:
                receiver.receive(text)
            if connection.close_code is None:
                await writing
        finally:
            writing.cancel()
            receiver.lost()

    server = await serve(
        serve_one,
        host,
        port,
        ssl=None if lock is None else lock.context,
        process_request=decide,
        select_subprotocol=select,
        compression="deflate" if deflate else None,
        max_size=MAX_MESSAGE_BYTES,
        open_timeout=HANDSHAKE_SECONDS,
        ping_interval=ping_seconds or None,
        ping_timeout=ping_seconds or None,
        server_header=None,
        backlog=1024,
    )
    return WebsocketsListener(server)
