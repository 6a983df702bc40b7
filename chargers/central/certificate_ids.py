"""Certificates as OCPP names them, and as the store keeps them. Pure.

A station names a certificate by hashes of its issuer's name and key, and its serial number (CertificateHashDataType;
the definitions are those of RFC 6960, section 4.1.1).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from chargers.errors import OrderUnclear
from fleet.tables import Certificate

if TYPE_CHECKING:
    from cryptography import x509

ALGORITHMS = ("SHA256", "SHA384", "SHA512")


def read_pem(pem: str) -> x509.Certificate:
    """The first certificate of a PEM text.

    Raises:
        OrderUnclear: there is none that can be read.
    """
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise OrderUnclear("pem is no certificate in PEM form (-----BEGIN CERTIFICATE-----)") from None


def as_row(pem: str, station_id: str, use: str, state: str, now: datetime) -> Certificate:
    """A row for the store."""
    from cryptography.hazmat.primitives import hashes

    read = read_pem(pem)
    return Certificate(
        station_id=station_id,
        use=use,
        subject=read.subject.rfc4514_string(),
        issuer=read.issuer.rfc4514_string(),
        serial=f"{read.serial_number:x}",
        fingerprint=read.fingerprint(hashes.SHA256()).hex(),
        pem=pem,
        not_before=read.not_valid_before_utc,
        not_after=read.not_valid_after_utc,
        state=state,
        made_at=now,
    )


def hash_data(pem: str, issuer_pem: str | None = None, algorithm: str = "SHA256") -> dict[str, Any]:
    """CertificateHashDataType in wire words; `issuer_pem`: None for a certificate that signed itself."""
    from cryptography.hazmat.primitives import hashes, serialization

    read = read_pem(pem)
    issuer = read if issuer_pem is None else read_pem(issuer_pem)
    key = issuer.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def digest(data: bytes) -> str:
        made = hashes.Hash(getattr(hashes, algorithm)())
        made.update(data)
        return made.finalize().hex()

    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": digest(read.issuer.public_bytes()),
        "issuerKeyHash": digest(_bit_string(key)),
        "serialNumber": f"{read.serial_number:x}",
    }


def names(entry: dict[str, Any], row: Certificate, issuer_pem: str | None) -> bool:
    """Whether a station's hash data mean this certificate, however it writes hexadecimal."""
    algorithm = entry.get("hashAlgorithm")
    if algorithm not in ALGORITHMS:
        return False
    ours = hash_data(row.pem, issuer_pem, algorithm)
    return all(
        str(entry.get(name, "")).lower().lstrip("0") == str(ours[name]).lstrip("0")
        for name in ("issuerNameHash", "issuerKeyHash", "serialNumber")
    )


def _bit_string(info: bytes) -> bytes:
    """The key inside a SubjectPublicKeyInfo: SEQUENCE { algorithm SEQUENCE, BIT STRING }, without tag and padding."""
    _, inner, _ = _element(info)
    _, _, rest = _element(inner)
    _, bits, _ = _element(rest)
    return bits[1:]


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content and what follows, of DER."""
    length, at = data[1], 2
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(data[2 : 2 + size], "big"), 2 + size
    return data[0], data[at : at + length], data[at + length :]
