"""A station's firmware and its log: fetched and handed in over real HTTP, told step by step.

The version a firmware brings is the first line of its file if that reads "version=…", else its file name without the
ending. An empty file cannot be installed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from chargers.twin.notices import Asked, Notice, StopReason

if TYPE_CHECKING:
    import ssl

    from chargers.twin.cabinet import Cabinet

HTTP_SECONDS = 20.0
"""Wall seconds for one attempt at a download or an upload."""
INSTALL_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 15.0
"""An installation waits for running charges to end (2.0.1 L01.FR.06): looked at this often."""
MOST_BYTES = 64 * 1024 * 1024
VERSION_LENGTH = 50
PUT_REFUSED = frozenset({404, 405, 501})


class Host(Protocol):
    """The station, as its upkeep needs it."""

    def now(self) -> datetime: ...

    def say(self, notice: Notice) -> None: ...

    def restart(self, reason: StopReason) -> None: ...

    async def sleep(self, seconds: float) -> None: ...

    def busy(self) -> bool:
        """Whether a charge is running."""
        ...

    def report(self) -> str:
        """The text of its log."""
        ...

    def set_firmware(self, version: str) -> None: ...

    def trust(self) -> ssl.SSLContext | bool:
        """What https:// is checked against."""
        ...


@dataclass(frozen=True, slots=True)
class FirmwareJob:
    """One update. certificate and signature (base64) where it is signed; full: the words of signed 1.6 and of 2.x."""

    action: str
    url: str
    retrieve_at: datetime
    install_at: datetime | None = None
    retries: int = 0
    retry_seconds: int = 60
    request_id: int | None = None
    certificate: str | None = None
    signature: str | None = None
    full: bool = True


@dataclass(frozen=True, slots=True)
class LogJob:
    """One upload. failed: the version's word for an upload that came to nothing."""

    action: str
    url: str
    name: str
    failed: str
    retries: int = 0
    retry_seconds: int = 60
    request_id: int | None = None


class Upkeep:
    """At most one update and one upload at a time; a new one takes the place of the old (2.0.1 L01.FR.24)."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._firmware: tuple[FirmwareJob | None, str] = (None, "Idle")
        self._logs: dict[str, tuple[LogJob | None, str]] = {}
        self._installed: FirmwareJob | None = None

    def update(self, job: FirmwareJob) -> bool:
        """Begin an update; True where another one had to end for it."""
        return self._begin("firmware", self._update(job))

    def upload(self, job: LogJob) -> bool:
        """Begin an upload; True where another one had to end for it."""
        return self._begin("log", self._upload(job))

    def tell_firmware(self, action: str = "FirmwareStatusNotification") -> None:
        """Where the update stands, because somebody asked."""
        job, status = self._firmware
        done = status in {"Installed", "Idle"}
        self._host.say(Asked(job.action if job else action, self._body("Idle" if done else status, job)))

    def tell_log(self, action: str) -> None:
        """Where the upload stands, because somebody asked."""
        job, status = self._logs.get(action, (None, "Idle"))
        self._host.say(Asked(action, self._body("Idle" if status == "Uploaded" else status, job)))

    def tell_installed(self) -> None:
        """After the restart of an update: it runs the new version."""
        if self._installed is not None:
            job, self._installed = self._installed, None
            self._note(job, "Installed")

    def end(self) -> None:
        """The station is switched off."""
        for task in self._tasks.values():
            task.cancel()

    def _begin(self, what: str, work: Awaitable[None]) -> bool:
        before = self._tasks.get(what)
        replaced = before is not None and not before.done()
        if before is not None:
            before.cancel()
        self._tasks[what] = asyncio.ensure_future(work)
        return replaced

    async def _until(self, when: datetime) -> None:
        await self._host.sleep(max(0.0, (when - self._host.now()).total_seconds()))

    async def _attempt(self, retries: int, pause: int, work: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        for attempt in range(retries + 1):
            if attempt:
                await self._host.sleep(pause)
            done = await work()
            if done is not None:
                return done
        return None

    async def _update(self, job: FirmwareJob) -> None:
        await self._schedule(job, job.retrieve_at, "DownloadScheduled")
        self._note(job, "Downloading")
        image = await self._attempt(job.retries, job.retry_seconds, lambda: self._download(job.url))
        if image is None:
            self._note(job, "DownloadFailed")
            return
        self._note(job, "Downloaded")
        if job.certificate is not None:
            genuine = is_genuine(image, job.certificate, job.signature or "")
            self._note(job, "SignatureVerified" if genuine else "InvalidSignature")
            if not genuine:
                return
        await self._schedule(job, job.install_at, "InstallScheduled")
        while self._host.busy():
            await self._host.sleep(LOOK_AGAIN_SECONDS)
        await self._install(job, image)

    async def _schedule(self, job: FirmwareJob, when: datetime | None, status: str) -> None:
        """Wait until the time that was asked for; plain 1.6 has no word for it."""
        if when is not None and when > self._host.now():
            if job.full:
                self._note(job, status)
            await self._until(when)

    async def _install(self, job: FirmwareJob, image: bytes) -> None:
        self._note(job, "Installing")
        await self._host.sleep(INSTALL_SECONDS)
        if not image:
            self._note(job, "InstallationFailed")
            return
        if job.full:
            self._note(job, "InstallRebooting")
        self._host.set_firmware(version_of(image, job.url))
        self._installed = job
        self._host.restart(StopReason.SOFT_RESET)

    async def _upload(self, job: LogJob) -> None:
        self._note_log(job, "Uploading")
        text = self._host.report().encode()
        done = await self._attempt(job.retries, job.retry_seconds, lambda: self._hand_in(job, text))
        self._note_log(job, job.failed if done is None else "Uploaded")

    async def _download(self, url: str) -> bytes | None:
        import httpx

        image = bytearray()
        try:
            async with (
                httpx.AsyncClient(verify=self._trust(url), timeout=HTTP_SECONDS, trust_env=False) as client,
                client.stream("GET", url, follow_redirects=True) as answer,
            ):
                if not answer.is_success:
                    return None
                async for part in answer.aiter_bytes():
                    image += part
                    if len(image) > MOST_BYTES:
                        return None
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        return bytes(image)

    async def _hand_in(self, job: LogJob, text: bytes) -> bytes | None:
        """PUT; where the address takes none, POST."""
        import httpx

        url = job.url + job.name if job.url.endswith("/") else job.url
        try:
            async with httpx.AsyncClient(verify=self._trust(url), timeout=HTTP_SECONDS, trust_env=False) as client:
                answer = await client.put(url, content=text)
                if answer.status_code in PUT_REFUSED:
                    answer = await client.post(url, content=text)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        return b"" if answer.is_success else None

    def _trust(self, url: str) -> ssl.SSLContext | bool:
        return self._host.trust() if urlsplit(url).scheme == "https" else False

    def _note(self, job: FirmwareJob, status: str) -> None:
        self._firmware = (job, status)
        self._host.say(Asked(job.action, self._body(status, job)))

    def _note_log(self, job: LogJob, status: str) -> None:
        self._logs[job.action] = (job, status)
        self._host.say(Asked(job.action, self._body(status, job)))

    @staticmethod
    def _body(status: str, job: FirmwareJob | LogJob | None) -> dict[str, object]:
        number = None if job is None else job.request_id
        return {"status": status} if number is None else {"status": status, "requestId": number}


def log_text(cabinet: Cabinet, at: str, waiting: Sequence[str]) -> str:
    """What a log of a station says: its settings, and what it waits to send."""
    shown = [one for one in cabinet.variables if one.readable]
    settings = [f"{one.key or f'{one.component}.{one.name}'} = {one.value}" for one in shown]
    head = f"{at} {cabinet.spec.identity} {cabinet.spec.protocol} {cabinet.firmware}"
    return "\n".join([head, *settings, *(f"waiting: {action}" for action in waiting), ""])


def version_of(image: bytes, url: str) -> str:
    """The version a firmware file brings."""
    name, _, version = image.split(b"\n", 1)[0][:80].partition(b"=")
    text = version.decode("ascii", "ignore").strip() if name.strip() == b"version" else ""
    return (text or PurePosixPath(urlsplit(url).path).stem)[:VERSION_LENGTH] or "unknown"


def is_genuine(image: bytes, certificate: str, signature: str) -> bool:
    """Whether the owner of a certificate signed this file: SHA-256 with RSA (PSS or PKCS 1) or ECDSA (2.0.1 L01)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_pem_x509_certificate

    try:
        key = load_pem_x509_certificate(certificate.encode()).public_key()
        seal = base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        return False
    if isinstance(key, ec.EllipticCurvePublicKey):
        try:
            key.verify(seal, image, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    for scheme in (padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO), padding.PKCS1v15()):
        try:
            key.verify(seal, image, scheme, SHA256())
        except InvalidSignature:
            continue
        return True
    return False
