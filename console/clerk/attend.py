"""What the clerk attends to, each a task of its own in the server's loop; all writing goes through the one writer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from chargers.errors import ChargersError
from chargers.night import Policy, close_needs, conduct, pursue
from chargers.sites import is_shared
from console.clerk.books import Books
from console.clerk.follow import follow
from console.clerk.policy import depot_policy
from console.clerk.sharing import Sharing
from console.clerk.store_orders import DEEDS, carry_out_all
from console.clerk.tidy import Tidying
from console.watch import Clear, Sound, judge
from fleet.errors import FleetError
from fleet.events import Kind
from fleet.orders import OrderKind, OrderState
from fleet.settings import Settings
from fleet.store import Store, Work, Writer
from fleet.tables import Order, Place

STIRRING = {
    Kind.TRANSACTION_STARTED: "a truck was plugged in",
    Kind.TRANSACTION_ENDED: "a truck left its plug",
    Kind.NEEDS_CHANGED: "the plan changed",
    Kind.PLAN_WITHDRAWN: "the plan was withdrawn",
    Kind.STATION_CONNECTED: "a station came back",
    Kind.STATION_DISCONNECTED: "a station fell silent",
}
"""Events after which the depot's night is planned again, and what is said of the reason."""
EVERY = timedelta(minutes=15)
"""And at least this often, in the clock's time."""
BREATH_SECONDS = 0.2
"""Between two looks, so that a dozen events make one."""
LAST_WORDS = 200
ORDERING = frozenset(
    {Kind.ORDER_CHANGED, Kind.STATION_CONNECTED, Kind.FIRMWARE_PROGRESSED, Kind.LOG_PROGRESSED, Kind.CAMPAIGN_CHANGED}
)
"""Events after which there may be orders of the store to carry out, or a campaign goes on."""
CAMPAIGN_SECONDS = 30.0
"""Campaigns are looked at this often without any."""

log = structlog.get_logger("console.clerk")


class Clerk:
    """Attends to the store until cancelled; what went wrong meanwhile is in `errors`."""

    def __init__(self, store: Store, writer: Writer, settings: Settings, child_env: Mapping[str, str]) -> None:
        self._store, self._writer, self._child_env = store, writer, child_env
        self._policy = depot_policy(settings)
        self._overflow: dict[str, float] = {}
        self._reasons: list[str] = ["the server started"]
        self._answered = False
        self._planning = asyncio.Event()
        self._planning.set()
        self._ordered = asyncio.Event()
        self._ordered.set()
        self.books = Books(store, writer, settings.zone)
        self._sharing = Sharing(writer, settings.depot.margin_kw)
        self._tidying = Tidying(writer, settings.ocpp)
        self.errors: list[str] = []

    async def attend(self) -> None:
        """Do everything there is to do, until cancelled."""
        await self._know_bins()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            group.create_task(self._keep_depot())
            group.create_task(self._make_plans())
            group.create_task(self._keep_orders())
            group.create_task(self.books.run())
            group.create_task(self._sharing.run())
            group.create_task(self._tidying.run())

    async def _watch(self) -> None:
        async for events in follow(self._store):
            if any(event.kind is Kind.CITY_IMPORTED for event in events):
                await self._know_bins()
            self._reasons += [STIRRING[event.kind] for event in events if event.kind in STIRRING]
            self._answered |= any(event.kind is Kind.PROFILE_CONFIRMED for event in events)
            if any(event.kind is Kind.ORDER_CHANGED for event in events):
                self._planning.set()
            if any(event.kind in ORDERING for event in events):
                self._ordered.set()
            self.books.take(events)
            self._sharing.take(events)
            verdicts = [verdict for event in events for verdict in judge(event, self._overflow)]
            if verdicts:
                await self._write("alarms", partial(_tell, verdicts=verdicts))

    async def _know_bins(self) -> None:
        rows = await self._writer.read(lambda work: work.bins.all())
        self._overflow = {row.bin_id: row.overflow_fill for row in rows}

    async def _keep_depot(self) -> None:
        looked: datetime | None = None
        while True:
            await asyncio.sleep(BREATH_SECONDS)
            now = self._store.clock.now()
            if self._reasons:
                why = self._reasons[0]
            elif looked is None or now - looked >= EVERY:
                why = "a quarter of an hour has passed"
            elif self._answered:
                self._answered = False
                await self._write("the depot's night", partial(_go_on, policy=self._policy))
                continue
            else:
                continue
            self._reasons, self._answered, looked = [], False, now
            await self._write("the depot's night", partial(_keep_night, policy=self._policy, why=why))

    async def _keep_orders(self) -> None:
        """Orders about the store, and the next ones of campaigns."""
        while True:
            try:
                async with asyncio.timeout(CAMPAIGN_SECONDS):
                    await self._ordered.wait()
            except TimeoutError:
                pass
            self._ordered.clear()
            if await self._writer.read(lambda work: bool(work.orders.waiting(DEEDS))):
                await self._write("orders of the store", _carry_out_orders)
            if await self._writer.read(lambda work: work.campaigns.is_any()):
                await self._write("campaigns", _go_on_campaigns)
            await asyncio.sleep(BREATH_SECONDS)

    async def _make_plans(self) -> None:
        while True:
            await self._planning.wait()
            self._planning.clear()
            for order in await self._writer.read(lambda work: work.orders.waiting([OrderKind.MAKE_PLAN])):
                await self._make_plan(order)

    async def _make_plan(self, order: Order) -> None:
        """One plan job as a process of its own: the solver must not hold the server's loop."""
        assert order.order_id is not None
        if not await self._writer.do(lambda work: work.orders.mark(order, OrderState.SENT)):
            return
        arguments = ["--date", order.target, "--order", str(order.order_id)]
        arguments += ["--seconds", str(order.args.get("seconds", 60))]
        arguments += ["--publish" if order.args.get("publish") else "--no-publish"]
        job = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "console", "plan", *arguments),
            env=dict(self._child_env),
            cwd=Path(__file__).parent.parent.parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, said = await job.communicate()
        except asyncio.CancelledError:
            job.terminate()
            await job.wait()
            raise
        if job.returncode:
            why = said.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            log.error("plan job failed", order=order.order_id, why=why[0])
            answer = {"why": why[0].removeprefix("binwatt: ")[:LAST_WORDS]}
            await self._writer.do(lambda work: work.orders.mark(order, OrderState.FAILED, answer))

    async def _write(self, what: str, work: Callable[[Work], None]) -> None:
        try:
            await self._writer.do(work)
        except (FleetError, ChargersError) as error:
            log.exception("could not be done", what=what)
            self.errors.append(f"{what}: {error}")


def _tell(work: Work, verdicts: list[Sound | Clear]) -> None:
    for verdict in verdicts:
        if isinstance(verdict, Sound):
            work.alarms.sound(verdict.kind, verdict.subject, verdict.severity, verdict.text)
        else:
            work.alarms.clear(verdict.kind, verdict.subject)


def _keep_night(work: Work, policy: Policy, why: str) -> None:
    close_needs(work)
    for site in _depots(work):
        conduct(work, site, policy, why)


def _carry_out_orders(work: Work) -> None:
    carry_out_all(work)


def _go_on_campaigns(work: Work) -> None:
    work.campaigns.advance()


def _go_on(work: Work, policy: Policy) -> None:
    for site in _depots(work):
        pursue(work, site, policy, "a station confirmed its limit")


def _depots(work: Work) -> list[Place]:
    """Sites the night conducts: all but those whose stations share by themselves. One site, one conductor."""
    return [site for site in work.places.charging_sites() if not is_shared(work, site)]
