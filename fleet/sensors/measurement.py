"""From a codec's words to figures with known units.

Every vendor's codec names and scales things its own way. The tables below say which names mean what and in which unit;
a unit in the text itself ("211 cm", "25 ℃") wins over the table. What a codec says instead of a figure when it has
none ("No Sensor") counts as a fault of the sensor, never as a level.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one message says. Figures are None where it does not say; `fault` when the sensor says it cannot measure."""

    distance_mm: float | None = None
    fill: float | None = None
    battery: float | None = None
    """0 to 1."""
    temperature_c: float | None = None
    tilted: bool = False
    fault: bool = False


Scale = Callable[[float], float | None]


def _percent(value: float) -> float:
    """Percent as a share; a figure below 1 that is not whole is a share under a misleading name."""
    return value / 100 if value > 1 or value.is_integer() else value


def _battery_percent(value: float) -> float | None:
    """Percent as a share; 1 to 5 with a fraction is a voltage, which says too little about the charge to be kept."""
    return None if 1 < value < 5 and not value.is_integer() else _percent(value)


LENGTH: Mapping[str, Scale] = {"mm": lambda mm: mm, "cm": lambda cm: cm * 10, "m": lambda metres: metres * 1000}
SHARE: Mapping[str, Scale] = {"%": _percent, "share": lambda share: share if share <= 1 else share / 100}
CHARGE: Mapping[str, Scale] = {"%": _battery_percent, "share": lambda share: share}
HEAT: Mapping[str, Scale] = {
    **dict.fromkeys(("°c", "℃", "c"), lambda celsius: celsius),
    **dict.fromkeys(("°f", "℉", "f"), lambda fahrenheit: (fahrenheit - 32) / 1.8),
}
"""Units by quantity, and what each makes of a figure: millimetres, 0 to 1, degrees Celsius."""

DISTANCE: Mapping[str, str] = {
    "distance_mm": "mm",
    "distance_cm": "cm",
    "distance_m": "m",
    "distance": "mm",
    "ultrasonic_distance": "mm",
    "level_mm": "mm",
    "median_distance": "mm",
    "level": "",
}
"""Names and the unit a bare figure under them has; "": only a figure with its unit written beside it counts."""
FILL: Mapping[str, str] = {
    "fill": "share",
    "filling_level": "share",
    "fill_fraction": "share",
    "fill_level": "%",
    "fill_percent": "%",
    "fill_pct": "%",
    "fill_percentage": "%",
    "level_percent": "%",
    "fullness": "%",
    "fullness_percent": "%",
    "level": "",
}
BATTERY: Mapping[str, str] = {
    "battery": "%",
    "battery_level": "%",
    "battery_percent": "%",
    "battery_pct": "%",
    "battery_fraction": "share",
    "bat": "%",
}
TEMPERATURE: Mapping[str, str] = {
    "temperature": "°c",
    "temperature_c": "°c",
    "temp": "°c",
    "temp_c": "°c",
    "tempc_ds18b20": "°c",
    "temp_c_ds18b20": "°c",
}
TILT = ("tilt", "position", "tilted", "tilt_status")
LEVEL_WORDS = frozenset(
    {"no sensor", "no_sensor", "invalid", "invalid reading", "error", "fault", "n/a", "nan", "out of range"}
)
"""What codecs say in place of a distance or level they do not have."""

_FIGURE = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)\s*([^\d\s]{0,3})\s*$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def read_payload(decoded: Mapping[str, Any]) -> Measurement:
    """What a codec's answer says, by the tables of this module."""
    told = _flatten(decoded)
    distance, no_distance = _look(told, DISTANCE, LENGTH)
    fill, no_fill = _look(told, FILL, SHARE)
    battery, _ = _look(told, BATTERY, CHARGE)
    temperature, _ = _look(told, TEMPERATURE, HEAT)
    return Measurement(
        distance_mm=distance,
        fill=fill,
        battery=battery if battery is not None and 0 <= battery <= 1 else None,
        temperature_c=temperature if temperature is not None and -60 <= temperature <= 150 else None,
        tilted=any(_is_tilted(told.get(name)) for name in TILT),
        fault=distance is None and fill is None and (no_distance or no_fill),
    )


def _flatten(decoded: Mapping[str, Any]) -> dict[str, Any]:
    """Names in snake case over their values; an inner object counts as its value, or by the names in it."""
    told: dict[str, Any] = {}
    for name, value in decoded.items():
        plain = _CAMEL.sub("_", name).lower().strip().replace(" ", "_").replace("-", "_")
        if isinstance(value, Mapping):
            inner = value.get("value")
            if inner is None:
                told = {**_flatten_once(value), **told}
                continue
            unit = value.get("unit")
            value = f"{inner} {unit}" if isinstance(unit, str) and isinstance(inner, int | float) else inner  # noqa: PLW2901 - the plain form of the same value
        told[plain] = value
    return told


def _flatten_once(inner: Mapping[str, Any]) -> dict[str, Any]:
    return _flatten({name: value for name, value in inner.items() if not isinstance(value, Mapping)})


def _look(told: Mapping[str, Any], names: Mapping[str, str], units: Mapping[str, Scale]) -> tuple[float | None, bool]:
    """The first figure under one of `names`, and whether a name stood there with no figure to it."""
    silent = False
    for name, unit in names.items():
        if name not in told:
            continue
        value = told[name]
        figure = _read_figure(value, unit, units)
        if figure is not None:
            return figure, False
        silent = silent or (isinstance(value, str) and value.strip().lower() in LEVEL_WORDS)
    return None, silent


def _read_figure(value: object, unit: str, units: Mapping[str, Scale]) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        figure = float(value) if abs(value) < 1e9 else math.nan
    elif isinstance(value, str) and (match := _FIGURE.match(value)):
        figure = float(match[1].replace(",", "."))
        unit = match[2].lower() or unit
    else:
        return None
    scale = units.get(unit)
    return scale(figure) if scale is not None and math.isfinite(figure) else None


def _is_tilted(value: object) -> bool:
    return value is True or value == 1 or (isinstance(value, str) and value.strip().lower() in {"tilt", "tilted"})
