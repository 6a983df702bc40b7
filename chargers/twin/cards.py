"""What a station knows by itself about cards: its local list and its reservations. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MOST_ENTRIES = 1000
"""LocalAuthListMaxLength."""
ListResult = Literal["Accepted", "Failed", "VersionMismatch"]


@dataclass(frozen=True, slots=True)
class Card:
    """One entry of a local list; status None asks for its removal (1.6 section 5.15, 2.0.1 D01.FR.17)."""

    token: str
    status: str | None = None
    group: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """An EVSE held for a card, or any card of its group, until an instant."""

    number: int
    token: str
    until: datetime
    group: str = ""

    def admits(self, token: str, group: str) -> bool:
        """Whether a card may use it (1.6 section 3.11: the card itself, or one of the same parent)."""
        return token == self.token or (self.group != "" and group == self.group)


class LocalList:
    """The cards a station accepts or refuses without asking."""

    def __init__(self) -> None:
        self.version = 0
        self.cards: dict[str, Card] = {}

    def send(self, version: int, how: Literal["Full", "Differential"], cards: Sequence[Card]) -> ListResult:
        """SendLocalList: all of it or nothing (1.6 section 5.15, 2.0.1 D01)."""
        tokens = {card.token for card in cards}
        if len(tokens) < len(cards) or (how == "Full" and any(card.status is None for card in cards)):
            return "Failed"
        if how == "Differential" and version <= self.version:
            return "VersionMismatch"
        kept = {} if how == "Full" else {name: card for name, card in self.cards.items() if name not in tokens}
        kept |= {card.token: card for card in cards if card.status is not None}
        if len(kept) > MOST_ENTRIES:
            return "Failed"
        self.version, self.cards = version, kept
        return "Accepted"

    def verdict(self, token: str, now: datetime) -> str | None:
        """Accepted, or why not, for a card on the list; None for one that is not."""
        card = self.cards.get(token)
        if card is None:
            return None
        return "Expired" if card.expires_at is not None and card.expires_at <= now else card.status

    def group_of(self, token: str) -> str:
        card = self.cards.get(token)
        return "" if card is None else card.group
