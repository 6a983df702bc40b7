"""Waiting in clock time while the clock may run fast, change its pace or stand still."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import datetime, timedelta

from fleet.clock import Clock, PacedClock

LONGEST_WALL_SECONDS = 0.5
"""A wait looks at the clock this often at least: somebody may have changed its pace."""
LONGEST_EVEN_SECONDS = 30.0
"""The same where nobody can change the pace: thousands of stations that look twice a second cost a core."""
SHORTEST_WALL_SECONDS = 0.005


def pace_of(clock: Clock) -> Callable[[float], float]:
    """How many wall seconds so many seconds of a clock take, at its present speed; without end while it is paused."""

    def wall_seconds(seconds: float) -> float:
        pace = clock.pace() if isinstance(clock, PacedClock) else None
        if pace is None:
            return seconds
        return seconds / pace.speed if pace.speed > 0 else math.inf

    return wall_seconds


class Pacing:
    """A clock, and how many wall seconds so many of its seconds take."""

    def __init__(self, clock: Clock, wall_seconds: Callable[[float], float]) -> None:
        self._clock = clock
        self._wall_seconds = wall_seconds
        self._longest = LONGEST_WALL_SECONDS if isinstance(clock, PacedClock) else LONGEST_EVEN_SECONDS

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        await self.until(self.now() + timedelta(seconds=seconds))

    async def until(self, when: datetime, stirred: asyncio.Event | None = None) -> None:
        """Wait until the clock shows `when`, or until somebody stirs."""
        event = stirred or asyncio.Event()
        while not event.is_set():
            left = (when - self.now()).total_seconds()
            if left <= 0:
                return
            wall = min(max(self._wall_seconds(left), SHORTEST_WALL_SECONDS), self._longest)
            try:
                async with asyncio.timeout(wall):
                    await event.wait()
            except TimeoutError:
                continue
