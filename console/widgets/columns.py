"""Columns of the live grid: what a cell shows, what it is sorted by, which columns a narrow terminal drops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

from rich.cells import cell_len, set_cell_size

Row = TypeVar("Row")
Level = Literal["plain", "dim", "good", "warn", "bad", "note"]
"""How a cell stands out; each level is an ink of the grid, never the only sign of a state."""

Kind = Literal["text", "number", "bar"]

EIGHTHS = " ▏▎▍▌▋▊▉"
GAP = 1
"""Blank cells after each column."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one column shows of one row. `share` (0 to 1) is the length of a bar."""

    text: str
    level: Level = "plain"
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column.

    `width` is in terminal cells. Columns with the highest `drop` go first when there is no room; 0 is never dropped.
    One column may `grow` into the room that is left.
    """

    title: str
    width: int
    show: Callable[[Row], Cell]
    sort: Callable[[Row], Any]
    kind: Kind = "text"
    drop: int = 0
    grow: bool = False


def bar(share: float, width: int) -> str:
    """A bar of `width` cells filled to `share` in eighths of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    whole, part = divmod(eighths, 8)
    return ("█" * whole + (EIGHTHS[part] if part else "")).ljust(width, "·")


def lay_out(columns: Sequence[Column[Row]], width: int) -> list[tuple[Column[Row], int]]:
    """The columns that fit into `width` cells and the width of each, the growing one taking what is left."""
    kept = list(columns)
    while sum(c.width + GAP for c in kept) > width and any(c.drop for c in kept):
        kept.remove(max(kept, key=lambda c: c.drop))
    spare = width - sum(c.width + GAP for c in kept)
    growing = next((c for c in kept if c.grow), None)
    return [(c, c.width + spare if c is growing and spare > 0 else c.width) for c in kept]


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells, cut with an ellipsis."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)


def draw(cell: Cell, column: Column[Row], width: int) -> str:
    """A cell of a row in its column's width, and the gap after it."""
    if column.kind == "bar":
        figure = cell.text.rjust(6)
        wide = width - len(figure)
        return f"{bar(cell.share, wide) if cell.share is not None else ' ' * wide}{figure}" + " " * GAP
    return fit(cell.text, width, right=column.kind == "number") + " " * GAP
