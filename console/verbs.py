"""What the keys that hold everywhere do: help, language, leaving, the pace of simulated time, orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from textual import work
from textual.app import App

from console import i18n
from console.errors import ConsoleError
from console.hands import Hands
from console.i18n import _
from console.screens.admit import admit
from console.screens.help import Help
from console.screens.rawcall import call_raw
from console.screens.room import RoomScreen
from console.view import View
from fleet.errors import FleetError
from fleet.orders import Wanted

STEP = timedelta(minutes=10)
SLOWEST, FASTEST = 1.0, 960.0


class Verbs(App[str]):
    """The app's own verbs, named by the registry: `do_<verb>`."""

    view: View
    hands: Hands | None
    resumed_speed = 60.0
    """How fast simulated time went before it was paused."""

    def place(self, wanted: Wanted) -> None:
        """Place an order."""
        self.carry_out(lambda hands: hands.place(wanted))

    @work(thread=True)
    def carry_out(self, deed: Callable[[Hands], None]) -> None:
        """Do something to the world, off the screen's thread; what goes wrong is one toast."""
        if self.hands is None:
            return
        try:
            deed(self.hands)
        except (FleetError, ConsoleError) as error:
            self.call_from_thread(self.notify, str(error), severity="error", timeout=8)

    def room(self) -> RoomScreen | None:
        """The screen being worked in, under any dialog."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, RoomScreen)), None)

    def draw_again(self) -> None:
        """Draw all anew: language or theme changed."""
        room = self.room()
        if room is not None:
            room.show_again()

    def do_go(self, room: str) -> None:
        """Go to another room."""
        self.switch_mode(room)

    def action_go(self, room: str) -> None:
        """The same, for a click on the top bar."""
        self.do_go(room)

    def go_to(self, subject: str) -> None:
        """Go to the room of a bin, a station (or STATION/EVSE) or a plan, with the cursor on it."""
        if subject in self.view.bins:
            room = "bins"
        elif subject.partition("/")[0] in self.view.stations:
            room = "chargers"
        elif subject in self.view.needs:
            room = "depot"
        elif subject in self.view.trucks:
            room = "plan"
        else:
            return
        self.switch_mode(room)
        self.call_after_refresh(self._select, subject)

    def _select(self, subject: str) -> None:
        room = self.room()
        if room is not None:
            room.select(subject)

    def do_help(self) -> None:
        """Show the keys."""
        room = self.room()
        if room is not None:
            self.push_screen(Help(room.ROOM, self.view, room.selection()))

    def do_quit(self) -> None:
        """Leave, with the one command that may come next."""
        command = "./run demo" if self.view.simulated else "binwatt console"
        self.exit(_("To come back: {command}").format(command=command))

    def do_language(self) -> None:
        """Speak the next language."""
        i18n.use(i18n.following())
        self.draw_again()
        self.notify(i18n.LANGUAGES[i18n.language()])

    def do_time_pause(self) -> None:
        """Stop time, or let it go on as before."""
        if self.view.speed:
            self.resumed_speed = self.view.speed
        speed = 0.0 if self.view.speed else self.resumed_speed
        self.carry_out(lambda hands: hands.set_speed(speed))

    def do_time_slower(self) -> None:
        """Halve the pace."""
        self._pace(0.5)

    def do_time_faster(self) -> None:
        """Double the pace."""
        self._pace(2.0)

    def do_time_step(self) -> None:
        """Ten minutes on."""
        self.carry_out(lambda hands: hands.skip(STEP))

    def _pace(self, factor: float) -> None:
        speed = max(SLOWEST, min(FASTEST, (self.view.speed or self.resumed_speed) * factor))
        self.carry_out(lambda hands: hands.set_speed(speed))

    @work
    async def do_station_admit(self) -> None:
        """Accept the parked station that is selected."""
        room = self.room()
        if room is not None:
            await admit(self, room.selection().station_id)

    @work
    async def do_station_call(self) -> None:
        """Send the selected station any request."""
        room = self.room()
        if room is not None:
            await call_raw(self, room.selection().station_id)

    def do_alarm_ack(self) -> None:
        """Take the selected alarm on."""
        room = self.room()
        if room is not None:
            number = room.selection().alarm_id
            self.carry_out(lambda hands: hands.acknowledge(number))
