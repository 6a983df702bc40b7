"""A station's key pair, its certificate and the certificates it trusts (2.0.1 A02, M03 to M05; whitepaper for 1.6)."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import new as new_hash
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

MOST_CERTIFICATES = 20
"""CertificateStoreMaxLength."""
ORGANIZATION = "binwatt twin"
SERVER_ROOTS = frozenset({"CentralSystemRootCertificate", "CSMSRootCertificate"})
Deleted = Literal["Accepted", "NotFound"]


@dataclass(frozen=True, slots=True)
class Trusted:
    """A certificate somebody installed, and what for."""

    use: str
    certificate: Certificate

    def hash_data(self, algorithm: str = "SHA256") -> dict[str, str]:
        """CertificateHashDataType. What is installed here signs itself, so its own key is its issuer's."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        key = self.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {
            "hashAlgorithm": algorithm,
            "issuerNameHash": new_hash(algorithm.lower(), self.certificate.issuer.public_bytes()).hexdigest(),
            "issuerKeyHash": new_hash(algorithm.lower(), _key_bits(key)).hexdigest(),
            "serialNumber": f"{self.certificate.serial_number:x}",
        }


class Keyring:
    """One station's secrets. roots_pem: what it trusts when it leaves the works."""

    def __init__(self, identity: str, roots_pem: str = "") -> None:
        self._identity = identity
        self._roots_pem = roots_pem
        self._pending: EllipticCurvePrivateKey | None = None
        self._own: tuple[EllipticCurvePrivateKey, str] | None = None
        self.trusted: list[Trusted] = []

    @property
    def certified(self) -> bool:
        """It has a certificate of its own."""
        return self._own is not None

    def request_certificate(self) -> str:
        """A new key pair and a signing request for it, PEM."""
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509.oid import NameOID

        self._pending = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, self._identity),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            ]
        )
        asked = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._pending, SHA256())
        return asked.public_bytes(Encoding.PEM).decode()

    def take_chain(self, chain_pem: str, now: datetime) -> bool:
        """CertificateSigned: False where it is unreadable, out of date or not for the key that was shown."""
        from cryptography.x509 import load_pem_x509_certificates

        try:
            leaf = load_pem_x509_certificates(chain_pem.encode())[0]
        except ValueError:
            return False
        in_force = leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc
        if self._pending is None or not in_force or leaf.public_key() != self._pending.public_key():
            return False
        self._own, self._pending = (self._pending, chain_pem), None
        return True

    def install(self, use: str, pem: str) -> Literal["Accepted", "Rejected", "Failed"]:
        """InstallCertificate: a certificate that signs itself, at most MOST_CERTIFICATES of them."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.x509 import load_pem_x509_certificate

        try:
            certificate = load_pem_x509_certificate(pem.encode())
            certificate.verify_directly_issued_by(certificate)
        except (ValueError, TypeError, InvalidSignature):
            return "Rejected"
        kept = [one for one in self.trusted if (one.use, one.certificate) != (use, certificate)]
        if len(kept) >= MOST_CERTIFICATES:
            return "Failed"
        self.trusted = [*kept, Trusted(use, certificate)]
        return "Accepted"

    def delete(self, hash_data: dict[str, Any]) -> Deleted:
        """DeleteCertificate, by what its hashes come to."""
        algorithm = hash_data["hashAlgorithm"]
        wanted = _key_of(hash_data)
        kept = [one for one in self.trusted if _key_of(one.hash_data(algorithm)) != wanted]
        found = len(kept) < len(self.trusted)
        self.trusted = kept
        return "Accepted" if found else "NotFound"

    def context(self) -> ssl.SSLContext:
        """How it checks a server, and what it shows one that asks."""
        from cryptography.hazmat.primitives.serialization import Encoding

        roots = self._roots_pem + "".join(
            one.certificate.public_bytes(Encoding.PEM).decode() for one in self.trusted if one.use in SERVER_ROOTS
        )
        return _anonymous(roots) if self._own is None else _with_certificate(roots, *self._own)


def _with_certificate(roots: str, key: EllipticCurvePrivateKey, chain_pem: str) -> ssl.SSLContext:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    context = _make_context(roots)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with TemporaryDirectory() as folder:  # OpenSSL reads keys from files only
        file = Path(folder) / "station.pem"
        file.write_text(pem + chain_pem)
        context.load_cert_chain(file)
    return context


@lru_cache(maxsize=8)
def _anonymous(roots: str) -> ssl.SSLContext:
    """Thousands of stations without a certificate share one context: each is a few hundred KiB."""
    return _make_context(roots)


def _make_context(roots: str) -> ssl.SSLContext:
    if not roots:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=roots)
    return context


def _key_of(hash_data: dict[str, Any]) -> tuple[str, str, str]:
    """What tells certificates apart; hexadecimal digits may be of either case, serials may have leading zeros."""
    name, key, serial = (str(hash_data[part]).lower() for part in ("issuerNameHash", "issuerKeyHash", "serialNumber"))
    return name, key, serial.lstrip("0")


def _key_bits(info: bytes) -> bytes:
    """The bits of a public key within its DER wrapping: SEQUENCE { algorithm SEQUENCE, BIT STRING } (RFC 5280)."""
    outer, _ = _read_der(info)
    _, after_algorithm = _read_der(outer)
    bits, _ = _read_der(after_algorithm)
    return bits[1:]  # the first byte counts unused bits


def _read_der(data: bytes) -> tuple[bytes, bytes]:
    """(content of the first element, what follows it)."""
    length, start = data[1], 2
    if length >= 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    return data[start : start + length], data[start + length :]
