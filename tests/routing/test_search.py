"""The search in a process of its own: killed, hanging, raising or lying it costs an engine, never the plan."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

import routing.search as searching
from routing.check import check
from routing.errors import SolveError
from routing.plan import Plan
from routing.search import search
from routing.solve import Progress


class Trouble:
    """Sends a signal to the first search process that tells of progress."""

    def __init__(self, number: signal.Signals) -> None:
        self.number, self.sent = number, 0

    def __call__(self, found: Progress) -> None:
        if not self.sent and found.phase != "done":
            for child in multiprocessing.active_children():
                assert child.pid is not None
                os.kill(child.pid, self.number)
                self.sent += 1


def test_plan_comes_back_whole_and_says_who_found_it(make_night):
    """A search of its own process gives a plan that holds every rule, and tells how far it is."""
    told = []
    found = search(make_night(), 0.5, 1, engine="own", progress=told.append)
    assert check(make_night(), found.plan) == ()
    assert (found.engine, found.notes) == ("own", ())
    assert told[-1].phase == "done"
    assert not multiprocessing.active_children()


def test_killed_search_is_replaced(make_night):
    """kill -9 of the search process: our own engine steps in, the plan is valid, the note says what was killed."""
    trouble = Trouble(signal.SIGKILL)
    found = search(make_night(bins=30), 4.0, 1, engine="own", progress=trouble)
    assert trouble.sent == 1
    assert check(make_night(bins=30), found.plan) == ()
    assert found.engine == "own"
    assert found.notes == ("engine own: its process ended (killed by SIGKILL)",)


def test_hanging_search_is_ended(make_night):
    """A search that stops answering is killed after its patience, and replaced."""
    trouble = Trouble(signal.SIGSTOP)
    found = search(make_night(bins=30), 3.0, 1, engine="own", progress=trouble, patience=4.0)
    assert "hung: no answer" in found.notes[0]
    assert check(make_night(bins=30), found.plan) == ()
    assert not multiprocessing.active_children()


def test_engine_that_raises_is_replaced(make_night):
    """An engine nobody has raises in its process; the night goes on with our own."""
    found = search(make_night(), 0.5, 1, engine="abacus")
    assert found.engine == "own"
    assert "abacus" in found.notes[0]


def test_lying_engine_is_found_out(make_night, monkeypatch):
    """A plan that does not pass the checker is never given out: the next engine's is, if it passes."""
    verdicts = iter([check])

    def first_lies(problem, plan: Plan):
        if next(verdicts, None) is not None:
            return check(problem, replace(plan, metres=plan.metres + 1))
        return check(problem, plan)

    monkeypatch.setattr(searching, "check", first_lies)
    found = search(make_night(), 0.5, 1, engine="pyvrp")
    assert found.engine == "own"
    assert "breaks 1 rules" in found.notes[0]


def test_no_engine_left_is_one_line(make_night, monkeypatch):
    """When every engine's plan breaks a rule there is one line that names them all."""
    monkeypatch.setattr(searching, "check", lambda problem, plan: check(problem, replace(plan, metres=plan.metres + 1)))
    with pytest.raises(SolveError, match=r"engine pyvrp: .*engine own: ") as caught:
        search(make_night(), 0.5, 1, engine="pyvrp")
    assert "\n" not in str(caught.value)


def test_holes_in_the_matrix_leave_bins_not_the_night(make_night):
    """A bin with no way to it is left with its reason, the rest is planned."""
    night = make_night(bins=6, windows=False)
    seconds, metres = night.seconds.copy(), night.metres.copy()
    for matrix in (seconds, metres):
        matrix[0, :] = matrix[:, 0] = np.int32(-1)
    holed = replace(night, seconds=seconds, metres=metres)
    found = search(holed, 0.5, 1, engine="own")
    assert check(holed, found.plan) == ()
    assert "B0" in {one.bin for one in found.plan.left}
