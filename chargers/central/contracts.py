"""Contract certificates of vehicles (ISO 15118), which only a provider outside can give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from chargers.errors import ChargersError

if TYPE_CHECKING:
    from chargers.central.messages import ContractIn
    from chargers.central.session import Session

MOST_EXI = 7500
"""Characters of exiResponse (2.0.1 Part 2, Get15118EVCertificateResponse; 2.1 allows more)."""


class ContractProvider(Protocol):
    """Hands a vehicle's request on to whoever keeps its contract."""

    async def answer(self, schema: str, action: str, request: str) -> str:
        """The answer to an "Install" or "Update", base64 of EXI like the request; a ChargersError says why not."""
        ...


async def answer_vehicle(session: Session, request: ContractIn) -> dict[str, Any]:
    """Get15118EVCertificate (2.0.1 Part 2, M01 and M02): Failed where no provider is, or it refuses."""
    provider = session.desk.contracts
    if provider is None:
        return _failed("NoProvider", "contract certificates are not provided here")
    try:
        answer = await provider.answer(request.iso15118_schema_version, request.action, request.exi_request)
    except ChargersError as error:
        return _failed("Refused", str(error))
    if len(answer) > MOST_EXI:
        return _failed("TooLong", f"the provider's answer has {len(answer)} characters, {MOST_EXI} fit")
    return {"status": "Accepted", "exiResponse": answer}


def _failed(code: str, why: str) -> dict[str, Any]:
    return {"status": "Failed", "exiResponse": "", "statusInfo": {"reasonCode": code, "additionalInfo": why[:512]}}
