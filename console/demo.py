"""The demo: a simulated city on this machine, every part of it real. One stage, played on a screen or headless.

The settled city is kept as a template per size, seed and version, so that the second start only copies a file.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import platformdirs

from console.errors import ConsoleError
from console.processes import Child
from console.summary import describe_needs, describe_plan, describe_profiles, site_power
from fleet.clock import Pace
from fleet.errors import FleetError
from fleet.migrations import KNOWN
from fleet.settings import CitySettings, Settings, StoreSettings
from fleet.store import Store
from fleet.store.orders import plan_order
from fleet.twin.opening import OPENING

NIGHT = timedelta(hours=12)
READY_SECONDS = 30.0
KEPT_SECONDS = 86_400.0
PLAN_SECONDS = 20.0
WHO = "demo"
NEXT = "Again: ./run demo    Your own city: .venv/bin/binwatt import roads FILE.osm.pbf (README, «Your city»)"


class Stage:
    """A city's files: the template and the copy that is played on."""

    def __init__(self, size: Literal["small", "city"], seed: int, home: Path | None = None) -> None:
        self.size, self.seed = size, seed
        self.home = home or Path(platformdirs.user_cache_dir("binwatt")) / "demo"
        self.template = self.home / f"{size}-{seed}-{_version()}-{KNOWN[-1]}"
        self.folder = self.home / f"run-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"

    @property
    def url(self) -> str:
        """The store that is played on."""
        return f"sqlite:///{self.folder / 'binwatt.db'}"

    @property
    def settings(self) -> Settings:
        """Settings of the demo's own processes."""
        return Settings(store=StoreSettings(db=self.url, data_dir=str(self.folder)), city=CitySettings(simulated=True))

    @property
    def env(self) -> dict[str, str]:
        """The same for child processes. Ports are whatever is free."""
        return {
            "BINWATT_DB": self.url,
            "BINWATT_STORE_DATA_DIR": str(self.folder),
            "BINWATT_CITY_SIMULATED": "true",
            "BINWATT_OCPP_PORT": "0",
            "BINWATT_HTTP_PORT": "0",
            "BINWATT_OCPP_UNKNOWN_STATIONS": "park",
            "BINWATT_CONSOLE_OPERATOR": WHO,
        }

    def prepare(self) -> Iterator[str]:
        """Make the template where it is missing and copy it; yields a word before each part."""
        if not (self.template / "binwatt.db").exists():
            from console.settle import settle
            from fleet.twin.city import draw_city

            building = self.home / f"{self.folder.name}-building"
            building.mkdir(parents=True)
            store = Store.create(f"sqlite:///{building / 'binwatt.db'}")
            yield from settle(store, draw_city(self.seed, self.size), self.template)
            store.close()
            self.template.mkdir(parents=True, exist_ok=True)
            (building / "binwatt.db").replace(self.template / "binwatt.db")
            shutil.rmtree(building)
        for left in self.home.glob("run-*"):  # of demos that were killed
            if time.time() - left.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.copyfile(self.template / "binwatt.db", self.folder / "binwatt.db")

    def open(self, speed: float) -> Store:
        """The store, its simulated time running from the opening."""
        store = Store.open(self.url)
        with store.begin() as work:
            work.places.set_pace(Pace(OPENING, datetime.now(UTC), speed), WHO)
        return store

    def strike(self) -> None:
        """Take the played copy away."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Backstage:
    """The processes behind the screen: server and twin; the plan is ordered like a dispatcher would."""

    def __init__(self, stage: Stage, store: Store, plan_seconds: float) -> None:
        self._stage, self._store, self._plan_seconds = stage, store, plan_seconds
        self.serve: Child | None = None
        self.twin: Child | None = None
        self.http = ""
        self.failure: str | None = None
        self._over = False

    def start(self) -> None:
        """Start everything; returns when the server listens. What fails is kept in `failure`, and is an alarm."""
        try:
            self._start()
        except (OSError, ValueError, FleetError, ConsoleError) as error:
            if self._over:  # left before everything was up
                return
            self.failure = str(error)
            with suppress(FleetError), self._store.begin() as work:
                work.alarms.sound("demo.failed", "demo", "critical", f"the demo's processes failed: {self.failure}")

    def _start(self) -> None:
        stage = self._stage
        day = (OPENING.astimezone(stage.settings.zone) + timedelta(days=1)).date()
        wanted = plan_order(day, seconds=self._plan_seconds, publish=True, who=WHO)
        with self._store.begin() as work:
            work.orders.place(replace(wanted, key="demo:first-plan"))
        self.serve = Child("serve", [], stage.env, stage.folder / "log")
        ports = self.serve.said(READY_SECONDS)
        self.http = f"http://127.0.0.1:{ports['http_port']}"
        arguments = ["--ocpp", f"ws://127.0.0.1:{ports['ocpp_port']}/ocpp", "--http", self.http]
        self.twin = Child(
            "twin", [*arguments, "--seed", str(stage.seed), "--size", stage.size], stage.env, stage.folder / "log"
        )

    def end(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """End both; gives what server and twin said of themselves at the end."""
        self._over = True
        twin = self.twin.end() if self.twin else None
        serve = self.serve.end() if self.serve else None
        return serve or {}, twin or {}


@contextmanager
def backstage(stage: Stage, store: Store, plan_seconds: float) -> Iterator[Backstage]:
    """Processes that end with the block, whatever happens in it."""
    behind = Backstage(stage, store, plan_seconds)
    try:
        yield behind
    finally:
        behind.end()


def open_console(stage: Stage, speed: float) -> str:
    """The console on the simulated city; gives the line to print when it is left."""
    import sys

    for word in stage.prepare():
        print(f"binwatt: building the simulated city: {word}", file=sys.stderr)  # noqa: T201 - before the screen opens
    store = stage.open(speed)
    from console.app import Desk
    from fleet.log import log_to

    log_to(stage.folder / "log", "console")
    with backstage(stage, store, PLAN_SECONDS) as behind:
        threading.Thread(target=behind.start, daemon=True).start()
        Desk(store, stage.settings, operator=WHO).run()
    store.close()
    stage.strike()
    return NEXT


def play_night(stage: Stage, minutes: float) -> dict[str, Any]:
    """From 19:00 to 07:00 in `minutes` of wall time, without a screen; gives the night's figures."""
    for _ in stage.prepare():
        pass
    speed = NIGHT.total_seconds() / (minutes * 60)
    store = stage.open(0.0)
    behind = Backstage(stage, store, min(PLAN_SECONDS, minutes * 60 * 0.12))
    try:
        behind.start()
        with store.begin() as work:
            work.places.set_pace(Pace(OPENING, datetime.now(UTC), speed), WHO)
        dies: list[str] = []
        while behind.failure is None and not dies and store.clock.now() < OPENING + NIGHT:
            time.sleep(0.2)
            dies = [child.verb for child in (behind.serve, behind.twin) if child is not None and not child.running]
        with store.begin() as work:
            work.places.set_pace(Pace(OPENING + NIGHT, datetime.now(UTC), 0.0), WHO)
        time.sleep(1.0)  # answers under way
        figures = summarise(stage, store)
    finally:
        serve, twin = behind.end()
    figures |= {"messages": serve.get("messages", {}), "twin": twin}
    figures["errors"] += [
        *([behind.failure] if behind.failure else []),
        *serve.get("errors", []),
        *twin.get("errors", []),
    ]
    figures["errors"] += [f"{verb} ended before the night did" for verb in dies]
    store.close()
    stage.strike()
    return figures


def summarise(stage: Stage, store: Store) -> dict[str, Any]:
    """The figures of a played night, taken while everything still runs."""
    day = (OPENING.astimezone(stage.settings.zone) + timedelta(days=1)).date().isoformat()
    with store.read() as work:
        plan = describe_plan(work, day)
        site = work.places.charging_sites()[0]
        power = site_power(work, site, OPENING, OPENING + NIGHT)
        counts = work.bins.counts()
        broken = work.events.broken_at()
        figures: dict[str, Any] = {
            "simulated": {"city": stage.size, "seed": stage.seed, "from": OPENING, "until": OPENING + NIGHT},
            "bins": counts["bins"],
            "readings": counts["readings"],
            "emptyings": counts["emptyings"],
            "forecasts": plan["forecasts"] if plan else 0,
            "plan": plan,
            "stations": {"total": len(work.stations.all()), "online": sum(row.online for row in work.stations.all())},
            "transactions": work.charging.count_transactions(),
            "profiles": describe_profiles(work),
            "site": {"limit_kw": site.site_limit_kw, "peak_kw": round(max(kw for _, kw in power), 2)},
            "needs": describe_needs(work, OPENING),
            "orders": work.orders.count_by_state(),
            "alarms": [f"{alarm.kind} {alarm.subject}: {alarm.text}" for alarm in work.alarms.standing()],
            "errors": [],
        }
    if broken is not None:
        figures["errors"].append(f"event {broken} does not fit the one before it")
    if plan is None:
        figures["errors"].append("no plan was published")
    return figures


def describe(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    plan, needs, site = figures["plan"] or {}, figures["needs"], figures["site"]
    lines = {
        "bins": f"{figures['bins']}, {figures['readings']} readings, {figures['forecasts']} forecast",
        "plan": "{routes} routes, {served} bins, {km} km, {kwh} kWh, {hours} h".format(**plan) if plan else "none",
        "left": "{unserved} due bins; {violations} violations; solved in {solve_seconds} s".format(**plan)
        if plan
        else "",
        "charging": f"{needs['delivered_kwh']} of {needs['asked_kwh']} kWh",
        "trucks": f"{needs['ready']} ready, {needs['late']} late",
        "site": f"{site['peak_kw']} kW at most, limit {site['limit_kw']} kW",
        "profiles": f"{figures['profiles']['sent']} sent, {figures['profiles']['accepted']} accepted",
        "orders": ", ".join(f"{count} {state}" for state, count in figures["orders"].items()),
        "alarms": f"{len(figures['alarms'])} standing",
        "errors": str(len(figures["errors"])),
    }
    return "\n".join(f"{name:<10} {text}" for name, text in lines.items() if text)


def _version() -> str:
    try:
        return version("binwatt")
    except PackageNotFoundError:
        return "tree"
