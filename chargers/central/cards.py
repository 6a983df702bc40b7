"""Cards as stations show them, and as they are kept."""

from __future__ import annotations

import hashlib

LONGEST = 36
"""1.6 has 20 characters (section 7.28), 2.0.1 36 (Part 2, 2.23), 2.1 255; the store keeps as many as 2.0.1."""


def card_of(text: str | None) -> str:
    """A card's number for the store; "" for none.

    A longer one is kept as a digest: cut off, it would pass for another card that has its beginning.
    """
    plain = "" if text is None else text.replace("\x00", "")
    if len(plain) <= LONGEST:
        return plain
    return "#" + hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[: LONGEST - 1]
