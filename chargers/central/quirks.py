"""How stations depart from the standard: known by vendor and firmware (quirks.toml), or learned from refusals.

A quirk is a word, not a branch per vendor: whoever sends something asks whether the station has the quirk that matters
there. Learned ones are kept in the station's row, shown, and forgotten when its firmware changes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("quirks.toml")


class Quirk(StrEnum):
    """Departures that change what is sent to a station, or what people expect of it."""

    NO_COMPOSITE = "no composite schedule"
    """GetCompositeSchedule brings nothing usable: only its meter tells what it does."""
    NO_STATION_MAX = "no station maximum"
    """Profiles for all of the station are refused."""
    NO_CONNECTOR_ZERO = "no default limit for all connectors"
    """A default profile is refused on connector or EVSE 0 and taken on each."""
    NO_PROFILE_IN_START = "no profile in a start"
    """A remote start with a limit is refused; the limit follows once the charge runs."""
    NO_SMART_CHARGING = "no smart charging"
    """Charging profiles are not known to it."""
    NO_KEY_LIST = "reads no configuration by name"
    """GetConfiguration with keys is refused, without it is answered."""
    EXCEEDS_LIMITS = "exceeds its limits"
    """Its composite schedule was above a profile it had accepted."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Whom known quirks belong to."""

    vendor: str
    model: str
    firmware: str
    quirks: frozenset[Quirk]


@cache
def read_table(path: Path = TABLE) -> tuple[Pattern, ...]:
    """The patterns of a table.

    Raises:
        ValueError: a word in it is no quirk.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("known", [])
    return tuple(
        Pattern(
            entry.get("vendor", "*").lower(),
            entry.get("model", "*").lower(),
            entry.get("firmware", "*").lower(),
            frozenset(Quirk(word) for word in entry["quirks"]),
        )
        for entry in entries
    )


def known_quirks(vendor: str, model: str, firmware: str, patterns: Iterable[Pattern] | None = None) -> frozenset[Quirk]:
    """What the table says of a station."""
    found: set[Quirk] = set()
    for pattern in read_table() if patterns is None else patterns:
        told = ((vendor, pattern.vendor), (model, pattern.model), (firmware, pattern.firmware))
        if all(fnmatchcase(text.lower(), wanted) for text, wanted in told):
            found |= pattern.quirks
    return frozenset(found)


def read_quirks(words: Iterable[str]) -> frozenset[Quirk]:
    """Quirks of a station's row; words no longer known are left out."""
    known = set(Quirk)
    return frozenset(Quirk(word) for word in words if word in known)
