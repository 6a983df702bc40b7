"""Old meter values become an hour each: energy, mean and largest power; the values themselves go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from fleet.tables import MeterHour, MeterValue

if TYPE_CHECKING:
    from fleet.store.work import Work

HOUR = timedelta(hours=1)
Outlet = tuple[str, int]
Sample = tuple[datetime, float | None, float | None]
"""Instant, register in Wh, power in W."""


@dataclass(slots=True)
class _Hour:
    kwh: float = 0.0
    values: int = 0
    power_sum: float = 0.0
    powers: int = 0
    max_w: float | None = None

    def add(self, power_w: float | None) -> None:
        self.values += 1
        if power_w is not None:
            self.power_sum += power_w
            self.powers += 1
            self.max_w = power_w if self.max_w is None else max(self.max_w, power_w)


class Meters:
    """Meter values in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def roll_up(self, before: datetime) -> int | None:
        """Roll the oldest hour that ended before an instant up; gives how many values went, None when there is none.

        What flowed between the last value of the hour and the next one (looked for an hour on) is spread over both
        hours by time, so that the sum over hours is what the register gained.
        """
        first = select(MeterValue.measured_at).order_by(col(MeterValue.measured_at)).limit(1)
        oldest = self._work.session.exec(first).first()
        if oldest is None:
            return None
        hour = oldest.replace(minute=0, second=0, microsecond=0)
        if hour + HOUR > before:
            return None
        samples = self._read(hour, hour + HOUR)
        following = self._read(hour + HOUR, hour + 2 * HOUR)
        for outlet, told in samples.items():
            after = next(((at, wh, None) for at, wh, _ in following.get(outlet, ()) if wh is not None), None)
            for start, part in _hours_of(told, after):
                self._keep(outlet, start, part)
        table = MeterValue.__table__.c  # type: ignore[attr-defined] # SQLModel tells mypy nothing of it
        gone = delete(MeterValue).where(table.measured_at >= hour, table.measured_at < hour + HOUR)
        return int(self._work.session.connection().execute(gone).rowcount)

    def of_stations(self, stations: Iterable[str], since: datetime, until: datetime) -> list[MeterValue]:
        """What these stations' own meters (EVSE 0) said in a span, by time."""
        query = select(MeterValue).where(
            MeterValue.measured_at >= since,
            MeterValue.measured_at <= until,
            MeterValue.evse == 0,
            col(MeterValue.station_id).in_(list(stations)),
        )
        return list(self._work.session.exec(query.order_by(col(MeterValue.measured_at))))

    def hours(self, station_id: str, since: datetime, until: datetime) -> list[MeterHour]:
        """Hours of one station, by EVSE and time."""
        query = select(MeterHour).where(
            MeterHour.station_id == station_id, MeterHour.hour >= since, MeterHour.hour < until
        )
        rows = self._work.session.exec(query)
        return sorted(rows, key=lambda row: (row.evse, row.hour))

    def _read(self, since: datetime, until: datetime) -> dict[Outlet, list[Sample]]:
        table = MeterValue.__table__.c  # type: ignore[attr-defined] # SQLModel tells mypy nothing of it
        query = select_rows(table.station_id, table.evse, table.measured_at, table.energy_wh, table.power_w)
        query = query.where(table.measured_at >= since, table.measured_at < until).order_by(table.measured_at)
        found: dict[Outlet, list[Sample]] = {}
        for station, evse, at, wh, power_w in self._work.session.connection().execute(query):
            found.setdefault((station, evse), []).append((at, wh, power_w))
        return found

    def _keep(self, outlet: Outlet, start: datetime, part: _Hour) -> None:
        station_id, evse = outlet
        row = self._work.session.exec(
            select(MeterHour).where(MeterHour.hour == start, MeterHour.station_id == station_id, MeterHour.evse == evse)
        ).first() or MeterHour(station_id=station_id, evse=evse, hour=start, kwh=0.0, values=0)
        row.kwh = round(row.kwh + part.kwh, 6)
        row.values += part.values
        if part.powers:
            row.mean_kw = round(part.power_sum / part.powers / 1000, 4)
        if part.max_w is not None:
            row.max_kw = max(row.max_kw or 0.0, part.max_w / 1000)
        self._work.session.add(row)
        self._work.session.flush()


def _hours_of(told: list[Sample], after: Sample | None) -> Iterator[tuple[datetime, _Hour]]:
    """What each hour gains: of the values' own hour all, of the next one what flowed before its first value."""
    own = told[0][0].replace(minute=0, second=0, microsecond=0)
    here, next_hour = _Hour(), _Hour()
    for _, _, power_w in told:
        here.add(power_w)
    registers = [(at, wh) for at, wh, _ in (*told, *([after] if after is not None else [])) if wh is not None]
    for (one, before), (other, later) in _rising(registers):
        kwh = (later - before) / 1000
        share = min(1.0, (own + HOUR - one) / (other - one)) if other > one else 1.0
        here.kwh += kwh * share
        next_hour.kwh += kwh * (1 - share)
    yield own, here
    if next_hour.kwh:
        yield own + HOUR, next_hour


def _rising(registers: Iterable[tuple[datetime, float]]) -> Iterator[tuple[tuple[datetime, float], ...]]:
    """Neighbours between which the register did not fall: a meter that begins anew gains nothing by it."""
    return (pair for pair in pairwise(registers) if pair[1][1] >= pair[0][1])
