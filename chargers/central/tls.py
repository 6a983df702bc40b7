"""TLS before the door: 1.2 or later, certificates read again when their files change, stations' certificates asked for.

A station shows a certificate of our authority (security profile 3) or none (profile 2). One of another authority, or
past its time, ends the handshake; one that was revoked or names another station is refused by the gate, which knows
who is there (2.0.1 Part 2, A00 section 1.3; 1.6 security whitepaper 2.5).
"""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chargers.errors import CertificateUnreadable
from fleet.settings import HttpSettings, OcppSettings

if TYPE_CHECKING:
    from chargers.trust import Authority

ANY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - names that stand for no name


@dataclass(frozen=True, slots=True)
class Presented:
    """The certificate a station showed, its chain and time proven by the handshake."""

    common_name: str
    organisation: str
    serial: str
    """Hexadecimal, lower case, without leading zeros."""
    fingerprint: str
    """SHA-256 of the DER form, hexadecimal."""
    not_after: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Lock:
    """TLS for a listener: its context, and whom to tell of handshakes that failed."""

    context: ssl.SSLContext
    is_barred: Callable[[str], bool]
    """Whether an address may not even try."""
    failed: Callable[[str, str], None]
    """Told address and reason."""


class Certificates:
    """The server's certificate in a live context: `refresh` loads what has changed, for connections made from then on.

    Raises:
        CertificateUnreadable: the files of the settings are no certificate and its key.
    """

    def __init__(self, settings: OcppSettings, http: HttpSettings, authority: Authority | None) -> None:
        self._settings = settings
        self._names = host_names(settings, http)
        self._authority = authority
        self._seen: tuple[Any, ...] = ()
        self.context = _bare_context()
        if authority is not None:
            self.context.verify_mode = ssl.CERT_OPTIONAL
            self.context.load_verify_locations(cadata=authority.root_pem)
        self.refresh()

    def refresh(self) -> bool:
        """Look whether the files changed; a pair that does not fit leaves the old one in use.

        Raises:
            CertificateUnreadable: what lies there now is no certificate and its key.
        """
        certificate, key = self._files()
        try:
            seen = tuple((path, path.stat().st_mtime_ns, path.stat().st_ino) for path in (certificate, key))
            if seen == self._seen:
                return False
            _bare_context().load_cert_chain(certificate, key)
            self.context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            why = getattr(error, "strerror", None) or str(error)
            text = f"{certificate}, {key}: {why}; correct ocpp.tls_certificate and ocpp.tls_key"
            raise CertificateUnreadable(text) from None
        self._seen = seen
        return True

    def _files(self) -> tuple[Path, Path]:
        if self._settings.tls_certificate:
            certificate = Path(self._settings.tls_certificate)
            return certificate, Path(self._settings.tls_key or self._settings.tls_certificate)
        if self._authority is None:
            raise CertificateUnreadable("ocpp.tls_port is set without ocpp.tls_certificate, and there is no authority")
        own = self._authority.server_file(self._names)
        return own, own


def host_names(settings: OcppSettings, http: HttpSettings) -> list[str]:
    """What stations may call this server by: of the settings first, then of the machine."""
    named = [urlsplit(http.public_url).hostname or "", settings.host, socket.gethostname(), "localhost", "127.0.0.1"]
    return list(dict.fromkeys(name for name in named if name not in ANY_ADDRESS))


def read_peer(ssl_object: Any) -> Presented | None:
    """The certificate shown over a connection; None without TLS, or where none was shown."""
    der = None if ssl_object is None else ssl_object.getpeercert(binary_form=True)
    if not der:
        return None
    told = ssl_object.getpeercert()
    parts = [(name, value) for group in told.get("subject", ()) for name, value in group]

    def only(what: str) -> str:
        values = [value for name, value in parts if name == what]
        return values[0] if len(values) == 1 else ""

    return Presented(
        common_name=only("commonName"),
        organisation=only("organizationName"),
        serial=str(told.get("serialNumber", "")).lower().lstrip("0"),
        fingerprint=hashlib.sha256(der).hexdigest(),
        not_after=ssl.cert_time_to_seconds(told["notAfter"]),
    )


def say_failure(error: BaseException) -> str:
    """Why a handshake failed, in a few words; empty where the peer only went away: health checks do that all day."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return f"TLS handshake failed: {(error.reason or 'unknown').lower().replace('_', ' ')}"
    return ""


def _bare_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 1
    return context
