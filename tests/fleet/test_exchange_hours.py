"""Hours and days of files: streets shut, fixed days, queues; every form read, every wrong one named with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.errors import ImportRefused
from fleet.exchange.bins import read_bins
from fleet.exchange.places import read_places
from fleet.exchange.trucks import read_trucks


def test_bins_with_hours_and_days(tmp_path: Path) -> None:
    """A street's hours, a bin's fixed days, its quarter and notes come as the tables keep them."""
    file = tmp_path / "bins.csv"
    file.write_text(
        "id,lat,lon,shut,fixed_days,quarter,kerb,notes\n"
        'B1,34.9,-2.3,"07:30-08:30 mon-fri; 12h-14h sat","lun-mer,5",Médina,oui,code 12\n'
    )
    bin_ = read_bins(file).bins[0]
    assert bin_.shut == [
        {"from": "07:30", "until": "08:30", "weekdays": [0, 1, 2, 3, 4]},
        {"from": "12:00", "until": "14:00", "weekdays": [5]},
    ]
    assert bin_.fixed_days == [0, 1, 2, 5]
    assert (bin_.quarter, bin_.kerb, bin_.notes) == ("Médina", True, "code 12")


def test_places_with_queue_weekdays_and_streams(tmp_path: Path) -> None:
    """A disposal site's queue by the hour, its days, its streams and its charger for trucks."""
    file = tmp_path / "places.toml"
    file.write_text(
        '[[places]]\nid = "tip"\nlat = 34.9\nlon = -2.3\nkind = "disposal"\nqueue = [["08:00", 15], ["06:00", 5]]\n'
        'weekdays = "mon-sat"\nstreams = ["glass", "paper"]\ntruck_charger_kw = 60\n'
        '[[places]]\nid = "tip2"\nlat = 34.91\nlon = -2.3\nkind = "disposal"\nqueue = "06:00 5; 11:00 0"\n'
    )
    tip, other = read_places(file).places
    assert tip.queue == [["06:00", 5.0], ["08:00", 15.0]]
    assert tip.weekdays == [0, 1, 2, 3, 4, 5]
    assert tip.streams == ["glass", "paper"]
    assert tip.truck_charger_kw == 60
    assert other.queue == [["06:00", 5.0], ["11:00", 0.0]]
    assert other.streams is None


def test_trucks_with_overtime_and_pace(tmp_path: Path) -> None:
    """What a truck's day may be like beyond its shift."""
    file = tmp_path / "trucks.csv"
    file.write_text(
        "truck_id,depot_id,max_tips,service_pace,overtime_minutes,overtime_per_hour,end_depot,length_m,tare,co2_km\n"
        "T1,d1,4,1.3,45,120,d2,9.5,14,1.1\n"
    )
    truck = read_trucks(file).trucks[0]
    assert (truck.max_tips, truck.service_pace, truck.overtime_minutes) == (4, 1.3, 45)
    assert (truck.overtime_per_hour, truck.end_depot_id, truck.tare_t, truck.co2_kg_per_km) == (120, "d2", 14, 1.1)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('shut = "8 to 9"', "no span of hours"),
        ('shut = "08:00-08:00"', "no span of hours"),
        ('shut = "25:00-26:00"', "no span of hours"),
        ('shut = "08:00-09:00 noday"', "no span of hours"),
        ('fixed_days = "mon,funday"', "is no day"),
    ],
)
def test_wrong_hours_are_refused_by_name(tmp_path: Path, cell: str, said: str) -> None:
    """A wrong cell stops the import with the row, the field and the mend."""
    file = tmp_path / "bins.toml"
    file.write_text(f'[[bins]]\nid = "B1"\nlat = 34.9\nlon = -2.3\n{cell}\n')
    with pytest.raises(ImportRefused) as refused:
        read_bins(file)
    assert said in refused.value.problems[0]
    assert "write" in refused.value.problems[0]


@pytest.mark.parametrize("queue", ["06:00", "6 5", "06:00 -5", "06:00 999", "26:00 5"])
def test_wrong_queues_are_refused_by_name(tmp_path: Path, queue: str) -> None:
    """A wait that is none stops the import."""
    file = tmp_path / "places.toml"
    file.write_text(f'[[places]]\nid = "t"\nlat = 34.9\nlon = -2.3\nkind = "disposal"\nqueue = "{queue}"\n')
    with pytest.raises(ImportRefused) as refused:
        read_places(file)
    assert "no time and wait" in refused.value.problems[0]
