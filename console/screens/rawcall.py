"""Any request to a station, for experts: picked by name, begun from its least payload, judged while it is typed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, TextArea

from console.errors import ConsoleError
from console.i18n import _
from console.screens.ask import Pick
from fleet.errors import FleetError
from fleet.orders import OrderKind, Wanted

if TYPE_CHECKING:
    from chargers.central.schemas import Version
    from console.verbs import Verbs

VERSIONS: dict[str, Version] = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1", "ocpp2.1": "2.1"}


class Compose(ModalScreen[dict[str, Any] | None]):
    """A payload as JSON. `judge` says what is wrong with it; while it does, nothing is sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", priority=True),
        Binding("ctrl+s,f2", "send", priority=True),
    ]
    DEFAULT_CSS = """
    Compose { align: center middle; background: $background 60%; }
    Compose > Vertical {
        width: 96%; height: 90%; border: round $accent; border-title-color: $text-accent; padding: 0 1;
        background: $surface;
    }
    Compose TextArea, Compose TextArea:focus { height: 1fr; border: none; padding: 0; }
    Compose Label { width: 100%; color: $text-muted; }
    Compose .good { color: $text-success; }
    Compose .bad { color: $text-error; }
    """

    def __init__(self, head: str, start: str, more: str, judge: Callable[[object], str | None]) -> None:
        super().__init__()
        self.head, self.start, self.more = head, start, more
        self.judge = judge

    def compose(self) -> ComposeResult:
        """Payload, verdict, and what may be added."""
        with Vertical() as box:
            box.border_title = self.head
            box.border_subtitle = _("Ctrl+S or F2: send, Esc: leave")
            yield TextArea(self.start, tab_behavior="indent", show_line_numbers=True)
            yield Label("", id="verdict", markup=False)
            if self.more:
                yield Label(_("may be added: {names}").format(names=self.more), markup=False)

    def on_mount(self) -> None:
        """Judge what it begins with."""
        self.query_one(TextArea).focus()
        self._tell()

    def on_text_area_changed(self) -> None:
        """Judge again."""
        self._tell()

    def read(self) -> tuple[dict[str, Any] | None, str]:
        """The payload when it may be sent, else None and why not."""
        try:
            payload = json.loads(self.query_one(TextArea).text)
        except ValueError as error:
            return None, _("the payload is no JSON: {why}").format(why=error)
        fault = self.judge(payload)
        return (None, fault) if fault is not None else (payload, "")

    def _tell(self) -> None:
        _payload, fault = self.read()
        verdict = self.query_one("#verdict", Label)
        verdict.update(f"✖ {fault}" if fault else "✔ " + _("fits its schema"))
        verdict.set_class(not fault, "good")
        verdict.set_class(bool(fault), "bad")

    def action_send(self) -> None:
        """Give the payload, if it is one."""
        payload, fault = self.read()
        if payload is None:
            self.notify(fault, severity="error")
        else:
            self.dismiss(payload)

    def action_leave(self) -> None:
        """Send nothing."""
        self.dismiss(None)


async def call_raw(app: Verbs, station_id: str) -> None:
    """Pick a request of the station's version, write its payload, order it."""
    from chargers.central.schemas import judge
    from chargers.central.skeletons import askable, optional_fields, skeleton

    station = app.view.stations.get(station_id)
    if station is None or app.hands is None:
        return
    version = VERSIONS.get(station.protocol, "1.6")
    names = tuple((name, name) for name in askable(version))
    head = _("Request of OCPP {version} to {station}").format(version=version, station=station_id)
    action = await app.push_screen_wait(Pick(head, names))
    if action is None:
        return

    def fault_of(payload: object) -> str | None:
        fault = judge(version, action, "request", payload)
        return None if fault is None else fault.text

    start = json.dumps(skeleton(version, action), indent=2)
    more = ", ".join(optional_fields(version, action))
    payload = await app.push_screen_wait(Compose(f"{action} → {station_id}", start, more, fault_of))
    if payload is None:
        return
    try:
        wanted = Wanted(OrderKind.CALL, station_id, {"action": action, "payload": payload})
        await asyncio.to_thread(app.hands.place, wanted)
    except (FleetError, ConsoleError) as error:
        app.notify(str(error), title=action, severity="error", timeout=8)
