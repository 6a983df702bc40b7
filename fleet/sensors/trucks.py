"""What trucks say of themselves: where they are, what they do, and which bins they emptied.

JSON, one object or a list: {"truck", "time", "lat", "lon", "activity", "soc", "odometer_km", "load_kg"} is a position,
{"truck", "time", "emptied": BIN, "fill_before"} an emptying.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from fleet.errors import UplinkRefused, UplinkUnreadable
from fleet.sensors.message import FUTURE, need_zone
from fleet.tables import Emptying, TruckState

if TYPE_CHECKING:
    from fleet.store import Work

Activity = Literal["parked", "driving", "lifting", "tipping", "break", "plugged"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e7)]


class TruckMessage(msgspec.Struct, frozen=True):
    """One object of the request."""

    truck: Annotated[str, msgspec.Meta(min_length=1, max_length=48)]
    time: datetime
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    activity: Activity = "driving"
    soc: Share | None = None
    odometer_km: Amount | None = None
    load_kg: Amount | None = None
    emptied: Annotated[str, msgspec.Meta(min_length=1, max_length=48)] | None = None
    fill_before: Share | None = None


@dataclass(frozen=True, slots=True)
class TruckReceipt:
    """What became of a request: how many positions and emptyings were new, how many known or outdated, and refusals."""

    positions: int = 0
    emptyings: int = 0
    known: int = 0
    refused: tuple[str, ...] = ()


def parse_truck_messages(body: bytes) -> list[TruckMessage]:
    """The messages in a request, in UTC.

    Raises:
        UplinkUnreadable: not JSON.
        UplinkRefused: a field is missing or out of range; nothing of the request is used.
    """
    try:
        told = msgspec.json.decode(body, type=TruckMessage | list[TruckMessage])
    except msgspec.ValidationError as error:
        raise UplinkRefused(f"not the message expected: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UplinkUnreadable(f"not JSON: {error}") from None
    messages = told if isinstance(told, list) else [told]
    for number, message in enumerate(messages, 1):
        if message.emptied is None and (message.lat is None or message.lon is None):
            raise UplinkRefused(f"message {number}: neither a position (lat, lon) nor an emptied bin (emptied)")
    return [msgspec.structs.replace(message, time=need_zone(message.time, "time")) for message in messages]


def take_truck_messages(work: Work, messages: list[TruckMessage]) -> TruckReceipt:
    """Keep what trucks said; what names an unknown truck or bin, or a time in the future, is refused and said."""
    trucks = {truck.truck_id for truck in work.trucks.all()}
    positions = emptyings = known = 0
    refused: list[str] = []
    for message in sorted(messages, key=lambda said: said.time):
        why = _why_not(work, message, trucks)
        if why is not None:
            refused.append(why)
            continue
        new = _keep_position(work, message) if message.emptied is None else _keep_emptying(work, message)
        if not new:
            known += 1
        elif message.emptied is None:
            positions += 1
        else:
            emptyings += 1
    return TruckReceipt(positions, emptyings, known, tuple(refused))


def _why_not(work: Work, message: TruckMessage, trucks: set[str]) -> str | None:
    if message.truck not in trucks:
        return f"no truck is known as {message.truck!r}; import it first: binwatt import trucks FILE"
    if message.time > work.now + FUTURE:
        return f"truck {message.truck}: {message.time.isoformat()} lies in the future; set its clock"
    if message.emptied is not None and work.bins.get(message.emptied) is None:
        return f"truck {message.truck}: no bin is known as {message.emptied!r}; import it first"
    return None


def _keep_position(work: Work, message: TruckMessage) -> bool:
    assert message.lat is not None
    assert message.lon is not None
    state = TruckState(
        truck_id=message.truck,
        at=message.time,
        lat=message.lat,
        lon=message.lon,
        activity=message.activity,
        soc=message.soc,
        odometer_km=message.odometer_km,
        load_kg=message.load_kg,
    )
    return work.trucks.report(state)


def _keep_emptying(work: Work, message: TruckMessage) -> bool:
    assert message.emptied is not None
    emptying = Emptying(
        key=f"truck:{message.truck}:{message.emptied}:{message.time.isoformat()}",
        bin_id=message.emptied,
        emptied_at=message.time,
        source="truck",
        truck_id=message.truck,
        fill_before=message.fill_before,
    )
    return work.bins.take_emptying(emptying)
