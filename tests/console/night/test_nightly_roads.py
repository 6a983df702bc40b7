"""Road engines and street rules in the night job: one that fails is done without, and named."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

import routing.roads.remote
from console.nightly import Job, what_if
from fleet.settings import Settings
from fleet.store import Store
from fleet.twin.opening import OPENING
from routing.night import Change

pytestmark = pytest.mark.slow
DAY = (OPENING + timedelta(days=1)).date()


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
def test_road_engine_that_fails_is_done_without(settings: Settings, osrm: str, mode, without, monkeypatch, night):
    """An OSRM that answers measures; one that lies, babbles, hangs or refuses costs but a line in the report."""
    monkeypatch.setattr(Osrm, "mode", mode)
    monkeypatch.setattr(routing.roads.remote, "_CALL_SECONDS", 0.4 if mode == "hangs" else 20.0)
    if mode == "refuses":
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            osrm = f"http://127.0.0.1:{taken.getsockname()[1]}"
    chosen = replace(settings, plan=replace(settings.plan, roads="osrm", roads_url=osrm))
    figures = night.plan(settings=chosen)
    assert figures["violations"] == 0
    assert figures["unserved"] == 0
    assert figures["road_engine"] == ("built-in" if without else "osrm"), figures["without"]
    told = [note for note in figures["without"] if note.startswith("road engine osrm: ")]
    assert len(told) == bool(without)
    assert all("the built-in network measured instead" in note for note in told)


def test_nonsense_settings_of_roads_are_done_without(city: Store, settings: Settings, night):
    """A road engine without an address and a file of speeds that is not there are named; the plan is made."""
    chosen = replace(settings, plan=replace(settings.plan, roads="valhalla", speeds="/nowhere/speeds.toml"))
    figures = night.plan(settings=chosen)
    assert figures["violations"] == 0
    told = " ".join(figures["without"])
    assert "road engine valhalla" in told
    assert "the city's speeds" in told


def test_supposed_closure_is_driven_round(city: Store, settings: Settings, night):
    """With a street supposed closed the plan keeps that rule, and nothing stays of it afterwards."""
    figures = night.plan()
    with city.read() as work:
        tables = work.session.connection().exec_driver_sql("SELECT count(*) FROM road_table").scalar()
    found = what_if(city, settings, Job(day=DAY, seconds=0.5), Change(closed=("Rue de nulle part",)))
    assert any("Rue de nulle part" in rule for rule in found["what_if"]["street_rules"])
    assert figures["street_rules"] == []
    with city.read() as work:
        assert work.roads.overrides() == []
        assert work.session.connection().exec_driver_sql("SELECT count(*) FROM road_table").scalar() == tables
