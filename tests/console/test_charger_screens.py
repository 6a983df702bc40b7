"""Charging by keyboard: lists of the records room, many stations at once, orders asked again, raw requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from textual.widgets import Input, Label, RadioButton, TextArea

from console import i18n
from console.actions.records import LIST_KEYS
from console.app import Desk
from console.records.reading import read_records
from console.records.values import HEADS, Record
from console.screens.admit import Admit, ShownOnce
from console.screens.ask import Pick
from console.screens.confirm import DEAF_SECONDS, Confirm
from console.screens.rawcall import Compose
from console.screens.records import Detail, RecordsScreen
from console.widgets.grid import Grid
from fleet.orders import OrderKind, Wanted
from fleet.passwords import verify_password
from fleet.settings import ConsoleSettings, Settings
from fleet.store import Store
from fleet.tables import DeviceEvent, Reservation, Station, StationVariable, Transaction

spec = spec_from_file_location("fixed_view", Path(__file__).parent / "fixed_view.py")
fixed_view = module_from_spec(spec)
spec.loader.exec_module(fixed_view)
ASKING = ("order", "read", "do_station_admit", "do_station_call")
"""Workers that wait for a person."""
SIZES = {"narrow": (80, 24), "wide": (160, 45)}

LINES = {
    "messages": Record(
        "0:a", ("10/03 18:00:01", "ST-01", "→ Reset", "41", "OK"), "ST-01",
        facts={"request": '{"type": "Soft"}', "reply": '{"status": "Accepted"}', "raw": '[2,"a","Reset",{}]',
               "raw reply": '[3,"a",{}]'},
    ),
    "variables": Record("ST-01:1", ("ST-01", "HeartbeatInterval", "300 s", "ReadWrite"), "ST-01", 0, "ReadWrite",
                        value="300", name="HeartbeatInterval"),
    "transactions": Record("7", ("#7", "ST-01/1", "T1", "01/03 08:00", "●", "12.50", "·", ""), "ST-01", 1, "running",
                           "good", facts={"card": "CARD-1"}),
    "cards": Record("CARD-1", ("CARD-1", "Accepted", "T1", "fleet", "·", "·"), state="Accepted"),
    "reservations": Record("3", ("#3", "ST-01/1", "CARD-1", "10/03 19:00", "held", "amina"), "ST-01", 1, "held"),
    "campaigns": Record("2", ("#2", "update_firmware", "running", "1/3", "0", "amina", "10/03 17:00"),
                        state="running"),
    "firmware": Record("4", ("#4", "aut-2.bin", "2.0", "", "0.10")),
}  # fmt: skip


class Ledger:
    """Hands that write down what was ordered, and know one line of each list."""

    def __init__(self) -> None:
        self.done: list[Wanted] = []

    def place(self, wanted: Wanted) -> None:
        self.done.append(wanted)

    def read_records(self, sheet: str, station_id: str | None) -> tuple[Record, ...]:
        line = LINES.get(sheet)
        return (line,) if line and station_id in (None, "", line.station_id) else ()


def make_desk(language: str = "en") -> Desk:
    settings = Settings(console=ConsoleSettings(language=language))
    return Desk(None, settings, operator="amina", hands=Ledger(), view=fixed_view.make_view())


@pytest.fixture(autouse=True)
def _english():
    yield
    i18n.use("en")


async def settle(pilot) -> None:
    await pilot.pause()
    writing = [worker for worker in pilot.app.workers if worker.name not in ASKING]
    if writing:  # of none at all it would wait for every one, also for those that ask something
        await pilot.app.workers.wait_for_complete(writing)
    await pilot.pause(0.1)
    await pilot.pause()


async def type_in(pilot, text: str) -> None:
    await pilot.pause()
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await settle(pilot)


async def confirm(pilot) -> None:
    await pilot.pause(DEAF_SECONDS + 0.1)
    assert isinstance(pilot.app.screen, Confirm)
    await pilot.press("exclamation_mark")
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "sheet", ["messages", "transactions", "cards", "variables", "reservations", "campaigns", "firmware"]
)
def test_lists_look_as_they_should(snap_compare, sheet, size):
    """Lists of the records room are drawn as the pictures of record."""

    async def go(pilot) -> None:
        await pilot.press("8")
        await pilot.pause()
        await pilot.press(LIST_KEYS[sheet])
        await settle(pilot)

    assert snap_compare(make_desk(), run_before=go, terminal_size=SIZES[size])


def test_a_message_shows_request_and_reply_side_by_side(snap_compare):
    """Enter opens the pair, and the raw frames under it."""

    async def go(pilot) -> None:
        await pilot.press("8", "M")
        await settle(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Detail)

    assert snap_compare(make_desk("fr"), run_before=go, terminal_size=(80, 24))


async def test_every_list_opens_by_its_key_from_the_board():
    """Each capital opens its list, of the selected station where it is about stations."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        for sheet, key in LIST_KEYS.items():
            await pilot.press("4")
            await pilot.pause()
            await pilot.press(key)
            await settle(pilot)
            assert isinstance(desk.screen, RecordsScreen)
            assert desk.screen.sheet == sheet


@pytest.mark.parametrize(
    ("sheet", "key", "typed", "sure", "wanted"),
    [
        ("T", "z", ["cable cut"], True, (OrderKind.CLOSE_TRANSACTION, "7", {})),
        ("I", "b", [], False, (OrderKind.SET_TOKEN, "CARD-1", {"status": "Blocked"})),
        ("I", "n", ["NEW-1", "Driss", "", "2026-12-31"], False,
         (OrderKind.SET_TOKEN, "NEW-1",
          {"status": "Accepted", "holder": "Driss", "expires_at": "2027-01-01T00:00:00+01:00"})),
        ("C", "a", [], False, (OrderKind.RUN_CAMPAIGN, "2", {"do": "retry"})),
        ("B", "x", [], False, (OrderKind.CANCEL_RESERVATION, "ST-01", {"reservation_id": 3})),
        ("V", "e", ["60"], False, (OrderKind.SET_VARIABLES, "ST-01", {"values": {"HeartbeatInterval": "60"}})),
        ("C", "p", [], False, (OrderKind.RUN_CAMPAIGN, "2", {"do": "pause"})),
        ("C", "X", [], False, (OrderKind.RUN_CAMPAIGN, "2", {"do": "stop"})),
    ],
)  # fmt: skip
async def test_lines_are_ordered_on_by_key(sheet, key, typed, sure, wanted):
    """A key on a line asks what must be asked and places one order."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await pilot.press("8", sheet)
        await settle(pilot)
        await pilot.press(key)
        if sure:
            await confirm(pilot)
        for text in typed:
            await type_in(pilot, text)
        await settle(pilot)
        (made,) = desk.hands.done
        assert (made.kind, made.target, made.args) == wanted
        if sure:
            assert made.why == "cable cut"


async def test_marked_stations_are_ordered_on_together():
    """m marks; a reset goes to each, firmware to all of them as one campaign."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await pilot.press("4")
        await pilot.pause()
        desk.screen.query_one("#evses", Grid).focus()
        await pilot.press("m", "m", "m", "r")
        await confirm(pilot)
        await settle(pilot)
        assert all(one.kind is OrderKind.RESET for one in desk.hands.done)
        resets = {one.target for one in desk.hands.done}
        assert len(resets) > 1
        await pilot.press("f")
        await pilot.pause(0.2)
        assert isinstance(desk.screen, Pick)
        await pilot.press("enter")
        await settle(pilot)
        made = desk.hands.done[-1]
        assert (made.kind, made.target, made.args["kind"]) == (OrderKind.RUN_CAMPAIGN, "new", "update_firmware")
        assert resets <= set(made.args["stations"])
        assert made.args["args"] == {"firmware_id": 4}


async def open_compose(pilot, action: str) -> None:
    """The raw request of an action at ST-02, as it is begun."""
    await pilot.press("4")
    await pilot.pause()
    assert pilot.app.screen.query_one("#evses", Grid).select("ST-02/1")
    await pilot.press("exclamation_mark")
    await pilot.pause(0.2)
    await type_in(pilot, action)


@pytest.mark.parametrize(
    ("action", "payload", "said"),
    [
        ("ClearCache", "{}", ""),
        ("ClearCache", "{", "no JSON"),
        ("ClearCache", "[]", "object"),
        ("Reset", '{"type": "Sideways"}', "none of the values"),
    ],
)
async def test_a_raw_request_is_checked_before_it_is_ordered(action, payload, said):
    """What is no JSON, or against the schema, says so while it is typed and is not sent."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await open_compose(pilot, action)
        assert isinstance(desk.screen, Compose)
        desk.screen.query_one(TextArea).text = payload
        await pilot.pause()
        assert said in str(desk.screen.query_one("#verdict", Label).render())
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert [one.args for one in desk.hands.done] == ([] if said else [{"action": action, "payload": {}}])


async def test_a_raw_request_begins_with_what_its_schema_needs():
    """The names offered are those of the station's version; the text already fits where the schema lets it."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await open_compose(pilot, "remotestart")
        screen = desk.screen
        assert isinstance(screen, Compose)
        assert '"idTag"' in screen.query_one(TextArea).text
        assert "connectorId" in screen.more


def parked_desk() -> Desk:
    desk = make_desk()
    known = desk.view.stations["ST-01"]
    desk.view = replace(desk.view, stations=dict(desk.view.stations) | {"ST-01": replace(known, admission="parked")})
    return desk


async def open_admit(pilot) -> None:
    await pilot.press("4")
    await pilot.pause()
    grid = pilot.app.screen.query_one("#evses", Grid)
    assert grid.select("ST-01/1") or grid.select("ST-01")
    await pilot.press("y")
    await pilot.pause()
    assert isinstance(pilot.app.screen, Admit)


@pytest.mark.parametrize("size", SIZES)
def test_a_raw_request_looks_as_it_should(snap_compare, size):
    """The least payload, its verdict under it, and what may be added."""

    async def go(pilot) -> None:
        await open_compose(pilot, "remotestart")

    assert snap_compare(make_desk(), run_before=go, terminal_size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_the_form_that_admits_a_station_looks_as_it_should(snap_compare, size):
    """Name, place and password in one form."""
    assert snap_compare(parked_desk(), run_before=open_admit, terminal_size=SIZES[size])


async def test_a_new_password_is_shown_once_and_only_its_digest_is_ordered():
    """The order carries a digest the shown password verifies, and the name typed."""
    desk = parked_desk()
    async with desk.run_test(size=(80, 24)) as pilot:
        await open_admit(pilot)
        desk.screen.query_one("#name", Input).value = "Post at the market"
        await pilot.click("#admit")
        await pilot.pause(0.3)
        shown = desk.screen
        assert isinstance(shown, ShownOnce)
        (made,) = desk.hands.done
        assert (made.kind, made.target, made.args["name"]) == (OrderKind.ADMIT_STATION, "ST-01", "Post at the market")
        assert verify_password(shown.secret, made.args["password_hash"])
        assert shown.secret not in repr(made)
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(desk.screen, ShownOnce)


@pytest.mark.parametrize(("typed", "count"), [("too short", 0), ("sixteen letters!", 1)])
async def test_a_typed_password_has_the_length_ocpp_allows(typed, count):
    """A short one is told in the form; one that fits is ordered as a digest, and not shown."""
    desk = parked_desk()
    async with desk.run_test(size=(80, 24)) as pilot:
        await open_admit(pilot)
        desk.screen.query(RadioButton)[1].value = True
        await pilot.pause()
        desk.screen.query_one("#password", Input).value = typed
        await pilot.click("#admit")
        await pilot.pause(0.3)
        assert len(desk.hands.done) == count
        assert isinstance(desk.screen, Admit) == (count == 0)
        assert all(verify_password(typed, one.args["password_hash"]) for one in desk.hands.done)


async def test_the_charges_of_a_card_are_listed_from_the_card():
    """u on a card opens the charges, filtered by it."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await pilot.press("8", "I")
        await settle(pilot)
        await pilot.press("u")
        await settle(pilot)
        assert desk.screen.sheet == "transactions"
        assert desk.screen.grid.listing.filter == "CARD-1"


async def test_typing_searches_among_many():
    """Words typed leave what holds them all; Enter gives the chosen one."""
    desk = make_desk()
    options = tuple((str(n), f"{n} truck {n % 3}") for n in range(40))
    async with desk.run_test(size=(80, 24)) as pilot:
        given: list[str | None] = []
        desk.push_screen(Pick("Card", options), given.append)
        await pilot.pause()
        await pilot.press(*"3 2")
        await pilot.pause()
        assert [value for value, text in desk.screen.left] == [v for v, t in options if "3" in t and "2" in t]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert given == [[v for v, t in options if "3" in t and "2" in t][1]]


async def test_an_order_that_was_not_carried_out_is_asked_again():
    """a repeats the refused order under the cursor with its own arguments."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await pilot.press("4")
        await pilot.pause()
        orders = desk.screen.query_one("#orders", Grid)
        assert orders.select("2")
        await pilot.press("a")
        await settle(pilot)
        (made,) = desk.hands.done
        assert (made.kind, made.target, made.args) == (OrderKind.UNLOCK, "ST-04", {"evse": 1})


def test_lists_read_what_the_store_holds(tmp_path):
    """Every list is read without fault; lines have a cell for each head and a key of their own."""
    store = Store.create(f"sqlite:///{tmp_path}/city.db")
    with store.begin() as work:
        now = work.now
        work.stations.upsert(Station(station_id="ST-1"), [])
        work.tokens.set("CARD", {"holder": "Amina"})
        for row in (
            Transaction(station_id="ST-1", evse=1, token="CARD", started_at=now, start_wh=0.0),
            StationVariable(station_id="ST-1", variable="HeartbeatInterval", value="300", read_at=now),
            DeviceEvent(station_id="ST-1", number=1, at=now, component="Fan", variable="Speed", trigger="Alerting",
                        value="0"),
            Reservation(station_id="ST-1", evse=1, token="CARD", expires_at=now, made_at=now),
        ):  # fmt: skip
            work.session.add(row)
    with store.read() as work:
        for sheet, heads in HEADS.items():
            for station in (None, "ST-1"):
                lines = read_records(work, sheet, station, UTC)
                assert len({line.key for line in lines}) == len(lines)
                assert all(len(line.cells) == len(heads) for line in lines)
        assert read_records(work, "transactions", "ST-1", UTC)[0].state == "running"
        assert read_records(work, "variables", None, UTC)[0].name == "HeartbeatInterval"
