"""When the simulation opens: a mid-evening, local time. Light to import; a city need not be drawn to know it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

CITY_TIME = timezone(timedelta(hours=1), "+01")  # Morocco's time, all year but Ramadan
OPENING_HOUR = 19


def open_on(day: date) -> datetime:
    """The instant a simulation of this day opens, in UTC."""
    return datetime.combine(day, time(OPENING_HOUR), CITY_TIME).astimezone(UTC)


OPENING = open_on(date(2026, 11, 23))
"""The opening of the demo: a Monday evening of winter time and winter tariff."""
