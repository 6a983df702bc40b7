"""Which rows a live table lists, and in what order: sorted by a column, let through by a filter. No screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic

from console.widgets.columns import Column, Row


class Listing(Generic[Row]):
    """Rows by key, and the keys of those that are shown, in order.

    A row that is the same object is taken as unchanged: rows are frozen values.
    """

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], str],
        find: Callable[[Row], str],
        *,
        sort: int = 0,
        descending: bool = False,
    ) -> None:
        self.columns = columns
        self.sorted_by = sort
        self.descending = descending
        self.filter = ""
        """Words a row must hold; see `matches`."""
        self.only: Callable[[Row], bool] | None = None
        """What else a row must be to be shown; None: nothing."""
        self.rows: Mapping[str, Row] = {}
        self.order: list[str] = []
        self.place: dict[str, int] = {}
        """Where in the order each shown row stands."""
        self._key = key
        self._find = find

    def take(self, rows: Mapping[str, Row]) -> list[str] | None:
        """These are the rows from now on: keys of those that changed, None when rows came or went."""
        old, self.rows = self.rows, rows
        if old.keys() != rows.keys():
            return None
        return [key for key, row in rows.items() if old[key] is not row and old[key] != row]

    def sort_by(self, number: int) -> None:
        """Sort by a column: again the other way round, figures from the largest, words from the first."""
        self.descending = not self.descending if number == self.sorted_by else self.columns[number].kind != "text"
        self.sorted_by = number

    def arrange(self) -> None:
        """Sort and filter the rows as they are now."""
        order = self.due_order()
        if order != self.order:
            self.order = order
            self.place = {key: place for place, key in enumerate(order)}

    def due_order(self) -> list[str]:
        """Keys of the rows that are let through, sorted: what `arrange` would come to."""
        rows: Iterable[Row] = self.rows.values()
        if self.only is not None:
            rows = filter(self.only, rows)
        if self.filter:
            rows = [row for row in rows if matches(self._find(row), self.filter)]
        sort = self.columns[self.sorted_by].sort
        return [self._key(row) for row in put_in_order(rows, sort, descending=self.descending)]

    def where(self, held: str | None, before: int) -> int:
        """Where a cursor that stood at `before`, on `held`, stands now: on its row, else as near as there are rows."""
        return 0 if held is None else self.place.get(held, min(before, max(0, len(self.order) - 1)))


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
