"""The group-commit writer: acknowledged means durable, one bad thing is refused alone, and it lives on."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from fleet.clock import FixedClock
from fleet.errors import StoreBusy, StoreError, StoreUnusable
from fleet.events import Kind
from fleet.store import Store, Work, Writer
from fleet.store import engine as store_engine
from fleet.tables import Bin, Uplink


@pytest.fixture
async def writer(any_store: Store) -> AsyncIterator[Writer]:
    writer = Writer(any_store, gather_seconds=0.001)
    writer.start()
    yield writer
    await writer.stop()


def uplink(clock: FixedClock, key: str, **fields: Any) -> dict[str, Any]:
    plain = {
        "network": "ttn",
        "source": "s",
        "device_id": "d",
        "received_at": clock.at,
        "body": "{}",
        "outcome": "stored",
    }
    return {"key": key, **plain, **fields}


def keys(store: Store) -> list[str]:
    with store.read() as work:
        return sorted(row.key for row in work.session.exec(select(Uplink)))


def put(writer: Writer, row: dict[str, Any]) -> asyncio.Future[StoreError | None]:
    """Hand a row in; the future gives what its callback was told."""
    future: asyncio.Future[StoreError | None] = asyncio.get_running_loop().create_future()
    writer.put(Uplink, row, future.set_result)
    return future


async def test_a_row_is_on_disk_when_its_callback_comes(writer: Writer, any_store: Store, clock: FixedClock) -> None:
    """Another connection reads the row the moment the callback is called, on the loop's own thread."""
    seen: list[list[str]] = []
    done = asyncio.Event()

    def told(error: StoreError | None) -> None:
        assert error is None
        seen.append(keys(any_store))
        done.set()

    writer.put(Uplink, uplink(clock, "a"), told)
    await asyncio.wait_for(done.wait(), 10)
    assert seen == [["a"]]


async def test_many_share_few_commits(writer: Writer, any_store: Store, clock: FixedClock) -> None:
    """What is handed in together is committed together."""
    told = await asyncio.gather(*(put(writer, uplink(clock, f"k{number:03}")) for number in range(200)))
    assert told == [None] * 200
    assert len(keys(any_store)) == 200
    assert writer.commits < 20


async def test_a_duplicate_row_is_acknowledged_and_stored_once(
    writer: Writer, any_store: Store, clock: FixedClock
) -> None:
    """Whoever sends again what was stored is told it is stored."""
    assert await put(writer, uplink(clock, "a", body="first")) is None
    assert await put(writer, uplink(clock, "a", body="second")) is None
    with any_store.read() as work:
        assert [row.body for row in work.session.exec(select(Uplink))] == ["first"]


async def test_a_failing_work_is_undone_alone(writer: Writer, any_store: Store, clock: FixedClock) -> None:
    """Of three works in a batch the one that raises leaves nothing; its caller gets its own exception."""

    def keep(number: int) -> int | None:
        def work_of(work: Work) -> int:
            work.bins.upsert(Bin(bin_id=f"B{number}", lat=34.9, lon=-2.3))
            work.events.append(Kind.CITY_IMPORTED, "bins", number=number)
            if number == 1:
                raise ValueError("no")
            return number

        return work_of  # type: ignore[return-value]

    results = await asyncio.gather(*(writer.do(keep(number)) for number in range(3)), return_exceptions=True)  # type: ignore[arg-type]
    assert results[0] == 0
    assert isinstance(results[1], ValueError)
    assert results[2] == 2
    with any_store.read() as work:
        assert [row.bin_id for row in work.bins.all()] == ["B0", "B2"]
        assert [event.data["number"] for event in work.events.newest()] == [0, 2]
        assert work.events.broken_at() is None


@pytest.mark.parametrize("wrong", [{"body": None}, {"body": "\ud800"}, {"network": object()}, {"received_at": "soon"}])
async def test_a_row_that_cannot_be_stored_is_refused_alone(
    writer: Writer, any_store: Store, clock: FixedClock, wrong: dict[str, Any]
) -> None:
    """A value no database takes fails its sender, not the others of its batch, and the writer lives on."""
    rows = [uplink(clock, f"k{number}") for number in range(5)]
    rows[2].update(wrong)
    told = await asyncio.wait_for(asyncio.gather(*(put(writer, row) for row in rows)), 20)
    assert isinstance(told[2], StoreError)
    assert "\n" not in str(told[2])
    assert [told[number] for number in (0, 1, 3, 4)] == [None] * 4
    assert await put(writer, uplink(clock, "later")) is None
    assert keys(any_store) == ["k0", "k1", "k3", "k4", "later"]


async def test_a_commit_that_fails_fails_its_batch_and_the_writer_lives_on(
    sqlite_url: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process holds the database all are told it is busy, nothing is acknowledged; then it goes on."""
    monkeypatch.setattr(store_engine, "BUSY_SECONDS", 0.2)
    store = Store.open(sqlite_url, clock)
    writer = Writer(store, gather_seconds=0)
    writer.start()
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    row = put(writer, uplink(clock, "a"))
    with pytest.raises(StoreBusy, match="another process holds the database"):
        await writer.do(lambda work: work.bins.upsert(Bin(bin_id="A", lat=1, lon=1)))
    assert isinstance(await row, StoreBusy)
    holder.execute("ROLLBACK")
    holder.close()
    assert keys(store) == []
    assert await put(writer, uplink(clock, "b")) is None
    await writer.stop()
    assert keys(store) == ["b"]
    store.close()


async def test_more_than_can_wait_is_refused_at_the_door(store: Store, clock: FixedClock) -> None:
    """A disk that does not keep up is said at once, not by growing without bound."""
    writer = Writer(store, gather_seconds=0.2, bound=3)
    writer.start()
    futures = [put(writer, uplink(clock, f"k{number}")) for number in range(3)]
    with pytest.raises(StoreBusy, match="does not keep up"):
        put(writer, uplink(clock, "k9"))
    assert await asyncio.gather(*futures) == [None] * 3
    await writer.stop()


async def test_stopping_writes_what_was_handed_in(store: Store, clock: FixedClock) -> None:
    """Nothing accepted is lost at the end, and nothing is accepted after it."""
    writer = Writer(store, gather_seconds=0)
    writer.start()
    futures = [put(writer, uplink(clock, f"k{number}")) for number in range(50)]
    await writer.stop()
    assert await asyncio.gather(*futures) == [None] * 50
    assert len(keys(store)) == 50
    with pytest.raises(StoreBusy, match="closed"):
        await writer.do(lambda work: work.bins.all())


async def test_reading_happens_off_the_loop(writer: Writer) -> None:
    """read() gives a verb's result."""
    assert await writer.read(lambda work: work.bins.all()) == []


KILLED = """
import asyncio, sys
from datetime import UTC, datetime
from fleet.store import Store, Writer
from fleet.tables import Uplink

async def main():
    writer = Writer(Store.open(sys.argv[1]))
    writer.start()
    def tell(key):
        def told(error):
            assert error is None
            sys.stdout.write(key + "\\n")
            sys.stdout.flush()
        return told
    number = 0
    while True:
        for _ in range(20):
            number += 1
            key = f"k{number}"
            row = {"key": key, "network": "n", "source": "s", "device_id": "d", "body": "{}", "outcome": "stored"}
            writer.put(Uplink, row | {"received_at": datetime.now(UTC)}, tell(key))
        await asyncio.sleep(0.002)

asyncio.run(main())
"""


def test_kill_9_loses_nothing_acknowledged(any_store: Store, any_url: str, tmp_path: Path) -> None:
    """A process killed in the middle of its writing: every key it acknowledged is there, and the store is whole."""
    said = tmp_path / "acknowledged"
    with said.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", KILLED, any_url], stdout=out)
        try:
            for _ in range(400):
                if said.stat().st_size > 2000 or process.poll() is not None:
                    break
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()
            process.wait(10)
    acknowledged = said.read_text().splitlines()
    assert len(acknowledged) > 100
    assert set(acknowledged[:-1]) <= set(keys(any_store))
    with any_store.read() as work:
        assert work.events.broken_at() is None
    if not any_store.postgres:
        with any_store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


async def test_a_database_that_went_away_is_told(postgres_url: str, clock: FixedClock) -> None:
    """The server ends our session: the batch is told, and the next one is written."""
    store = Store.open(postgres_url, clock)
    writer = Writer(store, gather_seconds=0)
    writer.start()
    assert await put(writer, uplink(clock, "a")) is None

    def end_session(work: Work) -> None:
        work.session.connection().exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StoreError) as told:
        await writer.do(end_session)
    assert not isinstance(told.value, StoreUnusable) or "\n" not in str(told.value)
    assert await put(writer, uplink(clock, "b")) is None
    await writer.stop()
    store.close()
