"""A plan's stops as CSV (RFC 4180), for a spreadsheet or another program: UTF-8 without BOM, ISO 8601 times."""

from __future__ import annotations

import csv
from io import StringIO

from console.sheets.features import COLUMNS, list_features
from console.sheets.values import Book
from fleet.geopackage import Cell

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run instead of show, at the beginning of a text."""


def write_csv(book: Book) -> bytes:
    """Every stop of every round in order, with a header."""
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS["stops"])
    rows.writerows([_cell(cell) for cell in feature.cells] for feature in list_features(book, "stops"))
    return text.getvalue().encode()


def _cell(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
