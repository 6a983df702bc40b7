"""Running the twin: everything of the city that lives, in one loop, until it is asked to end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import structlog

from chargers.twin.pacing import Pacing, pace_of
from chargers.twin.yard import Yard, run_stations
from console.twin.addresses import Addresses
from console.twin.citytime import CityTime, open_store
from console.twin.contents import Contents
from console.twin.depot import Depot, list_specs
from console.twin.mail import Mail
from console.twin.mishaps import OF_STATIONS, suffer
from console.twin.sensors import report_fills
from console.twin.timetable import Timetable
from console.twin.trucks import TruckLife, World
from fleet.settings import Settings
from fleet.store import Store
from fleet.twin.city import draw_city
from fleet.twin.evening import Homecoming, come_home
from fleet.twin.faults import draw_faults
from fleet.twin.history import recall_history

LAST_POST_SECONDS = 2.0
CATCH_UP = timedelta(hours=6)
"""Reports that fell due before the twin was up are sent, this far back."""

log = structlog.get_logger("console.twin")


def run(
    settings: Settings, *, ocpp: str, http: str, seed: int, size: Literal["small", "city"], minutes: float
) -> dict[str, Any]:
    """Play the city against a server for `minutes` of wall time (0: until SIGTERM or SIGINT); gives its figures.

    Time is that of the store the settings name; where there is none, stations live alone at 60 times from the opening.

    Raises:
        AddressUnusable: not a URL of the right kind.
        StoreError: the store is there and cannot be used.
    """
    to = Addresses.check(ocpp, http)
    store = open_store(settings.db)
    try:
        return asyncio.run(_play_until_told(settings, store, to, seed, size, minutes))
    finally:
        if store is not None:
            store.close()


async def _play_until_told(
    settings: Settings, store: Store | None, to: Addresses, seed: int, size: Literal["small", "city"], minutes: float
) -> dict[str, Any]:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread, or not this system
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
    play = Play(settings, store, to, seed, size)
    async with play.running():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), minutes * 60 or None)
    return play.figures()


class Play:
    """One city at work. Lives while `running` holds; `figures` at any time after that began."""

    def __init__(
        self, settings: Settings, store: Store | None, to: Addresses, seed: int, size: Literal["small", "city"]
    ) -> None:
        self._settings, self._store, self._to = settings, store, to
        self._time = CityTime(store)
        self._city = draw_city(seed, size, self._time.opens_at)
        self._pacing = Pacing(self._time.clock, pace_of(self._time.clock))
        self._faults = draw_faults(self._city)
        # a store's pace is what makes the twin's times true to a server; without it they would be refused
        self._mail = Mail(to.http, settings.http.ingest_token) if store is not None and to.http else None
        self._yard: Yard | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._connected: int | None = None
        self._errors: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The city lives inside the block; at its end stations hang up and the last messages are posted."""
        passwords = {station.station_id: station.password for station in self._city.stations}
        async with run_stations(
            list_specs(self._city),
            url=self._to.ocpp,
            clock=self._time.clock,
            pace=pace_of(self._time.clock),
            passwords=passwords,
            seed=self._city.seed,
        ) as yard:
            self._yard = yard
            async with asyncio.TaskGroup() as group:
                self._start(group, "the city", self._live(yard, group))
                try:
                    yield
                finally:
                    self._connected = yard.registered
                    if self._mail is not None:
                        await self._mail.drain(LAST_POST_SECONDS)
                    for task in self._tasks:
                        task.cancel()

    @property
    def waiting(self) -> int:
        """Messages under way to the server: those of sensors and trucks, and those of stations whose line is up."""
        posts = 0 if self._mail is None else self._mail.waiting
        return posts + sum(station.waiting for station in (self._yard or {}).values() if station.registered)

    def figures(self) -> dict[str, Any]:
        """What the twin did. `complaints`: what the server did against OCPP; `errors`: what should not happen.

        `uplinks`, `truck_reports` and `emptyings` are those a server took, `unsent` is what nobody took in the end.
        """
        assert self._yard is not None
        tally = self._yard.tally
        figures: dict[str, Any] = {
            "stations": len(self._yard),
            "connected": self._yard.registered if self._connected is None else self._connected,
            "connections": tally.connections,
            "sent": tally.sent.total(),
            "received": tally.received.total(),
            "complaints": list(tally.complaints),
            "refusals": dict(tally.refusals),
            "uplinks": 0,
            "truck_reports": 0,
            "emptyings": 0,
            "unsent": 0,
            "errors": [*self._errors, *tally.errors],
        }
        if self._mail is not None:
            posted = self._mail.posted
            figures |= {
                "uplinks": posted.uplinks,
                "truck_reports": posted.truck_reports,
                "emptyings": posted.emptyings,
                "unsent": self._mail.waiting,
            }
            figures["errors"] += posted.errors
            if posted.dropped:
                figures["errors"].append(f"{posted.dropped} messages were dropped: nobody took them at {self._to.http}")
        return figures

    async def _live(self, yard: Yard, group: asyncio.TaskGroup) -> None:
        """Start every life. Faults first, so that a station that is broken says so when it registers."""
        city, depot = self._city, Depot(self._city, yard)
        for fault in self._faults:
            if fault.kind in OF_STATIONS:
                self._start(group, f"{fault.kind} at {fault.subject}", suffer(fault, yard, depot, self._pacing))
        since = self._time.clock.now()
        contents = await asyncio.to_thread(self._recall)
        timetable = Timetable(self._store, self._settings.zone)
        world = World(city.seed, contents, self._pacing, depot, timetable, self._mail, self._faults)
        if self._mail is not None:
            self._start(group, "the mail", self._mail.run())
            reports_from = max(city.opens_at, since - CATCH_UP)
            fills = report_fills(city, self._faults, contents, self._pacing, self._mail, reports_from)
            self._start(group, "the sensors", fills)
        trucks = {truck.truck_id: truck for truck in city.trucks}
        gate = float(city.depot.lat), float(city.depot.lon)
        for home in self._resume(come_home(city)):
            life = TruckLife(trucks[home.truck_id], home, gate, world)
            self._start(group, f"truck {home.truck_id}", life.live())

    def _start(self, group: asyncio.TaskGroup, name: str, life: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(group.create_task(self._guard(name, life)))

    async def _guard(self, name: str, life: Coroutine[Any, Any, None]) -> None:
        """What breaks one life must leave the others running."""
        try:
            await life
        except Exception as error:
            log.exception("a life of the twin broke", life=name)
            self._errors.append(f"{name}: {type(error).__name__}: {error}"[:300])

    def _recall(self) -> Contents:
        """What lies in the bins, by the city's past and what trucks have emptied in this store since."""
        if self._store is None:
            return Contents(self._city, [])
        past = recall_history(self._city).emptied_at.items()
        with self._store.read() as work:
            since = [(one.bin_id, one.emptied_at) for one in work.bins.emptyings_since(self._city.opens_at)]
        return Contents(self._city, [*past, *since])

    def _resume(self, homes: tuple[Homecoming, ...]) -> list[Homecoming]:
        """The evening's homecomings, with the batteries trucks have told of since: the twin may have been away."""
        if self._store is None:
            return list(homes)
        with self._store.read() as work:
            states = work.trucks.states()
        return [
            replace(home, soc=state.soc)
            if (state := states.get(home.truck_id)) is not None and state.at > home.at and state.soc is not None
            else home
            for home in homes
        ]
