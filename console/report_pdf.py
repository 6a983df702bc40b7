"""The report of a plan on one page, in the console's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from console.report_words import CODES, WORDS
from console.sheets.paper import FONT, Paper
from console.sheets.values import Language

LEFT, WIDTH, FOOT = 14.0, 182.0, 280.0
DAY = 45.0
"""Width of the corner with the day."""
ROW = 5.2
"""Millimetres from line to line."""
MOST_TRUCKS, MOST_NOTES, MOST_REASONS = 18, 8, 9
COLUMNS = (
    *(("truck", 30.0), ("departs", 17.0), ("returns", 17.0), ("bins", 14.0), ("tips", 14.0), ("km", 18.0)),
    *(("hours", 16.0), ("tonnes", 16.0), ("kwh", 20.0), ("cost", 20.0)),
)
AHEAD = ("night", "bins", "room", "tonnes", "expected_overflows")
FIGURES = (
    *("km", "hours", "tonnes", "kwh", "cost", "co2_kg"),
    *("served", "due", "unserved", "expected_overflows"),
)


def draw_report(figures: Mapping[str, Any], city: str, language: Language) -> bytes:
    """The page as a PDF file."""
    page = _Page(figures, language)
    page.head(city)
    page.totals()
    page.trucks()
    page.reasons()
    page.ahead()
    page.notes()
    return page.paper.finish()


def write_report(figures: Mapping[str, Any], city: str, language: Language, file: Path) -> None:
    """Draw the page into a file.

    Raises:
        JobFailed: the file cannot be written.
    """
    from console.errors import JobFailed

    try:
        file.write_bytes(draw_report(figures, city, language))
    except OSError as error:
        raise JobFailed(f"{file}: cannot be written: {error.strerror or error}; the plan itself is kept") from None


class _Page:
    """The page as it fills from the top; what does not fit is counted, never cut in silence."""

    def __init__(self, figures: Mapping[str, Any], language: Language) -> None:
        self.figures, self.words, self.codes = figures, WORDS[language], CODES[language]
        self.paper = Paper(language, datetime.fromisoformat(figures["made_at"]))
        self.paper.add_page()
        self.y = 14.0

    def head(self, city: str) -> None:
        """City, number and day; what state it is in; who made it when."""
        figures = self.figures
        number = "" if figures["plan_id"] is None else f" {figures['plan_id']}"
        self._put(0, WIDTH - DAY, f"{city} · {self.words['plan']}{number}", size=15, bold=True)
        self._put(WIDTH - DAY, DAY, figures["day"], size=15, bold=True, latin=True)
        self.y += 8
        made = f"{datetime.fromisoformat(figures['made_at']):%Y-%m-%d %H:%M} UTC · {figures['made_by']}"
        self._put(0, WIDTH - DAY, f"{made} · {figures['roads']}", size=8, latin=True)
        self._put(WIDTH - DAY, DAY, self.words.get(figures["state"], figures["state"]), size=8)
        self.y += 8

    def totals(self) -> None:
        """Two rows of figures, each with its change against last week."""
        week = self.figures["last_week"]
        change = week["change"] if week is not None else {}
        wide = WIDTH / 5
        for number, name in enumerate(FIGURES):
            at = number % 5 * wide
            self._put(at, wide, self.words[name], size=7)
            self.y += 4
            unit = f" {self.figures['currency']}" if name == "cost" else ""
            self._put(at, wide, f"{_short(self.figures[name])}{unit}", size=13, bold=True, latin=True)
            self.y += 6
            if change.get(name):
                self._put(at, wide, f"{change[name]['change']:+g}", size=7, latin=True)
            self.y += 6 if number % 5 == 4 else -10
        if week is not None:
            self._put(0, 40, f"± {self.words['week']}", size=7)
            self._put(40, 40, week["day"], size=7, latin=True)
            self.y += 4

    def ahead(self) -> None:
        """A row for each night looked ahead."""
        nights = self.figures["horizon"]
        if not nights:
            return
        self._title("ahead")
        wide = WIDTH / len(AHEAD)
        heads = [self.words[name] for name in AHEAD]
        rows = [
            [
                one["day"],
                str(one["bins"]),
                str(one["room"]),
                f"{one['kg'] / 1000:.1f}",
                f"{one['expected_overflows']:g}",
            ]
            for one in nights
        ]
        for number, cells in enumerate([heads, *rows]):
            for at, text in enumerate(cells):
                self._put(at * wide, wide, text, size=8, bold=number == 0, latin=number > 0)
            self.y += ROW

    def trucks(self) -> None:
        """A row for each truck."""
        self._title("trucks")
        self._row([self.words[name] for name, _ in COLUMNS], bold=True)
        rows = self.figures["trucks"]
        for row in rows[:MOST_TRUCKS]:
            self._row([_cell(row, name) for name, _ in COLUMNS])
        self._more(len(rows) - MOST_TRUCKS)

    def reasons(self) -> None:
        """Why bins are served and why they are left, and the due ones that are."""
        for what in ("served_by_reason", "left_by_reason"):
            self._title(what)
            counts = self.figures[what]
            self._line(" · ".join(f"{count} {self.codes.get(code, code)}" for code, count in counts.items()) or "–")
        missed = [one["bin"] for one in self.figures["unserved_bins"]]
        if missed:
            self._line(f"{self.words['unserved']}: " + ", ".join(missed[: MOST_REASONS * 2]))
            self._more(len(missed) - MOST_REASONS * 2)

    def notes(self) -> None:
        """What was planned without, and who is short of energy."""
        notes = [*self.figures["without"], *(one["reason"] for one in self.figures["shortfalls"])]
        if not notes:
            return
        self._title("without")
        for note in notes[:MOST_NOTES]:
            self._line(note)
        self._more(len(notes) - MOST_NOTES)

    def _title(self, name: str) -> None:
        self.y += 3
        self._put(0, WIDTH, self.words[name], size=10, bold=True)
        self.y += ROW + 0.5

    def _line(self, text: str) -> None:
        self.paper.set_font(FONT, "", 8)
        for part in self._wrap(text):
            if self.y > FOOT:
                return
            self._put(0, WIDTH, part, size=8)
            self.y += ROW - 0.8

    def _wrap(self, text: str) -> list[str]:
        lines, line = [], ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and self.paper.measure(longer) > WIDTH - 4:
                lines.append(line)
                line = word
            else:
                line = longer
        return [*lines, line]

    def _row(self, cells: list[str], *, bold: bool = False) -> None:
        at = 0.0
        for text, (_, wide) in zip(cells, COLUMNS, strict=True):
            self._put(at, wide, text, size=8, bold=bold)
            at += wide
        self.y += ROW

    def _more(self, count: int) -> None:
        if count > 0:
            self._line(self.words["more"].format(count=count))

    def _put(self, at: float, wide: float, text: str, *, size: float, bold: bool = False, latin: bool = False) -> None:
        """A cell `at` mm from the side where a line begins. `latin`: figures and dates, which run rightwards."""
        self.paper.put(LEFT + at, self.y, wide - 1, text, size=size, bold=bold, part_of="a" if latin else "")


def _short(value: float) -> str:
    return f"{value:,.0f}" if isinstance(value, int) or value >= 1000 else f"{value:,}"


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = row[name]
    if name in ("departs", "returns"):
        return f"{datetime.fromisoformat(value):%H:%M}"
    if name == "kwh":
        return f"{value:.1f}" if row["electric"] else "–"
    if isinstance(value, float):
        return f"{value:.0f}" if name == "cost" else f"{value:.1f}"
    return str(value)
