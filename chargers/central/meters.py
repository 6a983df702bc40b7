"""Sampled values as wide rows: one row an EVSE and instant, the usual measurands as columns, all others kept as JSON.

Numbers from chargers are not trusted: what is no finite number of a sane size stays out of the columns (a station has
been seen to report 1.85e9 connectors), and its text is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

REGISTER = "Energy.Active.Import.Register"
"""What a sample without a measurand means, in both versions."""

COLUMNS = {
    REGISTER: "energy_wh",
    "Power.Active.Import": "power_w",
    "Current.Import": "current_a",
    "Voltage": "voltage_v",
    "Power.Offered": "offered_w",
    "Current.Offered": "offered_a",
    "SoC": "soc",
    "Temperature": "temperature_c",
}
FACTORS = {
    "energy_wh": {"": 1.0, "Wh": 1.0, "kWh": 1000.0},
    "power_w": {"": 1.0, "W": 1.0, "kW": 1000.0},
    "offered_w": {"": 1.0, "W": 1.0, "kW": 1000.0},
    "current_a": {"": 1.0, "A": 1.0},
    "offered_a": {"": 1.0, "A": 1.0},
    "voltage_v": {"": 1.0, "V": 1.0},
    "soc": {"": 0.01, "Percent": 0.01},
    "temperature_c": {"": 1.0, "Celsius": 1.0, "Celcius": 1.0},
}
"""By column: the factor of each unit that fits; 1.6 misspells Celsius."""
SUMMED = frozenset({"energy_wh", "power_w", "offered_w"})
"""Reported by phase, these add up to the whole; of currents the largest phase counts, of others the first."""
LARGEST = 1e12
OLDEST_DAYS, LATEST_DAYS = -800, 2
"""A time further from now is the fault of a clock, not of a queue."""
MOST_EXTRA = 64

ANYWHERE = frozenset({"soc", "temperature_c"})
"""Of interest wherever they are measured; the others at the outlet."""

_MEANINGS: dict[tuple[str | None, str | None], tuple[str, float]] = {
    (measurand, unit): (column, factor)
    for name, column in COLUMNS.items()
    for text, factor in FACTORS[column].items()
    for measurand in ([name, None] if name == REGISTER else [name])
    for unit in ([text] if text else ["", None])
}
"""(measurand, unit) as written -> column and factor."""

_EMPTY = dict.fromkeys(
    ("energy_wh", "power_w", "current_a", "voltage_v", "offered_w", "offered_a", "soc", "temperature_c", "extra")
)
_encode = msgspec.json.Encoder().encode


def parse_time(text: str) -> datetime | None:
    """An RFC 3339 time as aware UTC; without an offset it is taken as UTC; None for what is no time."""
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_time(text: str, now: datetime) -> datetime:
    """A time told by a station; what is no time, or none that can be, becomes `now`.

    A clock that begins again at 1970 or runs in 2099 must not put a charge there; a station that was offline for a
    year may replay it.
    """
    time = parse_time(text)
    return time if time is not None and OLDEST_DAYS < (time - now).days < LATEST_DAYS else now


def rows_of(station_id: str, evse: int, ref: str, meter_values: Iterable[Any], now: datetime) -> list[dict[str, Any]]:
    """Rows for the meter value table, from meter values of either OCPP version.

    Entries of one instant and context are one row, as many stations send each measurand in an entry of its own. `now`
    stands for times that cannot be read.
    """
    rows: dict[tuple[datetime, str], _Row] = {}
    for meter_value in meter_values:
        at = read_time(meter_value.timestamp, now)
        row, before = None, ""
        for sample in meter_value.sampled_value:
            context = sample.context or "Sample.Periodic"
            if row is None or context != before:
                row, before = rows.get((at, context)), context
                if row is None:
                    head = {"station_id": station_id, "evse": evse, "ref": ref, "measured_at": at}
                    row = rows[at, context] = _Row({**head, "context": context[:32], **_EMPTY})
            row.add(sample)
    return [row.finish() for row in rows.values()]


class _Row:
    """A row being filled."""

    __slots__ = ("_extra", "_parts", "_values")

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._extra: list[Any] | None = None
        self._parts: set[str] | None = None
        """Columns that hold what phases said, not the whole."""

    def add(self, sample: Any) -> None:
        try:
            unit, power = sample.unit, 0
        except AttributeError:  # 2.0.1
            of = sample.unit_of_measure
            unit, power = (None, 0) if of is None else (of.unit, of.multiplier or 0)
        phase, location = sample.phase, sample.location
        found = _MEANINGS.get((sample.measurand, unit))
        if found is not None and (location is None or location == "Outlet" or found[0] in ANYWHERE):
            column, factor = found
            value = _number(sample.value, factor, power)
            if value is not None:
                if phase is None:
                    self._values[column] = value
                    if self._parts is not None:
                        self._parts.discard(column)
                    return
                self._add_part(column, value)
        extra = self._extra = self._extra or []
        if len(extra) < MOST_EXTRA:
            name = sample.measurand or REGISTER
            extra.append((name[:50], str(sample.value)[:50], (unit or "")[:20], phase, location))

    def _add_part(self, column: str, value: float) -> None:
        before = self._values[column]
        parts = self._parts = self._parts if self._parts is not None else set()
        if before is None or column in parts:
            self._values[column] = _join(column, before, value)
            parts.add(column)

    def finish(self) -> dict[str, Any]:
        if self._extra:
            self._values["extra"] = _encode(self._extra).decode()
        return self._values


def _join(column: str, before: float | None, value: float) -> float:
    if before is None:
        return value
    if column in SUMMED:
        return before + value
    return max(before, value) if column in ("current_a", "offered_a") else before


def _number(text: object, factor: float, power: int) -> float | None:
    try:
        value = float(text) * factor  # type: ignore[arg-type] # text in 1.6, a number in 2.0.1
        if power:
            value *= 10.0**power
    except (ValueError, OverflowError):
        return None
    return value if -LARGEST < value < LARGEST else None
