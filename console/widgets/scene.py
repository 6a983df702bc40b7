"""What a city map shows, before it is drawn: marks, lines, and how each kind looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from console.i18n import N_

Look = Literal["low", "half", "high", "over", "blind", "station", "fault", "depot", "tip", "truck"]
"""low, half, high, over: fill of a bin; blind: a bin whose sensor is silent."""

Group = Literal["streets", "routes", "bins", "stations", "sites", "trucks"]
"""What can be shown or hidden together, in drawing order."""

Glyphs = Literal["braille", "half", "ascii"]
"""What the terminal's font can draw lines with."""


class Shape(NamedTuple):
    """How a look is drawn: a glyph, its ASCII stand-in, a colour name of the theme, its group and its name."""

    glyph: str
    ascii: str
    colour: str
    group: Group
    name: str


SHAPES: dict[Look, Shape] = {
    "blind": Shape("◌", "?", "text-muted", "bins", N_("silent")),
    "low": Shape("○", "o", "success", "bins", N_("below half")),
    "half": Shape("◐", "c", "warning", "bins", N_("half")),
    "high": Shape("●", "O", "error", "bins", N_("full")),
    "over": Shape("◆", "@", "error", "bins", N_("overflowing")),
    "station": Shape("ϟ", "+", "accent", "stations", N_("station")),
    "fault": Shape("✖", "X", "error", "stations", N_("faulted")),
    "depot": Shape("⌂", "H", "foreground", "sites", N_("depot")),
    "tip": Shape("▼", "V", "foreground", "sites", N_("disposal site")),
    "truck": Shape("▶", ">", "text-primary", "trucks", N_("truck")),
}


ROUTE_COLOURS = (
    "#ff6e6e", "#5fd7ff", "#9be564", "#ffd166", "#c792ea", "#ff9ecf", "#4fe0c0", "#ffb070", "#b8b85f", "#7aa2ff",
)  # fmt: skip
STREET_SHARES = (0.2, 0.34, 0.46, 0.6)
"""How far each rank of street stands out from the ground towards the text."""

# numbers of inks: 0 the bare ground, then streets by rank, routes, looks of marks, labels, street names
STREET_INK = 1
ROUTE_INK = STREET_INK + len(STREET_SHARES)
MARK_INK = ROUTE_INK + len(ROUTE_COLOURS)
LABEL_INK = MARK_INK + len(SHAPES)
NAME_INK = LABEL_INK + 1
INK_OF = {look: MARK_INK + number for number, look in enumerate(SHAPES)}


class Mark(NamedTuple):
    """One thing at one place."""

    key: str
    lat: float
    lon: float
    look: Look


class Line(NamedTuple):
    """A route along the streets; `number` picks its colour."""

    key: str
    points: tuple[tuple[float, float], ...]
    number: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on the map but the streets. Later marks are drawn over earlier ones.

    `over` names the line that lies over the others.
    """

    marks: tuple[Mark, ...] = ()
    lines: tuple[Line, ...] = ()
    over: str = ""
