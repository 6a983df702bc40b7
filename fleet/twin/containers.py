"""The simulated city's waste containers and the sensors that look into them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from .plane import walk_line

if TYPE_CHECKING:
    from .plane import Point
    from .streets import Link, Size, Streets

T = TypeVar("T")
Stream = Literal["mixed", "glass", "paper"]
Health = Literal["sound", "silent", "stuck"]

COUNTS: dict[Size, int] = {"small": 120, "city": 420}
APART_METRES: dict[Size, float] = {"small": 65.0, "city": 75.0}
KERB_METRES = 5.0
STREAMS: tuple[tuple[Stream, float], ...] = (("mixed", 0.88), ("glass", 0.05), ("paper", 0.07))
CAPACITIES: dict[Stream, tuple[tuple[int, float], ...]] = {
    "mixed": ((660, 0.3), (770, 0.25), (1100, 0.39), (3000, 0.06)),
    "glass": ((1100, 0.5), (3000, 0.5)),
    "paper": ((1100, 0.6), (3000, 0.4)),
}
EMPTY_MM = {660: 1080.0, 770: 1130.0, 1100: 1240.0, 3000: 1620.0}
DENSITY_KG_L: dict[Stream, float] = {"mixed": 0.13, "glass": 0.29, "paper": 0.06}
FILL_PER_DAY: dict[Stream, float] = {"mixed": 0.27, "glass": 0.09, "paper": 0.14}
RATE_SPREAD = 0.5  # of the logarithm of a container's rate
HOUSEHOLDS_WEIGHT = {"residential": 1.0, "tertiary": 0.8, "secondary": 0.6}


@dataclass(frozen=True, slots=True)
class Bin:
    """A container. `fill_per_day` is its true mean rate, `clock` its kind of week: both hidden from planners."""

    number: int
    bin_id: str
    address: str
    lat: float
    lon: float
    stream: Stream
    capacity_l: int
    density_kg_l: float
    narrow: bool
    fill_per_day: float
    clock: int


@dataclass(frozen=True, slots=True)
class Sensor:
    """A distance sensor. It reports every `every_minutes`, the first time `phase_minutes` after midnight UTC."""

    bin_id: str
    device_id: str
    dev_eui: str
    empty_mm: float
    full_mm: float
    blind_mm: float
    every_minutes: int
    phase_minutes: int
    battery: float
    health: Health
    lat: float
    lon: float


def place_bins(streets: Streets, seed: int, size: Size) -> tuple[Bin, ...]:
    """Containers along the streets, as many where more people live, no two close together."""
    rng = np.random.default_rng((seed, 11))
    weights = np.array([_households(streets, link) for link in streets.links])
    draws = rng.choice(len(streets.links), size=40 * COUNTS[size], p=weights / weights.sum()).tolist()
    spots: list[tuple[Point, Link]] = []
    cells: dict[tuple[int, int], list[Point]] = {}
    apart = APART_METRES[size]
    for number in draws:
        link = streets.links[number]
        (x, y), (dx, dy) = walk_line(link.line, link.metres * rng.uniform(0.15, 0.85))
        spot = (x + dy * KERB_METRES, y - dx * KERB_METRES)
        cell = int(spot[0] // apart), int(spot[1] // apart)
        near = (p for i in (-1, 0, 1) for j in (-1, 0, 1) for p in cells.get((cell[0] + i, cell[1] + j), ()))
        if any(math.dist(p, spot) < apart for p in near):
            continue
        cells.setdefault(cell, []).append(spot)
        spots.append((spot, link))
        if len(spots) == COUNTS[size]:
            break
    return tuple(_make_bin(streets, k, spot, link, rng) for k, (spot, link) in enumerate(spots, 1))


def fit_sensors(bins: tuple[Bin, ...], seed: int) -> tuple[Sensor, ...]:
    """One sensor in each container; one of them has been silent for days, one repeats the same distance."""
    rng = np.random.default_rng((seed, 12))
    silent, stuck = rng.choice(len(bins), size=2, replace=False).tolist()
    sensors = []
    for k, container in enumerate(bins):
        health: Health = "silent" if k == silent else "stuck" if k == stuck else "sound"
        sensors.append(
            Sensor(
                bin_id=container.bin_id,
                device_id=f"fill-{container.number:04d}",
                # The second bit of an EUI marks it as locally administered: no maker's device has such a number.
                dev_eui=f"02B1A7{seed & 0xFFFF:04X}{container.number:06X}",
                empty_mm=EMPTY_MM[container.capacity_l],
                full_mm=220.0,
                blind_mm=30.0,
                every_minutes=240,
                phase_minutes=int(rng.integers(0, 240)),
                battery=round(float(rng.uniform(0.35, 1.0)), 2),
                health=health,
                lat=container.lat,
                lon=container.lon,
            )
        )
    return tuple(sensors)


def _households(streets: Streets, link: Link) -> float:
    """Relative number of households on a link: its length, denser towards the centre."""
    x, y = link.line[0]
    inner = 1.8 if math.hypot(x, y) < 900 else 1.0
    return HOUSEHOLDS_WEIGHT.get(streets.streets[link.street].highway, 0.0) * link.metres * inner


def _make_bin(streets: Streets, number: int, spot: Point, link: Link, rng: np.random.Generator) -> Bin:
    stream = _pick(STREAMS, rng)
    capacity = _pick(CAPACITIES[stream], rng)
    lat, lon = streets.plane.degrees(spot)
    return Bin(
        number=number,
        bin_id=f"BK-{number:04d}",
        address=streets.streets[link.street].name,
        lat=lat,
        lon=lon,
        stream=stream,
        capacity_l=capacity,
        density_kg_l=DENSITY_KG_L[stream],
        narrow=link.limit == "alley",
        fill_per_day=float(FILL_PER_DAY[stream] * math.exp(rng.normal(0, RATE_SPREAD))),
        clock=int(rng.integers(0, 4)),
    )


def _pick(choices: tuple[tuple[T, float], ...], rng: np.random.Generator) -> T:
    return choices[int(rng.choice(len(choices), p=[weight for _, weight in choices]))][0]
