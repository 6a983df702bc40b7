"""Streets: our own rules of them, left of what the map says, kept by every plan from the next one on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal

from console.actions import Room, Selection
from console.errors import ActionDisabled, ConsoleError
from console.hands import Hands
from console.i18n import N_, _
from console.screens.ask import Ask, Pick
from console.screens.room import RoomScreen
from console.streets import KINDS, UNITS, find_streets, read_period, read_value, tell_rule
from console.view import RuleView, View
from console.widgets.citymap import CityMap
from console.widgets.columns import Cell, Column, Level
from console.widgets.grid import Grid
from console.widgets.scene import Line, Scene
from console.wording import ORDER_WORDS
from fleet.errors import FleetError
from fleet.orders import OrderKind, Wanted
from routing.errors import RoutingError

T = TypeVar("T")
STATES: dict[str, tuple[str, Level]] = {
    "holds": (N_("● holds"), "warn"),
    "comes": (N_("○ to come"), "note"),
    "over": (N_("· over"), "dim"),
    "ended": (N_("· ended"), "dim"),
}
SHOWN = 30
PERIOD_HELP = N_(
    "today, tomorrow, 2026-11-24, 2026-11-24..2026-12-01, mon,thu, mon-fri, 06:00-13:00,\nor several of these; "
    "nothing: until it is ended."
)


def columns(view: View) -> list[Column[RuleView]]:
    """What a rule is, where, when and why."""
    today = view.local(view.now).date()

    def state(rule: RuleView) -> Cell:
        words, level = STATES[rule.state(today)]
        return Cell(_(words), level)

    return [
        Column(N_("State"), 10, state, lambda rule: (list(STATES).index(rule.state(today)), -rule.rule_id)),
        Column(N_("Street"), 20, lambda rule: Cell(rule.street), lambda rule: rule.street, grow=True),
        Column(N_("Rule"), 22, lambda rule: Cell(tell_rule(rule.kind, rule.value)), lambda rule: rule.kind),
        Column(N_("When"), 22, lambda rule: Cell(rule.period or _("always"), "dim"), lambda rule: rule.period, drop=2),
        Column(N_("Why"), 16, lambda rule: Cell(rule.why, "dim"), lambda rule: rule.why or None, drop=3),
        Column(N_("Who"), 10, lambda rule: Cell(rule.who, "dim"), lambda rule: rule.who or None, drop=1),
    ]


class StreetsScreen(RoomScreen):
    """The rules left, where they hold on the map right."""

    ROOM: ClassVar[Room] = "streets"

    def compose_room(self) -> ComposeResult:
        """Grid and map."""
        with Horizontal():
            yield Grid[RuleView](
                columns(self.app.view),
                lambda rule: str(rule.rule_id),
                find=lambda rule: f"{rule.street} {rule.kind} {rule.why} {rule.who} {rule.period}",
                sort=0,
                hint=N_("no rules: every street is as the map says\nn rules one"),
                id="rules",
            )
            yield CityMap(glyphs=self.app.settings.console.glyphs)

    def draw(self, view: View, before: View | None) -> None:
        """The rules, and those that hold on the map."""
        grid = self.query_one("#rules", Grid)
        grid.border_title = _("Rules of streets")
        grid.fill({str(number): rule for number, rule in view.rules.items()})
        if before is None or before.rules is not view.rules:
            today = view.local(view.now).date()
            lines = tuple(
                Line(rule.street, line, rule.rule_id)
                for rule in view.rules.values()
                if rule.state(today) in {"holds", "comes"}
                for line in rule.lines
            )
            self.query_one(CityMap).show(Scene((), lines))

    def selection(self) -> Selection:
        """The rule under the cursor."""
        row = self.query_one("#rules", Grid).row
        return Selection(rule_id=row.rule_id if row else 0)

    def select(self, key: str) -> None:
        """Put the cursor on a rule."""
        self.query_one("#rules", Grid).select(key)

    def on_grid_chosen(self) -> None:
        """Enter: change the rule."""
        self.action_do("street.edit")

    @work
    async def do_street_add(self) -> None:
        """Ask for street, rule, figure, period and reason, and order it."""
        try:
            args = await self._ask_rule()
            more = await self._ask_when(_("New rule")) if args is not None else None
        except (ConsoleError, FleetError, RoutingError) as error:
            self.notify(str(error), title=_("New rule"), severity="error", timeout=8)
            return
        if args is not None and more is not None:
            period, why = more
            self._order("new", {"do": "add", **args, **period}, why, str(args["street"]))

    @work
    async def do_street_edit(self) -> None:
        """Ask for figure, period and reason anew, and order the change."""
        rule = self.app.view.rules[self.selection().rule_id]
        changes: dict[str, Any] = {"do": "change"}
        try:
            if rule.kind in UNITS:
                unit = UNITS[rule.kind]
                text = await self.app.push_screen_wait(Ask(rule.street, unit, f"{rule.value:g}"))
                if not text:
                    return
                changes["value"] = read_value(rule.kind, text)
            more = await self._ask_when(rule.street, rule.period, rule.why)
        except ConsoleError as error:
            self.notify(str(error), title=rule.street, severity="error", timeout=8)
            return
        if more is not None:
            self._order(str(rule.rule_id), changes | more[0], more[1], rule.street)

    async def _ask_rule(self) -> dict[str, Any] | None:
        """Street, kind, figure, direction; None when the person left."""
        asked = Ask(_("A part of its name, or a bin that stands in it."), _("Street"))
        text = await self.app.push_screen_wait(asked)
        street = await self._choose_street(text.strip()) if text and text.strip() else None
        if street is None:
            return None
        kinds = tuple((kind, _(words)) for kind, words in KINDS.items())
        kind = await self.app.push_screen_wait(Pick(street, kinds))
        if kind is None:
            return None
        args: dict[str, Any] = {"kind": kind, "street": street}
        if kind in UNITS:
            figure = await self.app.push_screen_wait(Ask(street, UNITS[kind]))
            if not figure:
                return None
            args["value"] = read_value(kind, figure)
        if kind == "one_way":
            chain = await self._off(lambda hands: hands.chain(street))
            sides = (("ahead", _(chain.ahead)), ("back", _(chain.back)))
            side = await self.app.push_screen_wait(Pick(_("Open towards"), sides))
            if side is None:
                return None
            args["line"] = [list(point) for point in (chain.line if side == "ahead" else chain.line[::-1])]
        return args

    async def _choose_street(self, text: str) -> str | None:
        if text.upper() in self.app.view.bins:
            street = await self._off(lambda hands: hands.street_of(text.upper()))
            if not street:
                self.notify(_("this bin stands in no street with a name"), severity="warning")
            return street or None
        found = find_streets((label.name for label in self.app.view.streets.labels), text)
        if not found:
            self.notify(_("no street has {text} in its name").format(text=repr(text)), severity="warning")
            return None
        if len(found) == 1:
            return found[0]
        return await self.app.push_screen_wait(Pick(_("Which street?"), tuple((name, name) for name in found[:SHOWN])))

    async def _ask_when(self, title: str, period: str = "", why: str = "") -> tuple[dict[str, Any], str] | None:
        """Period and reason; None when the person left."""
        text = await self.app.push_screen_wait(Ask(_(PERIOD_HELP), _("When"), period))
        if text is None:
            return None
        found = read_period(text, self.app.view.local(self.app.view.now).date())
        reason = await self.app.push_screen_wait(Ask(title, _("Why"), why))
        return None if reason is None else (found, reason)

    async def _off(self, deed: Callable[[Hands], T]) -> T:
        """Ask the hands off the screen's thread."""
        hands = self.app.hands
        if hands is None:
            raise ActionDisabled(_("there is no store"))
        return await asyncio.to_thread(deed, hands)

    def _order(self, target: str, args: dict[str, Any], why: str, street: str) -> None:
        self.app.place(Wanted(OrderKind.RULE_STREET, target, args, why=why))
        self.notify(f"{_(ORDER_WORDS[OrderKind.RULE_STREET])} → {street}", title=_("ordered"), timeout=3)
