"""Lines of the live grid as segments: its head, a row, the hatching of an empty one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from console.i18n import _
from console.widgets.columns import GAP, Column, Level, Row, draw, fit

if TYPE_CHECKING:
    from textual.geometry import Size

    from console.widgets.listing import Listing

GUTTER = 1
"""Cells before the first column: the cursor's mark, so that it shows without colour."""
SIGNS = " ▸●◉"
"""What stands there: nothing, the cursor, a mark, both."""
HATCH = "\N{BOX DRAWINGS LIGHT DIAGONAL UPPER RIGHT TO LOWER LEFT}"


def draw_head(listing: Listing[Row], columns: Sequence[tuple[Column[Row], int]], ink: Style) -> list[Segment]:
    """Titles over the columns, the one sorted by with its arrow."""
    parts = [" " * GUTTER]
    for column, wide in columns:
        title = _(column.title)
        if column is listing.columns[listing.sorted_by]:
            arrow = "▼" if listing.descending else "▲"
            title = f"{set_cell_size(title, min(cell_len(title), wide - 1))}{arrow}"
        parts.append(fit(title, wide, right=column.kind == "number") + " " * GAP)
    return [Segment("".join(parts), ink)]


def draw_row(
    row: Row, sign: str, columns: Sequence[tuple[Column[Row], int]], ink: Callable[[Level], Style]
) -> list[Segment]:
    """The cells of a row, each in the ink of its level."""
    plain = ink("plain")
    segments = [Segment(sign, plain)]
    for column, wide in columns:
        cell = column.show(row)
        segments.append(Segment(draw(cell, column, wide), plain if cell.level == "plain" else ink(cell.level)))
    return segments


def draw_hatched(y: int, size: Size, words: str, hatch: Style, ink: Style) -> list[Segment]:
    """Line y of an empty grid: hatching, and in its middle what to do next. It may be wider than the grid."""
    room = max(8, size.width - 6)
    lines = [part for line in words.splitlines() for part in wrap(line, room)]
    number = y - (size.height - max(1, len(lines))) // 2
    whole = Segment(HATCH * size.width, hatch)
    if not 0 <= number < len(lines):
        return [whole]
    text = f"  {lines[number]}  "
    left = max(0, (size.width - cell_len(text)) // 2)
    return [Segment(HATCH * left, hatch), Segment(text, ink), whole]
