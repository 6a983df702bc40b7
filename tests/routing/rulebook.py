"""Small nights in which every rule of the problem may occur, drawn from a seed; all of them mixed."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import numpy as np

from routing.energy import TruckEnergy
from routing.problem import ALWAYS, Break, Depot, Locks, Problem, Site, Truck, Visit, Ways

ZERO = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = 3600
STREAMS = ("mixed", "glass")


def draw_mixed_night(seed: int, *, bins: int | None = None, trucks: int | None = None, locks: bool = True) -> Problem:
    """A night of up to 14 bins and 4 trucks; each rule is in force with some chance."""
    draw = Random(seed)
    many = bins or draw.randrange(1, 15)
    fleet = trucks or draw.randrange(1, 5)
    starts = 6 * HOUR
    size = many + 4
    metres, seconds = _draw_roads(draw, size)
    visits = tuple(_draw_visit(draw, number, starts) for number in range(many))
    drivers = _draw_trucks(draw, fleet, starts)
    chargers = draw.random() < 0.5
    ways = {}
    if draw.random() < 0.4:
        slow = np.where(seconds < 0, -1, seconds + seconds // 4).astype(np.int32)
        for number in range(many):
            if draw.random() < 0.15:
                slow[:, number] = -1
        ways["wide"] = Ways(seconds=slow, metres=metres, climb=_draw_climb(draw, size))
    return Problem(
        zero=ZERO,
        seconds=seconds,
        metres=metres,
        visits=visits,
        depots=(
            Depot(place="D1", location=many, charge_kw=40.0 if chargers else 0.0),
            Depot(place="D2", location=many + 1),
        ),
        sites=(
            Site(
                place="S1",
                location=many + 2,
                unload_seconds=600,
                queue=((0, 0), (7 * HOUR, 900), (8 * HOUR, 120)) if draw.random() < 0.4 else (),
                charge_kw=60.0 if chargers and draw.random() < 0.5 else 0.0,
            ),
            Site(
                place="S2",
                location=many + 3,
                unload_seconds=900,
                opens=7 * HOUR if draw.random() < 0.3 else 0,
                closes=draw.choice([9 * HOUR, ALWAYS, ALWAYS]),
                streams=frozenset({"mixed"}) if draw.random() < 0.3 else None,
                queue=((0, 300),) if draw.random() < 0.3 else (),
            ),
        ),
        trucks=drivers,
        climb=_draw_climb(draw, size) if draw.random() < 0.3 else None,
        ways=ways,
        locks=_draw_locks(draw, visits, drivers) if locks and draw.random() < 0.4 else Locks(),
    )


def _draw_roads(draw: Random, size: int) -> tuple[np.ndarray, np.ndarray]:
    xy = np.array([(draw.uniform(0, 5000), draw.uniform(0, 5000)) for _ in range(size)])
    away = np.abs(xy[:, None, :] - xy[None, :, :]).sum(axis=2)
    metres = np.rint(away * np.random.default_rng(draw.randrange(1 << 30)).uniform(1, 1.3, away.shape))
    seconds = np.rint(metres / 6)
    if draw.random() < 0.2:  # a matrix with holes
        for _ in range(size):
            one, two = draw.randrange(size), draw.randrange(size)
            metres[one, two] = seconds[one, two] = -1
    return metres.astype(np.int32), seconds.astype(np.int32)


def _draw_climb(draw: Random, size: int) -> np.ndarray:
    heights = np.array([draw.uniform(0, 120) for _ in range(size)])
    return np.maximum(0, heights[None, :] - heights[:, None]).astype(np.int32)


def _draw_visit(draw: Random, number: int, starts: int) -> Visit:
    litres = draw.choice([300, 700, 1100, 2500, 2500])
    opens, closes = starts, starts + 10 * HOUR
    if draw.random() < 0.25:
        opens = starts + draw.randrange(0, 3 * HOUR)
        closes = opens + draw.choice([600, 1800, 2 * HOUR])
    shut: tuple[tuple[int, int], ...] = ()
    if draw.random() < 0.3:
        since = starts + draw.randrange(0, 3 * HOUR)
        shut = ((since, since + draw.randrange(600, 2 * HOUR)), (starts, starts + 900))
    return Visit(
        bin=f"B{number}",
        location=None if draw.random() < 0.03 else number,
        litres=litres,
        kg=int(litres * draw.uniform(0.08, 0.2)),
        service_seconds=draw.randrange(30, 400),
        stream=draw.choices(STREAMS, (4, 1))[0],
        mandatory=draw.random() < 0.5,
        value=float(draw.randrange(0, 60)),
        opens=opens,
        closes=closes,
        shut=shut,
        narrow=draw.random() < 0.15,
        release=starts + draw.randrange(0, 2 * HOUR) if draw.random() < 0.05 else 0,
    )


def _draw_trucks(draw: Random, many: int, starts: int) -> tuple[Truck, ...]:
    trucks = []
    for number in range(many):
        ends = starts + int(draw.choice([1.5, 3, 5, 8]) * HOUR)
        rest = None
        if draw.random() < 0.5 and ends - starts >= 3 * HOUR:
            rest = Break(seconds=draw.choice([900, 1800]), opens=starts + HOUR, closes=starts + int(2.5 * HOUR))
        electric = draw.random() < 0.5
        trucks.append(
            Truck(
                truck=f"T{number}",
                depot=draw.choice(["D1", "D2"]),
                ends_at=draw.choice([None, None, "D1", "D2"]),
                litres=draw.choice([9000, 4000, 6000]),
                kg=draw.choice([1200, 500, 900]),
                starts=starts,
                ends=ends,
                streams=frozenset(draw.choice([STREAMS, STREAMS[:1]])),
                rest=rest,
                max_tips=draw.choice([1, 2, 4]),
                narrow=draw.random() < 0.6,
                energy=TruckEnergy(tare_t=draw.choice([0.0, 12.0])),
                spendable_kwh=draw.choice([12.0, 20.0, 30.0, 60.0]) if electric else None,
                charge_kw=draw.choice([0.0, 40.0]) if electric else 0.0,
                fixed_cost=float(draw.choice([0, 20, 60])),
                cost_per_km=draw.choice([3.0, 4.0]),
                cost_per_hour=draw.choice([0.0, 60.0, 80.0]),
                overtime_seconds=draw.choice([0, 0, HOUR]),
                overtime_per_hour=draw.choice([0.0, 100.0]),
                service_pace=draw.choice([1.0, 1.0, 0.8, 1.25]),
                profile=draw.choice(["", "wide"]),
            )
        )
    if many > 1 and draw.random() < 0.3:  # two shifts of one vehicle, which may overlap as written
        trucks[1] = _second_shift(draw, trucks[0], trucks[1])
    return tuple(trucks)


def _second_shift(draw: Random, first: Truck, other: Truck) -> Truck:
    begins = first.ends + draw.choice([-1800, 0, 1800, 2 * HOUR])
    fields = {name: getattr(other, name) for name in Truck.__slots__}
    return Truck(**fields | {"vehicle": "T0", "starts": begins, "ends": begins + 4 * HOUR, "rest": None})


def _draw_locks(draw: Random, visits: tuple[Visit, ...], trucks: tuple[Truck, ...]) -> Locks:
    names = [visit.bin for visit in visits]
    draw.shuffle(names)
    dropped = frozenset(names[: draw.randrange(0, 2)])
    names = names[len(dropped) :]
    fixed: dict[str, tuple[str, ...]] = {}
    if draw.random() < 0.5:
        many = draw.randrange(0, min(len(names), 6) + 1)
        fixed[trucks[-1].truck] = tuple(names[:many])
        names = names[many:]
    free = [truck.truck for truck in trucks if truck.truck not in fixed]
    pins = {name: draw.choice(free) for name in names[: draw.randrange(0, 3)]} if free else {}
    return Locks(pins=pins, fixed=fixed, dropped=dropped)
