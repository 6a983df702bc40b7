"""A whole plan as a GeoPackage: its stops, its routes and the bins it leaves as layers."""

from __future__ import annotations

from typing import Final

from console.sheets.features import COLUMNS, SHAPES, list_features
from console.sheets.features import Layer as Name
from console.sheets.values import Book
from fleet.geopackage import Layer, write_geopackage

LAYERS: Final[dict[Name, str]] = {"stops": "stops", "routes": "routes", "left": "bins_left"}


def pack_plan(book: Book) -> bytes:
    """The file's bytes; the same plan gives the same."""
    layers = [
        Layer(table, SHAPES[name], COLUMNS[name], [(one.points, one.cells) for one in list_features(book, name)])
        for name, table in LAYERS.items()
    ]
    return write_geopackage(layers, book.made_at)
