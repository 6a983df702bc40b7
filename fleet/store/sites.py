"""What the meters of sites said."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import col, select

from fleet.tables import SiteMeter

if TYPE_CHECKING:
    from fleet.store.work import Work


class Sites:
    """Meters of sites in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def note_meter(self, place_id: str, at: datetime, power_w: float, source: str = "") -> bool:
        """Keep what a site's meter said; the same instant again changes nothing. False when there is no such place."""
        if self._work.places.get(place_id) is None:
            return False
        values: dict[str, object] = {"power_w": power_w, "source": source}
        self._work.insert_new(SiteMeter, {"place_id": place_id, "measured_at": at, **values})
        return True

    def newest_meter(self, place_id: str) -> SiteMeter | None:
        """The newest of a site."""
        query = select(SiteMeter).where(SiteMeter.place_id == place_id)
        return self._work.session.exec(query.order_by(col(SiteMeter.measured_at).desc()).limit(1)).first()

    def meters(self, place_id: str, since: datetime, until: datetime) -> list[SiteMeter]:
        """What a site's meter said in a span, by time."""
        query = select(SiteMeter).where(
            SiteMeter.place_id == place_id, SiteMeter.measured_at >= since, SiteMeter.measured_at < until
        )
        return list(self._work.session.exec(query.order_by(col(SiteMeter.measured_at))))
