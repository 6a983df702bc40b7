"""The Plan screen: why for every bin, list and map together, edits shown before they are kept."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from console import i18n
from console.app import Desk
from console.screens import plan_shaping
from console.screens.plan_compare import Compare
from console.screens.plan_edit import EditPanel
from console.shaping.values import Broken, EditCall, Tried
from console.view.compare import compare
from console.widgets.citymap import CityMap
from console.widgets.grid import Grid
from fleet.errors import PlanChanged
from fleet.settings import ConsoleSettings, Settings

spec = spec_from_file_location("fixed_view_of_plans", Path(__file__).parent / "fixed_view.py")
fixed_view = module_from_spec(spec)
spec.loader.exec_module(fixed_view)

SIZES = {"80x24": (80, 24), "160x45": (160, 45)}
MARGINS = (("T1", 21.4, 17.9), ("T2", 12.0, 3.1))
RULES = (Broken("capacity", "T2", "holds 9500 l of 9000 l"), Broken("shift", "T2", "returns 12 min after its shift"))


class Clerk:
    """Hands that work every edit out the same way and write down what was kept."""

    def __init__(self, broken: tuple[Broken, ...] = (), refusal: Exception | None = None) -> None:
        self.broken = broken
        self.refusal = refusal
        self.tried: list[EditCall] = []
        self.kept: list[EditCall] = []
        self.turned: list[str] = []
        self.printed: list[tuple[str, str, str | None]] = []

    def prepare(self) -> None:
        """Nothing to start."""

    def try_edit(self, plan_id: int, version: int, call: EditCall) -> Tried:
        if self.refusal is not None:
            raise self.refusal
        self.tried.append(call)
        return Tried(plan_id, version, call, 1.24, 7.5, 18.4, 2.6, -0.31, MARGINS, self.broken)

    def accept(self, plan_id: int, version: int, call: EditCall) -> int:
        self.kept.append(call)
        return 8

    def undo(self, plan_id: int, version: int) -> Tried:
        self.turned.append("undo")
        return Tried(plan_id, version, EditCall("drop", {"bin": "BIN-0051"}), 0.4)

    def redo(self, plan_id: int, version: int) -> Tried:
        self.turned.append("redo")
        return Tried(plan_id, version, EditCall("drop", {"bin": "BIN-0051"}), -0.4)

    def other_plans(self, plan_id: int):
        return (shaped(),)

    def print_sheets(self, plan_id: int, kind: str, language: str, truck: str | None):
        self.printed.append((kind, language, truck))
        return (Path("/data/sheets/plan-7/T1.pdf"),)


def shaped():
    """Tonight's plan with T1's first bin moved to T2."""
    plan = fixed_view.make_plan(fixed_view.make_bins())
    first, second, *rest = plan.routes
    moved, kept = first.stops[0], first.stops[1:]
    routes = (
        replace(first, stops=kept, bins=first.bins - 1, km=first.km - 0.8),
        replace(second, stops=(moved, *second.stops), bins=second.bins + 1, km=second.km + 1.9),
        *rest,
    )
    return replace(plan, plan_id=8, based_on=7, km=plan.km + 1.1, routes=routes, edits=1, undone=1)


def make_desk(clerk: Clerk | None = None, language: str = "en", **changes) -> Desk:
    settings = Settings(console=ConsoleSettings(language=language))
    return Desk(None, settings, operator="amina", hands=clerk or Clerk(), view=fixed_view.make_view(**changes))


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    monkeypatch.setattr(plan_shaping, "FEED_SECONDS", 0.0)  # the clerk writes nothing a feed could bring back
    yield
    i18n.use("en")


async def rest(desk: Desk, pilot) -> None:
    """Let deeds in threads come back and be drawn."""
    for _ in range(8):
        await pilot.pause(0.02)


def lines(desk: Desk) -> list[str]:
    return ["".join(segment.text for segment in strip) for strip in desk.screen._compositor.render_strips()]


async def to_stops(desk: Desk, pilot, bin_id: str) -> None:
    await pilot.press("3")
    await rest(desk, pilot)
    desk.screen.select(bin_id)
    await rest(desk, pilot)


# what is drawn


@pytest.mark.parametrize("size", SIZES)
def test_a_stop_says_why_beside_the_map(snap_compare, size):
    """The reason of the stop under the cursor, its mark on the map, what is locked."""

    async def go(pilot) -> None:
        await to_stops(pilot.app, pilot, "BIN-0057")

    assert snap_compare(make_desk(), run_before=go, terminal_size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_a_bin_left_says_why(snap_compare, size):
    """The bins left, the due first, each with its reason."""

    async def go(pilot) -> None:
        await pilot.press("3", "v", "j")
        await rest(pilot.app, pilot)

    assert snap_compare(make_desk(), run_before=go, terminal_size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_an_edit_shows_its_delta_and_the_rules_it_breaks(snap_compare, size):
    """Before it is kept: way, time, money, energy, overflows, battery margins, broken rules."""

    async def go(pilot) -> None:
        await to_stops(pilot.app, pilot, "BIN-0057")
        await pilot.press("d")
        await rest(pilot.app, pilot)

    assert snap_compare(make_desk(Clerk(RULES)), run_before=go, terminal_size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_two_plans_stand_side_by_side(snap_compare, size):
    """Figures, trucks and every bin that fares otherwise."""

    async def go(pilot) -> None:
        await pilot.press("3", "c")
        await rest(pilot.app, pilot)

    assert snap_compare(make_desk(), run_before=go, terminal_size=SIZES[size])


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_shaping_speaks_the_operators_language(snap_compare, language):
    """Reason, delta and keys fit the smallest terminal in French and Arabic."""

    async def go(pilot) -> None:
        await to_stops(pilot.app, pilot, "BIN-0057")
        await pilot.press("d")
        await rest(pilot.app, pilot)

    assert snap_compare(make_desk(Clerk(RULES), language), run_before=go, terminal_size=(80, 24))


# list and map


async def test_the_cursor_of_the_stops_moves_on_the_map_and_back():
    """j in the stops marks the next bin on the map; a mark picked on the map moves the cursor to its stop."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await to_stops(desk, pilot, "BIN-0051")
        await pilot.press("j")
        await rest(desk, pilot)
        city = desk.screen.query_one(CityMap)
        assert city.selected == "BIN-0054"
        city.post_message(CityMap.Picked("BIN-0016"))
        await rest(desk, pilot)
        assert desk.screen.selection().bin_id == "BIN-0016"
        assert desk.screen.query_one("#routes", Grid).row.route.truck_id == desk.screen.selection().truck_id
        left = desk.view.plan.left[5].bin_id
        city.post_message(CityMap.Picked(left))
        await rest(desk, pilot)
        assert desk.screen.selection().bin_id == left
        assert desk.screen.sheet == "left"


async def test_a_bin_outside_the_window_is_brought_into_it():
    """From near, the next stop's bin is on the map wherever it stands."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await to_stops(desk, pilot, "BIN-0051")
        await pilot.press("enter")
        await rest(desk, pilot)
        for _ in range(2):
            await pilot.press("j")
        await rest(desk, pilot)
        city = desk.screen.query_one(CityMap)
        assert city.selected in city._frame.marked.values()


async def test_enter_on_the_map_picks_what_is_in_its_middle():
    """Without a mouse: centre on a bin, Tab to the map, Enter, and the cursor is on it."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await to_stops(desk, pilot, "BIN-0051")
        city = desk.screen.query_one(CityMap)
        city.select("BIN-0057", centre=True)
        city.near()
        city.focus()
        await pilot.press("enter")
        await rest(desk, pilot)
        assert desk.screen.selection().bin_id == "BIN-0057"


# edits


async def test_enter_keeps_an_edit_and_escape_drops_it():
    """The panel asks; only Enter writes."""
    clerk = Clerk()
    desk = make_desk(clerk)
    async with desk.run_test(size=(160, 45)) as pilot:
        await to_stops(desk, pilot, "BIN-0057")
        await pilot.press("d")
        await rest(desk, pilot)
        assert isinstance(desk.screen, EditPanel)
        assert any("+1.2 km" in line for line in lines(desk))
        await pilot.press("escape")
        await rest(desk, pilot)
        assert clerk.kept == []
        await pilot.press("d")
        await rest(desk, pilot)
        await pilot.press("enter")
        await rest(desk, pilot)
        assert clerk.kept == [EditCall("drop", {"bin": "BIN-0057"})]
        assert any("plan 8" in note.message for note in desk._notifications)


KEYS = {
    "t": ("move", {"bin": "BIN-0054", "truck": "T2"}, ["enter"]),
    "K": ("move", {"bin": "BIN-0054", "truck": "T1", "position": 0}, []),
    "J": ("move", {"bin": "BIN-0054", "truck": "T1", "position": 2}, []),
    "y": ("split", {"bin": "BIN-0054", "truck": "T1", "other": "T2"}, ["enter"]),
    "x": ("swap", {"one": "T1", "other": "T2"}, ["enter"]),
    "i": ("improve", {"seconds": 1.6}, []),
}


@pytest.mark.parametrize("key", KEYS)
async def test_each_key_of_shaping_asks_for_its_edit(key):
    """The key, what it asks, the edit it works out, and Enter keeps it."""
    kind, args, answers = KEYS[key]
    clerk = Clerk()
    desk = make_desk(clerk)
    async with desk.run_test(size=(160, 45)) as pilot:
        await to_stops(desk, pilot, "BIN-0054")
        await pilot.press(key)
        await rest(desk, pilot)
        if answers:
            desk.screen.query_one(OptionList).focus()
        await pilot.press(*answers)
        await rest(desk, pilot)
        assert clerk.tried == [EditCall(kind, args)]
        await pilot.press("enter")
        await rest(desk, pilot)
        assert clerk.kept == [EditCall(kind, args)]


async def test_a_lock_needs_no_question_and_a_second_press_lets_go():
    """l holds the bin under the cursor; on one that is held it frees it; on a route it holds the route."""
    clerk = Clerk()
    desk = make_desk(clerk)
    async with desk.run_test(size=(160, 45)) as pilot:
        await to_stops(desk, pilot, "BIN-0057")
        await pilot.press("l")
        await rest(desk, pilot)
        await pilot.press("k", "l")
        await rest(desk, pilot)
        desk.screen.query_one("#routes").focus()
        await pilot.press("l")
        await rest(desk, pilot)
        assert clerk.kept == [
            EditCall("lock", {"truck": "T1", "bin": "BIN-0057"}),
            EditCall("unlock", {"truck": "T1", "bin": "BIN-0054"}),
            EditCall("lock", {"truck": "T1", "bin": None}),
        ]


async def test_a_departure_is_typed_in_the_citys_time():
    """05:30 in Casablanca is second 19,800 of the day; what is no time is refused."""
    clerk = Clerk()
    desk = make_desk(clerk)
    async with desk.run_test(size=(160, 45)) as pilot:
        await to_stops(desk, pilot, "BIN-0057")
        for typed in ("05:30", "25:99"):
            await pilot.press("e")
            await rest(desk, pilot)
            desk.screen.query_one(Input).value = typed
            await pilot.press("enter")
            await rest(desk, pilot)
            await pilot.press("escape")
            await rest(desk, pilot)
        assert clerk.tried == [EditCall("start", {"truck": "T1", "seconds": 19_800})]
        assert "that is no time of day; write HH:MM" in {note.message for note in desk._notifications}


async def test_a_bin_left_is_added_by_the_cheapest_truck_or_one_picked():
    """a on the bins left offers the cheapest first."""
    clerk = Clerk()
    desk = make_desk(clerk)
    async with desk.run_test(size=(160, 45)) as pilot:
        await pilot.press("3", "v")
        await rest(desk, pilot)
        name = desk.screen.selection().bin_id
        await pilot.press("a")
        await rest(desk, pilot)
        desk.screen.query_one(OptionList).focus()
        await pilot.press("enter")
        await rest(desk, pilot)
        assert clerk.tried == [EditCall("add", {"bin": name, "truck": None})]


async def test_undo_and_redo_say_what_came_back():
    """u and U turn the last edit, once there is one."""
    clerk = Clerk()
    desk = make_desk(clerk, plan=shaped())
    async with desk.run_test(size=(160, 45)) as pilot:
        await pilot.press("3", "u")
        await rest(desk, pilot)
        await pilot.press("U")
        await rest(desk, pilot)
        assert clerk.turned == ["undo", "redo"]
        assert any("leave BIN-0051 out" in note.message for note in desk._notifications)
    fresh = make_desk(clerk)
    async with fresh.run_test(size=(160, 45)) as pilot:
        await pilot.press("3", "u")
        await rest(fresh, pilot)
        assert "there is nothing to take back" in {note.message for note in fresh._notifications}


async def test_a_stale_edit_is_one_line_that_names_the_other_dispatcher():
    """What the store refuses is told, and nothing is asked or kept."""
    refusal = PlanChanged(7, "karim", "drop", {"bin": "BIN-0051"}, fixed_view.NOW)
    clerk = Clerk(refusal=refusal)
    desk = make_desk(clerk)
    async with desk.run_test(size=(160, 45)) as pilot:
        await to_stops(desk, pilot, "BIN-0057")
        await pilot.press("d")
        await rest(desk, pilot)
        assert not isinstance(desk.screen, EditPanel)
        assert any("karim (drop bin BIN-0051) at 21:05 UTC" in note.message for note in desk._notifications)


async def test_sheets_are_written_for_the_selected_truck():
    """P asks for the kind and says where the file lies."""
    clerk = Clerk()
    desk = make_desk(clerk)
    async with desk.run_test(size=(160, 45)) as pilot:
        await to_stops(desk, pilot, "BIN-0057")
        await pilot.press("P")
        await rest(desk, pilot)
        await pilot.press("j", "enter")
        await rest(desk, pilot)
        assert clerk.printed == [("pdf", "ar", "T1")]
        assert any("T1.pdf" in note.message for note in desk._notifications)


async def test_a_plan_that_breaks_a_rule_cannot_be_published_by_key():
    """p says which rule stands against it."""
    plan = replace(shaped(), broken=("T2: holds 9500 l of 9000 l",))
    desk = make_desk(plan=plan)
    async with desk.run_test(size=(160, 45)) as pilot:
        await pilot.press("3", "p")
        await rest(desk, pilot)
        told = {note.message for note in desk._notifications}
        assert "it breaks 1 rules: T2: holds 9500 l of 9000 l" in told


async def test_compare_is_closed_by_its_own_key():
    """c opens and c closes."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await pilot.press("3", "c")
        await rest(desk, pilot)
        assert isinstance(desk.screen, Compare)
        await pilot.press("c")
        await rest(desk, pilot)
        assert not isinstance(desk.screen, Compare)


def test_a_comparison_names_every_bin_that_changed_hands():
    """Totals, trucks and the one bin moved."""
    mine, other = shaped(), fixed_view.make_plan(fixed_view.make_bins())
    found = compare(mine, other)
    assert [(one.bin_id, one.mine, one.other) for one in found.moved] == [("BIN-0051", "T2", "T1")]
    assert {one.what: round(one.change, 1) for one in found.figures if one.change} == {"km": 1.1}
    assert [pair.truck_id for pair in found.trucks] == ["T1", "T2", "T3"]
