"""Frames exchanged with stations: packed many to a block, and read back as requests with their replies.

A block is the frames of a moment, of all stations together: MessagePack compressed by zlib, which costs a few
microseconds a frame and a tenth of its size (docs/decisions/0016).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec

Noted: TypeAlias = tuple[str, float, bool, bytes]
"""Station, seconds since the block began, whether it was sent to the station, the frame."""

SECRETS = ("AuthorizationKey", "BasicAuthPassword", "basicAuthPassword")
"""Variables and properties whose values are not kept (1.6 security whitepaper 3.1; 2.0.1 part 2, appendix 3)."""
MASK = "***"
CALL, CALLRESULT, CALLERROR, CALLRESULTERROR, SEND = 2, 3, 4, 5, 6

_LEVEL = 1
_MOST_UNPACKED = 64 * 1024 * 1024
_SECRET_BYTES = tuple(name.encode() for name in SECRETS)
"""Each holds "Auth", which is looked for first."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[str, float, bool, bytes]]).decode


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it went over the wire."""

    station_id: str
    at: datetime
    sent: bool
    """By us; else the station sent it."""
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what was answered; `reply` is None where nothing was."""

    station_id: str
    at: datetime
    sent: bool
    """We asked; else the station did."""
    action: str
    message_id: str
    request: str
    reply: str | None = None
    answered_at: datetime | None = None
    error: str = ""
    """The code of a CALLERROR."""

    @property
    def milliseconds(self) -> float | None:
        """From request to reply."""
        return None if self.answered_at is None else (self.answered_at - self.at).total_seconds() * 1000


def pack(frames: Iterable[Noted]) -> bytes:
    """Frames as the body of a block; passwords in them are masked."""
    return zlib.compress(_encode([_masked(frame) for frame in frames]), _LEVEL)


def unpack(body: bytes, since: datetime) -> list[Frame]:
    """The frames of a block that began at `since`, in their order.

    Raises:
        ValueError: it is no block.
    """
    try:
        plain = zlib.decompressobj().decompress(body, _MOST_UNPACKED)
        noted = _decode(plain)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(f"a block of frames cannot be read: {error}") from None
    return [
        Frame(station, since + timedelta(seconds=seconds), sent, frame.decode(errors="replace"))
        for station, seconds, sent, frame in noted
    ]


def pair(newest_first: Iterable[Frame]) -> Iterator[Exchange]:
    """Requests with their replies, newest first, from the frames of any stations, newest first.

    A frame that is no OCPP message is an exchange of its own without an action.
    """
    replies: dict[tuple[str, bool, str], tuple[Frame, list[Any]]] = {}
    for frame in newest_first:
        message = _read(frame.text)
        kind, message_id = (message[0], str(message[1])) if message is not None else (None, "")
        if message is not None and kind in (CALLRESULT, CALLERROR, CALLRESULTERROR):
            replies[frame.station_id, not frame.sent, message_id] = frame, message
        elif message is not None and kind in (CALL, SEND) and len(message) > 2:
            found = replies.pop((frame.station_id, frame.sent, message_id), None)
            answer, answered = found if found is not None else (None, [])
            yield Exchange(
                *(frame.station_id, frame.at, frame.sent, str(message[2]), message_id, frame.text),
                reply=None if answer is None else answer.text,
                answered_at=None if answer is None else answer.at,
                error=str(answered[2]) if answered and answered[0] == CALLERROR and len(answered) > 2 else "",
            )
        else:
            yield Exchange(frame.station_id, frame.at, frame.sent, "", message_id, frame.text)


def _read(text: str) -> list[Any] | None:
    try:
        message = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return message if isinstance(message, list) and len(message) > 1 else None


def _masked(noted: Noted) -> Noted:
    frame = noted[3]
    if b"Auth" not in frame or not any(name in frame for name in _SECRET_BYTES):
        return noted
    try:
        masked = msgspec.json.encode(_without_secrets(msgspec.json.decode(frame)))
    except (msgspec.MsgspecError, RecursionError):
        masked = MASK.encode()
    return *noted[:3], masked


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if not isinstance(value, dict):
        return value
    variable = value.get("variable")
    name = variable.get("name") if isinstance(variable, dict) else value.get("key")
    hidden = {"value", "attributeValue", *SECRETS} if name in SECRETS else set(SECRETS)
    return {key: MASK if key in hidden else _without_secrets(item) for key, item in value.items()}
