"""Places: depots, disposal sites, sites with a grid connection; and the road network in use."""

from __future__ import annotations

from datetime import datetime

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
