"""Bins, their sensors, what the sensors said, and when a bin was emptied."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel


class Bin(SQLModel, table=True):
    """A waste container in the street."""

    __tablename__ = "bin"

    bin_id: str = Field(primary_key=True, max_length=48)
    name: str = ""
    address: str = ""
    lat: float
    lon: float
    stream: str = "mixed"
    capacity_l: float = 1100.0
    density_kg_l: float = 0.13
    """Mass of a litre of what lies in it, loose."""
    service_seconds: int = 75
    overflow_fill: float = 1.0
    """The fill at which waste lands beside it."""
    narrow: bool = False
    """Only trucks marked narrow can reach it."""
    kerb: bool = False
    """It must stand on the truck's kerb side: the truck comes along its side of the street."""
    shut: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """When it may not be served: {"from": "HH:MM", "until": "HH:MM", "weekdays": [0..6]} in local time, Monday 0."""
    fixed_days: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Weekdays it is emptied whatever its sensor says; none: as its fill asks."""
    quarter: str = ""
    """Part of the city: bins of one quarter and stream learn from each other, and share its market days."""
    notes: str = ""
    """For the crew."""
    active: bool = True


class Sensor(SQLModel, table=True):
    """A fill sensor and the bin it looks into. Key: the network's own device id."""

    __tablename__ = "sensor"

    device_id: str = Field(primary_key=True, max_length=64)
    bin_id: str = Field(foreign_key="bin.bin_id", index=True)
    dev_eui: str | None = Field(default=None, index=True, max_length=16)
    empty_mm: float = 1300.0
    """Distance it measures over an empty bin."""
    full_mm: float = 250.0
    """Distance it measures over a full bin."""
    blind_mm: float = 30.0
    """Nearer than this it cannot measure."""
    battery: float | None = None
    """0 to 1, as last reported."""
    last_seen_at: datetime | None = None


class Uplink(SQLModel, table=True):
    """A sensor message as it came, kept so that nothing acknowledged is lost and anything can be read again."""

    __tablename__ = "uplink"

    uplink_id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=200)
    """Idempotency key by network: the same message again stores nothing."""
    network: str
    source: str
    device_id: str
    received_at: datetime = Field(index=True)
    body: str
    outcome: str = "stored"
    """"stored", or why it gave no reading."""


class Reading(SQLModel, table=True):
    """One fill level of one bin."""

    __tablename__ = "reading"
    __table_args__ = (Index("ix_reading_bin_at", "bin_id", "measured_at"),)

    reading_id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=200)
    bin_id: str = Field(foreign_key="bin.bin_id")
    device_id: str | None = None
    measured_at: datetime
    received_at: datetime
    fill: float | None = None
    """0 to 1; None when the sensor's figure was not plausible."""
    distance_mm: float | None = None
    battery: float | None = None
    temperature_c: float | None = None
    quality: str = "ok"
    """"ok", "late" (over 7 days), or why the figure is not used: "blind", "beyond", "tilted", "fault"."""


class Emptying(SQLModel, table=True):
    """A bin was emptied."""

    __tablename__ = "emptying"
    __table_args__ = (Index("ix_emptying_bin_at", "bin_id", "emptied_at"),)

    emptying_id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=200)
    bin_id: str = Field(foreign_key="bin.bin_id")
    emptied_at: datetime
    source: str
    """"truck", "sensor" or "person"."""
    truck_id: str | None = None
    fill_before: float | None = None


class CitizenReport(SQLModel, table=True):
    """What somebody told the city about a bin or a place in the street."""

    __tablename__ = "citizen_report"

    report_id: int | None = Field(default=None, primary_key=True)
    at: datetime
    lat: float | None = None
    lon: float | None = None
    bin_id: str | None = Field(default=None, foreign_key="bin.bin_id", index=True)
    code: str = "overflow"
    """"overflow", "missed", "damaged", "fire", "dumping", "other"."""
    text: str = ""
    who: str = ""
    state: str = Field(default="open", index=True)
    """"open", "done", "rejected"."""
    done_at: datetime | None = None


class ForecastState(SQLModel, table=True):
    """What the forecast knows of one bin, and an earlier state from which late readings are worked in."""

    __tablename__ = "forecast_state"

    bin_id: str = Field(primary_key=True, foreign_key="bin.bin_id")
    upto: datetime
    """The newest reading worked in."""
    body: bytes
    snapshot_at: datetime | None = None
    snapshot: bytes | None = None


class ForecastGroup(SQLModel, table=True):
    """What bins of one stream and quarter share: their clock, their rate, the scale of their bands."""

    __tablename__ = "forecast_group"

    group: str = Field(primary_key=True, max_length=96)
    fitted_at: datetime
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
