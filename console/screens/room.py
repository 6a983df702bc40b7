"""What every screen of the console shares: bars, keys from the registry, the way from a key to a deed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from console.actions import BY_ID, Action, Answers, Room, Selection, actions_of
from console.errors import ActionDisabled
from console.i18n import _
from console.screens.ask import Ask, Pick
from console.screens.confirm import Confirm
from console.view import View
from console.widgets.bars import KeyBar, TopBar
from console.widgets.citymap import CityMap
from console.wording import ORDER_WORDS
from fleet.errors import FleetError

if TYPE_CHECKING:
    from console.app import Desk


def bindings_of(room: Room) -> list[BindingType]:
    """The registry's keys for one screen."""
    return [Binding(action.key, f"do({action.id!r})", action.label, show=False) for action in actions_of(room)]


class RoomScreen(Screen[None]):
    """A screen that draws the View and does what the registry says."""

    ROOM: ClassVar[Room]
    app: Desk

    def __init_subclass__(cls) -> None:
        """Take the keys of the room from the registry."""
        cls.BINDINGS = bindings_of(cls.ROOM)
        super().__init_subclass__()

    def __init__(self) -> None:
        super().__init__()
        self.drawn: View | None = None

    def compose(self) -> ComposeResult:
        """Bars around the room."""
        yield TopBar(self.ROOM)
        yield from self.compose_room()
        yield KeyBar()

    def compose_room(self) -> ComposeResult:
        """What is between the bars."""
        raise NotImplementedError

    def draw(self, view: View, before: View | None) -> None:
        """Show the view; `before` is the one drawn last, None when everything is to be drawn."""
        raise NotImplementedError

    def selection(self) -> Selection:
        """What the cursor stands on."""
        return Selection()

    def targets(self, action: Action) -> list[Selection]:  # noqa: ARG002 - rooms with marks look at it
        """What an order is for: what the cursor stands on, or all that is marked."""
        return [self.selection()]

    def select(self, key: str) -> None:
        """Put the cursor on something, where the room has it."""

    def on_mount(self) -> None:
        """Draw as soon as there is something to draw."""
        self.show(self.app.view)

    def on_screen_resume(self) -> None:
        """Catch up with what happened meanwhile."""
        self.show(self.app.view)

    def show(self, view: View) -> None:
        """Draw the view, the bars included."""
        if not self.is_mounted or not self.query(TopBar):
            return
        self.query_one(TopBar).show(view)
        for city in self.query(CityMap):
            if self.drawn is None or self.drawn.streets is not view.streets:
                city.lay_streets(view.streets)
        if self.app.loaded:
            self.draw(view, self.drawn)
            self.drawn = view
        self.show_keys()

    def show_again(self) -> None:
        """Draw everything anew: the language or the theme changed."""
        self.drawn = None
        self.show(self.app.view)
        self.refresh(layout=True)

    def show_keys(self) -> None:
        """Show which keys can be used now."""
        view, at = self.app.view, self.selection()
        shown = sorted(
            (action for action in actions_of(self.ROOM) if action.bar), key=lambda action: action.id != "help"
        )
        self.query_one(KeyBar).show(tuple((action, action.why_not(view, at) is None) for action in shown))

    def on_grid_moved(self) -> None:
        """Another row, other possibilities."""
        if self.app.loaded:
            self.draw(self.app.view, self.drawn)
        self.show_keys()

    def action_do(self, name: str) -> None:
        """Do what the registry says about this action, or tell why not."""
        action = BY_ID[name]
        reason = action.why_not(self.app.view, self.selection())
        if reason:
            self.notify(reason, title=_(action.label), severity="warning")
        elif action.order is None:
            owner = self if hasattr(self, action.method) else self.app
            getattr(owner, action.method)(*action.args)
        else:
            self.order(action)

    @work
    async def order(self, action: Action) -> None:
        """Ask what must be asked, confirm what is dangerous, then place the order."""
        assert action.order is not None
        view, at = self.app.view, self.selection()
        many = self.targets(action)
        question = action.danger(view, at)
        if len(many) > 1:
            question = _("{what}: of {n} stations?").format(what=_(action.label), n=len(many))
        if question and not await self.app.push_screen_wait(Confirm(question, _(action.label))):
            return
        try:
            answers = await self._ask(action, view, at)
            if answers is None:
                return
            able = [one for one in many if len(many) == 1 or action.why_not(view, one) is None]
            wanted = tuple(order for one in able for order in action.order(view, one, answers))
        except (ActionDisabled, FleetError) as error:
            self.notify(str(error), title=_(action.label), severity="error", timeout=8)
            return
        except ValueError:
            self.notify(_("that is not a number"), title=_(action.label), severity="error")
            return
        for one in wanted:
            self.app.place(one)
        if wanted:
            target = wanted[0].target if len(wanted) == 1 else f"{len(wanted)}x"
            self.notify(
                f"{_(ORDER_WORDS.get(wanted[0].kind, wanted[0].kind.replace('_', ' ')))} → {target}",
                title=_("ordered"),
                timeout=3,
            )

    async def _ask(self, action: Action, view: View, at: Selection) -> Answers | None:
        answers: dict[str, str] = {}
        for question in action.questions:
            asked: Ask | Pick
            if question.known and self.app.hands:
                known = await asyncio.to_thread(question.known, self.app.hands, view, at)
                asked = Pick(_(question.label), known)
            elif question.options:
                asked = Pick(_(question.label), question.options(view, at))
            else:
                asked = Ask(_(action.help), _(question.label), question.start(view, at))
            answer = await self.app.push_screen_wait(asked)
            if answer is None or (not answer and not question.optional):
                return None
            answers[question.name] = answer
        return answers

    # verbs of the maps

    def do_map_in(self) -> None:
        """Show the map nearer."""
        self.query_one(CityMap).zoom(0.7)

    def do_map_out(self) -> None:
        """Show more of the map."""
        self.query_one(CityMap).zoom(1 / 0.7)

    def do_map_fit(self) -> None:
        """Show the whole city."""
        self.query_one(CityMap).fit()

    def do_map_layers(self) -> None:
        """Go round the layers."""
        self.query_one(CityMap).next_layers()
