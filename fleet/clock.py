"""Time is injected: the wall clock in a city, a faster one in the twin.

`Clock.now()` gives aware UTC datetimes. `PacedClock` maps wall time to simulated time by an anchor and a speed; the
anchor lives in the store, so that every process of a demo reads the same simulated minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where "now" comes from."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class WallClock:
    """The machine's own clock."""

    __slots__ = ()

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands until it is moved: for tests and for stepping through a night."""

    __slots__ = ("at",)

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Move on by `by`."""
        self.at += by


@dataclass(frozen=True, slots=True)
class Pace:
    """How simulated time runs: `sim` was the simulated instant at wall instant `wall`.

    `speed` is simulated seconds a wall second; 0 is a pause.
    """

    sim: datetime
    wall: datetime
    speed: float

    def at(self, wall: datetime) -> datetime:
        """The simulated instant at wall instant `wall`."""
        return self.sim + (wall - self.wall) * self.speed

    def change(self, wall: datetime, *, speed: float) -> Pace:
        """The same time, going on at another speed from `wall`."""
        return Pace(self.at(wall), wall, speed)

    def skip(self, wall: datetime, by: timedelta) -> Pace:
        """The same speed, moved on by `by` of simulated time."""
        return Pace(self.at(wall) + by, wall, self.speed)


class PacedClock:
    """A clock whose pace is looked up at most every `refresh_seconds` of wall time."""

    __slots__ = ("_look_up", "_next", "_pace", "_refresh")

    def __init__(self, look_up: Callable[[], Pace | None], refresh_seconds: float = 0.25) -> None:
        self._look_up = look_up
        self._refresh = refresh_seconds
        self._next = 0.0
        self._pace: Pace | None = None

    def pace(self) -> Pace | None:
        """The pace in force; None when the store keeps none, and then the wall clock holds."""
        tick = time.monotonic()
        if tick >= self._next:
            self._pace = self._look_up()
            self._next = tick + self._refresh
        return self._pace

    def now(self) -> datetime:
        """The simulated instant, aware, UTC."""
        pace = self.pace()
        wall = datetime.now(UTC)
        return wall if pace is None else pace.at(wall)
