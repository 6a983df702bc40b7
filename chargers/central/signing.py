"""A station's signing request, whatever OCPP version it speaks: signed, sent back, every step kept.

1.6 security whitepaper, A02 and A03; 2.0.1 Part 2, A02: the request is answered first, CertificateSigned follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from chargers.central.certificate_ids import as_row
from chargers.errors import CallFailed, ChargersError
from fleet.errors import StoreError

if TYPE_CHECKING:
    from chargers.central.session import Session

Send = Callable[[str], Awaitable[dict[str, Any]]]
"""CertificateSigned with this chain, in the words of the version; gives its result."""


async def take_request(session: Session, csr: str, send: Send, use: str = "station") -> dict[str, Any]:
    """Sign a request and give the answer to SignCertificate; what is signed is sent once that is answered."""
    authority = session.desk.authority
    if authority is None:
        return {"status": "Rejected"}
    try:
        chain = await asyncio.to_thread(authority.sign, csr, session.id)
        row = as_row(chain, session.id, use, "sent", session.desk.clock.now())
    except ChargersError as error:
        why = str(error)
        await session.desk.writer.do(
            lambda work: work.trust.note_event(session.id, "CertificateNotSigned", why, critical=True, source="central")
        )
        return {"status": "Rejected"}
    kept = await session.desk.writer.do(lambda work: work.trust.keep_certificate(row))
    session.desk.spawn(_deliver(session, chain, kept.certificate_id or 0, send))
    return {"status": "Accepted"}


async def _deliver(session: Session, chain: str, number: int, send: Send) -> None:
    try:
        status = str((await send(chain)).get("status", ""))
    except CallFailed as error:
        status = str(error)
    state = "valid" if status == "Accepted" else "rejected"
    try:
        await session.desk.writer.do(lambda work: work.trust.mark_certificate(number, state, status))
    except StoreError as error:
        session.log.error("certificate not kept", why=str(error))  # noqa: TRY400 - one line, no trace
