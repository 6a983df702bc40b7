"""Places that keep a truck waiting for more than their opening: shut hours at bins, queues at disposal sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NEVER = -(1 << 40)
"""An arrival that is early enough for anything."""

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """`shut`: half-open spans, apart and in order, in which service may not begin. `queue`: (from, wait) in order."""

    shut: Spans = ()
    queue: Spans = ()

    def admit(self, arrive: int, opens: int) -> int:
        """When service begins for who arrives then, at a place open from `opens` on."""
        begins = max(arrive + self._wait(arrive), opens)
        for since, until in self.shut:
            if since <= begins < until:
                return until
        return begins

    def latest(self, begins: int) -> int:
        """The latest arrival that still lets service begin by `begins`."""
        for since, until in self.shut:
            if since <= begins < until:
                begins = since - 1
                break
        if not self.queue:
            return begins
        latest = min(begins, self.queue[0][0] - 1)
        ends = [since - 1 for since, _ in self.queue[1:]] + [begins]
        for (since, wait), end in zip(self.queue, ends, strict=True):
            arrive = min(begins - wait, end)
            if arrive >= since:
                latest = max(latest, arrive)
        return latest

    def _wait(self, arrive: int) -> int:
        wait = 0
        for since, seconds in self.queue:
            if since > arrive:
                break
            wait = seconds
        return wait


def merge(spans: Iterable[tuple[int, int]]) -> Spans:
    """The spans in order, with those that touch or overlap made one."""
    merged: list[tuple[int, int]] = []
    for since, until in sorted(spans):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
        else:
            merged.append((since, until))
    return tuple(merged)
