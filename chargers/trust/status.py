"""Signed statements on certificates: OCSP answers (RFC 6960)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

if TYPE_CHECKING:
    from chargers.trust.issuing import Key

HOLDS = timedelta(days=1)
"""A station may rely on an answer for so long."""
Hash: TypeAlias = type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]
HASHES: dict[str, Hash] = {"SHA256": hashes.SHA256, "SHA384": hashes.SHA384, "SHA512": hashes.SHA512}
STATES = {
    "good": ocsp.OCSPCertStatus.GOOD,
    "revoked": ocsp.OCSPCertStatus.REVOKED,
    "unknown": ocsp.OCSPCertStatus.UNKNOWN,
}


def make_status(
    root: x509.Certificate,
    key: Key,
    *,
    serial: int,
    algorithm: str,
    issuer: tuple[bytes, bytes],
    state: str,
    revoked_at: datetime | None,
    now: datetime,
) -> bytes:
    """An OCSP answer, DER, signed by the authority itself. `issuer`: the hashes of its name and key as asked."""
    name_hash, key_hash = issuer
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        name_hash,
        key_hash,
        serial,
        HASHES[algorithm](),
        STATES[state],
        now,
        now + HOLDS,
        revoked_at if state == "revoked" else None,
        None,
    )
    made = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, root).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.DER)
