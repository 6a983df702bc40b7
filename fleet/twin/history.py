"""The weeks before the simulation opens: what was collected, and what the sensors said, so that a forecast has a past.

Crews went out every morning and took most bins that were more than half full; at opening no bin runs over but the two
the city names as overdue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from . import noise
from .filling import EPOCH, RESIDUE, RESIDUES, count_hours, draw_inflow, residue
from .sensing import Reading, number_reports, read_reports, time_reports

if TYPE_CHECKING:
    from .city import City
    from .noise import Floats

DAYS = 28
RUN_IN_DAYS = 6  # drawn before the history, so that bins start at all levels
TAKEN_FROM, TAKEN_SPREAD, TAKEN_CHANCE = 0.54, 0.08, 0.93
LATEST_SAFE = 0.93  # a bin fuller than this at opening has been emptied that day
OVERDUE_FROM = 1.06
ROUND_HOURS = (6.0, 12.5)  # local
EXTRA_HOURS = (14.0, 17.5)
TAKEN, WHEN, EXTRA, START = range(301, 305)


@dataclass(frozen=True, slots=True)
class Emptying:
    """A bin was emptied by a truck; `fill_before` may be above 1."""

    bin_id: str
    emptied_at: datetime
    fill_before: float


@dataclass(frozen=True, slots=True)
class History:
    """Readings and emptyings up to the opening, each in order of time."""

    readings: tuple[Reading, ...]
    emptyings: tuple[Emptying, ...]

    @property
    def emptied_at(self) -> dict[str, datetime]:
        """When each bin was last emptied."""
        return {emptying.bin_id: emptying.emptied_at for emptying in self.emptyings}


def recall_history(city: City, days: int = DAYS) -> History:
    """The `days` before the city opens. Every bin has been emptied at least once in or just before them."""
    opens = count_hours(city.opens_at)
    first = int(opens) - 24 * (days + RUN_IN_DAYS)
    inflow = draw_inflow(city.seed, city.bins, first, int(opens) - first + 1)
    total = np.concatenate([np.zeros((len(city.bins), 1)), np.cumsum(inflow, axis=1)], axis=1)
    readings: list[Reading] = []
    emptyings: list[Emptying] = []
    start = city.opens_at - timedelta(days=days)
    for k, (container, sensor) in enumerate(zip(city.bins, city.sensors, strict=True)):
        flow = _Flow(city.seed, container.number, first, total[k])
        emptied = _collect(flow, opens, overdue=container.bin_id in city.overdue)
        before = [flow.between(a, b) for a, b in pairwise(emptied)]
        emptyings += [
            Emptying(container.bin_id, _at(hours), round(full, 4))
            for hours, full in zip(emptied, [1.0, *before], strict=True)
        ]
        numbers = number_reports(sensor, start, city.opens_at)
        times = time_reports(sensor, numbers)
        last = np.array(emptied)[np.searchsorted(emptied, times, side="right") - 1]
        readings += read_reports(city, sensor, container, numbers, flow.levels(last, times))
    readings.sort(key=lambda reading: (reading.measured_at, reading.bin_id))
    emptyings.sort(key=lambda emptying: (emptying.emptied_at, emptying.bin_id))
    return History(tuple(readings), tuple(emptyings))


@dataclass(frozen=True, slots=True)
class _Flow:
    """One bin's inflow as a running total at each full hour from `first` on."""

    seed: int
    number: int
    first: int
    total: Floats

    def levels(self, emptied: Floats, at: Floats) -> Floats:
        marks = self.first + np.arange(self.total.size)
        grown = np.interp(at, marks, self.total) - np.interp(emptied, marks, self.total)
        return np.asarray(residue(self.seed, np.array([self.number]), emptied) + grown)

    def between(self, emptied: float, at: float) -> float:
        left = float(noise.uniform(self.seed, RESIDUES, self.number, int(emptied))[0]) * RESIDUE
        return left + self._until(at) - self._until(emptied)

    def _until(self, at: float) -> float:
        whole = int(at - self.first)
        following = min(whole + 1, self.total.size - 1)
        part = at - self.first - whole
        return float(self.total[whole] + part * (self.total[following] - self.total[whole]))

    def draw(self, stream: int, day: int) -> float:
        return float(noise.uniform(self.seed, stream, self.number, day)[0])


def _collect(flow: _Flow, opens: float, *, overdue: bool) -> list[float]:
    """Hours at which a bin was emptied, the first within the run-in."""
    if overdue:
        opens_from = _last_chance(flow, opens)
    emptied = [flow.first + 24 * flow.draw(START, 0) * (RUN_IN_DAYS - 1)]
    day = int(emptied[0]) // 24 + 1
    while (dawn := 24 * day) < opens:
        morning = dawn - 1 + ROUND_HOURS[0] + (ROUND_HOURS[1] - ROUND_HOURS[0]) * flow.draw(WHEN, day)
        due = flow.between(emptied[-1], morning) > TAKEN_FROM + TAKEN_SPREAD * (2 * flow.draw(EXTRA, day) - 1)
        if overdue and morning > opens_from:
            break
        if due and flow.draw(TAKEN, day) < TAKEN_CHANCE and morning < opens:
            emptied.append(round(morning * 60) / 60)
        day += 1
    if overdue:
        emptied.append(opens_from)
    elif flow.between(emptied[-1], opens) > LATEST_SAFE:
        today = 24 * (int(opens) // 24) - 1
        for hours in (ROUND_HOURS, EXTRA_HOURS):
            emptied.append(round((today + hours[0] + (hours[1] - hours[0]) * flow.draw(EXTRA, -day)) * 60) / 60)
            if flow.between(emptied[-1], opens) <= LATEST_SAFE:
                break
    return sorted(set(emptied))


def _last_chance(flow: _Flow, opens: float) -> float:
    """The latest morning hour after which the bin runs over by opening."""
    hours = int(opens)
    while hours > flow.first + 24:
        local = (hours + 1) % 24
        if ROUND_HOURS[0] <= local <= ROUND_HOURS[1] and flow.between(hours, opens) >= OVERDUE_FROM:
            break
        hours -= 1
    return float(hours)


def _at(hours: float) -> datetime:
    return EPOCH + timedelta(minutes=round(hours * 60))
