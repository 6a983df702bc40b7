"""Certificates as OCPP asks for them (2.0.1 Part 2, A00 section 1.4; 1.6 security whitepaper 2.4 and 2.5).

Pure: an issuer, a public key and an instant in, a certificate out. The station's certificate says its identity as
common name and the operator as organisation; whatever else a signing request asks for is not taken over.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chargers.errors import CertificateUnreadable, RequestRefused

Key = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

LEAST_RSA_BITS, LEAST_CURVE_BITS = 2048, 224
"""2.0.1 Part 2, A00.FR.506 and whitepaper 2.4: the least that counts as 112 bits of security."""
MOST_REQUEST_BYTES = 10_000
AUTHORITY_LIFE = timedelta(days=20 * 365)
SERVER_LIFE = timedelta(days=397)
STATION_LIFE = timedelta(days=365)
BEFORE = timedelta(days=1)
"""Certificates begin this much earlier: the clocks of stations are wrong by hours."""
LIST_LIFE = timedelta(days=30)
COMMON_NAME_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and what is kept of it."""

    pem: str
    subject: str
    issuer: str
    common_name: str
    organisation: str
    serial: str
    """Hexadecimal."""
    fingerprint: str
    """SHA-256 of the DER form, hexadecimal."""
    not_before: datetime
    not_after: datetime


def make_root(key: Key, organisation: str, now: datetime) -> x509.Certificate:
    """The certificate of an authority, signed by itself; it may sign certificates and lists, not other authorities."""
    name = _name(f"{organisation} root", organisation)
    builder = _begin(name, name, key.public_key(), now, AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    return builder.sign(key, hashes.SHA256())


def make_server(
    root: x509.Certificate, root_key: Key, public: PublicKey, names: Sequence[str], now: datetime
) -> x509.Certificate:
    """A server's certificate for host names and addresses; the first is its common name too."""
    subject = _name(names[0][:COMMON_NAME_LENGTH], _said(root.subject, NameOID.ORGANIZATION_NAME))
    builder = _begin(subject, root.subject, public, now, _within(root, now, SERVER_LIFE))
    builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    return _finish(builder, root, root_key, public, ExtendedKeyUsageOID.SERVER_AUTH)


def make_station(
    root: x509.Certificate,
    root_key: Key,
    public: PublicKey,
    station_id: str,
    now: datetime,
    life: timedelta = STATION_LIFE,
) -> x509.Certificate:
    """A station's certificate: its identity as common name."""
    subject = _name(station_id, _said(root.subject, NameOID.ORGANIZATION_NAME))
    builder = _begin(subject, root.subject, public, now, _within(root, now, life))
    return _finish(builder, root, root_key, public, ExtendedKeyUsageOID.CLIENT_AUTH)


def make_list(
    root: x509.Certificate, root_key: Key, revoked: Iterable[tuple[int, datetime]], now: datetime
) -> x509.CertificateRevocationList:
    """The list of what is revoked (RFC 5280, section 5): serial numbers and since when."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject)
    builder = builder.last_update(now).next_update(now + LIST_LIFE)
    for serial, at in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
        builder = builder.add_revoked_certificate(entry)
    builder = builder.add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
    return builder.sign(root_key, hashes.SHA256())


def read_request(csr_pem: str, station_id: str, organisation: str) -> PublicKey:
    """The public key of a signing request that may be granted.

    Raises:
        RequestRefused: it is no request, its signature is wrong, its key weak, or it names another station or operator.
    """
    if len(csr_pem) > MOST_REQUEST_BYTES:
        raise RequestRefused(f"the signing request is longer than {MOST_REQUEST_BYTES} characters")
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        public = request.public_key()
        valid = request.is_signature_valid
        name = _said(request.subject, NameOID.COMMON_NAME)
        operator = _said(request.subject, NameOID.ORGANIZATION_NAME)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise RequestRefused(f"no signing request in PEM form: {' '.join(str(error).split())[:120]}") from None
    if not valid:
        raise RequestRefused("the signing request is not signed by its own key")
    if name != station_id:
        raise RequestRefused(f"the signing request is for {name[:50]!r}, not for {station_id}")
    if operator and operator != organisation:
        raise RequestRefused(f"the signing request names the organisation {operator[:50]!r}; ours is {organisation!r}")
    return check_key(public)


def check_key(public: object) -> PublicKey:
    """The key, if it is strong enough.

    Raises:
        RequestRefused: it is of another kind, or too short.
    """
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= LEAST_RSA_BITS:
        return public
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.key_size >= LEAST_CURVE_BITS:
        return public
    least = f"RSA of {LEAST_RSA_BITS} bits or an elliptic curve of {LEAST_CURVE_BITS}"
    raise RequestRefused(f"the key is too weak or of a kind not taken: {least} at least")


def read_certificate(pem: str) -> Issued:
    """What a certificate says; of a chain, the first.

    Raises:
        CertificateUnreadable: it is none.
    """
    try:
        return describe(x509.load_pem_x509_certificate(pem.encode()))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateUnreadable(f"no certificate in PEM form: {' '.join(str(error).split())[:120]}") from None


def describe(certificate: x509.Certificate) -> Issued:
    """What is kept of a certificate."""
    return Issued(
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        common_name=_said(certificate.subject, NameOID.COMMON_NAME),
        organisation=_said(certificate.subject, NameOID.ORGANIZATION_NAME),
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def key_bytes(public: PublicKey) -> bytes:
    """A public key, to compare."""
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _begin(
    subject: x509.Name, issuer: x509.Name, public: PublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - BEFORE).not_valid_after(now + life)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def _finish(
    builder: x509.CertificateBuilder,
    root: x509.Certificate,
    root_key: Key,
    public: PublicKey,
    use: x509.ObjectIdentifier,
) -> x509.Certificate:
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ciphers=isinstance(public, rsa.RSAPublicKey)), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    above = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    whose = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above)
    return builder.add_extension(whose, critical=False).sign(root_key, hashes.SHA256())


def _usage(*, signs: bool = False, ciphers: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_encipherment=ciphers,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _within(root: x509.Certificate, now: datetime, life: timedelta) -> timedelta:
    return min(life, root.not_valid_after_utc - now)


def _name(common: str, organisation: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _said(name: x509.Name, what: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(what)
    return str(found[0].value) if len(found) == 1 else ""


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
