"""The authority in a folder: its key and certificate, the server's, and the list of what is revoked.

authority.pem   key and root certificate, mode 0600: never leaves this folder, never enters the store
root.pem        the root certificate, for stations and for whoever asks
server.pem      key, certificate and root of the central system itself, mode 0600
revoked.pem     the list of revoked certificates (RFC 5280, section 5)

Several processes may open the same folder: files are put in place whole, and the list is read again when it changed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from chargers.errors import AuthorityBroken
from chargers.trust.issuing import (
    STATION_LIFE,
    Issued,
    Key,
    describe,
    make_list,
    make_root,
    make_server,
    make_station,
    read_request,
)
from chargers.trust.status import make_status

AUTHORITY, ROOT, SERVER, REVOKED = "authority.pem", "root.pem", "server.pem", "revoked.pem"
ORGANISATION = "binwatt"
RENEW_SERVER_BEFORE = timedelta(days=30)


def wall_clock() -> datetime:
    """The time certificates live by: TLS knows no simulated one."""
    return datetime.now(UTC)


class Authority:
    """A certificate authority in a folder, made there the first time.

        authority = Authority(data_dir / "trust")
        chain = authority.sign(csr_pem, "CP1")

    `now` is the wall clock; tests give their own.

    Raises:
        AuthorityBroken: the folder cannot be written, or what lies there is not an authority.
    """

    def __init__(
        self, folder: Path, *, organisation: str = ORGANISATION, now: Callable[[], datetime] = wall_clock
    ) -> None:
        self.folder = folder
        self._now = now
        self._revoked: dict[int, datetime] = {}
        self._seen: tuple[int, int] | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (folder / AUTHORITY).exists():
                key = ec.generate_private_key(ec.SECP256R1())
                _place(folder / AUTHORITY, _pem(key) + _pem(make_root(key, organisation, now())), replace=False)
            self._key, self._root = _load(folder / AUTHORITY)
            if not (folder / ROOT).exists():
                _place(folder / ROOT, self.root_pem.encode(), mode=0o644)
        except OSError as error:
            raise AuthorityBroken(f"{folder}: {error.strerror}; the authority's keys lie there") from None

    @property
    def root_pem(self) -> str:
        """The root certificate."""
        return self._root.public_bytes(Encoding.PEM).decode()

    @property
    def root(self) -> Issued:
        """The root certificate, described."""
        return describe(self._root)

    @property
    def organisation(self) -> str:
        """What stands as organisation in every certificate issued here."""
        names = self._root.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
        return str(names[0].value) if names else ""

    def sign(self, csr_pem: str, station_id: str) -> str:
        """A station's certificate for its signing request, as the PEM chain CertificateSigned carries: there is no
        authority between ours and the root, so the chain is one certificate (2.0.1 Part 2, A02.FR.08).

        Raises:
            RequestRefused: the request may not be granted; the message says why.
        """
        public = read_request(csr_pem, station_id, self.organisation)
        return describe(make_station(self._root, self._key, public, station_id, self._now())).pem

    def issue_station(self, station_id: str, life: timedelta = STATION_LIFE) -> tuple[Issued, str]:
        """A certificate and a key for a station that cannot make its own: the certificate, and the key as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = make_station(self._root, self._key, key.public_key(), station_id, self._now(), life)
        return describe(made), _pem(key).decode()

    def server_file(self, names: Sequence[str]) -> Path:
        """A PEM file with key and certificate of the server for these host names; made anew when they changed or it
        ends within a month.
        """
        path = self.folder / SERVER
        if path.exists():
            _, certificate = _load(path)
            lasts = certificate.not_valid_after_utc - self._now() > RENEW_SERVER_BEFORE
            if lasts and set(names) <= set(_names_of(certificate)):
                return path
        key = ec.generate_private_key(ec.SECP256R1())
        made = make_server(self._root, self._key, key.public_key(), names, self._now())
        _place(path, _pem(key) + _pem(made) + _pem(self._root))
        return path

    def revoke(self, serial: str) -> None:
        """Revoke a certificate by its serial number (hexadecimal); twice is once."""
        self._refresh()
        self._revoked.setdefault(int(serial, 16), self._now())
        listed = make_list(self._root, self._key, self._revoked.items(), self._now())
        _place(self.folder / REVOKED, listed.public_bytes(Encoding.PEM), mode=0o644)

    def is_revoked(self, serial: str) -> bool:
        """Whether a certificate is on the list, in the file as it is now."""
        self._refresh()
        return int(serial, 16) in self._revoked

    def tell_status(self, serial: str, algorithm: str, name_hash: str, key_hash: str, state: str) -> bytes:
        """A signed OCSP answer, DER, on a certificate of ours: "good", "revoked" or "unknown". The hashes are those of
        the authority's name and key as the question has them, hexadecimal.
        """
        number = int(serial, 16)
        self._refresh()
        return make_status(
            self._root,
            self._key,
            serial=number,
            algorithm=algorithm,
            issuer=(bytes.fromhex(name_hash), bytes.fromhex(key_hash)),
            state=state,
            revoked_at=self._revoked.get(number, self._now()),
            now=self._now(),
        )

    def revoked(self) -> dict[str, datetime]:
        """What is on the list: serial number and since when."""
        self._refresh()
        return {f"{serial:x}": at for serial, at in self._revoked.items()}

    def _refresh(self) -> None:
        path = self.folder / REVOKED
        try:
            status = path.stat()
        except FileNotFoundError:
            return
        seen = status.st_mtime_ns, status.st_ino
        if seen == self._seen:
            return
        try:
            listed = x509.load_pem_x509_crl(path.read_bytes())
        except ValueError:
            raise AuthorityBroken(f"{path}: no list of revoked certificates; restore it from a backup") from None
        if not listed.is_signature_valid(self._key.public_key()):
            raise AuthorityBroken(f"{path}: the list is not signed by this authority; restore it from a backup")
        self._revoked = {entry.serial_number: entry.revocation_date_utc for entry in listed}
        self._seen = seen


def _load(path: Path) -> tuple[Key, x509.Certificate]:
    text = path.read_bytes()
    try:
        key = load_pem_private_key(text, password=None)
        certificate = x509.load_pem_x509_certificate(text)
    except (ValueError, TypeError):
        raise AuthorityBroken(f"{path}: no key and certificate in PEM form; restore it from a backup") from None
    if not isinstance(key, Key) or certificate.public_key() != key.public_key():
        raise AuthorityBroken(f"{path}: the key is not the certificate's; restore it from a backup")
    return key, certificate


def _names_of(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]


def _pem(what: Key | x509.Certificate) -> bytes:
    if isinstance(what, x509.Certificate):
        return what.public_bytes(Encoding.PEM)
    return what.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _place(path: Path, text: bytes, *, mode: int = 0o600, replace: bool = True) -> None:
    """Put a file in place whole; without `replace`, whoever came first stays."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        if replace:
            beside.replace(path)
        else:
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(beside)
    finally:
        beside.unlink(missing_ok=True)
