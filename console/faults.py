"""Faults of stations explained: what a code or a problem told by a station means, and what to do about it.

The texts are data, `faults.toml` beside this module, in English; `_()` gives them in the language in force.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from console.i18n import _

FILE = Path(__file__).parent / "faults.toml"


@dataclass(frozen=True, slots=True)
class Explained:
    """A fault by its code, what it means and what to do, in the language in force."""

    code: str
    means: str
    todo: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the file. `names` are codes, or the patterns of a component and its variable."""

    names: tuple[str, ...]
    vendor: str
    means: str
    todo: str

    def explain(self, code: str) -> Explained:
        return Explained(code, _(self.means), _(self.todo))


@dataclass(frozen=True, slots=True)
class Faults:
    """What is known of faults."""

    codes: tuple[_Entry, ...]
    events: tuple[_Entry, ...]

    def of_code(self, error_code: str, info: str = "", vendor: str = "") -> Explained | None:
        """The fault a connector reports; what `info` names of it (a vendor's code) is nearer than the standard's word.

        None where there is no fault, or nothing is known of it.
        """
        for code in (*re.findall(r"[\w.-]+", info), error_code):
            for entry in self.codes:
                if code in entry.names and fnmatchcase(vendor.casefold(), entry.vendor.casefold()):
                    return entry.explain(code)
        return None

    def of_event(self, component: str, variable: str, tech_code: str = "", vendor: str = "") -> Explained | None:
        """The problem a 2.0.1 station tells of a part of it; None where nothing is known of it."""
        named = self.of_code("", tech_code, vendor)
        if named is not None:
            return named
        for entry in self.events:
            part, what = entry.names
            if fnmatchcase(component, part) and fnmatchcase(variable.partition("[")[0], what):
                return entry.explain(f"{component}.{variable}")
        return None

    def texts(self) -> set[str]:
        """Every sentence of the file: what the catalogues must hold."""
        return {text for entry in (*self.codes, *self.events) for text in (entry.means, entry.todo)}


def read_faults(text: str) -> Faults:
    """The entries of a file of faults."""
    data = tomllib.loads(text)

    def entry(names: tuple[str, ...], row: dict[str, Any]) -> _Entry:
        return _Entry(names, row.get("vendor", "*"), row["means"], row["do"])

    return Faults(
        tuple(entry(tuple(row["names"]), row) for row in data.get("code", ())),
        tuple(entry((row["component"], row["variable"]), row) for row in data.get("event", ())),
    )


@cache
def known_faults() -> Faults:
    """The faults that come with binwatt."""
    return read_faults(FILE.read_text(encoding="utf-8"))
