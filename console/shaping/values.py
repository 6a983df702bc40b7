"""What goes between a screen and whoever works an edit out: plain values, quick to import and to send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class EditCall:
    """An edit by the name of its kind and its fields, as `routing.edit.KINDS` has them."""

    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule a plan breaks: its name, of which truck ("" for the whole plan), and what the checker says."""

    rule: str
    truck: str
    text: str


@dataclass(frozen=True, slots=True)
class Tried:
    """An edit worked out on version `version` of plan `plan_id`, and what it changes.

    `margins`: (truck, kWh spare before, and after) of every truck whose route changes. `same`: it changes nothing.
    """

    plan_id: int
    version: int
    call: EditCall
    km: float = 0.0
    minutes: float = 0.0
    money: float = 0.0
    kwh: float = 0.0
    overflows: float = 0.0
    margins: tuple[tuple[str, float | None, float | None], ...] = ()
    broken: tuple[Broken, ...] = ()
    mended: int = 0
    same: bool = False
