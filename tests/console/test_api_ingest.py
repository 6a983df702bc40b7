"""The webhooks over HTTP, on a real store and writer."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlmodel import select

from console.api import make_api
from fleet.clock import FixedClock
from fleet.errors import StoreBusy
from fleet.store import Store, Writer
from fleet.tables import Bin, Place, Sensor, Truck, Uplink

DEEP = b'{"end_device_ids": {"device_id": "a"}, "uplink_message": {"decoded_payload": {"a": ' + b"[" * 60_000
TOKEN = "s3cret-of-the-city"


def webhook(
    count: int, device: str = "bin-a", distance: object = 800, at: str = "2026-03-10T18:59:58Z"
) -> dict[str, Any]:
    return {
        "end_device_ids": {"device_id": device},
        "received_at": at,
        "uplink_message": {
            "session_key_id": "AXA50",
            "f_cnt": count,
            "decoded_payload": {"distance": distance},
        },
    }


@pytest.fixture
async def writer(store: Store) -> AsyncIterator[Writer]:
    with store.begin() as work:
        work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3))
        work.bins.upsert_sensor(Sensor(device_id="bin-a", bin_id="A", empty_mm=1300, full_mm=300))
        work.places.upsert(Place(place_id="depot", name="Depot", lat=34.9, lon=-2.3, is_depot=True))
        work.trucks.upsert(Truck(truck_id="T1", depot_id="depot"))
    writer = Writer(store, gather_seconds=0)
    writer.start()
    yield writer
    await writer.stop()


def client_of(writer: Writer, token: str | None = None) -> httpx.AsyncClient:
    api = make_api(writer, token=token, health=lambda: {"store": "ok"})
    return httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://binwatt.test")


@pytest.fixture
async def client(writer: Writer) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(writer) as client:
        yield client


async def test_an_uplink_is_on_disk_when_it_is_answered(client: httpx.AsyncClient, store: Store) -> None:
    """200, and another connection to the database sees the reading."""
    answer = await client.post("/ingest/ttn/city", json=webhook(1))
    assert answer.status_code == 200
    assert answer.json() == {
        "outcome": "stored",
        "bin": "A",
        "fill": 0.5,
        "quality": "ok",
        "measured_at": "2026-03-10T18:59:58Z",
    }
    with store.read() as work:
        assert work.bins.latest()["A"].fill == pytest.approx(0.5)


async def test_duplicates_are_answered_200_and_stored_once(client: httpx.AsyncClient, store: Store) -> None:
    """Ten copies at the same time: one is stored, all are answered well."""
    answers = await asyncio.gather(*(client.post("/ingest/ttn/city", json=webhook(1)) for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert sorted(answer.json()["outcome"] for answer in answers) == ["duplicate"] * 9 + ["stored"]
    with store.read() as work:
        assert work.bins.counts()["readings"] == 1


async def test_chirpstack_up_is_stored_and_its_other_events_ignored(client: httpx.AsyncClient, store: Store) -> None:
    """event=up gives a reading; event=join is answered 200 and keeps nothing."""
    up = {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": "2026-03-10T18:59:58.433477+00:00",
        "deviceInfo": {"deviceName": "bin-a", "devEui": "24e124713b1234ab"},
        "object": {"distance": "80 cm"},
    }
    answer = await client.post("/ingest/chirpstack/city?event=up", json=up)
    assert (answer.status_code, answer.json()["fill"]) == (200, 0.5)
    answer = await client.post("/ingest/chirpstack/city?event=join", json={"devAddr": "01"})
    assert (answer.status_code, answer.json()["outcome"]) == (200, "ignored")
    with store.read() as work:
        assert work.bins.counts()["readings"] == 1


async def test_an_unknown_sensor_is_kept_and_said(client: httpx.AsyncClient, store: Store) -> None:
    """202 with a clear line, and the message is kept."""
    answer = await client.post("/ingest/ttn/city", json=webhook(1, device="stranger"))
    assert answer.status_code == 202
    assert "no sensor is known as 'stranger'" in answer.json()["error"]
    with store.read() as work:
        assert [row.device_id for row in work.session.exec(select(Uplink))] == ["stranger"]


async def test_a_reading_from_the_future_is_said(client: httpx.AsyncClient) -> None:
    """202 with a clear line."""
    answer = await client.post("/ingest/ttn/city", json=webhook(1, at="2026-03-11T00:00:00Z"))
    assert (answer.status_code, answer.json()["outcome"]) == (202, "refused")
    assert "in the future" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 422, "empty"),
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (DEEP, 400, "nested too deep"),
        (b"[]", 422, "expected"),
        (b'{"end_device_ids": {"device_id": 7}}', 422, "$.end_device_ids.device_id"),
        (b"x" * 65_537, 413, "64 kB"),
    ],
    ids=range(7),
)
async def test_bad_bodies_get_one_clear_line(client: httpx.AsyncClient, body: bytes, status: int, said: str) -> None:
    """400, 413 or 422 with {"error": one line}, never a traceback."""
    answer = await client.post("/ingest/ttn/city", content=body)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert said in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/ingest/ttn/city", 405), ("POST", "/ingest/nonsense/city", 404), ("POST", "/ingest/ttn/a%20b", 422)],
)
async def test_wrong_addresses_get_one_clear_line(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    """Unknown paths, methods and source names are answered in the same JSON."""
    answer = await client.request(method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"X-Api-Key": "clé".encode()}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"bearer {TOKEN}"}, 200),
        ({"X-Api-Key": TOKEN}, 200),
    ],
)
async def test_the_secret_is_asked(writer: Writer, headers: dict[str, str | bytes], status: int) -> None:
    """Bearer or X-Api-Key with the secret; anything else is a 401 that says nothing."""
    async with client_of(writer, TOKEN) as client:
        answer = await client.post("/ingest/ttn/city", json=webhook(1), headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.json() == {"error": "unauthorized"}


async def test_trucks_report(client: httpx.AsyncClient, clock: FixedClock, store: Store) -> None:
    """A position and an emptying are kept; a message that is neither is refused whole."""
    at = clock.at.isoformat()
    said = [{"truck": "T1", "time": at, "lat": 34.9, "lon": -2.3}, {"truck": "T1", "time": at, "emptied": "A"}]
    answer = await client.post("/ingest/trucks/telematics", json=said)
    assert (answer.status_code, answer.json()) == (200, {"positions": 1, "emptyings": 1, "known": 0})
    answer = await client.post("/ingest/trucks/telematics", json={"truck": "T1", "time": at})
    assert answer.status_code == 422
    answer = await client.post("/ingest/trucks/telematics", json={"truck": "T1", "time": at, "lat": 95, "lon": 0})
    assert answer.status_code == 422
    assert "$.lat" in answer.json()["error"]
    answer = await client.post("/ingest/trucks/telematics", json={"truck": "T9", "time": at, "emptied": "A"})
    assert (answer.status_code, "'T9'" in answer.json()["error"]) == (202, True)
    with store.read() as work:
        assert work.bins.counts()["emptyings"] == 1


async def test_health(writer: Writer) -> None:
    """What the callable says, or 503 with its error."""
    async with client_of(writer) as client:
        answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"store": "ok"})

    def fail() -> dict[str, Any]:
        raise StoreBusy("another process holds the database")

    api = make_api(writer, token=None, health=fail)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://binwatt.test") as client:
        answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"error": "another process holds the database"})


async def test_a_store_that_cannot_be_written_is_503(writer: Writer, client: httpx.AsyncClient) -> None:
    """Not stored is not acknowledged: once the writer ends, senders are told to come again."""
    await writer.stop()
    answer = await client.post("/ingest/ttn/city", json=webhook(1))
    assert answer.status_code == 503


async def test_no_page_loads_scripts_from_the_web(client: httpx.AsyncClient) -> None:
    """The documentation pages are off, the machine-readable description stays."""
    assert (await client.get("/docs")).status_code == 404
    assert (await client.get("/redoc")).status_code == 404
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {"/ingest/ttn/{source}", "/ingest/chirpstack/{source}", "/ingest/trucks/{source}", "/healthz"} <= set(paths)


def test_the_api_starts_without_the_planners() -> None:
    """Serving webhooks loads no solver, no screen and no road machinery."""
    heavy = ["ortools", "numpy", "scipy", "textual", "osmium", "alembic"]
    code = f"import sys, json, console.api; print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(ran.stdout) == []
