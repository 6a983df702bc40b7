"""What the board and the page of a station share: what a place to charge does, and what the panels tell of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from console.faults import Explained, known_faults
from console.i18n import _
from console.records.values import WHOLE_CITY, Sheet
from console.view import EvseView, OrderView, StationView, View
from console.widgets.columns import Cell, Level
from console.widgets.panel import Gauge, Line, Pair, Say
from console.wording import (
    NOTHING,
    ORDER_WORDS,
    STATE_SIGNS,
    STATE_WORDS,
    STATUS_WORDS,
    ago,
    clock,
    duration,
    figure,
    percent,
)

if TYPE_CHECKING:
    from console.app import Desk

LONGEST = 120
"""Letters of an argument or answer that are shown."""
MOST_STEPS = 8
"""Steps of a charging profile that are shown."""
IDLE_KW = 0.1
"""Below this nothing is charged, only kept awake."""
STATUS_LEVELS: dict[str, Level] = {
    "Faulted": "bad",
    "Charging": "good",
    "Unavailable": "dim",
    "Available": "plain",
}


def doing(evse: EvseView) -> str:
    """What an EVSE is doing in the finer words of 1.6; 2.0.1 only says that it is occupied."""
    if evse.status != "Occupied":
        return evse.status
    if evse.transaction is None:
        return "Preparing"
    return "Charging" if (evse.power_kw or 0.0) > IDLE_KW else "SuspendedEVSE"


def state_of(station: StationView, evse: EvseView | None) -> str:
    """One word for what a place does: "parked", "refused", "offline", what its EVSE is doing; empty: nobody knows."""
    if station.admission != "accepted":
        return station.admission
    if not station.online:
        return "offline"
    return doing(evse) if evse is not None else ""


def state_words(state: str) -> str:
    """Such a word in the language in force."""
    if state == "offline":
        return _("offline")
    return _(STATUS_WORDS.get(state) or STATE_WORDS.get(state, state))


def state_cell(state: str) -> Cell:
    """Such a word with its sign."""
    if not state:
        return Cell(NOTHING, "dim")
    if state in ("parked", "refused"):
        return Cell(f"? {state_words(state)}", "warn")
    sign = "⊘" if state == "offline" else STATE_SIGNS.get(state, "?")
    return Cell(f"{sign} {state_words(state)}", "dim" if state == "offline" else STATUS_LEVELS.get(state, "note"))


def power_cell(station: StationView, evse: EvseView | None) -> Cell:
    """What an EVSE draws, as a bar of what it can."""
    if evse is None or evse.power_kw is None:
        return Cell(NOTHING, "dim", 0.0)
    return Cell(f"{evse.power_kw:.1f}", "good", evse.power_kw / (evse.max_kw or station.max_kw or 1.0))


def who_charges(evse: EvseView | None) -> str:
    """The truck, else the card, that charges there."""
    charge = evse.transaction if evse else None
    return (charge.truck_id or charge.token) if charge else ""


def fault_of(evse: EvseView | None) -> str:
    """The error an EVSE reports; empty where it reports none."""
    return evse.error_code if evse is not None and evse.error_code != "NoError" else ""


def tell_fault(station: StationView, evse: EvseView) -> list[Line]:
    """The error an EVSE reports: as told, what it means and what to do."""
    code = fault_of(evse)
    if not code and evse.status != "Faulted":
        return []
    told = known_faults().of_code(code, evse.info, station.vendor)
    name = code or _("Faulted")
    return [Say(f"✖ {name} {evse.info}".rstrip(), "bad"), *tell_explained(told)]


def parts_alarmed(view: View) -> dict[str, tuple[str, ...]]:
    """Parts of 2.0.1 stations for which an alarm stands ("Component.Variable"), by station."""
    found: dict[str, tuple[str, ...]] = {}
    for alarm in view.alarms.values():
        if alarm.kind == "station.device":
            station_id, _slash, part = alarm.subject.partition("/")
            found[station_id] = (*found.get(station_id, ()), part)
    return found


def tell_parts(station: StationView, parts: tuple[str, ...]) -> list[Line]:
    """Such parts, what it means and what to do."""
    lines: list[Line] = []
    for part in parts:
        component, _dot, variable = part.rpartition(".")
        told = known_faults().of_event(component, variable, vendor=station.vendor)
        lines += [Say(f"✖ {part}", "bad"), *tell_explained(told)]
    return lines


def tell_explained(told: Explained | None) -> list[Line]:
    """What a fault means and what to do, where it is known."""
    return [Say(told.means), Say(f"→ {told.todo}", "note")] if told is not None else []


def tell_evse(view: View, station: StationView, evse: EvseView) -> list[Line]:
    """State, power, fault, charge of an EVSE."""
    state = state_cell(state_of(station, evse))
    lines: list[Line] = [
        Pair(_("state"), state.text, state.level),
        Pair(_("power"), f"{figure(evse.power_kw, 'kW', 1)} / {evse.max_kw:g} kW"),
        Pair(_("offered"), figure(evse.offered_kw, "kW", 1)),
        *tell_fault(station, evse),
    ]
    if station.limit_kw is not None:
        lines.append(Pair(_("limited to"), f"{station.limit_kw:g} kW", "warn"))
    if evse.profile:
        lines.append(Pair(_("profile"), evse.profile))
    return lines + tell_charge(view, evse)


def tell_charge(view: View, evse: EvseView) -> list[Line]:
    """The charge under way: who, since when, how much."""
    charge = evse.transaction
    if charge is None:
        return []
    start = charge.start_wh
    taken = None if start is None or evse.energy_wh is None else (evse.energy_wh - start) / 1000
    lines: list[Line] = [
        Pair(_("charge"), f"#{charge.transaction_id} {charge.truck_id or charge.token}", "note"),
        Pair(_("since"), f"{clock(view, charge.started_at)} ({ago(view, charge.started_at)})"),
        Pair(_("taken"), figure(taken, "kWh", 1)),
    ]
    if evse.soc is not None:
        lines.append(Gauge(_("battery"), evse.soc, percent(evse.soc), "good"))
    need = view.needs.get(charge.truck_id)
    if need is not None:
        lines.append(Pair(_("ready by"), clock(view, need.ready_by)))
    return lines


def tell_order(view: View, order: OrderView) -> list[Line]:
    """An order in full: who and why, its steps with their times, what it asked and was answered."""
    lines: list[Line] = [Say(_(ORDER_WORDS.get(order.kind, order.kind)), head=f"#{order.order_id}")]
    if order.who or order.why:
        lines.append(Say(f"{order.who} {order.why}".strip(), "dim"))
    steps = [("queued", order.ordered_at), ("sent", order.sent_at)]
    if order.state not in ("queued", "sent"):
        steps.append((order.state, order.at))
    lines += [Pair(_(STATE_WORDS.get(state, state)), clock(view, at)) for state, at in steps if at is not None]
    if order.waits and order.expires_at is not None:
        lines.append(Pair(_("runs out in"), duration(order.expires_at - view.now), "warn"))
    for name, value in order.args.items():
        profile = tell_profile(view, value) if name == "profile" else []
        lines += profile or [Say(f"{name}: {_short(value)}", "dim")]
    for name, value in (order.answer or {}).items():
        if isinstance(value, dict):
            lines += [Say(f"{key} = {_short(item)}") for key, item in list(value.items())[:40]]
        else:
            lines.append(Say(f"{name}: {_short(value)}"))
    return lines


def tell_profile(view: View, body: object) -> list[Line]:
    """A charging profile as its steps: from when, how much; nothing where it cannot be read."""
    from chargers.errors import ProfileError
    from chargers.profile import from_v201

    try:
        profile = from_v201(body) if isinstance(body, dict) else None
    except ProfileError:
        profile = None
    if profile is None:
        return []
    schedule = profile.schedule
    lines: list[Line] = [Say(str(profile.purpose), "dim")]
    for period in schedule.periods[:MOST_STEPS]:
        after = timedelta(seconds=period.start_s)
        when = f"+{duration(after)}" if schedule.start is None else clock(view, schedule.start + after)
        limit = figure(period.limit / 1000, "kW", 1) if schedule.unit == "W" else figure(period.limit, "A", 1)
        lines.append(Pair(when, limit, "note"))
    left = len(schedule.periods) - MOST_STEPS
    return [*lines, Say(f"+{left}", "dim")] if left > 0 else lines


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def open_list(desk: Desk, sheet: Sheet, station_id: str) -> None:
    """Open a list of a station in the records room."""
    from console.screens.records import RecordsScreen

    def show() -> None:
        if isinstance(desk.screen, RecordsScreen):
            desk.screen.open(sheet, "" if sheet in WHOLE_CITY else station_id)

    desk.switch_mode("records")
    desk.call_after_refresh(show)


def open_station(desk: Desk, station_id: str, evse: int) -> None:
    """Open the page of a station, the cursor on one of its EVSEs."""
    from console.screens.station import StationScreen

    def show() -> None:
        if isinstance(desk.screen, StationScreen):
            desk.screen.open(station_id, evse)

    desk.switch_mode("station")
    desk.call_after_refresh(show)
