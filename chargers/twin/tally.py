"""What the stations sent, received and have to complain about."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil, log
from typing import Any

MOST_COMPLAINTS = 200
FINENESS = 1.05
"""Two times in one class of the histogram differ by at most 5 %."""
SHORTEST_SECONDS = 1e-5


@dataclass(slots=True)
class Latency:
    """Times from a call to its answer, in classes 5 % wide: any number of them in a few hundred counters."""

    classes: Counter[int] = field(default_factory=Counter)

    def note(self, seconds: float) -> None:
        self.classes[ceil(log(max(seconds, SHORTEST_SECONDS) / SHORTEST_SECONDS, FINENESS))] += 1

    def quantile(self, share: float) -> float | None:
        """Seconds within which this share (0..1) of the answers came, at most 5 % too long; None without any."""
        left = share * self.classes.total()
        for number in sorted(self.classes):
            left -= self.classes[number]
            if left <= 0:
                return SHORTEST_SECONDS * FINENESS**number
        return None


@dataclass(slots=True)
class Tally:
    """Counts of one or many stations. Complaints: protocol faults of the server, one line each, the first 200."""

    sent: Counter[str] = field(default_factory=Counter)
    """CALLs by action."""
    received: Counter[str] = field(default_factory=Counter)
    """CALLs of the server by action."""
    answers: int = 0
    """CALLRESULTs and CALLERRORs received."""
    latency: Latency = field(default_factory=Latency)
    connections: int = 0
    failures: int = 0
    """Connections refused, lost lines, calls without an answer."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Connections that never came to be, by reason: "HTTP 401", "unreachable"."""
    complaints: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Stations that broke, one line each: faults of the twin."""

    @property
    def messages(self) -> int:
        """Frames in both directions, without our answers to the server's CALLs."""
        return self.sent.total() + self.received.total() + self.answers

    def complain(self, identity: str, what: str) -> None:
        if len(self.complaints) < MOST_COMPLAINTS:
            self.complaints.append(f"{identity}: {what}"[:300])

    def break_down(self, identity: str, error: BaseException) -> None:
        """A station broke: a fault of the twin, named by its innermost cause."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        self.errors.append(f"{identity}: {type(error).__name__}: {error}"[:300])

    def as_json(self) -> dict[str, Any]:
        return {
            "messages": self.messages,
            "sent": dict(self.sent),
            "received": dict(self.received),
            "answers": self.answers,
            "connections": self.connections,
            "failures": self.failures,
            "refusals": dict(self.refusals),
            "complaints": list(self.complaints),
            "errors": list(self.errors),
        }
