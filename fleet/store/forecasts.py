"""What the forecast remembers between nights, and what it has not read yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Executable, delete, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col, select

from fleet.tables import Emptying, ForecastGroup, ForecastState, Reading

if TYPE_CHECKING:
    from fleet.store.work import Work

OVERLAP = 1000
"""Rows read again behind the cursor: on PostgreSQL a lower number may become visible after a higher one."""
AT_ONCE = 500
"""Bins asked for in one query: databases limit the values of a statement."""


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A reading as the forecast needs it."""

    bin_id: str
    measured_at: datetime
    received_at: datetime
    fill: float | None
    quality: str


@dataclass(frozen=True, slots=True)
class EmptyingRow:
    """An emptying somebody told."""

    bin_id: str
    emptied_at: datetime


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the forecast has read: the highest numbers of readings and emptyings."""

    reading: int = 0
    emptying: int = 0


@dataclass(frozen=True, slots=True)
class StateRow:
    """One bin's packed state; `snapshot` is the one late readings are worked in from."""

    bin_id: str
    upto: datetime
    body: bytes
    snapshot_at: datetime | None = None
    snapshot: bytes | None = None


class Forecasts:
    """The forecast's memory in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def states(self) -> list[StateRow]:
        """Every bin's state."""
        columns = (ForecastState.bin_id, ForecastState.upto, ForecastState.body)
        query = select(*columns, ForecastState.snapshot_at, ForecastState.snapshot)  # type: ignore[call-overload] # five columns
        return [StateRow(*row) for row in self._work.session.exec(query)]

    def state(self, bin_id: str) -> StateRow | None:
        """One bin's state."""
        row = self._work.session.get(ForecastState, bin_id)
        return None if row is None else StateRow(row.bin_id, row.upto, row.body, row.snapshot_at, row.snapshot)

    def groups(self) -> dict[str, dict[str, Any]]:
        """What groups of bins share, by group."""
        return {row.group: row.body for row in self._work.session.exec(select(ForecastGroup))}

    def heard(self, after: Cursor, since: datetime) -> tuple[list[ReadingRow], list[EmptyingRow], Cursor]:
        """Readings and told emptyings kept after a cursor, and the cursor behind them.

        At the beginning (a cursor of 0) those measured `since` then. A few known ones may come again. Emptyings that
        were seen in readings only are left out: they would be told to whoever found them.
        """
        readings = self._readings(
            col(Reading.measured_at) >= since
            if not after.reading
            else col(Reading.reading_id) > self._behind(after.reading)
        )
        condition = (
            col(Emptying.emptied_at) >= since
            if not after.emptying
            else col(Emptying.emptying_id) > self._behind(after.emptying)
        )
        query = select(Emptying.bin_id, Emptying.emptied_at).where(condition, Emptying.source != "sensor")
        emptyings = [EmptyingRow(*row) for row in self._work.session.exec(query)]
        return readings, emptyings, self._end(after)

    def heard_of(self, bins: Collection[str], since: datetime) -> tuple[list[ReadingRow], list[EmptyingRow]]:
        """Everything of some bins measured or emptied since `since`, to learn them anew."""
        readings: list[ReadingRow] = []
        emptyings: list[EmptyingRow] = []
        wanted = sorted(bins)
        for first in range(0, len(wanted), AT_ONCE):
            part = wanted[first : first + AT_ONCE]
            readings += self._readings(col(Reading.measured_at) >= since, col(Reading.bin_id).in_(part))
            query = select(Emptying.bin_id, Emptying.emptied_at).where(
                Emptying.emptied_at >= since, col(Emptying.bin_id).in_(part), Emptying.source != "sensor"
            )
            emptyings += [EmptyingRow(*row) for row in self._work.session.exec(query)]
        return readings, emptyings

    def keep(self, states: Sequence[StateRow], groups: Mapping[str, tuple[datetime, dict[str, Any]]]) -> None:
        """Put states and groups in the place of those kept before."""
        rows = [
            {
                "bin_id": row.bin_id,
                "upto": row.upto,
                "body": row.body,
                "snapshot_at": row.snapshot_at,
                "snapshot": row.snapshot,
            }
            for row in states
        ]
        made = [{"group": name, "fitted_at": at, "body": body} for name, (at, body) in groups.items()]
        self._replace(ForecastState, "bin_id", rows)
        self._replace(ForecastGroup, "group", made)

    def keep_found(self, found: Sequence[tuple[str, datetime, float]]) -> int:
        """Keep emptyings seen in readings alone, (bin, at, fill before), as the sensor's word; how many were new."""
        new = 0
        for bin_id, at, before in found:
            key = f"sensor:{bin_id}:{at.isoformat()}"
            values = {"bin_id": bin_id, "emptied_at": at, "source": "sensor", "fill_before": before}
            new += self._work.insert_new(Emptying, {"key": key, "truck_id": None, **values})
        return new

    def forget(self) -> None:
        """Forget everything: the next forecast learns from the readings."""
        self._work.session.execute(delete(ForecastState))
        self._work.session.execute(delete(ForecastGroup))

    def _readings(self, *conditions: Any) -> list[ReadingRow]:
        columns = (Reading.bin_id, Reading.measured_at, Reading.received_at)
        query = select(*columns, Reading.fill, Reading.quality).where(*conditions)  # type: ignore[call-overload] # five columns
        return [ReadingRow(*row) for row in self._work.session.exec(query)]

    def _end(self, after: Cursor) -> Cursor:
        session = self._work.session
        reading = session.exec(select(func.max(Reading.reading_id))).one()
        emptying = session.exec(select(func.max(Emptying.emptying_id))).one()
        return Cursor(max(after.reading, reading or 0), max(after.emptying, emptying or 0))

    def _behind(self, number: int) -> int:
        return number - (OVERLAP if self._work.postgres else 0)

    def _replace(self, table: type[SQLModel], key: str, rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            self._work.session.flush()
            self._work.session.connection().execute(_replacing(table, key, self._work.postgres), rows)


@cache
def _replacing(table: type[SQLModel], key: str, to_postgres: bool) -> Executable:
    core = SQLModel.metadata.tables[str(table.__tablename__)]
    statement = postgresql.insert(core) if to_postgres else sqlite.insert(core)
    changes = {column.name: statement.excluded[column.name] for column in core.columns if column.name != key}
    return statement.on_conflict_do_update(index_elements=[key], set_=changes)
