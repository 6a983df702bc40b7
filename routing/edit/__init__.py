"""Shaping a plan by hand: every edit with what it changes and the rules it breaks. Pure: a draft in, a draft out."""

from routing.edit.delta import expected_overflows, margin, measure
from routing.edit.sketch import sketch_of, to_draft
from routing.edit.values import (
    KINDS,
    Add,
    Delta,
    Draft,
    Drop,
    Edit,
    Edited,
    Improve,
    Kind,
    Lock,
    Margin,
    Move,
    Split,
    Start,
    Swap,
    Unlock,
)
from routing.edit.work import apply

__all__ = [
    "KINDS",
    "Add",
    "Delta",
    "Draft",
    "Drop",
    "Edit",
    "Edited",
    "Improve",
    "Kind",
    "Lock",
    "Margin",
    "Move",
    "Split",
    "Start",
    "Swap",
    "Unlock",
    "apply",
    "expected_overflows",
    "margin",
    "measure",
    "sketch_of",
    "to_draft",
]
