"""Power over time as a chart: what was drawn (area), what is planned (line), what may be carried (dashes).

Each has its own shape, so that the chart reads without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.i18n import N_, _

EIGHTHS = " ▁▂▃▄▅▆▇█"
AXIS = 6
"""Cells left of the plot: a figure and the axis."""
LIMIT, PLANNED, NOW = "┄", "━", "│"


@dataclass(frozen=True, slots=True)
class Curves:
    """What the chart shows. Series are kW; `step` is the time of one value of limit and planned, from `start` on.

    Where `planned_kw` is None nothing is planned; 0 is a plan to draw nothing. `planned_as` is what the plan is called.
    """

    start: datetime
    step: timedelta
    limit_kw: tuple[float, ...]
    planned_kw: tuple[float | None, ...]
    actual_kw: tuple[tuple[datetime, float], ...]
    now: datetime
    planned_as: str = N_("planned")

    @property
    def end(self) -> datetime:
        """Where the chart ends."""
        return self.start + self.step * max(1, len(self.limit_kw), len(self.planned_kw))

    @property
    def top_kw(self) -> float:
        """The largest figure in it."""
        planned = (kw for kw in self.planned_kw if kw is not None)
        return max(1.0, *self.limit_kw, *planned, *(kw for _at, kw in self.actual_kw))

    def at(self, series: Sequence[float | None], instant: datetime) -> float | None:
        """The value of a stepped series at an instant."""
        number = int((instant - self.start) / self.step)
        return series[number] if 0 <= number < len(series) else None


class PowerChart(Widget):
    """Power over time."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--actual",
        "chart--planned",
        "chart--limit",
        "chart--axis",
        "chart--over",
    }
    DEFAULT_CSS = """
    PowerChart {
        height: 1fr;
        & > .chart--actual { color: $primary; }
        & > .chart--planned { color: $text-accent; text-style: bold; }
        & > .chart--limit { color: $text-warning; text-style: bold; }
        & > .chart--over { color: $error; }
        & > .chart--axis { color: $text-muted; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.curves: Curves | None = None

    def show(self, curves: Curves | None) -> None:
        """Show these curves."""
        if curves != self.curves:
            self.curves = curves
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Plot, hours, legend from the top down; hatched while there is nothing to show."""
        width, height = self.size
        axis = self.get_component_rich_style("chart--axis")
        curves = self.curves
        if curves is None:
            return Strip([Segment("╱" * width, axis)], width)
        rows = max(1, height - 2)
        if y < rows:
            return self._plot(curves, y, rows, max(1, width - AXIS)).adjust_cell_length(width, self.rich_style)
        if y == rows:
            return Strip([Segment(self._hours(curves, width), axis)]).adjust_cell_length(width, axis)
        return self._legend(curves, width)

    def _plot(self, curves: Curves, y: int, rows: int, columns: int) -> Strip:
        """One row of the plot: runs of cells of one style."""
        scale = curves.top_kw * 1.08 / rows
        low, high = (rows - 1 - y) * scale, (rows - y) * scale
        pieces: list[tuple[str, Style]] = [(self._label(y, rows, scale), self.get_component_rich_style("chart--axis"))]
        span = (curves.end - curves.start) / columns
        actual = _in_columns(curves, columns)
        inks = {
            name: self.get_component_rich_style(f"chart--{name}") for name in ("actual", "planned", "limit", "over")
        }
        now = int((curves.now - curves.start) / span)
        for column in range(columns):
            instant = curves.start + span * (column + 0.5)
            limit, planned = curves.at(curves.limit_kw, instant), curves.at(curves.planned_kw, instant)
            drawn = actual[column]
            area = EIGHTHS[max(0, min(8, round((drawn - low) / scale * 8)))] if drawn is not None else " "
            under = "over" if drawn is not None and limit is not None and drawn > limit * 1.001 else "actual"
            # a plan that uses the whole limit is seen on it: the dashes go on left and right of it
            if planned is not None and low <= planned < high:
                pieces.append((PLANNED, _over(inks["planned"], inks[under], filled=area == "█")))
            elif limit is not None and low <= limit < high:
                pieces.append((LIMIT, _over(inks["limit"], inks[under], filled=area == "█")))
            elif column == now and area == " ":
                pieces.append((NOW, pieces[0][1]))
            else:
                pieces.append((area, inks[under]))
        return Strip([Segment(text, ink) for text, ink in _merge(pieces)])

    def _label(self, y: int, rows: int, scale: float) -> str:
        shown = y % 3 == 0 or y == rows - 1
        kw = 0.0 if y == rows - 1 else (rows - y) * scale
        return f"{kw:>4.{1 if rows * scale < 8 and kw else 0}f} ┤" if shown else "     │"

    def _hours(self, curves: Curves, width: int) -> str:
        """The hours under the plot, as many as fit."""
        columns = max(1, width - AXIS)
        hours = (curves.end - curves.start) / timedelta(hours=1)
        every = next((h for h in (1, 2, 3, 4, 6) if columns / max(hours, 0.1) * h >= 7), 12)
        line = [" "] * (width + 6)
        instant = curves.start.replace(minute=0, second=0, microsecond=0)
        while instant <= curves.end:
            column = AXIS + round((instant - curves.start) / (curves.end - curves.start) * columns)
            if instant >= curves.start and instant.hour % every == 0 and column + 5 <= width:
                line[column : column + 5] = f"{instant:%H:%M}"
            instant += timedelta(hours=1)
        return "".join(line[:width])

    def _legend(self, curves: Curves, width: int) -> Strip:
        axis = self.get_component_rich_style("chart--axis")
        segments = [Segment(" kW   ", axis)]
        for sign, name, text, there in (
            ("█", "actual", _("drawn"), True),
            (PLANNED, "planned", _(curves.planned_as), True),
            (LIMIT, "limit", _("limit"), bool(curves.limit_kw)),
        ):
            if there:
                segments += [
                    Segment(sign * 2, self.get_component_rich_style(f"chart--{name}")),
                    Segment(f" {text}   ", axis),
                ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)


def _in_columns(curves: Curves, columns: int) -> list[float | None]:
    """The highest draw in each column; a column between two samples takes the one before."""
    found: list[float | None] = [None] * columns
    span = (curves.end - curves.start) / columns
    for at, kw in curves.actual_kw:
        column = int((at - curves.start) / span)
        if 0 <= column < columns:
            found[column] = max(kw, found[column] or 0.0)
    last = int((curves.now - curves.start) / span)
    held: float | None = None
    for column in range(min(columns, max(0, last))):
        if found[column] is None:
            found[column] = held
        held = found[column]
    return found


def _over(line: Style, area: Style, *, filled: bool) -> Style:
    return Style(color=line.color, bold=True, bgcolor=area.color) if filled else line


def _merge(pieces: list[tuple[str, Style]]) -> list[tuple[str, Style]]:
    merged: list[tuple[str, Style]] = []
    for text, ink in pieces:
        if merged and merged[-1][1] == ink:
            merged[-1] = (merged[-1][0] + text, ink)
        else:
            merged.append((text, ink))
    return merged
