"""The page of a station and the picker of the board: what they show, what keys do on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from console import i18n
from console.app import Desk
from console.screens.station import StationScreen
from console.station.values import ConnectorFacts, Holding, MessageLine, ProblemLine, StationFacts
from console.view import OrderView
from console.widgets.grid import Grid
from console.widgets.panel import Panel
from fleet.orders import Wanted
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
        holding=Holding(11.0, "TxProfile", 31, "night", "schedule", NOW - timedelta(minutes=40)),
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
    return desk.screen.query_one(f"#{panel}", Panel).render().plain


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_of_a_station_looks_as_it_should(snap_compare, language, size):
    """Connectors, chart with what is allowed ahead, orders, messages and facts, in two languages and sizes."""

    async def go(pilot) -> None:
        await open_page(pilot, "ST-01/1")

    assert snap_compare(make_desk(language), run_before=go, terminal_size=SIZES[size])


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
