"""A real terminal for tests: keys go in, what a person would read comes out."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Terminal:
    """A terminal of a given size with a program in it; speaks of keys and of what is seen."""

    def __init__(self, name: str, size: tuple[int, int], command: str, env: dict[str, str]) -> None:
        self._tmux = ["tmux", "-u", "-L", name, "-f", os.devnull]
        self.narrow = size[0] < 110
        width, height = size
        self._run(
            "new-session", "-d", "-x", str(width), "-y", str(height), f"{command}; echo LEFT; sleep 60", env=env
        )  # fmt: skip

    def _run(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        """Type keys, with the pause a person makes."""
        for key in keys:
            self._run("send-keys", key)
            time.sleep(0.3)

    def screen(self) -> str:
        """What is on the screen now."""
        return self._run("capture-pane", "-p")

    def write(self, text: str) -> None:
        """Type a text at once, as a paste does."""
        self._run("send-keys", "-l", text)
        time.sleep(0.3)

    def see(self, *texts: str, within: float = 15.0) -> str:
        """Wait until one of the texts is on the screen; the line it stands on."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            for line in self.screen().splitlines():
                if any(text in line for text in texts):
                    return line
            time.sleep(0.25)
        pytest.fail(f"never saw {' or '.join(texts)} in {within:.0f} s:\n{self.screen()}")

    def see_line(self, *parts: str, within: float = 30.0) -> None:
        """Wait until one line holds all the parts."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            if any(all(part in line for part in parts) for line in self.screen().splitlines()):
                return
            time.sleep(0.25)
        pytest.fail(f"never saw a line with {' and '.join(parts)} in {within:.0f} s:\n{self.screen()}")

    def close(self) -> None:
        """End the terminal and what runs in it."""
        self._run("kill-server")


@pytest.fixture
def open_terminal():
    """Opens programs in terminals: (size, command, env) -> Terminal. All end with the test."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed here")
    opened: list[Terminal] = []

    def open_one(size: tuple[int, int], command: str, env: dict[str, str]) -> Terminal:
        settings = {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"} | env
        opened.append(Terminal(f"binwatt-{os.getpid()}-{size[0]}-{len(opened)}", size, command, settings))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.close()
