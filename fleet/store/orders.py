"""Orders: placed once, carried out once, every step an event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from fleet.events import Kind
from fleet.orders import SETTLED, OrderKind, OrderState, Wanted
from fleet.tables import Order, Transaction

if TYPE_CHECKING:
    from fleet.store.work import Work


class Orders:
    """Orders in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def place(self, wanted: Wanted) -> Order:
        """Queue an order; with a key already used, the order placed then.

        Publishing and withdrawing a plan, a rule of a street and the withdrawal of an order need nobody else: they are
        carried out here and now.
        """
        session = self._work.session
        if wanted.key is not None:
            before = session.exec(select(Order).where(Order.key == wanted.key)).first()
            if before is not None:
                return before
        now = self._work.now
        order = Order(
            key=wanted.key,
            kind=str(wanted.kind),
            target=wanted.target,
            args=wanted.args,
            who=wanted.who,
            why=wanted.why,
            ordered_at=now,
            expires_at=now + wanted.lifetime,
        )
        session.add(order)
        session.flush()
        self._tell(order)
        if wanted.kind in (OrderKind.PUBLISH_PLAN, OrderKind.WITHDRAW_PLAN):
            self._settle_plan(order)
        elif wanted.kind is OrderKind.RULE_STREET:
            self._settle(order, self._work.roads.carry_out(order))
        elif wanted.kind is OrderKind.WITHDRAW_ORDER:
            self._settle(order, self.withdraw(order.target, who=order.who))
        return order

    def withdraw(self, number: str, *, who: str) -> str | None:
        """Take an order back that still waits; None when done, else why not: once sent it is out of our hands."""
        row = self.get(int(number)) if number.isdecimal() else None
        if row is None:
            return f"there is no order {number}"
        if row.state == OrderState.SENT:
            return f"order {number} was sent already: it cannot be withdrawn, only its answer awaited"
        if not self.mark(row, OrderState.WITHDRAWN, {"why": f"withdrawn by {who or '?'}"}):
            return f"order {number} is {row.state} already"
        return None

    def get(self, order_id: int) -> Order | None:
        """One order."""
        return self._work.session.get(Order, order_id)

    def waiting(self, kinds: Iterable[OrderKind]) -> list[Order]:
        """Orders queued and still wanted, oldest first; changes nothing."""
        query = select(Order).where(
            Order.state == OrderState.QUEUED, col(Order.kind).in_([str(kind) for kind in kinds])
        )
        now = self._work.now
        rows = self._work.session.exec(query.order_by(col(Order.order_id)))
        return [row for row in rows if row.expires_at is None or row.expires_at >= now]

    def queued(self, kinds: Iterable[OrderKind], target: str | None = None) -> list[Order]:
        """Orders waiting to be carried out, oldest first; those past their time are expired on the way."""
        query = (
            select(Order)
            .where(Order.state == OrderState.QUEUED, col(Order.kind).in_([str(kind) for kind in kinds]))
            .order_by(col(Order.order_id))
        )
        if target is not None:
            query = query.where(Order.target == target)
        now = self._work.now
        waiting = []
        for order in self._work.session.exec(query):
            if order.expires_at is not None and order.expires_at < now:
                self.mark(order, OrderState.EXPIRED, {"why": "could not be sent in time"})
            else:
                waiting.append(order)
        return waiting

    def unanswered(self, kinds: Iterable[OrderKind]) -> list[Order]:
        """Orders sent whose answer never came: what a restart finds."""
        query = select(Order).where(Order.state == OrderState.SENT, col(Order.kind).in_([str(kind) for kind in kinds]))
        return list(self._work.session.exec(query.order_by(col(Order.order_id))))

    def mark(self, order: Order | int, state: OrderState, answer: dict[str, Any] | None = None) -> bool:
        """Move an order on; False when it is settled already, and then nothing changes. Settled, it keeps no secret."""
        row = self._work.session.get(Order, order if isinstance(order, int) else order.order_id)
        if row is None or row.state in SETTLED:
            return False
        row.state = str(state)
        if answer is not None:
            row.answer = answer
        if state is OrderState.SENT:
            row.sent_at = self._work.now
        elif state in SETTLED:
            row.done_at = self._work.now
            row.args = {name: None if "password" in name else value for name, value in row.args.items()}
        self._work.session.add(row)
        self._work.session.flush()
        self._tell(row)
        return True

    def newest(self, count: int = 100) -> list[Order]:
        """The last `count` orders, oldest first."""
        rows = self._work.session.exec(select(Order).order_by(col(Order.order_id).desc()).limit(count))
        return list(rows)[::-1]

    def find(
        self,
        *,
        state: OrderState | None = None,
        kind: OrderKind | None = None,
        target: str | None = None,
        count: int = 100,
    ) -> list[Order]:
        """The last `count` orders of a state, kind and target, newest first."""
        query = select(Order).order_by(col(Order.order_id).desc()).limit(count)
        for column, wanted in ((Order.state, state), (Order.kind, kind), (Order.target, target)):
            if wanted is not None:
                query = query.where(column == str(wanted))
        return list(self._work.session.exec(query))

    def of_kind(self, kind: OrderKind, since: datetime | None = None) -> list[Order]:
        """Orders of one kind placed since `since`, or ever, oldest first."""
        query = select(Order).where(Order.kind == str(kind)).order_by(col(Order.order_id))
        if since is not None:
            query = query.where(Order.ordered_at >= since)
        return list(self._work.session.exec(query))

    def profiles_of(self, transactions: Iterable[Transaction]) -> list[Order]:
        """Orders of charging profiles for these transactions, oldest first.

        By the name the profile carries, not by time: a station's clock may be hours wrong, and so is then the start it
        told.
        """
        named = [(row.station_id, row.ref) for row in transactions if row.ref is not None]
        if not named:
            return []
        of = col(Order.args)["profile"]["transactionId"].as_string()
        query = select(Order).where(
            Order.kind == str(OrderKind.SET_PROFILE),
            col(Order.target).in_({station for station, _ in named}),
            of.in_({ref for _, ref in named}),
        )
        return list(self._work.session.exec(query.order_by(col(Order.order_id))))

    def count_by_state(self) -> dict[str, int]:
        """How many orders are in each state."""
        counts: dict[str, int] = {}
        for state in self._work.session.exec(select(Order.state)):
            counts[state] = counts.get(state, 0) + 1
        return counts

    def _settle_plan(self, order: Order) -> None:
        try:
            plan_id = int(order.target)
        except ValueError:
            self.mark(order, OrderState.REJECTED, {"why": f"{order.target!r} is no plan number"})
            return
        plans = self._work.plans
        refusal = (
            plans.publish(plan_id, who=order.who, note=str(order.args.get("note", "")))
            if order.kind == OrderKind.PUBLISH_PLAN
            else plans.withdraw(plan_id, who=order.who)
        )
        self._settle(order, refusal)

    def _settle(self, order: Order, refusal: str | None) -> None:
        """What was carried out here and now is accepted, or rejected with the reason."""
        if refusal is None:
            self.mark(order, OrderState.ACCEPTED, {})
        else:
            self.mark(order, OrderState.REJECTED, {"why": refusal})

    def _tell(self, order: Order) -> None:
        self._work.events.append(
            Kind.ORDER_CHANGED,
            order.target,
            who=order.who,
            order_id=order.order_id,
            kind=order.kind,
            target=order.target,
            state=order.state,
            why=order.why,
            args=_without_secrets(order.args),
            answer=order.answer,
            expires_at=order.expires_at.isoformat() if order.expires_at is not None else None,
        )


def _without_secrets(args: dict[str, Any]) -> dict[str, Any]:
    return {name: ("***" if "password" in name else value) for name, value in args.items()}


def plan_order(day: date, *, seconds: float, publish: bool, who: str) -> Wanted:
    """The order to make the plan of `day`."""
    args = {"seconds": seconds, "publish": publish}
    return Wanted(OrderKind.MAKE_PLAN, day.isoformat(), args, who=who)
