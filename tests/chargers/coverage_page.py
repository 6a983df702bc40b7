"""Writes docs/ocpp.md: what of OCPP is handled and ordered, and which test shows it.

    .venv/bin/python tests/chargers/coverage_page.py

It reads the marks `covers(version, *messages, case=…, orders=…)` of the tests (as text, nothing is run) and the
handlers of the sessions. A test checks that the page is current.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ocpp

from chargers.central.server import SESSIONS
from chargers.central.skeletons import FROM_STATIONS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "ocpp.md"
SCHEMAS = Path(ocpp.__file__).parent
FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
TITLES = {
    "1.6": "OCPP 1.6-J with the security whitepaper",
    "2.0.1": "OCPP 2.0.1",
    "2.1": "OCPP 2.1",
}
BOTH_WAYS = frozenset({"DataTransfer"})
_NUMBERS = (
    "001 003 004_1 004_2 005_1 007 010 011_1 011_2 012 013 014 017_1 017_2 018_1 019_1 019_2 021 023_1 023_2 023_3"
    " 024 026 028 030 031 032_1 037_1 037_3 039 040_1 040_2 042_1 042_2 043_1 043_3 043_4 043_5 044_1 044_2 044_3"
    " 045_1 045_2 046 047 048_1 048_2 048_3 048_4 049 051 052 053 054 055 056 057 059 061 064 066 067 073 074 075_1"
    " 075_2 076 077 078 079 080 081 083 085 086 087 088"
)
CASES_16 = frozenset(f"TC_{number}_CSMS" for number in _NUMBERS.split())
"""The Open Charge Alliance's test cases for a 1.6 central system (test case document of 2025-09)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one mark says of a test."""

    version: str
    messages: tuple[str, ...]
    cases: tuple[str, ...]
    orders: tuple[str, ...]
    test: str
    file: str

    @property
    def link(self) -> str:
        """The test, as a link from docs/."""
        return f"[{self.test.removeprefix('test_').replace('_', ' ')}](../{self.file})"


def read_marks(folder: Path = ROOT / "tests") -> list[Mark]:
    """The marks of all tests, by file and line."""
    found = []
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "covers(" in text:
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    file = str(path.relative_to(ROOT))
                    found += [_read_mark(mark, node.name, file) for mark in _marks_of(node)]
    return found


def _marks_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    for decorator in node.decorator_list:
        for part in ast.walk(decorator):
            if isinstance(part, ast.Call) and ast.unparse(part.func).rpartition(".")[2] == "covers":
                yield part


def _read_mark(mark: ast.Call, test: str, file: str) -> Mark:
    version, *messages = [ast.literal_eval(argument) for argument in mark.args]
    named = {str(word.arg): ast.literal_eval(word.value) for word in mark.keywords}
    cases, orders = (tuple(named.get(name, "").split()) for name in ("case", "orders"))
    return Mark(version, tuple(messages), cases, orders, test, file)


def read_actions(version: str) -> tuple[list[str], list[str]]:
    """Every message of a version: those stations send, and those they are sent."""
    names = {path.stem.removesuffix("Request") for path in (SCHEMAS / FOLDERS[version] / "schemas").glob("*.json")}
    actions = sorted(name for name in names if not name.endswith("Response"))
    sent = [name for name in actions if name in FROM_STATIONS | BOTH_WAYS]
    return sent, [name for name in actions if name not in FROM_STATIONS]


def handled(version: str) -> frozenset[str]:
    """Messages a session of this version has a handler for."""
    return frozenset(action for session in SESSIONS.values() if session.version == version for action in session.ROUTES)


def write_page(marks: Iterable[Mark]) -> str:
    """The page."""
    every = list(marks)
    lines = [
        "# What of OCPP is there, and which test shows it",
        "",
        "Made from the tests by `tests/chargers/coverage_page.py`; do not edit. Any request of any version can also be",
        "sent from the console as a raw call, validated first; the tables name the orders that send it by themselves.",
        "",
    ]
    for version in FOLDERS:
        lines += _write_version(version, [mark for mark in every if mark.version == version])
    return "\n".join(lines).rstrip() + "\n"


def _write_version(version: str, marks: list[Mark]) -> list[str]:
    sent, ordered = read_actions(version)
    known = handled(version)
    lines = [f"## {TITLES[version]}", "", "### From stations", "", "| message | handled | shown by |", "|---|---|---|"]
    for action in sent:
        shown = _links(mark for mark in marks if action in mark.messages)
        lines.append(f"| {action} | {'yes' if action in known else 'no'} | {shown} |")
    lines += ["", "### To stations", "", "| message | ordered by | shown by |", "|---|---|---|"]
    for action in ordered:
        showing = [mark for mark in marks if action in mark.messages and (mark.orders or action not in sent)]
        orders = sorted({order for mark in showing for order in mark.orders})
        by = ", ".join(f"`{order}`" for order in orders) or "a raw call"
        lines.append(f"| {action} | {by} | {_links(showing)} |")
    cases = sorted({case for mark in marks for case in mark.cases})
    if cases:
        lines += ["", f"### Cases of the Open Charge Alliance: {len(cases)}", "", "| case | shown by |", "|---|---|"]
        lines += [f"| {case} | {_links(mark for mark in marks if case in mark.cases)} |" for case in cases]
    return [*lines, ""]


def _links(marks: Iterable[Mark]) -> str:
    links = list(dict.fromkeys(mark.link for mark in marks))
    more = f" and {len(links) - 3} more" if len(links) > 3 else ""
    return "; ".join(links[:3]) + more


if __name__ == "__main__":
    PAGE.write_text(write_page(read_marks()), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written")
