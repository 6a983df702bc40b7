"""What is shown while the terminal is too small for the rooms."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from console.i18n import _

SMALLEST = (80, 24)


class TooSmall(ModalScreen[None]):
    """A notice that goes away by itself when the terminal grows."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,ctrl+c", "app.quit")]
    DEFAULT_CSS = "TooSmall { align: center middle; background: $background; } TooSmall Static { width: auto; }"

    def compose(self) -> ComposeResult:
        """The notice."""
        yield Static()

    def on_resize(self) -> None:
        """Tell how large it is now."""
        text = _(
            "The terminal is {width}x{height}; {least_width}x{least_height} is needed. Make it larger, or q quits."
        )
        self.query_one(Static).update(
            text.format(
                width=self.size.width, height=self.size.height, least_width=SMALLEST[0], least_height=SMALLEST[1]
            )
        )
