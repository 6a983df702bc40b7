"""Passwords of stations, kept as scrypt digests: "salt$key" in hex."""

from __future__ import annotations

import hashlib
import hmac
import secrets

SALT_BYTES, KEY_BYTES, PASSWORD_BYTES = 16, 32, 20
LEAST_LENGTH, MOST_LENGTH = 16, 40
"""Characters of a station's password (2.0.1 Part 2, BasicAuthPassword; 1.6 whitepaper, AuthorizationKey)."""
COST, BLOCK, PARALLEL = 2**13, 8, 1
"""scrypt parameters: about 20 ms and 8 MiB on one core."""


def make_password() -> str:
    """A new password of a station: 40 hexadecimal characters, the most OCPP 1.6 and 2.0.1 both take."""
    return secrets.token_hex(PASSWORD_BYTES)


def is_digest(text: object) -> bool:
    """Whether this is what is stored for a password."""
    if not isinstance(text, str) or len(text) != 2 * (SALT_BYTES + KEY_BYTES) + 1:
        return False
    salt, _, key = text.partition("$")
    return len(salt) == 2 * SALT_BYTES and set(salt + key) <= set("0123456789abcdef")


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
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=PARALLEL, dklen=KEY_BYTES)
