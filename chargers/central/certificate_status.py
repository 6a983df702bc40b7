"""Whether a certificate still holds, for stations that ask (OCPP 2.0.1 Part 2, M06; 2.1 M07).

Of certificates of our own authority we know, and say so under its signature; of all others nothing is said, for this
central system asks no responder elsewhere.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chargers.central.certificate_ids import ALGORITHMS, hash_data
from fleet.store import Work

if TYPE_CHECKING:
    from chargers.central.messages import HashDataIn
    from chargers.central.session import Session

OTHERS = {"reasonCode": "UnknownIssuer", "additionalInfo": "the certificate is not of this central system's authority"}


@dataclass(frozen=True, slots=True)
class Found:
    """state: "good", "revoked", or "unknown" for a number the authority never gave; signed: an OCSP answer, DER."""

    state: str
    signed: bytes


async def look_up(session: Session, asked: HashDataIn) -> Found | None:
    """What our authority knows of a certificate; None for one that is not its own, or where there is no authority."""
    authority = session.desk.authority
    if authority is None or asked.hash_algorithm not in ALGORITHMS:
        return None
    ours = hash_data(authority.root_pem, algorithm=asked.hash_algorithm)
    try:
        serial = f"{int(asked.serial_number, 16):x}"
    except ValueError:
        return None
    issuer = asked.issuer_name_hash.lower(), asked.issuer_key_hash.lower()
    if issuer != (ours["issuerNameHash"], ours["issuerKeyHash"]):
        return None

    def look(work: Work) -> str | None:
        return work.trust.state_of_serial(serial)

    kept = await session.desk.writer.read(look)
    state = "unknown" if kept is None else "good"
    if kept == "revoked" or authority.is_revoked(serial):
        state = "revoked"
    return Found(state, authority.tell_status(serial, asked.hash_algorithm, *issuer, state))


async def answer_status(session: Session, asked: HashDataIn) -> dict[str, Any]:
    """GetCertificateStatus.conf."""
    found = await look_up(session, asked)
    if found is None:
        return {"status": "Failed", "statusInfo": OTHERS}
    return {"status": "Accepted", "ocspResult": base64.b64encode(found.signed).decode()}
