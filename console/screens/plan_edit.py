"""The panel before an edit is kept: what it changes, and which rules it breaks. Enter keeps it, Escape drops it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.edits import tell_edit
from console.i18n import N_, _, ngettext
from console.shaping.values import Tried
from console.why import tell_rule
from console.widgets.columns import Level
from console.widgets.panel import Line, Pair, Panel, Say

SHOWN_MARGINS, SHOWN_RULES = 4, 4
NEAR_EMPTY_KWH = 5.0
"""A battery margin below this is pointed out."""


def signed(value: float, unit: str, digits: int = 1) -> str:
    """A difference with its sign; nothing is ±0."""
    if round(value, digits) == 0:
        return f"±0 {unit}".rstrip()
    return f"{value:+,.{digits}f} {unit}".replace(",", "\N{NARROW NO-BREAK SPACE}").rstrip()


def _level(value: float, digits: int = 1) -> Level:
    """More of what costs is a warning, less is good."""
    rounded = round(value, digits)
    return "warn" if rounded > 0 else "good" if rounded < 0 else "plain"


def delta_lines(tried: Tried, currency: str) -> list[Line]:
    """What an edit changes, a figure a line, then margins and rules."""
    lines: list[Line] = [
        Pair(_("way"), signed(tried.km, "km"), _level(tried.km)),
        Pair(_("time on duty"), signed(tried.minutes, "min", 0), _level(tried.minutes, 0)),
        Pair(_("cost"), signed(tried.money, currency, 2), _level(tried.money, 2)),
        Pair(_("energy"), signed(tried.kwh, "kWh"), _level(tried.kwh)),
        Pair(_("expected overflows"), signed(tried.overflows, "", 2), _level(tried.overflows, 2)),
    ]
    for truck, before, after in tried.margins[:SHOWN_MARGINS]:
        if before is None and after is None:
            continue
        low = after is not None and after < NEAR_EMPTY_KWH
        spare = f"{_kwh(before)} → {_kwh(after)} kWh"
        lines.append(Pair(_("battery to spare, {truck}").format(truck=truck), spare, "bad" if low else "plain"))
    if tried.mended:
        words = ngettext("mends {n} broken rule", "mends {n} broken rules", tried.mended).format(n=tried.mended)
        lines.append(Say(words, "good"))
    lines += [
        Say(f"{one.truck} {one.text}".strip(), "bad", head=f"✖ {tell_rule(one.rule)}")
        for one in tried.broken[:SHOWN_RULES]
    ]
    if len(tried.broken) > SHOWN_RULES:
        lines.append(Say(_("and {n} more").format(n=len(tried.broken) - SHOWN_RULES), "bad"))
    if tried.broken:
        lines.append(Say(_("kept as a draft it cannot be published before that is mended"), "warn"))
    elif tried.same:
        lines.append(Say(_("nothing changes"), "dim"))
    return lines


def _kwh(value: float | None) -> str:
    return "·" if value is None else f"{value:.1f}"


class EditPanel(ModalScreen[bool]):
    """A small panel at the foot of the screen; list and map stay in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer(True)"),
        Binding("escape,n,q", "answer(False)"),
    ]
    DEFAULT_CSS = """
    EditPanel { align: right bottom; background: $background 0%; }
    EditPanel > Vertical {
        width: 58; max-width: 100%; height: auto; max-height: 90%; border: round $accent; margin-bottom: 1;
        border-title-color: $text-accent; border-subtitle-color: $text-muted; background: $surface;
    }
    EditPanel > Vertical.-broken { border: round $error; border-title-color: $text-error; }
    EditPanel Panel { border: none; padding: 0 1; }
    """

    def __init__(self, tried: Tried, currency: str) -> None:
        super().__init__()
        self.tried = tried
        self.currency = currency

    def compose(self) -> ComposeResult:
        """The figures."""
        with Vertical(classes="-broken" if self.tried.broken else "") as box:
            box.border_title = tell_edit(self.tried.call.kind, self.tried.call.args)
            box.border_subtitle = _("Enter keeps it, Esc drops it")
            panel = Panel(N_("Plan"))
            panel.say(delta_lines(self.tried, self.currency))
            yield panel

    def action_answer(self, yes: bool) -> None:
        """Keep it or not."""
        self.dismiss(yes)
