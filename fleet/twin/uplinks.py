"""A sensor's report as The Things Stack v3 posts it to a webhook, for an ultrasonic sensor of the Milesight EM400 kind.

Shapes: The Things Stack documentation, "Webhooks" and "Data formats"; payload bytes: Milesight EM400-MUD user guide.
As the real server does, fields with empty values are left out: the first frame has no `f_cnt`.
"""

from __future__ import annotations

import base64
import json
import struct
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .containers import Sensor
    from .sensing import Reading

APPLICATION = "binwatt-twin"
GATEWAYS = (("twin-water-tower", "02B1A7FFFE000001"), ("twin-town-hall", "02B1A7FFFE000002"))
JOIN_EUI = "02B1A70000000000"
PORT = 85
NETWORK_DELAY = timedelta(milliseconds=180)


def build_uplink(sensor: Sensor, reading: Reading) -> dict[str, Any]:
    """The JSON object of one uplink. The gateway heard it at `reading.measured_at`, to the nanosecond."""
    draw = sha256(f"{sensor.dev_eui}/{reading.measured_at.isoformat()}".encode()).digest()
    heard = reading.measured_at
    received = heard + NETWORK_DELAY + timedelta(microseconds=int.from_bytes(draw[:2]))
    rssi = -70 - draw[2] % 45
    address = sha256(sensor.dev_eui.encode()).hexdigest()[:6].upper()
    uplink: dict[str, Any] = {
        "session_key_id": base64.b64encode(sha256(f"session/{sensor.dev_eui}".encode()).digest()[:16]).decode(),
        "f_port": PORT,
        "frm_payload": base64.b64encode(encode_payload(reading)).decode(),
        "decoded_payload": {
            "battery": round(reading.battery * 100),
            "distance": reading.distance_mm,
            "position": "normal",
            "temperature": reading.temperature_c,
        },
        "rx_metadata": [
            {
                "gateway_ids": {"gateway_id": name, "eui": eui},
                "time": _stamp(heard, draw[3 + k]),
                "timestamp": int.from_bytes(draw[8:12]),
                "rssi": rssi - 6 * k,
                "channel_rssi": rssi - 6 * k,
                "snr": 9.5 - (draw[4] % 60) / 4,
                "uplink_token": base64.b64encode(draw[12:24]).decode(),
                "channel_index": draw[5] % 8,
                "received_at": _stamp(received, draw[6 + k]),
            }
            for k, (name, eui) in enumerate(GATEWAYS[: 1 + draw[7] % 2])
        ],
        "settings": {
            "data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 7 + draw[25] % 4, "coding_rate": "4/5"}},
            "frequency": str(868_100_000 + 200_000 * (draw[5] % 3)),
            "timestamp": int.from_bytes(draw[8:12]),
            "time": _stamp(heard, draw[3]),
        },
        "received_at": _stamp(received, draw[26]),
        "consumed_airtime": "0.061696s",
        "locations": {"user": {"latitude": sensor.lat, "longitude": sensor.lon, "source": "SOURCE_REGISTRY"}},
    }
    if reading.counter:
        uplink["f_cnt"] = reading.counter
    return {
        "end_device_ids": {
            "device_id": sensor.device_id,
            "application_ids": {"application_id": APPLICATION},
            "dev_eui": sensor.dev_eui,
            "join_eui": JOIN_EUI,
            "dev_addr": f"26{address}",
        },
        "correlation_ids": [f"as:up:{draw[:13].hex().upper()}", f"gs:uplink:{draw[13:26].hex().upper()}"],
        "received_at": _stamp(received + timedelta(milliseconds=12), draw[27]),
        "uplink_message": uplink,
    }


def encode_uplink(sensor: Sensor, reading: Reading) -> bytes:
    """The body of the webhook's POST."""
    return json.dumps(build_uplink(sensor, reading), separators=(",", ":")).encode()


def encode_payload(reading: Reading) -> bytes:
    """Channel, type and value: battery %, temperature in tenths of a degree, distance in mm, upright."""
    return b"".join(
        (
            b"\x01\x75" + struct.pack("<B", round(reading.battery * 100)),
            b"\x03\x67" + struct.pack("<h", round(reading.temperature_c * 10)),
            b"\x04\x82" + struct.pack("<H", reading.distance_mm),
            b"\x05\x00\x00",
        )
    )


def _stamp(at: datetime, nanoseconds: int) -> str:
    """RFC 3339 in UTC with the nine decimals of the server's clock."""
    return f"{at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%f')}{nanoseconds:03d}Z"
