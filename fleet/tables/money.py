"""Tariffs, who pays which, and what a charge came to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class Tariff(SQLModel, table=True):
    """A price list in the words of OCPI 2.2.1 tariffs: elements with price components and restrictions."""

    __tablename__ = "tariff"

    tariff_id: str = Field(primary_key=True, max_length=36)
    name: str = ""
    currency: str = "MAD"
    vat: float = 0.2
    """Share added to the prices, which are without it."""
    elements: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """[{"price_components": [{"type", "price", "step_size"}], "restrictions"}]; ENERGY, TIME, PARKING_TIME, FLAT."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class TariffRule(SQLModel, table=True):
    """Which tariff holds for a group of tokens at a group of stations; the most particular rule wins."""

    __tablename__ = "tariff_rule"

    tariff_rule_id: int | None = Field(default=None, primary_key=True)
    tariff_id: str = Field(foreign_key="tariff.tariff_id", ondelete="CASCADE")
    token_group: str = ""
    """Empty: any token."""
    station_group: str = ""
    """Empty: any station."""
    rank: int = 0
    """Of two equally particular ones the higher."""


class Receipt(SQLModel, table=True):
    """What one charge came to, line by line; made when it ends, replaced when late values change it."""

    __tablename__ = "receipt"

    transaction_id: int = Field(primary_key=True)
    tariff_id: str
    currency: str
    kwh: float
    minutes: float
    idle_minutes: float = 0.0
    net: float
    vat: float
    total: float
    lines: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """[{"what", "from", "until", "quantity", "unit", "price", "amount"}]."""
    made_at: datetime
