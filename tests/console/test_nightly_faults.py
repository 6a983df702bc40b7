"""Real faults in the night job: some fail it with one line and the last plan in force, the rest it does without."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import console.hold
import console.nightly
import fleet.store.engine
import routing.roads.remote
from chargers.night.scene import look
from console.hold import Hold
from console.nightly import LEASE, Job, make_plan, what_if
from console.report_text import describe, describe_what_if
from console.settle import settle
from fleet.clock import FixedClock, Pace
from fleet.errors import StoreBusy
from fleet.events import Kind
from fleet.settings import CitySettings, PlanSettings, Settings, StoreSettings
from fleet.store import Store
from fleet.tables import CitizenReport, Emptying, Reading, Shift, Truck, TruckState
from fleet.twin.city import draw_city
from fleet.twin.opening import OPENING
from routing.errors import ProblemError
from routing.night import Change

pytestmark = pytest.mark.slow
DAY = (OPENING + timedelta(days=1)).date()


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small simulated city in a store, its time standing at the opening."""
    folder = tmp_path_factory.mktemp("city")
    store = Store.create(f"sqlite:///{folder / 'city.db'}", FixedClock(OPENING))
    for _ in settle(store, draw_city(1, "small"), folder):
        pass
    with store.begin() as work:
        work.places.set_pace(Pace(OPENING, OPENING, 0.0), "test")
    store.close()
    return folder


@pytest.fixture
def city(settled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A fresh copy of it, at its opening; who waits for its lock waits briefly."""
    monkeypatch.setattr(fleet.store.engine, "BUSY_SECONDS", 0.3)
    shutil.copyfile(settled / "city.db", tmp_path / "city.db")
    store = Store.open(f"sqlite:///{tmp_path / 'city.db'}", FixedClock(OPENING))
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        store=StoreSettings(data_dir=str(tmp_path)),
        city=CitySettings(simulated=True),
        plan=PlanSettings(engine="own"),
    )


def plan(store: Store, settings: Settings, **options: object) -> dict[str, object]:
    wanted = {"day": DAY, "seconds": 0.5, "publish": True, "seed": 0, "who": "test", **options}
    return make_plan(store, settings, **wanted)  # type: ignore[arg-type] # a table of options


def in_force(store: Store) -> int | None:
    with store.read() as work:
        row = work.plans.published(DAY)
    return None if row is None else row.plan_id


def binwatt(store: Store, folder: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", *arguments],
        env=environment(store, folder), capture_output=True, text=True, timeout=90, check=False, **options,
    )  # type: ignore[call-overload] # a table of options  # fmt: skip


def environment(store: Store, folder: Path) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("BINWATT_")}
    return {
        **mine,
        "BINWATT_DB": str(store.url),
        "BINWATT_STORE_DATA_DIR": str(folder),
        "BINWATT_PLAN_ENGINE": "own",
        "BINWATT_SETTINGS": os.devnull,
    }


def one_line(said: str) -> str:
    assert "Traceback" not in said
    lines = said.strip().splitlines()
    assert len(lines) == 1, said
    return lines[0]


def test_locked_store_leaves_the_last_plan(city: Store, settings: Settings, tmp_path: Path):
    """While another connection holds the database for good, the job ends with 1 and one line; the plan stays."""
    first = plan(city, settings)
    with closing(sqlite3.connect(tmp_path / "city.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="another process holds the database"):
            plan(city, settings)
        other.execute("ROLLBACK")
    assert in_force(city) == first["plan_id"]
    assert plan(city, settings)["violations"] == 0


def test_store_locked_while_searching_is_waited_for(city: Store, settings: Settings, tmp_path: Path, monkeypatch):
    """A lock that comes while the solver works costs progress reports, not the plan: it is kept when the lock goes."""
    monkeypatch.setattr(console.nightly, "PATIENCE_SECONDS", 30.0)
    other = sqlite3.connect(tmp_path / "city.db", isolation_level=None, check_same_thread=False)
    searching = console.nightly.search

    def lock_first(*arguments, **options):
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(3.0, lambda: other.execute("ROLLBACK")).start()
        return searching(*arguments, **options)

    monkeypatch.setattr(console.nightly, "search", lock_first)
    figures = plan(city, settings)
    other.close()
    assert in_force(city) == figures["plan_id"]


def test_full_disk_leaves_the_last_plan(city: Store, settings: Settings, tmp_path: Path):
    """A disk that takes no more bytes ends the job with 1 and one line; the plan in force is whole."""
    first = plan(city, settings)
    with city.read() as work:
        before = work.plans.whole(int(str(first["plan_id"])))

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    city.close()
    result = binwatt(city, tmp_path, "plan", "--date", DAY.isoformat(), "--seconds", "1", preexec_fn=fill)
    assert result.returncode == 1, result.stderr
    assert "the disk is full or failing" in one_line(result.stderr)
    with city.read() as work:
        after = work.plans.whole(int(str(first["plan_id"])))
    assert after == before
    assert in_force(city) == first["plan_id"]


def test_killed_job_harms_nothing_and_the_next_begins_at_once(city: Store, settings: Settings, tmp_path: Path):
    """kill -9 in the middle: no plan, no child left over, and the next run takes the dead one's lease over."""
    job = subprocess.Popen(
        [sys.executable, "-m", "console", "plan", "--date", DAY.isoformat(), "--seconds", "60", "--publish"],
        env=environment(city, tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        children = _await_search(city, job)
    finally:
        job.kill()
        job.wait()
    assert in_force(city) is None
    figures = plan(city, settings)
    assert in_force(city) == figures["plan_id"]
    until = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < until:
        time.sleep(0.2)
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def _await_search(store: Store, job: subprocess.Popen[bytes]) -> list[str]:
    until = time.monotonic() + 60
    while time.monotonic() < until and job.poll() is None:
        with store.read() as work:
            told = [event.data for event in work.events.newest(200) if event.kind is Kind.PLANNING_PROGRESSED]
        if any(data["phase"] not in ("forecast", "road matrix") for data in told):
            listed = Path(f"/proc/{job.pid}/task/{job.pid}/children")
            return listed.read_text().split() if listed.exists() else []
        time.sleep(0.2)
    raise AssertionError("the search did not begin")


def test_lease_of_a_living_job_is_respected_and_of_a_silent_one_runs_out(city: Store, monkeypatch):
    """A lease is taken over from a dead process of this machine, not from a living one; elsewhere it must run out."""

    def other_holds(holder: str, lasts: timedelta) -> str | None:
        with city.begin() as work:
            work.leases.free(LEASE, holder)
            assert work.leases.take(LEASE, holder, lasts) is None
        taken = Hold(city, LEASE)
        try:
            return taken.take()
        finally:
            taken.free()
            with city.begin() as work:
                work.leases.free(LEASE, holder)

    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = socket.gethostname()
    assert other_holds(f"{here}:{ended.pid}", timedelta(minutes=5)) is None
    assert other_holds(f"{here}:{os.getppid()}", timedelta(minutes=5)) == f"{here}:{os.getppid()}"
    assert other_holds("elsewhere:1", timedelta(minutes=5)) == "elsewhere:1"
    assert other_holds("elsewhere:1", timedelta(seconds=-1)) is None


def test_taken_over_job_keeps_nothing(city: Store, settings: Settings, monkeypatch):
    """A job that lost its lease while it searched does not publish over the one that took it."""
    searching = console.nightly.search

    def lose_it(*arguments, **options):
        with city.begin() as work:
            work.leases.free(LEASE, Hold(city, LEASE).holder)
            work.leases.take(LEASE, "elsewhere:1", timedelta(minutes=5))
        return searching(*arguments, **options)

    monkeypatch.setattr(console.nightly, "search", lose_it)
    with pytest.raises(console.hold.JobRunning, match="elsewhere:1 took the job over"):
        plan(city, settings)
    assert in_force(city) is None


class Osrm(BaseHTTPRequestHandler):
    """An OSRM on loopback that answers as `mode` says."""

    mode = "honest"
    asked = 0

    def do_POST(self) -> None:
        """An older server: only addresses are understood."""
        self._say(400, json.dumps({"code": "InvalidUrl", "message": "no POST here"}).encode())

    def do_GET(self) -> None:
        type(self).asked += 1
        if self.mode == "hangs":
            time.sleep(1.5)
            return
        address = urlsplit(self.path)
        count = address.path.count(";") + 1
        wanted = {name: values[0].split(";") for name, values in parse_qs(address.query, separator="&").items()}
        rows, columns = (len(wanted.get(name, range(count))) for name in ("sources", "destinations"))
        spots = [tuple(map(float, part.split(","))) for part in address.path.rsplit("/", 1)[1].split(";")]
        places = [[int(at) for at in wanted.get(name, range(count))] for name in ("sources", "destinations")]
        far = [
            [130_000 * (abs(spots[a][0] - spots[b][0]) * 0.82 + abs(spots[a][1] - spots[b][1])) for b in places[1]]
            for a in places[0]
        ]
        if self.mode == "lies":
            far = [[0.0] * columns for _ in range(rows)]
        points = [{"location": list(spot), "distance": 0.5, "name": "", "hint": ""} for spot in spots]
        answer = {
            "code": "Ok",
            "distances": far,
            "durations": [[metres / 8 for metres in row] for row in far],
            "sources": [points[at] for at in places[0]],
            "destinations": [points[at] for at in places[1]],
        }
        body = b"<html>busy</html>" if self.mode == "babbles" else json.dumps(answer).encode()
        self._say(200 if "/table/" in self.path else 404, body)

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def osrm() -> Iterator[str]:
    """Its address; it ends with the test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Osrm)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("mode", "without"), [("honest", ""), ("lies", "osrm"), ("babbles", "osrm"), ("hangs", "osrm"), ("refuses", "osrm")]
)
def test_road_engine_that_fails_is_done_without(city: Store, settings: Settings, osrm: str, mode, without, monkeypatch):
    """An OSRM that answers measures; one that lies, babbles, hangs or refuses costs but a line in the report."""
    monkeypatch.setattr(Osrm, "mode", mode)
    monkeypatch.setattr(routing.roads.remote, "_CALL_SECONDS", 0.4 if mode == "hangs" else 20.0)
    if mode == "refuses":
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            osrm = f"http://127.0.0.1:{taken.getsockname()[1]}"
    chosen = replace(settings, plan=replace(settings.plan, roads="osrm", roads_url=osrm))
    figures = plan(city, chosen)
    assert figures["violations"] == 0
    assert figures["unserved"] == 0
    assert figures["road_engine"] == ("built-in" if without else "osrm"), figures["without"]
    told = [note for note in figures["without"] if note.startswith("road engine osrm: ")]
    assert len(told) == bool(without)
    assert all("the built-in network measured instead" in note for note in told)


def test_nonsense_settings_of_roads_are_done_without(city: Store, settings: Settings):
    """A road engine without an address and a file of speeds that is not there are named; the plan is made."""
    chosen = replace(settings, plan=replace(settings.plan, roads="valhalla", speeds="/nowhere/speeds.toml"))
    figures = plan(city, chosen)
    assert figures["violations"] == 0
    told = " ".join(figures["without"])
    assert "road engine valhalla" in told
    assert "the city's speeds" in told


def test_supposed_closure_is_driven_round(city: Store, settings: Settings):
    """With a street supposed closed the plan keeps that rule, and nothing stays of it afterwards."""
    figures = plan(city, settings)
    with city.read() as work:
        tables = work.session.connection().exec_driver_sql("SELECT count(*) FROM road_table").scalar()
    found = what_if(city, settings, Job(day=DAY, seconds=0.5), Change(closed=("Rue de nulle part",)))
    assert any("Rue de nulle part" in rule for rule in found["what_if"]["street_rules"])
    assert figures["street_rules"] == []
    with city.read() as work:
        assert work.roads.overrides() == []
        assert work.session.connection().exec_driver_sql("SELECT count(*) FROM road_table").scalar() == tables


def test_half_of_the_sensors_silent(city: Store, settings: Settings):
    """With half of the sensors silent for ten days there is a sound plan, and the report counts the blind."""
    with city.begin() as work:
        names = [row.bin_id for row in work.bins.all()]
        work.session.execute(
            Reading.__table__.delete().where(
                Reading.bin_id.in_(names[::2]), Reading.measured_at > OPENING - timedelta(days=10)
            )
        )
    figures = plan(city, settings)
    assert figures["violations"] == 0
    assert figures["blind"] >= len(names) // 2 - 2
    assert any("have a silent sensor" in note for note in figures["without"])


def test_no_reading_at_all(city: Store, settings: Settings):
    """Without one reading every bin is carried on what such bins do, and the plan says so."""
    with city.begin() as work:
        work.session.execute(Reading.__table__.delete())
        work.session.execute(Emptying.__table__.delete())
    figures = plan(city, settings)
    assert figures["violations"] == 0
    assert any("have no reading yet" in note for note in figures["without"])


def test_damaged_forecast_state_is_learned_anew(city: Store, settings: Settings):
    """What the last night knew of the bins is gone or garbage: the readings tell it again."""
    first = plan(city, settings)
    with city.begin() as work:
        assert work.session.connection().exec_driver_sql("UPDATE forecast_state SET body = x'00ff'").rowcount
    second = plan(city, settings)
    assert second["violations"] == 0
    assert second["blind"] == first["blind"]


def test_two_shifts_of_a_truck_are_two_needs(city: Store, settings: Settings):
    """A truck with a morning and an afternoon is planned in both, its times apart, a need for each departure."""
    with city.begin() as work:
        for row in work.trucks.all():
            row.active = row.battery_kwh is not None
            row.capacity_kg, row.max_tips = 900.0, 1
            work.session.add(row)
            shift = Shift(shift_id=f"{row.truck_id}-pm", truck_id=row.truck_id, starts="15:00", ends="21:00")
            work.trucks.upsert_shift(shift.model_copy(update={"break_minutes": 0}))
    figures = plan(city, settings, seconds=2.0)
    assert figures["violations"] == 0
    several = [row for row in figures["trucks"] if str(row["shift"]).endswith("-pm")]
    assert several
    with city.read() as work:
        needs = {(need.truck_id, need.ready_by) for need in work.charging.needs() if need.priority == 1.0}
        whole = work.plans.whole(in_force(city))
        assert needs == {(route.truck_id, route.departs_at) for route, _ in whole.routes}
        site = work.places.charging_sites()[0]
        soonest = {name: min(at for truck, at in needs if truck == name) for name, _ in needs}
        assert {name: need.ready_by for name, need in look(work, site).needs.items() if name in soonest} == soonest


def test_quiet_night_is_a_plan_too(city: Store, settings: Settings):
    """With every bin emptied just now there is a plan of no routes, every bin in it with its reason."""
    with city.begin() as work:
        for row in work.bins.all():
            at = OPENING - timedelta(minutes=5)
            work.bins.take_emptying(Emptying(key=f"q-{row.bin_id}", bin_id=row.bin_id, emptied_at=at, source="truck"))
            row.capacity_l, row.overflow_fill = 1100.0, 5.0
            work.session.add(row)
    figures = plan(city, settings)
    assert (figures["routes"], figures["served"], figures["violations"]) == (0, 0, 0)
    assert figures["left_by_reason"] == {"not_needed": 120}
    assert in_force(city) == figures["plan_id"]
    assert "0 routes" in describe(figures)


def test_missing_truck_is_named(city: Store, settings: Settings):
    """A truck out of service that day is planned without, and the report names it."""
    with city.begin() as work:
        work.session.get(Truck, work.trucks.all()[0].truck_id).active = False
    figures = plan(city, settings)
    assert figures["violations"] == 0
    assert any("is out of service" in note for note in figures["without"])


def test_zero_trucks_and_no_roads_end_with_one(city: Store, settings: Settings, tmp_path: Path):
    """Without any truck, or any roads, the command ends with 1 and one clear line; nothing else changes."""
    first = plan(city, settings)
    with city.begin() as work:
        work.session.execute(Shift.__table__.delete())
    result = binwatt(city, tmp_path, "plan", "--date", DAY.isoformat(), "--seconds", "1")
    assert result.returncode == 1
    assert "no truck has a shift on" in one_line(result.stderr)
    with city.begin() as work:
        for name in ("road_map",):
            work.session.connection().exec_driver_sql(f"DELETE FROM {name}")
    result = binwatt(city, tmp_path, "plan", "--date", DAY.isoformat(), "--seconds", "1")
    assert result.returncode == 1
    assert "no road network yet" in one_line(result.stderr)
    assert in_force(city) == first["plan_id"]


def test_report_by_a_citizen_is_served_and_done(city: Store, settings: Settings, tmp_path: Path):
    """`binwatt report` makes the emptiest bin due; its stop says so; the truck's emptying settles the report."""
    plan(city, settings, publish=False)
    with city.read() as work:
        draft = work.plans.newest(DAY)
        whole = work.plans.whole(draft.plan_id)
        chosen = min(whole.left, key=lambda one: one.fill or 0).bin_id
    result = binwatt(city, tmp_path, "report", chosen, "overflow", "bags beside it", "--json")
    assert json.loads(result.stdout)["bin"] == chosen, result.stderr
    assert binwatt(city, tmp_path, "report", "NOBODY", "overflow", "x").returncode == 2
    assert binwatt(city, tmp_path, "report", chosen, "noise", "x").returncode == 2
    plan(city, settings)
    with city.read() as work:
        whole = work.plans.whole(in_force(city))
    stop = next(stop for _, stops in whole.routes for stop in stops if stop.bin_id == chosen)
    assert (stop.why["code"], stop.why["text"]) == ("reported", "bags beside it")
    with city.begin() as work:
        work.bins.take_emptying(
            Emptying(key="done", bin_id=chosen, emptied_at=OPENING + timedelta(hours=9), source="truck")
        )
    with city.read() as work:
        assert work.reports.asking() == []
        assert work.session.get(CitizenReport, 1).state == "done"


def test_what_if_keeps_nothing(city: Store, settings: Settings):
    """A supposition is planned, compared and forgotten: no plan, event, need or lease comes of it."""
    plan(city, settings)
    with city.read() as work:
        before = (
            in_force(city),
            work.plans.newest().plan_id,
            len(work.events.newest(1000)),
            len(work.charging.needs()),
        )
        truck = work.trucks.all()[0].truck_id
    found = what_if(city, settings, Job(day=DAY, seconds=0.5), Change(without=(truck,)))
    with city.read() as work:
        after = (in_force(city), work.plans.newest().plan_id, len(work.events.newest(1000)), len(work.charging.needs()))
    assert after == before
    assert found["what_if"]["plan_id"] is None
    assert found["in_force"]["plan_id"] == before[0]
    assert truck not in {row["truck"] for row in found["what_if"]["trucks"]}
    assert f"against plan {before[0]} (published)" in describe_what_if(found)


def test_what_if_by_command(city: Store, settings: Settings, tmp_path: Path):
    """Suppositions need --what-if; with it the command prints both plans; a truck nobody knows is one line."""
    day = ("--date", DAY.isoformat(), "--seconds", "1")
    assert binwatt(city, tmp_path, "plan", *day, "--trucks", "1").returncode == 2
    result = binwatt(city, tmp_path, "plan", *day, "--what-if", "--trucks", "1", "--mandatory-p", "0.8", "--json")
    found = json.loads(result.stdout)
    assert len({row["truck"] for row in found["what_if"]["trucks"]}) <= 1
    assert found["in_force"] is None
    result = binwatt(city, tmp_path, "plan", *day, "--what-if", "--without", "NOBODY")
    assert (result.returncode, "no truck NOBODY" in one_line(result.stderr)) == (1, True)


def test_horizon_of_a_week_is_in_the_report(city: Store, settings: Settings):
    """Looking seven nights ahead, the report tells each night's bins; tonight's plan is whole and sound."""
    figures = plan(city, settings, days=7)
    assert figures["violations"] == 0
    assert len(figures["horizon"]) == 7
    named = [name for night in figures["horizon"] for name in night["named"]]
    assert len(named) == len(set(named)) > 20
    assert "the nights ahead" in describe(figures)


def test_problem_is_kept_with_the_newest_plans(city: Store, settings: Settings):
    """Every plan has its problem beside it, to be worked on by hand; only the newest fourteen are kept."""
    plan_id = int(str(plan(city, settings)["plan_id"]))
    from routing.packing import unpack

    with city.begin() as work:
        problem = unpack(work.plans.problem(plan_id))
        for _ in range(16):
            head = work.plans.get(plan_id).model_dump(exclude={"plan_id"}) | {"state": "draft"}
            newer = type(work.plans.get(plan_id))(**head)
            work.plans.keep_problem(work.plans.keep(newer, [], []), b"later")
        assert work.plans.problem(plan_id) is None
    with city.read() as work:
        served = {stop.bin_id for _, stops in work.plans.whole(plan_id).routes for stop in stops if stop.bin_id}
    assert served <= {visit.bin for visit in problem.visits}


def test_site_limit_too_small_is_planned_with(city: Store, settings: Settings):
    """What charging cannot give the routes are told once: bins are dropped for want of energy, no truck is stranded."""
    with city.begin() as work:
        for row in work.trucks.all():
            row.active = row.battery_kwh is not None
            work.session.add(row)
            if row.battery_kwh:
                work.trucks.report(TruckState(truck_id=row.truck_id, at=OPENING, lat=0, lon=0, soc=0.16))
    free = plan(city, settings, publish=False)
    assert free["shortfalls"] == []
    with city.begin() as work:
        for site in work.places.charging_sites():
            site.site_limit_kw = site.base_load_kw + 8.0  # one truck at a time, 2 kW of it kept free
            work.session.add(site)
        for station in work.stations.all():
            station.fallback_kw = 0.0
            work.session.add(station)
    tight = plan(city, settings)
    assert tight["violations"] == 0
    assert tight["energy"]["dropped"]
    assert tight["kwh"] < free["kwh"]
    assert sum(one["kwh"] for one in tight["shortfalls"]) < 1.0
    left = {one["bin"]: one["code"] for one in tight["left_bins"]}
    assert {left[name] for name in tight["energy"]["dropped"]} == {"energy"}
    assert "left for want of energy" in describe(tight)
    with city.read() as work:
        batteries = {row.truck_id: row.battery_kwh for row in work.trucks.all() if row.battery_kwh}
        for need in work.charging.needs():
            if need.priority == 1.0:
                assert need.target_kwh <= batteries[need.truck_id]


def test_refusals_name_the_problem(city: Store, settings: Settings):
    """A night without an open disposal site is refused, and the plan in force stays."""
    first = plan(city, settings)
    with city.begin() as work:
        for place in work.places.all():
            place.weekdays = []
            work.session.add(place)
    with pytest.raises(ProblemError, match="no disposal site is open"):
        plan(city, settings)
    assert in_force(city) == first["plan_id"]
