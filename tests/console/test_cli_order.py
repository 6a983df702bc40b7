"""`binwatt order`: the orders of the console from the command line, checked before anything is placed."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.cli import app
from fleet.orders import STATION_KINDS, OrderState
from fleet.store import Store
from fleet.tables import Station


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in os.environ if name.startswith("BINWATT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BINWATT_SETTINGS", str(tmp_path / "none.toml"))
    (tmp_path / "none.toml").write_text("")
    monkeypatch.setenv("BINWATT_DB", f"sqlite:///{tmp_path}/city.db")
    store = Store.create(f"sqlite:///{tmp_path}/city.db")
    with store.begin() as work:
        for name, groups, admission in (("ST-1", "mall", "accepted"), ("ST-2", "mall,fast", "accepted"),
                                        ("DEPOT", "", "accepted"), ("ST-NEW", "mall", "parked")):  # fmt: skip
            work.stations.upsert(Station(station_id=name, groups=groups, admission=admission), [])

    def invoke(*arguments: str, code: int = 0):
        told = CliRunner().invoke(app, ["order", *arguments])
        assert told.exit_code == code, (told.output, told.exception)
        return told

    invoke.store = store
    return invoke


def orders(store: Store):
    with store.read() as work:
        return work.orders.find()


@pytest.mark.parametrize(
    ("target", "stations"),
    [("ST-1", ["ST-1"]), ("ST-*", ["ST-1", "ST-2"]), ("group:fast", ["ST-2"]), ("group:mall", ["ST-1", "ST-2"])],
)
def test_targets_are_ids_patterns_and_groups(run, target, stations):
    """Parked stations match neither pattern nor group."""
    told = json.loads(run("reset", target, "how=soft", "--json").output)["orders"]
    assert [row["target"] for row in told] == stations
    assert {row["state"] for row in told} == {"queued"}
    assert {row.args["how"] for row in orders(run.store)} == {"soft"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("dance", "ST-1"),
        ("reset", "NOWHERE"),
        ("reset", "ST-1", "how=gently"),
        ("reset", "X-*"),
        ("unlock", "ST-1", "NOWHERE", "evse=1"),
        ("reset", "how=soft"),
    ],
)
def test_one_wrong_word_and_nothing_is_ordered(run, arguments):
    """Bad input is one refusal with code 2, whatever the other targets are."""
    run(*arguments, code=2)
    assert not orders(run.store)


def test_values_are_json_where_they_can_be(run):
    """Numbers, truth and objects are read; anything else is a text."""
    run("set-availability", "ST-1", "operative=false", "evse=1")
    run("set_variables", "ST-1", 'values={"HeartbeatInterval": "60"}')
    made = {row.kind: row.args for row in orders(run.store)}
    assert made["set_availability"] == {"operative": False, "evse": 1}
    assert made["set_variables"] == {"values": {"HeartbeatInterval": "60"}}


def test_wait_gives_the_answer_and_fails_with_the_order(run):
    """With --wait the command ends when the order is settled; a refusal is exit code 1."""

    def refuse() -> None:
        for _try in range(100):
            with run.store.begin() as work:
                for row in work.orders.waiting(STATION_KINDS):
                    work.orders.mark(row, OrderState.REJECTED, {"status": "Rejected"})
                    return
            time.sleep(0.05)

    station = threading.Thread(target=refuse)
    station.start()
    told = run("clear_cache", "ST-1", "--wait", "--json", code=1)
    station.join()
    assert json.loads(told.stdout.splitlines()[0])["orders"][0]["answer"] == {"status": "Rejected"}


def test_an_order_that_waits_is_withdrawn_by_its_number(run):
    """withdraw-order takes a queued order back; again, or with a number that is none, it says why not."""
    run("reset", "ST-1", "how=soft")
    (number,) = (row.order_id for row in orders(run.store))
    told = json.loads(run("withdraw-order", str(number), "--json").output)["orders"]
    assert [row["state"] for row in told] == ["accepted"]
    with run.store.read() as work:
        assert work.orders.get(number).state == OrderState.WITHDRAWN
    assert "is withdrawn already" in run("withdraw-order", str(number), code=1).output
    assert "no order's number" in run("withdraw-order", "ST-1", code=2).output
