"""From a distance to a fill, and whether to believe it."""

from __future__ import annotations

from fleet.sensors.measurement import Measurement
from fleet.tables import Sensor

BEYOND = 1.1
"""Past this share of the distance to an empty bin's floor the sensor looks at something else."""
OVERFULL = 1.05
"""A fill a sensor itself computed may be this large before it counts as a fault."""


def judge(said: Measurement, sensor: Sensor) -> tuple[float | None, str]:
    """Fill 0 to 1 and "ok", or None and why: "tilted", "blind" (too near), "beyond" (too far), "fault".

    A distance is measured against the sensor's own empty and full; a fill the device computed counts without one.
    """
    if said.tilted:
        return None, "tilted"
    distance = said.distance_mm
    if distance is not None:
        if distance <= 0:
            return None, "fault"
        if distance < sensor.blind_mm:
            return None, "blind"
        if distance > sensor.empty_mm * BEYOND:
            return None, "beyond"
        return _clamp((sensor.empty_mm - distance) / (sensor.empty_mm - sensor.full_mm)), "ok"
    if said.fill is not None and 0 <= said.fill <= OVERFULL:
        return _clamp(said.fill), "ok"
    return None, "fault"


def _clamp(fill: float) -> float:
    return round(min(1.0, max(0.0, fill)), 4)
