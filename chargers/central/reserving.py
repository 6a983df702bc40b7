"""Reservations ordered here, whatever a station speaks (1.6 sections 5.1 and 5.13; 2.0.1 Part 2, H01 and H02)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chargers.central.arguments import Arguments
from chargers.central.outcome import Outcome
from chargers.errors import CallRefused
from fleet.store import Work

if TYPE_CHECKING:
    from chargers.central.session import Session


@dataclass(frozen=True, slots=True)
class Wish:
    """An EVSE (0: any) to be held for a card; the number is ours, and the same wish has the same."""

    number: int
    evse: int
    token: str
    kind: str
    """Of the card, in words of 2.0.1."""
    group_id: str
    until: datetime


async def reserve(
    session: Session, args: dict[str, Any], order_id: int, send: Callable[[Wish], Awaitable[dict[str, Any]]]
) -> Outcome:
    """Ask a station to hold an EVSE. If its answer never comes, the reservation stays asked, and is asked again."""
    want = Arguments(args)
    evse, token, until = want.whole("evse", 0), want.text("token"), want.instant("until")

    def ask(work: Work) -> Wish:
        order, card = work.orders.get(order_id), work.stations.token(token)
        row = work.reservations.ask(session.id, evse, token, until, "" if order is None else order.who)
        kind, group = ("ISO14443", "") if card is None else (card.kind, card.group_id)
        return Wish(row.reservation_id or 0, evse, token, kind, group, until)

    wish = await session.desk.writer.do(ask)
    try:
        result = await send(wish)
    except CallRefused:
        await session.desk.writer.do(lambda work: work.reservations.mark(wish.number, "refused"))
        raise
    accepted = result.get("status") == "Accepted"
    state = "held" if accepted else "refused"
    await session.desk.writer.do(lambda work: work.reservations.mark(wish.number, state))
    return Outcome(accepted=accepted, answer={**result, "reservation_id": wish.number})


async def cancel(session: Session, args: dict[str, Any], send: Callable[[int], Awaitable[dict[str, Any]]]) -> Outcome:
    """Give a reservation up; Rejected means the station holds none by this number any more."""
    number = Arguments(args).whole("reservation_id")
    result = await send(number)
    accepted = result.get("status") == "Accepted"
    state = "cancelled" if accepted else "removed"
    await session.desk.writer.do(lambda work: work.reservations.mark(number, state))
    return Outcome(accepted=accepted, answer=result)
