"""The problem of one night as values: what must be emptied, by which trucks, over which roads.

Times are whole seconds after `Problem.zero`, masses kg, volumes litres of loose waste, money any one currency.
Locations are row numbers of the road matrix. A truck carries one stream between two tips, and comes home empty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from routing.energy import TruckEnergy
from routing.errors import ProblemError

if TYPE_CHECKING:
    from datetime import datetime

ALWAYS = 10 * 86_400
"""Closing time of what never closes: later than any shift."""

Matrix = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A bin that may be emptied tonight. `location` None: no street of the network leads to it.

    `value` is what emptying an optional bin tonight is worth, in money. Service starts within `opens` to `closes`, and
    in none of the half-open intervals `shut` (market, school hours, night's rest). `release`: a trip that takes this
    bin leaves its depot, or the tip before it, then or later; 0: at any time (public multi-trip instances need it).
    """

    bin: str
    location: int | None
    litres: int
    kg: int
    service_seconds: int
    stream: str = "mixed"
    mandatory: bool = False
    value: float = 0.0
    opens: int = 0
    closes: int = ALWAYS
    shut: tuple[tuple[int, int], ...] = ()
    narrow: bool = False
    release: int = 0

    def __post_init__(self) -> None:
        _refuse_negative(f"bin {self.bin}", self, "litres", "kg", "service_seconds", "value", "release")
        if self.opens > self.closes:
            raise ProblemError(f"bin {self.bin}: opens at {self.opens} s, after it closes at {self.closes} s")
        for since, until in self.shut:
            if since >= until:
                raise ProblemError(f"bin {self.bin}: shut from {since} s until {until} s; the end must come later")


@dataclass(frozen=True, slots=True, kw_only=True)
class Depot:
    """Where trucks start and end. `charge_kw`: what a truck may draw here within its shift; 0: no charger."""

    place: str
    location: int
    charge_kw: float = 0.0

    def __post_init__(self) -> None:
        _refuse_negative(f"depot {self.place}", self, "charge_kw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A disposal site. Unloading lies wholly within `opens` to `closes`; `streams` None: it takes every stream.

    `queue` holds (from second, seconds of waiting) in order: who arrives waits what then holds before unloading.
    `charge_kw`: what a truck may draw here within its shift; 0: no charger.
    """

    place: str
    location: int
    unload_seconds: int = 900
    streams: frozenset[str] | None = None
    opens: int = 0
    closes: int = ALWAYS
    queue: tuple[tuple[int, int], ...] = ()
    charge_kw: float = 0.0

    def __post_init__(self) -> None:
        _refuse_negative(f"disposal site {self.place}", self, "unload_seconds", "charge_kw")
        if any(seconds < 0 for _, seconds in self.queue) or list(self.queue) != sorted(self.queue):
            raise ProblemError(
                f"disposal site {self.place}: its queue must hold waits of 0 s or more, in order of time"
            )
        if self.closes - self.opens < self.unload_seconds:
            raise ProblemError(f"disposal site {self.place}: closes before one load can be tipped; mend its hours")

    def takes(self, stream: str) -> bool:
        """Whether a load of `stream` may be tipped here."""
        return self.streams is None or stream in self.streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A rest of `seconds` wholly within `opens` to `closes`; a truck back by `closes - seconds` need not take it."""

    seconds: int
    opens: int
    closes: int

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.closes - self.opens < self.seconds:
            raise ProblemError(
                f"a break of {self.seconds} s does not fit between {self.opens} s and {self.closes} s; widen its hours"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Truck:
    """A manned truck. `litres` is loose waste it can take, compaction counted; `max_tips` counts the last tip too.

    `spendable_kwh` is what a route may use at P90, the reserve already kept back; None: no battery to mind. Two shifts
    of one vehicle are two trucks with the same `vehicle` ("" stands for `truck`). It ends its day at the depot
    `ends_at` (None: where it started), at most `overtime_seconds` after `ends`; an hour of that costs
    `overtime_per_hour` on top. `service_pace` scales the service at bins for its crew. `profile` names its roads in
    `Problem.ways`. `charge_kw` is what it can take at a charger.
    """

    truck: str
    depot: str
    litres: int
    kg: int
    starts: int
    ends: int
    streams: frozenset[str] = frozenset({"mixed"})
    rest: Break | None = None
    max_tips: int = 3
    narrow: bool = False
    energy: TruckEnergy = field(default_factory=TruckEnergy)
    spendable_kwh: float | None = None
    fixed_cost: float = 0.0
    cost_per_km: float = 1.0
    cost_per_hour: float = 0.0
    vehicle: str = ""
    ends_at: str | None = None
    overtime_seconds: int = 0
    overtime_per_hour: float = 0.0
    service_pace: float = 1.0
    profile: str = ""
    charge_kw: float = 0.0

    def __post_init__(self) -> None:
        name = f"truck {self.truck}"
        _refuse_negative(name, self, "fixed_cost", "cost_per_km", "cost_per_hour")
        _refuse_negative(name, self, "overtime_seconds", "overtime_per_hour", "charge_kw")
        if not self.service_pace > 0:
            raise ProblemError(f"{name}: its service pace is {self.service_pace}; it must be above 0")
        if self.litres <= 0 or self.kg <= 0:
            raise ProblemError(f"{name}: it can load {self.litres} l and {self.kg} kg; both must be above 0")
        if self.starts >= self.ends:
            raise ProblemError(f"{name}: its shift ends at {self.ends} s, not after it starts at {self.starts} s")
        if self.max_tips < 1:
            raise ProblemError(f"{name}: {self.max_tips} tips a shift; it needs at least one to come home empty")
        if not self.streams:
            raise ProblemError(f"{name}: it collects no stream; name at least one")
        if self.spendable_kwh is not None and self.spendable_kwh < 0:
            raise ProblemError(f"{name}: it may spend {self.spendable_kwh} kWh; that must be 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Roads as one class of trucks at one time of day finds them.

    (n, n) int32 each, from row to column; a negative entry says there is no way. `climb`: metres of ascent on the way.
    """

    seconds: Matrix
    metres: Matrix
    climb: Matrix | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """What the dispatcher has settled.

    `pins`: this bin by that truck. `fixed`: this truck drives exactly these bins in this order. `dropped`: left out.
    """

    pins: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One night to plan.

    `seconds`, `metres` and `climb` are (n, n) int32, from row to column, for trucks whose profile is not in `ways`; a
    negative entry says there is no way.
    """

    zero: datetime
    seconds: Matrix
    metres: Matrix
    visits: tuple[Visit, ...]
    depots: tuple[Depot, ...]
    sites: tuple[Site, ...]
    trucks: tuple[Truck, ...]
    climb: Matrix | None = None
    ways: Mapping[str, Ways] = field(default_factory=dict)
    locks: Locks = field(default_factory=Locks)

    def __post_init__(self) -> None:
        if self.zero.tzinfo is None:
            raise ProblemError(f"the plan's zero {self.zero} lacks a time zone")
        self._check_ways()
        if not self.trucks:
            raise ProblemError("no trucks to plan with: import trucks, or give one a shift on this day")
        if not self.visits:
            raise ProblemError("no bins to plan: import bins, or make some active")
        if not self.sites:
            raise ProblemError("no disposal site to unload at: import a place with is_disposal")
        _refuse_twins("bin", [visit.bin for visit in self.visits])
        _refuse_twins("truck", [truck.truck for truck in self.trucks])
        _refuse_twins("depot", [depot.place for depot in self.depots])
        _refuse_twins("disposal site", [site.place for site in self.sites])
        depots = {depot.place for depot in self.depots}
        for truck in self.trucks:
            for depot in (truck.depot, truck.ends_at or truck.depot):
                if depot not in depots:
                    raise ProblemError(f"truck {truck.truck}: its depot {depot!r} is not among the plan's depots")
        self._check_locations()
        _check_locks(self)

    def depot_of(self, truck: Truck) -> Depot:
        """Where `truck` starts."""
        return next(depot for depot in self.depots if depot.place == truck.depot)

    def end_of(self, truck: Truck) -> Depot:
        """Where `truck` ends its day."""
        name = truck.ends_at or truck.depot
        return next(depot for depot in self.depots if depot.place == name)

    def ways_of(self, truck: Truck) -> Ways:
        """The roads as `truck` finds them."""
        found = self.ways.get(truck.profile)
        return found or Ways(seconds=self.seconds, metres=self.metres, climb=self.climb)

    def _check_ways(self) -> None:
        own = Ways(seconds=self.seconds, metres=self.metres, climb=self.climb)
        for profile, ways in {"": own, **self.ways}.items():
            of = f" of profile {profile!r}" if profile else ""
            for name in ("seconds", "metres", "climb"):
                matrix = getattr(ways, name)
                if matrix is None:
                    continue
                if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
                    raise ProblemError(f"the road matrix of {name}{of} has shape {matrix.shape}; it must be square")
                if not np.issubdtype(matrix.dtype, np.integer):
                    raise ProblemError(
                        f"the road matrix of {name}{of} holds {matrix.dtype}; it must hold whole numbers"
                    )
                if matrix.shape != self.seconds.shape:
                    raise ProblemError(f"road matrices differ in size: {self.seconds.shape} and {matrix.shape}{of}")

    def _check_locations(self) -> None:
        size = len(self.seconds)
        named = [(f"bin {visit.bin}", visit.location) for visit in self.visits if visit.location is not None]
        named += [(f"depot {depot.place}", depot.location) for depot in self.depots]
        named += [(f"disposal site {site.place}", site.location) for site in self.sites]
        for name, location in named:
            if not 0 <= location < size:
                raise ProblemError(f"{name}: location {location} is not in the road matrix of {size} points")


def _check_locks(problem: Problem) -> None:
    """Refuse locks on what is not there, and two that cannot both hold."""
    locks = problem.locks
    bins, trucks = {visit.bin for visit in problem.visits}, {truck.truck for truck in problem.trucks}
    held: dict[str, str] = {}
    for truck, order in locks.fixed.items():
        for name in order:
            if name in held:
                other = f"truck {held[name]}" if held[name] != truck else "the same truck"
                raise ProblemError(f"bin {name} is fixed to truck {truck} and again to {other}; unlock one of them")
            held[name] = truck
    for name in sorted(locks.dropped.intersection(held)):
        raise ProblemError(f"bin {name} is dropped and fixed to truck {held[name]}; unlock one of them")
    _check_pins(locks, held)
    for name in (*held, *locks.pins, *sorted(locks.dropped)):
        if name not in bins:
            raise ProblemError(f"a lock names bin {name}, which is not in this problem; unlock it")
    for truck in (*locks.fixed, *locks.pins.values()):
        if truck not in trucks:
            raise ProblemError(f"a lock names truck {truck}, which is not in this problem; unlock it")


def _check_pins(locks: Locks, held: Mapping[str, str]) -> None:
    for name, truck in locks.pins.items():
        if name in locks.dropped:
            raise ProblemError(f"bin {name} is dropped and pinned to truck {truck}; unlock one of them")
        if held.get(name, truck) != truck:
            raise ProblemError(
                f"bin {name} is pinned to truck {truck} and fixed to truck {held[name]}; unlock one of them"
            )
        if truck in locks.fixed and name not in held:
            raise ProblemError(
                f"bin {name} is pinned to truck {truck}, which is fixed to other bins; unlock one of them"
            )


def truck_service(truck: Truck, visit: Visit) -> int:
    """Seconds the crew of `truck` needs at a bin."""
    return math.ceil(visit.service_seconds * truck.service_pace)


def wait_at(site: Site, arrive: int) -> int:
    """Seconds a truck that arrives then waits before it may unload."""
    waits = [seconds for since, seconds in site.queue if since <= arrive]
    return waits[-1] if waits else 0


def _refuse_negative(name: str, value: object, *fields: str) -> None:
    for each in fields:
        if not getattr(value, each) >= 0:
            raise ProblemError(f"{name}: {each} is {getattr(value, each)}; it must be 0 or more")


def _refuse_twins(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ProblemError(f"{what} {name} appears twice in one problem")
        seen.add(name)
