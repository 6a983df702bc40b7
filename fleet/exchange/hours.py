"""Hours and days in a cell: weekdays, hours a street is shut, and the queue at a disposal site by the hour."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fleet.exchange.cells import Cells, read_number

DAYS: Mapping[str, int] = {
    word: day
    for day, words in enumerate(
        (
            ("mon", "monday", "lun", "lundi"),
            ("tue", "tuesday", "mar", "mardi"),
            ("wed", "wednesday", "mer", "mercredi"),
            ("thu", "thursday", "jeu", "jeudi"),
            ("fri", "friday", "ven", "vendredi"),
            ("sat", "saturday", "sam", "samedi"),
            ("sun", "sunday", "dim", "dimanche"),
        )
    )
    for word in (*words, str(day))
}
ALL_DAYS = [*range(7)]
DAYS_MEND = "write mon, tue, … or 0 for Monday to 6, or a span such as mon-fri"
SHUT_MEND = "write 07:30-08:30 mon-fri, several apart by semicolon"
QUEUE_MEND = "write 06:00 5; 08:00 15: from then on so many minutes"
LONGEST_WAIT = 240
_SPAN = re.compile(r"^(\d{1,2})[:hH](\d{2})?\s*-\s*(\d{1,2})[:hH](\d{2})?(?:\s+(.*))?$")
_STEP = re.compile(r"^(\d{1,2})[:hH](\d{2})?\s+(\S+)$")


def read_weekdays(cells: Cells, field: str) -> list[int] | None:
    """The weekdays of a cell, Monday 0, in order; None when it is empty or wrong."""
    found: set[int] = set()
    for word in cells.words(field):
        days = _days(word)
        if days is None:
            cells.note(field, f"{word!r} is no day; {DAYS_MEND}")
            return None
        found.update(days)
    return sorted(found) or None


def read_shut(cells: Cells, field: str) -> list[dict[str, Any]]:
    """Hours in which a bin's street may not be served, as `Bin.shut` keeps them; a TOML list may hold such tables."""
    told = cells.raw(field)
    if told is None:
        return []
    parts: Sequence[object] = told if isinstance(told, list) else str(told).split(";")
    found = []
    for part in parts:
        one = _shut(_worded(part))
        if one is None:
            cells.note(field, f"{part!r} is no span of hours; {SHUT_MEND}")
        else:
            found.append(one)
    return found


def read_queue(cells: Cells, field: str) -> list[list[Any]]:
    """The queue of a disposal site as `Place.queue` keeps it, in order of time; in TOML also [["06:00", 5], …]."""
    told = cells.raw(field)
    if told is None:
        return []
    parts: Sequence[object] = told if isinstance(told, list) else str(told).split(";")
    found = []
    for part in parts:
        text = " ".join(str(word) for word in part) if isinstance(part, list) else str(part).strip()
        match = _STEP.match(text)
        clock = _clock(match[1], match[2]) if match else None
        minutes = read_number(match[3]) if match else None
        if clock is None or minutes is None or not 0 <= minutes <= LONGEST_WAIT:
            cells.note(field, f"{text!r} is no time and wait; {QUEUE_MEND}")
        else:
            found.append([clock, minutes])
    return sorted(found)


def _worded(part: object) -> str:
    if not isinstance(part, dict):
        return str(part).strip()
    days = ",".join(str(day) for day in part.get("weekdays", ()))
    return f"{part.get('from', '')}-{part.get('until', '')} {days}".strip()


def _shut(text: str) -> dict[str, Any] | None:
    match = _SPAN.match(text)
    if match is None:
        return None
    since, until = _clock(match[1], match[2]), _clock(match[3], match[4])
    weekdays: set[int] = set()
    for word in re.split(r"[,\s]+", match[5].strip().lower()) if match[5] else ():
        days = _days(word)
        if days is None:
            return None
        weekdays.update(days)
    if since is None or until is None or since == until:
        return None
    return {"from": since, "until": until, "weekdays": sorted(weekdays) or ALL_DAYS}


def _days(word: str) -> list[int] | None:
    first, dash, last = (part.strip() for part in word.partition("-"))
    if first not in DAYS or (dash and last not in DAYS):
        return None
    if not dash:
        return [DAYS[first]]
    length = (DAYS[last] - DAYS[first]) % 7
    return [(DAYS[first] + step) % 7 for step in range(length + 1)]


def _clock(hours: str, minutes: str | None) -> str | None:
    hour, minute = int(hours), int(minutes or 0)
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None
