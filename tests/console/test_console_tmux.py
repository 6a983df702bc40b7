"""The whole house in a real terminal: a dispatcher's evening at the demo, played with keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

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


@pytest.fixture(params=[(80, 24), (160, 45)], ids=["80x24", "160x45"])
def demo(request, tmp_path):
    """The small demo, opened in a terminal."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed here")
    env = {"LC_ALL": "C.UTF-8", "XDG_CACHE_HOME": str(tmp_path / "cache"), "TERM": "xterm-256color"}
    name = f"binwatt-{os.getpid()}-{request.param[0]}"
    terminal = Terminal(name, request.param, f"{sys.executable} -m console demo --size small", env)
    yield terminal
    terminal.close()


def test_a_dispatchers_evening(demo):
    """A full bin, a plan made and published, a charge stopped, started, limited, an alarm taken, the log, and home."""
    demo.see("Simulated city, nothing leaves this machine", within=90)
    demo.see("▲", within=30)

    demo.press("2", "Enter")
    demo.see("read ")
    assert "BK-" in demo.see("▸◆", "▸●", "▸◐")

    demo.press("3")
    demo.see("published", within=90)
    demo.press("n")
    demo.see("make a plan", "planning")
    demo.see("draft", within=90)
    demo.press("p", "Enter")
    demo.see("published", within=20)

    demo.press("4", "/", "c", "h", "a", "r", "g", "i", "n", "g", "Enter")
    demo.see("● Charging", within=120)
    demo.press("x")
    demo.see_line("✔ accepted", "stop a charge")
    demo.press("Escape")
    time.sleep(1)
    demo.press("/", "p", "r", "e", "p", "Enter")
    time.sleep(2)
    demo.press("c")
    demo.see("Card")
    demo.press("Enter")
    demo.see_line("✔ accepted", "start a ch")
    demo.press("l")
    demo.see("Limit in kW")
    demo.press("8", "Enter")
    demo.see_line("✔ accepted", "limit the st")

    demo.press("1")
    waiting = int(demo.see("to look at").split("▲")[-1].split()[0])
    demo.press("Tab", "a")
    demo.see("✓", f"▲ {waiting - 1} to look at", within=10)  # an alarm seen to sinks below those that fit

    demo.press("6", "/", "l", "i", "m", "i", "t", "Space", "d", "e", "m", "o", "Enter")
    demo.see_line("limit the station: accepted", "demo")
    demo.press("?")
    demo.see("Keys of Log")
    demo.press("Escape")
    time.sleep(1)
    demo.press("q")
    demo.see("Again: ./run demo", within=30)


def test_a_plan_is_shaped_without_leaving_the_keyboard(demo):
    """Why a bin is in and another out, a stop moved with its delta, locked, improved, undone, compared, published."""
    demo.see("Simulated city, nothing leaves this machine", within=90)
    demo.press("3")
    demo.see("published", within=120)
    demo.press("v")
    demo.see("can wait", within=10)
    demo.press("v", "v") if demo.narrow else demo.press("v")
    demo.press("j", "j")
    demo.see("when it would be emptied", within=10)
    demo.press("J")
    demo.see("Enter keeps it", within=30)
    demo.see("time on duty")
    demo.press("Enter")
    demo.see("shaped from", within=20)
    demo.press("l")
    demo.see("▪", within=20)
    demo.press("i")
    demo.see("Enter keeps it", "nothing better", within=20)
    demo.press("Escape", "u")
    demo.see("taken back", within=20)
    demo.press("c")
    demo.see("beside plan", within=10)
    demo.press("Escape", "p")
    demo.see("Note to the crews")
    demo.press("m", "a", "r", "k", "e", "t", "Enter")
    demo.see_line("note", "market", within=20)
    demo.press("P", "Enter")
    demo.see(".pdf", within=30)
    demo.press("q")
    demo.see("Again: ./run demo", within=30)
