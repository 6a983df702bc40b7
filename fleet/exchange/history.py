"""A history of fill levels from a CSV file: one row a reading, with whatever headings its source gave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from fleet.errors import FleetError
from fleet.exchange.records import Record, read_csv

BIN = ("bin", "bin_id", "serialnumber", "serial_number", "serial", "container", "container_id", "device_id", "device")
BIN_LAST = ("sensor", "sensor_id", "dev_eui", "deveui", "id", "name", "conteneur", "bac")
TIME = ("time", "timestamp", "at", "measured_at", "datetime", "date_time", "date", "last_update", "horodatage", "heure")
FILL = ("fill", "fill_level", "filling_level", "fillinglevel", "latestfullness", "fullness", "level")
FILL_LAST = ("status_current_fill_level", "percent", "percentage", "value", "remplissage", "taux_remplissage")
REASON = ("reason", "quality", "status")
FAULTS = ("alert", "fault", "error", "tilted", "blind", "beyond")
"""Words of a reason that make a level of 0 a sensor's fault and not an empty bin."""
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Level:
    """One reading: fill 0 to 1, or None where the sensor was at fault."""

    bin: str
    at: datetime
    fill: float | None


@dataclass(frozen=True, slots=True)
class History:
    """The readings of a file in its order; `unit` is what its levels were taken for; `skipped` rows are unreadable."""

    levels: tuple[Level, ...]
    unit: str
    skipped: int
    examples: tuple[str, ...]


def read_history(path: Path, zone: tzinfo = UTC) -> History:
    """Read a history; times without an offset are `zone`'s.

    Levels are shares (to 1), tenths (to 10) or percent (to 100), by the largest of them. Rows that cannot be read are
    counted and left out.

    Raises:
        FleetError: the file cannot be read, has no such columns, or no row that can be used.
    """
    records = read_csv(path)
    columns = records.columns
    names = {
        "bin": _find(columns, (*BIN, *BIN_LAST)),
        "time": _find(columns, TIME),
        "fill": _find(columns, (*FILL, *FILL_LAST)),
    }
    missing = [what for what, column in names.items() if not column]
    if missing:
        raise FleetError(
            f"{path}: no column for {' or '.join(missing)} among {', '.join(columns) or 'none'}; "
            "name them bin, time and fill"
        )
    reason = _find(columns, REASON)
    read, problems = [], list(records.problems)
    for row in records.rows:
        found = _read_row(row, names, reason, zone)
        if isinstance(found, str):
            problems.append(f"{row.where}: {found}")
        else:
            read.append(found)
    if not read:
        raise FleetError(f"{path}: no row can be used; first: {problems[0] if problems else 'it has none'}")
    top = max((level for _, _, level in read if level is not None), default=1.0)
    scale, unit = (1.0, "shares") if top <= 1 else (10.0, "tenths") if top <= 10 else (100.0, "percent")
    if scale == 1.0 and "%" in str(names["fill"]):
        scale, unit = 100.0, "percent"
    levels = tuple(Level(name, at, None if level is None else min(1.0, level / scale)) for name, at, level in read)
    return History(levels, unit, len(problems), tuple(problems[:SHOWN]))


def _find(columns: tuple[str, ...], known: tuple[str, ...]) -> str:
    return next((name for name in known if name in columns), "")


def _read_row(
    row: Record, names: Mapping[str, str], reason: str, zone: tzinfo
) -> tuple[str, datetime, float | None] | str:
    cells = {what: str(row.cells.get(column, "")) for what, column in names.items()}
    if not cells["bin"]:
        return "no bin"
    try:
        at = _read_time(cells["time"], zone)
    except (ValueError, OverflowError, OSError):
        return f"{cells['time']!r} is not a time; write 2026-03-10T19:00:00+01:00"
    try:
        level = float(cells["fill"].rstrip(" %").replace(",", "."))
    except ValueError:
        return f"{cells['fill']!r} is not a level"
    if not 0 <= level <= 1000:
        return f"{cells['fill']!r} is not a level"
    word = str(row.cells.get(reason, "")).lower()
    faulty = level == 0 and any(fault in word for fault in FAULTS)
    return cells["bin"], at, None if faulty or level > 100 else level


def _read_time(text: str, zone: tzinfo) -> datetime:
    if text.replace(".", "", 1).isdigit() and len(text) >= 9:
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
