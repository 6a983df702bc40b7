"""Where parts of a search run: processes of our own with a cap on memory, or a Dask cluster.

`BINWATT_DASK` names the scheduler of a cluster ("tcp://127.0.0.1:8786"); its client gives the same
`concurrent.futures.Executor` as a pool of processes does.
"""

from __future__ import annotations

import multiprocessing
import resource
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DASK = "BINWATT_DASK"

MEGABYTES = 3_000
"""Address space a worker may take; OR-Tools and numpy reserve far more than they use."""

JOINED = 10
"""Seconds a Dask scheduler may take to answer."""


@contextmanager
def open_executor(workers: int, environment: Mapping[str, str]) -> Iterator[Executor | None]:
    """An executor for `workers` workers, closed at the end; None for one worker and no cluster.

    Raises OSError when the cluster named in the environment does not answer, ImportError without the dask extra.
    """
    if environment.get(DASK):
        from distributed import Client

        with Client(environment[DASK], timeout=JOINED, set_as_default=False) as client:  # type: ignore[no-untyped-call] # ships no types
            yield client.get_executor()
    elif workers > 1:
        pool = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=cap_memory, initargs=(MEGABYTES,)
        )
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    else:
        yield None


def cap_memory(megabytes: int) -> None:
    """Bound this process's address space: one that grows beyond gets MemoryError, not the whole machine."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
