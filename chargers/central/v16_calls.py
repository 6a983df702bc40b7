"""Orders to OCPP 1.6 stations: our words into theirs, and what they answered back into ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ocpp.v16 import call

from chargers.central.arguments import Arguments
from chargers.central.limits import MOST_PERIODS, MOST_PROFILES, MOST_STACK_LEVEL, Limits, read_count, read_units
from chargers.central.outcome import Outcome
from chargers.central.quirks import Quirk
from chargers.central.session import LIMIT_ID, Carry, station_limit, transaction_limit
from chargers.central.v16_files import FILES
from chargers.central.v16_trust import TRUST
from chargers.central.v16_upkeep import UPKEEP
from chargers.errors import CallFailed, CallRefused
from chargers.profile import ChargingProfile, from_v201, to_v16
from fleet.errors import StoreError
from fleet.orders import OrderKind
from fleet.store import Work
from fleet.tables import StationVariable, Transaction

if TYPE_CHECKING:
    from chargers.central.session import Session
    from chargers.central.v16 import StationV16

LIMIT_KEYS = {
    "ChargingScheduleAllowedChargingRateUnit": "units",
    "ChargeProfileMaxStackLevel": "max_stack_level",
    "ChargingScheduleMaxPeriods": "max_periods",
    "MaxChargingProfilesInstalled": "max_profiles",
}
EXTENDED = {
    "LogStatusNotification": "LogStatusNotification",
    "SignChargePointCertificate": "SignChargePointCertificate",
    "SignChargingStationCertificate": "SignChargePointCertificate",
}
"""What only ExtendedTriggerMessage asks for, in words of both versions."""
SET = frozenset({"Accepted", "RebootRequired"})
MOST_KEYS = 2000
VALUE_LENGTH = 500
"""ChangeConfiguration values are at most this long; some firmware overflows on more (1.6 section 6.7, errata)."""


async def learn_limits(session: Session) -> Limits:
    """Read the smart charging keys (1.6 section 9.4). A station that refuses keeps what was known of it."""
    try:
        values = await read_keys(session, list(LIMIT_KEYS))
    except CallRefused:
        return session.limits
    known = session.limits
    return Limits(
        units=read_units(values.get("ChargingScheduleAllowedChargingRateUnit", "")) or known.units,
        max_stack_level=read_count(values.get("ChargeProfileMaxStackLevel", ""), MOST_STACK_LEVEL),
        max_periods=read_count(values.get("ChargingScheduleMaxPeriods", ""), MOST_PERIODS) or known.max_periods,
        max_profiles=read_count(values.get("MaxChargingProfilesInstalled", ""), MOST_PROFILES) or known.max_profiles,
    )


async def read_keys(session: Session, names: list[str]) -> dict[str, str]:
    """Values of these configuration keys, of those there are."""
    entries = (await _read_configuration(session, names)).get("configurationKey") or []
    return {
        entry["key"]: str(entry.get("value", ""))
        for entry in entries
        if isinstance(entry, dict) and entry.get("key") in names
    }


async def _read_configuration(session: Session, names: list[str]) -> dict[str, Any]:
    """GetConfiguration (1.6 section 5.8) of these keys; of all for no names, or where a station takes none."""
    everything = call.GetConfiguration()
    if not names or Quirk.NO_KEY_LIST in session.quirks:
        return await session.call(everything)
    try:
        return await session.call(call.GetConfiguration(key=names))
    except CallRefused:
        result = await session.call(everything)
    await session.learn_quirk(Quirk.NO_KEY_LIST)
    return result


async def send_profile(session: Session, evse: int, profile: ChargingProfile) -> str:
    """SetChargingProfile (1.6 section 5.16)."""
    result = await session.call(call.SetChargingProfile(connector_id=evse, cs_charging_profiles=to_v16(profile)))
    return str(result.get("status", ""))


async def trigger(session: Session, message: str, evse: int | None) -> Outcome:
    """TriggerMessage (1.6 section 5.17), or where that has not the word ExtendedTriggerMessage (whitepaper 4.2)."""
    if message in EXTENDED:
        extended = call.ExtendedTriggerMessage(requested_message=EXTENDED[message], connector_id=evse)
        return _outcome(await session.call(extended))
    return _outcome(await session.call(call.TriggerMessage(requested_message=message, connector_id=evse)))


async def _start(session: StationV16, args: dict[str, Any], order_id: int) -> Outcome:
    want = Arguments(args)
    token, limit = want.text("token"), want.number_or_none("limit_kw")
    message = call.RemoteStartTransaction(id_tag=token, connector_id=want.whole_or_none("evse"))
    if limit is None:
        return _outcome(await session.call(message))
    limit = await session.start_limit(limit)
    if Quirk.NO_PROFILE_IN_START not in session.quirks:
        unit = session.limits.unit_for(session.current)
        profile = to_v16(transaction_limit(order_id, limit, unit, session.phases))
        try:
            return _outcome(await session.call(replace(message, charging_profile=profile)))
        except CallRefused as error:
            session.log.info("no profile taken in a start", code=error.code)
    session.limits_after_start[token.upper()] = limit, order_id
    outcome = _outcome(await session.call(message))
    if outcome.accepted:
        await session.learn_quirk(Quirk.NO_PROFILE_IN_START)
    else:
        session.limits_after_start.pop(token.upper(), None)
    return Outcome(outcome.accepted, {**outcome.answer, "limit": "is sent once the charge runs"})


async def limit_charge(session: StationV16, row: Transaction, kw: float, order_id: int) -> None:
    """Send the limit of a charge that has just begun, to a station that takes none in the start."""
    unit = session.limits.unit_for(session.current)
    profile = replace(transaction_limit(order_id, kw, unit, session.phases), transaction_id=row.ref)
    try:
        status = await session.install(row.evse, profile, order_id)
    except (CallFailed, StoreError) as error:
        status = str(error)
    session.log.info("limit of a started charge", transaction=row.transaction_id, status=status)


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
    result = await _read_configuration(session, names)
    told = [entry for entry in result.get("configurationKey") or [] if isinstance(entry, dict)]
    entries = [entry for entry in told if not names or entry.get("key") in names][:MOST_KEYS]
    await session.desk.writer.do(lambda work: keep_keys(work, session.id, entries))
    values = {
        str(entry.get("key")): {"value": entry.get("value"), "readonly": bool(entry.get("readonly"))}
        for entry in entries
    }
    return Outcome(accepted=True, answer={"values": values, "unknown": result.get("unknownKey") or []})


def keep_keys(work: Work, station_id: str, entries: list[dict[str, Any]]) -> None:
    """Configuration keys as variables without a component."""
    for entry in entries:
        key = {"component": "", "evse": 0, "connector": 0, "variable": str(entry.get("key"))[:120]}
        value = entry.get("value")
        work.upsert(
            StationVariable,
            {"station_id": station_id, **key, "attribute": "Actual"},
            {
                "value": None if value is None else str(value)[:VALUE_LENGTH].replace("\x00", ""),
                "mutability": "ReadOnly" if entry.get("readonly") else "ReadWrite",
                "data_type": "", "unit": "", "values_list": "", "reboot_required": False,
                "read_at": work.now,
            },
        )  # fmt: skip


async def _set_variables(session: Session, args: dict[str, Any], _order_id: int) -> Outcome:
    statuses: dict[str, str] = {}
    for name, value in Arguments(args).pairs("values").items():
        if len(value) > VALUE_LENGTH:
            why = f"{name}: over {VALUE_LENGTH} characters"
            return Outcome(accepted=False, answer={"why": why, "values": statuses})
        result = await session.call(call.ChangeConfiguration(key=name, value=value))
        status = statuses[name] = str(result.get("status", ""))
        if status in SET:
            entry = {"key": name, "value": value}
            await session.desk.writer.do(lambda work, entry=entry: keep_keys(work, session.id, [entry]))  # type: ignore[misc]
    fine = all(status in SET for status in statuses.values())
    return Outcome(accepted=fine, answer={"values": statuses})


async def _set_profile(session: Session, args: dict[str, Any], order_id: int) -> Outcome:
    want = Arguments(args)
    profile = from_v201(want.table("profile"))
    ask = want.number_or_none("expect_kw") is not None
    return await session.install_and_check(want.whole("evse"), profile, order_id, ask=ask)


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


async def ask_composite(session: Session, evse: int, seconds: int) -> Any:
    """GetCompositeSchedule (1.6 section 5.7); the schedule, or None."""
    result = await session.call(call.GetCompositeSchedule(connector_id=evse, duration=seconds))
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
    answer = {"status": status}
    if Quirk.NO_STATION_MAX in session.quirks and status != "Accepted":
        answer["why"] = "this station takes no limit for all of it; limit its connectors"
    return Outcome(accepted=status == "Accepted", answer=answer)


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
    OrderKind.GET_REPORT: _get_variables,
    OrderKind.GET_COMPOSITE: _get_composite,
    OrderKind.TRIGGER: _trigger,
    OrderKind.LIMIT_STATION: _limit_station,
    **UPKEEP,
    **FILES,
    **TRUST,
}
