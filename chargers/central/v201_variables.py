"""Variables of OCPP 2.x stations by name, read and written in as many messages as the station takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from chargers.central.device_rows import named, place, value_row
from chargers.central.limits import read_count
from chargers.errors import OrderUnclear
from fleet.tables.device import place_mark

if TYPE_CHECKING:
    from chargers.central.session import Session

FEW, SMALL = 4, 2000
"""Entries, and bytes of them as JSON, that any station takes in one message; for more it is asked how many."""
SAFE = 10
"""Entries in one message to a station that does not say."""
MOST_ITEMS, MOST_BYTES = 1000, 10_000_000
PLACE_MARK = re.compile(r"#(\d{1,4})(?::(\d{1,4}))?$")
"""Behind a component's name: of which EVSE, and which connector of it."""
TAKEN = frozenset({"Accepted", "RebootRequired"})
FRAME_BYTES = 120
"""Around the entries: type, message id, action and the name of the list."""

Entry = TypeVar("Entry")


def variable_name(entry: dict[str, Any]) -> str:
    """A component and variable as `Component[instance]#EVSE:connector.Variable[instance]`, as far as told."""
    component, variable = entry.get("component"), entry.get("variable")
    return f"{named(component)}{place_mark(*place(component))}.{named(variable)}"


def part_of(name: str) -> dict[str, Any]:
    """A component or variable from `Name[instance]#EVSE:connector`, in wire words."""
    spot = PLACE_MARK.search(name)
    plain, bracket, rest = name[: spot.start() if spot else None].partition("[")
    part: dict[str, Any] = {"name": plain, "instance": rest.removesuffix("]")} if bracket else {"name": plain}
    if spot:
        part["evse"] = {"id": int(spot[1])} | ({"connectorId": int(spot[2])} if spot[2] else {})
    return part


def place_of(name: str) -> dict[str, Any]:
    """Component and variable from `Component.Variable`, in wire words.

    Raises:
        OrderUnclear: it is no such name.
    """
    component, dot, variable = name.partition(".")
    if not dot or not component or not variable:
        raise OrderUnclear(f"{name!r} is no variable; write Component.Variable, e.g. OCPPCommCtrlr.HeartbeatInterval")
    return {"component": part_of(component), "variable": part_of(variable)}


async def read(session: Session, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """GetVariables (Part 2, B06); name -> status and value. What is told is kept."""
    values: dict[str, dict[str, Any]] = {}
    for entries in await batches(session, "DeviceDataCtrlr", "GetVariables", [place_of(name) for name in names]):
        result = await session.call_raw("GetVariables", {"getVariableData": entries})
        told = [entry for entry in result.get("getVariableResult") or [] if isinstance(entry, dict)]
        values |= {
            variable_name(entry): {"status": entry.get("attributeStatus"), "value": entry.get("attributeValue")}
            for entry in told
        }
        await _keep(session, [(entry, entry.get("attributeValue")) for entry in told])
    return values


async def write(session: Session, values: dict[str, str]) -> dict[str, str]:
    """SetVariables (Part 2, B05); name -> status. What the station takes is kept as its value."""
    wanted = [{"attributeValue": value, **place_of(name)} for name, value in values.items()]
    statuses: dict[str, str] = {}
    for entries in await batches(session, "DeviceDataCtrlr", "SetVariables", wanted):
        result = await session.call_raw("SetVariables", {"setVariableData": entries})
        told = [entry for entry in result.get("setVariableResult") or [] if isinstance(entry, dict)]
        statuses |= {variable_name(entry): str(entry.get("attributeStatus")) for entry in told}
        asked = {variable_name(entry): entry["attributeValue"] for entry in entries}
        await _keep(session, [(entry, asked.get(variable_name(entry))) for entry in told])
    return statuses


async def _keep(session: Session, told: list[tuple[dict[str, Any], object]]) -> None:
    """Values of the entries a station accepted."""
    rows = [
        value_row(entry, value) for entry, value in told if entry.get("attributeStatus") in TAKEN and value is not None
    ]
    if rows:
        await session.desk.writer.do(lambda work: work.devices.keep_variables(session.id, rows))


async def batches(session: Session, controller: str, action: str, entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries for a request by the message: ItemsPerMessage and BytesPerMessage of its controller (Part 2, 2.10).

    What is long and stands alone is sent all the same; the station says what it thinks of it.
    """
    sizes = [len(msgspec.json.encode(entry)) + 1 for entry in entries]
    if len(entries) <= FEW and sum(sizes) <= SMALL:
        return [list(entries)] if entries else []
    names = [f"{controller}.{word}[{action}]" for word in ("ItemsPerMessage", "BytesPerMessage")]
    told = await read(session, names)
    items, octets = (str(told.get(name, {}).get("value")) for name in names)
    most = read_count(items, MOST_ITEMS) or SAFE
    room = (read_count(octets, MOST_BYTES) or MOST_BYTES) - FRAME_BYTES
    made: list[list[Entry]] = []
    left = 0
    for entry, size in zip(entries, sizes, strict=True):
        if not made or len(made[-1]) >= most or size > left:
            made.append([])
            left = room
        made[-1].append(entry)
        left -= size
    return made
