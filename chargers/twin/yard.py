"""Many simulated stations at once: one task each, none able to end the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager

from chargers.twin.pacing import Pacing
from chargers.twin.spec import StationSpec
from chargers.twin.station import SimStation
from chargers.twin.tally import Tally
from fleet.clock import Clock

MEND_SECONDS = 60.0
"""Clock seconds before a station that broke is started again."""

_log = logging.getLogger("chargers.twin")


class Yard(Mapping[str, SimStation]):
    """The running stations by identity, and what they counted together."""

    def __init__(self, stations: Iterable[SimStation], tally: Tally) -> None:
        self._stations = {station.spec.identity: station for station in stations}
        self.tally = tally

    def __getitem__(self, identity: str) -> SimStation:
        return self._stations[identity]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stations)

    def __len__(self) -> int:
        return len(self._stations)

    def power_kw(self) -> float:
        """What all stations draw now."""
        return sum(station.power_kw() for station in self.values())

    @property
    def registered(self) -> int:
        return sum(station.registered for station in self.values())


@asynccontextmanager
async def run_stations(
    specs: Iterable[StationSpec],
    *,
    url: str,
    clock: Clock,
    pace: Callable[[float], float],
    passwords: Mapping[str, str] | None = None,
    seed: int = 0,
    roots_pem: str = "",
    a_second: float = 0.0,
) -> AsyncIterator[Yard]:
    """Stations that live while the block runs; leaving it ends them.

    url: of the central system, without identity. pace: wall seconds that so many clock seconds take. passwords: by
    identity, for Basic authentication. roots_pem: what a wss:// server is checked against; empty: the machine's own.
    a_second: so many stations are switched on each wall second; 0: all at once.
    """
    tally = Tally()
    keys = passwords or {}
    yard = Yard(
        (
            SimStation(
                spec,
                clock=clock,
                url=url,
                pace=pace,
                password=keys.get(spec.identity),
                tally=tally,
                seed=seed,
                roots_pem=roots_pem,
            )
            for spec in specs
        ),
        tally,
    )
    wait = 1 / a_second if a_second > 0 else 0.0
    left = {
        asyncio.create_task(_keep_running(station, Pacing(clock, pace), number * wait))
        for number, station in enumerate(yard.values())
    }
    try:
        # No TaskGroup: no station's task ends by itself, and it would wrap what the block raises into a group.
        yield yard
    finally:
        while left:  # a station that fails while it is being cancelled needs to be told again
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1.0)


async def _keep_running(station: SimStation, pacing: Pacing, after_seconds: float) -> None:
    await asyncio.sleep(after_seconds)
    while True:
        try:
            await station.run()
        except Exception as error:  # noqa: BLE001 - whatever breaks one station must leave the others running
            _log.warning("station %s broke", station.spec.identity, exc_info=error)
            station.tally.break_down(station.spec.identity, error)
        await pacing.sleep(MEND_SECONDS)
