"""What a connection may do to the station behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chargers.twin.cabinet import Cabinet
from chargers.twin.keyring import Keyring
from chargers.twin.noticeboard import Noticeboard
from chargers.twin.notices import Notice, StopReason
from chargers.twin.upkeep import Upkeep


class Controls(Protocol):
    @property
    def cabinet(self) -> Cabinet: ...

    @property
    def keyring(self) -> Keyring:
        """Its key, its certificate and those it trusts."""
        ...

    @property
    def upkeep(self) -> Upkeep:
        """Its firmware and its log."""
        ...

    @property
    def board(self) -> Noticeboard:
        """Its display and its monitors (2.x)."""
        ...

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

    def reconnect(self) -> None:
        """Hang up once everything is said, and come back with what was changed about the line."""
        ...
