"""The tail: what happened since a cursor, for consoles and the jobs that react.

Chained events come from the log; readings and meter values, too many to chain, come from their own tables as events.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import func, select, text
from sqlmodel import Session, col
from sqlmodel import select as select_rows

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


class Source(StrEnum):
    """What a tail can follow."""

    EVENTS = "events"
    READINGS = "readings"
    METER_VALUES = "meter values"


EVERYTHING = frozenset(Source)

_READINGS = select(
    *(col(Reading.reading_id), col(Reading.bin_id), col(Reading.measured_at)),
    *(col(Reading.fill), col(Reading.quality), col(Reading.battery), col(Reading.device_id)),
).order_by(col(Reading.reading_id))
_METER_VALUES = select(
    *(col(MeterValue.meter_value_id), col(MeterValue.station_id), col(MeterValue.measured_at)),
    *(col(MeterValue.evse), col(MeterValue.ref), col(MeterValue.power_w), col(MeterValue.energy_wh)),
    *(col(MeterValue.soc), col(MeterValue.offered_w)),
).order_by(col(MeterValue.meter_value_id))
# columns, not rows of the model: hundreds a second come by here, and making a model's instance costs six times as much


def _reading_event(row: Sequence[Any]) -> Event:
    _, bin_id, at, fill, quality, battery, device = row
    return Event(Kind.BIN_READ, bin_id, at, {"fill": fill, "quality": quality, "battery": battery, "device": device})


def _meter_event(row: Sequence[Any]) -> Event:
    _, station, at, evse, ref, power_w, energy_wh, soc, offered_w = row
    measured = {"power_w": power_w, "energy_wh": energy_wh, "soc": soc, "offered_w": offered_w}
    return Event(Kind.EVSE_METERED, station, at, {"station": station, "evse": evse, "ref": ref, **measured})


def newest_cursor(session: Session) -> Cursor:
    """The cursor after everything there is now."""
    last = [
        session.exec(select_rows(func.max(column))).one() or 0
        for column in (EventRow.event_id, Reading.reading_id, MeterValue.meter_value_id)
    ]
    return Cursor(*last)


def read_after(
    session: Session, cursor: Cursor, limit: int, sources: frozenset[Source] = EVERYTHING
) -> tuple[list[Event], Cursor]:
    """Up to `limit` of each of `sources` after `cursor`, and the cursor behind them."""
    rows: Sequence[EventRow] = ()
    readings: Sequence[Any] = ()
    meters: Sequence[Any] = ()
    if Source.EVENTS in sources:
        after = select_rows(EventRow).where(col(EventRow.event_id) > cursor.event_id)
        rows = session.exec(after.order_by(col(EventRow.event_id)).limit(limit)).all()
    if Source.READINGS in sources:
        newer = _READINGS.where(col(Reading.reading_id) > cursor.reading_id).limit(limit)
        readings = session.connection().execute(newer).all()
    if Source.METER_VALUES in sources:
        later = _METER_VALUES.where(col(MeterValue.meter_value_id) > cursor.meter_value_id).limit(limit)
        meters = session.connection().execute(later).all()
    events = [
        *(to_event(row) for row in rows),
        *(_reading_event(row) for row in readings),
        *(_meter_event(row) for row in meters),
    ]
    behind = Cursor(
        rows[-1].event_id or 0 if rows else cursor.event_id,
        readings[-1][0] if readings else cursor.reading_id,
        meters[-1][0] if meters else cursor.meter_value_id,
    )
    return events, behind


class Tail:
    """Follows the store on a connection of its own. Blocking: use it in a thread; `with store.tail() as tail`.

    Woken by `PRAGMA data_version` on SQLite (looked at every 50 ms) and by LISTEN/NOTIFY on PostgreSQL; however busy
    the writers, no more often than every 50 ms.
    """

    def __init__(self, store: Store, cursor: Cursor | None = None, sources: frozenset[Source] = EVERYTHING) -> None:
        self._store = store
        self._sources = sources
        self._rests_until = 0.0
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
        rest = self._rests_until - time.monotonic()
        if rest > 0:
            time.sleep(min(rest, seconds))
        with telling(self._store.url):
            woken = self._wait_postgres(seconds) if self._store.postgres else self._wait_sqlite(seconds)
        if woken:
            self._rests_until = time.monotonic() + LOOK_SECONDS
        return woken

    def read(self, limit: int = 5000) -> list[Event]:
        """What happened since the last read, at most `limit` of each sort; chained events in order."""
        with self._store.read() as work:
            events, self.cursor = read_after(work.session, self.cursor, limit, self._sources)
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
