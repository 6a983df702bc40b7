"""What a connection may do to the station behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chargers.twin.cabinet import Cabinet
from chargers.twin.notices import Notice, StopReason


class Controls(Protocol):
    @property
    def cabinet(self) -> Cabinet: ...

    @property
    def waiting(self) -> int:
        """Messages not sent or not answered yet."""
        ...

    def now(self) -> datetime: ...

    def say(self, notice: Notice) -> None:
        """Have a message sent."""
        ...

    def stir(self) -> None:
        """Something changed: look at the outlets and the queue."""
        ...

    def restart(self, reason: StopReason) -> None:
        """End everything and come back after a while."""
        ...
