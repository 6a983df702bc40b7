"""Sampled values become wide rows; what makes no sense stays out of the columns and is kept as text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from chargers.central.messages import MeterValueV16, MeterValueV201
from chargers.central.meters import read_time, rows_of

NOW = datetime(2026, 3, 10, 19, 0, tzinfo=UTC)
AT = "2026-03-10T18:00:00Z"


def rows(*samples: dict[str, Any], at: str = AT, kind: type[msgspec.Struct] = MeterValueV16) -> list[dict[str, Any]]:
    """Rows of one meter value."""
    return rows_of("CP1", 1, "7", [msgspec.convert({"timestamp": at, "sampledValue": list(samples)}, kind)], NOW)


@pytest.mark.parametrize(
    ("sample", "column", "value"),
    [
        ({"value": "1500"}, "energy_wh", 1500.0),
        ({"value": "1.5", "unit": "kWh"}, "energy_wh", 1500.0),
        ({"value": "7.2", "measurand": "Power.Active.Import", "unit": "kW"}, "power_w", 7200.0),
        ({"value": "16", "measurand": "Current.Import", "unit": "A"}, "current_a", 16.0),
        ({"value": "32", "measurand": "Current.Offered"}, "offered_a", 32.0),
        ({"value": "11000", "measurand": "Power.Offered", "unit": "W"}, "offered_w", 11000.0),
        ({"value": "230.4", "measurand": "Voltage", "unit": "V"}, "voltage_v", 230.4),
        ({"value": "50", "measurand": "SoC", "unit": "Percent", "location": "EV"}, "soc", 0.5),
        ({"value": "31", "measurand": "Temperature", "unit": "Celsius", "location": "Body"}, "temperature_c", 31.0),
    ],
)
def test_usual_measurands_have_columns(sample, column, value):
    """In watts, watt-hours, amperes, volts, and state of charge from 0 to 1."""
    [row] = rows(sample)
    assert row[column] == pytest.approx(value)
    assert row["extra"] is None


@pytest.mark.parametrize(
    "sample",
    [
        {"value": "50.0", "measurand": "Frequency"},
        {"value": "1500", "unit": "varh"},
        {"value": "NaN", "measurand": "Power.Active.Import"},
        {"value": "1e300"},
        {"value": "OCMF|{}", "format": "SignedData"},
        {"value": "12", "location": "Inlet"},
    ],
)
def test_what_has_no_column_is_kept_as_text(sample):
    """Other measurands, units, places and nonsense: no number invented, nothing lost."""
    [row] = rows(sample)
    assert row["energy_wh"] is None
    assert row["power_w"] is None
    assert json.loads(row["extra"])[0][1] == sample["value"]


def test_a_total_wins_over_phases():
    """Phases add up unless the total is there, whichever comes first; currents count by their largest phase."""
    power = [{"value": "2000", "measurand": "Power.Active.Import", "phase": phase} for phase in ("L1", "L2", "L3")]
    total = {"value": "6100", "measurand": "Power.Active.Import"}
    assert rows(*power)[0]["power_w"] == 6000.0
    assert rows(*power, total)[0]["power_w"] == 6100.0
    assert rows(total, *power)[0]["power_w"] == 6100.0
    amps = [{"value": str(value), "measurand": "Current.Import", "phase": f"L{value}"} for value in (1, 3, 2)]
    assert rows(*amps)[0]["current_a"] == 3.0


def test_entries_of_one_instant_are_one_row():
    """Many stations send each measurand in an entry of its own; another context is another row."""
    values = [
        {"timestamp": AT, "sampledValue": [{"value": "1"}]},
        {"timestamp": AT, "sampledValue": [{"value": "2", "measurand": "Voltage"}]},
        {"timestamp": AT, "sampledValue": [{"value": "3", "context": "Transaction.End"}]},
    ]
    made = rows_of("CP1", 1, "7", msgspec.convert(values, list[MeterValueV16]), NOW)
    assert [(row["energy_wh"], row["voltage_v"], row["context"]) for row in made] == [
        (1.0, 2.0, "Sample.Periodic"),
        (3.0, None, "Transaction.End"),
    ]


def test_multipliers_of_201():
    """unitOfMeasure.multiplier is a power of ten; one out of this world is not believed."""

    def sample(multiplier: int) -> dict[str, Any]:
        return {"value": 11.5, "unitOfMeasure": {"unit": "Wh", "multiplier": multiplier}}

    assert rows(sample(3), kind=MeterValueV201)[0]["energy_wh"] == 11500.0
    assert rows(sample(400), kind=MeterValueV201)[0]["energy_wh"] is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-10T18:00:00Z", "2026-03-10T18:00:00+00:00"),
        ("2026-03-10T19:00:00+01:00", "2026-03-10T18:00:00+00:00"),
        ("2026-03-10T18:00:00", "2026-03-10T18:00:00+00:00"),
        ("2026-03-10T18:00:00.123456Z", "2026-03-10T18:00:00.123456+00:00"),
        ("yesterday", NOW.isoformat()),
        ("", NOW.isoformat()),
        ("0001-01-01T00:00:00+23:59", NOW.isoformat()),
    ],
)
def test_times_are_read_as_utc(text, time):
    """Without an offset UTC is meant; without sense the time of arrival stands in."""
    assert read_time(text, NOW).isoformat() == time
