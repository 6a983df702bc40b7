"""The dialog before a dangerous act: it opens on Cancel, and the key that opened it does not confirm it."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Label

from console.i18n import _

DEAF_SECONDS = 0.4
"""A key held down repeats: nothing typed this soon is an answer (a repeated Enter has cost others their work)."""


class Confirm(ModalScreen[bool]):
    """Yes by its own key `!` or by walking to its button; Escape and `n` are no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "answer(False)"),
        Binding("exclamation_mark", "answer(True)"),
        Binding("left,right,tab,shift+tab", "walk"),
    ]
    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 60%; }
    Confirm > Vertical {
        width: 62; max-width: 90%; height: auto; border: round $error; border-title-color: $text-error;
        padding: 1 2; background: $surface;
    }
    Confirm Horizontal { height: auto; align-horizontal: right; margin-top: 1; }
    Confirm Button { margin-left: 2; }
    """

    def __init__(self, question: str, deed: str) -> None:
        super().__init__()
        self.question = question
        self.deed = deed
        self._opened = time.monotonic()

    def compose(self) -> ComposeResult:
        """Question, Cancel, deed."""
        with Vertical() as box:
            box.border_title = _("Sure?")
            yield Label(self.question)
            with Horizontal():
                yield Button(_("Cancel"), id="cancel")
                yield Button(f"! {self.deed}", id="confirm", variant="error")

    def on_mount(self) -> None:
        """Cancel is where Enter goes."""
        self._opened = time.monotonic()
        self.query_one("#cancel").focus()

    def action_walk(self) -> None:
        """To the other button."""
        self.query_one("#cancel" if self.query_one("#confirm").has_focus else "#confirm").focus()

    def action_answer(self, yes: bool) -> None:
        """Answer by key."""
        if not yes or time.monotonic() - self._opened > DEAF_SECONDS:
            self.dismiss(yes)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer by button."""
        if time.monotonic() - self._opened > DEAF_SECONDS:
            self.dismiss(event.button.id == "confirm")
