"""Orders to OCPP 2.x stations about what surrounds a charge: reservations, local lists, firmware, logs, cost.

Payloads are in wire words, so that 2.1, in whose words the package's own conversion goes wrong, shares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargers.central import local_lists
from chargers.central.arguments import Arguments
from chargers.central.files import firmware_source, upload_url
from chargers.central.limits import read_count
from chargers.central.outcome import Outcome
from chargers.central.reserving import Wish, cancel, reserve
from chargers.central.v16_upkeep import wire_time
from chargers.errors import CallInvalid, CallRefused
from fleet.orders import OrderKind
from fleet.store import Work
from fleet.store.tokens import ListEntry

if TYPE_CHECKING:
    from chargers.central.session import Carry, Session

ENTRY_BYTES, FRAME_BYTES = 320, 160
"""The longest entry of a local list as JSON, and what stands around them in a message."""
MOST_TOLD = 10_000_000
TOKEN_LENGTH = 36
"""An idToken has at most this many characters (Part 2, 2.23)."""
STARTED = frozenset({"Accepted", "AcceptedCanceled"})
"""AcceptedCanceled: what was under way before is given up for this."""


# reservations


async def _reserve(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    """ReserveNow (Part 2, H01)."""

    async def send(wish: Wish) -> dict[str, Any]:
        message: dict[str, Any] = {
            "id": wish.number,
            "expiryDateTime": wire_time(wish.until),
            "idToken": {"idToken": wish.token, "type": wish.kind},
        }
        if wish.evse:
            message["evseId"] = wish.evse
        if 0 < len(wish.group_id) <= TOKEN_LENGTH:
            message["groupIdToken"] = {"idToken": wish.group_id, "type": "Central"}
        return await session.call_raw("ReserveNow", message)

    return await reserve(session, args, order_id, send)


async def _cancel_reservation(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """CancelReservation (Part 2, H02)."""
    return await cancel(session, args, lambda number: session.call_raw("CancelReservation", {"reservationId": number}))


# local lists


class _Lists:
    """GetLocalListVersion and SendLocalList (Part 2, D01 and D02)."""

    longest_token = TOKEN_LENGTH

    async def version(self, session: Session) -> int:
        version = (await session.call_raw("GetLocalListVersion", {})).get("versionNumber")
        return version if isinstance(version, int) else -1

    async def sizes(self, session: Session) -> tuple[int | None, int | None]:
        """LocalAuthListCtrlr.ItemsPerMessage and BytesPerMessage (Part 2, 2.10), whichever allows less."""
        component = {"name": "LocalAuthListCtrlr"}
        asked = [
            {"component": component, "variable": {"name": name}} for name in ("ItemsPerMessage", "BytesPerMessage")
        ]
        try:
            result = await session.call_raw("GetVariables", {"getVariableData": asked})
        except (CallRefused, CallInvalid):
            return None, None
        told = [one for one in result.get("getVariableResult") or [] if isinstance(one, dict)]
        values = {
            one["variable"].get("name"): read_count(str(one.get("attributeValue")), MOST_TOLD)
            for one in told
            if isinstance(one.get("variable"), dict)
        }
        octets = values.get("BytesPerMessage")
        allowed = [values.get("ItemsPerMessage"), max(1, (octets - FRAME_BYTES) // ENTRY_BYTES) if octets else None]
        return None, min((one for one in allowed if one), default=None)

    async def send(self, session: Session, version: int, how: str, entries: list[ListEntry]) -> str:
        message: dict[str, Any] = {"versionNumber": version, "updateType": how}
        if entries:
            message["localAuthorizationList"] = [_list_entry(entry) for entry in entries]
        return str((await session.call_raw("SendLocalList", message)).get("status", ""))


def _list_entry(entry: ListEntry) -> dict[str, Any]:
    token = {"idToken": {"idToken": entry.token, "type": entry.kind}}
    if entry.status is None:
        return token
    info: dict[str, Any] = {"status": entry.status}
    if entry.expires_at is not None:
        info["cacheExpiryDateTime"] = wire_time(entry.expires_at)
    if 0 < len(entry.group_id) <= TOKEN_LENGTH:
        info["groupIdToken"] = {"idToken": entry.group_id, "type": "Central"}
    return {**token, "idTokenInfo": info}


async def _get_local_list(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    return await local_lists.read_version(session, _Lists())


async def _send_local_list(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    return await local_lists.send_list(session, args, _Lists())


async def _clear_cache(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    """ClearCache (Part 2, C11)."""
    return _accepted(await session.call_raw("ClearCache", {}))


# firmware and logs


async def _update_firmware(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    """UpdateFirmware (Part 2, L01 signed, L02 not)."""
    want = Arguments(args)
    number = want.whole("request_id", order_id)
    source = await firmware_source(session.desk, session.id, args, number)
    retrieve = want.instant_or_none("retrieve_at") or session.desk.clock.now()
    firmware = {"location": source.url, "retrieveDateTime": wire_time(retrieve)}
    install = want.instant_or_none("install_at")
    if install is not None:
        firmware["installDateTime"] = wire_time(install)
    if source.signature:
        firmware |= {"signature": source.signature, "signingCertificate": source.signing_pem}
    message = {"requestId": number, "firmware": firmware, **_retries(want)}
    result = await session.call_raw("UpdateFirmware", message)
    return _started(result, number, source.url)


async def _publish_firmware(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    """PublishFirmware (Part 2, L03), to a local controller."""
    want = Arguments(args)
    if want.choice("do", ("publish", "unpublish")) == "unpublish":
        return await _unpublish_firmware(session, want.text("checksum"))
    number = want.whole("request_id", order_id)
    source = await firmware_source(session.desk, session.id, args, number)
    message = {"requestId": number, "location": source.url, "checksum": want.text("checksum"), **_retries(want)}
    return _started(await session.call_raw("PublishFirmware", message), number, source.url)


async def _unpublish_firmware(session: Session, checksum: str) -> Outcome:
    """UnpublishFirmware (Part 2, L04); what is not there is gone as well."""
    result = await session.call_raw("UnpublishFirmware", {"checksum": checksum})
    return Outcome(accepted=result.get("status") in ("Unpublished", "NoFirmware"), answer=result)


async def _get_log(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    """GetLog (Part 2, N01)."""
    want = Arguments(args)
    log = want.choice("log", ("diagnostics", "security"))
    number = want.whole("request_id", order_id)
    what = "security log" if log == "security" else log
    url = str(args.get("url") or "") or await upload_url(session.desk, session.id, what, number)
    parameters = {"remoteLocation": url}
    for name, wire in (("since", "oldestTimestamp"), ("until", "latestTimestamp")):
        at = want.instant_or_none(name)
        if at is not None:
            parameters[wire] = wire_time(at)
    kind = "SecurityLog" if log == "security" else "DiagnosticsLog"
    message = {"logType": kind, "requestId": number, "log": parameters, **_retries(want)}
    return _started(await session.call_raw("GetLog", message), number, url)


def _retries(want: Arguments) -> dict[str, int]:
    retries = want.whole_or_none("retries")
    return {} if retries is None else {"retries": retries}


def _started(result: dict[str, Any], number: int, url: str) -> Outcome:
    answer = {**result, "request_id": number, "url": url}
    return Outcome(accepted=result.get("status") in STARTED, answer=answer)


# charges, vendor data


async def _get_transaction_status(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """GetTransactionStatus (Part 2, E14), of one charge or of all."""
    number = Arguments(args).whole_or_none("transaction_id")
    message: dict[str, Any] = {}
    if number is not None:
        ref = await _ref_of(session, number)
        if ref is None:
            return Outcome(accepted=False, answer={"why": f"{session.id} has no transaction {number}"})
        message["transactionId"] = ref
    return Outcome(accepted=True, answer=await session.call_raw("GetTransactionStatus", message))


async def _tell_cost(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """CostUpdated (Part 2, I02)."""
    want = Arguments(args)
    number, cost = want.whole("transaction_id"), want.number_or_none("cost")
    ref = await _ref_of(session, number)
    if ref is None:
        return Outcome(accepted=False, answer={"why": f"{session.id} has no transaction {number}"})
    await session.call_raw("CostUpdated", {"totalCost": cost or 0.0, "transactionId": ref})
    return Outcome(accepted=True, answer={"cost": cost or 0.0})


async def _ref_of(session: Session, transaction_id: int) -> str | None:
    """What the station calls a transaction, running or not."""

    def look(work: Work) -> str | None:
        from fleet.tables import Transaction

        row = work.session.get(Transaction, transaction_id)
        return None if row is None or row.station_id != session.id else row.ref

    return await session.desk.writer.read(look)


async def _data_transfer(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """DataTransfer (Part 2, P01)."""
    message: dict[str, Any] = {"vendorId": Arguments(args).text("vendor")}
    message |= {wire: args[name] for name, wire in (("message", "messageId"), ("data", "data")) if args.get(name)}
    return _accepted(await session.call_raw("DataTransfer", message))


def _accepted(result: dict[str, Any]) -> Outcome:
    return Outcome(accepted=result.get("status") == "Accepted", answer=result)


UPKEEP: dict[OrderKind, Carry] = {
    OrderKind.RESERVE: _reserve,
    OrderKind.CANCEL_RESERVATION: _cancel_reservation,
    OrderKind.SEND_LOCAL_LIST: _send_local_list,
    OrderKind.GET_LOCAL_LIST: _get_local_list,
    OrderKind.CLEAR_CACHE: _clear_cache,
    OrderKind.UPDATE_FIRMWARE: _update_firmware,
    OrderKind.PUBLISH_FIRMWARE: _publish_firmware,
    OrderKind.GET_LOG: _get_log,
    OrderKind.GET_TRANSACTION_STATUS: _get_transaction_status,
    OrderKind.TELL_COST: _tell_cost,
    OrderKind.DATA_TRANSFER: _data_transfer,
}
