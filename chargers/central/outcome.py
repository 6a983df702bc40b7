"""What came of an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the station said yes, and what it said."""

    accepted: bool
    answer: dict[str, Any]
