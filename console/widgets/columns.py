"""Columns of the live grid: what a cell shows, how it is sorted, which columns a narrow terminal drops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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


def put_in_order(rows: Iterable[Row], sort: Callable[[Row], Any], *, descending: bool) -> list[Row]:
    """Rows by `sort`; rows without a value come last whichever way it goes."""
    with_value: list[tuple[Any, Row]] = []
    without: list[Row] = []
    for row in rows:
        value = sort(row)
        if value is None:
            without.append(row)
        else:
            with_value.append((value, row))
    with_value.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _value, row in with_value] + without


def matches(text: str, wanted: str) -> bool:
    """Whether `text` holds every word of `wanted`; a word after "!" must be absent. Case does not matter."""
    text = text.casefold()
    return all(
        (word[1:] not in text) if word.startswith("!") and len(word) > 1 else word in text
        for word in wanted.casefold().split()
    )


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
