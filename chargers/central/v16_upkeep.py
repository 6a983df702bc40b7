"""Orders to OCPP 1.6 stations about what surrounds a charge: reservations, local lists, firmware, logs, vendor data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ocpp.v16 import call, datatypes

from chargers.central import local_lists
from chargers.central.arguments import Arguments
from chargers.central.limits import read_count
from chargers.central.outcome import Outcome
from chargers.central.reserving import Wish, cancel, reserve
from chargers.errors import CallRefused, OrderUnclear
from fleet.orders import OrderKind
from fleet.store.tokens import ListEntry

if TYPE_CHECKING:
    from chargers.central.session import Carry, Session

TAG_LENGTH = 20
LIST_KEYS = ("LocalAuthListMaxLength", "SendLocalListMaxLength")


# reservations


async def _reserve(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    """ReserveNow (1.6 section 5.13)."""

    async def send(wish: Wish) -> dict[str, Any]:
        message = call.ReserveNow(
            connector_id=wish.evse,
            expiry_date=wire_time(wish.until),
            id_tag=wish.token,
            reservation_id=wish.number,
            parent_id_tag=wish.group_id if 0 < len(wish.group_id) <= TAG_LENGTH else None,
        )
        return await session.call(message)

    return await reserve(session, args, order_id, send)


async def _cancel_reservation(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """CancelReservation (1.6 section 5.1)."""
    return await cancel(session, args, lambda number: session.call(call.CancelReservation(reservation_id=number)))


# local lists


class _Lists:
    """GetLocalListVersion and SendLocalList (1.6 sections 5.10 and 5.15)."""

    longest_token = TAG_LENGTH

    async def version(self, session: Session) -> int:
        version = (await session.call(call.GetLocalListVersion())).get("listVersion")
        return version if isinstance(version, int) else -1

    async def sizes(self, session: Session) -> tuple[int | None, int | None]:
        from chargers.central.v16_calls import read_keys

        try:
            values = await read_keys(session, list(LIST_KEYS))
        except CallRefused:
            values = {}
        most, at_once = (read_count(values.get(name, ""), 1_000_000) for name in LIST_KEYS)
        return most, at_once

    async def send(self, session: Session, version: int, how: str, entries: list[ListEntry]) -> str:
        message = call.SendLocalList(
            list_version=version, update_type=how, local_authorization_list=[_list_entry(entry) for entry in entries]
        )
        return str((await session.call(message)).get("status", ""))


def _list_entry(entry: ListEntry) -> datatypes.AuthorizationData:
    if entry.status is None:
        return datatypes.AuthorizationData(id_tag=entry.token)
    info = datatypes.IdTagInfo(
        status=entry.status,
        parent_id_tag=entry.group_id if 0 < len(entry.group_id) <= TAG_LENGTH else None,
        expiry_date=None if entry.expires_at is None else wire_time(entry.expires_at),
    )
    return datatypes.AuthorizationData(id_tag=entry.token, id_tag_info=info)


async def _get_local_list(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    return await local_lists.read_version(session, _Lists())


async def _send_local_list(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    return await local_lists.send_list(session, args, _Lists())


async def _clear_cache(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    """ClearCache (1.6 section 5.4)."""
    return _accepted(await session.call(call.ClearCache()))


# vendor data


async def _data_transfer(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """DataTransfer (1.6 section 5.5)."""
    want = Arguments(args)
    data = args.get("data")
    if data is not None and not isinstance(data, str):
        raise OrderUnclear("data must be a text in OCPP 1.6")
    message = call.DataTransfer(vendor_id=want.text("vendor"), message_id=args.get("message"), data=data)
    return _accepted(await session.call(message))


def wire_time(time: datetime) -> str:
    """An instant for the wire."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _accepted(result: dict[str, Any]) -> Outcome:
    return Outcome(accepted=result.get("status") == "Accepted", answer=result)


UPKEEP: dict[OrderKind, Carry] = {
    OrderKind.RESERVE: _reserve,
    OrderKind.CANCEL_RESERVATION: _cancel_reservation,
    OrderKind.SEND_LOCAL_LIST: _send_local_list,
    OrderKind.GET_LOCAL_LIST: _get_local_list,
    OrderKind.CLEAR_CACHE: _clear_cache,
    OrderKind.DATA_TRANSFER: _data_transfer,
}
