"""Passwords, security profiles and certificates at a station: what is the same in every OCPP version.

Each function is given `send`, which says it in the version's own words (v16_trust, v201_trust).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from chargers.central.arguments import Arguments
from chargers.central.certificate_ids import as_row, names
from chargers.central.outcome import Outcome
from chargers.errors import OrderUnclear
from fleet.orders import OrderKind, OrderState
from fleet.passwords import hash_password
from fleet.store import Work
from fleet.tables import Certificate

if TYPE_CHECKING:
    from chargers.central.session import Session

Result = dict[str, Any]
KEY_BYTES = 20
"""1.6: at most 20 bytes, or 40 characters (whitepaper, A00); 2.0.1: 16 to 40 characters (Part 2, A00.FR.205)."""
DONE = frozenset({"Accepted", "RebootRequired"})
MOST_FOLLOWING = 3
"""New passwords that may all be the one a station has: it was sent each, and no answer came."""


def new_password() -> str:
    """40 hexadecimal characters, good for both readings: as text, and as the 20 bytes they write.

    Earlier editions of the 1.6 whitepaper let the station send the bytes; these are chosen so that they are no text.
    """
    while True:
        raw = secrets.token_bytes(KEY_BYTES)
        try:
            raw.decode()
        except UnicodeDecodeError:
            return raw.hex()


async def rotate_password(session: Session, send: Callable[[str], Awaitable[Result]]) -> Outcome:
    """Give a station a new password (whitepaper A01; 2.0.1 Part 2, A01).

    Its digest is in the store before the station hears of it, beside the old one: whichever the station comes with is
    let in, and the first use of the new one ends the old. Only a refusal takes it back: after a lost connection the
    station may have it.
    """
    password = new_password()
    kept = await asyncio.to_thread(hash_password, password)
    await session.desk.writer.do(lambda work: _follow(work, session.id, kept))
    result = await send(password)
    done = result.get("status") in DONE
    if not done:
        await session.desk.writer.do(lambda work: _unfollow(work, session.id, kept))
    return Outcome(accepted=done, answer=result)


async def raise_profile(session: Session, args: Mapping[str, Any], send: Callable[[int], Awaitable[Result]]) -> Outcome:
    """Ask for a higher security profile, never a lower one (whitepaper A05; 2.0.1 Part 2, A05).

    The station tries it at its next connection and goes back to the old one if it fails, so it is held to the new one
    only from the first time it comes with it: the gate sees to that.
    """
    wanted = Arguments(dict(args)).whole("profile")

    def reached(work: Work) -> int:
        row = work.stations.get(session.id)
        asked = work.orders.find(
            state=OrderState.ACCEPTED, kind=OrderKind.SET_SECURITY_PROFILE, target=session.id, count=1
        )
        known = (row.security_profile or 0, row.connected_profile or 0) if row is not None else (0,)
        return max(*known, 0, *(int(order.args.get("profile") or 0) for order in asked))

    now = await session.desk.writer.read(reached)
    if not 1 <= wanted <= 3 or wanted < now:
        why = f"profile {wanted} is no step up from {now}; give one of {', '.join(map(str, range(max(now, 1), 4)))}"
        return Outcome(accepted=False, answer={"why": why})
    result = await send(wanted)
    return Outcome(accepted=result.get("status") in DONE, answer=result)


async def install_certificate(session: Session, use: str, pem: str, send: Callable[[], Awaitable[Result]]) -> Outcome:
    """Install a root certificate and keep what came of it."""
    row = as_row(pem, session.id, use, "sent", session.desk.clock.now())
    result = await send()
    accepted = result.get("status") == "Accepted"
    row.state = "valid" if accepted else "rejected"
    kept = await session.desk.writer.do(lambda work: work.trust.keep_certificate(row))
    return Outcome(accepted=accepted, answer={**result, "certificate_id": kept.certificate_id})


async def delete_certificate(
    session: Session,
    args: Mapping[str, Any],
    installed: Callable[[str], Awaitable[list[dict[str, Any]]]],
    send: Callable[[dict[str, Any]], Awaitable[Result]],
) -> Outcome:
    """Delete a certificate by the hash data the station itself tells of it: `installed` lists those of a use."""
    number = Arguments(dict(args)).whole("certificate_id")

    def look(work: Work) -> tuple[Certificate | None, str | None]:
        row = work.trust.certificate(number)
        if row is None or row.station_id != session.id or row.issuer == row.subject:
            return row, None
        return row, next((one.pem for one in work.trust.certificates() if one.subject == row.issuer), None)

    row, issuer_pem = await session.desk.writer.read(look)
    if row is None or row.station_id != session.id:
        raise OrderUnclear(f"{session.id} has no certificate {number}")
    entries = await installed(row.use)
    named = next((entry for entry in entries if names(entry, row, issuer_pem)), None)
    if named is None:
        await session.desk.writer.do(lambda work: work.trust.mark_certificate(number, "deleted", "not there any more"))
        return Outcome(accepted=False, answer={"why": "the station has it no more", "certificates": entries})
    result = await send(named)
    if result.get("status") in ("Accepted", "NotFound"):
        await session.desk.writer.do(lambda work: work.trust.mark_certificate(number, "deleted"))
    return Outcome(accepted=result.get("status") == "Accepted", answer=result)


def _follow(work: Work, station_id: str, kept: str) -> None:
    row = work.stations.get(station_id)
    if row is not None:
        row.next_password_hash = " ".join([kept, *(row.next_password_hash or "").split()][:MOST_FOLLOWING])
        work.session.add(row)
        work.session.flush()


def _unfollow(work: Work, station_id: str, kept: str) -> None:
    row = work.stations.get(station_id)
    if row is not None:
        rest = [one for one in (row.next_password_hash or "").split() if one != kept]
        row.next_password_hash = " ".join(rest) or None
        work.session.add(row)
        work.session.flush()
