"""A simulated charging station on its line: connects, registers, reports, obeys, and comes back when it is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from chargers.errors import CallDenied, LineLost
from chargers.twin.answers import deadly_to, speaker_of
from chargers.twin.cabinet import Cabinet
from chargers.twin.dialing import Dialer
from chargers.twin.keyring import Keyring
from chargers.twin.messages16 import boot16, messages16
from chargers.twin.messages201 import boot201, messages201
from chargers.twin.noticeboard import Noticeboard
from chargers.twin.notices import Asked, ChargingState, Notice, PlugState, StopReason
from chargers.twin.outbox import Outbox, Outgoing, Payload
from chargers.twin.pacing import Pacing
from chargers.twin.speaker import Speaker, string_ids
from chargers.twin.spec import Misbehaviour, StationSpec, Vehicle
from chargers.twin.spoiling import spoil, stray_end
from chargers.twin.tally import Tally
from chargers.twin.upkeep import Upkeep, log_text
from chargers.twin.wording import time_text
from fleet.clock import Clock
from fleet.twin.battery import Plugged

if TYPE_CHECKING:
    import ssl

RESTART_SECONDS = 30.0
WATCHDOG_SECONDS = 300.0
ASK_AGAIN_SECONDS = 60.0
"""Wait before another BootNotification where the server gave no interval."""
LATE_SECONDS = 40.0
"""How long the slowest stations think before they answer."""
REBOOT_SECONDS = 300.0
RECONNECT_SECONDS = 1.0


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
        roots_pem: str = "",
    ) -> None:
        """url: of the central system, without the identity. pace: wall seconds that so many clock seconds take.

        roots_pem: certificates a wss:// server is checked against; empty: those of the machine.
        """
        self.spec = spec
        self.tally = Tally() if tally is None else tally
        self.cabinet = Cabinet(spec, clock.now(), self.say)
        self.connected = False
        self.keyring = Keyring(spec.identity, roots_pem)
        self.board = Noticeboard(spec, clock.now, self.say)
        self.upkeep = Upkeep(self)
        self.dialer = Dialer(spec, url, self.cabinet.variables, self.keyring, seed)
        self.dialer.password = password
        self._pacing, self._made_at = Pacing(clock, pace), clock.now()
        self._outbox = Outbox()
        self._ids: Iterator[str | int] = count(1) if spec.shows(Misbehaviour.INTEGER_IDS) else string_ids()
        self._changed = asyncio.Event()
        self._to_send = asyncio.Event()
        self._boot_now = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._registered = False
        self._boot_reason = "PowerUp"
        self._restarting: StopReason | None = None
        self._reconnecting = False
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
        return self.cabinet.power_kw(self.now())

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

    def reconnect(self) -> None:
        self._reconnecting = True
        self.stir()

    async def sleep(self, seconds: float) -> None:
        await self._pacing.sleep(seconds)

    def busy(self) -> bool:
        return self.cabinet.charging > 0

    def report(self) -> str:
        return log_text(self.cabinet, time_text(self.spec, self.now()), [one.action for one in self._outbox])

    def set_firmware(self, version: str) -> None:
        self.cabinet.run_firmware(version)

    def trust(self) -> ssl.SSLContext:
        return self.keyring.context()

    # its life -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Live until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_time())
                group.create_task(self._keep_line())
        finally:
            self.upkeep.end()

    async def _keep_time(self) -> None:
        while True:
            self._changed.clear()
            now = self.now()
            self.cabinet.advance(now)
            self.board.advance(now)
            due = self.cabinet.next_due(now)
            await self._pacing.until(min(due, self.board.next_due() or due), self._changed)

    async def _keep_line(self) -> None:
        attempts = 0
        while True:
            if self._away_until is not None:
                await self._pacing.until(self._away_until)
                self._away_until = None
            await self._end_silence()
            try:
                async with self.dialer.dial() as socket:
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
                await self._pacing.sleep(self.dialer.back_off(attempts))
            attempts += 1

    async def _converse(self, socket: ClientConnection) -> None:
        """Everything on one connection, until it ends."""
        late = partial(self.sleep, LATE_SECONDS) if self.spec.shows(Misbehaviour.ANSWERS_LATE) else None
        speaker = speaker_of(self, socket, self.tally, self._ids, lambda: not self._silent, late)
        self._socket = socket
        self.connected = True
        self.tally.connections += 1
        lives = [self._listen(socket, speaker), self._speak(socket, speaker), self._beat()]
        if self.spec.shows(Misbehaviour.REBOOTS):
            lives.append(self._wear_out())
        tasks = [asyncio.create_task(life) for life in lives]
        try:
            # No TaskGroup: its errors take precedence over a cancellation, and a line is lost in every shutdown.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            endings = await asyncio.gather(*tasks, return_exceptions=True)
            on_purpose = self._restarting is not None or self._reconnecting
            self._hang_up(socket)
        self.tally.failures += not on_purpose
        for ending in endings:
            if isinstance(ending, Exception) and not isinstance(ending, LineLost | ConnectionClosed):
                raise ending

    def _hang_up(self, socket: ClientConnection) -> None:
        self._socket = None
        self.connected = False
        self._said_before = self.cabinet.said()
        self.cabinet.go_offline(self.now())
        self._outbox.lose_line()
        if self._restarting is not None:
            self._restarting, self._registered, self._boot_reason = None, False, "RemoteReset"
            self._away_until = self.now() + timedelta(seconds=RESTART_SECONDS)
        elif self._reconnecting:
            self._away_until = self.now() + timedelta(seconds=RECONNECT_SECONDS)
        elif self.spec.shows(Misbehaviour.DIES_ON_ABNORMAL_CLOSE) and socket.close_code in {None, 1006}:
            self._crash()
        self._reconnecting = False

    def _crash(self) -> None:
        """It hangs until its watchdog restarts it."""
        self._registered, self._boot_reason = False, "Watchdog"
        self._away_until = self.now() + timedelta(seconds=WATCHDOG_SECONDS)

    async def _listen(self, socket: ClientConnection, speaker: Speaker) -> None:
        try:
            async for frame in socket:
                await speaker.take(frame)
                self._changed.set()
                if any(self.spec.shows(manner) for manner in deadly_to(speaker)):
                    self._crash()
                    socket.transport.abort()
                    return
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
        if self.spec.shows(Misbehaviour.SHORT_BACK_OFF):
            self._outbox.news_first()
        self.cabinet.go_online(self.now())
        self.upkeep.tell_installed()
        if self.spec.shows(Misbehaviour.REPEATS_ITSELF):
            self._outbox.repeat_answered()
        if self.spec.shows(Misbehaviour.REPLAYS_BACKWARDS):
            self._outbox.turn_round()
        if self.spec.shows(Misbehaviour.STOPS_UNKNOWN):
            action, body = stray_end(self.spec, time_text(self.spec, self._made_at))
            self._outbox.put(Outgoing(action, lambda: body))
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

    async def _wear_out(self) -> None:
        """One of those that restart again and again."""
        while True:
            await self._pacing.sleep(REBOOT_SECONDS)
            self.restart(StopReason.HARD_RESET)

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
            if outgoing is None and self._reconnecting:
                await socket.close(1000, "reconnect")
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
            result = await speaker.ask(outgoing.action, spoil(self.spec, outgoing.payload()))
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
