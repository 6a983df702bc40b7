"""When a truck is where: halts in order, its break among them, the departure put off while nothing waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from routing.problem import Break
    from routing.solve.gate import Gate


@dataclass(frozen=True, slots=True)
class Halt:
    """Service of `seconds` begins within `opens` to `closes`, as its gate allows, `drive` seconds after the halt
    before. `kwh`: what is charged.
    """

    kind: Literal["depart", "bin", "tip", "break", "charge", "return"]
    node: int
    drive: int
    seconds: int
    opens: int
    closes: int
    gate: Gate | None = None
    kwh: float = 0.0


Timed = tuple[list[Halt], list[int]]
"""Halts, and when service begins at each."""


def schedule(halts: list[Halt], rest: Break | None) -> Timed | None:
    """The halts with the break among them and when service begins at each; None when no time fits."""
    plain = _follow(halts, halts[0].opens)
    if rest is None:
        return (halts, _put_off(halts, plain)) if plain is not None else None
    latest_rest = rest.closes - rest.seconds
    if plain is not None:
        begins = _put_off(halts, plain)
        if not begins[0] < latest_rest < begins[-1]:
            return halts, begins
    best: Timed | None = None
    shortest = (0, 0)
    ends = _ends(halts, latest_rest)
    for after in range(1, len(ends)):
        if after + 1 < len(ends) and ends[after + 1] <= rest.opens:
            continue  # the truck would stand idle until the break may begin; it can as well go on
        pause = Halt("break", halts[after].node, 0, rest.seconds, rest.opens, latest_rest)
        with_rest = [*halts[: after + 1], pause, *halts[after + 1 :]]
        earliest = _follow(with_rest, with_rest[0].opens)
        if earliest is not None:
            begins = _put_off(with_rest, earliest)
            duty = (begins[-1] - begins[0], begins[-1])  # of two as short, the one that is home first
            if best is None or duty < shortest:
                best, shortest = (with_rest, begins), duty
    if best is None and latest_rest > halts[0].opens:  # who departs when the break may no longer begin takes none
        rested = _follow(halts, latest_rest)
        best = (halts, _put_off(halts, rested)) if rested is not None else None
    return best


def _ends(halts: list[Halt], until: int) -> list[int]:
    """When service ends at the halts but the last, as far as that is by `until`; what closes is not asked."""
    now, ends = halts[0].opens, []
    for halt in halts[:-1]:
        now = _begin(halt, now + halt.drive) + halt.seconds
        if now > until:
            break
        ends.append(now)
    return ends


def _begin(halt: Halt, arrive: int) -> int:
    if halt.gate is not None:
        return halt.gate.admit(arrive, halt.opens)
    return max(arrive, halt.opens)


def _follow(halts: list[Halt], departs: int) -> list[int] | None:
    """When service begins at each halt after a departure; None when one is reached too late."""
    now = departs
    begins = []
    for halt in halts:
        now += halt.drive
        if halt.gate is not None:
            now = halt.gate.admit(now, halt.opens)
        elif now < halt.opens:
            now = halt.opens
        if now > halt.closes:
            return None
        begins.append(now)
        now += halt.seconds
    return begins


def _put_off(halts: list[Halt], earliest: list[int]) -> list[int]:
    """The same return with the latest departure: no waiting that a later start would save.

    Where a queue is longer now than later, arriving later may mean to begin sooner, or later than planned; when the
    late departure does not keep the return, the early one stands.
    """
    latest = earliest[-1]
    for before, halt in zip(reversed(halts[:-1]), reversed(halts[1:]), strict=True):
        if halt.gate is not None:
            latest = halt.gate.latest(latest)
        latest = min(latest - halt.drive - before.seconds, before.closes)
    if latest <= earliest[0]:
        return earliest
    begins = _follow(halts, latest)
    return begins if begins is not None and begins[-1] <= earliest[-1] else earliest
