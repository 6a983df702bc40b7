"""Who may connect, and as what: identity, password or certificate, OCPP version (OCPP-J 1.6 section 3; 2.0.1 Part 4
section 3; security profiles: 2.0.1 Part 2, A00, and the 1.6 security whitepaper).

An identity nobody entered is refused with 404, or parked: let in, told to wait, and shown to a dispatcher. What proves
nothing is 401, and whoever fails again and again waits (429). A profile below the station's least is 401 too. Without
an OCPP version in common the handshake is finished without one, then the connection closed.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from urllib.parse import unquote

import structlog

from chargers.central.attempts import Attempts
from chargers.central.desk import Desk
from chargers.central.networks import is_inside
from chargers.central.passwords import PasswordCheck, read_basic
from chargers.central.socket import Entry, Receiver, Refusal, Socket, Upgrade
from chargers.central.tls import Presented
from chargers.errors import AuthorityBroken
from fleet.errors import StoreError
from fleet.events import Kind
from fleet.orders import OrderKind, OrderState
from fleet.store import Work
from fleet.tables import Station

PATH = "/ocpp/"
IDENTITY_LENGTH = 48
MOST_PARKED = 200
"""More unknown stations than this are refused: whoever invents identities fills no disk."""
REFUSAL_SECONDS = 60.0
MOST_REMEMBERED = 1000
MOST_TOLD = 120
"""Refusals made events in one minute, of all stations together."""
UNAUTHORIZED = 401

Open = Callable[[Station, str, Socket], Receiver]

log = structlog.get_logger("binwatt.central")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a station proved of itself."""

    profile: int
    """The security profile of the connection."""
    following: str | None = None
    """The stored form of the new password it used for the first time."""


class Doorkeeper:
    """The gate of one central system. `open_session` makes a session for a station and a subprotocol."""

    def __init__(self, desk: Desk, subprotocols: tuple[str, ...], open_session: Open) -> None:
        self._desk = desk
        self._subprotocols = subprotocols
        self._open = open_session
        self._passwords = PasswordCheck()
        self._attempts = Attempts()
        self._told: OrderedDict[str, float] = OrderedDict()
        self._minute = (0, 0)
        self._opened = asyncio.Event()
        self.shown: dict[str, Presented] = {}
        """The certificate each station came in with last."""

    def open(self) -> None:
        """Let stations in; until then they wait at the door."""
        self._opened.set()

    def is_barred(self, address: str) -> bool:
        """Whether an address failed so often that it may not even begin TLS."""
        return self._attempts.wait_seconds("", address) > 0

    def note_failed_handshake(self, address: str, why: str) -> None:
        """TLS could not be agreed on; who it was is not known."""
        self._desk.counts.refused += 1
        self._attempts.note_failure("", address)
        self._tell(address, address, why, kind="TlsHandshakeFailed")

    async def __call__(self, upgrade: Upgrade) -> Refusal | Entry:
        await self._opened.wait()
        identity = read_identity(upgrade.path)
        if identity is None:
            self._attempts.note_failure("", upgrade.address)
            return self._refuse(Refusal(404, f"stations connect to {PATH}<station id>"))
        try:
            station = await self._desk.writer.read(lambda work: work.stations.get(identity))
            decision = await self._admit(identity, station, upgrade)
        except (StoreError, AuthorityBroken) as error:
            log.error("nobody can be let in", why=str(error))  # noqa: TRY400 - one line, no trace
            return self._refuse(Refusal(503, "not ready, try again"))
        if isinstance(decision, Refusal):
            if not decision.retry_seconds:
                self._attempts.note_failure(identity, upgrade.address)
                kind = "FailedToAuthenticateAtCsms" if decision.status == UNAUTHORIZED else "StationRefused"
                self._tell(identity, upgrade.address, decision.text, kind=kind)
            return self._refuse(decision)
        self._attempts.note_success(identity, upgrade.address)
        chosen = next((name for name in upgrade.offered if name in self._subprotocols), None)
        if chosen is None:
            why = f"no OCPP version in common: it offers {', '.join(upgrade.offered)[:100] or 'none'}"
            self._tell(identity, upgrade.address, why)
            return Entry(None, _no_session)
        return Entry(chosen, lambda socket: self._open(decision, chosen, socket))

    async def _admit(self, identity: str, station: Station | None, upgrade: Upgrade) -> Refusal | Station:
        known = station is not None and self._is_remembered(station, upgrade)
        waits = self._attempts.wait_seconds(identity, upgrade.address)
        if waits > 0 and not known:
            return Refusal(429, "too many attempts failed, wait", retry_seconds=ceil(waits))
        if station is None:
            if self._desk.settings.unknown_stations == "refuse":
                return Refusal(404, "unknown station")
            return await self._desk.writer.do(lambda work: park(work, identity, upgrade.address))
        if station.admission == "refused":
            return Refusal(403, "this station was refused by a dispatcher")
        proof = await self._prove(station, upgrade)
        if isinstance(proof, Refusal):
            return proof
        least = self._least(station, upgrade.address)
        if proof.profile < least:
            return Refusal(UNAUTHORIZED, _say_too_low(station, proof.profile, least))
        if upgrade.certificate is not None:
            self.shown[identity] = upgrade.certificate
        else:
            self.shown.pop(identity, None)
        if proof.following is None and station.connected_profile == proof.profile:
            return station
        return await self._desk.writer.do(lambda work: note_proof(work, station, proof))

    async def _prove(self, station: Station, upgrade: Upgrade) -> Refusal | Proof:
        if upgrade.certificate is not None:
            fault = await self._fault_of(station, upgrade.certificate)
            return Proof(3) if fault is None else Refusal(UNAUTHORIZED, fault)
        over_tls = 2 if upgrade.secure else 1
        given = read_basic(upgrade.authorization)
        if station.password_hash is None and (given is None or station.next_password_hash is None):
            return Proof(0)
        if given is None or given[0] != station.station_id:
            return Refusal(UNAUTHORIZED, "no password, or the user name is not the station id")
        kept = station.password_hash
        if kept is not None and await self._passwords.check(station.station_id, given[1], kept):
            return Proof(over_tls)
        for following in (station.next_password_hash or "").split():
            if await self._passwords.check(station.station_id, given[1], following):
                return Proof(over_tls, following)
        return Refusal(UNAUTHORIZED, "wrong password")

    def _is_remembered(self, station: Station, upgrade: Upgrade) -> bool:
        """Whether its password was right before: whoever fails in its name, or beside it, does not lock it out."""
        given = read_basic(upgrade.authorization)
        if given is None or station.password_hash is None or given[0] != station.station_id:
            return False
        return self._passwords.knows(station.station_id, given[1], station.password_hash)

    async def _fault_of(self, station: Station, shown: Presented) -> str | None:
        """What is wrong with a certificate whose chain and time the handshake proved (2.0.1 Part 2, A00.FR.405 on)."""
        authority = self._desk.authority
        if authority is None:
            return "certificates of stations are not asked for here"
        if shown.common_name != station.station_id:
            return f"its certificate is that of {shown.common_name[:IDENTITY_LENGTH] or 'nobody'}"
        if shown.organisation != authority.organisation:
            return f"its certificate names the organisation {shown.organisation[:50]!r}"
        if shown.not_after <= time.time():
            return "its certificate is past its time"
        state = await self._desk.writer.read(lambda work: work.trust.state_of(shown.fingerprint))
        if state == "revoked" or authority.is_revoked(shown.serial):
            return "its certificate was revoked"
        return None

    def _least(self, station: Station, address: str) -> int:
        """The security profile a station must come with; a parked one has nothing yet to show."""
        settings = self._desk.settings
        if station.security_profile is not None:
            return station.security_profile
        if station.admission == "parked" or settings.open_stations or is_inside(address, settings.open_networks):
            return 0
        return settings.least_security

    def _refuse(self, refusal: Refusal) -> Refusal:
        self._desk.counts.refused += 1
        return refusal

    def _tell(self, subject: str, address: str, why: str, kind: str = "") -> None:
        """Events, but not for every attempt of a station that tries every second, nor for every name an attacker
        thinks of.
        """
        now = time.monotonic()
        if now - self._told.get(subject, -REFUSAL_SECONDS) < REFUSAL_SECONDS:
            return
        minute, told = self._minute
        told = told if minute == int(now // 60) else 0
        if told >= MOST_TOLD:
            return
        self._minute = int(now // 60), told + 1
        self._told[subject] = now
        self._told.move_to_end(subject)
        if len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        self._desk.spawn(self._append(subject, address, why, kind))

    async def _append(self, subject: str, address: str, why: str, kind: str) -> None:
        def append(work: Work) -> None:
            work.events.append(Kind.STATION_REFUSED, subject, why=why)
            if kind:
                work.trust.note_event(subject, kind, why, source="central", address=address)

        try:
            await self._desk.writer.do(append)
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


def note_proof(work: Work, station: Station, proof: Proof) -> Station:
    """Keep the profile a station came with. A new password used for the first time ends the one before it; a profile
    that was ordered and is now reached is the least from here on.
    """
    row = work.stations.get(station.station_id)
    if row is None:
        return station
    row.connected_profile = proof.profile
    if proof.following is not None:
        row.password_hash, row.next_password_hash = proof.following, None
        work.events.append(Kind.STATION_CHANGED, row.station_id, password="changed")  # noqa: S106 - that, not which
    if proof.profile > (row.security_profile or 0) and _was_ordered(work, row.station_id, proof.profile):
        row.security_profile = proof.profile
        work.events.append(Kind.STATION_CHANGED, row.station_id, security_profile=proof.profile)
    work.session.add(row)
    work.session.flush()
    return row


def _was_ordered(work: Work, station_id: str, profile: int) -> bool:
    orders = work.orders.find(
        state=OrderState.ACCEPTED, kind=OrderKind.SET_SECURITY_PROFILE, target=station_id, count=1
    )
    return bool(orders) and orders[0].args.get("profile") == profile


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


def _say_too_low(station: Station, profile: int, least: int) -> str:
    if profile == 0 and station.password_hash is None:
        return "this station has no password here: give it one, or name its network in ocpp.open_networks"
    return f"it comes with security profile {profile}; this station needs {least}"
