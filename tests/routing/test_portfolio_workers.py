"""Parts of the search in other processes and on a Dask cluster."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest

from routing.check import check
from routing.solve import portfolio, solve
from routing.solve.executors import DASK, open_executor


class Faulty(Executor):
    """An executor whose workers all die."""

    def submit(self, _fn, /, *_args, **_kwargs):
        future: Future[object] = Future()
        future.set_exception(MemoryError())
        return future


def leave(_number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def grow(_number: int) -> int:
    return len(bytearray(1 << 40))


def double(number: int) -> int:
    return 2 * number


@pytest.fixture
def night(make_night):
    return make_night(seed=6, bins=30, trucks=4, hours=8)


@pytest.mark.parametrize("large", [False, True])
def test_any_executor_takes_part(night, monkeypatch, large):
    """Starts of a small night and pieces of a large one come back from an executor and make a valid plan."""
    if large:
        monkeypatch.setattr(portfolio, "SHARED", 10)
    notes: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        plan = solve(night, 1.5, executor=pool, workers=2, fallbacks=notes)
    assert check(night, plan) == ()
    assert plan.routes
    assert notes == []


@pytest.mark.parametrize("large", [False, True])
def test_workers_that_die_are_named_and_missed_by_nobody(night, monkeypatch, large):
    """When every worker dies the plan is made here, and one line says so."""
    if large:
        monkeypatch.setattr(portfolio, "SHARED", 10)
    notes: list[str] = []
    plan = solve(night, 1.0, executor=Faulty(), workers=2, fallbacks=notes)
    assert check(night, plan) == ()
    assert plan.routes
    assert notes == ["search processes failed (MemoryError); searched in one process"]


def test_a_cluster_that_does_not_answer_is_named(night, monkeypatch):
    """With a scheduler nobody listens at, the night is planned in this process."""
    monkeypatch.setenv(DASK, "tcp://127.0.0.1:9")
    monkeypatch.setattr("routing.solve.executors.JOINED", 0.5)
    notes: list[str] = []
    plan = solve(night, 0.5, fallbacks=notes)
    assert check(night, plan) == ()
    assert len(notes) == 1
    assert notes[0].startswith("no cluster (")


def test_a_process_killed_in_the_pool_breaks_only_its_work():
    """A worker killed by the system raises where its answer is awaited, and the pool still closes."""
    with open_executor(2, {}) as pool:
        assert pool is not None
        assert pool.submit(double, 4).result(60) == 8
        with pytest.raises(Exception, match="terminated abruptly"):
            pool.submit(leave, 1).result(60)


def test_a_worker_that_grows_is_stopped_by_its_own_cap():
    """A worker asking for a terabyte gets MemoryError and goes on."""
    with open_executor(2, {}) as pool:
        assert pool is not None
        with pytest.raises(MemoryError):
            pool.submit(grow, 1).result(60)
        assert pool.submit(double, 4).result(60) == 8


def test_a_huge_night_is_searched_in_pieces_by_one_process_too(night, monkeypatch):
    """Without workers the pieces are solved here, on the same clock, and repeat with counted steps."""
    monkeypatch.setattr(portfolio, "LARGE", 10)
    notes: list[str] = []
    plan = solve(night, 6.0, seed=3, iterations=300, fallbacks=notes)
    assert check(night, plan) == ()
    assert notes == []
    assert solve(night, 6.0, seed=3, iterations=300) == plan


def test_one_worker_needs_no_pool():
    """Alone, everything is done in this process."""
    with open_executor(1, {}) as pool:
        assert pool is None


@pytest.mark.slow
def test_a_night_on_two_processes(night):
    """With two workers a start runs in a process of its own and the plan is valid."""
    notes: list[str] = []
    plan = solve(night, 3.0, workers=2, fallbacks=notes)
    assert check(night, plan) == ()
    assert notes == []


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_night_on_a_dask_cluster(night, monkeypatch):
    """With BINWATT_DASK set the pieces of a night are solved on the cluster."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(portfolio, "SHARED", 10)
    notes: list[str] = []
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, host="127.0.0.1", protocol="tcp"
    ) as cluster:
        monkeypatch.setenv(DASK, cluster.scheduler_address)
        plan = solve(night, 2.0, fallbacks=notes)
    assert check(night, plan) == ()
    assert notes == []
