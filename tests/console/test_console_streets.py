"""The Streets screen and its words: rules added, changed and ended by key, and carried out as orders in a store."""

from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from textual.widgets import Input

from console import i18n
from console.actions import actions_of, keys_table
from console.app import Desk
from console.errors import RuleUnclear
from console.loading import load_rules
from console.screens.ask import Ask, Pick
from console.screens.confirm import DEAF_SECONDS
from console.streets import Chain, chain_of, draw_rule, find_streets, read_period, street_at, tell_period, tell_rule
from console.view import RuleView
from console.widgets.grid import Grid
from fleet.orders import OrderKind, Wanted
from fleet.settings import ConsoleSettings, Settings
from fleet.store import Store
from routing.roads import Network

spec = spec_from_file_location("fixed_view", Path(__file__).parent / "fixed_view.py")
fixed_view = module_from_spec(spec)
spec.loader.exec_module(fixed_view)

TODAY = date(2026, 11, 23)
CHAIN = Chain(((34.92, -2.32), (34.93, -2.31)), "north-east", "south-west")
RULES = {
    1: RuleView(1, "Rue de Fès", "closed", None, "mon,thu 06:00-13:00", "market", "amina", lines=(CHAIN.line,)),
    2: RuleView(2, "Rue Oued Zegzel", "max_t", 12.0, "", "too narrow", "karim"),
    3: RuleView(3, "Avenue Hassan II", "speed", 9.0, "2026-11-01..2026-11-09", "", "karim", ends=date(2026, 11, 9)),
}


class Ledger:
    """Hands that write down what they were asked to do."""

    def __init__(self) -> None:
        self.done: list[Wanted] = []

    def place(self, wanted: Wanted) -> None:
        self.done.append(wanted)

    def street_of(self, bin_id: str) -> str:
        return "Rue de Fès" if bin_id == "BIN-0035" else ""

    def chain(self, _street: str) -> Chain:
        return CHAIN


@pytest.fixture(autouse=True)
def _english():
    yield
    i18n.use("en")


def make_desk(language: str = "en", rules: dict[int, RuleView] = RULES) -> Desk:
    settings = Settings(console=ConsoleSettings(language=language))
    return Desk(None, settings, operator="amina", hands=Ledger(), view=fixed_view.make_view(rules=rules))


async def settle(pilot) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete([w for w in pilot.app.workers if not w.name.startswith(("do_", "order"))])
    await pilot.pause()


async def answer(pilot, *words: str) -> None:
    """Answer dialogs one after the other: a text is typed, a number is the option picked."""
    for word in words:
        for _ in range(40):
            await pilot.pause(0.02)
            if isinstance(pilot.app.screen, Ask | Pick):
                break
        screen = pilot.app.screen
        assert isinstance(screen, Ask | Pick)
        if isinstance(screen, Ask):
            screen.query_one(Input).value = word
        else:
            await pilot.press(*["down"] * int(word))
        await pilot.press("enter")
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_the_streets_look_as_they_should(snap_compare, size):
    """Rules with state, period, reason; those in force on the map where there is room."""

    async def go(pilot) -> None:
        await pilot.press("7")
        await settle(pilot)

    assert snap_compare(make_desk(), run_before=go, terminal_size=size)


async def test_a_street_is_closed_for_the_market_by_key():
    """7, n, a part of the name, the rule, the period, the reason: one order."""
    desk = make_desk()
    async with desk.run_test(size=(140, 45)) as pilot:
        await pilot.press("7", "n")
        await answer(pilot, "mohammed", "0", "mon,thu 06:00-13:00", "market")
    (wanted,) = desk.hands.done
    assert (wanted.kind, wanted.target, wanted.why) == (OrderKind.RULE_STREET, "new", "market")
    assert wanted.args == {
        "do": "add", "kind": "closed", "street": "Boulevard Mohammed V", "from_time": "06:00", "until_time": "13:00",
        "weekdays": [0, 3], "starts_on": None, "ends_on": None,
    }  # fmt: skip


async def test_a_bins_street_is_made_one_way():
    """The street may be named by a bin in it; the direction is picked by its compass."""
    desk = make_desk()
    async with desk.run_test(size=(140, 45)) as pilot:
        await pilot.press("7", "n")
        await answer(pilot, "bin-0035", "1", "1", "today", "")
    (wanted,) = desk.hands.done
    assert wanted.args["line"] == [[34.93, -2.31], [34.92, -2.32]]
    assert wanted.args["starts_on"] == wanted.args["ends_on"] == "2026-11-23"


async def test_a_street_that_is_not_there_or_a_period_that_is_none_is_told():
    """Nothing is ordered."""
    desk = make_desk()
    async with desk.run_test(size=(140, 45)) as pilot:
        await pilot.press("7", "n")
        await answer(pilot, "nowhere")
        await pilot.press("n")
        await answer(pilot, "mohammed", "0", "next week")
        notes = [note.message for note in desk._notifications]
    assert "no street has 'nowhere' in its name" in notes
    assert any("'next' is no period" in note for note in notes)
    assert desk.hands.done == []


async def test_rules_are_changed_ended_and_deleted_by_key():
    """e asks figure, period and reason with what they are; w ends; d asks first."""
    desk = make_desk()
    async with desk.run_test(size=(140, 45)) as pilot:
        await pilot.press("7")
        await settle(pilot)
        assert desk.screen.query_one("#rules", Grid).select("2")
        await pilot.press("e")
        await answer(pilot, "10,5", "tomorrow", "narrower than we thought")
        await pilot.press("w")
        await settle(pilot)
        await pilot.press("d")
        await pilot.pause(DEAF_SECONDS + 0.1)
        await pilot.press("exclamation_mark")
        await settle(pilot)
    changed, ended, deleted = desk.hands.done
    assert changed.args["value"] == 10.5
    assert changed.args["starts_on"] == "2026-11-24"
    assert (ended.target, ended.args) == ("2", {"do": "end"})
    assert (deleted.target, deleted.args) == ("2", {"do": "delete"})


async def test_an_empty_list_says_what_to_do():
    """Without rules the grid names the key."""
    desk = make_desk(rules={})
    async with desk.run_test(size=(100, 30)) as pilot:
        await pilot.press("7")
        await settle(pilot)
        drawn = "".join("".join(s.text for s in strip) for strip in desk.screen._compositor.render_strips())
    assert "n rules one" in drawn
    assert "7 Streets" in drawn


def test_no_key_of_the_streets_means_two_things():
    """Each key belongs to one action, and none takes a key of the grids or maps."""
    keys = [action.key for action in actions_of("streets")]
    assert len(keys) == len(set(keys))
    assert not {"j", "k", "g", "G", "s", "S", "slash", "enter", "tab"} & set(keys)
    assert "Streets" in keys_table()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("today", {"starts_on": "2026-11-23", "ends_on": "2026-11-23"}),
        ("2026-12-01..", {"starts_on": "2026-12-01"}),
        ("..2026-12-01 fri-sun", {"ends_on": "2026-12-01", "weekdays": [4, 5, 6]}),
        ("sat-mon 22:00-6:30", {"weekdays": [0, 5, 6], "from_time": "22:00", "until_time": "06:30"}),
    ],
)
def test_periods_are_read(text, found):
    """Days, weekdays and hours in any order."""
    always = {"from_time": None, "until_time": None, "weekdays": [*range(7)], "starts_on": None, "ends_on": None}
    assert read_period(text, TODAY) == always | found


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "25:00-26:00", "mon,foo", "06:00"])
def test_periods_that_are_none_are_refused(text):
    """One line with what may be written."""
    with pytest.raises(RuleUnclear):
        read_period(text, TODAY)


def test_streets_are_found_by_any_part_of_their_name():
    """Accents, case and order of words aside; the name itself comes alone."""
    names = ["", "Rue de Fès", "Rue de Fès Prolongée", "Avenue Hassan II"]
    assert find_streets(names, "fes") == ["Rue de Fès", "Rue de Fès Prolongée"]
    assert find_streets(names, "rue de fes") == ["Rue de Fès"]
    assert find_streets(names, "hassan avenue") == ["Avenue Hassan II"]


def network_of_two_streets() -> Network:
    """A street of two links north, one link of another east."""
    lat = np.array([0.0, 0.001, 0.001, 0.002, 0.0, 0.0])
    lon = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.001])
    none, floats = np.zeros(0, np.int64), np.full(3, np.inf, np.float32)
    return Network(
        key="k", profile="p", names=("", "Rue A", "Rue B"), node_lat=lat, node_lon=lon,
        node_most=np.full((4, 6), np.inf, np.float32), link_metres=np.full(3, 111.0), link_class=np.zeros(3, np.int8),
        link_name=np.array([1, 1, 2], np.int32), link_way=np.arange(3), link_limit_kmh=floats,
        link_most=np.full((4, 3), np.inf, np.float32),
        link_rise=np.zeros(3, np.float32), link_fall=np.zeros(3, np.float32),
        shape_start=np.array([0, 2, 4, 6]), shape_lat=lat, shape_lon=lon, edge_from=np.arange(3, dtype=np.int32),
        edge_to=np.arange(3, dtype=np.int32), edge_link=np.arange(3, dtype=np.int32),
        edge_reversed=np.zeros(3, bool), edge_seconds=np.ones(3), edge_signals=np.zeros(3, np.int8),
        edge_twin=np.full(3, -1, np.int32), turn_start=np.zeros(4, np.int64), turn_to=none.astype(np.int32),
    )  # fmt: skip


def test_a_streets_links_are_chained_and_its_directions_named():
    """Two links become one line; north is told from south."""
    network = network_of_two_streets()
    chain = chain_of(network, "Rue A")
    assert chain.line == ((0.0, 0.0), (0.001, 0.0), (0.002, 0.0))
    assert (chain.ahead, chain.back) == ("north", "south")
    assert street_at(network, 0.0015, 0.0001) == "Rue A"
    with pytest.raises(RuleUnclear, match="no street is called"):
        chain_of(network, "Rue C")


def test_orders_about_rules_are_carried_out_at_once(store: Store):
    """Added, changed, ended, deleted by order; what makes no sense is rejected with the reason."""

    def order(target: str, **args: object) -> str:
        with store.begin() as work:
            placed = work.orders.place(Wanted(OrderKind.RULE_STREET, target, args, who="amina", why="market"))
            return placed.state if placed.state == "accepted" else placed.answer["why"]

    assert order("new", do="add", kind="max_t", street="Rue A", value=12, **read_period("mon", TODAY)) == "accepted"
    with store.read() as work:
        (row,) = work.roads.overrides()
        rules = load_rules(work, network_of_two_streets())
    assert (row.street, row.value, row.weekdays, row.why, row.who) == ("Rue A", 12.0, [0], "market", "amina")
    assert (tell_rule(row.kind, row.value), tell_period(row)) == ("too narrow above 12 t", "mon")
    number = str(row.override_id)
    assert len(rules[row.override_id].lines) == 2
    assert len(draw_rule(network_of_two_streets(), row)) == 2
    assert order(number, do="change", value=10) == "accepted"
    assert "give 0.5 to 100" in order(number, do="change", value=-1)
    assert "is no rule" in order("new", do="add", kind="shut", street="Rue A")
    assert "says not where" in order("new", do="add", kind="closed")
    assert "makes no sense" in order("new", do="add", kind="closed", street="Rue A", weekdays="x")
    assert "there is none" in order("99", do="end")
    assert "nothing to do" in order(number, do="paint")
    assert order(number, do="end") == "accepted"
    with store.read() as work:
        assert work.roads.overrides() == []
    assert order(number, do="delete") == "accepted"
