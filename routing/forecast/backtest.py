"""Play a history again and score every forecast against what came, beside naive models.

Once a day the memory is advanced by the day's readings, and from each bin's last reading on the readings of the next
three days are foretold at their own times. A path on which the level fell, or an emptying was told, is left out: nobody
knows what would have been. That favours slow days; so it does for every model in the table.
"""

from __future__ import annotations

import itertools
import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from fleet.calendar import NO_CALENDAR, Calendar
from routing.errors import ForecastError
from routing.forecast.learn import advance, learn
from routing.forecast.level import step_of
from routing.forecast.memory import Memory
from routing.forecast.outlook import BinForecast
from routing.forecast.tuning import DEFAULT, Tuning
from routing.forecast.values import Emptying, Reading

HORIZONS = (12, 24, 48, 72)
MODELS = ("forecast", "persistence", "last_rate", "mean_rate")
NEAR = 0.15
"""A reading so near to the hours ahead, as a share of them, is scored at them."""
FALL = 0.1
"""A level that fell by more was emptied, or noise no model can foretell."""
CAP = 96.0
"""Hours to full are scored up to here."""
STRAY = timedelta(days=400)
"""Readings so far from all others have a wrong time."""
WARM = 0.4
"""Share of the history played before scoring begins."""
MEAN_DAYS = 28
FEW = 12

Series = tuple[list[float], list[float]]


@dataclass(slots=True)
class Tally:
    """Sums of one bin, or of all."""

    count: dict[int, int] = field(default_factory=dict)
    absolute: dict[tuple[str, int], float] = field(default_factory=dict)
    square: dict[tuple[str, int], float] = field(default_factory=dict)
    covered: dict[int, int] = field(default_factory=dict)
    brier: dict[int, float] = field(default_factory=dict)
    over: dict[int, int] = field(default_factory=dict)
    full_count: int = 0
    full_error: float = 0.0

    def add(self, other: Tally) -> None:
        """Take another tally in."""
        for mine, theirs in (
            (self.count, other.count),
            (self.covered, other.covered),
            (self.brier, other.brier),
            (self.over, other.over),
        ):
            for hours, value in theirs.items():
                mine[hours] = mine.get(hours, 0) + value  # type: ignore[assignment] # each with its own kind
        for errors, others in ((self.absolute, other.absolute), (self.square, other.square)):
            for key, value in others.items():
                errors[key] = errors.get(key, 0.0) + value
        self.full_count += other.full_count
        self.full_error += other.full_error

    def figures(self) -> dict[str, float]:
        """Errors by model and hours; skill against the last rate, of mean absolute and root mean square error."""
        found: dict[str, float] = {}
        for hours, count in sorted(self.count.items()):
            for model in MODELS:
                found[f"mae_{hours}h_{model}"] = self.absolute[model, hours] / count
                found[f"rmse_{hours}h_{model}"] = math.sqrt(self.square[model, hours] / count)
            for kind in ("mae", "rmse"):
                naive = found[f"{kind}_{hours}h_last_rate"]
                found[f"skill_{kind}_{hours}h"] = 1 - found[f"{kind}_{hours}h_forecast"] / naive if naive else 0.0
            share = self.over[hours] / count
            found[f"coverage_{hours}h"] = self.covered[hours] / count
            found[f"brier_{hours}h"] = self.brier[hours] / count
            found[f"brier_{hours}h_constant"] = share * (1 - share)
            found[f"forecasts_{hours}h"] = float(count)
        if self.full_count:
            found["hours_to_full_mae"] = self.full_error / self.full_count
        return {name: round(value, 4) for name, value in found.items()}


@dataclass(frozen=True, slots=True)
class Backtest:
    """What playing a history gave."""

    total: dict[str, float]
    bins: dict[str, dict[str, float]]
    health: dict[str, str]
    jumps: dict[str, int]
    emptyings: int
    readings: int
    nights: int
    us_per_reading: float
    """CPU of learning the whole history in one go, weekly fits included."""
    us_per_bin_night: float
    """CPU of one bin's nightly advance and forecast."""
    seconds: float


def play(
    readings: Iterable[Reading],
    emptyings: Iterable[Emptying] = (),
    *,
    threshold: float = 0.8,
    groups: Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
    calendar: Calendar = NO_CALENDAR,
    tuning: Tuning = DEFAULT,
    tell: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Play a history night by night at 20:00 local time, or after the day's last reading where all come once a day.

    `tell` hears (nights played, of so many). Raises ForecastError where there are not `FEW` readings.
    """
    begun = time.perf_counter()
    heard, strays = _main_stretch(sorted(readings, key=lambda each: each.at))
    told = sorted(emptyings, key=lambda each: each.at)
    usable = [each for each in heard if each.fill is not None]
    if len(usable) < FEW:
        raise ForecastError(f"a history of {len(usable)} readings is too short to play; it needs {FEW}")
    names = sorted({each.bin for each in heard})
    series = _series(usable, names)
    steps = {name: _step(levels) for name, (_, levels) in series.items()}
    gone = {name: [each.at.timestamp() for each in told if each.bin == name] for name in {each.bin for each in told}}
    nights = _nights(usable[0].at, usable[-1].at, zone)
    first = usable[0].at + (usable[-1].at - usable[0].at) * WARM
    memory, tallies = Memory(), {name: Tally() for name in names}
    spent, seen, found, place, placed = 0.0, 0, 0, 0, 0
    fleet = None
    for number, now in enumerate(nights, 1):
        upto = bisect_right(heard, now, place, key=lambda each: each.at)
        told_upto = bisect_right(told, now, placed, key=lambda each: each.at)
        clock = time.process_time()
        fleet = advance(
            memory, names, heard[place:upto], told[placed:told_upto], now,
            groups=groups, zone=zone, calendar=calendar, tuning=tuning,
        )  # fmt: skip
        spent += time.process_time() - clock
        place, placed, seen, found = upto, told_upto, seen + fleet.readings, found + len(fleet.found)
        if now >= first:
            for name in names:
                _score(tallies[name], fleet.bins[name], series[name], gone.get(name, []), now, threshold, steps[name])
        if tell is not None:
            tell(number, len(nights))
    assert fleet is not None
    clock = time.process_time()
    learn(names, heard, told, nights[-1], groups=groups, zone=zone, calendar=calendar, tuning=tuning)
    learned = time.process_time() - clock
    jumps = {name: fleet.bins[name].jumps for name in names if fleet.bins[name].jumps}
    for each in strays:
        jumps[each.bin] = jumps.get(each.bin, 0) + 1
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    return Backtest(
        total=total.figures(),
        bins={name: tally.figures() for name, tally in tallies.items()},
        health={name: fleet.bins[name].health for name in names},
        jumps=dict(sorted(jumps.items())),
        emptyings=found,
        readings=seen,
        nights=len(nights),
        us_per_reading=round(learned / max(seen, 1) * 1e6, 2),
        us_per_bin_night=round(spent / (len(nights) * len(names)) * 1e6, 2),
        seconds=round(time.perf_counter() - begun, 2),
    )


def _main_stretch(heard: Sequence[Reading]) -> tuple[list[Reading], list[Reading]]:
    """The readings of the longest stretch without a gap of years, and the strays a wrong clock put elsewhere."""
    cuts = [0]
    cuts += [place for place in range(1, len(heard)) if heard[place].at - heard[place - 1].at > STRAY]
    parts = [heard[begin:end] for begin, end in itertools.pairwise([*cuts, len(heard)])]
    main = max(parts, key=len)
    return list(main), [each for part in parts if part is not main for each in part]


def _series(usable: Sequence[Reading], names: Sequence[str]) -> dict[str, Series]:
    series: dict[str, Series] = {name: ([], []) for name in names}
    for each in usable:
        assert each.fill is not None
        series[each.bin][0].append(each.at.timestamp())
        series[each.bin][1].append(each.fill)
    return series


def _step(levels: Sequence[float]) -> float:
    seen = sorted(set(levels))
    return step_of(seen) if 2 <= len(seen) <= FEW else 0.0


def _nights(first: datetime, last: datetime, zone: tzinfo) -> list[datetime]:
    day = first.astimezone(zone).date()
    nights: list[datetime] = []
    while True:
        now = datetime(day.year, day.month, day.day, 20, tzinfo=zone).astimezone(UTC)
        if now > last:
            return nights or [last]
        if now >= first:
            nights.append(now)
        day += timedelta(days=1)


def _score(
    tally: Tally,
    forecast: BinForecast,
    series: Series,
    gone: Sequence[float],
    now: datetime,
    threshold: float,
    step: float,
) -> None:
    ats, levels = series
    here = bisect_right(ats, now.timestamp()) - 1
    if here < 1 or now.timestamp() - ats[here] > 36 * 3600:
        return
    rates = _rates(ats, levels, here)
    edge = _edge(ats, levels, gone, here)
    for hours in HORIZONS:
        target = ats[here] + hours * 3600
        near = bisect_left(ats, target - hours * 3600 * NEAR)
        if near <= here or near >= edge or ats[near] > target + hours * 3600 * NEAR:
            continue
        when = datetime.fromtimestamp(ats[near], UTC)
        ahead, true = (ats[near] - ats[here]) / 86_400, levels[near]
        said = {
            "forecast": forecast.expect(when),
            "persistence": levels[here],
            **{model: levels[here] + rate * ahead for model, rate in rates.items()},
        }
        tally.count[hours] = tally.count.get(hours, 0) + 1
        for model, level in said.items():
            error = min(1.0, level) - true
            tally.absolute[model, hours] = tally.absolute.get((model, hours), 0.0) + abs(error)
            tally.square[model, hours] = tally.square.get((model, hours), 0.0) + error * error
        low, high = forecast.quantile(when, 0.05) - step / 2, forecast.quantile(when, 0.95) + step / 2
        over = int(true >= threshold)
        tally.covered[hours] = tally.covered.get(hours, 0) + int(low - 1e-6 <= true <= high + 1e-6)
        chance = forecast.reaches(threshold - step / 2, when)  # a figure of a coarse sensor stands for half a step less
        tally.brier[hours] = tally.brier.get(hours, 0.0) + (chance - over) ** 2
        tally.over[hours] = tally.over.get(hours, 0) + over
    _score_full(tally, forecast, series, here, edge, threshold, step)


def _score_full(
    tally: Tally, forecast: BinForecast, series: Series, here: int, edge: int, threshold: float, step: float
) -> None:
    """Hours from the last reading to the first at the threshold, where one came before an emptying."""
    ats, levels = series
    if levels[here] >= threshold:
        return
    for place in range(here + 1, edge):
        hours = (ats[place] - ats[here]) / 3600
        if hours > CAP:
            return
        if levels[place] >= threshold:
            origin = datetime.fromtimestamp(ats[here], UTC)
            said = min(CAP, forecast.hours_to(threshold - step / 2, origin).q50)
            tally.full_count += 1
            tally.full_error += abs(said - hours)
            return


def _rates(ats: Sequence[float], levels: Sequence[float], here: int) -> dict[str, float]:
    """Fill a day of the naive models: the last two readings', and the mean of what rose in four weeks."""
    last = max(0.0, levels[here] - levels[here - 1]) / max((ats[here] - ats[here - 1]) / 86_400, 1e-6)
    begins = bisect_left(ats, ats[here] - MEAN_DAYS * 86_400)
    grown = watched = 0.0
    for sooner, later in itertools.pairwise(range(begins, here + 1)):
        if levels[later] >= levels[sooner] - FALL:
            grown += levels[later] - levels[sooner]
            watched += (ats[later] - ats[sooner]) / 86_400
    return {"last_rate": last, "mean_rate": max(0.0, grown / watched) if watched else 0.0}


def _edge(ats: Sequence[float], levels: Sequence[float], gone: Sequence[float], here: int) -> int:
    """The number of the first reading after an emptying."""
    horizon = ats[here] + CAP * 3600 * (1 + NEAR)
    told = bisect_right(gone, ats[here])
    until = gone[told] if told < len(gone) else math.inf
    place = here + 1
    while place < len(ats) and ats[place] <= horizon and ats[place] < until:
        if levels[place] < levels[place - 1] - FALL:
            return place
        place += 1
    return place
