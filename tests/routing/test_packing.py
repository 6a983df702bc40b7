"""A problem packed and unpacked is the same problem; rubbish is refused in one line."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from routing.errors import PackingError
from routing.packing import MARK, pack, unpack
from routing.problem import Problem, Ways

MATRICES = ("seconds", "metres", "climb")


def same(one: Problem | Ways, two: Problem | Ways) -> bool:
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(two, field.name)
        if field.name in MATRICES:
            if (mine is None) != (theirs is None) or (mine is not None and not np.array_equal(mine, theirs)):
                return False
        elif field.name == "ways":
            if mine.keys() != theirs.keys() or not all(same(mine[key], theirs[key]) for key in mine):
                return False
        elif mine != theirs:
            return False
    return True


@pytest.mark.parametrize("seed", range(12))
def test_a_problem_comes_back_as_it_was(mixed_night, seed):
    """Whatever rules a night has, nothing of it is lost."""
    night = mixed_night(seed)
    assert same(unpack(pack(night)), night)


def test_packing_is_small(mixed_night):
    """A night of a thousand points stays well below its matrices' size."""
    night = mixed_night(1, locks=False)
    away = np.abs(np.arange(1000)[:, None] - np.arange(1000)[None, :]).astype(np.int32) * 7
    big = replace(night, seconds=away, metres=away * 6, climb=None, ways={})
    assert len(pack(big)) < 3_000_000


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: b"",
        lambda body: b"\x80\x04K\x01.",
        lambda body: MARK,
        lambda body: MARK + b"\xff\xff\xff\xff" + body[len(MARK) + 4 :],
        lambda body: body[:-200],
        lambda body: body[: len(MARK) + 40],
        lambda body: body.replace(b'"bin":"B0"', b'"bin":12345', 1),
        lambda body: body.replace(b'"litres":', b'"LITRES":', 1),
        lambda body: body.replace(b"PK", b"XX"),
    ],
)
def test_rubbish_is_refused(mixed_night, damage):
    """Bytes that are no packed problem, cut off, or changed give one line, never another error."""
    with pytest.raises(PackingError) as refused:
        unpack(damage(pack(mixed_night(3))))
    assert "\n" not in str(refused.value)


def test_what_no_longer_holds_together_is_refused(mixed_night):
    """A packed night whose parts contradict each other is refused as such."""
    body = pack(mixed_night(3)).replace(b'"depot":"D1"', b'"depot":"X1"').replace(b'"depot":"D2"', b'"depot":"X2"')
    with pytest.raises(PackingError, match="does not hold together"):
        unpack(body)
