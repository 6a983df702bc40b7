"""The page of a station and the picker of the board: what they show, what keys do on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from textual.widgets import OptionList

from chargers.profile import ChargingProfile, ChargingSchedule, Kind, Period, Purpose, RateUnit, to_v201
from console import i18n
from console.actions import BY_ID
from console.app import Desk
from console.screens.chargers import ChargersScreen
from console.screens.records import RecordsScreen
from console.screens.sift import Sift
from console.screens.station import StationScreen
from console.station.values import ConnectorFacts, Holding, MessageLine, ProblemLine, StationFacts
from console.view import AlarmView, OrderView
from console.view.sieve import Sieve
from console.widgets.grid import Grid
from console.widgets.panel import Panel
from fleet.errors import StoreError
from fleet.orders import OrderKind, Wanted
from fleet.settings import ConsoleSettings, Settings

spec = spec_from_file_location("fixed_view", Path(__file__).parent / "fixed_view.py")
fixed_view = module_from_spec(spec)
spec.loader.exec_module(fixed_view)

NOW = fixed_view.NOW
SIZES = {"narrow": (80, 24), "wide": (160, 45)}


def make_facts(station_id: str) -> StationFacts:
    """A station that charged for an hour, is held down by an order and then lets go in steps."""
    drawn = tuple((NOW - timedelta(minutes=60 - n), 14.0 if n < 30 else 11.0) for n in range(60))
    return StationFacts(
        station_id,
        serial="V22-00417",
        last_seen_at=NOW - timedelta(minutes=1),
        booted_at=NOW - timedelta(days=3),
        clock_error_s=-184.0,
        connected_profile=2,
        certificate_until=datetime(2026, 12, 9, tzinfo=UTC),
        certificate_state="valid",
        quirks=("no composite schedule",),
        rate_unit="A",
        fallback_kw=4.2,
        connectors=(ConnectorFacts(1, 1, "Occupied", "", "", NOW), ConnectorFacts(1, 2, "Available", "", "", NOW)),
        kwh_today=37.4,
        drawn_kw=drawn,
        allowed_kw=((NOW, 11.0), (NOW + timedelta(hours=1), 18.0), (NOW + timedelta(hours=2), 0.0)),
        holding=Holding("TxProfile", 31, "night", "schedule", NOW - timedelta(minutes=40)),
        messages=tuple(
            MessageLine(n, NOW - timedelta(seconds=20 * n), n == 1, action, answer, 12.0 if answer else None)
            for n, (action, answer) in enumerate(
                [("MeterValues", "OK"), ("SetChargingProfile", "OK"), ("Heartbeat", ""), ("Dance", "NotImplemented")]
            )
        ),
        problems=(ProblemLine(NOW, "LiquidCoolingSystem", "Problem", "true", ""),) if station_id == "ST-01" else (),
    )


class Ledger:
    """Hands that write down what was ordered, and know each station."""

    def __init__(self) -> None:
        self.done: list[Wanted] = []

    def place(self, wanted: Wanted) -> None:
        self.done.append(wanted)

    def read_records(self, sheet: str, station_id: str | None) -> tuple[object, ...]:
        return ()

    def read_station(self, station_id: str) -> StationFacts:
        return make_facts(station_id)


def make_desk(language: str = "en") -> Desk:
    """A city with stations of two sites, two groups, and an order that waits for the one that is offline."""
    view = fixed_view.make_view()
    stations = dict(view.stations)
    stations["ST-02"] = replace(stations["ST-02"], place_id=None, groups=("night", "public"), vendor="Alpi")
    stations["ST-05"] = replace(stations["ST-05"], groups=("night",))
    waits = OrderView(
        4, "update_firmware", "ST-06", "queued", "amina", NOW, "", {"firmware_id": 3},
        ordered_at=NOW - timedelta(minutes=3), expires_at=NOW + timedelta(minutes=9, seconds=41),
    )  # fmt: skip
    settings = Settings(console=ConsoleSettings(language=language))
    view = replace(view, stations=stations, orders={**view.orders, 4: waits})
    return Desk(None, settings, operator="amina", hands=Ledger(), view=view)


@pytest.fixture(autouse=True)
def _english():
    yield
    i18n.use("en")


async def settle(pilot) -> None:
    await pilot.pause()
    waiting = [worker for worker in pilot.app.workers if worker.name != "order"]
    if waiting:
        await pilot.app.workers.wait_for_complete(waiting)
    await pilot.pause(0.1)
    await pilot.pause()


def lines(desk: Desk) -> str:
    return "".join(segment.text for strip in desk.screen._compositor.render_strips() for segment in strip)


async def go_to(pilot, key: str) -> None:
    await pilot.press("4")
    await pilot.pause()
    assert pilot.app.screen.query_one("#evses", Grid).select(key)
    pilot.app.screen.query_one("#evses", Grid).focus()
    await pilot.pause()


async def open_page(pilot, key: str) -> None:
    await go_to(pilot, key)
    await pilot.press("enter")
    await settle(pilot)
    assert isinstance(pilot.app.screen, StationScreen)


def told(desk: Desk, panel: str) -> str:
    """The words of a panel, however they are wrapped."""
    return " ".join(desk.screen.query_one(f"#{panel}", Panel).render().plain.replace("\n", " ").split())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_of_a_station_looks_as_it_should(snap_compare, language, size):
    """Connectors, chart with what is allowed ahead, orders, messages and facts, in two languages and sizes."""

    async def go(pilot) -> None:
        await open_page(pilot, "ST-01/1")

    assert snap_compare(make_desk(language), run_before=go, terminal_size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_the_board_tells_faults_and_orders_that_wait(snap_compare, size):
    """In French: the fault of the row explained at the side, below it the orders that wait with the time left."""

    async def go(pilot) -> None:
        await go_to(pilot, "ST-04/1")
        await pilot.press("v")
        await settle(pilot)

    assert snap_compare(make_desk("fr"), run_before=go, terminal_size=SIZES[size])


def test_a_fault_is_explained_on_the_page(snap_compare):
    """The code, what it means and what to do stand first."""

    async def go(pilot) -> None:
        await open_page(pilot, "ST-04/1")

    assert snap_compare(make_desk(), run_before=go, terminal_size=(80, 24))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_picker_looks_as_it_should(snap_compare, language):
    """Values with their counts; what is picked is in the title behind it."""

    async def go(pilot) -> None:
        await go_to(pilot, "ST-01/1")
        await pilot.press("p")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()

    assert snap_compare(make_desk(language), run_before=go, terminal_size=(80, 24))


async def test_escape_goes_back_to_the_row_one_came_from():
    """Enter opens the page of the station under the cursor, Escape the board again with the cursor where it was."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await open_page(pilot, "ST-03/1")
        assert desk.screen.selection().station_id == "ST-03"
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(desk.screen, ChargersScreen)
        assert desk.screen.query_one("#evses", Grid).row.key == "ST-03/1"


async def test_escape_in_a_filter_only_clears_it():
    """While a filter is open, Escape closes it and stays on the page."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await open_page(pilot, "ST-03/1")
        await pilot.press("slash", "x", "escape")
        await settle(pilot)
        assert isinstance(desk.screen, StationScreen)


@pytest.mark.parametrize(
    ("key", "wanted"),
    [("x", (OrderKind.STOP_CHARGE, {"transaction_id": 41})), ("r", (OrderKind.RESET, {"how": "soft"}))],
)
async def test_what_the_board_can_order_the_page_can(key, wanted):
    """A key of the board does on the page what it does there, to the station shown."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await open_page(pilot, "ST-01/1")
        await pilot.press(key)
        await settle(pilot)
        (made,) = desk.hands.done
        assert (made.kind, made.args) == wanted
        assert made.target == "ST-01"


async def test_the_page_tells_what_holds_it_and_what_is_wrong():
    """The limit names its order and what comes next; clock and certificate stand out; problems are explained."""
    desk = make_desk()
    async with desk.run_test(size=(160, 60)) as pilot:
        await open_page(pilot, "ST-01/1")
        assert "11.0 kW" in told(desk, "limit")
        assert "#31 night schedule, 21:25" in told(desk, "limit")
        assert "from 23:05 18.0 kW" in told(desk, "limit")
        assert "-184 s" in told(desk, "identity")
        assert "no composite schedule" in told(desk, "identity")
        assert "cooling of cable" in told(desk, "fault")
        await pilot.press("escape")
        await open_page(pilot, "ST-04/1")
        assert "✖ GroundFailure" in told(desk, "fault")
        assert "residual current" in told(desk, "fault")


async def test_a_connector_that_is_free_shows_no_power_of_its_neighbour():
    """Of two connectors of one EVSE the one in use has the live figures."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await open_page(pilot, "ST-01/1")
        first, second = desk.screen.query_one("#plugs", Grid).listed()
        assert (first.live.power_kw, second.live) == (11.0, None)


async def test_messages_take_the_place_of_orders_where_it_is_narrow():
    """v shows the messages instead of the orders and again the orders; Enter on a message opens the list."""
    desk = make_desk()
    async with desk.run_test(size=(80, 24)) as pilot:
        await open_page(pilot, "ST-01/1")
        orders, said = desk.screen.query_one("#orders", Grid), desk.screen.query_one("#said", Grid)
        assert (orders.display, said.display) == (True, False)
        await pilot.press("v")
        await settle(pilot)
        assert (orders.display, said.display, said.has_focus) == (False, True, True)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(desk.screen, RecordsScreen)
        assert (desk.screen.sheet, desk.screen.station_id) == ("messages", "ST-01")


async def test_an_order_that_waits_is_withdrawn_and_one_that_was_sent_is_not():
    """On the page of the station that is away, w takes its order back; of a sent one it says why not."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await open_page(pilot, "ST-06/1")
        assert desk.screen.query_one("#orders", Grid).row.time == "-9:41"
        assert "10 min" in told(desk, "answer")
        await pilot.press("w")
        await settle(pilot)
        assert desk.hands.done == [Wanted(OrderKind.WITHDRAW_ORDER, "4")]
        await pilot.press("escape")
        await open_page(pilot, "ST-04/1")
        await pilot.press("w")
        await settle(pilot)
        assert len(desk.hands.done) == 1
        assert "was sent already" in [note.message for note in desk._notifications][-1]


async def test_the_board_lists_orders_that_wait_alone():
    """v on the board leaves the orders that wait, with the time they still will."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await go_to(pilot, "ST-01/1")
        orders = desk.screen.query_one("#orders", Grid)
        assert orders.shown == 4
        await pilot.press("v")
        await settle(pilot)
        assert [(line.order.order_id, line.time) for line in orders.listed()] == [(4, "-9:41")]
        assert orders.border_title == "Orders that wait (1), with the time left"
        desk.post_message(Desk.Viewed(replace(desk.view, now=NOW + timedelta(seconds=60))))
        await settle(pilot)
        assert orders.row.time == "-8:41"


async def test_the_board_is_picked_by_what_stations_are():
    """p picks values, of two facets both must fit; the text filter narrows further; 0 brings all back."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await go_to(pilot, "ST-01/1")
        grid = desk.screen.query_one("#evses", Grid)
        everything = grid.shown
        await pilot.press("p")
        await pilot.pause()
        sift = desk.screen
        assert isinstance(sift, Sift)
        lines = sift.query_one(OptionList)
        for facet, value in (("group", "night"), ("state", "Charging")):
            number = str(sift.values.index((facet, value)))
            lines.highlighted = lines.get_option_index(number)
            await pilot.press("space")
            await pilot.pause()
        await pilot.press("escape")
        await settle(pilot)
        assert [row.key for row in grid.listed()] == ["ST-05/1"]
        assert grid.border_title == "Charging stations · Group: night · State: Charging"
        await pilot.press("slash", "0", "1", "enter")
        assert grid.shown == 0
        await pilot.press("escape", "0")
        await settle(pilot)
        assert grid.shown == everything
        assert grid.border_title == "Charging stations"


async def test_the_fault_of_a_row_is_explained_beside_the_board():
    """The side panel gives the code, its meaning and what to do."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await go_to(pilot, "ST-04/1")
        assert "✖ GroundFailure" in told(desk, "facts")
        assert "→ Unplug" in told(desk, "facts")


async def test_parts_that_alarm_are_explained_beside_the_board_and_picked_by():
    """A part of a 2.0.1 station for which an alarm stands is told with what to do, and is a fault to pick by."""
    desk = make_desk()
    part = AlarmView(9, "station.device", "ST-03/RCD.Tripped", "warning", "ST-03/RCD.Tripped is true", NOW)
    desk.view = replace(desk.view, alarms={**desk.view.alarms, 9: part})
    async with desk.run_test(size=(160, 45)) as pilot:
        await go_to(pilot, "ST-03/1")
        assert "✖ RCD.Tripped Current leaks to earth" in told(desk, "facts")
        await pilot.press("p")
        await pilot.pause()
        assert ("fault", "RCD.Tripped") in desk.screen.values


async def test_a_store_that_cannot_be_read_leaves_the_page_standing():
    """The live part stays; the next reading may succeed."""

    class Deaf(Ledger):
        def read_station(self, station_id: str) -> StationFacts:
            raise StoreError("the store is busy")

    desk = make_desk()
    desk.hands = Deaf()
    async with desk.run_test(size=(160, 45)) as pilot:
        await open_page(pilot, "ST-01/1")
        assert desk.screen.facts is None
        assert desk.screen.query_one("#plugs", Grid).shown == 1
        desk.hands = Ledger()
        desk.screen.read("ST-01")
        await settle(pilot)
        assert desk.screen.query_one("#plugs", Grid).shown == 2


async def test_marks_hold_whatever_is_shown():
    """Stations marked under one pick stay marked under the next: an order goes to all of them, and asks first."""
    desk = make_desk()
    async with desk.run_test(size=(160, 45)) as pilot:
        await go_to(pilot, "ST-01/1")
        board = desk.screen
        for state in ("Charging", "Available"):
            board._sift(Sieve().toggled("state", state))
            await pilot.press("A")
            await pilot.pause()
        assert board.query_one("#evses", Grid).marked == frozenset()  # A with marks takes them off
        board._sift(Sieve().toggled("state", "Charging"))
        await pilot.press("A")
        board._sift(Sieve().toggled("state", "Faulted"))
        await pilot.press("m")
        marked = [at.station_id for at in board.targets(BY_ID["station.reset"])]
        assert marked == ["ST-01", "ST-04", "ST-05"]
        board._sift(Sieve().toggled("state", "Reserved"))
        await settle(pilot)
        assert "no station is like that" in lines(desk)


async def test_the_profile_an_order_sends_is_told_in_steps():
    """Purpose, instants in local time and kilowatts, not JSON; one that starts with its charge counts from there."""
    desk = make_desk()
    periods = (Period(0, 12500.0), Period(3600, 0.0))
    fixed = ChargingProfile(1, 0, Purpose.TX, Kind.ABSOLUTE, ChargingSchedule(RateUnit.W, periods, NOW))
    free = ChargingProfile(2, 0, Purpose.TX_DEFAULT, Kind.RELATIVE, ChargingSchedule(RateUnit.A, (Period(0, 16.0),)))
    orders = {
        5 + n: OrderView(5 + n, "set_profile", f"ST-0{1 + n}", "accepted", "depot", NOW, "", {"profile": to_v201(one)})
        for n, one in enumerate((fixed, free))
    }
    broken = OrderView(7, "set_profile", "ST-03", "accepted", "amina", NOW, "", {"profile": {"id": "x"}})
    desk.view = replace(desk.view, orders={**desk.view.orders, **orders, 7: broken})
    async with desk.run_test(size=(160, 60)) as pilot:
        await open_page(pilot, "ST-01/1")
        assert "TxProfile 22:05 12.5 kW 23:05 0.0 kW" in told(desk, "answer")
        await pilot.press("escape")
        await open_page(pilot, "ST-02/1")
        assert "TxDefaultProfile +0 min 16.0 A" in told(desk, "answer")
        await pilot.press("escape")
        await open_page(pilot, "ST-03/1")
        assert 'profile: {"id": "x"}' in told(desk, "answer")


async def test_the_limit_told_is_that_of_now_not_of_the_reading():
    """When a step has passed since the store was read, the panel tells the step that holds now and the next one."""
    desk = make_desk()
    async with desk.run_test(size=(160, 60)) as pilot:
        await open_page(pilot, "ST-01/1")
        desk.post_message(Desk.Viewed(replace(desk.view, now=NOW + timedelta(minutes=61))))
        await settle(pilot)
        assert "may draw 18.0 kW" in told(desk, "limit")
        assert "0.0 kW" in told(desk, "limit")
