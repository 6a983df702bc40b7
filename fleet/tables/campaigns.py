"""Firmware and logs over many stations, and the files that pass through binwatt's own HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


class Firmware(SQLModel, table=True):
    """A firmware file a station may fetch here."""

    __tablename__ = "firmware"

    firmware_id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    version: str = ""
    vendor: str = ""
    """Only for this vendor and model; empty: for any."""
    model: str = ""
    path: str
    bytes: int
    sha256: str
    signature: str = ""
    """Base64, for a signed update; empty: none."""
    signing_pem: str = ""
    added_at: datetime


class Campaign(SQLModel, table=True):
    """The same thing asked of many stations: firmware, logs, variables, a reset."""

    __tablename__ = "campaign"

    campaign_id: int | None = Field(default=None, primary_key=True)
    kind: str
    """The kind of order it places, e.g. "update_firmware", "get_log"."""
    args: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    at_once: int = 10
    """Stations at work at the same time."""
    stop_after: int = 3
    """Failures after which no further station is asked."""
    state: str = Field(default="running", index=True)
    """"running", "paused", "done", "stopped"."""
    who: str
    why: str = ""
    made_at: datetime
    ended_at: datetime | None = None


class CampaignStation(SQLModel, table=True):
    """One station's part in a campaign."""

    __tablename__ = "campaign_station"
    __table_args__ = (UniqueConstraint("campaign_id", "station_id"),)

    campaign_station_id: int | None = Field(default=None, primary_key=True)
    campaign_id: int = Field(foreign_key="campaign.campaign_id", ondelete="CASCADE")
    station_id: str = Field(index=True)
    order_id: int | None = None
    request_id: int | None = Field(default=None, index=True)
    """The requestId the station tells its progress under."""
    state: str = "waiting"
    """"waiting", "ordered", "working", "done", "failed"."""
    status: str = ""
    """What the station said last: "Downloading", "Installed", "Uploaded", …"""
    why: str = ""
    changed_at: datetime | None = None


class StationFile(SQLModel, table=True):
    """A one-time name under which a station may fetch or leave one file."""

    __tablename__ = "station_file"

    name: str = Field(primary_key=True, max_length=64)
    """Unguessable, part of the address."""
    station_id: str = Field(index=True)
    direction: str
    """"down": the station fetches it; "up": it leaves it here."""
    what: str
    """"firmware", "diagnostics", "security log"."""
    path: str
    most_bytes: int
    bytes: int | None = None
    request_id: int | None = Field(default=None, index=True)
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
