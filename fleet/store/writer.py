"""The group-commit writer: one thread owns the writing connection, many callers share each commit.

What arrives while a commit is under way forms the next batch, after a short gathering time on fast disks. Whoever
handed something in is told only after the commit: acknowledged means durable. See writer.md.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlmodel import Session, SQLModel

from fleet.clock import Clock
from fleet.errors import StoreBusy, StoreError, StoreUnusable
from fleet.store.engine import WRITE, tell
from fleet.store.rows import RowInsert
from fleet.store.store import Store
from fleet.store.tail import CHANNEL
from fleet.store.work import Work

T = TypeVar("T")
Done = Callable[[StoreError | None], None]
GATHER_SECONDS = 0.005
BOUND = 50_000


class Writer:
    """Writes for one event loop. `start()` it on the loop, `await stop()` it: what was handed in is written first."""

    def __init__(self, store: Store, gather_seconds: float = GATHER_SECONDS, bound: int = BOUND) -> None:
        self._store = store
        self._gather = gather_seconds
        self._bound = bound
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._rows: list[tuple[type[SQLModel], dict[str, Any], Done | None]] = []
        self._works: list[tuple[Callable[[Work], Any], asyncio.Future[Any]]] = []
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._statements: dict[type[SQLModel], Any] = {}
        self._inserts: dict[type[SQLModel], RowInsert] = {}
        self.commits = 0

    @property
    def clock(self) -> Clock:
        """The store's clock."""
        return self._store.clock

    def start(self) -> None:
        """Begin to write; callbacks come on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def stop(self) -> None:
        """Write what was handed in, then end."""
        with self._lock:
            self._ending = True
        self._ready.set()
        await asyncio.to_thread(self._thread.join)

    def put(self, table: type[SQLModel], row: dict[str, Any], done: Done | None = None) -> None:
        """Insert a row, unless a unique key says it is there. `done(error)` is called on the loop after the commit.

        All rows of one table must name the same columns.

        Raises:
            StoreBusy: more waits to be written than may, or the writer was stopped.
        """
        with self._lock:
            self._admit(len(self._rows))
            self._rows.append((table, row, done))
        if not self._ready.is_set():  # asking is cheaper than saying it again
            self._ready.set()

    async def do(self, work: Callable[[Work], T]) -> T:
        """Run verbs in the writer's next commit; gives their result once it is durable.

        One work that raises is undone alone; the others of its batch go on. A work may be run a second time after its
        batch was undone, so it must do nothing but write.

        Raises:
            StoreBusy: more waits to be written than may, or the writer was stopped.
        """
        assert self._loop is not None
        future: asyncio.Future[T] = self._loop.create_future()
        with self._lock:
            self._admit(len(self._works))
            self._works.append((work, future))
        self._ready.set()
        return await future

    async def read(self, look: Callable[[Work], T]) -> T:
        """Run verbs that only read, off the loop."""

        def run() -> T:
            with self._store.read() as work:
                return look(work)

        return await asyncio.to_thread(run)

    def _admit(self, waiting: int) -> None:
        if self._ending:
            raise StoreBusy("the store is being closed; nothing more is accepted")
        if waiting >= self._bound:
            raise StoreBusy("the disk does not keep up: too much waits to be written; nothing more is accepted")

    def _run(self) -> None:
        while True:
            self._ready.wait()
            if self._gather and not self._ending:
                time.sleep(self._gather)
            with self._lock:
                self._ready.clear()
                rows, works = self._rows, self._works
                self._rows, self._works = [], []
                ending = self._ending
            if rows or works:
                self._commit(rows, works)
            elif ending:
                return
            if ending:
                self._ready.set()

    def _commit(
        self,
        rows: list[tuple[type[SQLModel], dict[str, Any], Done | None]],
        works: list[tuple[Callable[[Work], Any], asyncio.Future[Any]]],
    ) -> None:
        assert self._loop is not None
        results: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = []
        failure: StoreError | None = None
        try:
            with self._store.engine.connect() as raw:
                connection = raw.execution_options(**WRITE)
                with connection.begin():
                    self._insert(connection, rows)
                    results = [self._perform(connection, work, future) for work, future in works]
                    if self._store.postgres:
                        connection.execute(text(f"NOTIFY {CHANNEL}"))
            self.commits += 1
        except Exception as error:  # noqa: BLE001 - drivers raise what they like for a value; the thread must live on
            if rows and len(rows) + len(works) > 1 and _lies_in_a_row(error):
                self._commit_apart(rows, works)
                return
            failure = tell(error, self._store.url) if isinstance(error, DBAPIError) else _refuse_row(error)
        if failure is not None:
            results = [(future, None, failure) for _, future in works]
        dones = [done for _, _, done in rows if done is not None]
        self._loop.call_soon_threadsafe(_tell_all, dones, failure, results)

    def _commit_apart(
        self,
        rows: list[tuple[type[SQLModel], dict[str, Any], Done | None]],
        works: list[tuple[Callable[[Work], Any], asyncio.Future[Any]]],
    ) -> None:
        """One of a batch cannot be stored: halve it until only that one is refused."""
        if len(rows) > 1:
            half = len(rows) // 2
            self._commit(rows[:half], [])
            self._commit(rows[half:], [])
        elif rows:
            self._commit(rows, [])
        if works:
            self._commit([], works)

    def _insert(self, connection: Connection, rows: list[tuple[type[SQLModel], dict[str, Any], Done | None]]) -> None:
        by_table: dict[type[SQLModel], list[dict[str, Any]]] = {}
        for table, row, _ in rows:
            by_table.setdefault(table, []).append(row)
        for table, batch in by_table.items():
            if not self._store.postgres:
                self._row_insert(table, batch[0]).run(connection, batch)
                continue
            statement = self._statements.get(table)
            if statement is None:
                statement = self._statements[table] = postgresql.insert(table).on_conflict_do_nothing()
            connection.execute(statement, batch)

    def _row_insert(self, table: type[SQLModel], row: dict[str, Any]) -> RowInsert:
        insert = self._inserts.get(table)
        if insert is None or insert.columns != tuple(row):
            insert = self._inserts[table] = RowInsert(table, tuple(row))
        return insert

    def _perform(
        self, connection: Connection, work: Callable[[Work], Any], future: asyncio.Future[Any]
    ) -> tuple[asyncio.Future[Any], Any, BaseException | None]:
        try:
            with (
                connection.begin_nested(),
                Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session,
            ):
                result = work(Work(session, self._store.clock))
                session.commit()
        except DBAPIError as error:
            return future, None, tell(error, self._store.url)
        except Exception as error:  # noqa: BLE001 - whatever a work raises is its caller's, not the writer's
            return future, None, error
        return future, result, None


def _lies_in_a_row(error: Exception) -> bool:
    """Whether a value is at fault, not the database: then the other rows of the batch can still be stored."""
    return not isinstance(error, DBAPIError) or isinstance(error, IntegrityError | DataError | ProgrammingError)


def _refuse_row(error: Exception) -> StoreUnusable:
    return StoreUnusable(f"a row cannot be stored: {' '.join(str(error).split())}")


def _tell_all(
    dones: list[Done],
    failure: StoreError | None,
    results: list[tuple[asyncio.Future[Any], Any, BaseException | None]],
) -> None:
    for done in dones:
        done(failure)
    for future, result, error in results:
        if future.cancelled():
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
