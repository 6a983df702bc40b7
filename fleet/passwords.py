"""Passwords of stations, kept as scrypt digests: "salt$key" in hex."""

from __future__ import annotations

import hashlib
import hmac
import secrets

SALT_BYTES = 16
COST, BLOCK, PARALLEL = 2**13, 8, 1
"""scrypt parameters: about 20 ms and 8 MiB on one core."""


def hash_password(password: str) -> str:
    """What is stored for a password; different every time."""
    salt = secrets.token_bytes(SALT_BYTES)
    return f"{salt.hex()}${_derive(password, salt).hex()}"


def verify_password(password: str, stored: str) -> bool:
    """Whether a password is the one stored; takes as long for a wrong one as for the right one."""
    salt, _, key = stored.partition("$")
    try:
        return hmac.compare_digest(_derive(password, bytes.fromhex(salt)), bytes.fromhex(key))
    except ValueError:
        return False


def _derive(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=PARALLEL, dklen=32)
