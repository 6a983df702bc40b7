"""What a night at one site is, and what comes out of planning it. Values only.

Powers are kW on the grid side of a charger, `kwh` of a truck is energy in its battery, times are aware datetimes,
prices are money per kWh. Everything per slot is a sequence of one figure a slot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class Prudence(StrEnum):
    """How much cheapness is given up for readiness (an operator's setting)."""

    NORMAL = "normal"
    PRUDENT = "prudent"


@dataclass(frozen=True, slots=True)
class Margins:
    """Room kept for surprises. All three are soft: the plan gives them up before it leaves a truck short.

    limit_share: share of the site limit left free in coming slots; finish_early_minutes: trucks are planned full this
    long before they leave; urgent_hours: a truck with less slack than this charges at once, whatever the price.
    """

    limit_share: float
    finish_early_minutes: int
    urgent_hours: float


NO_MARGINS = Margins(0.0, 0, 0.0)

MARGINS: Mapping[Prudence, Margins] = MappingProxyType(
    {
        # tests/bench/depot_night.py, 20 trucks on a normal site, nights not used for choosing: normal 0.82 a kWh with
        # 99.2 % of trucks ready, prudent 0.93 with 99.6 %, least laxity first 1.18 with 99.6 %. On a tight site 0.96,
        # 1.04 and 1.08 with 98.8, 99.2 and 99.6 %.
        Prudence.NORMAL: Margins(0.10, 30, 2.5),
        Prudence.PRUDENT: Margins(0.25, 60, 2.5),
    }
)


@dataclass(frozen=True, slots=True)
class TruckNeed:
    """One truck at one EVSE: what it needs in its battery and when it can have it.

    kwh is the whole need of the night, delivered_kwh what of it is in the battery by now. arrives is when it is
    plugged in (in the past: it is there), ready_by when it leaves. max_kw and min_kw are of truck and EVSE together;
    min_kw is the least power that charges at all (AC: 6 A x phases x 230 V). fallback_kw is what the EVSE allows by
    itself without this truck's profile: the site always keeps that much free for it. battery_kwh and soc, where known,
    let the plan foresee the taper above `knee` (state of charge, 0..1). priority weighs an unserved kWh.
    """

    truck: str
    station: str
    evse: int
    kwh: float
    arrives: datetime
    ready_by: datetime
    max_kw: float
    min_kw: float
    efficiency: float = 0.93
    delivered_kwh: float = 0.0
    fallback_kw: float = 0.0
    priority: float = 1.0
    charging: bool = False
    battery_kwh: float | None = None
    soc: float | None = None
    knee: float = 0.80

    @property
    def remaining_kwh(self) -> float:
        """Battery energy still missing; under 50 Wh counts as none."""
        missing = self.kwh - self.delivered_kwh
        return missing if missing >= 0.05 else 0.0


@dataclass(frozen=True, slots=True)
class Night:
    """One site over `len(limit_kw)` slots from `start`.

    limit_kw: the grid connection; base_kw: buildings and everything that is no charger; others_kw: what EVSEs outside
    this plan may draw (fall-backs of idle ones, what silent ones hold: see chargers.safety); margin_kw: hard distance
    kept to the limit in every slot. now: the moment of a re-plan; slots before it are over, the current one is partly.
    """

    start: datetime
    limit_kw: Sequence[float]
    base_kw: Sequence[float]
    price: Sequence[float]
    trucks: tuple[TruckNeed, ...]
    slot_minutes: int = 15
    others_kw: Sequence[float] = ()
    margin_kw: float = 0.0
    margins: Margins = MARGINS[Prudence.PRUDENT]
    now: datetime | None = None

    @property
    def slots(self) -> int:
        return len(self.limit_kw)

    def slot_start(self, slot: int) -> datetime:
        return self.start + timedelta(minutes=self.slot_minutes * slot)


class Binding(StrEnum):
    """What keeps a truck from its need."""

    SITE = "site"  # the limit of the site, in the hours named
    CHARGER = "charger"  # its own charger at full power all the time it is there
    TIME = "time"  # not plugged in for one whole slot before it leaves
    MINIMUM = "minimum"  # what is left over is below the least power its charger can give


class Mend(StrEnum):
    """A way out of a shortfall."""

    MORE_LIMIT = "more_limit"
    LATER_DEPARTURE = "later_departure"
    FASTER_CHARGER = "faster_charger"


@dataclass(frozen=True, slots=True)
class Option:
    """One change that would fill one shortfall, re-solved with everything else as it is.

    kw: the extra site limit (MORE_LIMIT; for every truck the site keeps short together) or the charger's new power
    (FASTER_CHARGER); ready_by: the new departure (LATER_DEPARTURE).
    """

    mend: Mend
    kw: float | None = None
    ready_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A truck that cannot have its need: how much, why (from the minimum cut) and what would do.

    kwh is missing in the battery at ready_by. hours are the stretches in which `binding` binds; rivals the trucks that
    use the site in them, largest first.
    """

    truck: str
    station: str
    kwh: float
    of_kwh: float
    ready_by: datetime
    binding: Binding
    hours: tuple[tuple[datetime, datetime], ...]
    rivals: tuple[str, ...]
    options: tuple[Option, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Power per truck and slot.

    kw[truck][slot] is the ceiling to put into the charger: 0 or between min_kw and max_kw, the sum over trucks never
    above the room of the night. planned_kwh is battery energy each truck will have had from this plan. site_kw is
    ceilings + base, peak_kw its largest coming slot; held_kw what must be reckoned with at worst: base + others + each
    EVSE at its ceiling or fall-back, whichever is more. cost is the money for the planned energy (grid_kwh).
    """

    start: datetime
    slot_minutes: int
    kw: Mapping[str, tuple[float, ...]]
    planned_kwh: Mapping[str, float]
    site_kw: tuple[float, ...]
    held_kw: tuple[float, ...]
    peak_kw: float
    cost: float
    grid_kwh: float
    shortfalls: tuple[Shortfall, ...]
