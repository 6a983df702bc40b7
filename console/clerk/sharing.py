"""Sites whose stations share their limit by themselves, looked at when something happens and twice a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from chargers.errors import ChargersError
from chargers.sites import is_shared, share_site
from fleet.errors import FleetError
from fleet.events import Event, Kind
from fleet.orders import Wanted
from fleet.store import Work, Writer

LOOK_SECONDS = 30.0
REST_SECONDS = 1.0
STIRRING = {
    Kind.TRANSACTION_STARTED: "a car was plugged in",
    Kind.TRANSACTION_ENDED: "a car left",
    Kind.STATION_CONNECTED: "a station came back",
    Kind.STATION_DISCONNECTED: "a station fell silent",
    Kind.STATION_CHANGED: "a station was changed",
    Kind.CITY_IMPORTED: "stations or places were imported",
    Kind.PROFILE_CONFIRMED: "a station confirmed its limit",
}
log = structlog.get_logger("console.clerk")


class Sharing:
    """Shares the limits of sites until cancelled."""

    def __init__(self, writer: Writer, margin_kw: float) -> None:
        self._writer = writer
        self._margin_kw = margin_kw
        self._why = "the server started"
        self._wake = asyncio.Event()

    def take(self, events: Iterable[Event]) -> None:
        """Something happened."""
        for event in events:
            if event.kind in STIRRING:
                self._why = STIRRING[event.kind]
                self._wake.set()

    async def run(self) -> None:
        """Share, for ever."""
        while True:
            try:
                await self.share()
            except (FleetError, ChargersError) as error:
                log.warning("sites not shared", why=str(error))
            await asyncio.sleep(REST_SECONDS)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                self._why = "half a minute has passed"
            self._wake.clear()

    async def share(self) -> int:
        """One look at every shared site; gives how many profiles were ordered."""
        why = self._why
        wanted = await self._writer.read(lambda work: self._plan(work, why))
        if wanted:
            await self._writer.do(lambda work: _place(work, wanted))
        return len(wanted)

    def _plan(self, work: Work, why: str) -> list[Wanted]:
        sites = [site for site in work.places.charging_sites() if is_shared(work, site)]
        return [order for site in sites for order in share_site(work, site, self._margin_kw, why)]


def _place(work: Work, wanted: list[Wanted]) -> None:
    for one in wanted:
        work.orders.place(one)
