"""One station's session: from the opened connection to its loss, whatever OCPP version it speaks.

A station is known by its identity alone: nothing waits for a BootNotification. After the connection opens the session
asks for one, learns the station's limits and installs its fall-back profile, and goes on whatever comes of it.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from chargers.central import ledger
from chargers.central.arguments import Arguments
from chargers.central.clocks import ClockGauge
from chargers.central.desk import Desk
from chargers.central.installing import Installer
from chargers.central.ledger import MOST_EVSES, Identity
from chargers.central.limits import Limits
from chargers.central.outcome import Outcome
from chargers.central.quirks import known_quirks, read_quirks
from chargers.central.reboots import MOST as MOST_BOOTS
from chargers.central.rpc import Answer, Later, Route, Unacceptable
from chargers.central.socket import CloseCode, Socket
from chargers.central.upkeep import Heard
from chargers.central.wire import ErrorCode
from chargers.errors import CallFailed, OrderUnclear
from chargers.profile import (
    ChargingProfile,
    ChargingSchedule,
    Period,
    Purpose,
    RateUnit,
    in_unit,
)
from chargers.profile import Kind as ProfileKind
from fleet.errors import StoreError
from fleet.events import Kind
from fleet.orders import OrderKind
from fleet.store import Work
from fleet.store.tokens import Judgement
from fleet.tables import Station

BOOT_WAIT_SECONDS = 3.0
"""A station that boots says so at once; one that only reconnects is asked."""
PREPARED_WAIT_SECONDS = 10.0
"""How long a card is kept waiting for the fall-back to be confirmed."""
MOST_ASKED = 8
"""Connectors asked for their status after a reconnect."""
MOST_VIOLATIONS = 50
"""Kinds of violation made events per connection."""
LIMIT_ID = 2
"""Profile ids below 100 are the central system's own, those of the depot's night begin at 1000."""
START_PROFILES = 10_000_000
"""Above: limits sent along with a start."""


_NONE: frozenset[str] = frozenset()
"""One for all: ten thousand idle sessions keep no sets of their own."""

Carry = Callable[[Any, dict[str, Any], int], Awaitable[Outcome]]
"""Carries out an order: session, arguments, order number."""


class Session(Installer):
    """Mixed into the package's ChargePoint by v16 and v201."""

    protocol: ClassVar[str]
    PARKED: ClassVar[dict[str, dict[str, Any]]]
    """What a station that waits for a dispatcher is told: polite, without consequence."""
    CALLS: ClassVar[Mapping[OrderKind, Carry]] = {}
    """How each kind of order is carried out; what is absent this version has no request for."""

    def __init__(self, station: Station, socket: Socket, desk: Desk, left: Callable[[Session], None]) -> None:
        super().__init__(station, socket, desk)
        self.admitted = station.admission == "accepted"
        self.clock = ClockGauge(station.clock_error_s)
        self.why_lost = "the connection was lost"
        self._left = left
        self._tried = False
        """The fall-back was installed or refused; no card need wait for it."""
        self._booted = False
        self._violations: frozenset[str] = _NONE
        self.refs: frozenset[str] = _NONE
        """Transactions heard of since the store was told."""
        self._prepared: asyncio.Event | None = None
        self._preparing: asyncio.Task[None] | None = None
        """Both are there only while the station is being prepared."""

    # the package's name for beginning; frames are pushed by the transport, so nothing is read here

    async def start(self) -> None:
        """Tell the store of the connection, then bring the station into a known state."""
        await self.desk.writer.do(lambda work: ledger.connect(work, self.id, self.protocol))
        if not self.admitted:
            return
        await asyncio.sleep(BOOT_WAIT_SECONDS)
        if not self._tried and self._preparing is None and self.connected:
            await self._ask_for_boot()
            self.prepare()
            await self._ask_for_status()

    def lost(self) -> None:
        """The transport has lost the connection."""
        self.hang_up(self.why_lost)
        if self._preparing is not None:
            self._preparing.cancel()
        self._left(self)

    def dismiss(self, code: CloseCode, why: str) -> None:
        """Close the connection from here."""
        self.why_lost = why
        self.hang_up(why)
        self.socket.close(code, why)

    def admit(self) -> None:
        """A dispatcher has accepted the station while it was connected."""
        self.admitted = True
        self.desk.spawn(self._ask_for_boot())

    def handle(self, route: Route, request: Any) -> Answer:
        """A station that waits for a dispatcher is answered, but nothing of it is kept except what it is."""
        if self.admitted or route.action in ("BootNotification", "Heartbeat"):
            return route.handler(self, request)
        return self.PARKED.get(route.action, {})

    def rejected(self, code: ErrorCode, description: str) -> None:
        self.tell(Kind.FRAME_REJECTED, code=str(code), description=description)

    def tolerate(self, action: str, fault: str) -> None:
        """The first time of each violation is an event; the others are counted."""
        super().tolerate(action, fault)
        said = f"{action}: {fault}"[:200]
        if said not in self._violations and len(self._violations) < MOST_VIOLATIONS:
            self._violations |= {said}
            self.tell(Kind.FRAME_TOLERATED, action=action, fault=fault[:200])

    def take_heard(self) -> Heard | None:
        """What was heard since last time, for the store; None when nothing was."""
        changed = self.clock.settle()
        if not self.heard:
            return None
        self.heard = False
        refs, self.refs = tuple(self.refs), _NONE
        return Heard(self.id, refs, self.clock.error if changed else None)

    def hear_of(self, ref: str) -> None:
        """A transaction was heard of."""
        if len(self.refs) < MOST_EVSES:
            self.refs |= {ref}

    # beside the messages

    def tell(self, kind: Kind, **data: Any) -> None:
        """Put an event into the log, when the store is free."""

        async def append() -> None:
            try:
                await self.desk.writer.do(lambda work: work.events.append(kind, self.id, **data))
            except StoreError as error:
                self.log.error("event not stored", kind=str(kind), why=str(error))  # noqa: TRY400 - no trace for a person

        self.desk.spawn(append())

    def prepare(self) -> None:
        """Learn the station's limits and install its fall-back; once at a time."""
        if self._preparing is None:
            self._prepared = asyncio.Event()
            self._preparing = self.desk.spawn(self._prepare(self._prepared))

    async def _prepare(self, prepared: asyncio.Event) -> None:
        try:
            learned = await self.learn_limits()
            if learned != self.limits:
                self.limits = learned
                await self.desk.writer.do(lambda work: ledger.learn(work, self.id, learned.as_columns()))
            await self.install_fallback()
            if self._booted:
                self._booted = False
                await self.restore_profiles()
        except (CallFailed, StoreError) as error:
            self.log.warning("station not prepared", why=str(error))
        finally:
            prepared.set()
            self._tried = True
            self._prepared = self._preparing = None

    async def prepared(self) -> None:
        """Wait until the fall-back was tried, so that a card shown right after the boot is judged fairly."""
        if self._tried:
            return
        self.prepare()
        prepared = self._prepared
        assert prepared is not None
        try:
            async with asyncio.timeout(PREPARED_WAIT_SECONDS):
                await prepared.wait()
        except TimeoutError:
            self.log.warning("station takes long to confirm its fall-back")

    async def _ask_for_boot(self) -> None:
        try:
            await self.trigger("BootNotification", None)
        except CallFailed as error:
            self.log.info("no boot notification to be had", why=str(error))

    # what both versions need for orders

    async def _ask_for_status(self) -> None:
        """What connectors said before this connection may be old by now: each that has said nothing since is asked."""

        def look(work: Work) -> list[int]:
            station = work.stations.get(self.id)
            since = None if station is None else station.connected_at
            rows = [row for row in work.stations.connectors() if row.station_id == self.id and row.evse > 0]
            return [row.evse for row in rows if since is None or row.status_at is None or row.status_at < since]

        try:
            for evse in sorted(set(await self.desk.writer.read(look)))[:MOST_ASKED]:
                await self.trigger("StatusNotification", evse)
        except (CallFailed, StoreError) as error:
            self.log.info("no status to be had", why=str(error))

    async def ref_of(self, transaction_id: int) -> str | None:
        """What this station calls a transaction of ours, if it runs here."""

        def look(work: Work) -> str | None:
            running = work.charging.running(self.id)
            return next((row.ref for row in running if row.transaction_id == transaction_id), None)

        return await self.desk.writer.read(look)

    async def start_limit(self, kw: float) -> float:
        """A limit sent along with a start: at a site with a limit of its own it may only lower.

        What is above the fall-back is given by the site's night, which counts every station (I3 of chargers.safety).
        """
        shared = await self.desk.writer.read(lambda work: ledger.shares_limit(work, self.id))
        return min(kw, self.fallback_kw) if shared else kw

    # what both versions need of a request

    def now_text(self) -> str:
        """The time for the wire."""
        return self.desk.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def read_meter(self, action: str, value: float) -> float | None:
        """A meter register in Wh; what cannot be one is left out and told."""
        wh = as_meter(value)
        if wh is None:
            self.tolerate(action, f"the meter register {value!s:.30} cannot be")
        return wh

    def check_evse(self, number: int) -> int:
        """An EVSE or connector number that can be.

        Raises:
            Unacceptable
        """
        if not 0 <= number <= MOST_EVSES:
            raise Unacceptable(f"there is no EVSE or connector {number}"[:100])
        return number

    def judge(self, work: Work, token: str | None) -> str:
        """Whether this card may begin a charge here and now; "NotNow" when it may not for the site's sake."""
        return self.judge_card(work, token).status

    def judge_card(self, work: Work, token: str | None, *, starting: bool = False, but: int | None = None) -> Judgement:
        """The whole judgement of a card; `starting`: its charges under way count, all `but` this one."""
        if token is None:
            found = Judgement("Accepted")
        else:
            work.tokens.note_used(token)
            found = work.tokens.judge(token, starting=starting, but=but)
        if found.status == "Accepted" and not ledger.may_start(work, self.id):
            return replace(found, status="NotNow")
        return found

    # answers both versions give alike

    async def register(self, identity: Identity) -> dict[str, Any]:
        """Answer a BootNotification; a station that may work is then prepared."""
        status = "Accepted" if self.admitted else "Pending"
        often = self.desk.reboots.note(self.id)
        known = known_quirks(identity.vendor, identity.model, identity.firmware)
        words = await self.desk.writer.do(
            lambda work: ledger.boot(work, self.id, identity, status, map(str, known), again=often > MOST_BOOTS)
        )
        self.quirks = read_quirks(words)
        if self.admitted:
            self._booted = True
            self.prepare()
        interval = self.desk.settings.heartbeat_seconds
        return {"currentTime": self.now_text(), "interval": interval, "status": status}

    def store(self, verb: Callable[[Work], Any], reply: dict[str, Any] | None = None) -> Later:
        """Reply with `reply` (an empty payload) once `verb` is durable."""

        async def run() -> dict[str, Any]:
            await self.desk.writer.do(verb)
            return reply or {}

        return run()

    def note(self, what: str, **details: Any) -> dict[str, Any]:
        """Progress of something, kept in the log only."""
        self.log.info(what, **details)
        return {}

    # what the versions do

    @abstractmethod
    async def learn_limits(self) -> Limits:
        """Ask the station what profiles it can take; CallFailed if it is lost."""

    @abstractmethod
    async def trigger(self, message: str, evse: int | None) -> Outcome:
        """TriggerMessage."""

    # orders

    async def carry_out(self, kind: OrderKind, args: dict[str, Any], order_id: int) -> Outcome:
        """Do what an order asks; what this version has no request for is refused in one sentence.

        Raises:
            OrderUnclear: its arguments are wrong.
            CallFailed: it brought no result.
        """
        if kind is OrderKind.CALL:
            return await self._carry_out_raw(args)
        carry = self.CALLS.get(kind)
        if carry is None:
            return Outcome(accepted=False, answer={"why": f"OCPP {self.version} has no request for {kind}"})
        return await carry(self, args, order_id)

    async def _carry_out_raw(self, args: dict[str, Any]) -> Outcome:
        payload = args.get("payload") or {}
        if not isinstance(payload, dict):
            raise OrderUnclear("payload must be a JSON object")
        result = await self.call_raw(Arguments(args).text("action"), payload)
        return Outcome(accepted=True, answer={"result": result})


def transaction_limit(order_id: int, kw: float, unit: RateUnit, phases: int) -> ChargingProfile:
    """A limit for one charge, sent along with its start."""
    period = Period(0, in_unit(kw * 1000.0, RateUnit.W, unit, phases), phases)
    return ChargingProfile(
        id=START_PROFILES + order_id,
        stack_level=1,
        purpose=Purpose.TX,
        kind=ProfileKind.RELATIVE,
        schedule=ChargingSchedule(unit, (period,)),
    )


def station_limit(session: Session, kw: float) -> ChargingProfile:
    """A limit for all a station draws, until it is lifted. Absolute from a day ago, so that clocks may differ."""
    unit = session.limits.unit_for(session.current)
    period = Period(0, in_unit(kw * 1000.0, RateUnit.W, unit, session.phases), session.phases)
    return ChargingProfile(
        id=LIMIT_ID,
        stack_level=0,
        purpose=Purpose.STATION_MAX,
        kind=ProfileKind.ABSOLUTE,
        schedule=ChargingSchedule(unit, (period,), start=session.desk.clock.now() - timedelta(days=1)),
    )


def clean(text: str | None, most: int) -> str:
    """A text for the store: no NUL, which PostgreSQL refuses, and no longer than its column."""
    return "" if text is None else text.replace("\x00", "")[:most]


def start_key(connector: int, token: str, meter: int, time: str) -> str:
    """What makes the same 1.6 StartTransaction the same."""
    return clean(f"{connector}|{token}|{meter}|{time}", 120)


def as_meter(value: float) -> float | None:
    """A meter register in Wh; None for what cannot be."""
    return float(value) if abs(value) < 1e12 else None
