"""Local authorization lists: all of it or what changed, in as many messages as the station takes, whatever it speaks.

A differential list only goes to a station that has the list we think it has; after a VersionMismatch all of it follows
(1.6 section 5.15; 2.0.1 Part 2, D01).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from chargers.central.arguments import Arguments
from chargers.central.outcome import Outcome
from fleet.store import Work
from fleet.store.tokens import ListEntry

if TYPE_CHECKING:
    from chargers.central.session import Session

MOST_IN_LIST, MOST_AT_ONCE = 5000, 200
"""Where a station does not say what it holds, and takes in one message."""


class Words(Protocol):
    """How one version asks and sends."""

    longest_token: int

    async def version(self, session: Session) -> int:
        """The version of the list at the station: 0 for an empty one, -1 for none at all."""
        ...

    async def sizes(self, session: Session) -> tuple[int | None, int | None]:
        """What the station holds in all, and takes in one message."""
        ...

    async def send(self, session: Session, version: int, how: str, entries: list[ListEntry]) -> str:
        """SendLocalList; `how` is "Full" or "Differential". Gives the status."""
        ...


async def read_version(session: Session, words: Words) -> Outcome:
    """The order to ask for the list's version."""
    version = await _version(session, words)
    return Outcome(accepted=version >= 0, answer={"version": version})


async def send_list(session: Session, args: dict[str, Any], words: Words) -> Outcome:
    """The order to bring the list up to date."""
    how = Arguments(args).choice("how", ("full", "differential"))
    version = await _version(session, words)
    if version < 0:
        return Outcome(accepted=False, answer={"why": "the station keeps no local list", "version": version})
    most, at_once = await words.sizes(session)
    most, at_once = min(most or MOST_IN_LIST, MOST_IN_LIST), min(at_once or MOST_AT_ONCE, MOST_AT_ONCE)

    def look(work: Work) -> tuple[list[ListEntry], list[ListEntry], int]:
        entries = [entry for entry in work.tokens.list_entries() if len(entry.token) <= words.longest_token][:most]
        return entries, work.tokens.list_changes(session.id, entries), work.tokens.local_list(session.id).version

    entries, changes, known = await session.desk.writer.read(look)
    differential = how == "differential" and version == known > 0
    answer: dict[str, Any] = {"how": "differential" if differential else "full", "tokens": len(entries)}
    if differential and not changes:
        return Outcome(accepted=True, answer={**answer, "status": "Accepted", "version": version, "changed": 0})
    wanted = changes if differential else entries
    status, version = await _send_parts(session, words, wanted, version, at_once, differential)
    if status == "VersionMismatch" and differential:
        answer["how"] = "full, after a version mismatch"
        version = max(await _version(session, words), 0)
        status, version = await _send_parts(session, words, entries, version, at_once, differential=False)
    await session.desk.writer.do(lambda work: _note_list(work, session.id, status, version, entries))
    return Outcome(accepted=status == "Accepted", answer={**answer, "status": status, "version": version})


async def _version(session: Session, words: Words) -> int:
    version = await words.version(session)
    if version < 0:
        await session.desk.writer.do(lambda work: work.tokens.note_list(session.id, "unsupported", -1, []))
    return version


async def _send_parts(
    session: Session, words: Words, entries: list[ListEntry], version: int, at_once: int, differential: bool
) -> tuple[str, int]:
    parts = [entries[start : start + at_once] for start in range(0, len(entries), at_once)] or [[]]
    status = ""
    for number, part in enumerate(parts):
        version += 1
        status = await words.send(session, version, "Differential" if differential or number > 0 else "Full", part)
        if status != "Accepted":
            break
    return status, version


def _note_list(work: Work, station_id: str, status: str, version: int, entries: list[ListEntry]) -> None:
    if status == "Accepted":
        work.tokens.note_list(station_id, "accepted", version, entries)
    elif status == "NotSupported":
        work.tokens.note_list(station_id, "unsupported", -1, [])
    else:  # the station may have kept part of it: only a full list makes it known again
        work.tokens.note_list(station_id, "rejected", 0, [])
