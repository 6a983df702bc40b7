"""Passwords, security profiles and certificates of OCPP 1.6 stations (security whitepaper, edition 3)."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

from ocpp.v16 import call

from chargers.central import ledger
from chargers.central.arguments import Arguments
from chargers.central.certificate_ids import as_row, names
from chargers.central.outcome import Outcome
from chargers.errors import OrderUnclear
from fleet.orders import OrderKind
from fleet.passwords import hash_password
from fleet.store import Work
from fleet.tables import Certificate

if TYPE_CHECKING:
    from chargers.central.session import Carry, Session

USES = {
    "CSMSRootCertificate": "CentralSystemRootCertificate",
    "CentralSystemRootCertificate": "CentralSystemRootCertificate",
    "ManufacturerRootCertificate": "ManufacturerRootCertificate",
}
"""Uses of certificates in 2.0.1 words -> in those of 1.6."""
KEY_BYTES = 20
"""AuthorizationKey: at most 20 bytes, or 40 characters (whitepaper, A00 and the keys of section 5)."""
DONE = frozenset({"Accepted", "RebootRequired"})
CRITICAL = frozenset(
    {
        "FirmwareUpdated", "SettingSystemTime", "StartupOfTheDevice", "ResetOrReboot", "SecurityLogWasCleared",
        "MemoryExhaustion", "TamperDetectionActivated",
        "InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate", "InvalidCentralSystemCertificate",
        "InvalidChargePointCertificate", "InvalidCsmsCertificate", "InvalidChargingStationCertificate",
    }
)  # fmt: skip
"""Security events of the whitepaper's list that somebody should look at."""


def new_password() -> str:
    """40 hexadecimal characters, good for both readings: as text, and as the 20 bytes they write.

    Earlier editions of the whitepaper let the station send the bytes; these are chosen so that they are no text.
    """
    while True:
        raw = secrets.token_bytes(KEY_BYTES)
        try:
            raw.decode()
        except UnicodeDecodeError:
            return raw.hex()


async def _rotate_password(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    """ChangeConfiguration of AuthorizationKey. Both passwords hold until the new one is used for the first time."""
    password = new_password()
    kept = await asyncio.to_thread(hash_password, password)
    await session.desk.writer.do(lambda work: ledger.learn(work, session.id, {"next_password_hash": kept}))
    result = await session.call(call.ChangeConfiguration(key="AuthorizationKey", value=password))
    done = result.get("status") in DONE
    if not done:
        await session.desk.writer.do(lambda work: ledger.learn(work, session.id, {"next_password_hash": None}))
    return Outcome(accepted=done, answer=result)


async def _set_security_profile(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """ChangeConfiguration of SecurityProfile; never a step down (whitepaper, A05.FR.03)."""
    wanted = Arguments(args).whole("profile")
    row = await session.desk.writer.read(lambda work: work.stations.get(session.id))
    now = 0 if row is None else max(row.security_profile or 0, row.connected_profile or 0)
    if not 1 <= wanted <= 3 or wanted < now:
        why = f"profile {wanted} is no step up from {now}; give one of {', '.join(map(str, range(max(now, 1), 4)))}"
        return Outcome(accepted=False, answer={"why": why})
    result = await session.call(call.ChangeConfiguration(key="SecurityProfile", value=str(wanted)))
    done = result.get("status") in DONE
    if done:
        await session.desk.writer.do(lambda work: ledger.learn(work, session.id, {"security_profile": wanted}))
    return Outcome(accepted=done, answer=result)


async def _renew_certificate(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    """ExtendedTriggerMessage for a signing request; SignCertificate follows."""
    message = call.ExtendedTriggerMessage(requested_message="SignChargePointCertificate")
    result = await session.call(message)
    return Outcome(accepted=result.get("status") == "Accepted", answer=result)


async def _install(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """InstallCertificate of a root."""
    want = Arguments(args)
    use, pem = _use(want.text("use")), want.text("pem")
    row = as_row(pem, session.id, use, "sent", session.desk.clock.now())
    result = await session.call(call.InstallCertificate(certificate_type=use, certificate=pem))
    accepted = result.get("status") == "Accepted"
    row.state = "valid" if accepted else "rejected"
    kept = await session.desk.writer.do(lambda work: work.trust.keep_certificate(row))
    return Outcome(accepted=accepted, answer={**result, "certificate_id": kept.certificate_id})


async def _list(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """GetInstalledCertificateIds, of one use or of both."""
    given = args.get("use")
    found: dict[str, list[dict[str, Any]]] = {}
    for use in [_use(str(given))] if given else sorted(set(USES.values())):
        found[use] = await _installed(session, use)
    return Outcome(accepted=True, answer={"certificates": found})


async def _installed(session: Session, use: str) -> list[dict[str, Any]]:
    result = await session.call(call.GetInstalledCertificateIds(certificate_type=use))
    return [entry for entry in result.get("certificateHashData") or [] if isinstance(entry, dict)]


async def _delete(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """DeleteCertificate, by the hash data the station itself tells of it."""
    number = Arguments(args).whole("certificate_id")

    def look(work: Work) -> tuple[Certificate | None, str | None]:
        row = work.trust.certificate(number)
        if row is None or row.station_id != session.id or row.issuer == row.subject:
            return row, None
        return row, next((one.pem for one in work.trust.certificates() if one.subject == row.issuer), None)

    row, issuer_pem = await session.desk.writer.read(look)
    if row is None or row.station_id != session.id:
        raise OrderUnclear(f"{session.id} has no certificate {number}")
    entries = await _installed(session, _use(row.use))
    named = next((entry for entry in entries if names(entry, row, issuer_pem)), None)
    if named is None:
        await session.desk.writer.do(lambda work: work.trust.mark_certificate(number, "deleted", "not there any more"))
        return Outcome(accepted=False, answer={"why": "the station has it no more", "certificates": entries})
    result = await session.call(call.DeleteCertificate(certificate_hash_data=named))
    if result.get("status") in ("Accepted", "NotFound"):
        await session.desk.writer.do(lambda work: work.trust.mark_certificate(number, "deleted"))
    return Outcome(accepted=result.get("status") == "Accepted", answer=result)


def _use(name: str) -> str:
    if name not in USES:
        raise OrderUnclear(f"use is {name!r}; OCPP 1.6 has {', '.join(sorted(set(USES.values())))}")
    return USES[name]


async def send_signed(session: Session, chain: str) -> dict[str, Any]:
    """CertificateSigned (whitepaper, A02)."""
    return await session.call(call.CertificateSigned(certificate_chain=chain))


TRUST: dict[OrderKind, Carry] = {
    OrderKind.ROTATE_PASSWORD: _rotate_password,
    OrderKind.SET_SECURITY_PROFILE: _set_security_profile,
    OrderKind.RENEW_CERTIFICATE: _renew_certificate,
    OrderKind.INSTALL_CERTIFICATE: _install,
    OrderKind.LIST_CERTIFICATES: _list,
    OrderKind.DELETE_CERTIFICATE: _delete,
}
