"""What the page of a station shows beyond the View. Frozen: read in a thread, drawn as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ConnectorFacts:
    """A connector as it last told of itself."""

    evse: int
    number: int
    status: str
    error_code: str
    info: str
    since: datetime | None

    @property
    def name(self) -> str:
        """EVSE and connector, as 2.0.1 counts them."""
        return f"{self.evse}.{self.number}"


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds it below what it can: a profile of which purpose, and the order that brought it there."""

    purpose: str
    order_id: int | None = None
    who: str = ""
    why: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A request and how it was answered. `sent`: by us."""

    number: int
    at: datetime
    sent: bool
    action: str
    answer: str
    """"OK", the code of an error, or nothing while nobody has answered."""
    milliseconds: float | None = None


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """Something a 2.0.1 station noticed of a part of it, and has not taken back."""

    at: datetime
    component: str
    variable: str
    value: str
    tech_code: str


@dataclass(frozen=True, slots=True)
class StationFacts:
    """What the store knows of one station. Powers are kW of the whole station."""

    station_id: str
    serial: str = ""
    last_seen_at: datetime | None = None
    booted_at: datetime | None = None
    clock_error_s: float | None = None
    connected_profile: int | None = None
    """The security profile it is connected with; `least_profile` what it must have, None as the settings say."""
    least_profile: int | None = None
    certificate_until: datetime | None = None
    certificate_state: str = ""
    quirks: tuple[str, ...] = ()
    rate_unit: str = ""
    fallback_kw: float | None = None
    connectors: tuple[ConnectorFacts, ...] = ()
    kwh_today: float = 0.0
    drawn_kw: tuple[tuple[datetime, float], ...] = ()
    """What it drew, at each instant a meter value came."""
    allowed_kw: tuple[tuple[datetime, float], ...] = ()
    """What its profiles allow from each instant on; empty where it has none."""
    holding: Holding | None = None
    messages: tuple[MessageLine, ...] = ()
    problems: tuple[ProblemLine, ...] = ()
