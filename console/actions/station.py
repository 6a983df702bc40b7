"""What can be done on the board of stations and on a station's page beyond orders: pick, go back, withdraw."""

from __future__ import annotations

from console.actions.values import BOARD, CHARGING, Action, Answers, Room, Selection
from console.i18n import N_, _
from console.view import View
from fleet.orders import OrderKind, Wanted

STATION: tuple[Room, ...] = ("station",)


def may_withdraw_order(view: View, at: Selection) -> str | None:
    order = view.orders.get(at.order_id)
    if order is None:
        return _("no order is selected")
    if order.state == "sent":
        return _("it was sent already: its answer can only be awaited")
    return None if order.waits else _("it is settled already")


def order_withdraw_order(_view: View, at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
    return (Wanted(OrderKind.WITHDRAW_ORDER, str(at.order_id)),)


BOARD_ACTIONS: tuple[Action, ...] = (
    Action("station.leave", "escape", N_("Board"), N_("Go back to the board, to the same row."), STATION),
    Action("board.pick", "p", N_("Pick"), N_("Pick what is shown: by state, site, vendor, fault and group."), BOARD),
    Action("board.all", "0", N_("All"), N_("Show every station again."), BOARD, bar=False),
)  # fmt: skip
STATION_ACTIONS: tuple[Action, ...] = (
    Action("order.withdraw", "w", N_("Withdraw"), N_("Take the selected order back while it waits to be sent."),
           CHARGING, why_not=may_withdraw_order, order=order_withdraw_order),
)  # fmt: skip
