"""Transactions, meter values, charging profiles; what trucks need by departure and the schedule that gives it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


class Transaction(SQLModel, table=True):
    """A charge. `transaction_id` is ours and is what OCPP 1.6 stations are told; `ref` is what the station calls it."""

    __tablename__ = "charging_transaction"
    __table_args__ = (
        UniqueConstraint("station_id", "ref"),
        UniqueConstraint("station_id", "start_key"),
    )

    transaction_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(foreign_key="station.station_id", index=True)
    evse: int
    connector: int = 1
    ref: str | None = None
    """2.0.1: the station's transactionId; 1.6: str(transaction_id)."""
    start_key: str | None = None
    """1.6: connector, token, meter and time of the start: the same StartTransaction again gives the same id."""
    token: str | None = None
    truck_id: str | None = Field(default=None, foreign_key="truck.truck_id")
    state: str = Field(default="running", index=True)
    """"running", "ended", "ended-unseen" (its start never reached us)."""
    started_at: datetime
    start_wh: float | None = None
    ended_at: datetime | None = None
    end_wh: float | None = None
    end_reason: str | None = None
    seq_no: int = -1
    """2.0.1: the highest seqNo taken in."""
    charging_state: str | None = None
    group_id: str = ""
    """Of the card that began it."""
    limit_kw: float | None = None
    tariff_id: str | None = None
    closed_by: str = ""
    """Who closed it by hand, where the station never ended it; the reason is `end_reason`."""
    heard_at: datetime | None = None
    """When anything was last heard of it."""


class MeterValue(SQLModel, table=True):
    """One sample set of one EVSE at one instant: usual measurands as columns, the rest in `extra` (JSON text)."""

    __tablename__ = "meter_value"
    __table_args__ = (UniqueConstraint("measured_at", "station_id", "evse", "ref", "context"),)
    # The instant first and no other index: the next value of every station goes to the end of table and index, so that
    # a commit writes few pages. With the station first it costs three times the CPU, and more as the table grows.

    meter_value_id: int | None = Field(default=None, primary_key=True)
    station_id: str
    evse: int
    ref: str = ""
    """The transaction as the station calls it; empty outside one."""
    measured_at: datetime
    context: str = ""
    energy_wh: float | None = None
    power_w: float | None = None
    current_a: float | None = None
    voltage_v: float | None = None
    offered_w: float | None = None
    offered_a: float | None = None
    soc: float | None = None
    temperature_c: float | None = None
    extra: str | None = None


class MeterHour(SQLModel, table=True):
    """An EVSE's hour, kept when its meter values have been thinned out."""

    __tablename__ = "meter_hour"
    __table_args__ = (UniqueConstraint("hour", "station_id", "evse"),)

    meter_hour_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(index=True)
    evse: int
    hour: datetime
    kwh: float
    mean_kw: float | None = None
    max_kw: float | None = None
    values: int
    """Meter values it was made of."""


class SiteMeter(SQLModel, table=True):
    """What a site's own meter said."""

    __tablename__ = "site_meter"
    __table_args__ = (UniqueConstraint("place_id", "measured_at"),)

    site_meter_id: int | None = Field(default=None, primary_key=True)
    place_id: str = Field(foreign_key="place.place_id")
    measured_at: datetime
    power_w: float
    """Positive: taken from the grid."""
    source: str = ""


class InstalledProfile(SQLModel, table=True):
    """A charging profile a station was sent, and whether it confirmed it."""

    __tablename__ = "installed_profile"
    __table_args__ = (UniqueConstraint("station_id", "evse", "profile_id"),)

    installed_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(foreign_key="station.station_id", index=True)
    evse: int
    profile_id: int
    purpose: str
    stack_level: int
    ref: str = ""
    """The transaction a TxProfile belongs to, as the station calls it."""
    state: str
    """"sent", "accepted", "rejected", "cleared"."""
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """The profile in OCPP 2.0.1 words."""
    sent_at: datetime
    confirmed_at: datetime | None = None
    order_id: int | None = None


class ChargingNeed(SQLModel, table=True):
    """What a truck must have taken in by its departure."""

    __tablename__ = "charging_need"
    __table_args__ = (UniqueConstraint("truck_id", "ready_by"),)

    need_id: int | None = Field(default=None, primary_key=True)
    plan_id: int | None = Field(default=None, foreign_key="plan.plan_id", ondelete="SET NULL")
    truck_id: str = Field(foreign_key="truck.truck_id", index=True)
    ready_by: datetime = Field(index=True)
    target_kwh: float
    """Energy in the battery at departure."""
    kwh: float
    """To be charged, as known when the need was made."""
    soc_then: float | None = None
    made_at: datetime
    priority: float = 1.0
    state: str = "open"
    """"open", "met", "missed", "superseded"."""
    delivered_kwh: float = 0.0


class ChargingSchedule(SQLModel, table=True):
    """Power per truck over the night at one site. The newest of a site holds."""

    __tablename__ = "charging_schedule"

    schedule_id: int | None = Field(default=None, primary_key=True)
    place_id: str = Field(foreign_key="place.place_id", index=True)
    made_at: datetime
    why: str
    starts_at: datetime
    slot_minutes: int = 15
    limit_kw: list[float] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    base_kw: list[float] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    total_kw: list[float] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """All stations together, per slot: planned, or the fall-back they may draw anyway."""
    cost: float = 0.0
    peak_kw: float = 0.0
    """Largest slot of the site, base load included."""


class ScheduledPower(SQLModel, table=True):
    """One truck's share of a schedule."""

    __tablename__ = "scheduled_power"

    power_id: int | None = Field(default=None, primary_key=True)
    schedule_id: int = Field(foreign_key="charging_schedule.schedule_id", index=True, ondelete="CASCADE")
    truck_id: str = Field(foreign_key="truck.truck_id")
    station_id: str
    evse: int
    kw: list[float] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class PowerShortfall(SQLModel, table=True):
    """Who will not have enough by when, and what binds."""

    __tablename__ = "power_shortfall"

    shortfall_id: int | None = Field(default=None, primary_key=True)
    schedule_id: int = Field(foreign_key="charging_schedule.schedule_id", index=True, ondelete="CASCADE")
    truck_id: str = Field(foreign_key="truck.truck_id")
    kwh: float
    ready_by: datetime
    reason: str
