"""Id tokens: judged by status, expiry and charges under way; and the local lists stations were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlmodel import col, func, select

from fleet.events import Kind
from fleet.tables import IdToken, LocalList, Transaction

if TYPE_CHECKING:
    from fleet.store.work import Work

Verdict = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]
SETTABLE = frozenset(
    {"kind", "status", "truck_id", "holder", "expires_at", "group_id", "most_at_once", "language", "note"}
)
"""What a person may set of a card."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a station is told of a card. OCPP 1.6 calls the group parentIdTag, 2.0.1 groupIdToken."""

    status: str
    """A `Verdict`; sessions add "NotNow", for a site that cannot carry one more charge."""
    group_id: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A card in a station's local list; without a status it is to be taken off it."""

    token: str
    status: str | None = None
    expires_at: datetime | None = None
    group_id: str = ""
    kind: str = "ISO14443"

    @property
    def mark(self) -> str:
        """Token, then all that is told of it: what the store remembers of a list that was sent."""
        until = "" if self.expires_at is None else self.expires_at.astimezone(UTC).isoformat()
        return "\t".join((self.token, self.status or "", until, self.group_id))


class Tokens:
    """Id tokens in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def all(self) -> list[IdToken]:
        """Every card, by its number."""
        return list(self._work.session.exec(select(IdToken).order_by(col(IdToken.token))))

    def judge(self, token: str, *, starting: bool = False, but: int | None = None) -> Judgement:
        """Whether a card may charge; `starting`: its charges under way count too, all `but` this one."""
        row = self._work.stations.token(token)
        if row is None:
            return Judgement("Invalid")
        status: str = row.status
        if status == "Accepted" and row.expires_at is not None and row.expires_at <= self._work.now:
            status = "Expired"
        if status == "Accepted" and starting and row.most_at_once is not None:
            running = [one for one in self.running(row.token) if one.transaction_id != but]
            status = "ConcurrentTx" if len(running) >= row.most_at_once else status
        return Judgement(status, row.group_id, row.expires_at)

    def running(self, token: str) -> list[Transaction]:
        """Charges under way with a card, oldest first."""
        query = select(Transaction).where(
            func.upper(Transaction.token) == token.upper(), Transaction.state == "running"
        )
        return list(self._work.session.exec(query.order_by(col(Transaction.transaction_id))))

    def note_used(self, token: str) -> None:
        """The card was shown."""
        row = self._work.stations.token(token)
        if row is not None:
            row.last_used_at = self._work.now
            self._work.session.add(row)
            self._work.session.flush()

    def set(self, token: str, values: Mapping[str, Any], who: str = "") -> IdToken:
        """Add or change a card by hand; `values` by column, of those in `SETTABLE`."""
        row = self._work.session.get(IdToken, token) or IdToken(token=token)
        for name in SETTABLE & set(values):
            setattr(row, name, values[name])
        self._work.session.add(row)
        self._work.session.flush()
        self._work.events.append(Kind.TOKEN_CHANGED, row.token, who=who, status=row.status, group_id=row.group_id)
        return row

    # local lists

    def local_list(self, station_id: str) -> LocalList:
        """What a station was sent last; a new row where it was sent nothing."""
        return self._work.session.get(LocalList, station_id) or LocalList(station_id=station_id)

    def list_entries(self) -> list[ListEntry]:
        """Every card as a local list says it, those used last first, so that a short list holds them."""
        never = datetime.min.replace(tzinfo=UTC)
        rows = sorted(self.all(), key=lambda row: row.last_used_at or never, reverse=True)
        now = self._work.now
        return [
            ListEntry(
                row.token,
                "Expired" if row.expires_at is not None and row.expires_at <= now else row.status,
                row.expires_at,
                row.group_id,
                row.kind,
            )
            for row in rows
        ]

    def list_changes(self, station_id: str, entries: list[ListEntry]) -> list[ListEntry]:
        """What turns the list a station has into `entries`: cards new or changed, and those to be taken off."""
        had = {mark.partition("\t")[0]: mark for mark in self.local_list(station_id).tokens}
        changed = [entry for entry in entries if had.get(entry.token) != entry.mark]
        return changed + [ListEntry(token) for token in had.keys() - {entry.token for entry in entries}]

    def note_list(
        self, station_id: str, state: str, version: int | None = None, entries: list[ListEntry] | None = None
    ) -> None:
        """A station answered about its list: "accepted", "rejected", "unsupported" or "unknown"."""
        row = self.local_list(station_id)
        row.state, row.sent_at = state, self._work.now
        if version is not None:
            row.version = version
        if entries is not None:
            row.tokens = [entry.mark for entry in entries]
        self._work.session.add(row)
        self._work.session.flush()
