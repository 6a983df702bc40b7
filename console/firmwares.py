"""Firmware files for stations: copied beside the store, described in it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from console.errors import FirmwareUnclear
from fleet.store import Store, Work
from fleet.tables import Firmware

FOLDER = "_firmware"
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Label:
    """What is said of a firmware."""

    version: str
    vendor: str = ""
    model: str = ""
    signature: Path | None = None
    """A file with the signature, in base64 or as bytes."""
    certificate: Path | None = None
    """The manufacturer's signing certificate, PEM."""


def add_firmware(store: Store, files: Path, source: Path, label: Label) -> Firmware:
    """Take a firmware file over; the same name again replaces what was known of it.

    Raises:
        FirmwareUnclear: a file cannot be read, or a signature came without its certificate or the other way round.
    """
    if (label.signature is None) != (label.certificate is None):
        raise FirmwareUnclear("a signed firmware needs both --signature and --certificate")
    try:
        digest = _digest(source)
        signature = "" if label.signature is None else _read_signature(label.signature)
        signing_pem = "" if label.certificate is None else _read_certificate(label.certificate)
        size = source.stat().st_size
        if size == 0:
            raise FirmwareUnclear(f"{source}: the file is empty")
        place = files / FOLDER / f"{digest[:16]}-{source.name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f".{place.name}.part")
        shutil.copyfile(source, beside)
        beside.replace(place)
    except OSError as error:
        raise FirmwareUnclear(f"{error.filename}: {error.strerror}; give a file that can be read") from None
    path = str(place.relative_to(files))

    def keep(work: Work) -> Firmware:
        row = Firmware(
            name=source.name,
            version=label.version,
            vendor=label.vendor,
            model=label.model,
            path=path,
            bytes=size,
            sha256=digest,
            signature=signature,
            signing_pem=signing_pem,
            added_at=work.now,
        )
        return work.files.add_firmware(row)

    with store.begin() as work:
        return keep(work)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _read_signature(path: Path) -> str:
    """Base64 in one line, as SignedUpdateFirmware carries it (1.6 whitepaper, 5.4; 2.0.1 Part 2, FirmwareType)."""
    data = path.read_bytes()
    try:
        text = "".join(data.decode("ascii").split())
        base64.b64decode(text, validate=True)
    except (UnicodeDecodeError, binascii.Error):
        return base64.b64encode(data).decode()
    return text


def _read_certificate(path: Path) -> str:
    from chargers.errors import CertificateUnreadable
    from chargers.trust import read_certificate

    try:
        return read_certificate(path.read_text()).pem
    except (CertificateUnreadable, UnicodeDecodeError) as error:
        raise FirmwareUnclear(f"{path}: {error}") from None
