"""Who may connect, and as what: identity, password, OCPP version (OCPP-J 1.6 section 3; 2.0.1 Part 4 section 3).

An identity nobody entered is refused with 404, or parked: let in, told to wait, and shown to a dispatcher. A wrong
password is 401. Without an OCPP version in common the handshake is finished without one, then the connection closed.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import unquote

import structlog

from chargers.central.desk import Desk
from chargers.central.passwords import PasswordCheck, read_basic
from chargers.central.socket import Entry, Receiver, Refusal, Socket, Upgrade
from fleet.errors import StoreError
from fleet.events import Kind
from fleet.store import Work
from fleet.tables import Station

PATH = "/ocpp/"
IDENTITY_LENGTH = 48
MOST_PARKED = 200
"""More unknown stations than this are refused: whoever invents identities fills no disk."""
REFUSAL_SECONDS = 60.0
MOST_REMEMBERED = 1000

Open = Callable[[Station, str, Socket], Receiver]

log = structlog.get_logger("binwatt.central")


class Doorkeeper:
    """The gate of one central system. `open_session` makes a session for a station and a subprotocol."""

    def __init__(self, desk: Desk, subprotocols: tuple[str, ...], open_session: Open) -> None:
        self._desk = desk
        self._subprotocols = subprotocols
        self._open = open_session
        self._passwords = PasswordCheck()
        self._told: OrderedDict[str, float] = OrderedDict()
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Let stations in; until then they wait at the door."""
        self._opened.set()

    async def __call__(self, upgrade: Upgrade) -> Refusal | Entry:
        await self._opened.wait()
        identity = read_identity(upgrade.path)
        if identity is None:
            return self._refuse(Refusal(404, f"stations connect to {PATH}<station id>"))
        try:
            station = await self._desk.writer.read(lambda work: work.stations.get(identity))
            decision = await self._admit(identity, station, upgrade)
        except StoreError as error:
            log.error("nobody can be let in", why=str(error))  # noqa: TRY400 - one line, no trace
            return self._refuse(Refusal(503, "not ready, try again"))
        if isinstance(decision, Refusal):
            self._tell(identity, decision.text)
            return self._refuse(decision)
        chosen = next((name for name in upgrade.offered if name in self._subprotocols), None)
        if chosen is None:
            self._tell(identity, f"no OCPP version in common: it offers {', '.join(upgrade.offered)[:100] or 'none'}")
            return Entry(None, _no_session)
        return Entry(chosen, lambda socket: self._open(decision, chosen, socket))

    async def _admit(self, identity: str, station: Station | None, upgrade: Upgrade) -> Refusal | Station:
        settings = self._desk.settings
        if station is None:
            if settings.unknown_stations == "refuse":
                return Refusal(404, "unknown station")
            return await self._desk.writer.do(lambda work: park(work, identity, upgrade.address))
        if station.admission == "refused":
            return Refusal(403, "this station was refused by a dispatcher")
        if station.password_hash is None:
            if settings.open_stations or station.admission == "parked":
                return station
            return Refusal(401, "this station has no password here: give it one, or set ocpp.open_stations")
        given = read_basic(upgrade.authorization)
        if given is None or given[0] != identity:
            return Refusal(401, "no password, or the user name is not the station id")
        if await self._passwords.check(identity, given[1], station.password_hash):
            return station
        following = station.next_password_hash
        if following is not None and await self._passwords.check(identity, given[1], following):
            return await self._desk.writer.do(lambda work: use_next_password(work, station, following))
        return Refusal(401, "wrong password")

    def _refuse(self, refusal: Refusal) -> Refusal:
        self._desk.counts.refused += 1
        return refusal

    def _tell(self, identity: str, why: str) -> None:
        """An event, but not for every attempt of a station that tries every second."""
        now = time.monotonic()
        if now - self._told.get(identity, -REFUSAL_SECONDS) < REFUSAL_SECONDS:
            return
        self._told[identity] = now
        self._told.move_to_end(identity)
        if len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        self._desk.spawn(self._append(identity, why))

    async def _append(self, identity: str, why: str) -> None:
        try:
            await self._desk.writer.do(lambda work: work.events.append(Kind.STATION_REFUSED, identity, why=why))
        except StoreError as error:
            log.error("event not stored", why=str(error))  # noqa: TRY400 - one line, no trace


def read_identity(path: str) -> str | None:
    """The station id in a request path; None where there is none that could be."""
    route = path.partition("?")[0]
    if not route.startswith(PATH):
        return None
    try:
        identity = unquote(route[len(PATH) :], errors="strict")
    except UnicodeDecodeError:
        return None
    bad = not identity or len(identity) > IDENTITY_LENGTH or "/" in identity or ":" in identity
    return None if bad or not identity.isprintable() else identity


def use_next_password(work: Work, station: Station, following: str) -> Station:
    """The password that was sent last was used for the first time: the one before it holds no more."""
    row = work.stations.get(station.station_id)
    if row is None:
        return station
    row.password_hash, row.next_password_hash = following, None
    work.session.add(row)
    work.session.flush()
    work.events.append(Kind.STATION_CHANGED, row.station_id, password="changed")  # noqa: S106 - says that, not which
    return row


def park(work: Work, identity: str, address: str) -> Refusal | Station:
    """Keep an unknown station for a dispatcher to decide on."""
    stations = work.stations.all()
    known = next((row for row in stations if row.station_id == identity), None)
    if known is not None:
        return known
    if sum(row.admission == "parked" for row in stations) >= MOST_PARKED:
        return Refusal(404, "unknown station, and too many unknown ones wait already")
    row = Station(station_id=identity, name=identity, admission="parked")
    work.session.add(row)
    work.session.flush()
    work.events.append(Kind.STATION_PARKED, identity, address=address)
    work.alarms.sound("station.parked", identity, "warning", f"unknown station {identity} waits to be accepted")
    return row


def _no_session(_socket: Socket) -> Receiver:
    raise AssertionError("a connection without a subprotocol is closed, not opened")
