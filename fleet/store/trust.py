"""Certificates and security events."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import col, func, select

from fleet.events import Kind
from fleet.tables import Certificate, SecurityEvent, Station

if TYPE_CHECKING:
    from fleet.store.work import Work

TEXT = 255


class Trust:
    """Trust in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def note_event(
        self,
        station_id: str,
        kind: str,
        info: str = "",
        *,
        critical: bool = False,
        source: str = "station",
        address: str = "",
        at: datetime | None = None,
    ) -> None:
        """A security event was told by a station, or found here (`source` "central"); a critical one is an alarm."""
        row = SecurityEvent(
            station_id=station_id[:48],
            at=at or self._work.now,
            kind=kind[:50],
            info=info[:TEXT],
            address=address,
            critical=critical,
            source=source,
        )
        self._work.session.add(row)
        self._work.session.flush()
        self._work.events.append(
            Kind.SECURITY_EVENT,
            station_id,
            kind=row.kind,
            info=row.info,
            critical=critical,
            source=source,
            address=address,
        )
        if critical:
            text = f"{station_id}: {row.kind} {row.info}".rstrip()[:200]
            self._work.alarms.sound("station.security", station_id, "warning", text)

    def events(self, station_id: str | None = None, count: int = 200) -> list[SecurityEvent]:
        """The last `count` security events, newest first."""
        query = select(SecurityEvent).order_by(col(SecurityEvent.security_event_id).desc()).limit(count)
        if station_id is not None:
            query = query.where(SecurityEvent.station_id == station_id)
        return list(self._work.session.exec(query))

    def certificate(self, certificate_id: int) -> Certificate | None:
        """One certificate."""
        return self._work.session.get(Certificate, certificate_id)

    def state_of(self, fingerprint: str) -> str | None:
        """The state of a station's own certificate; None for one that is not kept here."""
        query = select(Certificate.state).where(Certificate.fingerprint == fingerprint, Certificate.use == "station")
        return self._work.session.exec(query).first()

    def state_of_serial(self, serial: str) -> str | None:
        """The state of a station's own certificate by its serial number (hexadecimal, without leading zeros)."""
        query = select(Certificate.state).where(Certificate.serial == serial, Certificate.use == "station")
        states = set(self._work.session.exec(query))
        return "revoked" if "revoked" in states else next(iter(sorted(states)), None)

    def revoked_prints(self) -> set[str]:
        """Fingerprints of the stations' own certificates that were revoked."""
        query = select(Certificate.fingerprint).where(Certificate.use == "station", Certificate.state == "revoked")
        return set(self._work.session.exec(query))

    def station_ends(self) -> dict[str, datetime]:
        """When the last valid certificate of each accepted station ends."""
        query = (
            select(Certificate.station_id, func.max(Certificate.not_after))
            .join(Station, col(Station.station_id) == Certificate.station_id)
            .where(Certificate.use == "station", Certificate.state == "valid", Station.admission == "accepted")
            .group_by(Certificate.station_id)
        )
        return dict(self._work.session.exec(query).all())

    def certificates(self, station_id: str | None = None) -> list[Certificate]:
        """Certificates, or those of one station ("": of the central system itself), newest first."""
        query = select(Certificate).order_by(col(Certificate.certificate_id).desc())
        if station_id is not None:
            query = query.where(Certificate.station_id == station_id)
        return list(self._work.session.exec(query))

    def keep_certificate(self, row: Certificate) -> Certificate:
        """A certificate as it is now; the same one of a station for the same use is one row."""
        query = select(Certificate).where(
            Certificate.fingerprint == row.fingerprint,
            Certificate.station_id == row.station_id,
            Certificate.use == row.use,
        )
        before = self._work.session.exec(query).first()
        if before is not None:
            before.state, before.why = row.state, row.why
            row = before
        self._work.session.add(row)
        self._work.session.flush()
        self._tell(row)
        return row

    def mark_certificate(self, certificate_id: int, state: str, why: str = "") -> None:
        """A certificate was accepted, rejected, replaced, revoked or deleted."""
        row = self.certificate(certificate_id)
        if row is None or row.state == state:
            return
        row.state, row.why = state, why[:TEXT]
        if state == "revoked":
            row.revoked_at = self._work.now
        self._work.session.add(row)
        self._work.session.flush()
        self._tell(row)

    def _tell(self, row: Certificate) -> None:
        self._work.events.append(
            Kind.CERTIFICATE_CHANGED,
            row.station_id,
            use=row.use,
            state=row.state,
            serial=row.serial,
            subject=row.subject,
            not_after=row.not_after.isoformat(),
        )
