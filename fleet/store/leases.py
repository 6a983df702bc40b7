"""Leases: one job of a name at a time, over every process on the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlmodel import col, delete

from fleet.tables import Lease

if TYPE_CHECKING:
    from fleet.store.work import Work


class Leases:
    """Leases in this unit of work. They run out by wall time, so that a killed job blocks nobody for long."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def take(self, name: str, holder: str, lasts: timedelta) -> str | None:
        """Take or renew a lease; None when it is yours, else who holds it."""
        now = datetime.now(UTC)
        self._work.session.exec(delete(Lease).where(col(Lease.until) < now))
        if self._work.insert_new(Lease, {"name": name, "holder": holder, "until": now + lasts}):
            return None
        row = self._work.session.get(Lease, name)
        if row is not None and row.holder != holder:
            return row.holder
        self._work.upsert(Lease, {"name": name}, {"holder": holder, "until": now + lasts})
        return None

    def free(self, name: str, holder: str) -> None:
        """Give a lease back."""
        self._work.session.exec(delete(Lease).where(col(Lease.name) == name, col(Lease.holder) == holder))
