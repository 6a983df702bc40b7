"""The simulated city's collection trucks: models, shifts, and how they come home on the evening it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING

from .battery import Battery

if TYPE_CHECKING:
    from .streets import Size


@dataclass(frozen=True, slots=True)
class Truck:
    """A collection truck; `battery` None: diesel. Energy figures are what a planner would assume, not the truth."""

    truck_id: str
    name: str
    streams: tuple[str, ...]
    capacity_l: float
    capacity_kg: float
    compaction: float
    gross_t: float
    height_m: float
    width_m: float
    narrow: bool
    battery: Battery | None
    id_token: str
    kwh_per_km: float = 1.0
    kwh_per_t_km: float = 0.03
    kwh_per_lift: float = 0.05
    kwh_per_t: float = 1.5
    aux_kw: float = 3.0


@dataclass(frozen=True, slots=True)
class Shift:
    """Local times of a truck's working day; the break lies wholly between its two times."""

    truck_id: str
    starts: time
    ends: time
    break_minutes: int
    break_from: time
    break_until: time


ALL_STREAMS = ("mixed", "glass", "paper")


def _heavy(number: int) -> Truck:
    """26 t, three axles, 264 kWh: as much as four of the usual 66 kWh packs."""
    return Truck(
        f"T{number:02d}", "Benne 26 t électrique", ("mixed",), 20_000, 10_500, 4.0, 26.0, 3.6, 2.55, narrow=False,
        battery=Battery(264, ac_kw=22, dc_kw=90, knee=0.83), id_token=f"TWIN{number:04d}", kwh_per_km=1.15, aux_kw=3.5,
    )  # fmt: skip


def _middle(number: int, streams: tuple[str, ...]) -> Truck:
    return Truck(
        f"T{number:02d}", "Benne 19 t électrique", streams, 14_000, 7_500, 4.0, 19.0, 3.5, 2.5, narrow=False,
        battery=Battery(180, ac_kw=22, dc_kw=60, knee=0.81), id_token=f"TWIN{number:04d}",
    )  # fmt: skip


def _narrow(number: int) -> Truck:
    return Truck(
        f"T{number:02d}", "Mini-benne 12 t électrique", ALL_STREAMS, 7_000, 3_800, 3.5, 12.0, 3.1, 2.2, narrow=True,
        battery=Battery(94, ac_kw=22, dc_kw=50, knee=0.80), id_token=f"TWIN{number:04d}", kwh_per_km=0.7, aux_kw=2.2,
    )  # fmt: skip


def _diesel(number: int) -> Truck:
    return Truck(
        f"T{number:02d}", "Benne 19 t diesel", ALL_STREAMS, 15_000, 8_500, 4.0, 19.0, 3.5, 2.5, narrow=False,
        battery=None, id_token=f"TWIN{number:04d}",
    )  # fmt: skip


def list_trucks(size: Size) -> tuple[Truck, ...]:
    """The fleet of a size: mostly electric, one narrow truck, one diesel."""
    if size == "small":
        return _heavy(1), _middle(2, ALL_STREAMS), _narrow(3), _diesel(4)
    heavy = tuple(_heavy(n) for n in (1, 2, 3))
    return (*heavy, _middle(4, ("mixed",)), _middle(5, ("mixed",)), _middle(6, ALL_STREAMS), _narrow(7), _diesel(8))


def list_shifts(trucks: tuple[Truck, ...]) -> tuple[Shift, ...]:
    """One morning shift each, with a break of half an hour."""
    return tuple(Shift(t.truck_id, time(6), time(13), 30, time(9), time(11)) for t in trucks)
