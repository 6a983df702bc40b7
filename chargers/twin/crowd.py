"""Life for a crowd of stations: vehicles come and go, meters are read at a set pace. One task each, however many."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import cycle
from random import Random

from chargers.twin.pacing import Pacing
from chargers.twin.personalities import Personality
from chargers.twin.spec import EvseSpec, Protocol, StationSpec, Vehicle
from chargers.twin.station import SimStation
from fleet.twin.battery import Battery

CARS = (Battery(52, 7.4, 80), Battery(77, 11, 150), Battery(95, 22, 170))
POSTS = (EvseSpec(22.0), EvseSpec(22.0), EvseSpec(11.0), EvseSpec(50.0, "DC"))
COMES_WITHIN_SECONDS = 60.0
STAYS_SECONDS, AWAY_SECONDS = (600.0, 2400.0), (60.0, 600.0)
TICK_SECONDS = 0.02
MOST_WAITING = 2
"""A station that still has this many messages to send is passed over: the report then shows less than was asked."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Which stations: how many, what they speak, whose character they have in turn, how often they read the meter."""

    count: int
    protocol: Protocol
    personalities: Sequence[Personality]
    prefix: str = "TWIN-"
    meter_seconds: int = 60

    def specs(self) -> list[StationSpec]:
        digits = max(4, len(str(self.count)))
        return [
            StationSpec(
                f"{self.prefix}{number:0{digits}}",
                self.protocol,
                (post,),
                misbehaviours=character.manners,
                meter_interval_seconds=self.meter_seconds,
            )
            for number, post, character in zip(
                range(1, self.count + 1), cycle(POSTS), cycle(self.personalities), strict=False
            )
        ]


async def drive(stations: Sequence[SimStation], pacing: Pacing, token: str, seed: int) -> None:
    """Vehicles come to the stations' first EVSEs, stay for a while and leave, without end."""
    random = Random(seed)
    queue = [
        (pacing.now() + timedelta(seconds=random.uniform(0, COMES_WITHIN_SECONDS)), number)
        for number in range(len(stations))
    ]
    heapify(queue)
    while queue:
        due, number = heappop(queue)
        await pacing.until(due)
        heappush(queue, (_turn(stations[number], due, token, random), number))


def _turn(station: SimStation, at: datetime, token: str, random: Random) -> datetime:
    """A vehicle comes or goes; when the next does."""
    if station.cabinet.outlets[1].plugged is None:
        station.plug_in(1, Vehicle(token, random.choice(CARS), random.uniform(0.1, 0.5)))
        return at + timedelta(seconds=random.uniform(*STAYS_SECONDS))
    station.unplug(1)
    return at + timedelta(seconds=random.uniform(*AWAY_SECONDS))


async def read_meters(stations: Sequence[SimStation], a_second: float) -> None:
    """Have meters read, one station after the other, so many a wall second over all that are connected."""
    loop = asyncio.get_running_loop()
    since, done = loop.time(), 0
    turns = cycle(stations)
    while True:
        await asyncio.sleep(TICK_SECONDS)
        due = int((loop.time() - since) * a_second) - done
        done += due
        for station in (next(turns) for _ in range(min(due, len(stations)))):
            if station.registered and station.waiting <= MOST_WAITING:
                station.cabinet.meter_now(1, station.now())
