"""What a forecast is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

TILTED = "tilted"
"""Quality of a reading whose sensor lies askew."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the sensor of one bin said: a fill level, 0 to 1, or None with the `quality` that made it useless.

    `received` is when the store had it, which no sensor's clock can falsify; None: not known.
    """

    bin: str
    at: datetime
    fill: float | None
    received: datetime | None = None
    quality: str = "ok"


@dataclass(frozen=True, slots=True)
class Emptying:
    """A bin was emptied, as a truck or a person said.

    `certain` False: a truck stood at the bin, and a drop in what its sensor says next needs no second reading.
    """

    bin: str
    at: datetime
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """An emptying seen in the readings alone: the fill expected before, and the fill of the first low reading."""

    bin: str
    at: datetime
    before: float
    after: float
