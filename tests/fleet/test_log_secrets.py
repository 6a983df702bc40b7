"""What the log keeps of a failure."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from fleet.log import log_to


@pytest.fixture(autouse=True)
def kept_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        if handler not in handlers:
            handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


def _fail_with(password: str) -> None:
    raise ValueError(str(len(password)))


def test_a_traceback_in_the_log_has_frames_but_no_variables(tmp_path: Path) -> None:
    """A password that a failing function held is in no line of the log; where it failed is."""
    path = log_to(tmp_path, "serve")
    try:
        _fail_with("correct-horse-battery")
    except ValueError:
        structlog.get_logger("fleet.test").exception("could not")
    text = path.read_text(encoding="utf-8")
    assert "_fail_with" in json.dumps(json.loads(text)["exception"])
    assert "correct-horse-battery" not in text
