"""A problem that learns one more bin: one the planner had not offered, and a person wants emptied after all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from routing.problem import Matrix, Ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.problem import Problem, Visit

Legs = tuple["NDArray[np.int32]", "NDArray[np.int32]"]
"""Seconds and metres to or from every point of a problem, (n,); a negative entry says there is no way."""


def widen(problem: Problem, visit: Visit, there: Legs, back: Legs) -> Problem:
    """The problem with `visit` at a point of its own: `there` from every point to it, `back` from it to every point.

    The legs are those of the plain roads. A class of trucks with roads of its own takes as much longer on them as it
    does on the other legs, in the median; no climb is known.
    """
    size = len(problem.seconds)
    ways = {}
    for name, own in problem.ways.items():
        pace = _pace(own.seconds, problem.seconds)
        ways[name] = Ways(
            seconds=_grown(own.seconds, _slower(there[0], pace), _slower(back[0], pace)),
            metres=_grown(own.metres, there[1], back[1]),
            climb=None if own.climb is None else _flat(own.climb),
        )
    return replace(
        problem,
        seconds=_grown(problem.seconds, there[0], back[0]),
        metres=_grown(problem.metres, there[1], back[1]),
        climb=None if problem.climb is None else _flat(problem.climb),
        ways=ways,
        visits=(*problem.visits, replace(visit, location=size)),
    )


def _grown(matrix: Matrix, there: NDArray[np.int32], back: NDArray[np.int32]) -> Matrix:
    size = len(matrix)
    grown = np.zeros((size + 1, size + 1), np.int32)
    grown[:size, :size] = matrix
    grown[:size, size], grown[size, :size] = there, back
    return grown


def _flat(climb: Matrix) -> Matrix:
    nothing = np.zeros(len(climb), np.int32)
    return _grown(climb, nothing, nothing)


def _pace(own: Matrix, plain: Matrix) -> float:
    known = (own > 0) & (plain > 0)
    return float(np.median(own[known] / plain[known])) if known.any() else 1.0


def _slower(seconds: NDArray[np.int32], pace: float) -> NDArray[np.int32]:
    return np.where(seconds < 0, -1, np.rint(seconds * pace)).astype(np.int32)
