"""Station passwords: kept as scrypt (fleet.passwords), verified beside the event loop, and cheaply the second time.

A thousand stations that reconnect after a power cut would cost a minute of scrypt. What was verified once is remembered
for the life of the process as a keyed digest, under a key that never leaves it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets

from fleet.passwords import verify_password

AT_ONCE = 2
"""Verifications at a time: 8 MiB and 20 ms of a core each."""


def read_basic(authorization: str | None) -> tuple[str, str] | None:
    """User and password of a Basic Authorization header (RFC 7617); None when there are none.

    A password of bytes that are no text is given in hexadecimal: stations by earlier editions of the 1.6 security
    whitepaper send the bytes of the key they were told in that form.
    """
    if authorization is None:
        return None
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), _as_text(password)) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _as_text(password: bytes) -> str:
    try:
        return password.decode()
    except UnicodeDecodeError:
        return password.hex()


class PasswordCheck:
    """Verifies passwords for one process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: dict[str, bytes] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    def knows(self, station_id: str, password: str, kept: str) -> bool:
        """Whether exactly this was verified before; costs microseconds."""
        known = self._known.get(station_id)
        return known is not None and hmac.compare_digest(known, self._digest(password, kept))

    async def check(self, station_id: str, password: str, kept: str) -> bool:
        """Whether the password is right."""
        if self.knows(station_id, password, kept):
            return True
        async with self._room:
            right = await asyncio.to_thread(verify_password, password, kept)
        if right:
            self._known[station_id] = self._digest(password, kept)
        return right

    def _digest(self, password: str, kept: str) -> bytes:
        return hmac.digest(self._key, f"{kept}\x00{password}".encode(), "sha256")
