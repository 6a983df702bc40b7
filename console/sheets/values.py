"""What is printed: one truck's round as its crew drives it, the streets around it, and the plan it is part of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Literal


class Kind(StrEnum):
    """What a stop is for."""

    DEPART = "depart"
    BIN = "bin"
    TIP = "tip"
    BREAK = "break"
    CHARGE = "charge"
    RETURN = "return"


PLACES = (Kind.DEPART, Kind.TIP, Kind.CHARGE)
"""Kinds that stand on the map as a sign of their own."""

Language = Literal["fr", "ar", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "ar", "en")
ATTRIBUTION = "© OpenStreetMap contributors"


@dataclass(frozen=True, slots=True)
class SheetStop:
    """A stop as the crew sees it. Times are in the city's zone; `fill` and `soc` are 0 to 1.

    `number` counts the bins of the round from 1 and is 0 for every other kind; `ref` is the bin or the place.
    """

    kind: Kind
    number: int
    ref: str
    name: str
    address: str
    lat: float
    lon: float
    arrives_at: datetime
    leaves_at: datetime
    km: float
    load_kg: float
    kwh: float = 0.0
    charged_kwh: float = 0.0
    stream: str = ""
    fill: float | None = None
    overflow_p: float | None = None
    notes: str = ""
    why: str = ""

    @property
    def title(self) -> str:
        """What a person looks for in the street."""
        return self.address or self.name or self.ref


@dataclass(frozen=True, slots=True)
class Sheet:
    """One truck, one shift. `line` is [lat, lon] along the streets; `target_kwh` is None without a battery."""

    city: str
    plan_id: int
    version: int
    state: str
    day: date
    made_at: datetime
    truck_id: str
    truck_name: str
    route: int
    """Its place in the plan, from 1."""
    departs_at: datetime
    returns_at: datetime
    km: float
    kwh: float
    kg: float
    bins: int
    tips: int
    stops: tuple[SheetStop, ...]
    line: tuple[tuple[float, float], ...]
    target_kwh: float | None = None
    battery_kwh: float | None = None
    charged_kwh: float = 0.0
    overtime_minutes: float = 0.0
    cost: float = 0.0
    note: str = ""
    attribution: str = ATTRIBUTION

    @property
    def truck(self) -> str:
        """The truck as people call it."""
        named = self.truck_name and self.truck_name != self.truck_id
        return f"{self.truck_id} · {self.truck_name}" if named else self.truck_id

    @property
    def name(self) -> str:
        """Names its files: the same for the same round of the same plan."""
        safe = "".join(char if char.isalnum() or char in "-_." else "_" for char in self.truck_id)
        return f"plan-{self.plan_id}-{self.route:02d}-{safe}"

    @property
    def checksum(self) -> str:
        """Eight hex digits that differ when the order, the times or the places of the round do."""
        told = [
            f"{stop.kind} {stop.ref} {stop.arrives_at.isoformat()} {stop.lat:.6f},{stop.lon:.6f}" for stop in self.stops
        ]
        head = f"{self.plan_id} {self.version} {self.truck_id} {self.day.isoformat()}"
        return sha256("\n".join([head, *told]).encode()).hexdigest()[:8]

    @property
    def payload(self) -> str:
        """What the sheet's QR holds: which plan and round, their checksum, and where its first bin stands. No address
        of a server: a phone without network reads it as well.
        """
        first = next((stop for stop in self.stops if stop.kind is Kind.BIN), self.stops[0] if self.stops else None)
        where = f";geo:{first.lat:.5f},{first.lon:.5f}" if first else ""
        return f"BINWATT;PLAN={self.plan_id}.{self.version};ROUTE={self.truck_id};SUM={self.checksum}{where}"


@dataclass(frozen=True, slots=True)
class Left:
    """A bin the plan leaves."""

    bin_id: str
    name: str
    address: str
    lat: float
    lon: float
    due: bool
    reason: str
    stream: str = ""
    fill: float | None = None
    overflow_p: float | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """A whole plan."""

    plan_id: int
    day: date
    state: str
    made_at: datetime
    sheets: tuple[Sheet, ...]
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Street:
    """A stretch of street as [lat, lon]; rank 0 is residential, 3 a main road."""

    rank: int
    line: tuple[tuple[float, float], ...]
