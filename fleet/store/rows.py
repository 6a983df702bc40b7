"""Rows by the thousand into SQLite: one statement a table, values converted here once, no machinery a row.

SQLAlchemy builds its parameters anew for every row, which costs as much as SQLite's own work. What goes to the database
is the same: the statement is compiled by SQLAlchemy, and values are bound as its types would bind them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, DateTime
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

SIZES = (64, 16, 4, 1)
"""Rows a statement: the driver lets go of the interpreter for each, and the event loop then takes its time to give it
back."""
_DIALECT = sqlite.dialect()


class RowInsert:
    """Inserts rows of one table that all name these columns, leaving out those that are there already."""

    def __init__(self, table: type[SQLModel], columns: Sequence[str]) -> None:
        core = SQLModel.metadata.tables[str(table.__tablename__)]
        self.columns = tuple(columns)
        insert = sqlite.insert(table).on_conflict_do_nothing()
        compiled = insert.compile(dialect=_DIALECT, column_keys=list(self.columns))
        before, _, after = str(compiled).partition(" VALUES ")
        end = after.index(")") + 1
        self._sql = {size: f"{before} VALUES {', '.join([after[:end]] * size)}{after[end:]}" for size in SIZES}
        order: list[str] = compiled.positiontup or []
        defaults = {name: value for name, value in compiled.params.items() if name not in self.columns}
        self._defaults: Mapping[str, Any] = {name: _plain(core.c[name].default) for name in defaults}
        self._get = itemgetter(*order)
        converters = ((at, _converter(core.c[name].type)) for at, name in enumerate(order))
        self._converters = [(at, convert) for at, convert in converters if convert is not None]

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert them."""
        get, converters, defaults = self._get, self._converters, self._defaults
        at, count = 0, len(rows)
        for size in SIZES:
            while count - at >= size:
                bound: list[Any] = []
                for row in rows[at : at + size]:
                    values = list(get({**defaults, **row} if defaults else row))
                    for place, convert in converters:
                        value = values[place]
                        if value is not None:
                            values[place] = convert(value)
                    bound += values
                connection.exec_driver_sql(self._sql[size], tuple(bound))
                at += size


def _plain(default: Any) -> Any:
    """A column's default, where it is a value."""
    return default.arg if default is not None and default.is_scalar else None


def _converter(kind: Any) -> Callable[[Any], Any] | None:
    """How a value of this type is bound; None: as it is."""
    inner = kind.impl if isinstance(kind, TypeDecorator) else kind
    if isinstance(inner, DateTime):
        return instant_text
    processor: Callable[[Any], Any] | None = kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return processor


def instant_text(at: datetime) -> str:
    """An aware instant as SQLAlchemy keeps it in SQLite: UTC, microseconds, no offset.

    Raises:
        ValueError: it has no time zone.
    """
    if at.tzinfo is not UTC:
        if at.utcoffset() is None:
            raise ValueError(f"{at.isoformat()} has no time zone")
        at = at.astimezone(UTC)
    return at.isoformat(" ", "microseconds")[:26]
