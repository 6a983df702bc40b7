"""The search in a process of its own: what kills it, or makes it hang, costs the night an engine and not the plan."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from routing.check import check
from routing.errors import ProblemError, SolveError
from routing.plan import Plan
from routing.problem import Problem
from routing.solve import Progress, solve

FALL_BACK: Final = "own"
"""The engine that needs no other library's search; where it was the one that failed, it gets another chance."""
PATIENCE: Final = 60.0
"""Seconds beyond its budget, and half as much again, that a search may take before it counts as hanging."""
LEAST_SECONDS: Final = 2.0
JOIN_SECONDS: Final = 2.0
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Found:
    """A plan that holds every rule, who found it, and what went wrong on the way."""

    plan: Plan
    engine: str
    notes: tuple[str, ...]


def search(
    problem: Problem,
    seconds: float,
    seed: int,
    *,
    engine: str = "portfolio",
    workers: int = 1,
    warm: Plan | None = None,
    progress: Callable[[Progress], None] | None = None,
    patience: float = PATIENCE,
) -> Found:
    """The best plan found in `seconds`, checked; where an engine fails, our own search steps in.

    Raises:
        ProblemError: the night cannot be planned as it is written.
        SolveError: no engine gave a plan that holds every rule; its text names what each did.
    """
    began = time.monotonic()
    notes: list[str] = []
    for name in (engine, FALL_BACK):
        rest = max(min(LEAST_SECONDS, seconds), seconds - (time.monotonic() - began)) if notes else seconds
        told: list[str] = []
        options = {"engine": name, "workers": workers if name == engine else 1, "warm": warm}
        try:
            plan = _ask(problem, rest, seed, options, progress, patience, told)
        except SolveError as error:
            notes.append(f"engine {name}: {error}")
            continue
        notes += told
        violations = check(problem, plan)
        if not violations:
            return Found(plan, name, tuple(notes))
        first = "; ".join(f"{one.truck} {one.text}" for one in violations[:SHOWN])
        notes.append(f"engine {name}: its plan breaks {len(violations)} rules: {first}")
    raise SolveError("no plan: " + "; ".join(notes))


def _ask(
    problem: Problem,
    seconds: float,
    seed: int,
    options: dict[str, Any],
    progress: Callable[[Progress], None] | None,
    patience: float,
    told: list[str],
) -> Plan:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    child = spawn.Process(target=work, args=(theirs, problem, seconds, seed, options), name="binwatt-search")
    child.start()
    theirs.close()
    until = time.monotonic() + seconds * 1.5 + patience
    try:
        while True:
            if not ours.poll(max(0.0, until - time.monotonic())):
                raise SolveError(f"hung: no answer within {seconds * 1.5 + patience:.0f} s")
            try:
                kind, value = ours.recv()
            except (EOFError, OSError):
                child.join(JOIN_SECONDS)
                raise SolveError(f"its process ended ({_ending(child.exitcode)})") from None
            if kind == "progress" and progress is not None:
                progress(value)
            elif kind == "without":
                told.append(value)
            elif kind == "refused":
                raise ProblemError(value)
            elif kind == "failed":
                raise SolveError(value)
            elif kind == "plan":
                assert isinstance(value, Plan)
                return value
    finally:
        ours.close()
        child.join(JOIN_SECONDS if sys.exc_info()[0] is None else 0)
        _end(child)


def _end(child: SpawnProcess) -> None:
    """End the search process and those it started: they are a group of their own."""
    assert child.pid is not None
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
    if child.is_alive():
        child.kill()
    child.join()
    child.close()


def work(answer: Connection, problem: Problem, seconds: float, seed: int, options: dict[str, Any]) -> None:
    """In the child: search, and say over the pipe how it goes. Ends when nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends this process
    if hasattr(os, "setsid"):
        os.setsid()  # whoever ends this process ends its workers too
    fallbacks: list[str] = []

    def tell(found: Progress) -> None:
        try:
            answer.send(("progress", found))
        except OSError:  # the parent is gone
            if hasattr(os, "killpg"):
                os.killpg(0, signal.SIGKILL)
            os._exit(1)

    try:
        plan = solve(problem, seconds, seed, progress=tell, fallbacks=fallbacks, **options)
    except ProblemError as error:
        said: tuple[str, object] = ("refused", str(error))
    except Exception as error:  # noqa: BLE001 - whatever a solver raises is told to the parent, which goes on without it
        said = ("failed", f"{type(error).__name__}: {error}")
    else:
        said = ("plan", plan)
    with suppress(OSError):
        for note in fallbacks:
            answer.send(("without", note))
        answer.send(said)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
