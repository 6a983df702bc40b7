"""Reading one row's cells as typed values, noting every problem with its place and its mend."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence

from fleet.exchange.records import Record

YES = frozenset({"1", "yes", "y", "true", "oui", "o", "vrai", "x", "نعم"})
NO = frozenset({"0", "no", "n", "false", "non", "faux", "لا"})
_CLOCK = re.compile(r"^([01]?\d|2[0-3])[:hH]([0-5]\d)?$")


class Cells:
    """One row under known column names; each reading verb gives a value of its type, or None and a problem noted.

    `names` says which plain headings stand for a field. An absent or empty cell is None without a problem, except for
    fields asked with `need`.
    """

    def __init__(self, record: Record, names: Mapping[str, Sequence[str]], problems: list[str]) -> None:
        self._record = record
        self._names = names
        self._problems = problems

    @property
    def where(self) -> str:
        """The row's place in its file."""
        return self._record.where

    def note(self, field: str, what: str) -> None:
        """Note a problem of one field."""
        self._problems.append(f"{self.where}, {field}: {what}")

    def raw(self, field: str) -> object | None:
        """The cell of a field as it stands."""
        for name in (field, *self._names.get(field, ())):
            value: object = self._record.cells.get(name)
            if value is not None and value != "":
                return value
        return None

    def has(self, field: str) -> bool:
        """Whether the row says anything for a field."""
        return self.raw(field) is not None

    def need(self, field: str, mend: str) -> bool:
        """Note a problem when the row says nothing for a field."""
        if not self.has(field):
            self.note(field, f"is empty; {mend}")
        return self.has(field)

    def text(self, field: str, longest: int = 200) -> str | None:
        """Printable text."""
        value = self.raw(field)
        if value is None:
            return None
        text = " ".join(_visible(str(value)).split()) if isinstance(value, str | int | float) else ""
        if not text or isinstance(value, bool) or not text.isprintable():
            self.note(field, "is not text; write plain letters and figures")
            return None
        if len(text) > longest:
            self.note(field, f"has {len(text)} characters; {longest} at most")
            return None
        return text

    def number(self, field: str, low: float, high: float, unit: str) -> float | None:
        """A figure from `low` to `high`; decimals after a point or a comma."""
        value = self.raw(field)
        if value is None:
            return None
        figure = read_number(value)
        if figure is None:
            self.note(field, f"{_show(value)} is not a figure; write {unit} such as {_example(low, high)}")
            return None
        if not low <= figure <= high:
            self.note(field, f"{figure:g} is out of range; {unit} from {low:g} to {high:g}")
            return None
        return figure

    def whole(self, field: str, low: int, high: int, unit: str) -> int | None:
        """A whole figure from `low` to `high`."""
        figure = self.number(field, low, high, unit)
        if figure is not None and not figure.is_integer():
            self.note(field, f"{figure:g} is not a whole number of {unit}")
            return None
        return None if figure is None else int(figure)

    def yes_no(self, field: str) -> bool | None:
        """Yes or no, in English or French, or 1 or 0."""
        value = self.raw(field)
        if value is None or isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word not in YES and word not in NO:
            self.note(field, f"{_show(value)} is neither yes nor no")
            return None
        return word in YES

    def clock(self, field: str) -> str | None:
        """A local time of day as "HH:MM"."""
        value = self.raw(field)
        if value is None:
            return None
        match = _CLOCK.match(str(value).strip())
        if match is None:
            self.note(field, f"{_show(value)} is not a time of day; write HH:MM")
            return None
        return f"{int(match[1]):02}:{match[2] or '00'}"

    def choice(self, field: str, words: Mapping[str, str]) -> str | None:
        """One of the values of `words`, under any of its keys."""
        value = self.raw(field)
        if value is None:
            return None
        chosen = words.get(str(value).strip().lower())
        if chosen is None:
            self.note(field, f"{_show(value)} is unknown; write one of {', '.join(dict.fromkeys(words.values()))}")
        return chosen

    def words(self, field: str) -> list[str]:
        """Words apart by comma, semicolon, bar, slash or plus; or a TOML list."""
        value = self.raw(field)
        if value is None:
            return []
        parts = value if isinstance(value, list) else re.split(r"[,;|/+]", str(value))
        return [str(part).strip().lower() for part in parts if str(part).strip()]


def read_number(value: object) -> float | None:
    """A finite figure from a number or its text, with a decimal point or comma; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = re.sub(r"[\s\u00a0\u202f]", "", str(value))
    try:
        figure = float(text if "." in text else text.replace(",", "."))
    except ValueError:
        return None
    return figure if math.isfinite(figure) and "_" not in text else None


def _visible(text: str) -> str:
    """Without the invisible marks of direction that Arabic text is often copied with."""
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")


def _show(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 40 else text[:37] + "…")


def _example(low: float, high: float) -> str:
    return "12.5" if low <= 12.5 <= high else f"{(low + high) / 2:g}"
