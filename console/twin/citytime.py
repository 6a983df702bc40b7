"""Which time the twin lives in: the store's, or its own where there is no store."""

from __future__ import annotations

from datetime import UTC, datetime

from fleet.clock import Pace, PacedClock
from fleet.errors import StoreError, StoreMissing
from fleet.store import Store
from fleet.twin.opening import OPENING

OWN_SPEED = 60.0


class CityTime:
    """A clock that follows the pace in force."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._pace = Pace(OPENING, datetime.now(UTC), OWN_SPEED) if store is None else None
        self.clock = PacedClock(self._look_up)

    @property
    def opens_at(self) -> datetime:
        """When the simulation opens: at the opening, or at this full hour where the store runs in real time."""
        if self.clock.pace() is not None:
            return OPENING
        return self.clock.now().replace(minute=0, second=0, microsecond=0)

    def _look_up(self) -> Pace | None:
        """The store's pace; the last known one while it cannot be read, since falling back to the wall clock jumps."""
        if self._store is not None:
            try:
                with self._store.read() as work:
                    self._pace = work.places.pace()
            except StoreError:
                return self._pace
        return self._pace


def open_store(url: str) -> Store | None:
    """The store at this address; None where there is none yet.

    Raises:
        StoreError: it is there and cannot be used.
    """
    try:
        return Store.open(url)
    except StoreMissing:
        return None
