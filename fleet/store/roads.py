"""Our own rules of streets, and road matrices kept between nights."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlmodel import col, delete, select

from fleet.errors import StoreError
from fleet.events import Kind
from fleet.tables import RoadOverride, RoadTable

if TYPE_CHECKING:
    from fleet.store.work import Work

MOST_TABLES = 8
"""Matrices kept: one for each class and hours of trucks, and a few of days with other rules."""


class Roads:
    """Street rules and kept matrices in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def overrides(self, *, ended: bool = False) -> list[RoadOverride]:
        """Every rule that was not ended by hand, oldest first; with `ended` those too."""
        query = select(RoadOverride).order_by(col(RoadOverride.override_id))
        return list(self._work.session.exec(query if ended else query.where(col(RoadOverride.active))))

    def active(self, day: date) -> list[RoadOverride]:
        """Rules whose days are not over on `day` and have begun by the day after: a shift may pass midnight."""
        return [
            row
            for row in self.overrides()
            if (row.ends_on is None or (day - row.ends_on).days <= 1)
            and (row.starts_on is None or (row.starts_on - day).days <= 1)
        ]

    def get(self, override_id: int) -> RoadOverride:
        """One rule.

        Raises:
            StoreError: there is none of this number.
        """
        row = self._work.session.get(RoadOverride, override_id)
        if row is None:
            raise StoreError(f"street rule {override_id}: there is none; look with: binwatt roads override list")
        return row

    def add(self, row: RoadOverride) -> int:
        """A new rule; its number."""
        self._work.session.add(row)
        self._work.session.flush()
        assert row.override_id is not None
        self._say(row, "added")
        return row.override_id

    def change(self, override_id: int, changes: dict[str, Any], who: str) -> RoadOverride:
        """Change some columns of a rule."""
        row = self.get(override_id)
        for name, value in changes.items():
            setattr(row, name, value)
        row.who, row.at = who, self._work.now
        self._work.session.add(row)
        self._work.session.flush()
        self._say(row, "changed")
        return row

    def end(self, override_id: int, who: str) -> RoadOverride:
        """From now on the rule holds no more; it stays on record."""
        row = self.get(override_id)
        row.active, row.who = False, who
        self._work.session.add(row)
        self._say(row, "ended")
        return row

    def drop(self, override_id: int, who: str) -> None:
        """Delete a rule that never should have been; the events keep that it was."""
        row = self.get(override_id)
        row.who = who
        self._say(row, "deleted")
        self._work.session.delete(row)

    def table(self, key: str) -> RoadTable | None:
        """The matrix kept under this key."""
        return self._work.session.get(RoadTable, key)

    def keep_table(self, key: str, engine: str, points: list[list[float]], body: bytes) -> None:
        """Keep a matrix; the oldest beyond a few are forgotten."""
        values = {"engine": engine, "made_at": self._work.now, "points": points, "body": body}
        self._work.upsert(RoadTable, {"key": key}, values)
        newest = select(RoadTable.key).order_by(col(RoadTable.made_at).desc(), col(RoadTable.key)).limit(MOST_TABLES)
        kept = set(self._work.session.exec(newest)) | {key}
        self._work.session.exec(delete(RoadTable).where(col(RoadTable.key).not_in(kept)))

    def _say(self, row: RoadOverride, state: str) -> None:
        self._work.events.append(
            Kind.STREET_RULED,
            str(row.override_id),
            who=row.who,
            state=state,
            kind=row.kind,
            street=row.street,
            value=row.value,
            why=row.why,
        )
