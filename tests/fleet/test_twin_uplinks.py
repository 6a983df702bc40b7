from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fleet.twin.city import draw_city
from fleet.twin.sensing import Reading
from fleet.twin.uplinks import build_uplink, encode_payload, encode_uplink

SENSOR = draw_city(3, "small").sensors[4]
AT = datetime(2026, 11, 23, 21, 57, tzinfo=UTC)
READING = Reading(SENSOR.bin_id, SENSOR.device_id, AT, 2116, 0.4, 0.92, 25.7, 17)


def test_payload_is_the_sensors_own() -> None:
    """The bytes are those of the EM400 example: 92 %, 25.7 degrees, 2116 mm; only the tilt differs."""
    assert encode_payload(READING).hex().upper() == "01755C0367010104824408050000"


def test_decoded_payload_says_the_same() -> None:
    """What the network decoded agrees with the bytes beside it."""
    uplink = build_uplink(SENSOR, READING)["uplink_message"]
    assert uplink["decoded_payload"] == {"battery": 92, "distance": 2116, "position": "normal", "temperature": 25.7}
    assert base64.b64decode(uplink["frm_payload"]) == encode_payload(READING)
    assert uplink["f_port"] == 85


def test_the_first_frame_has_no_counter() -> None:
    """A counter of 0 is left out, as the server leaves out empty values; others are told."""
    assert build_uplink(SENSOR, READING)["uplink_message"]["f_cnt"] == 17
    assert "f_cnt" not in build_uplink(SENSOR, replace(READING, counter=0))["uplink_message"]


def test_times_have_nine_decimals_and_follow_each_other() -> None:
    """Gateways hear first, then the network receives, then the application, all within a second."""
    message = build_uplink(SENSOR, READING)
    uplink = message["uplink_message"]
    stamps = [uplink["rx_metadata"][0]["time"], uplink["received_at"], message["received_at"]]
    assert all(len(stamp) == len("2026-11-23T21:57:00.000000000Z") for stamp in stamps)
    times = [datetime.fromisoformat(stamp[:26] + "+00:00") for stamp in stamps]
    assert times[0] == READING.measured_at
    assert times == sorted(times)
    assert times[-1] - times[0] < timedelta(seconds=1)


def test_ids_are_the_devices() -> None:
    """The message names the device, its EUI and one lasting session."""
    message = build_uplink(SENSOR, READING)
    later = build_uplink(SENSOR, replace(READING, measured_at=READING.measured_at + timedelta(hours=4), counter=18))
    assert message["end_device_ids"] == later["end_device_ids"]
    assert message["end_device_ids"]["dev_eui"] == SENSOR.dev_eui
    assert message["uplink_message"]["session_key_id"] == later["uplink_message"]["session_key_id"]
    assert message["correlation_ids"] != later["correlation_ids"]


def test_the_same_reading_gives_the_same_bytes() -> None:
    """A repeated post is a true duplicate."""
    assert encode_uplink(SENSOR, READING) == encode_uplink(SENSOR, READING)
    assert json.loads(encode_uplink(SENSOR, READING)) == build_uplink(SENSOR, READING)
