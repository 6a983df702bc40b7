"""Small nights to plan, made from a seed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest

from routing.energy import TruckEnergy
from routing.problem import Break, Depot, Problem, Site, Truck, Visit

ZERO = datetime(2026, 3, 2, tzinfo=UTC)

MakeNight = Callable[..., Problem]


def draw_night(
    seed: int = 1,
    bins: int = 12,
    trucks: int = 2,
    *,
    streams: tuple[str, ...] = ("mixed",),
    rest: bool = True,
    battery: bool = False,
    windows: bool = True,
    hours: float = 6,
    site_hours: tuple[int, int] | None = None,
) -> Problem:
    """A town of `bins` along streets of 4 km, two depots, two disposal sites, trucks of three kinds."""
    draw = Random(seed)
    starts, ends = 6 * 3600, int((6 + hours) * 3600)
    points = [(draw.uniform(0, 4000), draw.uniform(0, 4000)) for _ in range(bins + 4)]
    xy = np.array(points)
    away = np.abs(xy[:, None, :] - xy[None, :, :]).sum(axis=2)
    metres = np.rint(away * np.random.default_rng(seed).uniform(1, 1.2, away.shape)).astype(np.int32)
    seconds = np.rint(metres / 6).astype(np.int32)
    visits = []
    for number in range(bins):
        litres = draw.choice([300, 700, 1100, 2500])
        opens, closes = starts, ends
        if windows and draw.random() < 0.25:
            opens = starts + draw.randrange(0, 2 * 3600)
            closes = opens + draw.randrange(3600, 3 * 3600)
        visits.append(
            Visit(
                bin=f"B{number}",
                location=number,
                litres=litres,
                kg=int(litres * draw.uniform(0.08, 0.2)),
                service_seconds=draw.randrange(30, 180),
                stream=draw.choice(streams),
                mandatory=draw.random() < 0.5,
                value=float(draw.randrange(0, 60)),
                opens=opens,
                closes=closes,
                narrow=draw.random() < 0.2,
            )
        )
    fleet = tuple(
        Truck(
            truck=f"T{number}",
            depot=("D1", "D2")[number % 2],
            litres=(9000, 4000, 6000)[number % 3],
            kg=(1200, 500, 900)[number % 3],
            starts=starts,
            ends=ends,
            streams=frozenset(streams if number % 2 == 0 else streams[:1]),
            rest=Break(seconds=1800, opens=starts + 2 * 3600, closes=starts + 4 * 3600) if rest else None,
            max_tips=(3, 2, 1)[number % 3],
            narrow=number % 2 == 0,
            energy=TruckEnergy(),
            spendable_kwh=(25.0 if battery and number % 2 == 0 else None),
            fixed_cost=20.0 + number,
            cost_per_km=(4.0, 3.0)[number % 2],
            cost_per_hour=(60.0, 80.0)[number % 2],
        )
        for number in range(trucks)
    )
    site_opens, site_closes = site_hours or (0, 86_400)
    return Problem(
        zero=ZERO,
        seconds=seconds,
        metres=metres,
        visits=tuple(visits),
        depots=(Depot(place="D1", location=bins), Depot(place="D2", location=bins + 1)),
        sites=(
            Site(place="S1", location=bins + 2, unload_seconds=600),
            Site(place="S2", location=bins + 3, unload_seconds=900, opens=site_opens, closes=site_closes),
        ),
        trucks=fleet,
    )


@pytest.fixture(scope="session")
def make_night() -> MakeNight:
    return draw_night


@pytest.fixture(scope="session")
def mixed_night() -> MakeNight:
    """Draws small nights in which every rule of the problem may occur: see rulebook.py."""
    spec = importlib.util.spec_from_file_location("rulebook", Path(__file__).with_name("rulebook.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn: MakeNight = module.draw_mixed_night
    return drawn
