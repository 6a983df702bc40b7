"""The city's calendar: fixed dates, Hijri feasts and seasons, market days, and files that cannot be used."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from fleet.calendar import NO_CALENDAR, Calendar, load_calendar
from fleet.errors import CalendarRefused


@pytest.fixture(scope="module")
def morocco() -> Calendar:
    return load_calendar("morocco")


def names(calendar: Calendar, when: date, quarter: str = "") -> list[str]:
    return [one.name for one in calendar.on(when, quarter)]


def test_no_name_is_no_calendar():
    """An empty setting gives a calendar on which every day is usual."""
    assert load_calendar("") is NO_CALENDAR
    assert NO_CALENDAR.on(date(2026, 7, 30), "") == ()


@pytest.mark.parametrize(
    ("when", "name"),
    [
        (date(2026, 7, 30), "Throne day"),
        (date(2024, 4, 10), "Eid al-Fitr"),  # as announced in Morocco
        (date(2024, 6, 17), "Eid al-Adha"),
        (date(2023, 4, 22), "Eid al-Fitr"),
        (date(2023, 6, 29), "Eid al-Adha"),
        (date(2024, 3, 12), "Ramadan"),
    ],
)
def test_days_of_morocco(morocco, when, name):
    """Fixed dates hold every year; Hijri days are those announced in Morocco in these years, give or take one."""
    near = {each for shift in (-1, 0, 1) for each in names(morocco, when + timedelta(days=shift))}
    assert name in near
    if name == "Throne day":
        assert name in names(morocco, when)


def test_ramadan_is_a_month_and_shifts_the_day_into_the_night(morocco):
    """Ramadan lasts 29 or 30 days on end, and its hours weigh the night more than the morning."""
    days = [date(2027, 1, 1) + timedelta(days=number) for number in range(120)]
    fast = [day for day in days if "Ramadan" in names(morocco, day)]
    assert len(fast) in (29, 30)
    assert fast[-1] - fast[0] == timedelta(days=len(fast) - 1)
    (ramadan,) = (one for one in morocco.occasions if one.name == "Ramadan")
    assert ramadan.hours is not None
    assert sum(ramadan.hours[:5]) > 2 * sum(ramadan.hours[6:11])


def test_a_citys_own_file_extends_a_country(tmp_path):
    """A city's file takes a country's over, replaces what it names again, and adds markets in its quarters."""
    path = tmp_path / "berkane.toml"
    path.write_text(
        'name = "Berkane"\nextends = "morocco"\n[hijri]\nshift_days = 0\n'
        '[[holiday]]\nname = "Throne day"\ndate = "07-30"\nfactor = 1.5\n'
        '[[market]]\nname = "Souk"\nweekdays = [1]\nquarter = "Centre"\nfactor = 1.8\n',
        encoding="utf-8",
    )
    city = load_calendar(str(path))
    tuesday = date(2026, 3, 10)
    assert "Souk" in names(city, tuesday, "Centre")
    assert "Souk" not in names(city, tuesday, "Nord")
    assert "Souk" not in names(city, tuesday + timedelta(days=1), "Centre")
    assert [one.factor for one in city.on(date(2026, 7, 30), "")] == [1.5]
    assert city.quarters() == {"Centre"}
    shipped = load_calendar("morocco")
    first = next(
        date(2027, 1, 1) + timedelta(days=n)
        for n in range(200)
        if "Ramadan" in names(shipped, date(2027, 1, 1) + timedelta(days=n))
    )
    assert "Ramadan" in names(city, first - timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[holiday]]\nname = "A"\ndate = "13-01"\n', "month-day"),
        ('[[feast]]\nname = "A"\nmonth = 13\n', "month must be a whole number from 1 to 12"),
        ('[[market]]\nname = "A"\nweekdays = [7]\n', "Monday 0 to Sunday 6"),
        ('[[season]]\nname = "A"\nmonth = 9\nhours = [1, 2]\n', "24 numbers"),
        ('[[holiday]]\nname = "A"\ndate = "01-01"\nfactor = 0\n', "factor must be a number"),
        ('[[holiday]]\nname = "A"\ndate = "01-01"\ncolour = "red"\n', "no 'colour'"),
        ('[[holiday]]\ndate = "01-01"\n', "name must be a text"),
        ("[[party]]\n", "there is no 'party'"),
        ('extends = "nowhere"\n', "none of morocco"),
        ("holiday = 3\n", "[[holiday]]"),
        ("[hijri]\nshift_days = 9\n", "shift_days"),
        ("not toml", "is not TOML"),
    ],
)
def test_a_bad_calendar_is_one_clear_line(tmp_path: Path, text: str, says: str):
    """Each mistake is named with its place and the mend."""
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CalendarRefused) as caught:
        load_calendar(str(path))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_circle_of_calendars_is_named(tmp_path):
    """A file that extends itself is refused."""
    path = tmp_path / "round.toml"
    path.write_text(f'extends = "{path.as_posix()}"\n', encoding="utf-8")
    with pytest.raises(CalendarRefused, match="extends itself"):
        load_calendar(str(path))
