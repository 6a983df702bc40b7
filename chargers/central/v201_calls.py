"""Orders to OCPP 2.0.1 stations, and what they answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ocpp.v201 import call, datatypes

from chargers.central.arguments import Arguments
from chargers.central.limits import MOST_PERIODS, MOST_PROFILES, MOST_STACK_LEVEL, Limits, read_count, read_units
from chargers.central.outcome import Outcome
from chargers.central.session import LIMIT_ID, Carry, station_limit, transaction_limit
from chargers.central.v201_device import DEVICE
from chargers.central.v201_trust import TRUST
from chargers.central.v201_upkeep import UPKEEP
from chargers.central.v201_variables import read, write
from chargers.errors import CallRefused, CallUnanswered
from chargers.profile import ChargingProfile, from_v201, to_v201
from fleet.orders import OrderKind

if TYPE_CHECKING:
    from chargers.central.v201 import StationV201

LIMIT_NAMES = {
    "SmartChargingCtrlr.RateUnit": "units",
    "SmartChargingCtrlr.ProfileStackLevel": "max_stack_level",
    "SmartChargingCtrlr.PeriodsPerSchedule": "max_periods",
    "SmartChargingCtrlr.Entries[ChargingProfiles]": "max_profiles",
}
REPORT_SECONDS = 60.0
VALUE_LENGTH = 1000
"""SetVariables takes values up to this (Part 2, 2.10)."""


async def learn_limits(session: StationV201) -> Limits:
    """Read the smart charging variables (Part 2, 2.10 SmartChargingCtrlr). A refusal keeps what was known."""
    try:
        values = await read(session, list(LIMIT_NAMES))
    except CallRefused:
        return session.limits
    texts = {name: str(entry["value"]) for name, entry in values.items() if entry["status"] == "Accepted"}
    known = session.limits
    return Limits(
        units=read_units(texts.get("SmartChargingCtrlr.RateUnit", "")) or known.units,
        max_stack_level=read_count(texts.get("SmartChargingCtrlr.ProfileStackLevel", ""), MOST_STACK_LEVEL),
        max_periods=read_count(texts.get("SmartChargingCtrlr.PeriodsPerSchedule", ""), MOST_PERIODS)
        or known.max_periods,
        max_profiles=read_count(texts.get("SmartChargingCtrlr.Entries[ChargingProfiles]", ""), MOST_PROFILES)
        or known.max_profiles,
    )


async def send_profile(session: StationV201, evse: int, profile: ChargingProfile) -> str:
    """SetChargingProfile (Part 2, K01)."""
    result = await session.call(call.SetChargingProfile(evse_id=evse, charging_profile=to_v201(profile)))
    return str(result.get("status", ""))


async def trigger(session: StationV201, message: str, evse: int | None) -> Outcome:
    """TriggerMessage (Part 2, F06). A StatusNotification is asked of a connector."""
    where = None
    if evse is not None:
        where = datatypes.EVSEType(id=evse, connector_id=1 if message == "StatusNotification" else None)
    return _outcome(await session.call(call.TriggerMessage(requested_message=message, evse=where)))


async def _start(session: StationV201, args: dict[str, Any], order_id: int) -> Outcome:
    want = Arguments(args)
    limit = want.number_or_none("limit_kw")
    profile = None
    if limit is not None:
        unit = session.limits.unit_for(session.current)
        profile = to_v201(transaction_limit(order_id, await session.start_limit(limit), unit, session.phases))
    message = call.RequestStartTransaction(
        id_token=datatypes.IdTokenType(id_token=want.text("token"), type="ISO14443"),
        remote_start_id=order_id,
        evse_id=want.whole("evse"),
        charging_profile=profile,
    )
    return _outcome(await session.call(message))


async def _stop(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    ref = await session.ref_of(Arguments(args).whole("transaction_id"))
    if ref is None:
        return Outcome(accepted=False, answer={"why": "this transaction does not run at this station"})
    return _outcome(await session.call(call.RequestStopTransaction(transaction_id=ref)))


async def _reset(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    how = Arguments(args).choice("how", ("soft", "hard"))
    result = await session.call(call.Reset(type="OnIdle" if how == "soft" else "Immediate"))
    return Outcome(accepted=result.get("status") in ("Accepted", "Scheduled"), answer=result)


async def _unlock(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    want = Arguments(args)
    message = call.UnlockConnector(evse_id=want.whole("evse"), connector_id=want.whole("connector", 1))
    result = await session.call(message)
    return Outcome(accepted=result.get("status") == "Unlocked", answer=result)


async def _availability(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    want = Arguments(args)
    evse = want.whole_or_none("evse")
    message = call.ChangeAvailability(
        operational_status="Operative" if want.yes("operative") else "Inoperative",
        evse=datatypes.EVSEType(id=evse) if evse else None,
    )
    result = await session.call(message)
    return Outcome(accepted=result.get("status") in ("Accepted", "Scheduled"), answer=result)


async def _get_variables(session: StationV201, args: dict[str, Any], order_id: int) -> Outcome:
    names = Arguments(args).texts("names")
    if names:
        return Outcome(accepted=True, answer={"values": await read(session, names)})
    return await _report(session, order_id)


async def _report(session: StationV201, request_id: int) -> Outcome:
    """GetBaseReport and the NotifyReports that answer it (Part 2, B07)."""
    from chargers.central.v201 import Report

    report = Report()
    session.reports = {**(session.reports or {}), request_id: report}
    try:
        result = await session.call(call.GetBaseReport(request_id=request_id, report_base="FullInventory"))
        if result.get("status") != "Accepted":
            return Outcome(accepted=False, answer=result)
        async with asyncio.timeout(REPORT_SECONDS):
            await report.done
    except TimeoutError:
        raise CallUnanswered(f"GetBaseReport: the report was not complete within {REPORT_SECONDS:g} s") from None
    finally:
        session.reports.pop(request_id, None)
    values = {name: {"status": "Accepted", "value": value} for name, value in report.values.items()}
    return Outcome(accepted=True, answer={"values": values})


async def _set_variables(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    values = Arguments(args).pairs("values")
    for name, value in values.items():
        if len(value) > VALUE_LENGTH:
            return Outcome(accepted=False, answer={"why": f"{name}: over {VALUE_LENGTH} characters"})
    statuses = await write(session, values)
    fine = all(status in ("Accepted", "RebootRequired") for status in statuses.values())
    return Outcome(accepted=fine, answer={"values": statuses})


async def _set_profile(session: StationV201, args: dict[str, Any], order_id: int) -> Outcome:
    want = Arguments(args)
    profile = from_v201(want.table("profile"))
    ask = want.number_or_none("expect_kw") is not None
    return await session.install_and_check(want.whole("evse"), profile, order_id, ask=ask)


async def ask_composite(session: StationV201, evse: int, seconds: int) -> Any:
    """GetCompositeSchedule (Part 2, K08); the schedule, or None."""
    result = await session.call(call.GetCompositeSchedule(duration=seconds, evse_id=evse))
    return result.get("schedule")


async def _clear_profile(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    want = Arguments(args)
    profile_id = want.whole_or_none("profile_id")
    if profile_id is not None:
        message = call.ClearChargingProfile(charging_profile_id=profile_id)
    else:
        criteria = datatypes.ClearChargingProfileType(
            evse_id=want.whole_or_none("evse"),
            charging_profile_purpose=want.text("purpose"),
            stack_level=want.whole_or_none("stack_level"),
        )
        message = call.ClearChargingProfile(charging_profile_criteria=criteria)
    return await session.cleared(await session.call(message), args)


async def _get_composite(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    want = Arguments(args)
    message = call.GetCompositeSchedule(duration=want.whole("seconds"), evse_id=want.whole("evse"))
    return _outcome(await session.call(message))


async def _trigger(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    want = Arguments(args)
    return await trigger(session, want.text("message"), want.whole_or_none("evse"))


async def _limit_station(session: StationV201, args: dict[str, Any], order_id: int) -> Outcome:
    kw = Arguments(args).number_or_none("limit_kw")
    if kw is None:
        result = await session.call(call.ClearChargingProfile(charging_profile_id=LIMIT_ID))
        return await session.cleared(result, {"profile_id": LIMIT_ID})
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
    **UPKEEP,
    **TRUST,
    **DEVICE,
}
