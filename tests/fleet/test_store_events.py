"""The event log and its tail: whole, in order, tamper-evident, awake."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from fleet.clock import FixedClock
from fleet.events import GENESIS, Kind
from fleet.store import Store
from fleet.tables import Bin, EventRow, Reading

WRITERS, EACH = 4, 25


def fill_log(store: Store, count: int = 5) -> None:
    for number in range(count):
        with store.begin() as work:
            work.events.append(Kind.CITY_IMPORTED, "bins", who="amal", what="bins", added=number, updated=0, file="x")


def test_every_event_covers_the_one_before(any_store: Store) -> None:
    """The chain starts at zeros, and each row names its predecessor's hash."""
    fill_log(any_store)
    with any_store.read() as work:
        rows = list(work.session.exec(select(EventRow).order_by(col(EventRow.event_id))))
        assert work.events.broken_at() is None
    assert rows[0].previous_hash == GENESIS
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE event SET data = replace(data, '2', '9') WHERE event_id = 3",
        "UPDATE event SET who = 'bilal' WHERE event_id = 3",
        "UPDATE event SET subject = 'trucks' WHERE event_id = 3",
        "UPDATE event SET kind = 'bin.emptied' WHERE event_id = 3",
        "UPDATE event SET at = '2026-03-10 19:00:01+00' WHERE event_id = 3",
        "DELETE FROM event WHERE event_id = 3",
    ],
)
def test_tampering_is_found(any_store: Store, tampering: str) -> None:
    """Change or remove any part of an event, and the check names where the chain breaks."""
    fill_log(any_store)
    if "SET at" in tampering and not any_store.postgres:
        tampering = tampering.replace("+00", ".000000")
    with any_store.engine.begin() as connection:
        assert connection.execute(text(tampering)).rowcount == 1
    with any_store.read() as work:
        assert work.events.broken_at() == (4 if tampering.startswith("DELETE") else 3)


def test_the_chain_holds_under_concurrent_threads(any_store: Store) -> None:
    """Four writers at once: every event is there, and the chain is whole."""

    def write(name: str) -> None:
        for number in range(EACH):
            with any_store.begin() as work:
                work.events.append(Kind.TRUCK_REPORTED, name, number=number)

    threads = [threading.Thread(target=write, args=(f"T{number}",)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    check_log(any_store, WRITERS)


def test_the_chain_holds_under_concurrent_processes(any_store: Store, any_url: str) -> None:
    """Two processes at once, as serve and plan are: the same."""
    code = (
        "import sys; from fleet.store import Store; from fleet.events import Kind\n"
        "store = Store.open(sys.argv[1])\n"
        f"for number in range({EACH}):\n"
        "    with store.begin() as work:\n"
        "        work.events.append(Kind.TRUCK_REPORTED, sys.argv[2], number=number)\n"
        "store.close()\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, any_url, f"T{number}"]) for number in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    check_log(any_store, 2)


def check_log(store: Store, writers: int) -> None:
    with store.read() as work:
        events = work.events.newest(1000)
        assert work.events.broken_at() is None
    for name in (f"T{number}" for number in range(writers)):
        assert [event.data["number"] for event in events if event.subject == name] == list(range(EACH))


def test_the_tail_wakes_and_reads_what_others_wrote(any_store: Store, any_url: str, clock: FixedClock) -> None:
    """A write through another opening wakes a waiting tail soon, and it reads events and readings once each."""
    with any_store.begin() as work:
        work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3))
    with any_store.tail() as tail:
        assert tail.wait(0)
        assert tail.read() == []

        def write() -> None:
            time.sleep(0.2)
            other = Store.open(any_url, clock)
            with other.begin() as work:
                work.events.append(Kind.CITY_IMPORTED, "bins", what="bins", added=1, updated=0, file="x")
                work.bins.take_reading(
                    Reading(key="r", bin_id="A", measured_at=clock.at, received_at=clock.at, fill=0.5)
                )
            other.close()

        thread = threading.Thread(target=write)
        begun = time.monotonic()
        thread.start()
        assert tail.wait(10)
        waited = time.monotonic() - begun
        thread.join()
        assert [(event.kind, event.subject) for event in tail.read()] == [
            (Kind.CITY_IMPORTED, "bins"),
            (Kind.BIN_READ, "A"),
        ]
        assert tail.read() == []
    assert 0.15 < waited < 3


def test_the_tail_does_not_wake_for_nothing(any_store: Store) -> None:
    """Nobody wrote: it waits as long as it was told and says no."""
    with any_store.tail() as tail:
        tail.wait(0)
        begun = time.monotonic()
        assert tail.wait(0.3) is False
        assert time.monotonic() - begun >= 0.25


def test_a_tail_reads_in_portions_and_misses_nothing(any_store: Store) -> None:
    """More than it reads at once comes with the next reads, in order; a cursor goes on where it was."""
    with any_store.tail() as tail:
        start = tail.cursor
        fill_log(any_store, 7)
        numbers = []
        while tail.wait(0):
            numbers += [event.data["added"] for event in tail.read(limit=3)]
            if len(numbers) >= 7:
                break
    assert numbers == list(range(7))
    with any_store.tail(start) as again:
        assert len(again.read()) == 7
