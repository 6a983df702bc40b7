"""Charging stations, their EVSEs and connectors, and the tokens people and trucks charge with. OCPP 2.0.1 words."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


class Station(SQLModel, table=True):
    """A charging station, known by its identity alone."""

    __tablename__ = "station"

    station_id: str = Field(primary_key=True, max_length=48)
    name: str = ""
    place_id: str | None = Field(default=None, foreign_key="place.place_id")
    """The site whose grid connection it shares."""
    lat: float | None = None
    lon: float | None = None
    admission: str = "accepted"
    """"accepted", "parked" (waits for a dispatcher), "refused"."""
    password_hash: str | None = None
    """scrypt, "salt$key" in hex; None: no password asked."""
    current: str = "AC"
    """"AC" or "DC"."""
    phases: int = 3
    max_kw: float = 22.0
    fallback_kw: float = 4.2
    """What it may draw, each EVSE, when nobody tells it anything."""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    protocol: str | None = None
    """The OCPP version it speaks: "ocpp1.6", "ocpp2.0.1"."""
    online: bool = False
    connected_at: datetime | None = None
    last_seen_at: datetime | None = None
    booted_at: datetime | None = None
    rate_unit: str | None = None
    """What it takes limits in, learned: "A", "W", "A,W"."""
    max_stack_level: int | None = None
    max_periods: int | None = None
    max_profiles: int | None = None
    fallback_at: datetime | None = None
    """When it last confirmed its fall-back profile."""
    groups: str = ""
    """Names, comma separated: for tariffs, campaigns and filters."""
    public: bool = False
    """Open to anybody: told outside, and shares its site's limit with the other public ones."""
    priority: float = 1.0
    """Its weight where a site's limit is shared."""
    security_profile: int | None = None
    """Least security profile it may connect with (0 to 3); None: as the settings say."""
    connected_profile: int | None = None
    """The security profile it is connected with."""
    next_password_hash: str | None = None
    """Of a password that was sent and not yet used; the old one holds until it is."""
    clock_error_s: float | None = None
    """Its clock less ours, as last seen."""
    quirks: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Named departures from the standard, learned here or known of its vendor and firmware."""


class Evse(SQLModel, table=True):
    """One place to charge one vehicle."""

    __tablename__ = "evse"
    __table_args__ = (UniqueConstraint("station_id", "number"),)

    evse_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(foreign_key="station.station_id", ondelete="CASCADE")
    number: int
    max_kw: float


class Connector(SQLModel, table=True):
    """A plug of an EVSE and what it last reported. In OCPP 1.6 EVSE n is connector n, so each EVSE has connector 1."""

    __tablename__ = "connector"
    __table_args__ = (UniqueConstraint("station_id", "evse", "number"),)

    connector_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(foreign_key="station.station_id", ondelete="CASCADE")
    evse: int
    """EVSE number; 0 is the station itself."""
    number: int
    status: str = "Unavailable"
    """In 2.0.1 words, or the finer ones of 1.6 (Preparing, Charging, SuspendedEV, SuspendedEVSE, Finishing)."""
    error_code: str = ""
    info: str = ""
    status_at: datetime | None = None


class IdToken(SQLModel, table=True):
    """A card, key or code that may start a charge."""

    __tablename__ = "id_token"

    token: str = Field(primary_key=True, max_length=36)
    kind: str = "ISO14443"
    status: str = "Accepted"
    """"Accepted", "Blocked", "Expired", "Invalid"."""
    truck_id: str | None = Field(default=None, foreign_key="truck.truck_id")
    holder: str = ""
    expires_at: datetime | None = None
    group_id: str = ""
    """Cards of one group may stop each other's charges; tariffs are by group."""
    most_at_once: int | None = None
    """Charges it may have running at the same time."""
    language: str = ""
    note: str = ""
    last_used_at: datetime | None = None


class LocalList(SQLModel, table=True):
    """The local authorization list a station was sent last."""

    __tablename__ = "local_list"

    station_id: str = Field(primary_key=True, foreign_key="station.station_id", ondelete="CASCADE")
    version: int = 0
    """As confirmed by the station; 0: none, -1: it keeps no list."""
    tokens: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    state: str = "unknown"
    """"unknown", "sent", "accepted", "rejected", "unsupported"."""
    sent_at: datetime | None = None


class Reservation(SQLModel, table=True):
    """An EVSE held for a card until a time."""

    __tablename__ = "reservation"

    reservation_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(foreign_key="station.station_id", index=True, ondelete="CASCADE")
    evse: int = 0
    """0: any of the station."""
    token: str
    expires_at: datetime
    state: str = "asked"
    """"asked", "held", "used", "cancelled", "expired", "refused", "removed" (by the station)."""
    who: str = ""
    made_at: datetime
    ended_at: datetime | None = None
