"""The city's calendar: days on which waste falls otherwise than on a usual day of their weekday.

A TOML file tells holidays of fixed date, feasts and seasons of the Hijri year, and market days by quarter; `extends`
takes over another file. `[city] calendar` names one that comes with binwatt (`fleet/calendars/`), or a file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from fleet.errors import CalendarRefused

HOURS = 24
FACTORS = (0.1, 10.0)
FAMILIES = ("holiday", "feast", "season", "market")
TOP = {"name", "extends", "hijri", *FAMILIES}
KEYS = {
    "holiday": {"name", "date", "days", "factor", "quarter", "hours"},
    "feast": {"name", "month", "day", "days", "factor", "quarter", "hours"},
    "season": {"name", "month", "factor", "quarter", "hours"},
    "market": {"name", "weekdays", "factor", "quarter", "hours"},
}
"""What each kind of entry may say."""
MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Occasion:
    """One entry: `family` tells how its days are found, `factor` the waste of a day as a multiple of a usual one's.

    `hours` multiplies the usual profile of the day, hour 0 to 23, without changing its sum; None: as usual.
    """

    name: str
    family: str
    factor: float
    quarter: str | None = None
    hours: tuple[float, ...] | None = None
    month: int = 0
    day: int = 1
    days: int = 1
    weekdays: tuple[int, ...] = ()

    def holds(self, when: date, shift_days: int) -> bool:
        """Whether `when`, a local day, is one of its days."""
        if self.family == "market":
            return when.weekday() in self.weekdays
        if self.family == "holiday":
            days = [when - timedelta(days=back) for back in range(self.days)]
            return any((each.month, each.day) == (self.month, self.day) for each in days)
        hijri = [_hijri(when - timedelta(days=back + shift_days)) for back in range(self.days)]
        if self.family == "season":  # the whole month, be it of 29 days or 30
            return hijri[0][0] == self.month
        return (self.month, self.day) in hijri


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a city's year holds. Hijri days fall `shift_days` after the Umm al-Qura calendar."""

    name: str = ""
    occasions: tuple[Occasion, ...] = ()
    shift_days: int = 0

    def on(self, when: date, quarter: str) -> tuple[Occasion, ...]:
        """The occasions that hold on a local day in a quarter, in the file's order; their factors multiply."""
        held = _occasions_on(self, when)
        return tuple(one for one in held if one.quarter is None or one.quarter == quarter)

    def quarters(self) -> frozenset[str]:
        """Quarters with occasions of their own."""
        return frozenset(one.quarter for one in self.occasions if one.quarter is not None)


NO_CALENDAR = Calendar()


def load_calendar(name: str) -> Calendar:
    """The calendar of a built-in name or a file; an empty name gives the empty calendar.

    Raises:
        CalendarRefused: no such calendar, or an entry that cannot be used; one line with the place.
    """
    return _load(name, ()) if name else NO_CALENDAR


def _load(name: str, seen: tuple[str, ...]) -> Calendar:
    if name in seen:
        raise CalendarRefused(f"calendar {name}: extends itself by way of {' -> '.join(seen)}; break the circle")
    table = _read(name)
    unknown = sorted(set(table) - TOP)
    if unknown:
        raise CalendarRefused(f"calendar {name}: there is no {unknown[0]!r}; known: {', '.join(sorted(TOP))}")
    base = _load(_text(table, "extends", name), (*seen, name)) if "extends" in table else NO_CALENDAR
    own = [_occasion(family, entry, name) for family in FAMILIES for entry in _entries(table, family, name)]
    named = {one.name for one in own}
    hijri = table.get("hijri", {})
    shift = hijri.get("shift_days", base.shift_days) if isinstance(hijri, dict) else None
    if not isinstance(shift, int) or isinstance(shift, bool) or not -3 <= shift <= 3:
        raise CalendarRefused(f"calendar {name}: [hijri] shift_days must be a whole number of days, -3 to 3")
    kept = tuple(one for one in base.occasions if one.name not in named)
    return Calendar(str(table.get("name", name)), (*kept, *own), shift)


def _read(name: str) -> dict[str, Any]:
    shipped = resources.files("fleet.calendars").joinpath(f"{name}.toml")
    try:
        text = (
            shipped.read_text("utf-8") if name.isidentifier() and shipped.is_file() else Path(name).read_text("utf-8")
        )
        return tomllib.loads(text)
    except FileNotFoundError:
        known = sorted(
            each.name.removesuffix(".toml")
            for each in resources.files("fleet.calendars").iterdir()
            if each.name.endswith(".toml")
        )
        raise CalendarRefused(f"calendar {name}: no such file, and none of {', '.join(known)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CalendarRefused(f"calendar {name}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise CalendarRefused(f"calendar {name}: is not TOML: {error}") from None


def _entries(table: Mapping[str, Any], family: str, name: str) -> list[dict[str, Any]]:
    entries = table.get(family, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CalendarRefused(f"calendar {name}: write [[{family}]] before each {family}")
    return entries


def _occasion(family: str, entry: Mapping[str, Any], name: str) -> Occasion:
    title = _text(entry, "name", f"{name}: [[{family}]]")
    where = f"{name}: {title}"
    unknown = sorted(set(entry) - KEYS[family])
    if unknown:
        known = ", ".join(sorted(KEYS[family]))
        raise CalendarRefused(f"calendar {where}: a {family} has no {unknown[0]!r}; known: {known}")
    month, day, days = 0, 1, 1
    weekdays: tuple[int, ...] = ()
    if family == "holiday":
        month, day = _month_day(entry, where)
    elif family in ("feast", "season"):
        month = _whole(entry, "month", 1, 12, None, where)
        day = _whole(entry, "day", 1, MONTH_DAYS, 1, where)
    else:
        weekdays = _weekdays(entry, where)
    if family != "market":
        days = _whole(entry, "days", 1, 60, 1, where)
    quarter = _text(entry, "quarter", where) if "quarter" in entry else None
    return Occasion(title, family, _factor(entry, where), quarter, _hours(entry, where), month, day, days, weekdays)


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise CalendarRefused(f'calendar {where}: {key} must be a text, e.g. {key} = "..."')
    return value


def _whole(entry: Mapping[str, Any], key: str, low: int, high: int, default: int | None, where: str) -> int:
    value = entry.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise CalendarRefused(f"calendar {where}: {key} must be a whole number from {low} to {high}")
    return value


def _month_day(entry: Mapping[str, Any], where: str) -> tuple[int, int]:
    try:
        found = date.fromisoformat(f"2024-{entry.get('date')}")  # a leap year: 29 February is a date
    except ValueError:
        raise CalendarRefused(f'calendar {where}: date must be month-day, e.g. date = "07-30"') from None
    return found.month, found.day


def _weekdays(entry: Mapping[str, Any], where: str) -> tuple[int, ...]:
    days = entry.get("weekdays")
    if not isinstance(days, list) or not days or not all(type(day) is int and 0 <= day <= 6 for day in days):
        raise CalendarRefused(f"calendar {where}: weekdays must be a list of days, Monday 0 to Sunday 6")
    return tuple(sorted(set(days)))


def _factor(entry: Mapping[str, Any], where: str) -> float:
    value = entry.get("factor", 1.0)
    low, high = FACTORS
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise CalendarRefused(f"calendar {where}: factor must be a number from {low:g} to {high:g}")
    return float(value)


def _hours(entry: Mapping[str, Any], where: str) -> tuple[float, ...] | None:
    hours = entry.get("hours")
    if hours is None:
        return None
    good = isinstance(hours, list) and len(hours) == HOURS
    if not good or not all(type(one) in (int, float) and one >= 0 for one in hours) or sum(hours) <= 0:
        raise CalendarRefused(f"calendar {where}: hours must be a list of 24 numbers, 0 or more")
    return tuple(float(one) for one in hours)


@cache
def _hijri(when: date) -> tuple[int, int]:
    from hijridate import Gregorian

    try:
        found = Gregorian.fromdate(when).to_hijri()
    except OverflowError:  # the Umm al-Qura tables reach from 1924 to 2077
        return 0, 0
    return found.month, found.day


@cache
def _occasions_on(calendar: Calendar, when: date) -> tuple[Occasion, ...]:
    return tuple(one for one in calendar.occasions if one.holds(when, calendar.shift_days))
