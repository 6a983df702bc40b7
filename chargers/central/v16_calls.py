"""Orders to OCPP 1.6 stations: our words into theirs, and what they answered back into ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp.v16 import call

from chargers.central.arguments import Arguments
from chargers.central.limits import MOST_PERIODS, MOST_PROFILES, MOST_STACK_LEVEL, Limits, read_count, read_units
from chargers.central.session import LIMIT_ID, Carry, Outcome, station_limit, transaction_limit
from chargers.errors import CallRefused
from chargers.profile import ChargingProfile, from_v201, to_v16
from fleet.orders import OrderKind

if TYPE_CHECKING:
    from chargers.central.session import Session

LIMIT_KEYS = {
    "ChargingScheduleAllowedChargingRateUnit": "units",
    "ChargeProfileMaxStackLevel": "max_stack_level",
    "ChargingScheduleMaxPeriods": "max_periods",
    "MaxChargingProfilesInstalled": "max_profiles",
}
VALUE_LENGTH = 500
"""ChangeConfiguration values are at most this long; some firmware overflows on more (1.6 section 6.7, errata)."""


async def learn_limits(session: Session) -> Limits:
    """Read the smart charging keys (1.6 section 9.4). A station that refuses keeps what was known of it."""
    try:
        result = await session.call(call.GetConfiguration(key=list(LIMIT_KEYS)))
    except CallRefused:
        return session.limits
    values = {
        entry["key"]: str(entry.get("value", ""))
        for entry in result.get("configurationKey", [])
        if isinstance(entry, dict) and "key" in entry
    }
    known = session.limits
    return Limits(
        units=read_units(values.get("ChargingScheduleAllowedChargingRateUnit", "")) or known.units,
        max_stack_level=read_count(values.get("ChargeProfileMaxStackLevel", ""), MOST_STACK_LEVEL),
        max_periods=read_count(values.get("ChargingScheduleMaxPeriods", ""), MOST_PERIODS) or known.max_periods,
        max_profiles=read_count(values.get("MaxChargingProfilesInstalled", ""), MOST_PROFILES) or known.max_profiles,
    )


async def send_profile(session: Session, evse: int, profile: ChargingProfile) -> str:
    """SetChargingProfile (1.6 section 5.16)."""
    result = await session.call(call.SetChargingProfile(connector_id=evse, cs_charging_profiles=to_v16(profile)))
    return str(result.get("status", ""))


async def trigger(session: Session, message: str, evse: int | None) -> Outcome:
    """TriggerMessage (1.6 section 5.17)."""
    return _outcome(await session.call(call.TriggerMessage(requested_message=message, connector_id=evse)))


async def _start(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    want = Arguments(args)
    limit = want.number_or_none("limit_kw")
    profile = None
    if limit is not None:
        unit = session.limits.unit_for(session.current)
        profile = to_v16(transaction_limit(order_id, await session.start_limit(limit), unit, session.phases))
    message = call.RemoteStartTransaction(
        id_tag=want.text("token"), connector_id=want.whole("evse"), charging_profile=profile
    )
    return _outcome(await session.call(message))


async def _stop(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    ref = await session.ref_of(Arguments(args).whole("transaction_id"))
    if ref is None or not ref.isdecimal():
        return Outcome(accepted=False, answer={"why": "this transaction does not run at this station"})
    return _outcome(await session.call(call.RemoteStopTransaction(transaction_id=int(ref))))


async def _reset(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    how = Arguments(args).choice("how", ("soft", "hard"))
    return _outcome(await session.call(call.Reset(type=how.capitalize())))


async def _unlock(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    result = await session.call(call.UnlockConnector(connector_id=Arguments(args).whole("evse")))
    return Outcome(accepted=result.get("status") == "Unlocked", answer=result)


async def _availability(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    want = Arguments(args)
    kind = "Operative" if want.yes("operative") else "Inoperative"
    result = await session.call(call.ChangeAvailability(connector_id=want.whole("evse", 0), type=kind))
    return Outcome(accepted=result.get("status") in ("Accepted", "Scheduled"), answer=result)


async def _get_variables(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    names = Arguments(args).texts("names")
    result = await session.call(call.GetConfiguration(key=names or None))
    values = {
        str(entry.get("key")): {"value": entry.get("value"), "readonly": bool(entry.get("readonly"))}
        for entry in result.get("configurationKey") or []
        if isinstance(entry, dict)
    }
    return Outcome(accepted=True, answer={"values": values, "unknown": result.get("unknownKey") or []})


async def _set_variables(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    statuses: dict[str, str] = {}
    for name, value in Arguments(args).pairs("values").items():
        if len(value) > VALUE_LENGTH:
            why = f"{name}: over {VALUE_LENGTH} characters"
            return Outcome(accepted=False, answer={"why": why, "values": statuses})
        result = await session.call(call.ChangeConfiguration(key=name, value=value))
        statuses[name] = str(result.get("status", ""))
    fine = all(status in ("Accepted", "RebootRequired") for status in statuses.values())
    return Outcome(accepted=fine, answer={"values": statuses})


async def _set_profile(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    want = Arguments(args)
    evse = want.whole("evse")
    profile = from_v201(want.table("profile"))
    status = await session.install(evse, profile, order_id)
    answer: dict[str, Any] = {"status": status}
    if status == "Accepted" and want.number_or_none("expect_kw") is not None:
        answer["composite"] = await _composite_or_none(session, evse, 60)
    return Outcome(accepted=status == "Accepted", answer=answer)


async def _clear_profile(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    want = Arguments(args)
    profile_id = want.whole_or_none("profile_id")
    if profile_id is not None:
        message = call.ClearChargingProfile(id=profile_id)
    else:
        purpose = want.text("purpose")
        message = call.ClearChargingProfile(
            connector_id=want.whole_or_none("evse"),
            charging_profile_purpose={"ChargingStationMaxProfile": "ChargePointMaxProfile"}.get(purpose, purpose),
            stack_level=want.whole_or_none("stack_level"),
        )
    return await session.cleared(await session.call(message), args)


async def _get_composite(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    want = Arguments(args)
    message = call.GetCompositeSchedule(connector_id=want.whole("evse"), duration=want.whole("seconds"))
    return _outcome(await session.call(message))


async def _composite_or_none(session: Session, evse: int, seconds: int) -> Any:
    try:
        result = await session.call(call.GetCompositeSchedule(connector_id=evse, duration=seconds))
    except CallRefused:
        return None
    return result.get("chargingSchedule")


async def _trigger(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    want = Arguments(args)
    return await trigger(session, want.text("message"), want.whole_or_none("evse"))


async def _limit_station(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    kw = Arguments(args).number_or_none("limit_kw")
    if kw is None:
        message = call.ClearChargingProfile(id=LIMIT_ID)
        return await session.cleared(await session.call(message), {"profile_id": LIMIT_ID})
    status = await session.install(0, station_limit(session, kw), order_id)
    return Outcome(accepted=status == "Accepted", answer={"status": status})


def _outcome(result: dict[str, Any]) -> Outcome:
    return Outcome(accepted=result.get("status") == "Accepted", answer=result)


CALLS: dict[OrderKind, Carry] = {
    OrderKind.START_CHARGE: _start,
    OrderKind.STOP_CHARGE: _stop,
    OrderKind.RESET: _reset,
    OrderKind.UNLOCK: _unlock,
    OrderKind.SET_AVAILABILITY: _availability,
    OrderKind.GET_VARIABLES: _get_variables,
    OrderKind.SET_VARIABLES: _set_variables,
    OrderKind.SET_PROFILE: _set_profile,
    OrderKind.CLEAR_PROFILE: _clear_profile,
    OrderKind.GET_COMPOSITE: _get_composite,
    OrderKind.TRIGGER: _trigger,
    OrderKind.LIMIT_STATION: _limit_station,
}
