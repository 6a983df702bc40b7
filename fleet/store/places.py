"""Places, the road network in use, and the pace of simulated time."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlmodel import col, select

from fleet.clock import Pace
from fleet.events import Kind
from fleet.tables import PaceRow, Place, RoadMap

if TYPE_CHECKING:
    from fleet.store.work import Work


class Places:
    """Places in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def all(self) -> list[Place]:
        """Every place, by name."""
        return list(self._work.session.exec(select(Place).order_by(col(Place.place_id))))

    def get(self, place_id: str) -> Place | None:
        """One place."""
        return self._work.session.get(Place, place_id)

    def charging_sites(self) -> list[Place]:
        """Places with a grid limit."""
        return [place for place in self.all() if place.site_limit_kw is not None]

    def upsert(self, row: Place, only: Collection[str] | None = None) -> bool:
        """Add a place, or update it (`only` these columns); True when it is new."""
        return self._work.upsert(Place, {"place_id": row.place_id}, row.model_dump(exclude={"place_id"}), only)

    def road_map(self) -> RoadMap | None:
        """The road network in use: the newest imported."""
        return self._work.session.exec(select(RoadMap).order_by(col(RoadMap.road_map_id).desc()).limit(1)).first()

    def use_road_map(self, row: RoadMap) -> None:
        """From now on this network is in use."""
        self._work.session.add(row)
        self._work.session.flush()

    def pace(self) -> Pace | None:
        """How simulated time runs; None in real time."""
        row = self._work.session.get(PaceRow, 1)
        return None if row is None else Pace(row.sim, row.wall, row.speed)

    def set_pace(self, pace: Pace, who: str) -> None:
        """Simulated time runs like this from now on."""
        values: dict[str, object] = {"sim": pace.sim, "wall": pace.wall, "speed": pace.speed}
        self._work.upsert(PaceRow, {"pace_id": 1}, values)
        self._work.events.append(
            Kind.PACE_CHANGED,
            "clock",
            who=who,
            at=pace.sim,
            speed=pace.speed,
            sim=pace.sim.isoformat(),
            wall=pace.wall.isoformat(),
        )
