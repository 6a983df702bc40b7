"""A bordered panel of a few lines, laid out for whatever width it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual.geometry import Size
from textual.widget import Widget

from console.i18n import _
from console.widgets.columns import Level, bar

THEME_COLOURS: dict[Level, str] = {
    "good": "success",
    "warn": "warning",
    "bad": "error",
    "note": "accent",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A label, and a value at the right edge."""

    label: str
    value: str
    level: Level = "plain"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A label, a bar filled to `share`, a value."""

    label: str
    share: float
    value: str
    level: Level = "plain"


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence, wrapped where it is too long; `head` stands before it in bold."""

    text: str
    level: Level = "plain"
    head: str = ""


Line = Pair | Gauge | Say


class Panel(Widget):
    """Lines under a title; drawn again only when they change."""

    DEFAULT_CSS = """
    Panel {
        height: auto; width: 1fr; border: round $panel-lighten-2; border-title-color: $text-accent; padding: 0 1;
    }
    """

    def __init__(self, title: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._title = title
        self._lines: Sequence[Line] = ()
        self.border_title = _(title)

    def say(self, lines: Sequence[Line]) -> None:
        """Show these lines."""
        self.border_title = _(self._title)
        if lines != self._lines:
            before = self._height()
            self._lines = lines
            # a layout costs as much as drawing the whole screen: only for another height, where it may change
            self.refresh(layout=self.styles.auto_dimensions and before != self._height())

    def _height(self) -> int:
        """How many lines it takes in the width it has; -1 before it has one."""
        width = self.content_size.width
        return sum(len(self._draw(line, width)) for line in self._lines) if width else -1

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's signature
        """As many lines as it takes in this width."""
        return sum(len(self._draw(line, width)) for line in self._lines)

    def render(self) -> Text:
        """The lines in the width there is."""
        width = self.content_size.width
        drawn = [text for line in self._lines for text in self._draw(line, width)]
        return Text("\n", no_wrap=True, overflow="crop").join(drawn)

    def _draw(self, line: Line, width: int) -> list[Text]:
        if isinstance(line, Say):
            text = Text.assemble((line.head, "bold"), "  " if line.head else "", (line.text, self._ink(line.level)))
            return list(text.wrap(self.app.console, max(8, width)))
        value = line.value
        label = line.label
        if isinstance(line, Pair):
            if cell_len(label) + cell_len(value) + 1 > width:
                label = set_cell_size(label, max(0, width - cell_len(value) - 1))
            gap = " " * max(1, width - cell_len(label) - cell_len(value))
            return [Text.assemble((label, Style(dim=True)), gap, (value, self._ink(line.level)))]
        room = max(3, width - cell_len(label) - cell_len(value) - 2)
        return [
            Text.assemble((label, Style(dim=True)), " ", (bar(line.share, room), self._ink(line.level)), " ", value)
        ]

    def _ink(self, level: Level) -> Style:
        if level == "dim":
            return Style(dim=True)
        named = self.app.theme_variables.get(THEME_COLOURS.get(level, ""), "")
        return Style(color=named, bold=level == "bad") if named.startswith("#") else Style()
