"""Histories of fill levels: headings, units and times as sources write them; rows that cannot be read are counted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fleet.errors import FleetError
from fleet.exchange.history import read_history


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "history.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "fill", "unit"),
    [
        ("bin,time,fill\nA,2026-03-10T19:00:00Z,0.5\nA,2026-03-10T20:00:00Z,1.0\n", 0.5, "shares"),
        ("serialNumber;timestamp;latestFullness\nA;2026-03-10T19:00:00Z;4\nA;2026-03-11;10\n", 0.4, "tenths"),
        ("Conteneur\tHorodatage\tRemplissage\nA\t2026-03-10T19:00:00Z\t37,5 %\nA\t2026-03-11\t90\n", 0.375, "percent"),
        ("device_id,measured_at,fill_level\nA,1773169200,62\n", 0.62, "percent"),
        ("device_id,measured_at,fill_level\nA,1773169200000,62\n", 0.62, "percent"),
    ],
)
def test_headings_units_and_times(tmp_path, text, fill, unit):
    """Comma, semicolon or tab; shares, tenths or percent; ISO times and Unix seconds or milliseconds."""
    history = read_history(write(tmp_path, text))
    assert history.unit == unit
    assert history.levels[0].bin == "A"
    assert history.levels[0].at == datetime(2026, 3, 10, 19, tzinfo=UTC)
    assert history.levels[0].fill == pytest.approx(fill)
    assert history.skipped == 0


def test_a_time_without_an_offset_is_the_citys(tmp_path):
    """Local times are taken in the zone given."""
    path = write(tmp_path, "bin,time,fill\nA,2026-07-10 19:00,0.5\n")
    assert read_history(path, ZoneInfo("Europe/Paris")).levels[0].at == datetime(2026, 7, 10, 17, tzinfo=UTC)


def test_a_faulty_zero_is_no_level(tmp_path):
    """A level of 0 whose reason says ALERT is a sensor's fault, not an empty bin."""
    path = write(
        tmp_path,
        "bin,time,latestFullness,reason\nA,2026-03-10,0,ALERT\nA,2026-03-11,0,NOT_READY\nA,2026-03-12,8,ALERT\n",
    )
    assert [each.fill for each in read_history(path).levels] == [None, 0.0, 0.8]


def test_rows_that_cannot_be_read_are_counted(tmp_path):
    """A bad time, a level that is none and a row without a bin are left out and told with their line."""
    path = write(tmp_path, "bin,time,fill\nA,yesterday,0.5\nA,2026-03-10,full\n,2026-03-10,0.4\nA,2026-03-10,0.3\n")
    history = read_history(path)
    assert [each.fill for each in history.levels] == [0.3]
    assert history.skipped == 3
    assert history.examples[0].startswith("line 2: 'yesterday' is not a time")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n", "no column for bin or time or fill"),
        ("bin,time,fill\n", "no row can be used"),
        ("", "no column for"),
    ],
)
def test_a_file_of_no_use_is_refused_in_one_line(tmp_path, text, says):
    """What is missing is named."""
    with pytest.raises(FleetError) as caught:
        read_history(write(tmp_path, text))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
