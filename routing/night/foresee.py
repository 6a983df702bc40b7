"""The forecast of tonight: take what is remembered, work in what was heard since, and keep it at the end.

`foresee` only reads, so a what-if costs nothing; `remember` writes into the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import msgspec

from fleet.calendar import NO_CALENDAR, Calendar
from fleet.store import Work
from fleet.store.forecasts import Cursor, EmptyingRow, ReadingRow, StateRow
from fleet.tables import Bin
from routing.errors import ForecastError
from routing.forecast import (
    Emptying,
    Fleet,
    GroupMemory,
    Memory,
    Reading,
    Tuning,
    advance,
    pack_bin,
    unpack_bin,
)

CURSOR = "cursor"
FLEET = ""
ALARMS: Mapping[str, str] = {
    "silent": "sensor.silent",
    "stuck": "sensor.stuck",
    "noisy": "sensor.noisy",
    "tilted": "sensor.tilted",
    "fault": "sensor.fault",
}
"""Kinds of alarm by health."""
TEXTS: Mapping[str, str] = {
    "silent": "{bin}: no reading since {since}",
    "stuck": "{bin}: the sensor shows the same figure since {since}",
    "noisy": "{bin}: the sensor's figures contradict each other",
    "tilted": "{bin}: the sensor lies askew since {since}",
    "fault": "{bin}: the sensor gives no usable figure since {since}",
}
ALARMS_AT_ONCE = 50
"""Of one kind; more stand in the Bins screen alone."""


@dataclass(frozen=True, slots=True)
class Foresight:
    """Tonight's forecast, and what must be kept so that tomorrow's goes on from it.

    `warnings` says in words what could not be used of what was remembered.
    """

    fleet: Fleet
    cursor: Cursor
    now: datetime
    warnings: tuple[str, ...] = ()


def foresee(
    work: Work,
    bins: Sequence[Bin],
    now: datetime,
    *,
    zone: tzinfo,
    history_days: int,
    calendar: Calendar = NO_CALENDAR,
    tuning: Tuning | None = None,
) -> Foresight:
    """Forecast `bins` at `now` from the store. Reads only.

    The first time, or where the memory cannot be used, it is learned from the readings of `history_days`.
    """
    since = now - timedelta(days=history_days)
    bodies = work.forecasts.groups()
    memory, cursor, warnings = Memory(), Cursor(), []
    spoiled: list[str] = []
    try:
        if FLEET in bodies:
            cursor = msgspec.convert(bodies[FLEET].get(CURSOR, {}), Cursor)
            memory.groups = {name: msgspec.convert(body, GroupMemory) for name, body in bodies.items()}
    except msgspec.ValidationError as error:
        warnings.append(f"the forecast's memory cannot be used and is learned anew: {error}")
        memory, cursor = Memory(), Cursor()
    if memory.groups:
        for row in work.forecasts.states():
            try:
                memory.bins[row.bin_id] = unpack_bin(row.body, row.snapshot)
            except ForecastError as error:
                spoiled.append(row.bin_id)
                warnings.append(f"bin {row.bin_id}: {error}")
    readings, emptyings, end = work.forecasts.heard(cursor, since)
    if spoiled:
        again, emptied = work.forecasts.heard_of(spoiled, since)
        readings, emptyings = [*readings, *again], [*emptyings, *emptied]
    fleet = advance(
        memory,
        [row.bin_id for row in bins],
        (_reading(row) for row in readings),
        (_emptying(row) for row in emptyings),
        now,
        groups={row.bin_id: group_of(row) for row in bins},
        zone=zone,
        calendar=calendar,
        tuning=tuning or Tuning(),
    )
    return Foresight(fleet, end, now, tuple(warnings))


def remember(work: Work, foresight: Foresight, *, alarms: bool = True) -> None:
    """Keep what the forecast knows now, the emptyings it found, and (`alarms`) say which sensors need a look."""
    memory = foresight.fleet.memory
    oldest = memory.oldest
    snapshot_at = datetime.fromtimestamp(oldest, UTC) if oldest else None
    states = [
        StateRow(
            name,
            datetime.fromtimestamp(each.track.at, UTC) if each.track is not None else foresight.now,
            pack_bin(each),
            snapshot_at,
            each.older,
        )
        for name, each in memory.bins.items()
        if each.changed
    ]
    groups: dict[str, tuple[datetime, dict[str, Any]]] = {}
    for name, known in memory.groups.items():
        body: dict[str, Any] = msgspec.to_builtins(known)
        if name == FLEET:
            body[CURSOR] = msgspec.to_builtins(foresight.cursor)
        groups[name] = (datetime.fromtimestamp(known.fits[-1].at, UTC), body)
    work.forecasts.keep(states, groups)
    work.forecasts.keep_found([(one.bin, one.at, one.before) for one in foresight.fleet.found])
    if alarms:
        tell_health(work, foresight.fleet)


def tell_health(work: Work, fleet: Fleet) -> None:
    """Raise an alarm for each sensor that cannot be believed, and clear those of sensors that can be again."""
    standing = {(alarm.kind, alarm.subject) for alarm in work.alarms.standing()}
    for health, kind in ALARMS.items():
        room = ALARMS_AT_ONCE - sum(1 for known, _ in standing if known == kind)
        for name, forecast in fleet.bins.items():
            if forecast.health != health:
                if (kind, name) in standing:
                    work.alarms.clear(kind, name)
                    room += 1
            elif (kind, name) not in standing and room > 0:
                since = "" if forecast.blind_since is None else f"{forecast.blind_since:%Y-%m-%d %H:%M} UTC"
                work.alarms.sound(kind, name, "warning", TEXTS[health].format(bin=name, since=since))
                room -= 1


def group_of(row: Bin) -> str:
    """What bins share a clock and a rate with: their stream and, where one is named, their quarter."""
    return f"{row.stream}|{row.quarter}" if row.quarter else row.stream


def _reading(row: ReadingRow) -> Reading:
    usable = row.fill is not None and 0 <= row.fill <= 1
    return Reading(row.bin_id, row.measured_at, row.fill if usable else None, row.received_at, row.quality)


def _emptying(row: EmptyingRow) -> Emptying:
    return Emptying(row.bin_id, row.emptied_at)
