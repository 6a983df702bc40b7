"""What a station still has to send: transaction messages survive a lost line, the rest goes with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Payload = dict[str, Any]

Durability = Literal["transaction", "passing"]


@dataclass(slots=True)
class Outgoing:
    """A CALL to make. Its payload is made when it is sent: in 1.6 the answer to a start tells the transaction's id."""

    action: str
    payload: Callable[[], Payload]
    durability: Durability = "passing"
    on_result: Callable[[Payload], None] | None = None
    on_loss: Callable[[], None] | None = None
    attempts: int = 0
    not_before: datetime | None = None
    reading: bool = False
    """It brings a meter reading of a running transaction: servers order them by their times."""


class Outbox:
    """A queue in order of saying. What waits for its time lets later messages pass."""

    def __init__(self) -> None:
        self._waiting: deque[Outgoing] = deque()
        self._answered: deque[Outgoing] = deque(maxlen=4)

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Outgoing]:
        return iter(self._waiting)

    def put(self, outgoing: Outgoing) -> None:
        self._waiting.append(outgoing)

    def first(self, now: datetime) -> Outgoing | None:
        """The first message whose time has come; it stays until `done`."""
        ready = (one for one in self._waiting if one.not_before is None or one.not_before <= now)
        return next(ready, None)

    def next_due(self) -> datetime | None:
        """When the first waiting message may go, if all of them wait."""
        return min((one.not_before for one in self._waiting if one.not_before is not None), default=None)

    def done(self, outgoing: Outgoing) -> None:
        self._waiting.remove(outgoing)
        if outgoing.durability == "transaction":
            self._answered.append(outgoing)

    def lose_line(self) -> None:
        """The connection is gone: passing messages are lost, and whoever waits for their answer learns it."""
        lost = [one for one in self._waiting if one.durability == "passing"]
        self._waiting = deque(one for one in self._waiting if one.durability == "transaction")
        for one in lost:
            if one.on_loss is not None:
                one.on_loss()

    def news_first(self) -> None:
        """Put what is of now before what was kept while the line was down."""
        self._waiting = deque(sorted(self._waiting, key=lambda one: one.durability == "transaction"))

    def turn_round(self) -> None:
        """Put readings newest first, each kind of other message where it was: a stack that is read from the top."""
        readings = [one for one in self._waiting if one.reading]
        self._waiting = deque(readings.pop() if one.reading else one for one in self._waiting)

    def repeat_answered(self) -> None:
        """Put the last answered transaction messages in front again: a station that forgot they were answered."""
        self._waiting.extendleft(reversed(self._answered))
        self._answered.clear()
