"""The central system: listens for stations, keeps their sessions, carries out orders for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from chargers.central import ledger
from chargers.central.desk import Desk
from chargers.central.dispatch import Dispatch
from chargers.central.gate import Doorkeeper
from chargers.central.networks import read_networks
from chargers.central.session import Session
from chargers.central.socket import CloseCode, Listener, Receiver, Socket
from chargers.central.tls import Certificates, Lock
from chargers.central.transport import Transport, listen
from chargers.central.upkeep import keep_up
from chargers.central.v16 import StationV16
from chargers.central.v21 import StationV21
from chargers.central.v201 import StationV201
from chargers.central.vigil import Vigil
from fleet.errors import FleetError, SettingsError, StoreError
from fleet.settings import HttpSettings, OcppSettings
from fleet.store import Store, Work, Writer
from fleet.tables import Station, Transaction

if TYPE_CHECKING:
    from chargers.trust import Authority

PING_SECONDS = 30.0
SEEN_SECONDS = 30.0
GOODBYE_SECONDS = 2.0
SESSIONS: dict[str, type[StationV16 | StationV201]] = {
    StationV16.protocol: StationV16,
    StationV201.protocol: StationV201,
    StationV21.protocol: StationV21,
}

log = structlog.get_logger("binwatt.central")


class CentralSystem:
    """OCPP 1.6 and 2.0.1 for every station of a store.

        writer.start()
        central = CentralSystem(store, writer, settings.ocpp)
        await central.start()
        ...
        await central.stop()

    The writer is shared with other parts of the process, and theirs to start and stop.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        settings: OcppSettings,
        *,
        transport: Transport = "auto",
        ping_seconds: float = PING_SECONDS,
        http: HttpSettings | None = None,
        authority: Authority | None = None,
    ) -> None:
        self._desk = Desk(store, writer, settings, http=http)
        self._desk.authority = self._authority = authority
        self._transport = transport
        self._ping_seconds = ping_seconds
        self._sessions: dict[str, Session] = {}
        self._dispatch = Dispatch(self._desk, self._sessions)
        self._listener: Listener | None = None
        self._tls_listener: Listener | None = None
        self._vigil: Vigil | None = None
        self._emptied: asyncio.Event | None = None
        """Set once the last station has gone; there only while stopping."""

    async def start(self) -> None:
        """Listen, and carry out orders.

        Raises:
            PortUnavailable: it cannot listen where it was told to.
            CertificateUnreadable: there is no certificate for TLS.
            SettingsError: ocpp.open_networks cannot be read.
            StoreError: the store cannot be used.
        """
        try:
            settings = self._desk.settings
            _check_networks(settings.open_networks)
            gate = Doorkeeper(self._desk, tuple(SESSIONS), self._open)
            self._listener = await self._listen(gate, settings.port, None)
            if settings.tls_port:
                await self._listen_locked(gate)
            await self._dispatch.start()
            gate.open()
        except BaseException:
            await self.stop()
            raise
        self._desk.spawn(self._keep_seen())

    async def stop(self) -> None:
        """Say goodbye to the stations, write what was handed in, end."""
        for listener in (self._listener, self._tls_listener):
            if listener is not None:
                await listener.stop()
        self._listener = self._tls_listener = None
        await self._dispatch.stop()
        self._emptied = asyncio.Event()
        leaving = list(self._sessions.values())
        for session in leaving:
            session.dismiss(CloseCode.GOING_AWAY, "the central system stops")
        if leaving:
            try:
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._emptied.wait()
            except TimeoutError:
                log.warning("stations did not say goodbye", count=len(self._sessions))
            await self._note_losses(leaving)
        await self._desk.stop()

    @property
    def port(self) -> int:
        """The port listened on; 0 while it is not."""
        return 0 if self._listener is None else self._listener.port

    @property
    def tls_port(self) -> int:
        """The port listened on with TLS; 0 without."""
        return 0 if self._tls_listener is None else self._tls_listener.port

    @property
    def connected(self) -> list[str]:
        """Stations connected now, by identity."""
        return sorted(self._sessions)

    def tell_prices(self, price: Callable[[Transaction], float | None]) -> None:
        """From now on stations are told what their charges come to, as far as their version can say it."""
        self._desk.price = price

    def counts(self) -> dict[str, Any]:
        """Messages since the start, for health and reports: received and sent by action, rejected, stations."""
        return {"stations": len(self._sessions), **self._desk.counts.as_json()}

    async def _listen(self, gate: Doorkeeper, port: int, lock: Lock | None) -> Listener:
        settings = self._desk.settings
        compress = settings.compression
        return await listen(gate, settings.host, port, self._transport, self._ping_seconds, deflate=compress, lock=lock)

    async def _listen_locked(self, gate: Doorkeeper) -> None:
        settings = self._desk.settings
        certificates = await asyncio.to_thread(Certificates, settings, self._desk.http, self._authority)
        lock = Lock(certificates.context, gate.is_barred, gate.note_failed_handshake)
        self._tls_listener = await self._listen(gate, settings.tls_port, lock)
        self._vigil = Vigil(self._desk, certificates, self._sessions, gate.shown)
        self._desk.spawn(self._vigil.watch())

    def _open(self, station: Station, protocol: str, socket: Socket) -> Receiver:
        before = self._sessions.get(station.station_id)
        session = SESSIONS[protocol](station, socket, self._desk, self._forget)
        self._sessions[station.station_id] = session
        if before is not None:
            before.dismiss(CloseCode.POLICY_VIOLATION, "another connection of this station took over")
        self._desk.spawn(self._begin(session))
        return session

    async def _begin(self, session: Session) -> None:
        try:
            await session.start()
        except FleetError as error:
            log.error("connection not kept", station=session.id, why=str(error))  # noqa: TRY400 - one line, no trace
        self._dispatch.nudge()

    def _forget(self, session: Session) -> None:
        if self._sessions.get(session.id) is session:
            del self._sessions[session.id]
            if self._emptied is None:
                self._desk.spawn(self._note_losses([session]))
            elif not self._sessions:
                self._emptied.set()

    async def _note_losses(self, sessions: list[Session]) -> None:
        def note(work: Work) -> None:
            for session in sessions:
                ledger.disconnect(work, session.id, session.why_lost)

        try:
            await self._desk.writer.do(note)
        except StoreError as error:
            log.error("loss not kept", stations=len(sessions), why=str(error))  # noqa: TRY400 - one line, no trace

    async def _keep_seen(self) -> None:
        """Stations heard of since last time, in one small write; a heartbeat itself costs none."""
        while True:
            await asyncio.sleep(SEEN_SECONDS)
            heard = [one for session in self._sessions.values() if (one := session.take_heard()) is not None]
            try:
                await self._desk.writer.do(lambda work, heard=heard: keep_up(work, heard))  # type: ignore[misc]
            except StoreError as error:
                log.error("last seen not kept", why=str(error))  # noqa: TRY400 - one line, no trace


def _check_networks(text: str) -> None:
    try:
        read_networks(text)
    except ValueError as error:
        raise SettingsError(f"ocpp.open_networks: {error}; write ranges like 10.1.0.0/16, comma separated") from None
