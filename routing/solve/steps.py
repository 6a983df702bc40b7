"""A clock that counts how often it is looked at."""

from __future__ import annotations


class StepClock:
    """Seconds that pass by steps of a search and not by time: what makes two runs the same on any machine."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._now = 0.0

    def __call__(self) -> float:
        """One step later."""
        self._now += self._seconds
        return self._now
