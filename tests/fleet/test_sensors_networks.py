"""Reading what sensor networks send."""

from __future__ import annotations

import base64
import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import UplinkRefused, UplinkUnreadable
from fleet.sensors import Message, parse

NOW = datetime(2026, 3, 10, 19, 0, tzinfo=UTC)
THINGS_STACK: dict[str, Any] = {
    "end_device_ids": {
        "device_id": "bin-17",
        "application_ids": {"application_id": "berkane"},
        "dev_eui": "24e124713b1234ab",
        "dev_addr": "00BCB929",
    },
    "correlation_ids": ["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ"],
    "received_at": "2026-03-10T18:59:58.123456789Z",
    "uplink_message": {
        "session_key_id": "AXA50YHUSfR1P7MZr5rJ1w==",
        "f_cnt": 7,
        "f_port": 85,
        "frm_payload": base64.b64encode(bytes.fromhex("01755C0367010104824408050001")).decode(),
        "decoded_payload": {"distance": 800, "battery": 92},
        "rx_metadata": [{"gateway_ids": {"gateway_id": "roof"}, "time": "2026-03-10T18:59:57.987654321Z", "rssi": -90}],
        "received_at": "2026-03-10T18:59:58.1Z",
    },
}
CHIRPSTACK: dict[str, Any] = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2026-03-10T18:59:58.433477+00:00",
    "deviceInfo": {"tenantId": "t", "deviceName": "Bin 17", "devEui": "24E124713B1234AB"},
    "fPort": 85,
    "data": "AXVc",
    "object": {"distance": 800},
    "rxInfo": [{"gatewayId": "0016c001", "gwTime": "2026-03-10T18:59:57.5Z"}],
}


def read(body: dict[str, Any], network: str = "ttn") -> Message:
    message = parse(network, "city", json.dumps(body).encode(), NOW)
    assert message is not None
    return message


def changed(body: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A copy of a webhook with fields of its uplink_message replaced; None takes a field away."""
    new = copy.deepcopy(body)
    for name, value in fields.items():
        if value is None:
            del new["uplink_message"][name]
        else:
            new["uplink_message"][name] = value
    return new


def test_things_stack_webhook_is_read() -> None:
    """Ids, payload, port and the gateway's time, nine digits cut to microseconds, come out of a webhook."""
    message = read(THINGS_STACK)
    assert message.device_ids == ("bin-17",)
    assert message.dev_eui == "24E124713B1234AB"
    assert message.measured_at == datetime(2026, 3, 10, 18, 59, 57, 987654, tzinfo=UTC)
    assert message.decoded == {"distance": 800, "battery": 92}
    assert message.payload[:2] == b"\x01\x75"
    assert message.port == 85
    assert not message.simulated


def test_zero_fields_are_left_out() -> None:
    """A first uplink of a session comes without f_cnt and f_port, and is a message of its own."""
    first = read(changed(THINGS_STACK, f_cnt=None, f_port=None))
    assert first.port == 0
    assert first.key == read(changed(THINGS_STACK, f_cnt=0)).key
    assert first.key != read(THINGS_STACK).key


def test_the_same_uplink_again_has_the_same_key() -> None:
    """A repeated webhook has other correlation ids and times, but the session and counter name the message."""
    again = copy.deepcopy(THINGS_STACK) | {"received_at": "2026-03-10T19:30:00Z", "correlation_ids": ["as:up:other"]}
    assert read(again).key == read(THINGS_STACK).key


def test_without_a_session_the_correlation_id_is_the_key() -> None:
    """Messages with no session key differ by the network's correlation id, and without one by their text."""
    one = changed(THINGS_STACK, session_key_id=None)
    other = one | {"correlation_ids": ["as:up:01E0WZGT6Y7657CPFPE5WEYDSR"]}
    assert read(one).key != read(other).key
    bare = one | {"correlation_ids": []}
    assert read(bare).key == read(bare).key != read(changed(bare, f_cnt=8)).key


@pytest.mark.parametrize("gateway", ["1970-01-01T00:00:00Z", "2026-03-10T18:00:00Z", "yesterday", "", None])
def test_a_gateway_with_a_wrong_clock_is_not_believed(gateway: str | None) -> None:
    """More than five minutes from the network server's time, or no time at all: the server's holds."""
    message = read(changed(THINGS_STACK, rx_metadata=[{"time": gateway}]))
    assert message.measured_at == datetime(2026, 3, 10, 18, 59, 58, 100000, tzinfo=UTC)


def test_chirpstack_up_is_read() -> None:
    """The EUI is the device's usual name, its given name the other; the gateway's time holds."""
    message = read(CHIRPSTACK, "chirpstack")
    assert message.device_ids == ("24e124713b1234ab", "Bin 17")
    assert message.dev_eui == "24E124713B1234AB"
    assert message.measured_at == datetime(2026, 3, 10, 18, 59, 57, 500000, tzinfo=UTC)
    assert message.key == "chirpstack:3ac7e3c4-4401-4b8d-9386-a5c902f9202d"
    assert message.decoded == {"distance": 800}


def test_a_join_is_not_an_uplink() -> None:
    """The Things Stack may send joins to the same address; they hold no reading and are no error."""
    join = {"end_device_ids": {"device_id": "bin-17"}, "received_at": "2026-03-10T19:00:00Z", "join_accept": {}}
    assert parse("ttn", "city", json.dumps(join).encode(), NOW) is None


DEEP = b'{"end_device_ids": {"device_id": "a"}, "uplink_message": {"decoded_payload": {"a": ' + b"[" * 60_000


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"a": NaN}', DEEP], ids=range(5))
def test_what_is_not_json_is_unreadable(body: bytes) -> None:
    """Bytes that are not JSON, however they are not, give one error."""
    with pytest.raises(UplinkUnreadable):
        parse("ttn", "city", body, NOW)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "end_device_ids"),
        ({"end_device_ids": {}}, "device_id"),
        (THINGS_STACK | {"end_device_ids": {"device_id": 5}}, r"\$\.end_device_ids\.device_id"),
        (THINGS_STACK | {"end_device_ids": {"device_id": "a\u0000b"}}, "printable"),
        (THINGS_STACK | {"end_device_ids": {"device_id": "x" * 65}}, "64"),
        (changed(THINGS_STACK, received_at="2026-03-10T19:00:00"), "zone"),
        (changed(THINGS_STACK, decoded_payload=[1]), "decoded_payload"),
        (changed(THINGS_STACK, frm_payload="%%%"), "frm_payload"),
        ([], "object"),
    ],
)
def test_a_wrong_shape_is_named(body: Any, said: str) -> None:
    """A body of another shape is refused with the field at fault."""
    with pytest.raises(UplinkRefused, match=said):
        parse("ttn", "city", json.dumps(body).encode(), NOW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(THINGS_STACK["uplink_message"])), value=json_values)
def test_any_value_anywhere_is_read_or_refused(field: str, value: Any) -> None:
    """Whatever stands in a field, the outcome is a message with a key that fits the store, or a refusal."""
    body = copy.deepcopy(THINGS_STACK)
    body["uplink_message"][field] = value
    try:
        message = parse("ttn", "city", json.dumps(body).encode(), NOW)
    except UplinkRefused:
        return
    assert message is not None
    assert len(message.key) <= 200
    assert abs(message.measured_at - NOW) < timedelta(days=4_000_000)
