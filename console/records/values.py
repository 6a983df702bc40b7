"""What a list of the records room is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from console.i18n import N_
from console.widgets.columns import Level

Sheet = Literal[
    "messages", "variables", "profiles", "device", "transactions", "cards", "reservations", "campaigns", "firmware",
    "files", "security",
]  # fmt: skip

TITLES: Mapping[Sheet, str] = {
    "messages": N_("Messages"),
    "variables": N_("Settings"),
    "profiles": N_("Profiles"),
    "device": N_("Reports"),
    "transactions": N_("Charges"),
    "cards": N_("Cards"),
    "reservations": N_("Reservations"),
    "campaigns": N_("Campaigns"),
    "firmware": N_("Firmware"),
    "files": N_("Files"),
    "security": N_("Security"),
}
WHOLE_CITY: frozenset[Sheet] = frozenset({"cards", "campaigns", "firmware"})
"""Lists that are not about a station."""

HEADS: Mapping[Sheet, tuple[tuple[str, int], ...]] = {
    "messages": ((N_("Time"), 14), (N_("Station"), 10), (N_("Message"), 26), ("ms", 6), (N_("Answer"), 18)),
    "variables": ((N_("Station"), 10), (N_("Name"), 34), (N_("Value"), 20), (N_("Access"), 9)),
    "profiles": ((N_("Station"), 10), ("EVSE", 4), (N_("Purpose"), 24), (N_("Level"), 5), (N_("State"), 11),
                 (N_("Limit"), 16)),
    "device": ((N_("Time"), 14), (N_("Station"), 10), (N_("Name"), 30), (N_("Value"), 14), (N_("Grave"), 5)),
    "transactions": ((N_("Number"), 7), (N_("Place"), 14), (N_("Card"), 12), (N_("Began"), 11), (N_("Ended"), 11),
                     ("kWh", 7), (N_("Cost"), 10), (N_("Why"), 12)),
    "cards": ((N_("Card"), 16), (N_("State"), 9), (N_("Holder"), 14), (N_("Group"), 10), (N_("Until"), 14),
              (N_("Used"), 14)),
    "reservations": ((N_("Number"), 7), (N_("Place"), 15), (N_("Card"), 14), (N_("Until"), 14), (N_("State"), 10),
                     (N_("Who"), 10)),
    "campaigns": ((N_("Number"), 7), (N_("What"), 18), (N_("State"), 9), (N_("Done"), 9), (N_("Failed"), 6),
                  (N_("Who"), 10), (N_("Began"), 14)),
    "firmware": ((N_("Number"), 7), (N_("Name"), 24), (N_("Version"), 12), (N_("Vendor"), 14), ("MB", 8)),
    "files": ((N_("Time"), 14), (N_("Station"), 10), (N_("What"), 12), ("kB", 9), (N_("Name"), 34)),
    "security": ((N_("Time"), 14), (N_("Station"), 10), (N_("Event"), 28), (N_("What"), 24), (N_("Source"), 8)),
}  # fmt: skip
"""Heads of each list and their widths; the widest may grow."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line. `facts` are what the panel beside it tells; `state` what can still be done with it."""

    key: str
    cells: tuple[str, ...]
    station_id: str = ""
    evse: int = 0
    state: str = ""
    level: Level = "plain"
    value: str = ""
    name: str = ""
    """What it is about: a setting's name, the vendor a firmware is for."""
    facts: Mapping[str, Any] = field(default_factory=dict)
