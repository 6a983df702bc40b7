"""What a dispatcher may do to a plan, and what doing it changes: values only.

A draft is a plan under a person's hands. What a person decided stays decided: a bin moved or added by hand is pinned to
its truck, one dropped by hand stays out, until it is unlocked. `Problem.locks` of the draft holds that, so that a later
search works around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from routing.check import Violation
    from routing.plan import Plan
    from routing.problem import Problem

NOTHING: Mapping[str, float] = MappingProxyType({})
NO_STARTS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Move:
    """Let `truck` empty `bin`, as its stop number `position` among its bins (0 the first); None: where it fits best."""

    bin: str
    truck: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Add:
    """Empty a bin that was left; `truck` None: whichever it costs least."""

    bin: str
    truck: str | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Leave a bin out."""

    bin: str


@dataclass(frozen=True, slots=True)
class Lock:
    """Hold a bin to the truck that empties it, or (bin None) a whole route as it is."""

    truck: str
    bin: str | None = None


@dataclass(frozen=True, slots=True)
class Unlock:
    """Let a search decide again on a bin of `truck`, or (bin None) on the route and all its bins."""

    truck: str
    bin: str | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """Let each of two trucks drive the other's route; one of them may have none."""

    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Start:
    """Let a truck depart at second `seconds` of the plan sharp; None: again when it is best."""

    truck: str
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Split:
    """Cut the route of `truck` before `bin`; what follows is driven by `other`, after whatever it has."""

    truck: str
    bin: str
    other: str


@dataclass(frozen=True, slots=True)
class Improve:
    """Search for `seconds` around everything locked."""

    seconds: float
    seed: int = 0


Edit = Move | Add | Drop | Lock | Unlock | Swap | Start | Split | Improve
Kind = Literal["move", "add", "drop", "lock", "unlock", "swap", "start", "split", "improve"]
KINDS: Mapping[str, type[Edit]] = MappingProxyType({
    "move": Move, "add": Add, "drop": Drop, "lock": Lock, "unlock": Unlock, "swap": Swap, "start": Start,
    "split": Split, "improve": Improve,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A plan being shaped.

    `problem` bears the locks. `starts`: departures set by hand, seconds of the plan. `risks`: per bin the chance that
    it overflows before its next round if it is left.
    """

    problem: Problem
    plan: Plan
    starts: Mapping[str, int] = field(default_factory=lambda: NO_STARTS)
    risks: Mapping[str, float] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Margin:
    """kWh a truck may still spend after its day at P90, before an edit and after it; None: no battery, or no route."""

    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Delta:
    """What an edit changes: after less before. `overflows` counts expected overflows among the bins left.

    `margins` holds the trucks whose route changed. `broken` is every rule the plan breaks after the edit, `mended` how
    many it broke before and does no more.
    """

    km: float
    minutes: float
    money: float
    kwh: float
    overflows: float
    margins: Mapping[str, Margin]
    broken: tuple[Violation, ...] = ()
    mended: int = 0


@dataclass(frozen=True, slots=True)
class Edited:
    """A draft after an edit, and what changed. `trucks`: those whose route is another one now."""

    draft: Draft
    delta: Delta
    trucks: tuple[str, ...]
