"""From codecs' answers and raw bytes to fills."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.sensors.level import judge
from fleet.sensors.measurement import Measurement, read_payload
from fleet.sensors.milesight import decode_milesight
from fleet.tables import Sensor

SENSOR = Sensor(device_id="a", bin_id="A", empty_mm=1300, full_mm=300, blind_mm=50)


@pytest.mark.parametrize(
    ("decoded", "said"),
    [
        ({"distance": 800}, {"distance_mm": 800}),
        ({"distance_mm": 800.5}, {"distance_mm": 800.5}),
        ({"Distance": "2000 mm"}, {"distance_mm": 2000}),
        ({"distance": "211 cm"}, {"distance_mm": 2110}),
        ({"distance_cm": 80}, {"distance_mm": 800}),
        ({"distance": "0,8 m"}, {"distance_mm": 800}),
        ({"level": "2000mm"}, {"distance_mm": 2000}),
        ({"level": "75 %"}, {"fill": 0.75}),
        ({"level": 75}, {}),
        ({"distance": {"value": 1234, "unit": "mm"}}, {"distance_mm": 1234}),
        ({"sensor": {"distance": 700, "battery": 50}}, {"distance_mm": 700, "battery": 0.5}),
        ({"fill_level": 70}, {"fill": 0.7}),
        ({"fillLevel": 1}, {"fill": 0.01}),
        ({"fill_level": 0.62}, {"fill": 0.62}),
        ({"fillingLevel": 0.62}, {"fill": 0.62}),
        ({"fillingLevel": 1}, {"fill": 1.0}),
        ({"fill": 62}, {"fill": 0.62}),
        (
            {"distance": 800, "battery": 92, "temperature": 25.7},
            {"distance_mm": 800, "battery": 0.92, "temperature_c": 25.7},
        ),
        ({"distance": 800, "battery": 3.6}, {"distance_mm": 800}),
        ({"distance": 800, "Bat": "3.338 V"}, {"distance_mm": 800}),
        ({"distance": 800, "temperature": "25 ℃"}, {"distance_mm": 800, "temperature_c": 25}),
        ({"distance": 800, "temperature": "77 °F"}, {"distance_mm": 800, "temperature_c": 25}),
        ({"distance": 800, "temperature": 3000}, {"distance_mm": 800}),
        ({"distance": "No Sensor"}, {"fault": True}),
        ({"Distance": "Invalid Reading"}, {"fault": True}),
        ({"distance": 800, "position": "tilt"}, {"distance_mm": 800, "tilted": True}),
        ({"distance": 800, "position": "normal"}, {"distance_mm": 800}),
        ({"distance": True}, {}),
        ({"distance": None, "battery": 50}, {"battery": 0.5}),
        ({}, {}),
    ],
)
def test_codecs_words_become_figures(decoded: dict[str, Any], said: dict[str, Any]) -> None:
    """Names, units and sentinels of many codecs give millimetres, shares and degrees, or nothing."""
    got = read_payload(decoded)
    assert got == Measurement(**{**said, **({"temperature_c": got.temperature_c} if "temperature_c" in said else {})})
    assert got.temperature_c == pytest.approx(said.get("temperature_c"))


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("01755C0367010104824408050001", Measurement(2116, None, 0.92, 25.7, tilted=True)),
        ("8367e800018482410601", Measurement(1601, None, None, 23.2)),
        ("01755C03824408040001", Measurement(2116, None, 0.92, tilted=True)),
        ("01756403821E00", Measurement(30, None, 1.0)),
        ("01755C0482FFFF050000", Measurement(battery=0.92, fault=True)),
    ],
)
def test_milesight_bytes(payload: str, said: Measurement) -> None:
    """Published vectors of EM400, EM310 and EM500 give the published figures."""
    assert decode_milesight(bytes.fromhex(payload)) == said


@pytest.mark.parametrize("payload", ["", "01", "0175", "0482FF", "AABBCC", "01755C0482"])
def test_other_bytes_are_not_milesight(payload: str) -> None:
    """What is not a whole message of the family gives nothing rather than half of one."""
    assert decode_milesight(bytes.fromhex(payload)) is None


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_left(payload: bytes) -> None:
    """No bytes make the decoder fail."""
    decode_milesight(payload)


@given(
    st.dictionaries(
        st.sampled_from(["distance", "fill", "level", "battery", "tilt"]),
        st.none() | st.text() | st.integers() | st.floats() | st.booleans(),
    )
)
def test_any_payload_gives_a_fill_between_0_and_1_or_none(decoded: dict[str, Any]) -> None:
    """Whatever a codec says, a fill lies in 0..1 and exists only with quality ok."""
    fill, quality = judge(read_payload(decoded), SENSOR)
    assert (fill is not None) == (quality == "ok")
    assert fill is None or 0 <= fill <= 1


@pytest.mark.parametrize(
    ("said", "fill", "quality"),
    [
        (Measurement(distance_mm=800), 0.5, "ok"),
        (Measurement(distance_mm=1300), 0.0, "ok"),
        (Measurement(distance_mm=1400), 0.0, "ok"),
        (Measurement(distance_mm=1431), None, "beyond"),
        (Measurement(distance_mm=300), 1.0, "ok"),
        (Measurement(distance_mm=60), 1.0, "ok"),
        (Measurement(distance_mm=49), None, "blind"),
        (Measurement(distance_mm=0), None, "fault"),
        (Measurement(distance_mm=800, fill=0.9), 0.5, "ok"),
        (Measurement(fill=0.9), 0.9, "ok"),
        (Measurement(fill=1.04), 1.0, "ok"),
        (Measurement(fill=1.2), None, "fault"),
        (Measurement(fill=-0.1), None, "fault"),
        (Measurement(fault=True), None, "fault"),
        (Measurement(distance_mm=800, tilted=True), None, "tilted"),
    ],
)
def test_implausible_figures_are_flagged_not_used(said: Measurement, fill: float | None, quality: str) -> None:
    """Too near, too far, no echo, tilted: a quality, and never a level."""
    assert judge(said, SENSOR) == (fill, quality)
