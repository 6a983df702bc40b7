"""Reservations: asked of a station, held by it, then used, cancelled, expired, refused or removed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import col, select

from fleet.events import Kind
from fleet.tables import Reservation

if TYPE_CHECKING:
    from fleet.store.work import Work

OPEN = ("asked", "held")
"""States in which it may still be used."""


class Reservations:
    """Reservations in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def get(self, reservation_id: int) -> Reservation | None:
        """One reservation."""
        return self._work.session.get(Reservation, reservation_id)

    def open(self, station_id: str | None = None) -> list[Reservation]:
        """Those asked for or held, oldest first."""
        query = select(Reservation).where(col(Reservation.state).in_(OPEN))
        if station_id is not None:
            query = query.where(Reservation.station_id == station_id)
        return list(self._work.session.exec(query.order_by(col(Reservation.reservation_id))))

    def newest(self, count: int = 200) -> list[Reservation]:
        """The last `count`, newest first."""
        query = select(Reservation).order_by(col(Reservation.reservation_id).desc()).limit(count)
        return list(self._work.session.exec(query))

    def ask(self, station_id: str, evse: int, token: str, until: datetime, who: str = "") -> Reservation:
        """An EVSE (0: any of the station) is to be held for a card; asked for again, it is the same reservation."""
        for before in self.open(station_id):
            if (before.evse, before.token, before.expires_at) == (evse, token, until):
                return before
        row = Reservation(
            station_id=station_id, evse=evse, token=token, expires_at=until, who=who, made_at=self._work.now
        )
        self._keep(row, "asked")
        return row

    def mark(self, reservation_id: int, state: str) -> bool:
        """Move a reservation on; False when there is none, or it is over already."""
        row = self.get(reservation_id)
        if row is None or row.state not in OPEN or row.state == state:
            return False
        self._keep(row, state)
        return True

    def use(self, station_id: str, evse: int, token: str | None, reservation_id: int | None) -> None:
        """A charge began: the reservation it names, or the one for this card there, is used."""
        for row in self.open(station_id):
            named = reservation_id is not None and row.reservation_id == reservation_id
            meant = reservation_id is None and row.token == token and row.evse in (0, evse)
            if named or meant:
                self._keep(row, "used")
                return

    def expire(self) -> None:
        """Those whose time has come were not used."""
        for row in self.open():
            if row.expires_at <= self._work.now:
                self._keep(row, "expired")

    def _keep(self, row: Reservation, state: str) -> None:
        row.state = state
        if state not in OPEN:
            row.ended_at = self._work.now
        self._work.session.add(row)
        self._work.session.flush()
        self._work.events.append(
            Kind.RESERVATION_CHANGED,
            row.station_id,
            who=row.who,
            reservation_id=row.reservation_id,
            evse=row.evse,
            token=row.token,
            state=state,
            expires_at=row.expires_at.isoformat(),
        )
