"""The message log: frames in blocks, read back by station, action and time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import CursorResult, delete
from sqlmodel import col, select

from fleet.frames import Exchange, Frame, pair, unpack
from fleet.tables import WireBlock

if TYPE_CHECKING:
    from fleet.store.work import Work

AT_ONCE = 50
"""Blocks read at a time: the newest are asked for most."""


class Frames:
    """The message log in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def exchanges(
        self,
        station_id: str | None = None,
        *,
        count: int = 100,
        action: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Exchange]:
        """The last `count` requests with their replies, newest first; of one station, action and span if told."""
        frames = self._newest_first(station_id, since, until)
        found = (one for one in pair(frames) if action is None or one.action == action)
        return list(islice(found, count))

    def raw(
        self,
        station_id: str | None = None,
        *,
        count: int = 200,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Frame]:
        """The last `count` frames as they went over the wire, newest first."""
        return list(islice(self._newest_first(station_id, since, until), count))

    def forget(self, before: datetime, most: int = 1000) -> int:
        """Delete blocks that ended before an instant, the oldest `most` of them; gives how many."""
        old = select(WireBlock.wire_block_id).where(WireBlock.until < before)
        old = old.order_by(col(WireBlock.since)).limit(most)
        result = self._work.session.execute(delete(WireBlock).where(col(WireBlock.wire_block_id).in_(old)))
        assert isinstance(result, CursorResult)
        return result.rowcount

    def _newest_first(self, station_id: str | None, since: datetime | None, until: datetime | None) -> Iterator[Frame]:
        query = select(WireBlock).order_by(col(WireBlock.since).desc(), col(WireBlock.wire_block_id).desc())
        if station_id is not None:
            query = query.where(col(WireBlock.stations).contains(f"|{station_id}|", autoescape=True))
        if since is not None:
            query = query.where(WireBlock.until >= since)
        if until is not None:
            query = query.where(WireBlock.since <= until)
        offset = 0
        while blocks := self._work.session.exec(query.offset(offset).limit(AT_ONCE)).all():
            offset += len(blocks)
            for block in blocks:
                self._work.session.expunge(block)
                for frame in reversed(unpack(block.body, block.since)):
                    if (
                        (station_id is None or frame.station_id == station_id)
                        and (since is None or frame.at >= since)
                        and (until is None or frame.at <= until)
                    ):
                        yield frame
