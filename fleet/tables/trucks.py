"""Trucks, their shifts, and where they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class Truck(SQLModel, table=True):
    """A collection vehicle."""

    __tablename__ = "truck"

    truck_id: str = Field(primary_key=True, max_length=48)
    name: str = ""
    depot_id: str = Field(foreign_key="place.place_id")
    streams: list[str] = Field(default_factory=lambda: ["mixed"], sa_column=Column(JSON, nullable=False))
    capacity_l: float = 18000.0
    """Volume of the body; `compaction` litres of loose waste fit in each litre of it."""
    capacity_kg: float = 9000.0
    compaction: float = 4.0
    gross_t: float = 19.0
    height_m: float = 3.6
    width_m: float = 2.5
    length_m: float = 9.0
    narrow: bool = False
    """Fits narrow streets."""
    tare_t: float = 0.0
    """Empty; 0: unknown, and climbing is not counted in its energy."""
    end_depot_id: str | None = None
    """Where it ends its day; None: where it starts."""
    max_tips: int = 6
    """How often a shift it unloads at most, the last time included."""
    service_pace: float = 1.0
    """Its crew's time at a bin as a multiple of the bin's own."""
    battery_kwh: float | None = None
    """Usable energy; None: not electric."""
    max_charge_kw: float | None = None
    kwh_per_km: float = 1.0
    """Empty, flat: a0 of the energy model."""
    kwh_per_t_km: float = 0.03
    kwh_per_lift: float = 0.05
    kwh_per_t: float = 1.5
    """Compaction, per tonne collected."""
    aux_kw: float = 3.0
    fixed_cost: float = 300.0
    cost_per_km: float = 4.0
    cost_per_hour: float = 90.0
    overtime_minutes: int = 0
    """How much later than its shift's end it may be home."""
    overtime_per_hour: float = 0.0
    """On top of `cost_per_hour`."""
    co2_kg_per_km: float = 0.0
    """From its exhaust; 0 for an electric truck, whose grid energy counts instead."""
    id_token: str | None = Field(default=None, index=True, max_length=36)
    """The card it charges with."""
    active: bool = True


class Shift(SQLModel, table=True):
    """When a truck is manned. Local times of the city."""

    __tablename__ = "shift"

    shift_id: str = Field(primary_key=True, max_length=64)
    truck_id: str = Field(foreign_key="truck.truck_id", index=True)
    weekdays: list[int] = Field(default_factory=lambda: [0, 1, 2, 3, 4, 5, 6], sa_column=Column(JSON, nullable=False))
    """Days it is worked, Monday 0."""
    starts: str = "06:00"
    ends: str = "13:00"
    break_minutes: int = 30
    break_from: str = "09:00"
    break_until: str = "11:00"
    """The break lies wholly inside these."""


class TruckState(SQLModel, table=True):
    """What a truck last said of itself."""

    __tablename__ = "truck_state"

    truck_id: str = Field(primary_key=True, foreign_key="truck.truck_id")
    at: datetime
    lat: float
    lon: float
    activity: str = "parked"
    """"parked", "driving", "lifting", "tipping", "break", "plugged"."""
    soc: float | None = None
    odometer_km: float | None = None
    load_kg: float | None = None
