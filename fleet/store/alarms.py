"""Alarms: raised once while they last, cleared by the world, acknowledged by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func
from sqlmodel import col, select

from fleet.events import Kind
from fleet.tables import Alarm

if TYPE_CHECKING:
    from fleet.store.work import Work

_STANDING = select(Alarm).where(
    Alarm.kind == bindparam("kind"), Alarm.subject == bindparam("subject"), col(Alarm.cleared_at).is_(None)
)


class Alarms:
    """Alarms in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def standing(self) -> list[Alarm]:
        """Alarms not cleared yet, oldest first."""
        query = select(Alarm).where(col(Alarm.cleared_at).is_(None)).order_by(col(Alarm.alarm_id))
        return list(self._work.session.exec(query))

    def count(self, kind: str) -> int:
        """How many alarms of a kind stand."""
        query = select(func.count()).select_from(Alarm).where(Alarm.kind == kind, col(Alarm.cleared_at).is_(None))
        return self._work.session.exec(query).one()

    def sound(self, kind: str, subject: str, severity: str, text: str) -> bool:
        """Raise an alarm unless the same one stands; True when it is new."""
        if self._find(kind, subject) is not None:
            return False
        alarm = Alarm(kind=kind, subject=subject, severity=severity, text=text, raised_at=self._work.now)
        self._work.session.add(alarm)
        self._work.session.flush()
        self._work.events.append(
            Kind.ALARM_RAISED, subject, alarm_id=alarm.alarm_id, kind=kind, severity=severity, text=text
        )
        return True

    def clear(self, kind: str, subject: str) -> bool:
        """The world is well again; True when the alarm stood."""
        alarm = self._find(kind, subject)
        if alarm is None:
            return False
        alarm.cleared_at = self._work.now
        self._work.session.add(alarm)
        self._work.session.flush()
        self._work.events.append(Kind.ALARM_CLEARED, subject, alarm_id=alarm.alarm_id, kind=kind)
        return True

    def acknowledge(self, alarm_id: int, by: str) -> bool:
        """Somebody has seen it; False when it is gone or was acknowledged before."""
        alarm = self._work.session.get(Alarm, alarm_id)
        if alarm is None or alarm.cleared_at is not None or alarm.acknowledged_at is not None:
            return False
        alarm.acknowledged_at = self._work.now
        alarm.acknowledged_by = by
        self._work.session.add(alarm)
        self._work.session.flush()
        self._work.events.append(
            Kind.ALARM_ACKNOWLEDGED, alarm.subject, who=by, alarm_id=alarm_id, kind=alarm.kind, by=by
        )
        return True

    def _find(self, kind: str, subject: str) -> Alarm | None:
        return self._work.session.exec(_STANDING, params={"kind": kind, "subject": subject}).first()
