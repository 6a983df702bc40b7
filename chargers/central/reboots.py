"""Stations that boot again and again: a fault nobody sees while each boot is accepted."""

from __future__ import annotations

import time
from collections import deque

MOST = 10
WITHIN_SECONDS = 600.0
MOST_STATIONS = 10_000


class Reboots:
    """Counts boots by station. More than a few in a while are an alarm, and their events are no longer kept."""

    def __init__(self) -> None:
        self._boots: dict[str, deque[float]] = {}

    def note(self, station_id: str) -> int:
        """A station has booted; how often within the last ten minutes."""
        now = time.monotonic()
        boots = self._boots.get(station_id)
        if boots is None:
            if len(self._boots) >= MOST_STATIONS:
                self._boots.pop(next(iter(self._boots)))
            boots = self._boots[station_id] = deque(maxlen=MOST + 1)
        boots.append(now)
        while now - boots[0] > WITHIN_SECONDS:
            boots.popleft()
        return len(boots)
