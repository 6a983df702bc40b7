"""Lines that mix scripts, in the order they are drawn (Unicode Standard Annex 9).

fpdf2 works out the levels of a line but draws its pieces one after another, which puts a house number on the wrong side
of an Arabic street name within a French line. Here the pieces are put in visual order (rule L2), each of one direction,
so that whoever draws them from left to right is right.
"""

from __future__ import annotations

from itertools import groupby
from unicodedata import bidirectional

from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection

RIGHT_TO_LEFT = frozenset({"R", "AL"})


def runs_left(text: str, *, otherwise: bool) -> bool:
    """Whether a text is read from right to left: as its first letter is (rules P2 and P3)."""
    for char in text:
        kind = bidirectional(char)
        if kind == "L" or kind in RIGHT_TO_LEFT:
            return kind != "L"
    return otherwise


def order_runs(text: str, *, leftwards: bool) -> list[tuple[str, bool]]:
    """The pieces of a line from left to right: what each says in reading order, and whether it is read leftwards."""
    if not text or (not leftwards and not any(bidirectional(char) in RIGHT_TO_LEFT for char in text)):
        return [(text, False)] if text else []
    base = TextDirection.RTL if leftwards else TextDirection.LTR
    known = BidiParagraph(text=text, base_direction=base, preserve_bn_chars=True).characters
    runs = [
        ("".join(char.character for char in run), level)
        for level, run in groupby(known, key=lambda char: char.embedding_level)
    ]
    for least in range(max(level for _, level in runs), 0, -1):
        runs = _turn(runs, least)
    return [(piece, bool(level % 2)) for piece, level in runs]


def _turn(runs: list[tuple[str, int]], least: int) -> list[tuple[str, int]]:
    """Rule L2 for one level: neighbours at it or deeper change places."""
    turned: list[tuple[str, int]] = []
    deep: list[tuple[str, int]] = []
    for run in runs:
        if run[1] >= least:
            deep.insert(0, run)
        else:
            turned += [*deep, run]
            deep = []
    return [*turned, *deep]
