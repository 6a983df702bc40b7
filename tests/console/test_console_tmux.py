"""The whole house in a real terminal: a dispatcher's evening at the demo, played with keys."""

from __future__ import annotations

import sys
import time

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(params=[(80, 24), (160, 45)], ids=["80x24", "160x45"])
def demo(request, tmp_path, open_terminal):
    """The small demo, opened in a terminal."""
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    return open_terminal(request.param, f"{sys.executable} -m console demo --size small", env)


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
    demo.press("Escape", "l")  # what was preparing charges now, and the filter would hide it
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
