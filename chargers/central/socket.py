"""The seam between WebSocket libraries and OCPP: what a connection can do, and who may open one.

A transport asks the gate about every upgrade request, then feeds text messages to the receiver it was given. Nothing
above this seam knows which library carries the frames.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from chargers.central.tls import Presented

MAX_MESSAGE_BYTES = 256 * 1024
"""A longer message is refused: a device model report is sent in parts (2.0.1 Part 2, B07), none comes near this."""


class CloseCode(IntEnum):
    """Why a connection was closed (RFC 6455, section 7.4.1)."""

    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012


class Socket(Protocol):
    """An open WebSocket connection."""

    def send(self, text: bytes) -> None:
        """Queue one text message; on a closed connection nothing happens."""
        ...

    def close(self, code: CloseCode, reason: str) -> None:
        """Close with a reason of at most 123 bytes; a second close does nothing."""
        ...

    def pause(self) -> None:
        """Read no more from the peer until `resume`: TCP holds it back."""
        ...

    def resume(self) -> None:
        """Read again."""
        ...


class Receiver(Protocol):
    """Whoever answers what comes over a connection."""

    def receive(self, text: bytes) -> None:
        """Take one whole text message. Never raises."""
        ...

    def lost(self) -> None:
        """The connection is gone."""
        ...


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A request to open a WebSocket."""

    path: str
    """As sent: percent-encoded, with a query if there was one."""
    authorization: str | None
    offered: tuple[str, ...]
    """Subprotocols by the client's preference."""
    address: str
    """The peer, for the log."""
    secure: bool = False
    """It came over TLS."""
    certificate: Presented | None = None
    """What it showed there."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An upgrade request answered with an HTTP error."""

    status: int
    text: str
    retry_seconds: int = 0
    """When it may try again, told in Retry-After; 0: nothing is said of that."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An upgrade request that may go on. Without a subprotocol the handshake is finished and the connection closed."""

    subprotocol: str | None
    open: Callable[[Socket], Receiver]


Gate = Callable[[Upgrade], Awaitable[Refusal | Entry]]


class Listener(Protocol):
    """A listening transport."""

    @property
    def port(self) -> int:
        """The TCP port in use."""
        ...

    async def stop(self) -> None:
        """Listen no more; open connections are closed by their receivers."""
        ...
