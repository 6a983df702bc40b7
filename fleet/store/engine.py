"""How the database is reached: SQLite in WAL mode or PostgreSQL, with the same promises.

SQLite: WAL, foreign keys on, busy timeout, synchronous FULL (what was acknowledged survives a power cut). Writers begin
IMMEDIATE, so that two of them queue at the door and never deadlock half-way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import QueuePool

from fleet.errors import StoreBusy, StoreError, StoreMissing, StoreReadOnly, StoreUnusable

BUSY_SECONDS = 10.0
WRITE = {"binwatt_write": True}


def parse_url(url: str) -> URL:
    """The address as SQLAlchemy sees it.

    Raises:
        StoreUnusable: not a SQLAlchemy URL, or a database binwatt does not speak.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreUnusable(
            f"{url!r} is no database address; use sqlite:///PATH or postgresql://USER@HOST/NAME"
        ) from None
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return parsed
    raise StoreUnusable(f"{parsed.get_backend_name()} is not supported; use sqlite:///PATH or postgresql://…")


def make_engine(url: str) -> Engine:
    """An engine for `url`; nothing is opened yet."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed,
            poolclass=QueuePool,
            pool_size=4,
            max_overflow=8,
            connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS, "isolation_level": None},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(parsed, pool_pre_ping=True)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA wal_autocheckpoint=4000")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return  # inside a transaction the tail would look at one state for ever, and keep the WAL from being folded in
    write = options.get("binwatt_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def describe(url: URL) -> str:
    """The address as a person may read it: no password."""
    return url.database or ":memory:" if url.get_backend_name() == "sqlite" else url.render_as_string()


@contextmanager
def telling(url: URL) -> Iterator[None]:
    """Turn what the driver raises into one line that names the store and the mend."""
    try:
        yield
    except DBAPIError as error:
        raise tell(error, url) from error


def tell(error: DBAPIError, url: URL) -> StoreError:
    """The error of ours for a driver's error."""
    place = describe(url)
    said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    low = said.lower()
    if "locked" in low or "busy" in low:
        return StoreBusy(f"{place}: another process holds the database; end it or try again in a moment")
    if "readonly" in low or "read-only" in low:
        return StoreReadOnly(f"{place}: may not be written; give this user write access to the file and its folder")
    if "unable to open" in low:
        return StoreMissing(f"{place}: cannot be opened; create its folder, or correct BINWATT_DB")
    if "not a database" in low or "malformed" in low:
        return StoreUnusable(f"{place}: is not a SQLite database, or damaged; restore a backup or correct BINWATT_DB")
    if "connection" in low and url.get_backend_name() == "postgresql":
        return StoreMissing(f"{place}: no PostgreSQL answers there ({said}); start it or correct BINWATT_DB")
    if "full" in low or "disk i/o error" in low:
        return StoreUnusable(f"{place}: the disk is full or failing; free some space, nothing acknowledged is lost")
    return StoreUnusable(f"{place}: {said}")


def data_version(connection: Connection) -> Any:
    """A number that changes when another connection has committed (SQLite only).

    Asked of the driver: through SQLAlchemy it would begin a transaction, in which the number never changes.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.execute("PRAGMA data_version").fetchone()[0]
