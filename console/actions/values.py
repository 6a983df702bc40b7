"""What an action is made of, and what it may know: the view and what is selected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from console.i18n import N_
from console.view import EvseView, StationView, View
from fleet.orders import Wanted

if TYPE_CHECKING:
    from console.hands import Hands

Options: TypeAlias = tuple[tuple[str, str], ...]
"""What can be picked: the value of each, and how it reads."""

Room = Literal["overview", "bins", "plan", "chargers", "depot", "log", "streets", "records", "station"]
ROOMS: dict[Room, str] = {
    "overview": N_("Overview"),
    "bins": N_("Bins"),
    "plan": N_("Plan"),
    "chargers": N_("Chargers"),
    "depot": N_("Depot"),
    "log": N_("Log"),
}
SIDE_ROOMS: dict[Room, str] = {"streets": N_("Streets"), "records": N_("Records"), "station": N_("Station")}
"""Rooms entered now and then: their tab shows only while one is in them."""
ALL_ROOMS = ROOMS | SIDE_ROOMS
EVERYWHERE: tuple[Room, ...] = tuple(ALL_ROOMS)
MAPS: tuple[Room, ...] = ("overview", "bins", "plan", "streets")
STREETS: tuple[Room, ...] = ("streets",)
CHARGING: tuple[Room, ...] = ("chargers", "station")
"""The board of stations and the page of one: what is done to a station is done on both."""
BOARD: tuple[Room, ...] = ("chargers",)

KEY_SIGNS = {
    "plus": "+", "minus": "-", "less_than_sign": "<", "greater_than_sign": ">", "full_stop": ".",
    "question_mark": "?", "slash": "/", "exclamation_mark": "!", "space": "␣", "enter": "⏎", "escape": "Esc",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """What the cursor of a screen stands on."""

    bin_id: str = ""
    station_id: str = ""
    evse: int = 0
    alarm_id: int = 0
    truck_id: str = ""
    rule_id: int = 0
    order_id: int = 0
    sheet: str = ""
    """Which list of the records room is shown; `record` is the key of its line, `state`, `value`, `name` its own."""
    record: str = ""
    state: str = ""
    value: str = ""
    name: str = ""
    marked: tuple[str, ...] = ()
    """Stations an order goes to together."""

    def station(self, view: View) -> StationView | None:
        """The station, if one is selected and known."""
        return view.stations.get(self.station_id)

    def place(self, view: View) -> EvseView | None:
        """The EVSE, if one is selected and known."""
        station = self.station(view)
        return station.evse(self.evse) if station else None


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be typed or picked before an action is done.

    `options` gives what to pick from; `known` reads it from the store, in a thread.
    """

    name: str
    label: str
    optional: bool = False
    start: Callable[[View, Selection], str] = lambda _view, _at: ""
    options: Callable[[View, Selection], Options] | None = None
    known: Callable[[Hands, View, Selection], Options] | None = None


Answers = Mapping[str, str]
Reason = Callable[[View, Selection], str | None]


def always(_view: View, _at: Selection) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do.

    `why_not` gives the reason it cannot be done now, or None. `danger` gives the question a dialog asks first, or None
    when no dialog is needed in this state.
    """

    id: str
    key: str
    label: str
    help: str
    rooms: tuple[Room, ...] = EVERYWHERE
    why_not: Reason = always
    danger: Reason = always
    questions: tuple[Question, ...] = ()
    order: Callable[[View, Selection, Answers], tuple[Wanted, ...]] | None = None
    bar: bool = True
    """Whether the key bar shows it."""
    verb: str = ""
    """The screen's or the app's method, if it is not named after the id."""
    args: tuple[str, ...] = ()
    """What the verb is called with."""

    @property
    def sign(self) -> str:
        """The key as a person reads it."""
        return KEY_SIGNS.get(self.key, self.key)

    @property
    def method(self) -> str:
        """The verb of the screen it calls when it orders nothing."""
        return "do_" + (self.verb or self.id.replace(".", "_"))
