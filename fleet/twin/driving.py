"""A collection round as it really goes: traffic, crews that take their time, a truck that is not quite its data sheet.

A round is what was planned; `drive` gives the trip that came of it, whose state can be asked for at any time.

    kWh = km (a0 + a1 t on board) + lifts e_l + tonnes e_c + tips e_t + hours aux

The form is the planner's, the figures are the truck's own: each is drawn about the planner's, and a factor for the
day's weather is on top. So it comes home with the battery it would have, not with the one that was planned.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Literal

from . import noise
from .opening import CITY_TIME

if TYPE_CHECKING:
    from .vehicles import Truck

HaltKind = Literal["bin", "tip", "break", "return", "pause"]
Activity = Literal["driving", "lifting", "tipping", "break", "parked"]
Place = tuple[float, float]  # latitude, longitude
Weigh = Callable[[str, datetime], float]  # kg in a bin at a time

LEG_SPREAD, SERVICE_SPREAD = 0.12, 0.2  # of the logarithm of a leg's and a stop's duration
RUSH = ((7, 9, 1.18), (12, 14, 1.15), (17, 20, 1.22))  # local hours, and how much longer driving takes
TRUCK_SPREAD, WEATHER_SPREAD = 0.06, 0.05
KWH_PER_TIP = 0.5
TRUCKS, WEATHER, LEGS, SERVICES = range(401, 405)
ACTIVITIES: dict[HaltKind, Activity] = {
    "bin": "lifting", "pause": "lifting", "tip": "tipping", "break": "break", "return": "parked",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Halt:
    """A planned stop: the way there (line, metres, seconds), how long it lasts, and for a bin what lies in it.

    A "pause" is work at the kerb without a bin. The line may be of one point where the truck stays.
    """

    kind: HaltKind
    line: tuple[Place, ...]
    metres: float
    drive_seconds: float
    stop_seconds: float
    kg: float = 0.0
    bin_id: str | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One truck's planned round: its state of charge and its odometer when it departs, its stops in order."""

    truck: Truck
    departs: datetime
    soc: float
    halts: tuple[Halt, ...]
    odometer_km: float = 0.0


@dataclass(frozen=True, slots=True)
class Engine:
    """The true figures of a truck on a day, which no planner sees."""

    kwh_per_km: float
    kwh_per_t_km: float
    kwh_per_lift: float
    kwh_per_t: float
    aux_kw: float


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the trip with one activity; `used_kwh`, `driven_metres` and `load_kg` are those at its end."""

    activity: Activity
    starts: datetime
    ends: datetime
    line: tuple[Place, ...]
    used_kwh: float
    driven_metres: float
    load_kg: float
    halt: int


@dataclass(frozen=True, slots=True)
class Lift:
    """A bin was emptied into the truck."""

    at: datetime
    bin_id: str
    kg: float


@dataclass(frozen=True, slots=True)
class TruckState:
    """Where a truck is and what it does; `soc` None for a diesel, `halt` the stop it is at or heads for."""

    at: datetime
    lat: float
    lon: float
    activity: Activity
    soc: float | None
    odometer_km: float
    load_kg: float
    halt: int


@dataclass(frozen=True, slots=True)
class Trip:
    """What came of a round."""

    planned: Round
    phases: tuple[Phase, ...]
    lifts: tuple[Lift, ...]

    @property
    def returns(self) -> datetime:
        return self.phases[-1].ends

    @property
    def kwh(self) -> float:
        return self.phases[-1].used_kwh

    @property
    def metres(self) -> float:
        return self.phases[-1].driven_metres

    def at(self, moment: datetime) -> TruckState:
        """The truck at a time: parked at its first point before the trip and at its last one after it."""
        first, last = self.phases[0], self.phases[-1]
        if moment <= first.starts:
            return self._state(moment, "parked", first.line[0], 0.0, 0.0, 0.0, first.halt)
        if moment >= last.ends:
            return self._state(
                moment, "parked", last.line[-1], last.used_kwh, last.driven_metres, last.load_kg, last.halt
            )
        index = bisect_right(self.phases, moment, key=lambda phase: phase.starts) - 1
        phase = self.phases[index]
        done = (moment - phase.starts) / max(phase.ends - phase.starts, timedelta(microseconds=1))
        kwh, metres, kg = 0.0, 0.0, 0.0
        if index:
            before = self.phases[index - 1]
            kwh, metres, kg = before.used_kwh, before.driven_metres, before.load_kg
        return self._state(
            moment,
            phase.activity,
            _walk(phase.line, done),
            kwh + (phase.used_kwh - kwh) * done,
            metres + (phase.driven_metres - metres) * done,
            kg + (phase.load_kg - kg) * done,
            phase.halt,
        )

    def _state(
        self, at: datetime, activity: Activity, place: Place, kwh: float, metres: float, kg: float, halt: int
    ) -> TruckState:
        pack = self.planned.truck.battery
        soc = None if pack is None else max(0.0, self.planned.soc - kwh / pack.capacity_kwh)
        odometer = self.planned.odometer_km + metres / 1000
        return TruckState(at, place[0], place[1], activity, soc, odometer, kg, halt)


def start_engine(truck: Truck, seed: int, day: int) -> Engine:
    """The true energy figures of a truck on a day (a number, e.g. its ordinal): lasting traits, and weather for all."""
    number = int(truck.truck_id[1:])
    traits = [math.exp(TRUCK_SPREAD * float(noise.normal(seed, TRUCKS, number, k)[0])) for k in range(5)]
    weather = math.exp(WEATHER_SPREAD * float(noise.normal(seed, WEATHER, day)[0]))
    return Engine(
        kwh_per_km=truck.kwh_per_km * traits[0] * weather,
        kwh_per_t_km=truck.kwh_per_t_km * traits[1],
        kwh_per_lift=truck.kwh_per_lift * traits[2],
        kwh_per_t=truck.kwh_per_t * traits[3],
        aux_kw=truck.aux_kw * traits[4] * weather,
    )


def drive(planned: Round, seed: int, weigh: Weigh | None = None) -> Trip:
    """The trip that comes of a round. `weigh` tells the kg really found in a bin; without it, the planned ones."""
    day = planned.departs.toordinal()
    engine = start_engine(planned.truck, seed, day)
    keys = seed, int(planned.truck.truck_id[1:]), day
    clock, kwh, metres, kg = planned.departs, 0.0, 0.0, 0.0
    phases: list[Phase] = []
    lifts: list[Lift] = []
    for number, halt in enumerate(planned.halts):
        if halt.metres > 0:
            slow = _traffic(clock) * _draw((LEGS, *keys), number, LEG_SPREAD)
            ends = clock + timedelta(seconds=halt.drive_seconds * slow)
            kwh += halt.metres / 1000 * (engine.kwh_per_km + engine.kwh_per_t_km * kg / 1000) + _idle(
                engine, clock, ends
            )
            metres += halt.metres
            phases.append(Phase("driving", clock, ends, halt.line, kwh, metres, kg, number))
            clock = ends
        if halt.kind == "return":
            break
        spread = 0.0 if halt.kind == "break" else SERVICE_SPREAD
        ends = clock + timedelta(seconds=halt.stop_seconds * _draw((SERVICES, *keys), number, spread))
        kwh += _idle(engine, clock, ends) if halt.kind != "break" else 0.0
        if halt.kind == "tip":
            kg, kwh = 0.0, kwh + KWH_PER_TIP
        elif halt.kind in ("bin", "pause"):
            taken = weigh(halt.bin_id, ends) if weigh and halt.bin_id is not None else halt.kg
            kg, kwh = kg + taken, kwh + engine.kwh_per_lift + engine.kwh_per_t * taken / 1000
            if halt.bin_id is not None:
                lifts.append(Lift(ends, halt.bin_id, taken))
        phases.append(Phase(ACTIVITIES[halt.kind], clock, ends, halt.line[-1:], kwh, metres, kg, number))
        clock = ends
    if not phases:
        raise ValueError(f"the round of {planned.truck.truck_id} has no stop and no way to drive; leave it out instead")
    return Trip(planned, tuple(phases), tuple(lifts))


def _idle(engine: Engine, starts: datetime, ends: datetime) -> float:
    return engine.aux_kw * ((ends - starts) / timedelta(hours=1))


def _traffic(at: datetime) -> float:
    hour = at.astimezone(CITY_TIME).hour
    return next((factor for start, end, factor in RUSH if start <= hour < end), 1.0)


def _draw(keys: tuple[int, ...], number: int, spread: float) -> float:
    return math.exp(spread * float(noise.normal(*keys, number)[0])) if spread else 1.0


def _walk(line: tuple[Place, ...], share: float) -> Place:
    """The place after a share of a line, by length; east-west degrees are shorter than north-south ones."""
    if len(line) == 1:
        return line[0]
    shrink = math.cos(math.radians(line[0][0]))
    steps = [math.hypot(b[0] - a[0], (b[1] - a[1]) * shrink) for a, b in pairwise(line)]
    along = list(accumulate(steps, initial=0.0))
    goal = share * along[-1]
    k = min(bisect_right(along, goal), len(steps)) - 1
    part = (goal - along[k]) / steps[k] if steps[k] else 0.0
    a, b = line[k], line[k + 1]
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part
