"""Orders to OCPP 1.6 stations about what surrounds a charge: reservations, local lists, firmware, logs, vendor data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ocpp.v16 import call, datatypes

from chargers.central.arguments import Arguments
from chargers.central.outcome import Outcome
from chargers.errors import CallRefused, OrderUnclear
from fleet.orders import OrderKind
from fleet.store import Work
from fleet.store.tokens import ListEntry

if TYPE_CHECKING:
    from chargers.central.session import Carry, Session

TAG_LENGTH = 20
LIST_KEYS = ("LocalAuthListMaxLength", "SendLocalListMaxLength")
MOST_IN_LIST, MOST_AT_ONCE = 5000, 200
"""Where a station does not say what it holds, and takes in one message."""


# reservations


async def _reserve(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    """ReserveNow (1.6 section 5.13): the id is ours; asked again with the same it replaces itself."""
    want = Arguments(args)
    evse, token, until = want.whole("evse", 0), want.text("token"), want.instant("until")

    def ask(work: Work) -> tuple[int, str]:
        order = work.orders.get(order_id)
        row = work.reservations.ask(session.id, evse, token, until, "" if order is None else order.who)
        return row.reservation_id or 0, work.tokens.judge(token).group_id

    number, group = await session.desk.writer.do(ask)
    message = call.ReserveNow(
        connector_id=evse,
        expiry_date=wire_time(until),
        id_tag=token,
        reservation_id=number,
        parent_id_tag=group if 0 < len(group) <= TAG_LENGTH else None,
    )
    try:
        result = await session.call(message)
    except CallRefused:
        await session.desk.writer.do(lambda work: work.reservations.mark(number, "refused"))
        raise
    accepted = result.get("status") == "Accepted"
    state = "held" if accepted else "refused"
    await session.desk.writer.do(lambda work: work.reservations.mark(number, state))
    return Outcome(accepted=accepted, answer={**result, "reservation_id": number})


async def _cancel_reservation(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """CancelReservation (1.6 section 5.1); Rejected means the station holds none by this number any more."""
    number = Arguments(args).whole("reservation_id")
    result = await session.call(call.CancelReservation(reservation_id=number))
    state = "cancelled" if result.get("status") == "Accepted" else "removed"
    await session.desk.writer.do(lambda work: work.reservations.mark(number, state))
    return _accepted(result)


# local lists


async def _get_local_list(session: Session, _args: dict[str, Any], _order_id: int) -> Outcome:
    """GetLocalListVersion (1.6 section 5.10): 0 is an empty list, -1 none at all."""
    version = await _list_version(session)
    return Outcome(accepted=version >= 0, answer={"version": version})


async def _list_version(session: Session) -> int:
    result = await session.call(call.GetLocalListVersion())
    version = result.get("listVersion")
    version = version if isinstance(version, int) else -1
    if version < 0:
        await session.desk.writer.do(lambda work: work.tokens.note_list(session.id, "unsupported", -1, []))
    return version


async def _send_local_list(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    """SendLocalList (1.6 section 5.15), in as many messages as the station needs; a differential one only goes to a
    station that has the list we think it has, and after a VersionMismatch the full one follows.
    """
    how = Arguments(args).choice("how", ("full", "differential"))
    version = await _list_version(session)
    if version < 0:
        return Outcome(accepted=False, answer={"why": "the station keeps no local list", "version": version})
    most, at_once = await _list_sizes(session)

    def look(work: Work) -> tuple[list[ListEntry], list[ListEntry], int]:
        entries = [entry for entry in work.tokens.list_entries() if len(entry.token) <= TAG_LENGTH]
        kept = entries[:most]
        return kept, work.tokens.list_changes(session.id, kept), work.tokens.local_list(session.id).version

    entries, changes, known = await session.desk.writer.read(look)
    differential = how == "differential" and version == known > 0
    answer: dict[str, Any] = {"how": "differential" if differential else "full", "tokens": len(entries)}
    if differential and not changes:
        return Outcome(accepted=True, answer={**answer, "status": "Accepted", "version": version, "changed": 0})
    status, version = await _send_parts(session, changes if differential else entries, version, at_once, differential)
    if status == "VersionMismatch" and differential:
        answer["how"] = "full, after a version mismatch"
        version = max(await _list_version(session), 0)
        status, version = await _send_parts(session, entries, version, at_once, differential=False)
    await session.desk.writer.do(lambda work: _note_list(work, session.id, status, version, entries))
    return Outcome(accepted=status == "Accepted", answer={**answer, "status": status, "version": version})


def _note_list(work: Work, station_id: str, status: str, version: int, entries: list[ListEntry]) -> None:
    if status == "Accepted":
        work.tokens.note_list(station_id, "accepted", version, entries)
    elif status == "NotSupported":
        work.tokens.note_list(station_id, "unsupported", -1, [])
    else:  # the station may have kept part of it: only a full list makes it known again
        work.tokens.note_list(station_id, "rejected", 0, [])


async def _send_parts(
    session: Session, entries: list[ListEntry], version: int, at_once: int, differential: bool
) -> tuple[str, int]:
    parts = [entries[start : start + at_once] for start in range(0, len(entries), at_once)] or [[]]
    status = ""
    for number, part in enumerate(parts):
        version += 1
        message = call.SendLocalList(
            list_version=version,
            update_type="Differential" if differential or number > 0 else "Full",
            local_authorization_list=[_list_entry(entry) for entry in part],
        )
        status = str((await session.call(message)).get("status", ""))
        if status != "Accepted":
            break
    return status, version


def _list_entry(entry: ListEntry) -> datatypes.AuthorizationData:
    if entry.status is None:
        return datatypes.AuthorizationData(id_tag=entry.token)
    info = datatypes.IdTagInfo(
        status=entry.status,
        parent_id_tag=entry.group_id if 0 < len(entry.group_id) <= TAG_LENGTH else None,
        expiry_date=None if entry.expires_at is None else wire_time(entry.expires_at),
    )
    return datatypes.AuthorizationData(id_tag=entry.token, id_tag_info=info)


async def _list_sizes(session: Session) -> tuple[int, int]:
    from chargers.central.limits import read_count
    from chargers.central.v16_calls import read_keys

    try:
        values = await read_keys(session, list(LIST_KEYS))
    except CallRefused:
        values = {}
    most, at_once = (read_count(values.get(name, ""), 1_000_000) for name in LIST_KEYS)
    return min(most or MOST_IN_LIST, MOST_IN_LIST), min(at_once or MOST_AT_ONCE, MOST_AT_ONCE)


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
