"""Who a station is and what it did about its security: certificates and security events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class Certificate(SQLModel, table=True):
    """A certificate of our own authority, of a station, or one installed at a station. Keys are never in the store."""

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("fingerprint", "station_id", "use"),)

    certificate_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(default="", index=True)
    """Empty: of the central system itself."""
    use: str
    """"authority", "server", "station", or the OCPP use of one installed, e.g. "CSMSRootCertificate"."""
    subject: str
    issuer: str
    serial: str
    """Hexadecimal."""
    fingerprint: str = Field(max_length=64)
    """SHA-256 of the DER form, hexadecimal."""
    pem: str
    not_before: datetime
    not_after: datetime
    state: str = "valid"
    """"asked", "sent", "valid", "replaced", "revoked", "deleted", "rejected"."""
    made_at: datetime
    revoked_at: datetime | None = None
    why: str = ""


class SecurityEvent(SQLModel, table=True):
    """A security event: told by a station (SecurityEventNotification), or found here (a wrong password)."""

    __tablename__ = "security_event"

    security_event_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(index=True, max_length=48)
    """As the other side calls itself; it may be no station of ours."""
    at: datetime = Field(index=True)
    kind: str
    """As in the list of OCPP 2.0.1 part 2 appendix 1, or ours in the same style ("FailedToAuthenticateAtCsms")."""
    info: str = ""
    address: str = ""
    critical: bool = False
    source: str = "station"
    """"station" or "central"."""
