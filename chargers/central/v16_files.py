"""Orders to OCPP 1.6 stations about firmware and logs, by the requests of the core and of the whitepaper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp.v16 import call, datatypes

from chargers.central.arguments import Arguments
from chargers.central.files import firmware_source, upload_url
from chargers.central.outcome import Outcome
from chargers.central.v16_upkeep import wire_time
from chargers.errors import CallRefused
from fleet.orders import OrderKind

if TYPE_CHECKING:
    from chargers.central.session import Carry, Session

STARTED = frozenset({"Accepted", "AcceptedCanceled"})
"""AcceptedCanceled: what was under way before is given up for this."""


async def _update_firmware(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    """SignedUpdateFirmware (whitepaper 4.1.12) for a signed firmware, else UpdateFirmware (1.6 section 5.19).

    A signed one is never sent unsigned: a station that does not know the request refuses the order.
    """
    want = Arguments(args)
    number = want.whole("request_id", order_id)
    source = await firmware_source(session.desk, session.id, args, number)
    retrieve = want.instant_or_none("retrieve_at") or session.desk.clock.now()
    retries = want.whole_or_none("retries")
    if not source.signature:
        message = call.UpdateFirmware(location=source.url, retrieve_date=wire_time(retrieve), retries=retries)
        await session.call(message)
        return Outcome(accepted=True, answer={"status": "Accepted", "request_id": number, "url": source.url})
    install = want.instant_or_none("install_at")
    firmware = datatypes.Firmware(
        location=source.url,
        retrieve_date_time=wire_time(retrieve),
        install_date_time=None if install is None else wire_time(install),
        signing_certificate=source.signing_pem,
        signature=source.signature,
    )
    result = await session.call(call.SignedUpdateFirmware(request_id=number, firmware=firmware, retries=retries))
    answer = {**result, "request_id": number, "url": source.url}
    return Outcome(accepted=result.get("status") in STARTED, answer=answer)


async def _get_log(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    """GetLog (whitepaper 4.1.6) for a security log; GetDiagnostics (1.6 section 5.9) for diagnostics, and GetLog where
    a station does not know that.
    """
    want = Arguments(args)
    log = want.choice("log", ("diagnostics", "security"))
    number = want.whole("request_id", order_id)
    since, until = (
        None if at is None else wire_time(at) for at in (want.instant_or_none("since"), want.instant_or_none("until"))
    )
    url = str(args.get("url") or "")
    url = url or await upload_url(session.desk, session.id, "security log" if log == "security" else log, number)
    retries = want.whole_or_none("retries")
    if log == "diagnostics":
        asked = call.GetDiagnostics(location=url, start_time=since, stop_time=until, retries=retries)
        try:
            result = await session.call(asked)
        except CallRefused as error:
            session.log.info("no diagnostics by the core's request", code=error.code)
        else:
            there = bool(result.get("fileName"))
            answer = {"status": "Accepted" if there else "NothingThere", **result, "request_id": number, "url": url}
            return Outcome(accepted=there, answer=answer)
    parameters = datatypes.LogParameters(remote_location=url, oldest_timestamp=since, latest_timestamp=until)
    kind = "SecurityLog" if log == "security" else "DiagnosticsLog"
    result = await session.call(call.GetLog(log=parameters, log_type=kind, request_id=number, retries=retries))
    return Outcome(accepted=result.get("status") in STARTED, answer={**result, "request_id": number, "url": url})


FILES: dict[OrderKind, Carry] = {
    OrderKind.UPDATE_FIRMWARE: _update_firmware,
    OrderKind.GET_LOG: _get_log,
}
