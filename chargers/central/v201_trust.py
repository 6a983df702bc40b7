"""Passwords, security profiles and certificates of OCPP 2.0.1 and 2.1 stations (Part 2, A01 to A05, M03 to M05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chargers.central.arguments import Arguments
from chargers.central.outcome import Outcome
from chargers.central.trust_calls import (
    DONE,
    delete_certificate,
    install_certificate,
    raise_profile,
    rotate_password,
)
from chargers.errors import OrderUnclear
from fleet.orders import OrderKind

if TYPE_CHECKING:
    from chargers.central.desk import Desk
    from chargers.central.session import Carry, Session

USES = (
    "CSMSRootCertificate",
    "ManufacturerRootCertificate",
    "V2GRootCertificate",
    "MORootCertificate",
)
USES_21 = (*USES, "OEMRootCertificate")
NAMED_VERSION = {"2.0.1": {"ocppVersion": "OCPP20"}}
"""2.1 leaves it to the subprotocol."""
PRIORITY = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
MESSAGE_TIMEOUT_SECONDS = 30
SLOTS = range(1, 6)


async def _rotate_password(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    """SetVariables of SecurityCtrlr.BasicAuthPassword (A01)."""

    async def send(password: str) -> dict[str, Any]:
        where = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
        return await _set(session, where, password)

    return await rotate_password(session, send)


async def _set_security_profile(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """SetNetworkProfile in a slot that is not in use, then that slot first in the priority (A05, B09, B10)."""

    async def send(profile: int) -> dict[str, Any]:
        return await _send_network_profile(session, profile)

    return await raise_profile(session, args, send)


async def _send_network_profile(session: Session, profile: int) -> dict[str, Any]:
    asked = await session.call_raw("GetVariables", {"getVariableData": [PRIORITY]})
    told = (asked.get("getVariableResult") or [{}])[0]
    before = [part.strip() for part in str(told.get("attributeValue") or "1").split(",") if part.strip()]
    slot = next((slot for slot in SLOTS if str(slot) not in before), int(before[-1]) if before[-1].isdecimal() else 2)
    connection = {
        **NAMED_VERSION.get(session.version, {}),
        "ocppTransport": "JSON",
        "ocppCsmsUrl": address_of(session.desk, secure=profile >= 2),
        "messageTimeout": MESSAGE_TIMEOUT_SECONDS,
        "securityProfile": profile,
        "ocppInterface": "Wired0",
    }
    sent = await session.call_raw("SetNetworkProfile", {"configurationSlot": slot, "connectionData": connection})
    if sent.get("status") != "Accepted":
        return {**sent, "slot": slot}
    order = [str(slot), *(part for part in before if part != str(slot))]
    done = await _set(session, PRIORITY, ",".join(order))
    return {**done, "slot": slot, "priority": order}


def address_of(desk: Desk, *, secure: bool) -> str:
    """Where stations connect, as one is told it.

    Raises:
        OrderUnclear: there is no TLS here.
    """
    settings = desk.settings
    if secure and not settings.tls_port:
        raise OrderUnclear("there is no TLS here: set ocpp.tls_port first")
    host = urlsplit(desk.http.public_url).hostname or settings.host
    host = f"[{host}]" if ":" in host else host
    return f"wss://{host}:{settings.tls_port}/ocpp" if secure else f"ws://{host}:{settings.port}/ocpp"


async def _renew_certificate(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    """TriggerMessage for a signing request (A02, F06); SignCertificate follows."""
    result = await session.call_raw("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    return Outcome(accepted=result.get("status") == "Accepted", answer=result)


async def _install(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """InstallCertificate (M05)."""
    want = Arguments(args)
    use, pem = _use(session, want.text("use")), want.text("pem")

    async def send() -> dict[str, Any]:
        return await session.call_raw("InstallCertificate", {"certificateType": use, "certificate": pem})

    return await install_certificate(session, use, pem, send)


async def _list(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """GetInstalledCertificateIds (M03), of one use or of all."""
    given = args.get("use")
    found: dict[str, list[dict[str, Any]]] = {}
    for chain in await _chains(session, None if not given else _use(session, str(given))):
        entries = [chain.get("certificateHashData"), *(chain.get("childCertificateHashData") or [])]
        kept = found.setdefault(str(chain.get("certificateType", "")), [])
        kept.extend(entry for entry in entries if isinstance(entry, dict))
    return Outcome(accepted=True, answer={"certificates": found})


async def _delete(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """DeleteCertificate (M04)."""

    async def installed(use: str) -> list[dict[str, Any]]:
        chains = await _chains(session, _use(session, use))
        return [entry for chain in chains if isinstance(entry := chain.get("certificateHashData"), dict)]

    async def send(named: dict[str, Any]) -> dict[str, Any]:
        return await session.call_raw("DeleteCertificate", {"certificateHashData": named})

    return await delete_certificate(session, args, installed, send)


async def _chains(session: Session, use: str | None) -> list[dict[str, Any]]:
    result = await session.call_raw("GetInstalledCertificateIds", {"certificateType": [use]} if use else {})
    return [chain for chain in result.get("certificateHashDataChain") or [] if isinstance(chain, dict)]


async def _set(session: Session, where: dict[str, Any], value: str) -> dict[str, Any]:
    """SetVariables of one variable; its status."""
    result = await session.call_raw("SetVariables", {"setVariableData": [{**where, "attributeValue": value}]})
    told = (result.get("setVariableResult") or [{}])[0]
    status = str(told.get("attributeStatus", ""))
    answer = {"status": status}
    if status not in DONE and isinstance(told.get("attributeStatusInfo"), dict):
        answer["why"] = str(told["attributeStatusInfo"].get("reasonCode", ""))
    return answer


def _use(session: Session, name: str) -> str:
    uses = USES if session.version == "2.0.1" else USES_21
    if name not in uses:
        raise OrderUnclear(f"use is {name!r}; OCPP {session.version} has {', '.join(uses)}")
    return name


TRUST: dict[OrderKind, Carry] = {
    OrderKind.ROTATE_PASSWORD: _rotate_password,
    OrderKind.SET_SECURITY_PROFILE: _set_security_profile,
    OrderKind.RENEW_CERTIFICATE: _renew_certificate,
    OrderKind.INSTALL_CERTIFICATE: _install,
    OrderKind.LIST_CERTIFICATES: _list,
    OrderKind.DELETE_CERTIFICATE: _delete,
}
