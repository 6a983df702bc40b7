"""Orders to OCPP 2.x stations about themselves: reports, monitors, messages, profiles, customers, networks.

What comes in parts (NotifyReport, ReportChargingProfiles, NotifyCustomerInformation) is gathered under the number of
the order, and is the order's answer once it is complete.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from chargers.central.arguments import Arguments
from chargers.central.device_rows import monitor_row
from chargers.central.outcome import Outcome
from chargers.central.v201_variables import batches, part_of
from chargers.errors import CallUnanswered, OrderUnclear
from fleet.orders import OrderKind

if TYPE_CHECKING:
    from chargers.central.session import Carry
    from chargers.central.v201 import StationV201

GATHER_SECONDS = 60.0
MOST_PARTS = 5000
BASES = {"full": "FullInventory", "configuration": "ConfigurationInventory", "summary": "SummaryInventory"}
NOTHING = frozenset({"EmptyResultSet", "NoProfiles", "NotFound"})


class Parts:
    """Something on its way in parts."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def add(self, items: list[Any], *, more: bool) -> None:
        """One part has come; `more` will."""
        self.items += items[: MOST_PARTS - len(self.items)]
        if not more and not self.done.done():
            self.done.set_result(None)


async def _gather(
    session: StationV201, number: int, action: str, message: dict[str, Any]
) -> tuple[dict[str, Any], list[Any]]:
    """Ask, and wait for all parts. Gives the result of the call, and the parts; none where it was refused."""
    parts = Parts()
    session.parts = {**session.parts, number: parts}
    try:
        result = await session.call_raw(action, {"requestId": number, **message})
        if result.get("status") != "Accepted":
            return result, []
        async with asyncio.timeout(GATHER_SECONDS):
            await parts.done
    except TimeoutError:
        raise CallUnanswered(f"{action}: what was asked for was not complete within {GATHER_SECONDS:g} s") from None
    finally:
        session.parts = {other: one for other, one in session.parts.items() if other != number}
    return result, parts.items


def _named(args: Arguments) -> dict[str, Any]:
    component = part_of(args.text("component"))
    evse = args.whole_or_none("evse")
    if evse:
        component["evse"] = {"id": evse}
    return {"component": component, "variable": part_of(args.text("variable"))}


async def _get_report(session: StationV201, args: dict[str, Any], order_id: int) -> Outcome:
    """GetBaseReport (Part 2, B07), or GetReport (B08) of names or criteria; NotifyReport keeps what comes."""
    want = Arguments(args)
    names, criteria = want.texts("names"), want.texts("criteria")
    if names or criteria:
        message: dict[str, Any] = {"componentCriteria": criteria} if criteria else {}
        if names:
            pairs = [name.partition(".") for name in names]
            message["componentVariable"] = [
                {"component": part_of(component), **({"variable": part_of(variable)} if variable else {})}
                for component, _, variable in pairs
            ]
        result, parts = await _gather(session, order_id, "GetReport", message)
    else:
        base = BASES[want.choice("base", tuple(BASES))]
        result, parts = await _gather(session, order_id, "GetBaseReport", {"reportBase": base})
    fine = result.get("status") in ("Accepted", *NOTHING)
    return Outcome(accepted=fine, answer={**result, "variables": len(parts)})


# monitors


async def _set_monitor(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    """SetVariableMonitoring (Part 2, N04)."""
    want = Arguments(args)
    entry = _named(want)
    value = args.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OrderUnclear(f"value is {value!r}; give a number")
    said = {"value": value, "type": want.text("kind"), "severity": want.whole("severity")}
    if args.get("on_transaction"):
        said["transaction"] = True
    result = await session.call_raw("SetVariableMonitoring", {"setMonitoringData": [{**said, **entry}]})
    told = next((one for one in result.get("setMonitoringResult") or [] if isinstance(one, dict)), {})
    accepted, number = told.get("status") == "Accepted", told.get("id")
    if accepted and isinstance(number, int):
        row = monitor_row(entry, said)
        await session.desk.writer.do(lambda work: work.devices.keep_monitor(session.id, number, row))
    return Outcome(accepted=accepted, answer={"status": told.get("status"), "number": number})


async def _clear_monitor(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    """ClearVariableMonitoring (Part 2, N06); a monitor not found is gone as well."""
    numbers = args.get("numbers")
    if not isinstance(numbers, list) or not numbers or not all(type(one) is int for one in numbers):
        raise OrderUnclear("numbers is missing; give a list of monitor numbers")
    told: dict[Any, Any] = {}
    for some in await batches(session, "MonitoringCtrlr", "ClearVariableMonitoring", numbers):
        result = await session.call_raw("ClearVariableMonitoring", {"id": some})
        results = [one for one in result.get("clearMonitoringResult") or [] if isinstance(one, dict)]
        told |= {one.get("id"): one.get("status") for one in results}
    gone = [number for number in numbers if told.get(number) in ("Accepted", "NotFound")]
    await session.desk.writer.do(lambda work: work.devices.forget_monitors(session.id, gone))
    statuses = {str(number): status for number, status in told.items()}
    return Outcome(accepted=len(gone) == len(numbers), answer={"statuses": statuses})


async def _get_monitors(session: StationV201, _args: dict[str, Any], order_id: int) -> Outcome:
    """GetMonitoringReport (Part 2, N02); NotifyMonitoringReport keeps what comes."""
    result, parts = await _gather(session, order_id, "GetMonitoringReport", {})
    if result.get("status") in NOTHING:
        await session.desk.writer.do(lambda work: work.devices.forget_monitors(session.id))
    fine = result.get("status") in ("Accepted", *NOTHING)
    return Outcome(accepted=fine, answer={**result, "variables": len(parts)})


async def _set_monitoring(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    """SetMonitoringBase (Part 2, N03) or SetMonitoringLevel (N05)."""
    want = Arguments(args)
    level = want.whole_or_none("level")
    if level is not None:
        return _accepted(await session.call_raw("SetMonitoringLevel", {"severity": level}))
    return _accepted(await session.call_raw("SetMonitoringBase", {"monitoringBase": want.text("base")}))


# messages on the screen


async def _show_message(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    """SetDisplayMessage (Part 2, O01)."""
    message = Arguments(args).table("message")
    result = await session.call_raw("SetDisplayMessage", {"message": message})
    state = "accepted" if result.get("status") == "Accepted" else "rejected"
    await session.desk.writer.do(lambda work: work.devices.keep_message(session.id, message["id"], state, message))
    return _accepted(result)


async def _clear_message(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    """ClearDisplayMessage (Part 2, O05)."""
    number = Arguments(args).whole("number")
    result = await session.call_raw("ClearDisplayMessage", {"id": number})
    if result.get("status") in ("Accepted", "Unknown"):
        await session.desk.writer.do(lambda work: work.devices.keep_message(session.id, number, "cleared"))
    return _accepted(result)


async def _get_messages(session: StationV201, _args: dict[str, Any], order_id: int) -> Outcome:
    """GetDisplayMessages (Part 2, O03); NotifyDisplayMessages keeps what comes."""
    result, parts = await _gather(session, order_id, "GetDisplayMessages", {})
    fine = result.get("status") in ("Accepted", "Unknown")
    return Outcome(accepted=fine, answer={**result, "messages": parts})


# customers, profiles, networks


async def _customer(session: StationV201, args: dict[str, Any], order_id: int) -> Outcome:
    """CustomerInformation (Part 2, N09 and N10): what a station keeps of somebody, told or cleared."""
    want = Arguments(args)
    message: dict[str, Any] = {"report": bool(args.get("report")), "clear": bool(args.get("clear"))}
    if args.get("token"):
        token = want.text("token")
        card = await session.desk.writer.read(lambda work: work.stations.token(token))
        message["idToken"] = {"idToken": token, "type": "ISO14443" if card is None else card.kind}
    else:
        message["customerIdentifier"] = want.text("customer")
    if not message["report"]:
        return _accepted(await session.call_raw("CustomerInformation", {"requestId": order_id, **message}))
    result, parts = await _gather(session, order_id, "CustomerInformation", message)
    return Outcome(accepted=result.get("status") == "Accepted", answer={**result, "data": "".join(map(str, parts))})


async def _get_profiles(session: StationV201, args: dict[str, Any], order_id: int) -> Outcome:
    """GetChargingProfiles (Part 2, K09)."""
    want = Arguments(args)
    criterion = {"chargingProfilePurpose": want.text("purpose")} if args.get("purpose") else {}
    evse = want.whole_or_none("evse")
    message: dict[str, Any] = {"chargingProfile": criterion, **({} if evse is None else {"evseId": evse})}
    result, parts = await _gather(session, order_id, "GetChargingProfiles", message)
    fine = result.get("status") in ("Accepted", *NOTHING)
    return Outcome(accepted=fine, answer={**result, "profiles": parts})


async def _set_network_profile(session: StationV201, args: dict[str, Any], _order_id: int) -> Outcome:
    """SetNetworkProfile (Part 2, B09)."""
    want = Arguments(args)
    message = {"configurationSlot": want.whole("slot"), "connectionData": want.table("connection")}
    return _accepted(await session.call_raw("SetNetworkProfile", message))


def _accepted(result: dict[str, Any]) -> Outcome:
    return Outcome(accepted=result.get("status") == "Accepted", answer=result)


DEVICE: dict[OrderKind, Carry] = {
    OrderKind.GET_REPORT: _get_report,
    OrderKind.SET_MONITOR: _set_monitor,
    OrderKind.CLEAR_MONITOR: _clear_monitor,
    OrderKind.GET_MONITORS: _get_monitors,
    OrderKind.SET_MONITORING: _set_monitoring,
    OrderKind.SHOW_MESSAGE: _show_message,
    OrderKind.CLEAR_MESSAGE: _clear_message,
    OrderKind.GET_MESSAGES: _get_messages,
    OrderKind.CUSTOMER_INFORMATION: _customer,
    OrderKind.GET_PROFILES: _get_profiles,
    OrderKind.SET_NETWORK_PROFILE: _set_network_profile,
}
