"""The twin's tests talk to a small real central system, kept beside them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def kit() -> ModuleType:
    """The module twin_server: clock, central system, wire profiles."""
    spec = importlib.util.spec_from_file_location("twin_server", Path(__file__).with_name("twin_server.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def pytest_configure(config: pytest.Config) -> None:
    """`covers(version, *messages, case=…, orders=…)`: what docs/ocpp.md says this test shows."""
    said = "covers(version, *messages, case='', orders=''): OCPP messages and OCA cases a test shows, for docs/ocpp.md"
    config.addinivalue_line("markers", said)
