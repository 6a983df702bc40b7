"""The certificates while the central system runs: read again when changed, asked for anew before they end, and the
stations whose certificate was revoked sent away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from chargers.central.desk import Desk
from chargers.central.session import Session
from chargers.central.socket import CloseCode
from chargers.central.tls import Certificates, Presented
from chargers.errors import CentralError
from fleet.errors import StoreError
from fleet.orders import OrderKind, Wanted
from fleet.store import Work

LOOK_SECONDS = 10.0
RENEWAL_SECONDS = 3600.0
RENEW_BEFORE = timedelta(days=30)
ALARM_BEFORE = timedelta(days=10)
ORDER_LIFE = timedelta(days=7)
"""A station that is away is asked when it comes back within this."""
WHO = "central"
SERVER_ALARM, STATION_ALARM = "tls.certificate", "station.certificate"

log = structlog.get_logger("binwatt.central")


class Vigil:
    """Watches over the certificates of one central system."""

    def __init__(
        self, desk: Desk, certificates: Certificates, sessions: Mapping[str, Session], shown: Mapping[str, Presented]
    ) -> None:
        self._desk = desk
        self._certificates = certificates
        self._sessions = sessions
        self._shown = shown
        self._said = ""

    async def watch(self) -> None:
        """Look every few seconds until cancelled."""
        rounds = 0
        while True:
            try:
                await self.look()
                if rounds % int(RENEWAL_SECONDS / LOOK_SECONDS) == 0:
                    now = datetime.now(UTC)
                    await self._desk.writer.do(lambda work, now=now: ask_renewals(work, now))  # type: ignore[misc]
            except StoreError as error:
                log.error("certificates not looked after", why=str(error))  # noqa: TRY400 - one line, no trace
            rounds += 1
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Once: changed files are loaded, revoked stations leave."""
        try:
            if await asyncio.to_thread(self._certificates.refresh):
                log.info("server certificate loaded")
            said = ""
            await self._dismiss_revoked()
        except CentralError as error:
            said = str(error)
        if said != self._said:
            self._said = said
            await self._desk.writer.do(_alarm(said))

    async def _dismiss_revoked(self) -> None:
        here = {name: shown for name, shown in self._shown.items() if name in self._sessions}
        authority = self._desk.authority
        if not here or authority is None:
            return
        revoked = await self._desk.writer.read(lambda work: work.trust.revoked_prints())
        for name, shown in here.items():
            if shown.fingerprint in revoked or authority.is_revoked(shown.serial):
                self._sessions[name].dismiss(CloseCode.POLICY_VIOLATION, "its certificate was revoked")


def ask_renewals(work: Work, now: datetime) -> list[str]:
    """Order a new certificate for each station whose newest one ends within a month, once a week; whoever is nearly
    out of time is an alarm. The stations asked.

    `now` is the wall clock: certificates know no simulated one.
    """
    asked = []
    for station_id, ends in work.trust.station_ends().items():
        if ends - now > RENEW_BEFORE:
            work.alarms.clear(STATION_ALARM, station_id)
            continue
        week = "{}-{}".format(*now.isocalendar()[:2])
        key = f"renew certificate {station_id} {week}"
        wanted = Wanted(OrderKind.RENEW_CERTIFICATE, station_id, {}, WHO, f"it ends {ends:%Y-%m-%d}", key, ORDER_LIFE)
        work.orders.place(wanted)
        asked.append(station_id)
        if ends - now <= ALARM_BEFORE:
            said = f"the certificate of {station_id} ends {ends:%Y-%m-%d} and was not renewed"
            work.alarms.sound(STATION_ALARM, station_id, "warning", said)
    return asked


def _alarm(said: str) -> Callable[[Work], None]:
    def note(work: Work) -> None:
        if said:
            work.alarms.sound(SERVER_ALARM, "server", "warning", said)
        else:
            work.alarms.clear(SERVER_ALARM, "server")

    return note
