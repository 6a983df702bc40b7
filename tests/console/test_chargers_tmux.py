"""The chargers in a real terminal, against real stations: what a dispatcher does with them, by keys alone."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from console.processes import Child
from fleet.orders import OrderKind
from fleet.store import Store
from fleet.tables import Evse, Place, Station
from fleet.tables.charging import Transaction

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NEW_KEY = "what-the-fitter-set-26"


class City:
    """A store with three stations that are known, one that is not, and one that vanished during a charge."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        (folder / "none.toml").write_text("")
        self.env = {
            "BINWATT_SETTINGS": str(folder / "none.toml"),
            "BINWATT_DB": f"sqlite:///{folder}/city.db",
            "BINWATT_STORE_DATA_DIR": str(folder),
            "BINWATT_OCPP_PORT": "0",
            "BINWATT_HTTP_PORT": "0",
            "BINWATT_OCPP_UNKNOWN_STATIONS": "park",
            "BINWATT_OCPP_OPEN_NETWORKS": "127.0.0.0/8",
            "BINWATT_CONSOLE_OPERATOR": "amina",
        }
        self.store = Store.create(self.env["BINWATT_DB"])
        stack.callback(self.store.close)
        with self.store.begin() as work:
            work.places.upsert(Place(place_id="MALL", name="Mall", lat=34.92, lon=-2.32, site_limit_kw=80.0))
            for name in ("BAY-0001", "BAY-0002", "BAY-0003", "LOST-0001"):
                work.stations.upsert(
                    Station(station_id=name, place_id="MALL"), [Evse(station_id=name, number=1, max_kw=22.0)]
                )
            work.tokens.set("DRIVER", {"holder": "a driver"})
        (folder / "bay-2.1.bin").write_bytes(b"firmware" * 2000)
        self._run("firmware", "add", str(folder / "bay-2.1.bin"), "--version", "2.1")
        serve = Child("serve", [], self.env, folder / "log")
        stack.callback(serve.end)
        self.url = f"ws://127.0.0.1:{serve.said(60)['ocpp_port']}/ocpp"
        self._twins(stack, "BAY-", "--count", "3", "--token", "STRANGER")
        self._twins(stack, "NEW-", "--password", NEW_KEY, "--version", "2.0.1", "--token", "STRANGER")
        lost = self._twins(stack, "LOST-", "--token", "DRIVER")
        self.wait(lambda: self.charge_of("LOST-0001") is not None, "a charge at LOST-0001")
        lost.kill()

    def _run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "console", *arguments]
        subprocess.run(command, env=self._environment(), cwd=ROOT, check=True, capture_output=True, timeout=60)

    def _environment(self) -> dict[str, str]:
        import os

        return {**os.environ, **self.env}

    def _twins(self, stack: ExitStack, prefix: str, *options: str) -> subprocess.Popen[bytes]:
        """Stations whose vehicles come within the minute."""
        count = () if "--count" in options else ("--count", "1")
        command = ["twin", "stations", "--url", self.url, "--prefix", prefix, *options, *count, "--seconds", "900"]
        log = stack.enter_context((self.folder / f"{prefix}twin.log").open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "console", *command], env=self._environment(), cwd=ROOT, stdout=log, stderr=log
        )
        stack.callback(process.wait, 20)
        stack.callback(process.terminate)
        return process

    def wait(self, is_so, what: str, within: float = 90.0) -> None:
        """Until something is so."""
        until = time.monotonic() + within
        while not is_so():
            assert time.monotonic() < until, f"never saw {what}"
            time.sleep(0.2)

    def charge_of(self, station_id: str) -> Transaction | None:
        """The newest charge at a station."""
        with self.store.read() as work:
            found = work.desk.charges(station_id, 1)
        return found[0][0] if found else None

    def settled(self, kind: OrderKind) -> list[str]:
        """How orders of a kind went."""
        with self.store.read() as work:
            return [row.state for row in work.orders.newest(200) if row.kind == kind]


@pytest.fixture
def city(tmp_path):
    with ExitStack() as stack:
        yield City(tmp_path, stack)


def test_chargers_are_run_from_the_keyboard(city, open_terminal):
    """Admit, a card, start, limit, stop, messages, a setting, a hold, firmware for three, a charge that never ended."""
    desk = open_terminal((80, 24), f"{sys.executable} -m console console", city.env)
    desk.see("4 Chargers", within=60)

    # a new station is let in with the password it has
    desk.press("4", "/")
    desk.write("NEW")
    desk.press("Enter")
    desk.see_line("NEW-0001", "parked")
    desk.press("y")
    desk.see("Admit NEW-0001")
    desk.write("Post at the mall")
    desk.press("Tab", "Tab", "Down", "Space", "Tab")
    desk.write(NEW_KEY)
    desk.press("Enter")
    desk.see_line("accepted", "NEW-0001", within=30)
    desk.see("Post at the mall", within=30)

    # a card
    desk.press("I", "n")
    desk.see("Card")
    desk.write("CARD-77")
    desk.press("Enter")
    desk.write("Driss")
    desk.press("Enter", "Enter", "Enter")
    desk.see_line("CARD-77", "Accepted")

    # a charge with it: started, limited, ended
    desk.press("4")
    desk.see_line("NEW-0001/1", "Preparing", within=90)
    desk.press("c")
    desk.see("CARD-77")
    desk.press("Enter")
    desk.see_line("NEW-0001/1", "Charging", within=60)
    city.wait(lambda: city.settled(OrderKind.START_CHARGE) == ["accepted"], "the start accepted")
    desk.press("l")
    desk.see("Limit in kW")
    desk.write("9")
    desk.press("Enter")
    city.wait(lambda: city.settled(OrderKind.LIMIT_STATION) == ["accepted"], "the limit accepted")
    desk.press("x")
    city.wait(lambda: city.charge_of("NEW-0001").state == "ended", "the end of the charge")
    assert city.charge_of("NEW-0001").token == "CARD-77"

    # what it said, request beside reply
    desk.press("M")
    desk.see_line("NEW-0001", "TransactionEvent", within=20)
    desk.press("Enter")
    desk.see("Request")
    desk.see("Reply")
    desk.press("Escape")

    # a setting
    desk.press("4", "i", "Enter")
    city.wait(lambda: "accepted" in city.settled(OrderKind.GET_VARIABLES), "its settings read")
    desk.press("V", "/")
    desk.write("HeartbeatInterval")
    desk.press("Enter")
    desk.see_line("HeartbeatInterval", "ReadWrite", within=20)
    desk.press("e")
    desk.see("Value")
    desk.write("77")
    desk.press("Enter")
    city.wait(lambda: city.settled(OrderKind.SET_VARIABLES) == ["accepted"], "the setting taken")
    desk.see_line("HeartbeatInterval", "77", within=20)

    # a connector held for the card
    desk.press("4", "Escape", "/")
    desk.write("BAY")
    desk.press("Enter")
    desk.see_line("BAY-0003", within=20)
    desk.press("h")
    desk.see("CARD-77")
    desk.press("Enter")
    desk.see("Minutes")
    desk.press("Enter")
    city.wait(lambda: len(city.settled(OrderKind.RESERVE)) == 1, "the hold answered")
    desk.press("B")
    desk.see_line("BAY-000", "held", within=20)

    # firmware for three at once
    desk.press("4", "A", "f")
    desk.see("bay-2.1.bin")
    desk.press("Enter", "C")
    desk.see_line("update_firmware", "3/3", within=120)

    # a charge that never ends is closed
    desk.press("T", "A", "/")
    desk.write("LOST")
    desk.press("Enter")
    desk.see_line("LOST-0001/1", "●")
    desk.press("z")
    time.sleep(0.6)
    desk.press("!")
    desk.see("Reason")
    desk.write("its cable was cut")
    desk.press("Enter")
    city.wait(lambda: city.charge_of("LOST-0001").state == "ended", "the charge closed")
    charge = city.charge_of("LOST-0001")
    assert (charge.state, charge.closed_by, charge.end_reason) == ("ended", "amina", "its cable was cut")
    city.wait(lambda: "●" not in desk.screen(), "the list read again")
    desk.press("Enter")
    desk.see("closed by: amina")
    desk.press("Escape", "q")
    desk.see("To come back: binwatt console")
