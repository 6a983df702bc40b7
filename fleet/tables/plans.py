"""The plan of a night: routes, their stops, and the bins left with the reason."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class Plan(SQLModel, table=True):
    """One night's plan for the rounds of `day`."""

    __tablename__ = "plan"

    plan_id: int | None = Field(default=None, primary_key=True)
    day: date = Field(index=True)
    """The local day the trucks drive."""
    state: str = Field(default="draft", index=True)
    """"draft", "published", "superseded", "withdrawn"."""
    made_at: datetime
    made_by: str
    published_at: datetime | None = None
    seed: int = 0
    solve_seconds: float = 0.0
    cost: float = 0.0
    km: float = 0.0
    hours: float = 0.0
    kwh: float = 0.0
    kg: float = 0.0
    served: int = 0
    unserved: int = 0
    """Bins due tonight that no truck will reach."""
    based_on: int | None = None
    """The plan it was shaped from by hand."""
    version: int = 1
    """Counts every change by hand: who changes an older one is refused."""
    report: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What was planned with and without: forecast counts, road network, warnings."""
    note: str = ""


class Route(SQLModel, table=True):
    """One truck, one shift."""

    __tablename__ = "route"

    route_id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.plan_id", index=True, ondelete="CASCADE")
    truck_id: str = Field(foreign_key="truck.truck_id")
    departs_at: datetime
    returns_at: datetime
    km: float
    kwh: float
    kwh_p90: float
    """What nine rounds in ten like this one would use at most."""
    target_kwh: float | None = None
    """Energy that must be in the battery at departure: kwh_p90 and the reserve; None for a truck without one."""
    kg: float
    bins: int
    tips: int
    cost: float = 0.0
    shift_id: str | None = None
    locked: bool = False
    """Settled by hand: improving the plan leaves it as it is."""
    overtime_minutes: float = 0.0
    charged_kwh: float = 0.0
    """Drawn on the round."""
    line: list[list[float]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """[lat, lon] along the streets."""


class Stop(SQLModel, table=True):
    """A bin, a tip, the break, or the way out and home."""

    __tablename__ = "stop"

    stop_id: int | None = Field(default=None, primary_key=True)
    route_id: int = Field(foreign_key="route.route_id", index=True, ondelete="CASCADE")
    seq: int
    kind: str
    """"depart", "bin", "tip", "break", "charge", "return"."""
    bin_id: str | None = Field(default=None, foreign_key="bin.bin_id")
    place_id: str | None = Field(default=None, foreign_key="place.place_id")
    lat: float
    lon: float
    arrives_at: datetime
    leaves_at: datetime
    km: float
    """From the stop before."""
    load_l: float
    load_kg: float
    """On board after the stop."""
    kwh: float
    """Used from departure to here."""
    fill: float | None = None
    """Expected at arrival."""
    overflow_p: float | None = None
    """That it overflows before its next chance, if it were left."""
    locked: bool = False
    """Settled by hand: it stays with this truck."""
    charged_kwh: float = 0.0
    reason: str = ""
    """For logs and files, in English."""
    why: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """The same as figures: "code" ("due", "on_the_way", "reported", "fixed_day", "by_hand") and what it rests on."""


class LeftBin(SQLModel, table=True):
    """A bin the plan does not visit, and why."""

    __tablename__ = "left_bin"

    left_id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.plan_id", index=True, ondelete="CASCADE")
    bin_id: str = Field(foreign_key="bin.bin_id")
    due: bool
    """It should have been visited."""
    fill: float | None = None
    overflow_p: float | None = None
    reason: str
    """For logs and files, in English."""
    why: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """The same as figures: "code", a member of routing.plan.Reason in lower case, and what it rests on."""


class PlanProblem(SQLModel, table=True):
    """The problem a plan answers, packed by routing.packing: what an edit by hand is worked out on."""

    __tablename__ = "plan_problem"

    plan_id: int = Field(primary_key=True, foreign_key="plan.plan_id", ondelete="CASCADE")
    body: bytes


class PlanEdit(SQLModel, table=True):
    """One change of a plan by hand."""

    __tablename__ = "plan_edit"

    edit_id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.plan_id", index=True, ondelete="CASCADE")
    seq: int
    kind: str
    args: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    delta: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    who: str
    at: datetime
    undone: bool = False
