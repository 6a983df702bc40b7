"""Places: depots, disposal sites, sites with a grid connection; the road network in use and what overrides it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class Place(SQLModel, table=True):
    """A depot, a disposal site, or a site where stations share a grid connection. One place may be several of these."""

    __tablename__ = "place"

    place_id: str = Field(primary_key=True, max_length=48)
    name: str
    lat: float
    lon: float
    is_depot: bool = False
    is_disposal: bool = False
    unload_seconds: int = 900
    """Time a truck spends tipping here."""
    opens: str | None = None
    """Local time "HH:MM" from which a disposal site takes loads; None: always."""
    closes: str | None = None
    weekdays: list[int] = Field(default_factory=lambda: [0, 1, 2, 3, 4, 5, 6], sa_column=Column(JSON, nullable=False))
    """Days a disposal site takes loads, Monday 0."""
    streams: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """Streams a disposal site takes; None: every one."""
    queue: list[list[Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """[local time "HH:MM", minutes]: from then on a truck that arrives waits so long before it can unload."""
    truck_charger_kw: float = 0.0
    """What a truck may draw here during its shift; 0: no charger for trucks on their round."""
    site_limit_kw: float | None = None
    """What the grid connection may carry, everything on it included; None: not a charging site."""
    base_load_kw: float = 0.0
    """Largest draw at this connection of all that is not a charging station."""


class RoadMap(SQLModel, table=True):
    """The road network in use: the extract it was read from and where its built form is cached."""

    __tablename__ = "road_map"

    road_map_id: int | None = Field(default=None, primary_key=True)
    name: str
    extract_path: str
    cache_path: str
    key: str
    """sha256 of extract and truck profile; the cache is made anew when it differs."""
    imported_at: datetime
    junctions: int
    edges: int
    south: float
    west: float
    north: float
    east: float
    attribution: str


class RoadOverride(SQLModel, table=True):
    """A rule of ours that stands left of the road network's own."""

    __tablename__ = "road_override"

    override_id: int | None = Field(default=None, primary_key=True)
    kind: str
    """"closed", "one_way", "max_t", "max_height", "max_width" or "speed"."""
    street: str
    """As the network names it; empty: only `line` says where."""
    line: list[list[float]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """[lat, lon] along the stretch; a one-way street runs in its order. Empty: the whole street."""
    value: float | None = None
    """Tonnes, metres or km/h, by `kind`."""
    from_time: str | None = None
    """Local time "HH:MM" of its hours; None: all day."""
    until_time: str | None = None
    weekdays: list[int] = Field(default_factory=lambda: [0, 1, 2, 3, 4, 5, 6], sa_column=Column(JSON, nullable=False))
    starts_on: date | None = None
    ends_on: date | None = None
    """Its last day; None: until it is ended."""
    why: str = ""
    who: str = ""
    at: datetime
    active: bool = True


class RoadTable(SQLModel, table=True):
    """A road matrix kept between nights."""

    __tablename__ = "road_table"

    key: str = Field(primary_key=True, max_length=80)
    engine: str
    made_at: datetime
    points: list[list[float]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """[lat, lon] of its rows and columns."""
    body: bytes
