"""Real faults in the night job: some fail it with one line and the last plan in force, the rest it does without."""

from __future__ import annotations

import os
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

import console.hold
import console.nightly
from console.hold import Hold
from console.nightly import LEASE
from fleet.errors import StoreBusy
from fleet.events import Kind
from fleet.store import Store
from fleet.tables import Emptying, Reading, Shift, Truck
from fleet.twin.opening import OPENING
from routing.errors import ProblemError

pytestmark = pytest.mark.slow
DAY = (OPENING + timedelta(days=1)).date()


def test_locked_store_leaves_the_last_plan(city: Store, tmp_path: Path, night):
    """While another connection holds the database for good, the job ends with 1 and one line; the plan stays."""
    first = night.plan()
    with closing(sqlite3.connect(tmp_path / "city.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy, match="another process holds the database"):
            night.plan()
        other.execute("ROLLBACK")
    assert night.in_force() == first["plan_id"]
    assert night.plan()["violations"] == 0


def test_store_locked_while_searching_is_waited_for(city: Store, tmp_path: Path, monkeypatch, night):
    """A lock that comes while the solver works costs progress reports, not the plan: it is kept when the lock goes."""
    monkeypatch.setattr(console.nightly, "PATIENCE_SECONDS", 30.0)
    other = sqlite3.connect(tmp_path / "city.db", isolation_level=None, check_same_thread=False)
    searching = console.nightly.search

    def lock_first(*arguments, **options):
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(3.0, lambda: other.execute("ROLLBACK")).start()
        return searching(*arguments, **options)

    monkeypatch.setattr(console.nightly, "search", lock_first)
    figures = night.plan()
    other.close()
    assert night.in_force() == figures["plan_id"]


def test_full_disk_leaves_the_last_plan(city: Store, night):
    """A disk that takes no more bytes ends the job with 1 and one line; the plan in force is whole."""
    first = night.plan()
    with city.read() as work:
        before = work.plans.whole(int(str(first["plan_id"])))

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    city.close()
    result = night.command("plan", "--date", DAY.isoformat(), "--seconds", "1", preexec_fn=fill)
    assert result.returncode == 1, result.stderr
    assert "the disk is full or failing" in night.one_line(result.stderr)
    with city.read() as work:
        after = work.plans.whole(int(str(first["plan_id"])))
    assert after == before
    assert night.in_force() == first["plan_id"]


def test_killed_job_harms_nothing_and_the_next_begins_at_once(city: Store, night):
    """kill -9 in the middle: no plan, no child left over, and the next run takes the dead one's lease over."""
    job = subprocess.Popen(
        [sys.executable, "-m", "console", "plan", "--date", DAY.isoformat(), "--seconds", "60", "--publish"],
        env=night.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        children = _await_search(city, job)
    finally:
        job.kill()
        job.wait()
    assert night.in_force() is None
    figures = night.plan()
    assert night.in_force() == figures["plan_id"]
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


def test_taken_over_job_keeps_nothing(city: Store, monkeypatch, night):
    """A job that lost its lease while it searched does not publish over the one that took it."""
    searching = console.nightly.search

    def lose_it(*arguments, **options):
        with city.begin() as work:
            work.leases.free(LEASE, Hold(city, LEASE).holder)
            work.leases.take(LEASE, "elsewhere:1", timedelta(minutes=5))
        return searching(*arguments, **options)

    monkeypatch.setattr(console.nightly, "search", lose_it)
    with pytest.raises(console.hold.JobRunning, match="elsewhere:1 took the job over"):
        night.plan()
    assert night.in_force() is None


def test_half_of_the_sensors_silent(city: Store, night):
    """With half of the sensors silent for ten days there is a sound plan, and the report counts the blind."""
    with city.begin() as work:
        names = [row.bin_id for row in work.bins.all()]
        work.session.execute(
            Reading.__table__.delete().where(
                Reading.bin_id.in_(names[::2]), Reading.measured_at > OPENING - timedelta(days=10)
            )
        )
    figures = night.plan()
    assert figures["violations"] == 0
    assert figures["blind"] >= len(names) // 2 - 2
    assert any("have a silent sensor" in note for note in figures["without"])


def test_no_reading_at_all(city: Store, night):
    """Without one reading every bin is carried on what such bins do, and the plan says so."""
    with city.begin() as work:
        work.session.execute(Reading.__table__.delete())
        work.session.execute(Emptying.__table__.delete())
    figures = night.plan()
    assert figures["violations"] == 0
    assert any("have no reading yet" in note for note in figures["without"])


def test_damaged_forecast_state_is_learned_anew(city: Store, night):
    """What the last night knew of the bins is gone or garbage: the readings tell it again."""
    first = night.plan()
    with city.begin() as work:
        assert work.session.connection().exec_driver_sql("UPDATE forecast_state SET body = x'00ff'").rowcount
    second = night.plan()
    assert second["violations"] == 0
    assert second["blind"] == first["blind"]


def test_missing_truck_is_named(city: Store, night):
    """A truck out of service that day is planned without, and the report names it."""
    with city.begin() as work:
        work.session.get(Truck, work.trucks.all()[0].truck_id).active = False
    figures = night.plan()
    assert figures["violations"] == 0
    assert any("is out of service" in note for note in figures["without"])


def test_zero_trucks_and_no_roads_end_with_one(city: Store, night):
    """Without any truck, or any roads, the command ends with 1 and one clear line; nothing else changes."""
    first = night.plan()
    with city.begin() as work:
        work.session.execute(Shift.__table__.delete())
    result = night.command("plan", "--date", DAY.isoformat(), "--seconds", "1")
    assert result.returncode == 1
    assert "no truck has a shift on" in night.one_line(result.stderr)
    with city.begin() as work:
        for name in ("road_map",):
            work.session.connection().exec_driver_sql(f"DELETE FROM {name}")
    result = night.command("plan", "--date", DAY.isoformat(), "--seconds", "1")
    assert result.returncode == 1
    assert "no road network yet" in night.one_line(result.stderr)
    assert night.in_force() == first["plan_id"]


def test_refusals_name_the_problem(city: Store, night):
    """A night without an open disposal site is refused, and the plan in force stays."""
    first = night.plan()
    with city.begin() as work:
        for place in work.places.all():
            place.weekdays = []
            work.session.add(place)
    with pytest.raises(ProblemError, match="no disposal site is open"):
        night.plan()
    assert night.in_force() == first["plan_id"]
