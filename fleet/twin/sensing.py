"""What the fill sensors say: every four hours, noisy, now and then nonsense or nothing at all.

Noise 2.5 % of the bin's height and a constant offset of its own, 5 % of reports lost, 2.5 % outliers (a lid left open,
a bag on the sensor), gaps of one to three days; one sensor silent for good and one stuck, both for days by opening.
All draws are keyed by (seed, bin, report), so a report is the same whether it is read in a history or alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from . import noise
from .filling import EPOCH, level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .city import City
    from .containers import Bin, Sensor
    from .noise import Floats

    Ints = NDArray[np.int64]

NOISE, OFFSET = 0.025, 0.015
LOSS, OUTLIERS = 0.05, 0.025
GAP_CHANCE, GAP_WINDOW = 0.15, 120  # of one gap in a window of so many reports (20 days)
GAP_REPORTS = (6, 18)
SILENT_FOR = timedelta(days=2, hours=13)
STUCK_FOR = timedelta(days=9, hours=5)
STUCK_FILL = 0.62
HIGHEST_READ = 1.04  # above the rim the sensor sees the heap, not far
DRAIN_PER_REPORT = 0.000_03
JITTERS, OFFSETS, LOSSES, NONSENSE, WILD, GAPS, GAP_STARTS, GAP_LENGTHS, WEATHER = range(201, 210)


@dataclass(frozen=True, slots=True)
class Reading:
    """One report of one sensor. `fill` is what its distance means, 0 to 1; `counter` is the radio's frame counter."""

    bin_id: str
    device_id: str
    measured_at: datetime
    distance_mm: int
    fill: float
    battery: float
    temperature_c: float
    counter: int


def report_times(sensor: Sensor, after: datetime, until: datetime) -> list[datetime]:
    """When a sensor wakes up, later than `after` and no later than `until`, whether or not its report arrives."""
    return [_when(sensor, number) for number in range(_count(sensor, after) + 1, _count(sensor, until) + 1)]


def read_sensor(city: City, sensor: Sensor, container: Bin, at: datetime, emptied_at: datetime) -> Reading | None:
    """The report sent at one of the sensor's times; None when it was lost or the sensor is silent."""
    numbers = np.array([_count(sensor, at)])
    filled = np.array([level(city.seed, container, at, emptied_at)])
    found = read_reports(city, sensor, container, numbers, filled)
    return found[0] if found else None


def read_reports(city: City, sensor: Sensor, container: Bin, numbers: Ints, filled: Floats) -> Sequence[Reading]:
    """The reports that arrived out of those with these numbers, the bin's true level at each given."""
    key = city.seed, container.number
    kept = noise.uniform(*_keys(key, LOSSES), numbers) >= LOSS
    kept &= ~_in_gap(key, numbers)
    if sensor.health == "silent":
        kept &= numbers < _count(sensor, city.opens_at - SILENT_FOR)
    numbers, filled = numbers[kept], filled[kept]
    seen = np.minimum(filled, HIGHEST_READ) + NOISE * noise.normal(*_keys(key, JITTERS), numbers)
    seen = seen + OFFSET * noise.normal(*_keys(key, OFFSETS))
    wild = noise.uniform(*_keys(key, NONSENSE), numbers) < OUTLIERS
    seen = np.where(wild, noise.uniform(*_keys(key, WILD), numbers), seen)
    if sensor.health == "stuck":
        seen = np.where(numbers >= _count(sensor, city.opens_at - STUCK_FOR), STUCK_FILL, seen)
    span = sensor.empty_mm - sensor.full_mm
    distance = np.maximum(np.rint(sensor.empty_mm - seen * span), sensor.blind_mm + 1).astype(np.int64)
    fill = np.clip((sensor.empty_mm - distance) / span, 0, 1)
    air = _air(key, sensor, numbers)
    drained = DRAIN_PER_REPORT * (numbers - _count(sensor, city.opens_at))
    battery = np.clip(sensor.battery - drained, 0, 1)
    return [
        Reading(
            sensor.bin_id, sensor.device_id, _when(sensor, number), mm, round(share, 4), round(power, 2), round(air, 1),
            number & 0xFFFF,
        )
        for number, mm, share, power, air in zip(
            numbers.tolist(), distance.tolist(), fill.tolist(), battery.tolist(), air, strict=True
        )
    ]  # fmt: skip


def number_reports(sensor: Sensor, after: datetime, until: datetime) -> Ints:
    """Numbers of the reports in a span of time, for `read_reports`."""
    return np.arange(_count(sensor, after) + 1, _count(sensor, until) + 1)


def time_reports(sensor: Sensor, numbers: Ints) -> Floats:
    """Hours since 1970 of reports."""
    return np.asarray((numbers * sensor.every_minutes + sensor.phase_minutes) / 60)


def _keys(key: tuple[int, int], stream: int) -> tuple[int, int, int]:
    return key[0], stream, key[1]


def _count(sensor: Sensor, at: datetime) -> int:
    """Number of the last report at or before a time."""
    minutes = (at - EPOCH) // timedelta(minutes=1)
    return (minutes - sensor.phase_minutes) // sensor.every_minutes


def _when(sensor: Sensor, number: int) -> datetime:
    return EPOCH + timedelta(minutes=number * sensor.every_minutes + sensor.phase_minutes)


def _in_gap(key: tuple[int, int], numbers: Ints) -> NDArray[np.bool_]:
    """Whether reports fall in a time the sensor was off the air: at most one such gap a window."""
    window, place = np.divmod(numbers, GAP_WINDOW)
    happens = noise.uniform(*_keys(key, GAPS), window) < GAP_CHANCE
    length = GAP_REPORTS[0] + noise.uniform(*_keys(key, GAP_LENGTHS), window) * (GAP_REPORTS[1] - GAP_REPORTS[0])
    start = noise.uniform(*_keys(key, GAP_STARTS), window) * (GAP_WINDOW - length)
    return np.asarray(happens & (place >= start) & (place < start + length))


def _air(key: tuple[int, int], sensor: Sensor, numbers: Ints) -> list[float]:
    """Air in the bin, degrees: seasons, days, and a little of its own."""
    hours = time_reports(sensor, numbers)
    year = np.cos(2 * np.pi * (hours / 24 / 365.25 - 0.56))  # warmest in late July
    day = np.cos(2 * np.pi * (hours / 24 - 0.58))
    found: list[float] = (18 + 7 * year + 5 * day + noise.normal(*_keys(key, WEATHER), numbers)).tolist()
    return found
