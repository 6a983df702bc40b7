"""Orders, events, alarms; who may give orders; the pace of simulated time; leases that keep two jobs apart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel


class Order(SQLModel, table=True):
    """Something a person or a job asks the world to do. This is also the audit trail."""

    __tablename__ = "orders"

    order_id: int | None = Field(default=None, primary_key=True)
    key: str | None = Field(default=None, unique=True, max_length=120)
    """Given by whoever must not order twice; the same key again is the same order."""
    kind: str = Field(index=True)
    target: str
    """What it is about: a station id, a plan id."""
    args: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    who: str
    why: str = ""
    state: str = Field(default="queued", index=True)
    """"queued", "sent", "accepted", "rejected", "failed", "expired"."""
    answer: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    ordered_at: datetime
    sent_at: datetime | None = None
    done_at: datetime | None = None
    expires_at: datetime | None = None
    """Not carried out after this."""


class EventRow(SQLModel, table=True):
    """Something that happened. Append-only; each row's hash covers the one before."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_subject", "subject", "event_id"),)

    event_id: int | None = Field(default=None, primary_key=True)
    at: datetime
    kind: str = Field(index=True)
    subject: str
    who: str = ""
    data: str = "{}"
    """JSON text with sorted keys: the bytes the hash covers."""
    previous_hash: str
    hash: str


class Alarm(SQLModel, table=True):
    """Something a person should look at."""

    __tablename__ = "alarm"

    alarm_id: int | None = Field(default=None, primary_key=True)
    kind: str
    subject: str = Field(index=True)
    severity: str = "warning"
    """"info", "warning", "critical"."""
    text: str
    raised_at: datetime
    cleared_at: datetime | None = Field(default=None, index=True)
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


class Operator(SQLModel, table=True):
    """Someone who gives orders."""

    __tablename__ = "operator"

    name: str = Field(primary_key=True, max_length=48)
    role: str = "dispatcher"
    """"dispatcher", "viewer", "admin"."""
    language: str = "en"
    active: bool = True


class PaceRow(SQLModel, table=True):
    """How simulated time runs; a store without this row lives in real time."""

    __tablename__ = "pace"

    pace_id: int = Field(default=1, primary_key=True)
    sim: datetime
    wall: datetime
    speed: float


class Lease(SQLModel, table=True):
    """A job at work, so that a second one does not start. Runs out by itself."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True, max_length=48)
    holder: str
    until: datetime
    """Wall time."""
