"""How wrong a station's clock is, from the times it tells.

A message may have waited in the station while it was offline, so a time in the past says little; one in the future
says all. Of the times told within a while the latest is the best: the clock is wrong by at least that much.
"""

from __future__ import annotations

from datetime import datetime

from chargers.central.meters import parse_time

ENOUGH = 4
"""Times looked at in one while; more would only cost."""
AGREE_SECONDS = 60.0
"""Two whiles in a row that say the same are believed: a replay of old messages does not last."""
WRONG_SECONDS = 300.0
"""From here on it is an alarm: meter values and charges carry this clock's times."""


class ClockGauge:
    """Measures one station's clock; `error` is its clock less ours in seconds, None while unknown."""

    __slots__ = ("_before", "_best", "_seen", "error")

    def __init__(self, error: float | None = None) -> None:
        self.error = error
        self._best: float | None = None
        self._before: float | None = None
        self._seen = 0

    @property
    def wants(self) -> bool:
        """Whether more times are of use now."""
        return self._seen < ENOUGH

    def note(self, text: str | None, now: datetime) -> None:
        """A message came that tells its time."""
        if self._seen >= ENOUGH or not text:
            return
        time = parse_time(text)
        if time is not None:
            self._seen += 1
            error = (time - now).total_seconds()
            self._best = error if self._best is None else max(self._best, error)

    def settle(self) -> bool:
        """A while is over; True when what is known of the clock has changed by a second or more."""
        best, self._best, self._seen = self._best, None, 0
        before, self._before = self._before, best if best is not None else self._before
        if best is None:
            return False
        agreed = best > -AGREE_SECONDS or (before is not None and abs(best - before) <= AGREE_SECONDS)
        if not agreed or (self.error is not None and abs(best - self.error) < 1.0):
            return False
        self.error = best
        return True
