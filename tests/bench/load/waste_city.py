"""A seeded waste city as a `Problem`: streets with a river and one-way detours, bins in quarters, a mixed fleet.

What makes it the real problem and not a textbook's: load in kg and litres, two disposal sites on the way, up to two
unloadings before the last, 6.5 h of shift (the break already taken off), a fifth of the bins with a time window, 42 to
50 % mandatory, prizes for the rest, a tenth in streets too narrow for two of three types of truck, electric trucks
that go 70 km, fixed costs. Money is counted in kilometres; a truck's fixed cost is that of 3 to 5 of them.

Every draw depends on the seed and on the number of bins alone.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from routing.energy import TruckEnergy
from routing.problem import Depot, Problem, Site, Truck, Visit

ZERO = datetime(2026, 1, 12, 22, tzinfo=UTC)
SHIFT = 23_400
"""Seconds: 6.5 h."""

UNLOAD = 900
TIPS = 3
"""Unloadings a shift: at most two on the way and the last before home."""

RANGE_KM = 70.0
TOWN_SPEED, ROAD_SPEED, TOWN_METRES = 6.5, 11.0, 1_500.0
"""m/s in streets, m/s beyond the first `TOWN_METRES` of a leg."""

DUE_FILL = 0.62
"""Bins fuller than this are mandatory."""

MOST_PRIZE = 4.0
"""What emptying a bin just below `DUE_FILL` is worth, in kilometres."""

Floats = NDArray[np.float64]


def waste_city(bins: int, seed: int) -> Problem:
    """The city of `seed` with `bins` bins; locations are depot, two disposal sites, bins."""
    draw = np.random.default_rng([seed, bins])
    half = 2_500 * math.sqrt(bins / 500) + 1_500
    homes = _bins_in_quarters(draw, bins, half)
    fixed = np.array([[0.9 * half, -0.5 * half], [-1.6 * half, 0.4 * half], [1.3 * half, -1.2 * half]])
    metres = street_metres(draw, np.vstack([fixed, homes]), half)
    seconds = np.minimum(metres, TOWN_METRES) / TOWN_SPEED + np.maximum(metres - TOWN_METRES, 0) / ROAD_SPEED
    return Problem(
        zero=ZERO,
        seconds=np.rint(seconds).astype(np.int32),
        metres=np.rint(metres).astype(np.int32),
        visits=_visits(draw, bins),
        depots=(Depot(place="depot", location=0),),
        sites=(
            Site(place="landfill", location=1, unload_seconds=UNLOAD),
            Site(place="transfer", location=2, unload_seconds=UNLOAD),
        ),
        trucks=_trucks(max(5, round(bins / 80))),
    )


def street_metres(draw: np.random.Generator, points: Floats, half: float) -> Floats:
    """(n, n) metres along streets: a grid seen askew, a river with two bridges, and one-way detours at both ends.

    The detours belong to the points, so that the way there and the way back differ and no leg is longer than a way
    over a third point.
    """
    turn = draw.uniform(0, math.pi / 2)
    across = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    bridges = np.array([[draw.uniform(-0.2, 0.2) * half, side * half] for side in (-0.6, 0.5)])
    west = points[:, 0] < 0
    spots = np.vstack([points, bridges])
    apart = spots[:, None] - spots[None]
    straight = np.hypot(apart[..., 0], apart[..., 1])
    grid = np.abs(apart @ across.T).sum(axis=-1)
    direct = 0.66 * straight + 0.45 * grid
    count = len(points)
    over = np.min([direct[:count, b][:, None] + direct[b, :count][None] for b in (count, count + 1)], axis=0)
    metres = np.where(west[:, None] == west[None], direct[:count, :count], over)
    metres = metres + draw.gamma(2.0, 40.0, count)[:, None] + draw.gamma(2.0, 40.0, count)[None]
    np.fill_diagonal(metres, 0.0)
    return np.asarray(metres)


def _bins_in_quarters(draw: np.random.Generator, bins: int, half: float) -> Floats:
    """Three bins in four stand in quarters, the rest anywhere."""
    centres = draw.uniform(-half, half, (max(4, bins // 60), 2))
    quarter = centres[draw.integers(0, len(centres), bins)] + draw.normal(0, half / 7, (bins, 2))
    anywhere = draw.uniform(-half, half, (bins, 2))
    return np.where(draw.random((bins, 1)) < 0.75, quarter, anywhere)


def _visits(draw: np.random.Generator, bins: int) -> tuple[Visit, ...]:
    fill = draw.beta(2.2, 1.6, bins)
    large = draw.random(bins) >= 0.8
    litres = np.rint(np.where(large, 3_000, 1_100) * fill).astype(int) + 20
    kg = np.rint(litres * draw.uniform(0.11, 0.17, bins)).astype(int) + 1
    service = np.rint(60 + 40 * draw.random(bins) + 60 * large).astype(int)
    hours = draw.random(bins)
    narrow = draw.random(bins) < 0.10
    prize = np.round(MOST_PRIZE * np.clip((fill - 0.1) / 0.5, 0, 1) ** 3, 3)
    return tuple(
        Visit(
            bin=f"B{row:04}",
            location=3 + row,
            litres=int(litres[row]),
            kg=int(kg[row]),
            service_seconds=int(service[row]),
            mandatory=bool(fill[row] > DUE_FILL),
            value=0.0 if fill[row] > DUE_FILL else float(prize[row]),
            opens=3 * 3600 if 0.12 <= hours[row] < 0.20 else 0,
            closes=2 * 3600 if hours[row] < 0.12 else SHIFT,
            narrow=bool(narrow[row]),
        )
        for row in range(bins)
    )


def _trucks(count: int) -> tuple[Truck, ...]:
    """A quarter small trucks for narrow streets, three in ten electric, the rest large diesels."""
    small, electric = max(1, round(count * 0.25)), max(1, round(count * 0.3))
    by_metre = TruckEnergy(
        kwh_per_km=1.0, kwh_per_t_km=0.0, kwh_per_lift=0.0, kwh_per_t=0.0, kwh_per_tip=0.0, aux_kw=0.0, spread=0.0
    )  # a kWh a kilometre and nothing else: a battery of 70 kWh is a range of 70 km, which every peer can express
    large = [_truck(f"A{row + 1}", 7_000, 60_000, 5.0, by_metre) for row in range(count - small - electric)]
    agile = [_truck(f"B{row + 1}", 3_500, 25_000, 4.0, by_metre, narrow=True) for row in range(small)]
    quiet = [_truck(f"E{row + 1}", 6_000, 50_000, 3.0, by_metre, range_km=RANGE_KM) for row in range(electric)]
    return (*large, *agile, *quiet)


def _truck(
    name: str,
    kg: int,
    litres: int,
    fixed_cost: float,
    energy: TruckEnergy,
    *,
    narrow: bool = False,
    range_km: float | None = None,
) -> Truck:
    return Truck(
        truck=name,
        depot="depot",
        litres=litres,
        kg=kg,
        starts=0,
        ends=SHIFT,
        max_tips=TIPS,
        narrow=narrow,
        energy=energy,
        spendable_kwh=range_km,
        fixed_cost=fixed_cost,
    )
