"""What truly lies in every bin over a long time, and what the sensors say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from fleet.twin.filling import count_hours, draw_inflow, residue
from fleet.twin.sensing import Reading, number_reports, read_reports, time_reports

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fleet.twin.city import City
    from fleet.twin.noise import Floats

FULL = 1.0
"""Fill above which waste lies beside the bin."""
RUN_IN = timedelta(days=21)
"""Drawn before the first day: a bin may have been emptied so long ago."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the streets saw over some days: bin-days in all and without overflow, and hours of overflow."""

    bin_days: int
    clean_days: int
    overflow_hours: float

    @property
    def service(self) -> float:
        """Share of bin-days without overflow."""
        return self.clean_days / self.bin_days if self.bin_days else 1.0


class Truth:
    """The bins of a city from `since` on for `days`, each with the hours it was emptied at."""

    def __init__(self, city: City, since: datetime, days: int) -> None:
        self._city = city
        self._since = count_hours(since)
        self._days = days
        self._first = int(count_hours(since - RUN_IN))
        hours = int(RUN_IN / timedelta(hours=1)) + 24 * (days + 2)
        inflow = draw_inflow(city.seed, city.bins, self._first, hours)
        self._total = np.concatenate([np.zeros((len(city.bins), 1)), np.cumsum(inflow, axis=1)], axis=1)
        self._marks = self._first + np.arange(self._total.shape[1])
        self._row = {each.bin_id: row for row, each in enumerate(city.bins)}
        self._emptied: list[list[float]] = [[] for _ in city.bins]

    def empty(self, bin_id: str, at: datetime) -> None:
        """A truck empties a bin, not before the last time it did."""
        self._emptied[self._row[bin_id]].append(count_hours(at))

    def fill(self, bin_id: str, at: datetime) -> float:
        """How full a bin is; above 1 lies beside it."""
        return float(self._levels(self._row[bin_id], np.array([count_hours(at)]))[0])

    def report(self, after: datetime, until: datetime) -> list[Reading]:
        """What the sensors said in a span of time."""
        readings: list[Reading] = []
        for row, (container, sensor) in enumerate(zip(self._city.bins, self._city.sensors, strict=True)):
            numbers = number_reports(sensor, after, until)
            if numbers.size:
                filled = self._levels(row, time_reports(sensor, numbers))
                readings += read_reports(self._city, sensor, container, numbers, filled)
        return readings

    def look_back(self) -> Outcome:
        """How the streets were over the whole time, hour by hour; a bin-day counts from midnight to midnight UTC."""
        hours: Floats = self._since + np.arange(24 * self._days, dtype=np.float64) + 0.5
        over = np.array([self._levels(row, hours) >= FULL for row in range(len(self._emptied))])
        days = over.reshape(len(self._emptied), self._days, 24).any(axis=2)
        return Outcome(days.size, int((~days).sum()), float(over.sum()))

    def _levels(self, row: int, at: Floats) -> Floats:
        emptied = np.array(self._emptied[row])
        place = np.searchsorted(emptied, at, side="right") - 1
        last = emptied[np.maximum(place, 0)]
        grown = np.interp(at, self._marks, self._total[row]) - np.interp(last, self._marks, self._total[row])
        numbers: NDArray[np.int64] = np.full(at.shape, self._city.bins[row].number)
        return np.asarray(residue(self._city.seed, numbers, last) + np.maximum(0.0, grown))
