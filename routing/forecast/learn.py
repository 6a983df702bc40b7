"""Learn a fleet from its readings: from the first one on, or on from where it was left.

`advance` moves a memory to `now`: every bin is followed through its new marks, and at fixed instants (1, 3, 7 days
after the first reading, then every week) the groups are fitted and every bin folded into the fit. What comes in one
call or in many gives the same answer; `learn` is `advance` from nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from fleet.calendar import NO_CALENDAR, Calendar
from routing.errors import ForecastError
from routing.forecast.clock import DAY, UNBIASED, Almanac, Clock, make_almanac
from routing.forecast.fit import almanac_of, fit_groups, refold
from routing.forecast.health import describe_bin
from routing.forecast.intake import Mark, Sheaf, collect, drop_echoes
from routing.forecast.level import RESET, begin, follow
from routing.forecast.memory import (
    FLEET,
    BinMemory,
    Fit,
    GroupMemory,
    Log,
    Memory,
    first_fit,
    group_names,
    unpack_track,
)
from routing.forecast.outlook import BinForecast
from routing.forecast.tuning import DEFAULT, Tuning
from routing.forecast.values import Emptying, Found, Reading

FIRST_FITS = (1 * DAY, 3 * DAY, 7 * DAY)
EVERY = 7 * DAY
AHEAD = 36 * DAY
"""How far the clocks reach beyond now."""
FARTHEST_BACK = 90 * DAY
"""A bin silent longer is followed on an even clock until so long ago."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Every bin's forecast, and what they share.

    `found` are emptyings seen in readings alone during this advance; `memory` is to be kept for the next one.
    """

    bins: dict[str, BinForecast]
    fit: Fit
    rates: dict[str, float]
    """Fill a usual day by group."""
    spreads: dict[str, float]
    found: tuple[Found, ...]
    memory: Memory
    readings: int
    """Worked in by this advance."""


def learn(
    bins: Iterable[str],
    readings: Iterable[Reading],
    emptyings: Iterable[Emptying],
    now: datetime,
    *,
    groups: Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
    calendar: Calendar = NO_CALENDAR,
    tuning: Tuning = DEFAULT,
) -> Fleet:
    """`advance` from nothing: the state of every bin of `bins` at `now` from readings in any order."""
    return advance(Memory(), bins, readings, emptyings, now, groups=groups, zone=zone, calendar=calendar, tuning=tuning)


def advance(
    memory: Memory,
    bins: Iterable[str],
    readings: Iterable[Reading],
    emptyings: Iterable[Emptying],
    now: datetime,
    *,
    groups: Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
    calendar: Calendar = NO_CALENDAR,
    tuning: Tuning = DEFAULT,
) -> Fleet:
    """Move `memory` on to `now` in place, and forecast every bin of `bins`.

    Readings may come in any order, twice, and late: what is known is passed over, and a late one is worked in from the
    bin's older state. Whatever lies after `now`, or concerns other bins, is not used. `groups` names what bins share
    ("stream" or "stream|quarter"; the quarter is the calendar's). Bins without readings get their group's rate and a
    level anywhere. Raises ForecastError for times without a zone and fills outside 0 to 1.
    """
    if now.tzinfo is None:
        raise ForecastError(f"forecast asked for {now}, a time without a zone")
    names = sorted(set(bins))
    group = {name: (groups or {}).get(name, FLEET) for name in names}
    sheaves = collect(memory, names, readings, emptyings, now)
    run = _Run(memory, group, zone, calendar, tuning, now.timestamp())
    run.work_in(sheaves)
    return Fleet(
        bins=run.forecasts(names),
        fit=memory.fit(FLEET, tuning),
        rates={name: memory.fit(name, tuning).rate for name in sorted(group_names(group))},
        spreads={name: memory.fit(name, tuning).spread for name in sorted(group_names(group))},
        found=tuple(sorted(run.found.values(), key=lambda one: (one.bin, one.at))),
        memory=memory,
        readings=sum(len(sheaf.ats) + len(sheaf.late) for sheaf in sheaves.values()),
    )


class _Run:
    """One advance of one memory."""

    def __init__(
        self, memory: Memory, group: dict[str, str], zone: tzinfo, calendar: Calendar, tuning: Tuning, now: float
    ) -> None:
        self.memory, self.group, self.zone, self.calendar, self.tuning = memory, group, zone, calendar, tuning
        self.now = now
        self.found: dict[tuple[str, float], Found] = {}

    def work_in(self, sheaves: Mapping[str, Sheaf]) -> None:
        """Everything new, fit by fit, up to now."""
        memory = self.memory
        self._begin(sheaves)
        for name, sheaf in sheaves.items():
            if sheaf.late:
                self._replay(name, sheaf.late)
        placed = dict.fromkeys(sheaves, 0)
        while FLEET in memory.groups and (until := _next_fit(memory)) <= self.now:
            self._follow(sheaves, placed, until)
            since = memory.fitted_at or 0.0
            almanac = self._almanac(max(since, memory.groups[FLEET].began), until)
            fit_groups(memory, self.group, since, until, almanac, self.tuning)
        self._follow(sheaves, placed, self.now + 1)

    def forecasts(self, names: list[str]) -> dict[str, BinForecast]:
        """Every bin's forecast from its track."""
        tracks = [each.track for name in names if (each := self.memory.bins.get(name)) and each.track is not None]
        first = min((track.at for track in tracks), default=self.now)
        almanac = self._almanac(first, self.now + AHEAD)
        made = {}
        for leaf, members in self._by_group(names).items():
            fit = self.memory.fit(leaf, self.tuning)
            known = [self.memory.bins.get(name, BinMemory()) for name in members]
            own = [each.track.weekdays if each.track is not None else UNBIASED for each in known]
            clocks = almanac.clocks(fit.week, leaf.partition("|")[2], own)
            for name, each, clock in zip(members, known, clocks, strict=True):
                made[name] = describe_bin(name, each, clock, fit, self.now, self.tuning)
        return {name: made[name] for name in names}

    def _begin(self, sheaves: Mapping[str, Sheaf]) -> None:
        first = min((at for sheaf in sheaves.values() for at in (sheaf.ats[:1] or [])), default=None)
        first = min((at for sheaf in sheaves.values() for at, _ in sheaf.late), default=first)
        if first is None:
            return
        fleet = self.memory.groups.setdefault(FLEET, GroupMemory([first_fit(self.tuning)], began=float(first)))
        if len(fleet.fits) == 1:
            fleet.began = min(fleet.began, float(first))

    def _by_group(self, names: Iterable[str]) -> dict[str, list[str]]:
        parts: dict[str, list[str]] = {}
        for name in names:
            parts.setdefault(self.group[name], []).append(name)
        return parts

    def _almanac(self, since: float, until: float, *, before: bool = False) -> Almanac:
        since = max(since, until - AHEAD - FARTHEST_BACK)
        almanac = make_almanac(since, until, self.zone, self.calendar, {})
        return almanac_of(self.memory, since, until, almanac, before=before)

    def _follow(self, sheaves: Mapping[str, Sheaf], placed: dict[str, int], until: float) -> None:
        """Follow every bin through its marks before `until`."""
        cuts = {name: bisect_left(sheaf.ats, until, placed[name]) for name, sheaf in sheaves.items()}
        busy = [name for name, cut in cuts.items() if cut > placed[name]]
        if not busy:
            return
        starts = [
            track.at if (track := self.memory.bins[name].track) is not None else sheaves[name].ats[placed[name]]
            for name in busy
        ]
        almanac = self._almanac(min(starts), max(sheaves[name].ats[cuts[name] - 1] for name in busy))
        for leaf, members in self._by_group(busy).items():
            fit = self.memory.fit(leaf, self.tuning)
            own = [
                track.weekdays if (track := self.memory.bins[name].track) is not None else UNBIASED for name in members
            ]
            for name, clock in zip(members, almanac.clocks(fit.week, leaf.partition("|")[2], own), strict=True):
                sheaf, low, high = sheaves[name], placed[name], cuts[name]
                self._follow_bin(name, sheaf.ats[low:high], sheaf.fills[low:high], clock, fit)
                placed[name] = high

    def _follow_bin(self, name: str, ats: list[int], fills: list[float], clock: Clock, fit: Fit) -> None:
        known = self.memory.bins[name]
        known.changed = True
        known.log.ats.extend(ats)
        known.log.fills.extend(fills)
        if known.track is None:
            known.track = begin(ats[0], fills[0], self.tuning)
            known.log.gains.append(RESET)
            ats, fills = ats[1:], fills[1:]
        before = known.track.emptied[-1] if known.track.emptied else None
        known.log.gains.extend(follow(known.track, ats, fills, clock, fit.rate, fit.spread, self.tuning))
        for at, after, expected in reversed(known.track.emptied):
            if (at, after, expected) == before:
                break
            self.found.setdefault((name, at), Found(name, _when(at), min(1.0, expected), after))

    def _replay(self, name: str, late: list[Mark]) -> None:
        """Work late marks into one bin: from its older state over the log with them, by the fits that were in force."""
        memory, known, leaf = self.memory, self.memory.bins[name], self.group[name]
        log, edge = known.log, memory.fitted_at
        marks = drop_echoes(sorted([*zip(log.ats, log.fills, strict=True), *late]))
        told = {at for at, _, _ in known.track.emptied} if known.track is not None else set()
        known.track = unpack_track(known.older)
        before_older = int(known.track is not None and bool(log.ats) and log.ats[0] <= known.track.at)
        known.log = Log(log.ats[:before_older], log.fills[:before_older], log.gains[:before_older])
        del marks[:before_older]
        if edge is not None:
            before = memory.fit(leaf, self.tuning, before=True)
            self._follow_part(name, [mark for mark in marks if mark[0] < edge], before, before_fit=True)
            if known.track is None:
                known.newer = None
            else:
                since = max(memory.oldest, memory.groups[FLEET].began)
                almanac = self._almanac(since, edge, before=True)
                refold(known, since, edge, leaf, before, memory.fit(leaf, self.tuning), almanac)
        here = [mark for mark in marks if mark[0] >= (edge or 0.0)]
        self._follow_part(name, here, memory.fit(leaf, self.tuning))
        for at in told:
            self.found.pop((name, at), None)

    def _follow_part(self, name: str, marks: list[Mark], fit: Fit, *, before_fit: bool = False) -> None:
        if marks:
            track = self.memory.bins[name].track
            begins = track.at if track is not None else marks[0][0]
            almanac = self._almanac(begins, marks[-1][0], before=before_fit)
            own = track.weekdays if track is not None else UNBIASED
            clock = almanac.clocks(fit.week, self.group[name].partition("|")[2], [own])[0]
            self._follow_bin(name, [at for at, _ in marks], [fill for _, fill in marks], clock, fit)


def _next_fit(memory: Memory) -> float:
    began, last = memory.groups[FLEET].began, memory.fitted_at
    for after in FIRST_FITS:
        if last is None or began + after > last + 1:
            return began + after
    assert last is not None
    return last + EVERY


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
