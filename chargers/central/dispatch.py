"""Orders for stations: taken from the store one at a time a station, carried out once, every step kept.

An order is marked "sent" before anything is sent. If the answer never comes (a restart, a lost connection), what can be
repeated without harm goes back into the queue until it expires; starting, stopping, resetting, unlocking, new
passwords, vendors' and experts' own calls are not repeated, as the station may have done it: they fail, and say so.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from sqlmodel import col, select

from chargers.central import ledger
from chargers.central.decisions import DEEDS
from chargers.central.desk import Desk
from chargers.central.guards import fault_of
from chargers.central.session import Session
from chargers.errors import CallFailed, CallUnanswered, ChargersError, StationLost
from fleet.errors import FleetError
from fleet.orders import STATION_KINDS, OrderKind, OrderState
from fleet.store import Store, Work
from fleet.tables import Order

ONCE = frozenset(
    {
        OrderKind.START_CHARGE,
        OrderKind.STOP_CHARGE,
        OrderKind.RESET,
        OrderKind.UNLOCK,
        OrderKind.DATA_TRANSFER,
        OrderKind.CALL,
        OrderKind.ROTATE_PASSWORD,
    }
)
"""Not repeated when nobody knows whether the station did it."""
GUARDED = frozenset({OrderKind.LIMIT_STATION, OrderKind.SET_PROFILE, OrderKind.CALL})
"""Looked at before they are sent: they could let a site draw more than its connection carries."""
LOOK_SECONDS = 1.0
"""Orders are looked for at least this often, to expire those past their time."""
WAIT_SECONDS = 0.05
REST_SECONDS = 0.15
"""Between two looks for orders: under load every one finds that somebody has written."""

log = structlog.get_logger("binwatt.central")


class Dispatch:
    """Carries out orders. `sessions` are those connected now, by station id."""

    def __init__(self, desk: Desk, sessions: dict[str, Session]) -> None:
        self._desk = desk
        self._sessions = sessions
        self._busy: set[str] = set()
        self._wake = asyncio.Event()
        self._watch: Watch | None = None
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Settle what a restart left open, then begin to look for orders."""
        await self._desk.writer.do(settle_unanswered)
        self._watch = Watch(self._desk.store, asyncio.get_running_loop(), self._wake.set)
        self._watch.start()
        self._loop = self._desk.spawn(self._run())

    async def stop(self) -> None:
        """Look for no more orders."""
        if self._loop is not None:
            self._loop.cancel()
        if self._watch is not None:
            await asyncio.to_thread(self._watch.stop)

    def nudge(self) -> None:
        """There may be something to do: a station has connected, or is free again."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                if await self._desk.writer.read(has_queued):
                    waiting = await self._desk.writer.do(take_queued)
                    self._hand_out(waiting)
            except FleetError as error:
                log.error("orders cannot be read", why=str(error))  # noqa: TRY400 - one line, no trace
            await asyncio.sleep(REST_SECONDS)

    def _hand_out(self, waiting: list[Order]) -> None:
        for order in waiting:
            target = order.target
            if target in self._busy:
                continue
            session = self._sessions.get(target)
            if order.kind in DEEDS:
                self._busy.add(target)
                self._desk.spawn(self._settle_decision(order))
            elif session is not None and session.connected and session.admitted:
                self._busy.add(target)
                self._desk.spawn(self._carry_out(order, session))

    async def _carry_out(self, order: Order, session: Session) -> None:
        try:
            if await self._mark(order, OrderState.SENT):
                state, answer = await self._attempt(order, session)
                await self._mark(order, state, answer)
        except FleetError as error:
            log.error("order not kept", order=order.order_id, why=str(error))  # noqa: TRY400 - one line, no trace
        finally:
            self._busy.discard(order.target)
            self._wake.set()

    async def _attempt(self, order: Order, session: Session) -> tuple[OrderState, dict[str, Any]]:
        kind = OrderKind(order.kind)
        if kind in GUARDED:
            fault = await self._desk.writer.read(lambda work: fault_of(work, order))
            if fault is not None:
                return OrderState.REJECTED, {"why": fault}
        try:
            outcome = await session.carry_out(kind, order.args, order.order_id or 0)
        except (StationLost, CallUnanswered) as error:
            if kind in ONCE or isinstance(error, CallUnanswered):
                return OrderState.FAILED, {"why": str(error)}
            return OrderState.QUEUED, {"why": f"{error}; it will be sent again"}
        except (CallFailed, ChargersError) as error:
            return OrderState.FAILED, {"why": str(error)}
        except FleetError:
            raise
        except Exception:  # one order's mistake must not stop the others
            log.exception("order failed", order=order.order_id, kind=order.kind)
            return OrderState.FAILED, {"why": "a mistake in binwatt, see its log"}
        return (OrderState.ACCEPTED if outcome.accepted else OrderState.REJECTED), outcome.answer

    async def _mark(self, order: Order, state: OrderState, answer: dict[str, Any] | None = None) -> bool:
        assert order.order_id is not None
        number = order.order_id
        return await self._desk.writer.do(lambda work: work.orders.mark(number, state, answer))

    async def _settle_decision(self, order: Order) -> None:
        try:
            outcome = await DEEDS[OrderKind(order.kind)](self._desk, self._sessions, order)
            await self._mark(order, OrderState.ACCEPTED if outcome.accepted else OrderState.REJECTED, outcome.answer)
        except ChargersError as error:
            await self._mark(order, OrderState.FAILED, {"why": str(error)})
        except FleetError as error:
            log.error("order not kept", order=order.order_id, why=str(error))  # noqa: TRY400 - one line, no trace
        finally:
            self._busy.discard(order.target)
            self._wake.set()


def has_queued(work: Work) -> bool:
    """Whether an order for a station waits."""
    kinds = [str(kind) for kind in STATION_KINDS]
    query = select(Order.order_id).where(Order.state == OrderState.QUEUED, col(Order.kind).in_(kinds)).limit(1)
    return work.session.exec(query).first() is not None


def take_queued(work: Work) -> list[Order]:
    """Orders that wait for their stations; those to a station that will not do them fail here."""
    admissions = {station.station_id: station.admission for station in work.stations.all()}
    waiting = []
    for order in work.orders.queued(STATION_KINDS):
        admission = admissions.get(order.target)
        if order.kind in DEEDS or admission == "accepted":
            waiting.append(order)
        elif admission is None:
            work.orders.mark(order, OrderState.FAILED, {"why": f"there is no station {order.target}"})
        else:
            work.orders.mark(order, OrderState.FAILED, {"why": f"{order.target} is {admission}: accept it first"})
    return waiting


def settle_unanswered(work: Work) -> None:
    """After a restart: what was sent and never answered is repeated if that does no harm, else it failed."""
    ledger.forget_connections(work)
    for order in work.orders.unanswered(STATION_KINDS):
        if OrderKind(order.kind) in ONCE:
            why = "the central system was restarted before the answer came; whether the station did it is not known"
            work.orders.mark(order, OrderState.FAILED, {"why": why})
        else:
            work.orders.mark(order, OrderState.QUEUED, {"why": "sent again after a restart"})


class Watch:
    """A thread that wakes the event loop when somebody has written to the store."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop, wake: Callable[[], Any]) -> None:
        self._store = store
        self._loop = loop
        self._wake = wake
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="orders-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(LOOK_SECONDS * 2)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                with self._store.tail() as tail:
                    while not self._ending.is_set():
                        if tail.wait(WAIT_SECONDS):
                            self._loop.call_soon_threadsafe(self._wake)
                            time.sleep(REST_SECONDS)
            except FleetError as error:
                log.warning("the store cannot be watched", why=str(error))
                self._ending.wait(LOOK_SECONDS)
            except RuntimeError:  # the loop was closed
                return
