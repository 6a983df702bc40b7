"""The operations console: rooms as modes, one feed in a thread, one View that the screens draw.

Importing this module loads neither the store nor numpy nor any solver: a skeleton is painted first.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, work
from textual.app import SystemCommand
from textual.message import Message
from textual.screen import Screen

from console import i18n
from console.actions import actions_of
from console.hands import Hands, StoreHands
from console.i18n import _
from console.screens.bins import BinsScreen
from console.screens.chargers import ChargersScreen
from console.screens.depot import DepotScreen
from console.screens.log import LogScreen
from console.screens.overview import OverviewScreen
from console.screens.plan import PlanScreen
from console.screens.records import RecordsScreen
from console.screens.small import SMALLEST, TooSmall
from console.screens.station import StationScreen
from console.screens.streets import StreetsScreen
from console.verbs import Verbs
from console.view import View
from console.wording import tell_order
from fleet.orders import SETTLED
from fleet.settings import Settings

if TYPE_CHECKING:
    from console.feed import Feed
    from fleet.store import Store


def rest_collector() -> None:
    """Spare what was loaded from the garbage collector's rounds: going through a large city takes it a twentieth of a
    second, which a person who holds a key down sees. Views are frozen values without cycles; counting frees them.
    """
    gc.freeze()


class Desk(Verbs):
    """The dispatcher's desk. `run()` gives the one line to print after it."""

    TITLE = "binwatt"
    CSS_PATH = "app.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "overview": OverviewScreen,
        "bins": BinsScreen,
        "plan": PlanScreen,
        "chargers": ChargersScreen,
        "depot": DepotScreen,
        "log": LogScreen,
        "streets": StreetsScreen,
        "records": RecordsScreen,
        "station": StationScreen,
    }
    DEFAULT_MODE = "overview"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]  # noqa: RUF012 - as Textual declares it

    class Viewed(Message):
        """A newer view came from the feed."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    def __init__(
        self,
        store: Store | None,
        settings: Settings,
        *,
        operator: str = "",
        hands: Hands | None = None,
        view: View | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.operator = operator
        self.hands = hands or (StoreHands(store, operator, settings) if store else None)
        self.view = view or View(
            store.clock.now() if store else datetime.now(UTC),
            settings.zone,
            settings.city.name,
            settings.city.simulated,
        )
        self.loaded = view is not None
        """Whether a view of the store was seen; empty lists mean something only then."""
        self._store = store
        self._feed: Feed | None = None
        i18n.use(settings.console.language)

    def on_mount(self) -> None:
        """Follow the store."""
        self.theme_changed_signal.subscribe(self, lambda _theme: self.draw_again())
        if self._store is not None:
            self.follow(self._store)

    @work(thread=True)
    def follow(self, store: Store) -> None:
        """Read and follow the store, in a thread."""
        from console.feed import Feed

        self._feed = Feed(store, self.settings)
        self._feed.run(
            self._view_came,
            lambda why: self.call_from_thread(self.notify, why, severity="error"),
        )

    def _view_came(self, view: View) -> None:
        self.post_message(self.Viewed(view))

    def on_unmount(self) -> None:
        """Let the feed end."""
        if self._feed is not None:
            self._feed.stop()
        if isinstance(self.hands, StoreHands):
            self.hands.close()

    def on_desk_viewed(self, message: Viewed) -> None:
        """Keep the newest view and draw it where somebody looks."""
        before, self.view = self.view, message.view
        if self.loaded:
            self._tell_settled(before, message.view)
        elif message.view.bins:
            rest_collector()
        self.loaded = True
        room = self.room()
        if room is not None:
            room.show(message.view)

    def _tell_settled(self, before: View, now: View) -> None:
        """A toast for each order of ours that was answered."""
        for number, order in now.orders.items():
            known = before.orders.get(number)
            if order is not known and order.who == self.operator and order.state in SETTLED:
                good = order.state == "accepted"
                text = tell_order(order.kind, order.state, order.answer)
                self.notify(text, title=order.target, severity="information" if good else "error")

    def on_resize(self, event: events.Resize) -> None:
        """Say so when the terminal is too small, and go on when it is not."""
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        if small and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())
        elif not small and isinstance(self.screen, TooSmall):
            self.pop_screen()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: the registry first, then what Textual offers."""
        room = self.room()
        if room is not None:
            for action in actions_of(room.ROOM):
                title = f"{_(action.label)}  {action.sign}"
                yield SystemCommand(title, _(action.help), lambda name=action.id: room.action_do(name))
        yield from super().get_system_commands(screen)
