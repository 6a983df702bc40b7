"""Child processes of the demo: started quietly, asked to end, ended."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from console.errors import JobFailed

END_SECONDS = 8.0


def end_with_parent() -> None:
    """End this process, as if asked to, when the process that started it is gone: its end of our input closes."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(sys.stdin.fileno(), 1024):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="with-parent", daemon=True).start()


class Child:
    """A `binwatt` process. Its errors go to a file (a stray line tears the screen), its output is JSON lines for us."""

    def __init__(self, verb: str, arguments: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        self.verb = verb
        folder.mkdir(parents=True, exist_ok=True)
        self._errors = folder / f"{verb}.stderr"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "console", verb, *arguments, "--with-parent"],
                env={**os.environ, **env},
                cwd=Path(__file__).parent.parent,
                stdin=subprocess.PIPE,  # held open and never written: it closes when we are gone, however we went
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process.poll() is None

    def said(self, seconds: float) -> dict[str, Any]:
        """The next JSON line it prints.

        Raises:
            JobFailed: it ended or said nothing in time; with its own last words.
        """
        assert self._process.stdout is not None
        selector = selectors.DefaultSelector()
        selector.register(self._process.stdout, selectors.EVENT_READ)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not selector.select(timeout=max(0.0, min(0.5, until - time.monotonic()))):
                continue
            line = self._process.stdout.readline()
            if not line:
                break
            if line.startswith(b"{"):
                said: dict[str, Any] = json.loads(line)
                return said
        raise JobFailed(f"binwatt {self.verb} {'was silent' if self.running else 'ended'}: {self.last_words()}")

    def end(self, seconds: float = END_SECONDS) -> dict[str, Any] | None:
        """Ask it to end and wait; gives the last JSON line it printed. Kills it when it does not listen."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            output, _ = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            output, _ = self._process.communicate()
        lines = [line for line in (output or b"").splitlines() if line.startswith(b"{")]
        return json.loads(lines[-1]) if lines else None

    def last_words(self) -> str:
        """The last line of its error output."""
        lines = self._errors.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"no word; see {self._errors}"
