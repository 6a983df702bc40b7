"""What a bug report needs to say."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import socket
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fleet.errors import StoreError
from fleet.settings import Settings
from fleet.store import Store

LIBRARIES = ("textual", "rich", "ortools", "sqlmodel", "sqlalchemy", "ocpp", "picows", "osmium", "numpy", "scipy")


def examine(settings: Settings) -> dict[str, Any]:
    """Versions, terminal, store and ports; nothing secret."""
    size = shutil.get_terminal_size()
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": ", ".join(f"{name} {_version(name)}" for name in LIBRARIES),
        "terminal": f"{os.environ.get('TERM', 'none')}, {size.columns}x{size.lines}, {locale.getencoding()}",
        "no_color": "NO_COLOR" in os.environ,
        "store": _store(settings),
        "ocpp port": _port(settings.ocpp.host, settings.ocpp.port),
        "http port": _port(settings.http.host, settings.http.port),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _store(settings: Settings) -> str:
    try:
        store = Store.open(settings.db)
    except StoreError as error:
        return str(error)
    with store.read() as work:
        return f"ready, {work.bins.counts()}"


def _port(host: str, port: int) -> str:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return f"{host}:{port} {'is taken' if probe.connect_ex((host, port)) == 0 else 'is free'}"
