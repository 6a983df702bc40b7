"""What can be done with lines of the records room, and with many stations at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from console.actions.guards import needs_station
from console.actions.orders import known_cards, known_firmware
from console.actions.values import BOARD, CHARGING, Action, Answers, Question, Room, Selection
from console.errors import ActionDisabled
from console.i18n import N_, _
from console.records.values import TITLES
from console.view import View
from fleet.orders import OrderKind, Wanted

RECORDS: tuple[Room, ...] = ("records",)
AWAY_LIFETIME = timedelta(hours=12)
"""How long orders that suit a station's own time wait for it to come back."""
LIST_KEYS = {
    "messages": "M", "variables": "V", "profiles": "O", "device": "D", "transactions": "T", "cards": "I",
    "reservations": "B", "campaigns": "C", "firmware": "F", "files": "Z", "security": "Y",
}  # fmt: skip


def needs_sheet(sheet: str, *states: str) -> Callable[[View, Selection], str | None]:
    """A line of this list is selected, and in one of these states."""

    def why_not(_view: View, at: Selection) -> str | None:
        if at.sheet != sheet or not at.record:
            return _("select a line of the list {list} first").format(list=_(TITLES[sheet]))  # type: ignore[index]
        if states and at.state not in states:
            return _("it is {state}").format(state=at.state)
        return None

    return why_not


def needs_list(_view: View, at: Selection) -> str | None:
    return None if at.sheet else _("nothing is listed")


def needs_accepted(view: View, at: Selection) -> str | None:
    station = at.station(view)
    if station is None:
        return _("no station is selected")
    return None if station.admission == "accepted" else _("only for stations that are accepted")


def may_repeat(view: View, at: Selection) -> str | None:
    order = view.orders.get(at.order_id)
    if order is None or order.state not in {"rejected", "failed", "expired", "withdrawn"}:
        return _("select an order that was not carried out first")
    return None


def danger_close(_view: View, at: Selection) -> str | None:
    return _("Close charge {number} here? The station is not asked.").format(number=at.record)


def order_again(view: View, at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
    order = view.orders[at.order_id]
    return (Wanted(OrderKind(order.kind), order.target, dict(order.args), why=order.why),)


def order_reserve(view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    until = view.now + timedelta(minutes=float(answers["minutes"].replace(",", ".")))
    args = {"evse": at.evse, "token": answers["token"], "until": until.isoformat()}
    return (Wanted(OrderKind.RESERVE, at.station_id, args),)


def order_cancel(_view: View, at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
    return (Wanted(OrderKind.CANCEL_RESERVATION, at.station_id, {"reservation_id": int(at.record)}),)


def order_close(_view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    return (Wanted(OrderKind.CLOSE_TRANSACTION, at.record, why=answers["why"]),)


def order_card(view: View, _at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    """A card that is accepted; until the end of the last day, if one is said."""
    args: dict[str, Any] = {"status": "Accepted"}
    args |= {name: answers[name].strip() for name in ("holder", "group_id") if answers.get(name, "").strip()}
    last = answers.get("last_day", "").strip()
    if last:
        try:
            day = date.fromisoformat(last)
        except ValueError as error:
            raise ActionDisabled(_("{text} is no day; write YYYY-MM-DD").format(text=last)) from error
        args["expires_at"] = datetime.combine(day + timedelta(days=1), time.min, view.zone).isoformat()
    return (Wanted(OrderKind.SET_TOKEN, answers["token"].strip(), args),)


def order_block(_view: View, at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
    status = "Blocked" if at.state == "Accepted" else "Accepted"
    return (Wanted(OrderKind.SET_TOKEN, at.record, {"status": status}),)


def order_variable(_view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    args = {"values": {at.name: answers["value"]}}
    return (Wanted(OrderKind.SET_VARIABLES, at.station_id, args, lifetime=AWAY_LIFETIME),)


def order_campaign(deed: str) -> Callable[[View, Selection, Answers], tuple[Wanted, ...]]:
    """The order to let a campaign go on, rest or end."""

    def order(_view: View, at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
        return (Wanted(OrderKind.RUN_CAMPAIGN, at.record, {"do": deed}),)

    return order


def _of_many(kind: OrderKind, at: Selection, args: dict[str, Any]) -> tuple[Wanted, ...]:
    """One order for one station, a campaign for several."""
    if len(at.marked) < 2:
        return (Wanted(kind, at.marked[0] if at.marked else at.station_id, args, lifetime=AWAY_LIFETIME),)
    whole = {"do": "start", "kind": str(kind), "stations": list(at.marked), "args": args}
    return (Wanted(OrderKind.RUN_CAMPAIGN, "new", whole),)


def order_firmware(_view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    return _of_many(OrderKind.UPDATE_FIRMWARE, at, {"firmware_id": int(answers["firmware"])})


def order_log(_view: View, at: Selection, answers: Answers) -> tuple[Wanted, ...]:
    return _of_many(OrderKind.GET_LOG, at, {"log": answers["log"]})


def logs(_view: View, _at: Selection) -> tuple[tuple[str, str], ...]:
    return (("diagnostics", _("diagnostics")), ("security", _("security")))


RECORD_ACTIONS: tuple[Action, ...] = (
    *(
        Action(f"list.{sheet}", key, TITLES[sheet], N_("List these, of the selected station where they are its own."),  # type: ignore[index]
               (*CHARGING, *RECORDS), bar=False, verb="list", args=(sheet,))
        for sheet, key in LIST_KEYS.items()
    ),
    Action("list.all", "A", N_("All"), N_("List those of all stations."), RECORDS),
    Action("list.again", "r", N_("Read"), N_("Read the list again."), RECORDS),
    Action("list.write", "w", N_("CSV"), N_("Write the lines shown into a CSV file."), RECORDS, why_not=needs_list),
    Action("charge.close", "z", N_("Close"), N_("Close a charge that never ends, with a reason."), RECORDS,
           why_not=needs_sheet("transactions", "running"), danger=danger_close,
           questions=(Question("why", N_("Reason")),), order=order_close),
    Action("card.new", "n", N_("New card"), N_("Add a card, or give a known one another holder and group."), RECORDS,
           questions=(Question("token", N_("Card")), Question("holder", N_("Holder"), True),
                      Question("group_id", N_("Group"), True), Question("last_day", N_("Last day"), True)),
           order=order_card),
    Action("card.used", "u", N_("Used"), N_("List the charges of this card."), RECORDS, why_not=needs_sheet("cards"),
           bar=False),
    Action("campaign.retry", "a", N_("Again"), N_("Ask the stations of this campaign again that failed."), RECORDS,
           why_not=needs_sheet("campaigns", "running", "paused", "done"),
           order=order_campaign("retry"), bar=False),
    Action("card.block", "b", N_("Block"), N_("Block this card, or accept it again."), RECORDS,
           why_not=needs_sheet("cards"), order=order_block),
    Action("reservation.cancel", "x", N_("Cancel"), N_("Cancel this reservation."), RECORDS,
           why_not=needs_sheet("reservations", "asked", "held"), order=order_cancel),
    Action("variable.edit", "e", N_("Change"), N_("Change this setting of the station."), RECORDS,
           why_not=needs_sheet("variables", "ReadWrite", "WriteOnly"),
           questions=(Question("value", N_("Value"), start=lambda _view, at: at.value),), order=order_variable),
    Action("campaign.pause", "p", N_("Rest"), N_("Let this campaign rest."), RECORDS,
           why_not=needs_sheet("campaigns", "running"), order=order_campaign("pause"), bar=False),
    Action("campaign.go", "u", N_("Go on"), N_("Let this campaign go on."), RECORDS,
           why_not=needs_sheet("campaigns", "paused"), order=order_campaign("go on"), bar=False),
    Action("campaign.stop", "X", N_("End"), N_("End this campaign; stations already asked finish."), RECORDS,
           why_not=needs_sheet("campaigns", "running", "paused"), order=order_campaign("stop"), bar=False),
    Action("mark", "m", N_("Mark"), N_("Mark this station: orders go to all that are marked; again takes it off."),
           BOARD),
    Action("mark.all", "A", N_("Mark all"), N_("Mark every station the filter shows, or none."), BOARD, bar=False),
    Action("order.again", "a", N_("Again"), N_("Repeat the selected order that was not carried out."), CHARGING,
           why_not=may_repeat, order=order_again, bar=False),
    Action("station.reserve", "h", N_("Hold"), N_("Hold this EVSE for a card."), CHARGING, why_not=needs_accepted,
           questions=(Question("token", N_("Card"), known=known_cards),
                      Question("minutes", N_("Minutes"), start=lambda _view, _at: "30")),
           order=order_reserve, bar=False),
    Action("station.firmware", "f", N_("Firmware"), N_("Send firmware (F lists it) to what is marked."),
           CHARGING, why_not=needs_accepted, questions=(Question("firmware", N_("Firmware"), known=known_firmware),),
           order=order_firmware,
           bar=False),
    Action("station.log", "d", N_("Get log"), N_("Ask the marked stations for their log; Z lists what came."),
           CHARGING, why_not=needs_accepted, questions=(Question("log", N_("Log"), options=logs),), order=order_log,
           bar=False),
    Action("station.call", "exclamation_mark", N_("Raw call"), N_("Send any request: its name and its JSON payload."),
           CHARGING, why_not=needs_station, bar=False),
)  # fmt: skip
TOGETHER = frozenset({"station.firmware", "station.log"})
"""Actions that take all marked stations themselves."""
