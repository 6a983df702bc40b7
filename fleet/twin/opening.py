"""When the simulation opens; apart from the city, so that knowing it loads nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

CITY_TIME: tzinfo = timezone(timedelta(hours=1), "+01")  # Morocco's time, all year but Ramadan
OPENING = datetime(2026, 11, 23, 18, tzinfo=UTC)  # a Monday, 19:00 in Morocco
