"""Station passwords: kept as scrypt, verified beside the event loop, and cheaply the second time.

A thousand stations that reconnect after a power cut would cost a minute of scrypt. What was verified once is remembered
for the life of the process as a keyed digest, under a key that never leaves it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1
KEY_BYTES = 32
AT_ONCE = 2
"""Verifications at a time: 16 MiB and 40 ms of a core each."""


def hash_password(password: str, salt: bytes | None = None) -> str:
    """`salt$key` in hex, as the station table keeps it."""
    salt = secrets.token_bytes(16) if salt is None else salt
    key = hashlib.scrypt(password.encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, dklen=KEY_BYTES)
    return f"{salt.hex()}${key.hex()}"


def is_password(password: str, kept: str) -> bool:
    """Whether `kept` was made from this password. Takes 40 ms."""
    salt, _, _ = kept.partition("$")
    try:
        made = hash_password(password, bytes.fromhex(salt))
    except ValueError:
        return False
    return hmac.compare_digest(made, kept)


def read_basic(authorization: str | None) -> tuple[str, str] | None:
    """User and password of a Basic Authorization header (RFC 7617); None when there are none."""
    if authorization is None:
        return None
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


class PasswordCheck:
    """Verifies passwords for one process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: dict[str, bytes] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def check(self, station_id: str, password: str, kept: str) -> bool:
        """Whether the password is right."""
        digest = hmac.digest(self._key, f"{kept}\x00{password}".encode(), "sha256")
        known = self._known.get(station_id)
        if known is not None and hmac.compare_digest(known, digest):
            return True
        async with self._room:
            right = await asyncio.to_thread(is_password, password, kept)
        if right:
            self._known[station_id] = digest
        return right
