"""Everything a person can do, once: key, words, where, when it cannot be done, what it asks, what it orders.

Keys of the screens, key bar, palette, help screen and docs/keys.md all read ACTIONS; nothing else binds a key to a
deed. An action either places an order (`order`) or calls a verb of the screen (`do_<verb>`).
"""

from __future__ import annotations

from console.actions.guards import (
    danger_availability,
    danger_reset,
    danger_stop_all,
    danger_unlock,
    danger_withdraw,
    may_admit,
    may_plan,
    may_publish,
    may_start,
    may_stop,
    may_stop_all,
    may_withdraw,
    needs_alarm,
    needs_bin,
    needs_station,
    needs_time,
)
from console.actions.orders import (
    for_station,
    known_cards,
    limit_now,
    messages,
    order_availability,
    order_get,
    order_limit,
    order_plan,
    order_publish,
    order_set,
    order_start,
    order_stop,
    order_stop_all,
    order_trigger,
    order_withdraw,
)
from console.actions.records import RECORD_ACTIONS
from console.actions.shaping import (
    may_redo,
    may_shape,
    may_undo,
    needs_left,
    needs_other_and_stop,
    needs_other_truck,
    needs_plan,
    needs_route,
    needs_stop,
)
from console.actions.station import BOARD_ACTIONS, STATION_ACTIONS
from console.actions.streets import danger_delete, needs_rule, needs_standing_rule, needs_streets, order_rule
from console.actions.values import (
    ALL_ROOMS,
    CHARGING,
    EVERYWHERE,
    MAPS,
    ROOMS,
    STREETS,
    Action,
    Answers,
    Options,
    Question,
    Room,
    Selection,
)
from console.i18n import N_
from fleet.orders import OrderKind

__all__ = [
    "ACTIONS",
    "ALL_ROOMS",
    "BY_ID",
    "ROOMS",
    "Action",
    "Answers",
    "Options",
    "Question",
    "Room",
    "Selection",
    "actions_of",
    "keys_table",
]

ACTIONS: tuple[Action, ...] = (
    Action("help", "question_mark", N_("Keys"), N_("Show the keys of this screen.")),
    Action("quit", "q", N_("Quit"), N_("Leave the console; server and plan go on."), bar=False),
    Action("language", "L", N_("Language"), N_("Speak the next language."), bar=False),
    *(
        Action(f"room.{room}", str(number), label, N_("Go to this screen."), bar=False, verb="go", args=(room,))
        for number, (room, label) in enumerate(ALL_ROOMS.items(), 1)
    ),
    Action("time.pause", "space", N_("Pause"), N_("Stop simulated time, or let it run on."), why_not=needs_time),
    Action("time.slower", "less_than_sign", N_("Slower"), N_("Halve the pace of simulated time."), why_not=needs_time,
           bar=False),
    Action("time.faster", "greater_than_sign", N_("Faster"), N_("Double the pace of simulated time."),
           why_not=needs_time, bar=False),
    Action("time.step", "full_stop", N_("Step"), N_("Move simulated time on by ten minutes."), why_not=needs_time,
           bar=False),
    Action("map.in", "plus", N_("Zoom in"), N_("Show the map nearer."), MAPS, bar=False),
    Action("map.out", "minus", N_("Zoom out"), N_("Show more of the map."), MAPS, bar=False),
    Action("map.fit", "0", N_("Fit"), N_("Show the whole city."), MAPS, bar=False),
    Action("map.layers", "m", N_("Layers"), N_("Go round the layers of the map; a click in its legend hides one."),
           MAPS),
    Action("map.centre", "z", N_("Centre"), N_("Centre the map on the bin under the cursor."), ("bins",),
           why_not=needs_bin),
    Action("alarm.ack", "a", N_("Acknowledge"), N_("Take the alarm under the cursor on yourself."),
           ("overview", "log"), why_not=needs_alarm),
    Action("panel.next", "v", N_("Next list"), N_("Show the next list of this screen."), ("plan", "log", *CHARGING)),
    Action("plan.make", "n", N_("New plan"), N_("Make the plan of the next morning; the night job does it too."),
           ("plan",), why_not=may_plan, order=order_plan),
    Action("plan.publish", "p", N_("Publish"), N_("Put the draft in force: crews drive it, chargers follow its needs."),
           ("plan",), why_not=may_publish, questions=(Question("note", N_("Note to the crews"), True),),
           order=order_publish),
    Action("plan.withdraw", "w", N_("Withdraw"), N_("Take the published plan out of force."), ("plan",),
           why_not=may_withdraw, danger=danger_withdraw, order=order_withdraw),
    Action("plan.move", "t", N_("Move"), N_("Let another truck empty this bin, where it fits best."), ("plan",),
           why_not=needs_other_and_stop),
    Action("plan.earlier", "K", N_("Earlier"), N_("Empty this bin one stop earlier."), ("plan",), why_not=needs_stop,
           bar=False),
    Action("plan.later", "J", N_("Later"), N_("Empty this bin one stop later."), ("plan",), why_not=needs_stop,
           bar=False),
    Action("plan.add", "a", N_("Add"), N_("Empty this bin after all: by the truck it costs least, or one you pick."),
           ("plan",), why_not=needs_left),
    Action("plan.drop", "d", N_("Drop"), N_("Leave this bin out."), ("plan",), why_not=needs_stop),
    Action("plan.lock", "l", N_("Lock"), N_("Hold this bin to its truck, or this route as it is; again lets it go."),
           ("plan",), why_not=needs_route),
    Action("plan.improve", "i", N_("Improve"), N_("Search two seconds for better rounds around everything locked."),
           ("plan",), why_not=may_shape),
    Action("plan.undo", "u", N_("Undo"), N_("Take the last edit of this plan back, whoever made it."), ("plan",),
           why_not=may_undo),
    Action("plan.redo", "U", N_("Redo"), N_("Do the edit taken back last again."), ("plan",), why_not=may_redo,
           bar=False),
    Action("plan.swap", "x", N_("Swap"), N_("Let two trucks drive each other's route."), ("plan",),
           why_not=needs_other_truck),
    Action("plan.split", "y", N_("Split"), N_("Cut the route before this stop; another truck drives the rest."),
           ("plan",), why_not=needs_other_and_stop),
    Action("plan.start", "e", N_("Depart at"), N_("Let this truck depart at a time; empty: when it is best."),
           ("plan",), why_not=needs_route),
    Action("plan.compare", "c", N_("Compare"), N_("Show this plan beside another of the same day."), ("plan",),
           why_not=needs_plan),
    Action("plan.print", "P", N_("Print"), N_("Write the route sheets of this plan, or of the selected truck."),
           ("plan",), why_not=needs_plan),
    Action("street.add", "n", N_("New rule"), N_("Rule a street: closed, one way, too narrow, slower."), STREETS,
           why_not=needs_streets),
    Action("street.edit", "e", N_("Change"), N_("Change figure, period and reason of this rule."), STREETS,
           why_not=needs_rule),
    Action("street.end", "w", N_("End"), N_("End this rule: it stays on record and holds no more."), STREETS,
           why_not=needs_standing_rule, order=order_rule("end")),
    Action("street.delete", "d", N_("Delete"), N_("Delete a rule that never should have been."), STREETS,
           why_not=needs_rule, danger=danger_delete, order=order_rule("delete")),
    *BOARD_ACTIONS,
    Action("charge.start", "c", N_("Start"), N_("Start a charge at this EVSE with a card."), CHARGING,
           why_not=may_start, questions=(Question("token", N_("Card"), known=known_cards),), order=order_start),
    Action("charge.stop", "x", N_("Stop"), N_("Stop the charge at this EVSE."), CHARGING, why_not=may_stop,
           order=order_stop),
    Action("charge.stop_all", "X", N_("Stop all"), N_("Stop every charge under way."), ("chargers", "depot"),
           why_not=may_stop_all, danger=danger_stop_all, order=order_stop_all),
    Action("station.limit", "l", N_("Limit"), N_("Limit what this station draws, in kW; empty lifts the limit."),
           CHARGING, why_not=needs_station,
           questions=(Question("limit_kw", N_("Limit in kW"), True, limit_now),),
           order=order_limit),
    Action("station.clear", "P", N_("Clear profiles"), N_("Remove the charging profiles of this EVSE."), CHARGING,
           why_not=needs_station,
           order=for_station(OrderKind.CLEAR_PROFILE, purpose="TxProfile", evse=True), bar=False),
    Action("station.reset", "r", N_("Reset"), N_("Restart the station once its charges are over."), CHARGING,
           why_not=needs_station, order=for_station(OrderKind.RESET, how="soft")),
    Action("station.reset_hard", "R", N_("Reset hard"), N_("Restart the station at once."), CHARGING,
           why_not=needs_station, danger=danger_reset, order=for_station(OrderKind.RESET, how="hard"), bar=False),
    Action("station.unlock", "u", N_("Unlock"), N_("Unlock the connector."), CHARGING, why_not=needs_station,
           danger=danger_unlock, order=for_station(OrderKind.UNLOCK, evse=True)),
    Action("station.availability", "o", N_("In/out"), N_("Take this EVSE out of service, or back into it."), CHARGING,
           why_not=needs_station, danger=danger_availability, order=order_availability),
    Action("station.get", "i", N_("Read"), N_("Read the station's settings: names, or nothing for all."), CHARGING,
           why_not=needs_station, questions=(Question("names", N_("Names"), True),), order=order_get),
    Action("station.set", "e", N_("Write"), N_("Change one of the station's settings."), CHARGING,
           why_not=needs_station, questions=(Question("name", N_("Name")), Question("value", N_("Value"))),
           order=order_set, bar=False),
    Action("station.trigger", "t", N_("Trigger"), N_("Ask the station to send a message now."), CHARGING,
           why_not=needs_station, questions=(Question("message", N_("Message"), options=messages),),
           order=order_trigger, bar=False),
    Action("station.admit", "y", N_("Admit"), N_("Accept a parked station: its name, its place, its password."),
           CHARGING, why_not=may_admit),
    Action("station.refuse", "n", N_("Refuse"), N_("Refuse a parked station."), CHARGING, why_not=may_admit,
           order=for_station(OrderKind.ADMIT_STATION, admission="refused"), bar=False),
    *STATION_ACTIONS,
    *RECORD_ACTIONS,
)  # fmt: skip
BY_ID = {action.id: action for action in ACTIONS}


def actions_of(room: Room) -> tuple[Action, ...]:
    """What can be done on a screen: its own first, then what can be done everywhere."""
    own = [action for action in ACTIONS if room in action.rooms and action.rooms is not EVERYWHERE]
    return (*own, *(action for action in ACTIONS if action.rooms is EVERYWHERE))


def keys_table() -> str:
    """All keys as a table in Markdown: docs/keys.md is this text."""
    lines = ["| key | what | where | does |", "|---|---|---|---|"]
    for action in ACTIONS:
        where = "everywhere" if action.rooms is EVERYWHERE else ", ".join(ALL_ROOMS[room] for room in action.rooms)
        lines.append(f"| `{action.sign}` | {action.label} | {where} | {action.help} |")
    return "\n".join(lines) + "\n"
