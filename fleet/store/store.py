"""The store: the only meeting place of the processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from fleet.clock import Clock, Pace, PacedClock
from fleet.errors import StoreError, StoreMissing
from fleet.store.engine import WRITE, describe, make_engine, parse_url, tell
from fleet.store.schema import check_version, upgrade
from fleet.store.tail import CHANNEL, EVERYTHING, Cursor, Source, Tail
from fleet.store.work import Work


class Store:
    """One database, opened. Safe to share between threads.

        with store.begin() as work:
            work.orders.place(...)

    `clock` gives the times written; without one the store's own pace holds (real time where there is none).
    """

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self.url = parse_url(url)
        self.engine = make_engine(url)
        self.postgres = self.url.get_backend_name() == "postgresql"
        self.clock: Clock = clock or PacedClock(self._look_up_pace)

    @classmethod
    def open(cls, url: str, clock: Clock | None = None) -> Store:
        """Open a store that exists.

        Raises:
            StoreMissing, StoreTooOld, StoreTooNew, StoreBusy, StoreReadOnly, StoreUnusable
        """
        store = cls(url, clock)
        if not store.postgres and not store._file_exists():
            raise StoreMissing(f"{describe(store.url)}: no store yet; make one with: binwatt db upgrade")
        try:
            check_version(store.engine, describe(store.url))
        except DBAPIError as error:
            store.close()
            raise tell(error, store.url) from error
        except StoreError:
            store.close()
            raise
        return store

    @classmethod
    def create(cls, url: str, clock: Clock | None = None) -> Store:
        """Open a store, making it or bringing it up to this version first."""
        store = cls(url, clock)
        try:
            check_version(store.engine, describe(store.url), allow_old=True)
            upgrade(store.engine)
        except DBAPIError as error:
            raise tell(error, store.url) from error
        finally:
            store.close()
        return cls.open(url, clock)

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """A unit of work that writes: committed at the end of the block, undone if it raises."""
        with self._session(write=True) as session:
            yield Work(session, self.clock)
            if self.postgres:
                session.execute(text(f"NOTIFY {CHANNEL}"))
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A unit of work that only reads, on one state of the store."""
        with self._session(write=False) as session:
            yield Work(session, self.clock)

    def tail(self, cursor: Cursor | None = None, sources: frozenset[Source] = EVERYTHING) -> Tail:
        """Follow what happens, from `cursor` or from now on."""
        return Tail(self, cursor, sources)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _session(self, *, write: bool) -> Iterator[Session]:
        try:
            with self.engine.connect() as connection:
                bound = connection.execution_options(**WRITE) if write else connection
                with Session(bound, expire_on_commit=False) as session:
                    yield session
        except DBAPIError as error:
            raise tell(error, self.url) from error

    def _look_up_pace(self) -> Pace | None:
        try:
            with self.read() as work:
                return work.places.pace()
        except StoreError:
            return None

    def _file_exists(self) -> bool:
        return self.url.database is not None and Path(self.url.database).exists()
