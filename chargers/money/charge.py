"""A charge as a bill sees it: instants and energy registers, made consistent, and the spans between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

IDLE_KW = 0.1
"""Below this mean power nothing is charged: the least current of a car is some 1.4 kW, electronics take watts."""
PAUSE = timedelta(minutes=5)
"""A shorter pause is no idle time: registers are coarse, cars rest, and nobody unplugs on the second."""
MOST_KW = 1000.0
"""A register that grows faster is not believed."""

Point = tuple[datetime, float]
"""An instant (UTC) and the kWh taken since the beginning."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Between two points: idle or charging."""

    begin: Point
    end: Point
    idle: bool

    @property
    def seconds(self) -> float:
        return (self.end[0] - self.begin[0]).total_seconds()

    @property
    def kw(self) -> float:
        """Mean power."""
        return (self.end[1] - self.begin[1]) * 3600 / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Charge:
    """Points in order of time, energy never falling, the first one with 0 kWh. At least one."""

    points: tuple[Point, ...]

    @classmethod
    def of(
        cls,
        started_at: datetime,
        start_wh: float | None,
        samples: Iterable[tuple[datetime, float]],
        ended_at: datetime | None = None,
        end_wh: float | None = None,
    ) -> Charge:
        """From what a station told: registers in Wh, in any order, some of them wrong.

        Without a start register the first sample counts as it. A charge that runs is known up to its last sample; one
        that has ended up to its end. A sample outside the charge, lower than one before it, or above the end counts
        for nothing.
        """
        begin = started_at.astimezone(UTC)
        end = None if ended_at is None else max(begin, ended_at.astimezone(UTC))
        told = sorted({at.astimezone(UTC): wh for at, wh in samples}.items())
        inside = [(at, wh) for at, wh in told if begin <= at and (end is None or at <= end)]
        base = start_wh if start_wh is not None else min((wh for _, wh in inside[:1]), default=end_wh or 0.0)
        if end_wh is not None and end_wh < base:
            end_wh = None
        points = [(begin, 0.0)]
        for at, wh in inside:
            kwh = (wh - base) / 1000
            last_at, last_kwh = points[-1]
            hours = (at - last_at).total_seconds() / 3600
            believed = last_kwh <= kwh <= last_kwh + MOST_KW * hours and (end_wh is None or wh <= end_wh)
            if believed and at > last_at:
                points.append((at, kwh))
        if end is not None:
            total = points[-1][1] if end_wh is None else (end_wh - base) / 1000
            if end > points[-1][0]:
                points.append((end, total))
            else:
                points[-1] = (points[-1][0], max(points[-1][1], total))
        return cls(tuple(points))

    @property
    def kwh(self) -> float:
        return self.points[-1][1]

    @property
    def began(self) -> datetime:
        return self.points[0][0]

    def stretches(self) -> Iterator[Stretch]:
        """The spans between the points; those of a pause of some length are idle."""
        plain = [Stretch(one, other, idle=False) for one, other in pairwise(self.points)]
        slow = [one.kw < IDLE_KW for one in plain]
        at = 0
        while at < len(plain):
            until = at + 1
            while until < len(plain) and slow[until] == slow[at]:
                until += 1
            long = plain[until - 1].end[0] - plain[at].begin[0] >= PAUSE
            for one in plain[at:until]:
                yield Stretch(one.begin, one.end, idle=slow[at] and long)
            at = until
