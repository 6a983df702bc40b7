"""The table of answers: what a station does when the central system calls it, by protocol and action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from chargers.errors import CallNotTaken, ProfileUnreadable
from chargers.twin.controls import Controls
from chargers.twin.outbox import Payload

Answer: TypeAlias = Callable[[Controls, Payload], Payload]
"""From the station and a request that keeps its schema to the result. Raises CallNotTaken for a CALLERROR."""


def answer_from(table: Mapping[str, Answer], controls: Controls, action: str, payload: Payload) -> Payload:
    """The station's answer. Raises CallNotTaken: an action it knows of and does not do is NotSupported."""
    answer = table.get(action)
    if answer is None:
        raise CallNotTaken("NotSupported", f"{action} is not done here")
    return answer(controls, payload)


def status(word: str) -> Payload:
    return {"status": word}


def accepted_if(done: bool, otherwise: str = "Rejected") -> Payload:
    return {"status": "Accepted" if done else otherwise}


def instant(text: str) -> datetime:
    """A time from the wire; without a zone it is UTC. Raises ProfileUnreadable where it is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ProfileUnreadable(f"{text!r} is no RFC 3339 time") from None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
