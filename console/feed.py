"""The feed: reads the store once, then follows its tail, and hands the newest View to whoever draws.

Runs in a thread of its own; the screens never wait for the database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from console.errors import NoRoads
from console.loading import NEW_PLAN, lay_plan, load_rules, load_view, newest_plan
from console.view import View, fold
from fleet.errors import StoreError
from fleet.events import Event, Kind
from fleet.settings import Settings
from fleet.store import Store
from routing.errors import RoutingError

if TYPE_CHECKING:
    from routing.roads import Network

HERTZ = 4.0
RETRY_SECONDS = 2.0


class Feed:
    """Follows one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._stop = threading.Event()
        self._network: Network | None = None

    def stop(self) -> None:
        """End `run` soon."""
        self._stop.set()

    def run(self, show: Callable[[View], None], tell: Callable[[str], None]) -> None:
        """Call `show` with each new View, at most four times a second, until stopped; `tell` what goes wrong."""
        while not self._stop.is_set():
            try:
                self._follow(show)
            except StoreError as error:
                tell(str(error))
                self._stop.wait(RETRY_SECONDS)

    def _follow(self, show: Callable[[View], None]) -> None:
        with self._store.tail() as tail:
            view = self._load()
            show(view)
            view = self._lay_roads(view)
            show(view)
            while not self._stop.is_set():
                begun = time.monotonic()
                events = tail.read() if tail.wait(1 / HERTZ) else []
                view = self._advance(view, events)
                if events or view.now.replace(microsecond=0) != self._store.clock.now().replace(microsecond=0):
                    view = replace(view, now=self._store.clock.now())
                    show(view)
                self._stop.wait(max(0.0, 1 / HERTZ - (time.monotonic() - begun)))

    def _advance(self, view: View, events: Iterable[Event]) -> View:
        """Fold events; load what they only name."""
        kinds = set()
        for event in events:
            kinds.add(event.kind)
            view = fold(view, event)
        if Kind.CITY_IMPORTED in kinds:
            return replace(self._lay_roads(self._load()), events=view.events, progress=view.progress)
        if Kind.STREET_RULED in kinds:
            view = self._lay_rules(view)
        if kinds & NEW_PLAN:
            with self._store.read() as work:
                view = lay_plan(view, newest_plan(work))
        return view

    def _load(self) -> View:
        with self._store.read() as work:
            return load_view(work, self._settings)

    def _lay_roads(self, view: View) -> View:
        """The streets of the network in use and our rules on them; none while there is none or it cannot be read."""
        from console.roads import open_roads
        from routing.roads import street_segments

        try:
            self._network, row = open_roads(self._store)
        except (NoRoads, RoutingError, OSError):
            self._network = None
            return self._lay_rules(view)
        streets = replace(street_segments(self._network), attribution=row.attribution)
        return self._lay_rules(replace(view, streets=streets))

    def _lay_rules(self, view: View) -> View:
        with self._store.read() as work:
            return replace(view, rules=load_rules(work, self._network))
