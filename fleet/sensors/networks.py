"""Reading a network's JSON: The Things Stack v3 webhooks and ChirpStack v4 HTTP events.

Both leave out fields that are zero, false or empty, so every optional field has that default. Field names:
The Things Stack documentation, "Webhooks" and "Data Formats"; ChirpStack documentation, "Event types" (`up`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from fleet.errors import UplinkRefused, UplinkUnreadable
from fleet.sensors.message import Message, choose_time, clean_id, need_zone

Shape = TypeVar("Shape")


class _Application(msgspec.Struct):
    application_id: str = ""


class _DeviceIds(msgspec.Struct):
    device_id: str
    dev_eui: str = ""
    application_ids: _Application = msgspec.field(default_factory=_Application)


class _Gateway(msgspec.Struct):
    time: str | None = None


class _UplinkMessage(msgspec.Struct):
    session_key_id: str = ""
    f_cnt: int = 0
    f_port: int = 0
    frm_payload: bytes = b""
    decoded_payload: dict[str, Any] | None = None
    rx_metadata: list[_Gateway] = []
    received_at: datetime | None = None


class _ThingsStackUp(msgspec.Struct):
    end_device_ids: _DeviceIds
    uplink_message: _UplinkMessage | None = None
    received_at: datetime | None = None
    correlation_ids: list[str] = []
    simulated: bool = False


class _DeviceInfo(msgspec.Struct, rename="camel"):
    dev_eui: str
    device_name: str = ""


class _RxInfo(msgspec.Struct, rename="camel"):
    gw_time: str | None = None


class _ChirpStackUp(msgspec.Struct, rename="camel"):
    device_info: _DeviceInfo
    deduplication_id: str = ""
    time: datetime | None = None
    f_cnt: int = 0
    f_port: int = 0
    data: bytes = b""
    object: dict[str, Any] | None = None
    rx_info: list[_RxInfo] = []


def parse(network: str, source: str, body: bytes, received_at: datetime) -> Message | None:
    """The uplink in a request of `network` ("ttn", "chirpstack"); None for its other messages, such as a join.

    Raises:
        UplinkUnreadable: not JSON.
        UplinkRefused: not of this network's shape, or a time or device id that cannot be.
    """
    return NETWORKS[network](source, body, received_at)


def parse_things_stack(source: str, body: bytes, received_at: datetime) -> Message | None:
    """A webhook of The Things Stack v3. Key: device, session and frame counter; else the network's correlation id."""
    up = _decode(body, _ThingsStackUp)
    said = up.uplink_message
    if said is None:
        return None
    ids = up.end_device_ids
    device_id = clean_id(ids.device_id, "end_device_ids.device_id")
    server_at = said.received_at or up.received_at
    at = need_zone(server_at, "received_at") if server_at is not None else received_at
    correlation = next((text for text in up.correlation_ids if text.startswith(("as:up:", "ns:uplink:"))), "")
    if said.session_key_id:
        key = _key("ttn", ids.application_ids.application_id, device_id, ids.dev_eui, said.session_key_id, said.f_cnt)
    elif correlation:
        key = _key("ttn", device_id, correlation)
    else:
        key = _key("ttn", source, device_id, said.f_cnt, hashlib.sha256(body).hexdigest())
    return Message(
        network="ttn",
        source=source,
        key=key,
        device_ids=(device_id,),
        dev_eui=_eui(ids.dev_eui),
        measured_at=choose_time(at, (gateway.time for gateway in said.rx_metadata)),
        received_at=received_at,
        body=body.decode(),
        decoded=said.decoded_payload,
        payload=said.frm_payload,
        port=said.f_port,
        simulated=up.simulated,
    )


def parse_chirpstack(source: str, body: bytes, received_at: datetime) -> Message | None:
    """An `up` event of ChirpStack v4. Key: its deduplication id."""
    up = _decode(body, _ChirpStackUp)
    eui = clean_id(up.device_info.dev_eui, "deviceInfo.devEui").lower()
    at = need_zone(up.time, "time") if up.time is not None else received_at
    if up.deduplication_id:
        key = _key("chirpstack", up.deduplication_id)
    else:
        key = _key("chirpstack", source, eui, up.f_cnt, hashlib.sha256(body).hexdigest())
    name = up.device_info.device_name.strip()
    return Message(
        network="chirpstack",
        source=source,
        key=key,
        device_ids=(eui, clean_id(name, "deviceInfo.deviceName")) if name else (eui,),
        dev_eui=_eui(eui),
        measured_at=choose_time(at, (gateway.gw_time for gateway in up.rx_info)),
        received_at=received_at,
        body=body.decode(),
        decoded=up.object,
        payload=up.data,
        port=up.f_port,
    )


NETWORKS: dict[str, Callable[[str, bytes, datetime], Message | None]] = {
    "ttn": parse_things_stack,
    "chirpstack": parse_chirpstack,
}


def _decode(body: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise UplinkRefused(f"not the message expected: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UplinkUnreadable(f"not JSON: {error}") from None
    except RecursionError:
        raise UplinkUnreadable("not JSON that can be read: nested too deep") from None


def _key(*parts: object) -> str:
    """A key of at most 200 characters, readable while it is short."""
    text = ":".join(str(part) for part in parts)
    return (
        text if len(text) <= 200 and text.isprintable() else f"{parts[0]}:{hashlib.sha256(text.encode()).hexdigest()}"
    )


def _eui(text: str) -> str | None:
    """An EUI as the store keeps it, or None for what is not one."""
    text = text.strip().upper()
    return text if len(text) == 16 and all(letter in "0123456789ABCDEF" for letter in text) else None
