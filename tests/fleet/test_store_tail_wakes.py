"""The tail wakes when somebody else has written, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
import time

from fleet.events import Kind
from fleet.store import Store


def test_a_write_by_another_connection_wakes_the_tail(any_store: Store):
    """A tail that waits is woken by a commit well before its time is up, and once only."""

    def write() -> None:
        with any_store.begin() as work:
            work.events.append(Kind.SERVER_STARTED, "server", ocpp_port=1, http_port=2)

    with any_store.tail() as tail:
        tail.wait(0)
        assert tail.read() == []
        assert not tail.wait(0.2)
        writer = threading.Timer(0.2, write)
        writer.start()
        begun = time.monotonic()
        assert tail.wait(10.0)
        assert time.monotonic() - begun < 2.0
        writer.join()
        assert [event.kind for event in tail.read()] == [Kind.SERVER_STARTED]
        assert not tail.wait(0.2)
