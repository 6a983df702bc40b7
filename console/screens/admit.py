"""Letting a new station in: what it is called, where it stands, and what it must prove itself with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, RadioButton, RadioSet, Select

from console.errors import ConsoleError
from console.i18n import _
from console.view import StationView, View
from fleet.errors import FleetError
from fleet.orders import OrderKind, Wanted
from fleet.passwords import LEAST_LENGTH, MOST_LENGTH, hash_password, make_password

if TYPE_CHECKING:
    from console.verbs import Verbs

Key = Literal["made", "typed", "none"]
"""Where the station's password comes from."""
KEYS: tuple[Key, ...] = ("made", "typed", "none")


@dataclass(frozen=True, slots=True)
class Admission:
    """What a dispatcher decided. `password` is None where the station needs none."""

    name: str
    place_id: str
    key: Key
    password: str | None


class Admit(ModalScreen[Admission | None]):
    """The form: Tab goes on, Escape leaves everything as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave")]
    DEFAULT_CSS = """
    Admit { align: center middle; background: $background 60%; }
    Admit > Vertical {
        width: 70; max-width: 96%; height: auto; border: round $accent; border-title-color: $text-accent;
        padding: 0 2; background: $surface;
    }
    Admit Label { margin-top: 1; color: $text-muted; width: 100%; }
    Admit RadioSet { width: 100%; }
    Admit #said { color: $text-error; margin-top: 0; }
    Admit Horizontal { height: auto; align-horizontal: right; }
    Admit Button { margin-left: 2; }
    """

    def __init__(self, station: StationView, view: View) -> None:
        super().__init__()
        self.station = station
        self.places = [(f"{place.name} ({place.place_id})", place.place_id) for place in view.places.values()]

    def compose(self) -> ComposeResult:
        """Name, place, password."""
        station = self.station
        kind = f"{station.vendor} {station.model}".strip()
        with Vertical() as box:
            box.border_title = _("Admit {station}").format(station=station.station_id) + (f" · {kind}" if kind else "")
            box.border_subtitle = _("Tab: on, Esc: leave")
            yield Label(_("Name"))
            yield Input(station.name, placeholder=station.station_id, id="name", compact=True)
            yield Label(_("Place"))
            yield Select(
                self.places,
                prompt=_("no place yet"),
                value=station.place_id if station.place_id in dict(map(reversed, self.places)) else Select.NULL,  # type: ignore[arg-type]
                id="place",
                compact=True,
            )
            yield Label(_("Password"))
            with RadioSet(id="key", compact=True):
                yield RadioButton(_("make a new one and show it once"), value=True)
                yield RadioButton(_("the one I type; the station has it already"))
                yield RadioButton(_("none: its network may come in without (profile 0)"))
            yield Input(password=True, placeholder=_("Password"), id="password", compact=True)
            yield Label("", id="said")
            with Horizontal():
                yield Button(_("Cancel"), id="cancel")
                yield Button(_("Admit"), id="admit", variant="success")

    def on_mount(self) -> None:
        """Begin with the name."""
        self.query_one("#password").display = False
        self.query_one("#name").focus()

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        """A password is typed only where one is wanted."""
        self.query_one("#password").display = KEYS[event.index] == "typed"

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on; after the password it admits."""
        if event.input.id == "password":
            self._admit()
        else:
            self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Admit, or leave."""
        if event.button.id == "admit":
            self._admit()
        else:
            self.dismiss(None)

    def _admit(self) -> None:
        key = KEYS[max(0, self.query_one(RadioSet).pressed_index)]
        typed = self.query_one("#password", Input).value
        if key == "typed" and not LEAST_LENGTH <= len(typed) <= MOST_LENGTH:
            text = _("OCPP passwords have {least} to {most} characters; this one has {n}")
            said = text.format(least=LEAST_LENGTH, most=MOST_LENGTH, n=len(typed))
            self.query_one("#said", Label).update(said)
            return
        place = self.query_one(Select).value
        self.dismiss(
            Admission(
                self.query_one("#name", Input).value.strip(),
                "" if place is Select.NULL else str(place),
                key,
                {"made": make_password(), "typed": typed, "none": None}[key],
            )
        )

    def action_leave(self) -> None:
        """Decide nothing."""
        self.dismiss(None)


class ShownOnce(ModalScreen[None]):
    """A secret nobody will see again. Only Escape closes it: a key held down must not."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss"), Binding("c", "copy")]
    DEFAULT_CSS = """
    ShownOnce { align: center middle; background: $background 60%; }
    ShownOnce > Vertical {
        width: 70; max-width: 96%; height: auto; border: round $warning; padding: 1 2; background: $surface;
        border-title-color: $text-warning;
    }
    ShownOnce #secret { text-style: bold; margin: 1 0; width: 100%; text-align: center; }
    """

    def __init__(self, head: str, secret: str, text: str) -> None:
        super().__init__()
        self.head, self.secret, self.text = head, secret, text

    def compose(self) -> ComposeResult:
        """The secret, alone on its line."""
        with Vertical() as box:
            box.border_title = self.head
            box.border_subtitle = _("c copies it, Esc closes")
            yield Label(self.text)
            yield Label(self.secret, id="secret", markup=False)

    def action_copy(self) -> None:
        """Into the terminal's clipboard, where the terminal allows it."""
        self.app.copy_to_clipboard(self.secret)
        self.notify(_("copied, where this terminal allows it"))


async def admit(app: Verbs, station_id: str) -> None:
    """Ask, order, and show a new password once. The order holds its digest only."""
    station = app.view.stations.get(station_id)
    hands = app.hands
    if station is None or hands is None:
        return
    decided = await app.push_screen_wait(Admit(station, app.view))
    if decided is None:
        return

    def place() -> None:
        args: dict[str, Any] = {"admission": "accepted"}
        args |= {name: value for name, value in (("name", decided.name), ("place_id", decided.place_id)) if value}
        if decided.password is not None:
            args["password_hash"] = hash_password(decided.password)
        hands.place(Wanted(OrderKind.ADMIT_STATION, station_id, args))

    try:
        await asyncio.to_thread(place)
    except (FleetError, ConsoleError) as error:
        app.notify(str(error), title=_("Admit"), severity="error", timeout=8)
        return
    if decided.key == "made" and decided.password is not None:
        text = _("Set it at the station. Here only its digest is kept: it is not shown again.")
        head = _("Password of {station}").format(station=station_id)
        await app.push_screen_wait(ShownOnce(head, decided.password, text))
