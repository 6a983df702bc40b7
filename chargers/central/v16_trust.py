"""Passwords, security profiles and certificates of OCPP 1.6 stations (security whitepaper, edition 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp.v16 import call

from chargers.central.arguments import Arguments
from chargers.central.outcome import Outcome
from chargers.central.trust_calls import delete_certificate, install_certificate, raise_profile, rotate_password
from chargers.errors import OrderUnclear
from fleet.orders import OrderKind

if TYPE_CHECKING:
    from chargers.central.session import Carry, Session

USES = {
    "CSMSRootCertificate": "CentralSystemRootCertificate",
    "CentralSystemRootCertificate": "CentralSystemRootCertificate",
    "ManufacturerRootCertificate": "ManufacturerRootCertificate",
}
"""Uses of certificates in 2.0.1 words -> in those of 1.6."""
CRITICAL = frozenset(
    {
        "FirmwareUpdated", "SettingSystemTime", "StartupOfTheDevice", "ResetOrReboot", "SecurityLogWasCleared",
        "MemoryExhaustion", "TamperDetectionActivated",
        "InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate", "InvalidCentralSystemCertificate",
        "InvalidChargePointCertificate", "InvalidCsmsCertificate", "InvalidChargingStationCertificate",
    }
)  # fmt: skip
"""Security events of the whitepaper's list that somebody should look at."""


async def _rotate_password(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    """ChangeConfiguration of AuthorizationKey (whitepaper, A01)."""
    return await rotate_password(session, lambda password: _change(session, "AuthorizationKey", password))


async def _set_security_profile(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """ChangeConfiguration of SecurityProfile (whitepaper, A05)."""
    return await raise_profile(session, args, lambda profile: _change(session, "SecurityProfile", str(profile)))


async def _change(session: Session, key: str, value: str) -> dict[str, Any]:
    return await session.call(call.ChangeConfiguration(key=key, value=value))


async def _renew_certificate(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    """ExtendedTriggerMessage for a signing request; SignCertificate follows."""
    message = call.ExtendedTriggerMessage(requested_message="SignChargePointCertificate")
    result = await session.call(message)
    return Outcome(accepted=result.get("status") == "Accepted", answer=result)


async def _install(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """InstallCertificate of a root."""
    want = Arguments(args)
    use, pem = _use(want.text("use")), want.text("pem")

    async def send() -> dict[str, Any]:
        return await session.call(call.InstallCertificate(certificate_type=use, certificate=pem))

    return await install_certificate(session, use, pem, send)


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

    async def send(named: dict[str, Any]) -> dict[str, Any]:
        return await session.call(call.DeleteCertificate(certificate_hash_data=named))

    return await delete_certificate(session, args, lambda use: _installed(session, _use(use)), send)


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
