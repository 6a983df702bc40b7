"""Milesight EM400 (MUD, TLD, UDL) and EM310-UDL, EM500-UDL payloads, for networks without a codec installed.

Type-length-value, little endian, port 85: channel and type, then the value. Layout from the vendor's user guides:
01 75 battery %, 03|83 67 temperature in tenths (83: and an alarm byte), 03|04|84 82 distance in mm (84: and an alarm
byte), 04|05 00 position (1 is tilted), 83 E9 distance, mutation and alarm.
"""

from __future__ import annotations

import struct

from fleet.sensors.measurement import Measurement

PORT = 85

_SIZES = {
    (0x01, 0x75): 1,
    (0x03, 0x67): 2,
    (0x83, 0x67): 3,
    (0x03, 0x82): 2,
    (0x04, 0x82): 2,
    (0x84, 0x82): 3,
    (0x83, 0xE9): 5,
    (0x04, 0x00): 1,
    (0x05, 0x00): 1,
    (0x06, 0x88): 9,
    (0x20, 0xCE): 6,
    (0xFF, 0x01): 1,
    (0xFF, 0x09): 2,
    (0xFF, 0x0A): 2,
    (0xFF, 0x0B): 1,
    (0xFF, 0x0F): 1,
    (0xFF, 0x16): 8,
    (0xFF, 0xFE): 1,
    (0xFF, 0xFF): 2,
}
"""Bytes of value behind each channel and type."""

NO_ECHO_MM = 0xFFFF


def decode_milesight(payload: bytes) -> Measurement | None:
    """What the payload says; None when it is not a whole message of this family."""
    distance: float | None = None
    battery: float | None = None
    temperature: float | None = None
    tilted = fault = False
    at = 0
    while at < len(payload):
        head = (payload[at], payload[at + 1]) if at + 1 < len(payload) else None
        size = _SIZES.get(head) if head is not None else None
        if head is None or size is None or at + 2 + size > len(payload):
            return None
        value = payload[at + 2 : at + 2 + size]
        at += 2 + size
        match head[1]:
            case 0x75:
                battery = min(value[0], 100) / 100
            case 0x67:
                temperature = struct.unpack_from("<h", value)[0] / 10
            case 0x82 | 0xE9:
                figure = struct.unpack_from("<H", value)[0]
                distance, fault = (None, True) if figure == NO_ECHO_MM else (float(figure), False)
            case 0x00:
                tilted = value[0] == 1
            case _:
                pass
    if distance is None and battery is None and not fault:
        return None
    return Measurement(distance_mm=distance, battery=battery, temperature_c=temperature, tilted=tilted, fault=fault)
