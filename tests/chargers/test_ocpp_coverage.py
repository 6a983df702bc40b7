"""docs/ocpp.md says what the tests say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fleet.orders import OrderKind


@pytest.fixture(scope="module")
def page() -> ModuleType:
    """The program that writes the page."""
    path = Path(__file__).with_name("coverage_page.py")
    spec = importlib.util.spec_from_file_location("coverage_page", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(page):
    """Whoever marks a test writes the page anew."""
    said = page.PAGE.read_text(encoding="utf-8") if page.PAGE.exists() else ""
    assert said == page.write_page(page.read_marks()), "run: .venv/bin/python tests/chargers/coverage_page.py"


def test_marks_name_what_there_is(page):
    """Versions, messages and orders of a mark exist."""
    orders = {str(kind) for kind in OrderKind}
    for mark in page.read_marks():
        every = {action for side in page.read_actions(mark.version) for action in side}
        assert set(mark.messages) <= every, mark
        assert set(mark.orders) <= orders, mark


def test_every_message_a_station_sends_is_handled(page):
    """In each version the central system speaks."""
    for version in page.FOLDERS:
        if known := page.handled(version):
            assert set(page.read_actions(version)[0]) - known == set(), version


def test_cases_named_are_cases(page):
    """No test claims a 1.6 case that does not exist."""
    named = {case for mark in page.read_marks() if mark.version == "1.6" for case in mark.cases}
    assert named <= page.CASES_16
