"""The workbench: a process of its own in which edits are worked out, so that the screen never waits for numbers.

It is started by the first edit, opens the store itself and keeps plan and problem from one edit to the next. Its numpy,
solver and road network never enter the console's process.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from console.errors import ShapingImpossible

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.shaping.shaper import Shaper
    from console.shaping.values import EditCall, Tried

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 60.0
"""Seconds the longest edit may take: compiling a city of thousands of bins and a short search."""


@dataclass(slots=True)
class _Room:
    """What the worker process keeps."""

    shaper: Shaper | None = None


_room = _Room()


def _furnish(url: str, operator: str, reserve: float) -> None:
    """Open the store in the worker process; whatever libraries print must not reach the terminal."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    from console.shaping.shaper import Shaper
    from fleet.store import Store

    _room.shaper = Shaper(Store.open(url), operator, reserve)


def _try(plan_id: int, version: int, call: EditCall) -> Tried:
    assert _room.shaper is not None
    return _room.shaper.try_edit(plan_id, version, call)


def _accept(plan_id: int, version: int, call: EditCall) -> int:
    assert _room.shaper is not None
    return _room.shaper.accept(plan_id, version, call)


def _undo(plan_id: int, version: int) -> Tried:
    assert _room.shaper is not None
    return _room.shaper.undo(plan_id, version)


def _redo(plan_id: int, version: int) -> Tried:
    assert _room.shaper is not None
    return _room.shaper.redo(plan_id, version)


def _ready() -> None:
    """Answer once the process stands."""


class Bench:
    """Edits in a worker process. Every call blocks: use it in a thread."""

    def __init__(self, url: str, operator: str, reserve: float) -> None:
        self._furniture = (url, operator, reserve)
        # what a worker process needs beside it is started with this process's own stderr; the screen puts another in
        # its place, which has no file number to hand down
        resource_tracker.ensure_running()
        self._pool: ProcessPoolExecutor | None = None

    def warm(self) -> None:
        """Start the process, so that the first edit finds it ready."""
        self._do(_ready)

    def try_edit(self, plan_id: int, version: int, call: EditCall) -> Tried:
        """What an edit would change."""
        return self._do(_try, plan_id, version, call)

    def accept(self, plan_id: int, version: int, call: EditCall) -> int:
        """Keep an edit; the number of the draft it is in."""
        return self._do(_accept, plan_id, version, call)

    def undo(self, plan_id: int, version: int) -> Tried:
        """Take the last edit back."""
        return self._do(_undo, plan_id, version)

    def redo(self, plan_id: int, version: int) -> Tried:
        """Do the edit taken back last again."""
        return self._do(_redo, plan_id, version)

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _do(self, deed: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1, multiprocessing.get_context("spawn"), initializer=_furnish, initargs=self._furniture
            )
        try:
            return self._pool.submit(deed, *args, **kwargs).result(PATIENCE)
        except BrokenProcessPool:
            self._pool = None
            raise ShapingImpossible("the process that works edits out has ended; try the edit again") from None
        except TimeoutError:
            self.close()
            raise ShapingImpossible(f"the edit was not worked out within {PATIENCE:.0f} s; it is given up") from None
