"""OCPP-J frames as bytes: what is read, what is answered, and which error code says what in which version.

Sources: OCPP-J 1.6 section 4.2; OCPP 2.0.1 Part 4 sections 4.2 to 4.4 with errata 2025-09.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from chargers.central.schemas import Fault, Version

CALL, CALLRESULT, CALLERROR = 2, 3, 4
CALLRESULTERROR, SEND = 5, 6
"""Of 2.1 (Part 4, sections 4.2.4 and 4.2.5): a result of ours was not understood; a message that is owed no answer."""
UNREADABLE_ID = "-1"
"""Stands for a message id that cannot be read (2.0.1 Part 4, section 4.2.3)."""
DESCRIPTION_LENGTH = 255
WITH_SEND = frozenset({"2.1"})
MOST_DEPTH = 32
"""No schema of any version nests half as deep."""
ID_LENGTH = 255
"""The specification says 36; whatever a station chose is echoed, within reason."""

encode = msgspec.json.Encoder().encode
read_call = msgspec.json.Decoder(tuple[int, str, str, msgspec.Raw]).decode
"""A CALL with its payload left raw; raises msgspec.MsgspecError for anything else."""

MessageId = str | int
"""Stations exist that number their messages; they wait for their number."""


class ErrorCode(StrEnum):
    """CALLERROR codes in the spelling of OCPP 2.0.1 (Part 4, table 8)."""

    FORMAT_VIOLATION = "FormatViolation"
    GENERIC = "GenericError"
    INTERNAL = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"  # an action that is not known
    NOT_SUPPORTED = "NotSupported"  # an action that is known but not supported
    OCCURRENCE = "OccurrenceConstraintViolation"
    PROPERTY = "PropertyConstraintViolation"
    PROTOCOL = "ProtocolError"
    RPC_FRAMEWORK = "RpcFrameworkError"
    SECURITY = "SecurityError"
    TYPE = "TypeConstraintViolation"


_IN_V16 = {
    ErrorCode.FORMAT_VIOLATION: "FormationViolation",
    ErrorCode.OCCURRENCE: "OccurenceConstraintViolation",
    ErrorCode.RPC_FRAMEWORK: "FormationViolation",
    ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED: "NotSupported",
}
"""1.6 misspells two codes and keeps them (OCPP-J 1.6 errata, 5.1 and 5.2); two it does not have."""

_BY_RULE = {
    "type": ErrorCode.TYPE,
    "required": ErrorCode.OCCURRENCE,
    "minItems": ErrorCode.OCCURRENCE,
    "maxItems": ErrorCode.OCCURRENCE,
    "additionalProperties": ErrorCode.FORMAT_VIOLATION,
    "enum": ErrorCode.PROPERTY,
    "maxLength": ErrorCode.PROPERTY,
    "minimum": ErrorCode.PROPERTY,
    "maximum": ErrorCode.PROPERTY,
    "multipleOf": ErrorCode.PROPERTY,
}


def code_for(version: Version, fault: Fault) -> ErrorCode:
    """Which code says that a payload breaks this schema rule. To 1.6 an incomplete payload is a ProtocolError."""
    if version == "1.6" and fault.rule == "required":
        return ErrorCode.PROTOCOL
    return _BY_RULE.get(fault.rule, ErrorCode.FORMAT_VIOLATION)


def call_frame(message_id: str, action: str, payload: dict[str, Any]) -> bytes:
    """A CALL."""
    return encode((CALL, message_id, action, payload))


def result_frame(message_id: MessageId, payload: dict[str, Any]) -> bytes:
    """A CALLRESULT."""
    return encode((CALLRESULT, message_id, payload))


def error_frame(version: Version, message_id: MessageId, code: ErrorCode, description: str) -> bytes:
    """A CALLERROR in this version's spelling. Nothing of a broken message is echoed but its id."""
    spelled = _IN_V16.get(code, str(code)) if version == "1.6" else str(code)
    return encode((CALLERROR, message_id, spelled, description[:DESCRIPTION_LENGTH], {}))


@dataclass(frozen=True, slots=True)
class OddCall:
    """A CALL that is not as it should be but can be read: its id may be a number, its payload null."""

    message_id: MessageId
    action: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Sent:
    """A SEND: read like a CALL, never answered."""

    action: str
    payload: Any


@dataclass(frozen=True, slots=True)
class ResultRefused:
    """A CALLRESULTERROR: the station could not use a result of ours."""

    message_id: str
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A CALLRESULT or CALLERROR to a CALL of ours. `code` is None for a result."""

    message_id: str
    code: str | None
    description: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Broken:
    """A message that must be answered with a CALLERROR."""

    message_id: MessageId
    code: ErrorCode
    description: str


Odd = OddCall | Answered | Broken | Sent | ResultRefused


def read_odd(text: bytes, version: Version = "2.0.1") -> Odd | None:
    """Read what is no ordinary CALL; None for what cannot be read and is owed no answer."""
    try:
        message = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Broken(UNREADABLE_ID, ErrorCode.RPC_FRAMEWORK, "the message is no JSON")
    except RecursionError:
        return Broken(UNREADABLE_ID, ErrorCode.RPC_FRAMEWORK, "the message is nested too deeply")
    if not isinstance(message, list) or not message:
        return Broken(UNREADABLE_ID, ErrorCode.RPC_FRAMEWORK, "the message is no JSON array")
    kind, rest = message[0], message[1:]
    if kind in (CALLRESULT, CALLERROR) and not isinstance(kind, bool):
        return _read_answer(kind, rest)
    if version in WITH_SEND and kind in (CALLRESULTERROR, SEND) and not isinstance(kind, bool):
        return _read_unanswered(kind, rest)
    return _read_call(kind, rest)


def _read_call(kind: Any, rest: list[Any]) -> OddCall | Broken:
    message_id = _read_id(rest[0]) if rest else None
    if message_id is None:
        return Broken(UNREADABLE_ID, ErrorCode.RPC_FRAMEWORK, "the message id cannot be read")
    if kind != CALL or isinstance(kind, bool):
        return Broken(message_id, ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "the message type number is not known")
    if len(rest) != 3:
        return Broken(message_id, ErrorCode.RPC_FRAMEWORK, f"a CALL has 4 elements, this one has {len(rest) + 1}")
    action, payload = rest[1:]
    if not isinstance(action, str):
        return Broken(message_id, ErrorCode.RPC_FRAMEWORK, "the action is no string")
    if _is_deeper(payload, MOST_DEPTH):
        return Broken(message_id, ErrorCode.FORMAT_VIOLATION, f"the payload is nested more than {MOST_DEPTH} deep")
    return OddCall(message_id, action, {} if payload is None else payload)


def _is_deeper(value: Any, most: int) -> bool:
    """Whether lists and objects are nested more than `most` deep; what walks them further on may then recurse."""
    level = [value]
    for _ in range(most + 1):
        if not level:
            return False
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        level = [one for one in inner if isinstance(one, dict | list)]
    return bool(level)


def _read_id(value: object) -> MessageId | None:
    if isinstance(value, str) and len(value) <= ID_LENGTH:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**36:
        return value
    return None


def _read_unanswered(kind: int, rest: list[Any]) -> Sent | ResultRefused | None:
    if kind == SEND:
        good = len(rest) == 3 and isinstance(rest[1], str) and not _is_deeper(rest[2], MOST_DEPTH)
        return Sent(rest[1], rest[2] or {}) if good else None
    answer = _read_answer(CALLERROR, rest)
    return None if answer is None else ResultRefused(answer.message_id, answer.code or "", answer.description)


def _read_answer(kind: int, rest: list[Any]) -> Answered | None:
    if len(rest) < 2 or not isinstance(rest[0], str):
        return None
    if kind == CALLRESULT:
        return Answered(rest[0], None, "", rest[1])
    code = rest[1] if isinstance(rest[1], str) else str(ErrorCode.GENERIC)
    description = rest[2] if len(rest) > 2 and isinstance(rest[2], str) else ""
    return Answered(rest[0], code, description[:DESCRIPTION_LENGTH], rest[3] if len(rest) > 3 else {})
