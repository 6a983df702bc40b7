"""What the console does to the world: orders, acknowledgements, the pace of simulated time. Always in a thread."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from console.errors import ActionDisabled
from fleet.orders import Wanted

if TYPE_CHECKING:
    from fleet.store import Store

HISTORY = timedelta(days=7)


class Hands(Protocol):
    """What a screen may ask for. Every call may block, and may raise FleetError or ActionDisabled."""

    def place(self, wanted: Wanted) -> None:
        """Place an order in the operator's name."""

    def acknowledge(self, alarm_id: int) -> None:
        """Take an alarm on in the operator's name."""

    def set_speed(self, speed: float) -> None:
        """Let simulated time run at this pace; 0 pauses it."""

    def skip(self, by: timedelta) -> None:
        """Move simulated time on."""

    def history(self, bin_id: str) -> tuple[tuple[datetime, float], ...]:
        """A bin's fill over the last week."""
        ...


class StoreHands:
    """Hands that write into the store."""

    def __init__(self, store: Store, operator: str) -> None:
        self._store = store
        self._operator = operator

    def place(self, wanted: Wanted) -> None:
        """Place an order in the operator's name."""
        with self._store.begin() as work:
            work.orders.place(replace(wanted, who=self._operator))

    def acknowledge(self, alarm_id: int) -> None:
        """Take an alarm on in the operator's name."""
        with self._store.begin() as work:
            work.alarms.acknowledge(alarm_id, self._operator)

    def set_speed(self, speed: float) -> None:
        """Let simulated time run at this pace; 0 pauses it.

        Raises:
            ActionDisabled: this store lives in real time.
        """
        with self._store.begin() as work:
            pace = work.places.pace()
            if pace is None:
                raise ActionDisabled("time runs by itself in a real city")
            work.places.set_pace(pace.change(datetime.now(UTC), speed=speed), self._operator)

    def skip(self, by: timedelta) -> None:
        """Move simulated time on.

        Raises:
            ActionDisabled: this store lives in real time.
        """
        with self._store.begin() as work:
            pace = work.places.pace()
            if pace is None:
                raise ActionDisabled("time runs by itself in a real city")
            work.places.set_pace(pace.skip(datetime.now(UTC), by), self._operator)

    def history(self, bin_id: str) -> tuple[tuple[datetime, float], ...]:
        """A bin's fill over the last week."""
        with self._store.read() as work:
            rows = work.bins.readings_of(bin_id, work.now - HISTORY)
        return tuple((row.measured_at, row.fill) for row in rows if row.fill is not None)
