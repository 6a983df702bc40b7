"""A plan's stops, routes and bins left as features: one list of columns for GeoJSON, CSV and GeoPackage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from console.sheets.values import Book, Left, Sheet, SheetStop
from fleet.geopackage import Cell, Points, Shape

Layer = Literal["stops", "routes", "left"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One row: its points as (lat, lon), and a cell for each column of its layer."""

    points: Points
    cells: tuple[Cell, ...]


SHAPES: Final[dict[Layer, Shape]] = {"stops": "Point", "routes": "LineString", "left": "Point"}
COLUMNS: Final[dict[Layer, dict[str, type[str | float | int]]]] = {
    "stops": {
        "plan": int,
        "day": str,
        "truck": str,
        "seq": int,
        "number": int,
        "kind": str,
        "ref": str,
        "name": str,
        "address": str,
        "stream": str,
        "arrives": str,
        "leaves": str,
        "km": float,
        "load_kg": float,
        "kwh": float,
        "charged_kwh": float,
        "fill": float,
        "overflow_p": float,
        "why": str,
        "notes": str,
        "lat": float,
        "lon": float,
    },
    "routes": {
        "plan": int,
        "day": str,
        "truck": str,
        "route": int,
        "departs": str,
        "returns": str,
        "bins": int,
        "tips": int,
        "km": float,
        "kg": float,
        "kwh": float,
        "target_kwh": float,
        "charged_kwh": float,
        "overtime_minutes": float,
        "cost": float,
    },
    "left": {
        "plan": int,
        "day": str,
        "bin": str,
        "name": str,
        "address": str,
        "stream": str,
        "due": int,
        "fill": float,
        "overflow_p": float,
        "reason": str,
        "lat": float,
        "lon": float,
    },
}


def list_features(book: Book, layer: Layer) -> Iterator[Feature]:
    """The rows of a layer, in the order of the plan. A route without geometry goes straight from stop to stop."""
    if layer == "left":
        yield from (_left(book, left) for left in book.left)
        return
    for sheet in book.sheets:
        if layer == "routes":
            yield _route(sheet)
        else:
            yield from (_stop(sheet, seq, stop) for seq, stop in enumerate(sheet.stops))


def _stop(sheet: Sheet, seq: int, stop: SheetStop) -> Feature:
    cells = (
        *(sheet.plan_id, sheet.day.isoformat(), sheet.truck_id, seq, stop.number or None, stop.kind.value),
        *(stop.ref, stop.name, stop.address, stop.stream, _iso(stop.arrives_at), _iso(stop.leaves_at)),
        *(round(stop.km, 3), round(stop.load_kg, 1), round(stop.kwh, 2), round(stop.charged_kwh, 2)),
        *(stop.fill, stop.overflow_p, stop.why, stop.notes, round(stop.lat, 6), round(stop.lon, 6)),
    )
    return Feature(((stop.lat, stop.lon),), cells)


def _route(sheet: Sheet) -> Feature:
    target = None if sheet.target_kwh is None else round(sheet.target_kwh, 2)
    cells = (
        *(sheet.plan_id, sheet.day.isoformat(), sheet.truck_id, sheet.route, _iso(sheet.departs_at)),
        *(_iso(sheet.returns_at), sheet.bins, sheet.tips, round(sheet.km, 3), round(sheet.kg, 1), round(sheet.kwh, 2)),
        *(target, round(sheet.charged_kwh, 2), round(sheet.overtime_minutes, 1), round(sheet.cost, 2)),
    )
    line = sheet.line if len(sheet.line) > 1 else tuple((stop.lat, stop.lon) for stop in sheet.stops)
    return Feature(line if len(line) > 1 else line * 2, cells)


def _left(book: Book, left: Left) -> Feature:
    cells = (
        *(book.plan_id, book.day.isoformat(), left.bin_id, left.name, left.address, left.stream, int(left.due)),
        *(left.fill, left.overflow_p, left.reason, round(left.lat, 6), round(left.lon, 6)),
    )
    return Feature(((left.lat, left.lon),), cells)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
