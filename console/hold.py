"""A lease held while a job works: renewed by a thread, taken over at once from a process of this machine that died."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from console.errors import JobRunning
from fleet.errors import StoreError
from fleet.store import Store, Work

LASTS = timedelta(seconds=90)
"""A lease that is not renewed runs out: a job killed on another machine blocks for no longer."""
RENEW_SECONDS = 20.0

log = structlog.get_logger("console.hold")


class Hold:
    """A lease that is ours."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self.name = store, name
        self.holder = f"{socket.gethostname()}:{os.getpid()}"

    def take(self) -> str | None:
        """Take it; None when it is ours, else who works under it."""
        with self._store.begin() as work:
            other = work.leases.take(self.name, self.holder, LASTS)
            if other is not None and _is_dead(other):
                work.leases.free(self.name, other)
                other = work.leases.take(self.name, self.holder, LASTS)
        return other

    def confirm(self, work: Work) -> None:
        """In the transaction that keeps the job's result: it is still ours, or nothing is kept.

        Raises:
            JobRunning: another job took over while this one could not renew it.
        """
        other = work.leases.take(self.name, self.holder, LASTS)
        if other is not None:
            raise JobRunning(f"{other} took the job over; what this one found is not kept")

    def renew(self, ended: threading.Event) -> None:
        """Renew until `ended`; a store that is away for a while is tried again."""
        while not ended.wait(RENEW_SECONDS):
            try:
                with self._store.begin() as work:
                    work.leases.take(self.name, self.holder, LASTS)
            except StoreError as error:
                log.warning("the lease could not be renewed", why=str(error))

    def free(self) -> None:
        """Give it back, or let it run out."""
        try:
            with self._store.begin() as work:
                work.leases.free(self.name, self.holder)
        except StoreError as error:
            log.warning("the lease could not be given back", why=str(error))


@contextmanager
def hold(store: Store, name: str) -> Iterator[Hold]:
    """Work under a lease.

    Raises:
        JobRunning: another job of that name is at work.
    """
    lease = Hold(store, name)
    other = lease.take()
    if other is not None:
        raise JobRunning(f"a plan is being made already, by {other}; wait for it")
    ended = threading.Event()
    thread = threading.Thread(target=lease.renew, args=(ended,), daemon=True, name="lease")
    thread.start()
    try:
        yield lease
    finally:
        ended.set()
        thread.join()
        lease.free()


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    host, _, pid = holder.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
