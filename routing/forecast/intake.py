"""Sort what is new into each bin's marks: known ones passed over, late ones set apart, wrong clocks mended.

A reading's time cannot lie after the store had it, nor years before; where it does, the sensor's clock jumped, and the
time it was received stands for it, or, where that is not known, the reading is left out. Both are counted at the bin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from routing.errors import ForecastError
from routing.forecast.level import EMPTIED, VISITED
from routing.forecast.memory import BinMemory, Memory, round_fill
from routing.forecast.values import Emptying, Reading

Mark = tuple[int, float]

AHEAD_SECONDS = 600
"""A reading this much later than it was received has a wrong time."""
BEHIND_SECONDS = 400 * 86_400
"""And one this much earlier: no sensor keeps its readings so long."""
FLOOR = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp())
"""A clock that shows an earlier time was never set."""
BEYOND_SECONDS = 86_400
"""A reading so much later than now is no forecast's future but a wrong clock."""
ECHO_SECONDS = 10
"""The same figure again so soon is a radio's repetition, not a reading."""


@dataclass(slots=True)
class Sheaf:
    """One bin's new marks in order of time, and those that come before what is worked in already."""

    ats: list[int] = field(default_factory=list)
    fills: list[float] = field(default_factory=list)
    late: list[Mark] = field(default_factory=list)


@dataclass(slots=True)
class _Heap:
    marks: list[Mark] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    jumped: set[Mark] = field(default_factory=set)
    left_out: int = 0


def collect(
    memory: Memory, names: Sequence[str], readings: Iterable[Reading], emptyings: Iterable[Emptying], now: datetime
) -> dict[str, Sheaf]:
    """The new marks of the bins `names` that have some; their memories are made where there is none."""
    heaps: dict[str, _Heap] = {}
    wanted = set(names)
    latest = int(now.timestamp())
    for reading in readings:
        if reading.bin in wanted:
            heap = heaps.get(reading.bin)
            if heap is None:
                heap = heaps[reading.bin] = _Heap()
            _take(heap, reading, latest)
    for emptying in emptyings:
        at = _seconds(emptying.bin, emptying.at)
        if emptying.bin in wanted and FLOOR <= at <= latest:
            heaps.setdefault(emptying.bin, _Heap()).marks.append((at, EMPTIED if emptying.certain else VISITED))
    edge = memory.fitted_at or 0.0
    oldest = memory.oldest
    sheaves = {}
    for name in sorted(heaps):
        known = memory.bins.setdefault(name, BinMemory())
        sheaf = _bind(known, heaps[name], edge, oldest, latest)
        if sheaf.ats or sheaf.late:
            sheaves[name] = sheaf
    return sheaves


def drop_echoes(marks: Iterable[Mark], last: Mark | None = None) -> list[Mark]:
    """Marks in order without repetitions."""
    kept = []
    for mark in marks:
        if last is None or mark[1] != last[1] or mark[0] - last[0] > ECHO_SECONDS:
            kept.append(mark)
            last = mark
    return kept


def _take(heap: _Heap, reading: Reading, latest: int) -> None:
    at = _seconds(reading.bin, reading.at)
    jumped = False
    if reading.received is not None:
        had = _seconds(reading.bin, reading.received)
        if at > had:
            jumped = at > had + AHEAD_SECONDS
            at = had
        elif at < had - BEHIND_SECONDS or at < FLOOR <= had:
            jumped, at = True, had
    if at > latest or at < FLOOR:
        heap.left_out += at > latest + BEYOND_SECONDS or at < FLOOR
        return
    if reading.fill is None:
        heap.bad.append((at, reading.quality))
        return
    if not 0 <= reading.fill <= 1:
        raise ForecastError(f"bin {reading.bin}: a fill of {reading.fill} at {reading.at}; it must lie in 0 to 1")
    mark = (at, round_fill(reading.fill))
    heap.marks.append(mark)
    if jumped:
        heap.jumped.add(mark)


def _bind(known: BinMemory, heap: _Heap, edge: float, oldest: float, latest: int) -> Sheaf:
    log = known.log
    marks = sorted(set(heap.marks))
    last = (log.ats[-1], log.fills[-1]) if log.ats else None
    begins = max(edge, last[0] + 1 if last is not None else 0.0)
    fresh = drop_echoes([mark for mark in marks if mark[0] >= begins], last)
    late = [mark for mark in marks if mark[0] < begins]
    if late:
        there = set(zip(log.ats, log.fills, strict=True))
        late = [mark for mark in late if mark not in there and not _echoes(mark, there)]
        kept = [mark for mark in late if mark[0] >= oldest or (known.track is None and known.older is None)]
        known.lost += len(late) - len(kept)
        known.changed = known.changed or len(kept) < len(late)
        late = kept
    if heap.jumped or heap.left_out:
        jumped = heap.jumped.intersection([*fresh, *late])
        known.jumps += len(jumped) + heap.left_out
        last_jump = max((at for at, _ in jumped), default=latest if heap.left_out else 0)
        known.jumped_at = max(known.jumped_at, float(last_jump))
        known.changed = True
    if heap.bad or known.bad:
        _note_bad(known, heap.bad, [*fresh, *late])
    return Sheaf([at for at, _ in fresh], [fill for _, fill in fresh], late)


def _echoes(mark: Mark, there: set[Mark]) -> bool:
    """Whether a mark repeats a known one of the seconds before: every second, for the log is a set by then."""
    return any((mark[0] - back, mark[1]) in there for back in range(ECHO_SECONDS + 1))


def _note_bad(known: BinMemory, bad: list[tuple[int, str]], new: list[Mark]) -> None:
    """Messages without a figure, since the last one with."""
    good = max((at for at, fill in new if fill >= 0), default=0)
    good = max(good, int(known.track.heard) if known.track is not None else 0)
    if known.bad and good >= known.bad_at:
        known.bad, known.bad_at, known.bad_word, known.changed = 0, 0.0, "", True
    for at, word in sorted(set(bad)):
        if at > max(good, known.bad_at):
            known.bad, known.bad_at, known.bad_word, known.changed = known.bad + 1, float(at), word, True


def _seconds(name: str, at: datetime) -> int:
    if at.tzinfo is None:
        raise ForecastError(f"bin {name}: {at} is a time without a zone")
    return int(at.timestamp() // 1)
