"""A simulated charging station on its line: connects, registers, reports, obeys, and comes back when it is cut off."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from random import Random
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from chargers.errors import CallDenied, LineLost
from chargers.twin.cabinet import Cabinet
from chargers.twin.handlers16 import Speaker16
from chargers.twin.handlers201 import Speaker201
from chargers.twin.messages16 import boot16, messages16
from chargers.twin.messages201 import boot201, messages201
from chargers.twin.notices import Asked, ChargingState, Notice, PlugState, StopReason
from chargers.twin.outbox import Outbox, Outgoing, Payload
from chargers.twin.pacing import Pacing
from chargers.twin.speaker import Speaker, string_ids
from chargers.twin.spec import Misbehaviour, StationSpec, Vehicle
from chargers.twin.tally import Tally
from fleet.clock import Clock
from fleet.twin.battery import Plugged

_line_log = logging.getLogger("chargers.twin.line")

RESTART_SECONDS = 30.0
WATCHDOG_SECONDS = 300.0
ASK_AGAIN_SECONDS = 60.0
"""Wait before another BootNotification where the server gave no interval."""
PING_SECONDS = 20.0
"""Wall seconds between WebSocket pings: they tell a dead line, whatever the clock."""


class SimStation:
    """One station. Run it in a task; plug and unplug vehicles, break it and mend it from outside, in the same loop."""

    def __init__(
        self,
        spec: StationSpec,
        *,
        clock: Clock,
        url: str,
        pace: Callable[[float], float],
        password: str | None = None,
        tally: Tally | None = None,
        seed: int = 0,
    ) -> None:
        """url: of the central system, without the identity. pace: wall seconds that so many clock seconds take."""
        self.spec = spec
        self.tally = Tally() if tally is None else tally
        self.cabinet = Cabinet(spec, clock.now(), self.say)
        self.connected = False
        self._url = f"{url.rstrip('/')}/{quote(spec.identity, safe='')}"
        self._password = password
        self._pacing = Pacing(clock, pace)
        self._random = Random(f"{spec.identity} {seed}")
        self._outbox = Outbox()
        self._ids: Iterator[str | int] = count(1) if spec.shows(Misbehaviour.INTEGER_IDS) else string_ids()
        self._changed = asyncio.Event()
        self._to_send = asyncio.Event()
        self._boot_now = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._registered = False
        self._boot_reason = "PowerUp"
        self._restarting: StopReason | None = None
        self._away_until: datetime | None = None
        self._silent_until: datetime | None = None
        self._said_before: dict[int, PlugState | ChargingState] = {}

    # what a yard does with it ---------------------------------------------------------------------------------------

    def plug_in(self, evse: int, vehicle: Vehicle) -> None:
        """A vehicle is plugged in and its token presented. Raises ValueError where one is plugged already."""
        self.cabinet.plug(evse, vehicle, self.now())
        self.stir()

    def unplug(self, evse: int) -> Plugged | None:
        """The cable is taken out, ending the transaction; the vehicle's battery as it leaves."""
        taken = self.cabinet.pull(evse, self.now())
        self.stir()
        return taken

    def plugged(self, evse: int) -> Plugged | None:
        """The vehicle on the cable, as of now."""
        self.cabinet.advance(self.now())
        return self.cabinet.outlets[evse].plugged

    def status(self, evse: int) -> str:
        """What the lamp of an EVSE shows, in the words of OCPP 1.6."""
        return self.cabinet.outlets[evse].state(self.cabinet.limits).value

    def power_kw(self) -> float:
        """What the station draws now, all EVSEs."""
        self.cabinet.advance(self.now())
        return sum(outlet.power_kw(self.cabinet.limits) for outlet in self.cabinet.outlets.values())

    def set_fault(self, evse: int, code: str = "GroundFailure") -> None:
        """A fault, by its OCPP 1.6 error code or a vendor's own."""
        self.cabinet.fail(evse, code, self.now())
        self.stir()

    def clear_fault(self, evse: int) -> None:
        self.cabinet.mend(evse, self.now())
        self.stir()

    def drop_line(self, seconds: float) -> None:
        """Cut the connection without a word; the station tries again after so many clock seconds."""
        self._away_until = self.now() + timedelta(seconds=seconds)
        if self._socket is not None:
            self._socket.transport.abort()

    def go_silent(self, seconds: float) -> None:
        """Keep the line but neither say nor answer anything for so many clock seconds; charging goes on."""
        self._silent_until = self.now() + timedelta(seconds=seconds)

    @property
    def registered(self) -> bool:
        """The central system accepted it, and the line is up."""
        return self.cabinet.online

    # controls of a connection ---------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Messages not sent or not answered yet."""
        return len(self._outbox)

    def now(self) -> datetime:
        return self._pacing.now()

    def stir(self) -> None:
        self._changed.set()
        self._to_send.set()

    def say(self, notice: Notice) -> None:
        """Queue what a notice becomes; without a line only transaction messages are kept."""
        if isinstance(notice, Asked) and notice.action == "BootNotification" and not self.registered:
            self._boot_now.set()
            return
        say = messages16 if self.spec.protocol == "ocpp1.6" else messages201
        for outgoing in say(self.cabinet, notice, self.now):
            if self._socket is not None or outgoing.durability == "transaction":
                self._outbox.put(outgoing)
            elif outgoing.on_loss is not None:
                outgoing.on_loss()
        self.stir()

    def restart(self, reason: StopReason) -> None:
        self._restarting = reason
        self.cabinet.reset(reason, self.now())
        self.stir()

    # its life -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_time())
            group.create_task(self._keep_line())

    async def _keep_time(self) -> None:
        while True:
            self._changed.clear()
            now = self.now()
            self.cabinet.advance(now)
            await self._pacing.until(self.cabinet.next_due(now), self._changed)

    async def _keep_line(self) -> None:
        attempts = 0
        while True:
            if self._away_until is not None:
                await self._pacing.until(self._away_until)
                self._away_until = None
            await self._end_silence()
            try:
                async with self._connect() as socket:
                    if socket.subprotocol != self.spec.protocol:
                        self.tally.complain(self.spec.identity, f"{self.spec.protocol} was not chosen as subprotocol")
                    elif self._away_until is None:  # else the line was cut during the handshake
                        attempts = 0
                        try:
                            await self._converse(socket)
                        except asyncio.CancelledError:
                            await socket.close(1001, "switched off")  # else websockets calls it an internal error
                            raise
            except (OSError, TimeoutError, InvalidHandshake) as error:
                self.tally.failures += 1
                refusal = f"HTTP {error.response.status_code}" if isinstance(error, InvalidStatus) else "unreachable"
                self.tally.refusals[refusal] += 1
            if self._away_until is None:
                await self._pacing.sleep(self._back_off(attempts))
            attempts += 1

    def _connect(self) -> connect:
        headers = {}
        password = self.cabinet.variables.text("AuthorizationKey") or self._password
        if password is not None:
            credentials = base64.b64encode(f"{self.spec.identity}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {credentials}"
        return connect(
            self._url,
            subprotocols=[Subprotocol(self.spec.protocol)],
            additional_headers=headers,
            compression=None,
            logger=_line_log,
            proxy=None,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            close_timeout=2,
        )

    def _back_off(self, attempts: int) -> float:
        """OCPP 2.0.1 part 4 section 5.3: doubled some times, with a random part."""
        variables = self.cabinet.variables
        doubled = 1 << min(attempts, variables.number("RetryBackOffRepeatTimes"))
        spread = self._random.random() * variables.number("RetryBackOffRandomRange")
        return float(max(1, variables.number("RetryBackOffWaitMinimum")) * doubled + spread)

    async def _converse(self, socket: ClientConnection) -> None:
        """Everything on one connection, until it ends."""
        make: type[Speaker16 | Speaker201] = Speaker16 if self.spec.protocol == "ocpp1.6" else Speaker201
        speaker = make(self, self.spec.identity, socket, self.tally, self._ids, lambda: not self._silent)
        self._socket = socket
        self.connected = True
        self.tally.connections += 1
        tasks = [
            asyncio.create_task(life)
            for life in (self._listen(socket, speaker), self._speak(socket, speaker), self._beat())
        ]
        try:
            # No TaskGroup: its errors take precedence over a cancellation, and a line is lost in every shutdown.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            endings = await asyncio.gather(*tasks, return_exceptions=True)
            on_purpose = self._restarting is not None
            self._hang_up(socket)
        self.tally.failures += not on_purpose
        for ending in endings:
            if isinstance(ending, Exception) and not isinstance(ending, LineLost | ConnectionClosed):
                raise ending

    def _hang_up(self, socket: ClientConnection) -> None:
        self._socket = None
        self.connected = False
        self._said_before = self.cabinet.said()
        self.cabinet.online = False
        self._outbox.lose_line()
        if self._restarting is not None:
            self._restarting, self._registered, self._boot_reason = None, False, "RemoteReset"
            self._away_until = self.now() + timedelta(seconds=RESTART_SECONDS)
        elif self.spec.shows(Misbehaviour.DIES_ON_ABNORMAL_CLOSE) and socket.close_code in {None, 1006}:
            self._registered, self._boot_reason = False, "Watchdog"
            self._away_until = self.now() + timedelta(seconds=WATCHDOG_SECONDS)

    async def _listen(self, socket: ClientConnection, speaker: Speaker) -> None:
        try:
            async for frame in socket:
                await speaker.route_message(frame)
                self._changed.set()
        finally:
            speaker.hang_up()

    async def _speak(self, socket: ClientConnection, speaker: Speaker) -> None:
        if self._registered and self.spec.shows(Misbehaviour.QUIET_RECONNECT):
            for _ in range(2):
                with suppress(CallDenied, TimeoutError):
                    await speaker.ask("Heartbeat", {})
            self.cabinet.tell_changes(self._said_before, self.now())
        else:
            await self._register(speaker)
            self.cabinet.tell_status(None, self.now())
        self.cabinet.go_online(self.now())
        if self.spec.shows(Misbehaviour.REPEATS_ITSELF):
            self._outbox.repeat_answered()
        await self._send_all(socket, speaker)

    async def _register(self, speaker: Speaker) -> None:
        """BootNotification until it is accepted (1.6 section 4.2, 2.0.1 B01 to B03)."""
        while True:
            self._boot_now.clear()
            interval: float = 0
            try:
                result = await speaker.ask("BootNotification", self._boot())
            except (CallDenied, TimeoutError):
                result = {}
            interval = result.get("interval", 0)
            if result.get("status") == "Accepted":
                break
            until = self.now() + timedelta(seconds=interval or ASK_AGAIN_SECONDS)
            await self._pacing.until(until, self._boot_now)
        if interval > 0:
            self.cabinet.variables.assign("HeartbeatInterval", str(int(interval)))
        self._registered, self._boot_reason = True, "Unknown"

    def _boot(self) -> Payload:
        if self.spec.protocol == "ocpp1.6":
            return boot16(self.cabinet)
        return boot201(self.cabinet, self._boot_reason)

    async def _beat(self) -> None:
        while True:
            await self._pacing.sleep(self.cabinet.variables.number("HeartbeatInterval") or ASK_AGAIN_SECONDS)
            beats = self.registered and self.cabinet.variables.number("HeartbeatInterval") > 0
            if beats and all(one.action != "Heartbeat" for one in self._outbox):
                self.say(Asked("Heartbeat", {}))

    async def _send_all(self, socket: ClientConnection, speaker: Speaker) -> None:
        while True:
            await self._end_silence()
            self._to_send.clear()
            now = self.now()
            outgoing = self._outbox.first(now)
            if self._restarting is StopReason.HARD_RESET or (self._restarting is not None and outgoing is None):
                await socket.close(1001, "restart")
                return
            if outgoing is None:
                later = self._outbox.next_due() or now + timedelta(hours=1)
                await self._pacing.until(later, self._to_send)
            else:
                await self._send_one(speaker, outgoing)

    async def _send_one(self, speaker: Speaker, outgoing: Outgoing) -> None:
        """Send the first message; a transaction message stays first until answered or refused for good."""
        variables = self.cabinet.variables
        outgoing.attempts += 1
        try:
            result = await speaker.ask(outgoing.action, outgoing.payload())
        except (CallDenied, TimeoutError):
            if outgoing.durability == "transaction" and outgoing.attempts < variables.number(
                "TransactionMessageAttempts"
            ):
                await self._pacing.sleep(outgoing.attempts * variables.number("TransactionMessageRetryInterval"))
                return
            self._outbox.done(outgoing)
            if outgoing.on_loss is not None:
                outgoing.on_loss()
            return
        self._outbox.done(outgoing)
        if outgoing.on_result is not None:
            outgoing.on_result(result)
            self._changed.set()

    @property
    def _silent(self) -> bool:
        return self._silent_until is not None and self.now() < self._silent_until

    async def _end_silence(self) -> None:
        if self._silent_until is not None:
            await self._pacing.until(self._silent_until)
            self._silent_until = None
