"""The event log inside one unit of work: appended in commit order, every hash covering the one before."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, text
from sqlmodel import col, select

from fleet.events import GENESIS, Event, Kind, chain_hash, encode_data
from fleet.tables import EventRow

if TYPE_CHECKING:
    from fleet.store.work import Work

CHAIN_LOCK = 0xB1A77
"""PostgreSQL advisory lock that lets one unit of work append at a time."""


def to_event(row: EventRow) -> Event:
    """A row of the log as the value the rest of the house knows."""
    return Event(Kind(row.kind), row.subject, row.at, json.loads(row.data), row.who, row.event_id or 0)


class Events:
    """What happened, for this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._last: str | None = None

    def append(self, kind: Kind, subject: str, /, *, who: str = "", at: datetime | None = None, **data: Any) -> None:
        """Add one event; `at` defaults to the clock's now."""
        session = self._work.session
        if self._last is None:
            if self._work.postgres:
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
            newest = select(EventRow.hash).order_by(col(EventRow.event_id).desc()).limit(1)
            self._last = session.exec(newest).first() or GENESIS
        when = at or self._work.now
        body = encode_data(data)
        digest = chain_hash(self._last, when, kind, subject, who, body)
        session.execute(
            insert(EventRow).values(
                at=when, kind=str(kind), subject=subject, who=who, data=body, previous_hash=self._last, hash=digest
            )
        )
        self._last = digest

    def newest(self, count: int = 200, kinds: Iterable[Kind] = ()) -> list[Event]:
        """The last `count` events, oldest first."""
        query = select(EventRow).order_by(col(EventRow.event_id).desc()).limit(count)
        wanted = [str(kind) for kind in kinds]
        if wanted:
            query = query.where(col(EventRow.kind).in_(wanted))
        rows = list(self._work.session.exec(query))
        return [to_event(row) for row in reversed(rows)]

    def happened(self, kind: Kind, subject: str, since: datetime) -> bool:
        """Whether such an event is in the log at or after `since`."""
        query = select(EventRow.event_id).where(
            EventRow.subject == subject, EventRow.kind == str(kind), EventRow.at >= since
        )
        return self._work.session.exec(query.limit(1)).first() is not None

    def broken_at(self) -> int | None:
        """Number of the first event whose hash does not fit its predecessor; None when the chain holds."""
        last = GENESIS
        for row in self._work.session.exec(select(EventRow).order_by(col(EventRow.event_id))):
            if row.previous_hash != last:
                return row.event_id
            if row.hash != chain_hash(last, row.at, row.kind, row.subject, row.who, row.data):
                return row.event_id
            last = row.hash
        return None
