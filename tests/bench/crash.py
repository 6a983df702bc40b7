"""kill -9 under load: what was acknowledged is in the store, once; charges go on; orders are carried out once.

    python tests/bench/crash.py [--kills 100] [--rate 2000] [--short] [--json]

`binwatt serve` on a SQLite store is killed at a random moment while stations start, meter and stop charges and are
ordered about, is started again on the same store, and so on. Stations reconnect without a BootNotification and send
again what was not acknowledged. At the end their accounts are held against the store.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import uvloop
from load.charging import SINCE, Charger, reconnect, speak
from load.processes import cores

from fleet.orders import OrderKind, Wanted
from fleet.store import Store
from fleet.tables import Evse, IdToken, Station

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 40.0
METERS = "select station_id, ref, measured_at from meter_value where ref != ''"
ORDERS_A_LIFE = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """How long and how hard."""

    kills: int
    rate: float
    stations: int
    messages: int
    """Answered in each life before the kill comes."""
    least_s: float
    most_s: float


class Server:
    """`binwatt serve`, to be killed."""

    def __init__(self, folder: Path, port: int) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("BINWATT_")}
        env |= {"BINWATT_DB": url_of(folder), "BINWATT_STORE_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
        env |= {"BINWATT_OCPP_PORT": str(port), "BINWATT_HTTP_PORT": "0", "BINWATT_OCPP_OPEN_STATIONS": "true"}
        self._said = (folder / "server.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "console", "serve"],
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=env,
            text=True,
            cwd=folder,
            preexec_fn=lambda: os.sched_setaffinity(0, cores()[0]),  # noqa: PLW1509 - no threads here yet
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the server did not start: {(folder / 'server.log').read_text()[-400:]}")
        self.port = int(json.loads(line)["ocpp_port"])

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._said.close()


def url_of(folder: Path) -> str:
    """The store's address."""
    return f"sqlite:///{folder / 'binwatt.db'}"


def furnish(folder: Path, count: int) -> list[Charger]:
    """A store that knows the stations and their card."""
    chargers = [Charger(f"CP{number:04d}") for number in range(count)]
    store = Store.create(url_of(folder))
    with store.begin() as work:
        work.stations.upsert_token(IdToken(token="CARD"))
        for charger in chargers:
            work.stations.upsert(
                Station(station_id=charger.name), [Evse(station_id=charger.name, number=1, max_kw=22.0)]
            )
    store.close()
    return chargers


def order_about(folder: Path, chargers: list[Charger], life: int) -> list[int]:
    """A few orders that must not be carried out twice."""
    store = Store.open(url_of(folder))
    with store.begin() as work:
        chosen = random.sample(chargers, ORDERS_A_LIFE)
        numbers = []
        for at, charger in enumerate(chosen):
            args = {"vendor": "bench", "data": f"{life}-{at}"}
            order = work.orders.place(Wanted(OrderKind.DATA_TRANSFER, charger.name, args, who="bench"))
            numbers.append(order.order_id or 0)
    store.close()
    return numbers


async def live(asked: Asked, folder: Path, chargers: list[Charger]) -> None:
    """All lives of the server; the last one ends when every station has been answered."""
    port = 0
    for life in range(asked.kills + 1):
        server = await asyncio.to_thread(Server, folder, port)
        port = server.port
        over = asyncio.Event()
        try:
            async with asyncio.timeout(START_SECONDS):
                await reconnect(chargers, port)
            speaking = asyncio.create_task(speak(chargers, asked.rate, over))
            ordering = asyncio.create_task(asyncio.to_thread(order_about, folder, chargers, life))
            await until_said(chargers, asked.messages)
            await asyncio.sleep(random.uniform(asked.least_s, asked.most_s))
            if life == asked.kills:
                over.set()
                await until_answered(chargers)
                await ordering
                await asyncio.sleep(1.5)  # for the answers of the last orders
        finally:
            server.kill()
        over.set()
        await asyncio.gather(speaking, ordering)
        for charger in chargers:
            charger.line = None


async def until_said(chargers: list[Charger], messages: int) -> None:
    """So much was answered in this life: after a restart stations are prepared before cards are let in."""
    goal = sum(one.answered for one in chargers) + messages
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while sum(one.answered for one in chargers) < goal:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def until_answered(chargers: list[Charger]) -> None:
    """Nothing is under way any more."""
    async with asyncio.timeout(30):
        while any(one.line is not None and one.line.waiting is not None for one in chargers):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def examine(folder: Path, chargers: list[Charger]) -> dict[str, Any]:
    """The stations' accounts held against the store."""
    with contextlib.closing(sqlite3.connect(folder / "binwatt.db")) as database:
        meters = Counter(
            (station, int(ref), seconds_of(at))
            for station, ref, at in database.execute(
                "select station_id, ref, measured_at from meter_value where ref != ''"
            )
        )
        rows = {
            number: (station, state, start, end)
            for number, station, state, start, end in database.execute(
                "select transaction_id, station_id, state, start_wh, end_wh from charging_transaction"
            )
        }
        orders = database.execute("select args, state from orders where kind = 'data_transfer'").fetchall()
        sound = database.execute("pragma integrity_check").fetchone()[0]
    acknowledged = {(one.name, *what) for one in chargers for what in one.acknowledged}
    ended = [charge for one in chargers for charge in one.charges if charge.ended]
    charges = [(one.name, charge) for one in chargers for charge in one.charges if charge.number is not None]
    done = Counter(what for one in chargers for what in one.carried_out)
    accepted = {json.loads(args)["data"] for args, state in orders if state == "accepted"}
    per_station = Counter(station for station, *_ in rows.values())
    energy = sum(end - start for _, state, start, end in rows.values() if state == "ended")
    return {
        "messages": sum(one.answered for one in chargers),
        "meter_values_acknowledged": len(acknowledged),
        "meter_values_missing": len(acknowledged - meters.keys()),
        "meter_values_twice": sum(count > 1 for count in meters.values()),
        "charges_acknowledged": len(charges),
        "charges_missing": sum(rows.get(charge.number, ("",))[0] != name for name, charge in charges),
        "charges_twice": sum(max(0, per_station[one.name] - len(one.charges)) for one in chargers),
        "ends_wrong": sum(rows[one.number][1:] != ("ended", one.start_wh, one.end_wh) for one in ended),
        "running_wrong": sum(not charge.ended and rows[charge.number][1] == "ended-unseen" for _, charge in charges),
        "energy_wrong_wh": energy
        - sum(charge.end_wh - charge.start_wh for _, charge in charges if charge.ended)
        - sum(
            charge.end_wh - charge.start_wh
            for _, charge in charges
            if not charge.ended and rows[charge.number][1] == "ended"
        ),
        "orders": len(orders),
        "orders_accepted": len(accepted),
        "orders_done_twice": sum(count > 1 for count in done.values()),
        "orders_accepted_but_not_done": len(accepted - done.keys()),
        "wrong_answers": sum(len(one.wrong) for one in chargers),
        "first_wrong": next((text for one in chargers for text in one.wrong), ""),
        "sound": sound == "ok",
    }


def seconds_of(text: str) -> int:
    """Which second of the stations' life an instant of the store is."""
    return round((datetime.fromisoformat(text).replace(tzinfo=UTC) - SINCE).total_seconds())


FAULTS = (
    *("meter_values_missing", "meter_values_twice", "charges_missing", "charges_twice", "ends_wrong", "running_wrong"),
    *("energy_wrong_wh", "orders_done_twice", "orders_accepted_but_not_done", "wrong_answers"),
)


def main() -> None:
    """Kill, compare, print; exit code 1 when anything is missing or double."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rate", type=float, default=2000.0, help="messages a second, all stations together")
    parser.add_argument("--stations", type=int, default=200)
    parser.add_argument("--short", action="store_true", help="three kills, a slower load")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    given = parser.parse_args()
    asked = Asked(given.kills, given.rate, given.stations, 1000, 0.0, 1.5)
    if given.short:
        asked = Asked(3, 500.0, 50, 200, 0.0, 1.0)
    os.sched_setaffinity(0, cores()[1])
    with tempfile.TemporaryDirectory(prefix="bw-crash-") as name:
        folder = Path(name)
        chargers = furnish(folder, asked.stations)
        uvloop.run(live(asked, folder, chargers))
        found = {"kills": asked.kills, "rate": asked.rate, **examine(folder, chargers)}
    for key, value in found.items():
        print(f"  {key:<32}{value}")
    if given.json:
        print(json.dumps(found))
    if not found["sound"] or any(found[name] for name in FAULTS):
        sys.exit("something acknowledged is missing, or double")


if __name__ == "__main__":
    main()
