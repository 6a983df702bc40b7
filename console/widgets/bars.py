"""The top bar (screens, clock, what is simulated) and the key bar. Every sign in them can be clicked."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from console.actions import ALL_ROOMS, ROOMS, Action, Room
from console.i18n import _
from console.view import View


class TopBar(Widget):
    """One line of screens and time, and under it the banner of a simulated city."""

    DEFAULT_CSS = """
    TopBar {
        dock: top; height: auto; background: $panel; color: $text; link-style: none; link-style-hover: underline;
        link-color: $text; link-background-hover: $primary-muted; link-color-hover: $text;
    }
    """

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room
        self.view: View | None = None

    def show(self, view: View) -> None:
        """Show time and alarms of this view."""
        before, self.view = self.view, view
        self.refresh(layout=before is None or before.simulated != view.simulated)

    def render(self) -> Text:
        """The two lines."""
        width, view = self.size.width or self.app.size.width, self.view
        city = f" {view.city} " if view and view.city else " binwatt "
        line = Text(no_wrap=True, overflow="crop", end="")
        tabs = Text(end="")
        for number, (room, label) in enumerate(ALL_ROOMS.items(), 1):
            if room not in ROOMS and room != self.room:
                continue
            here = Style(reverse=True, bold=True) if room == self.room else Style()
            tabs.append(f" {number} {_(label)} ", here + Style.from_meta({"@click": f"app.go({room!r})"}))
        time = self._time(view)
        room_left = width - tabs.cell_len - cell_len(time)
        if room_left >= cell_len(city):
            line.append(city, Style(bold=True))
        line.append_text(tabs)
        if width - line.cell_len >= cell_len(time):
            line.append(time.rjust(width - line.cell_len))
        if view and view.simulated:
            banner = " " + _("Simulated city, nothing leaves this machine")
            line.append("\n")
            line.append(banner + self._alarms(view).rjust(max(0, width - cell_len(banner))), self._banner())
        elif view and view.alarms and width - line.cell_len >= 0:
            line.append("\n")
            line.append(self._alarms(view).rjust(width), self._banner())
        return line

    def _banner(self) -> Style:
        theme = self.app.theme_variables
        return Style(color=theme.get("warning", "yellow"), bold=True)

    def _alarms(self, view: View) -> str:
        waiting = sum(not alarm.acknowledged_by for alarm in view.alarms.values())
        return "▲ " + _("{n} to look at").format(n=waiting) + " " if waiting else ""

    def _time(self, view: View | None) -> str:
        if view is None:
            return ""
        pace = ""
        if view.simulated and view.speed is not None:
            pace = " ⏸" if view.speed == 0 else f" ▶{view.speed:g}x"
        local = view.local(view.now)
        return f" {local:%d/%m %H:%M}{pace} "


class KeyBar(Widget):
    """The keys of the screen, those that can be used now bright, the others dim."""

    DEFAULT_CSS = """
    KeyBar {
        dock: bottom; height: 1; background: $panel; link-style: none; link-style-hover: underline;
        link-color: $text; link-background-hover: $primary-muted; link-color-hover: $text;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.items: tuple[tuple[Action, bool], ...] = ()

    def show(self, items: tuple[tuple[Action, bool], ...]) -> None:
        """Show these actions; the flag tells whether each can be done now."""
        if items != self.items:
            self.items = items
        self.refresh()

    def render(self) -> Text:
        """As many keys as fit."""
        theme = self.app.theme_variables
        sign = Style(color=theme.get("accent", "cyan"), bold=True)
        line = Text(" ", no_wrap=True, overflow="crop", end="")
        for action, able in self.items:
            label = _(action.label)
            if line.cell_len + cell_len(action.sign) + cell_len(label) + 3 > self.size.width:
                continue
            click = Style.from_meta({"@click": f"screen.do({action.id!r})"})
            line.append(action.sign, (sign if able else Style(dim=True)) + click)
            line.append(f" {label}  ", Style(dim=not able) + click)
        return line
