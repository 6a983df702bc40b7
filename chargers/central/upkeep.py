"""Looked after every half minute: who was heard, whose clock is wrong, which charges never end, what has expired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from chargers.central.clocks import WRONG_SECONDS
from fleet.store import Work
from fleet.tables import Connector, Station, Transaction

FREE_FOR = timedelta(minutes=10)
SILENT_FOR = timedelta(hours=24)
LONGEST = timedelta(days=3)
FREE = frozenset({"Available", "Reserved"})


@dataclass(frozen=True, slots=True)
class Heard:
    """What one session heard since last time."""

    station_id: str
    refs: tuple[str, ...] = ()
    """Transactions, as the station calls them."""
    clock_error_s: float | None = None
    """When it has changed."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a charge that should have ended."""

    now: datetime
    started_at: datetime
    heard_at: datetime | None
    online: bool
    connector: str = ""
    connector_at: datetime | None = None


def why_stuck(signs: Signs) -> str | None:
    """Why a charge under way cannot be one; None for a healthy one. Charges of silent stations are left alone."""
    if not signs.online:
        return None
    heard = max(signs.heard_at or signs.started_at, signs.started_at)
    told_free = signs.connector in FREE and signs.connector_at is not None and signs.connector_at >= heard
    if told_free and signs.now - heard >= FREE_FOR:
        return "its connector is free again, and nothing was heard of it for " + _span(signs.now - heard)
    if signs.now - heard >= SILENT_FOR:
        return "nothing was heard of it for " + _span(signs.now - heard)
    if signs.now - signs.started_at >= LONGEST:
        return "it has been running for " + _span(signs.now - signs.started_at)
    return None


def keep_up(work: Work, heard: list[Heard]) -> None:
    """One small write for all that was heard, and a look at what nobody tells."""
    see(work, heard)
    find_stuck(work)
    work.reservations.expire()


def see(work: Work, heard: list[Heard]) -> None:
    """These stations were heard of."""
    by_id = {one.station_id: one for one in heard}
    for station in work.session.exec(select(Station).where(col(Station.station_id).in_(list(by_id)))):
        one = by_id[station.station_id]
        station.last_seen_at = work.now
        if one.clock_error_s is not None:
            note_clock(work, station, one.clock_error_s)
        work.session.add(station)
    refs = {one.station_id: one.refs for one in heard if one.refs}
    for row in work.charging.running() if refs else ():
        if row.ref in refs.get(row.station_id, ()):
            row.heard_at = work.now
            work.session.add(row)
    work.session.flush()


def note_clock(work: Work, station: Station, error_s: float) -> None:
    """A station's clock was measured."""
    station.clock_error_s = round(error_s, 1)
    if abs(error_s) >= WRONG_SECONDS:
        span = _span(timedelta(seconds=abs(error_s)))
        text = f"the clock of {station.station_id} is {span} {'ahead' if error_s > 0 else 'behind'}"
        work.alarms.sound("station.clock", station.station_id, "warning", text)
    else:
        work.alarms.clear("station.clock", station.station_id)


def find_stuck(work: Work) -> None:
    """Raise an alarm for each charge that should have ended; it is closed by hand, or ends after all."""
    running = work.charging.running()
    if not running:
        return
    online: Mapping[str, bool] = {row.station_id: row.online for row in work.stations.all()}
    plugs = _plugs(work, {row.station_id for row in running})
    for row in running:
        plug = plugs.get((row.station_id, row.evse, row.connector))
        signs = Signs(
            now=work.now,
            started_at=row.started_at,
            heard_at=row.heard_at,
            online=online.get(row.station_id, False),
            connector="" if plug is None else plug.status,
            connector_at=None if plug is None else plug.status_at,
        )
        why = why_stuck(signs)
        if why is not None:
            text = f"transaction {row.transaction_id} at {row.station_id} never ended: {why}"
            work.alarms.sound("transaction.stuck", stuck_subject(row), "warning", text)


def stuck_subject(row: Transaction) -> str:
    """What the alarm of a charge that never ends is about."""
    return f"{row.station_id}#{row.transaction_id}"


def _plugs(work: Work, station_ids: set[str]) -> dict[tuple[str, int, int], Connector]:
    query = select(Connector).where(col(Connector.station_id).in_(station_ids))
    return {(row.station_id, row.evse, row.number): row for row in work.session.exec(query)}


def _span(time: timedelta) -> str:
    seconds = time.total_seconds()
    for unit, size in (("years", 31_557_600.0), ("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
