"""The tail: what happened since a cursor, for consoles and the jobs that react.

Chained events come from the log; readings and meter values, too many to chain, come from their own tables as events.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from fleet.events import Event, Kind
from fleet.store.chain import to_event
from fleet.store.engine import data_version, telling
from fleet.tables import EventRow, MeterValue, Reading

if TYPE_CHECKING:
    from fleet.store.store import Store

CHANNEL = "binwatt"
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has read."""

    event_id: int = 0
    reading_id: int = 0
    meter_value_id: int = 0


def reading_event(row: Reading) -> Event:
    """A reading as an event."""
    data = {"fill": row.fill, "quality": row.quality, "battery": row.battery, "device": row.device_id}
    return Event(Kind.BIN_READ, row.bin_id, row.measured_at, data)


def meter_event(row: MeterValue) -> Event:
    """A meter value as an event."""
    data = {
        "station": row.station_id,
        "evse": row.evse,
        "ref": row.ref,
        "power_w": row.power_w,
        "energy_wh": row.energy_wh,
        "soc": row.soc,
        "offered_w": row.offered_w,
    }
    return Event(Kind.EVSE_METERED, row.station_id, row.measured_at, data)


def newest_cursor(session: Session) -> Cursor:
    """The cursor after everything there is now."""
    last = [
        session.exec(select(func.max(column))).one() or 0
        for column in (EventRow.event_id, Reading.reading_id, MeterValue.meter_value_id)
    ]
    return Cursor(*last)


def read_after(session: Session, cursor: Cursor, limit: int) -> tuple[list[Event], Cursor]:
    """Up to `limit` of each sort after `cursor`, and the cursor behind them."""
    rows = session.exec(
        select(EventRow).where(col(EventRow.event_id) > cursor.event_id).order_by(col(EventRow.event_id)).limit(limit)
    ).all()
    readings = session.exec(
        select(Reading)
        .where(col(Reading.reading_id) > cursor.reading_id)
        .order_by(col(Reading.reading_id))
        .limit(limit)
    ).all()
    meters = session.exec(
        select(MeterValue)
        .where(col(MeterValue.meter_value_id) > cursor.meter_value_id)
        .order_by(col(MeterValue.meter_value_id))
        .limit(limit)
    ).all()
    events = [
        *(to_event(row) for row in rows),
        *(reading_event(row) for row in readings),
        *(meter_event(row) for row in meters),
    ]
    behind = Cursor(
        rows[-1].event_id or 0 if rows else cursor.event_id,
        readings[-1].reading_id or 0 if readings else cursor.reading_id,
        meters[-1].meter_value_id or 0 if meters else cursor.meter_value_id,
    )
    return events, behind


class Tail:
    """Follows the store on a connection of its own. Blocking: use it in a thread; `with store.tail() as tail`.

    Woken by `PRAGMA data_version` on SQLite (looked at every 50 ms) and by LISTEN/NOTIFY on PostgreSQL.
    """

    def __init__(self, store: Store, cursor: Cursor | None = None) -> None:
        self._store = store
        with telling(store.url):
            self._connection = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if store.postgres:
                self._connection.execute(text(f"LISTEN {CHANNEL}"))
        self._version = None if store.postgres else data_version(self._connection)
        self._fresh = True
        with store.read() as work:
            self.cursor = cursor or newest_cursor(work.session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        if self._store.postgres:
            self._connection.execute(text(f"UNLISTEN {CHANNEL}"))
        self._connection.close()

    def wait(self, seconds: float) -> bool:
        """Wait until somebody has written, at most `seconds`; True when there may be something to read."""
        if self._fresh:
            self._fresh = False
            return True
        with telling(self._store.url):
            return self._wait_postgres(seconds) if self._store.postgres else self._wait_sqlite(seconds)

    def read(self, limit: int = 5000) -> list[Event]:
        """What happened since the last read, at most `limit` of each sort; chained events in order."""
        with self._store.read() as work:
            events, self.cursor = read_after(work.session, self.cursor, limit)
        if len(events) >= limit:
            self._fresh = True
        return events

    def _wait_sqlite(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while True:
            version = data_version(self._connection)
            if version != self._version:
                self._version = version
                return True
            left = until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(LOOK_SECONDS, left))

    def _wait_postgres(self, seconds: float) -> bool:
        raw = self._connection.connection.driver_connection
        assert raw is not None
        return any(True for _ in raw.notifies(timeout=seconds, stop_after=1))
