"""Orders, site meters and public status over HTTP, on a real store and writer; orders about the store carried out."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from console.api import make_api
from console.api.orders import make_orders
from console.api.public import make_ocpi, make_open
from console.api.sites import make_sites
from console.clerk.store_orders import DEEDS, carry_out_all
from console.ordering import ARGUMENTS
from fleet.clock import FixedClock
from fleet.orders import STORE_KINDS, OrderKind, OrderState
from fleet.settings import HttpSettings, Settings
from fleet.store import Store, Writer
from fleet.tables import Evse, Place, Station, Transaction

TOKEN = "orders-secret"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PRICES = [{"price_components": [{"type": "ENERGY", "price": 2.5}]}]


@pytest.fixture
def store(any_store: Store) -> Store:
    """On SQLite and on PostgreSQL."""
    return any_store


@pytest.fixture
async def writer(store: Store) -> AsyncIterator[Writer]:
    with store.begin() as work:
        work.places.upsert(Place(place_id="MALL", name="Mall", lat=34.92, lon=-2.32, site_limit_kw=40.0))
        for number in range(3):
            row = Station(station_id=f"CP{number}", place_id="MALL" if number < 2 else None, public=number != 1)
            work.stations.upsert(row, [Evse(station_id=row.station_id, number=1, max_kw=22.0)])
        lonely = work.stations.get("CP2")
        lonely.lat, lonely.lon, lonely.online, lonely.groups = 34.9, -2.3, True, "centre"
        work.session.add(lonely)
        work.stations.set_connector("CP2", 1, 1, status="Available")
        work.stations.upsert(Station(station_id="NEW", admission="parked"), [])
    writer = Writer(store, gather_seconds=0)
    writer.start()
    yield writer
    await writer.stop()


def client_of(writer: Writer, *, order_token=TOKEN, public_token="", public_url="") -> httpx.AsyncClient:
    http = HttpSettings(order_token=order_token, public_token=public_token, public_url=public_url)
    settings = replace(Settings(), http=http)
    rooms = (
        make_orders(writer, token=order_token),
        make_sites(writer, token=order_token),
        make_ocpi(writer, settings),
        make_open(writer),
    )
    api = make_api(writer, token=None, health=dict, rooms=rooms)
    return httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://binwatt.test")


async def test_one_order_or_many_and_their_state(writer: Writer, store: Store):
    """201 with numbers once they are in the store; their state can be read, secrets in them cannot."""
    async with client_of(writer) as client:
        one = await client.post(
            "/api/v1/orders", headers=BEARER, json={"kind": "reset", "target": "CP0", "who": "amal"}
        )
        admit = {"kind": "admit_station", "target": "NEW", "args": {"admission": "accepted", "password": "hush"}}
        stop = {"kind": "stop_charge", "target": "CP1", "args": {"transaction_id": 7}, "expires_in_s": 3600}
        many = await client.post("/api/v1/orders", headers=BEARER, json=[admit, stop])
        assert (one.status_code, many.status_code) == (201, 201)
        numbers = one.json()["orders"] + many.json()["orders"]
        shown = (await client.get(f"/api/v1/orders/{numbers[1]}", headers=BEARER)).json()
        assert shown["args"] == {"admission": "accepted", "password": "***"}
        assert (shown["state"], shown["kind"]) == ("queued", "admit_station")
        listed = (await client.get("/api/v1/orders?kind=reset&state=queued", headers=BEARER)).json()["orders"]
        assert [(row["id"], row["who"]) for row in listed] == [(numbers[0], "api:amal")]
        assert (await client.get("/api/v1/orders/999", headers=BEARER)).status_code == 404
    with store.read() as work:
        row = work.orders.get(numbers[2])
        assert (row.expires_at - row.ordered_at).total_seconds() == 3600


async def test_the_same_key_is_the_same_order(writer: Writer):
    """A job that runs twice orders once."""
    async with client_of(writer) as client:
        order = {"kind": "clear_cache", "target": "CP0", "key": "nightly-1"}
        first = await client.post("/api/v1/orders", headers=BEARER, json=order)
        again = await client.post("/api/v1/orders", headers=BEARER, json=order)
    assert first.json() == again.json()


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"kind": "dance", "target": "CP0"}, "kind 'dance' is no kind of order"),
        ({"kind": "reset", "target": "CP9"}, "there is no station 'CP9'"),
        ({"kind": "reset", "target": "NEW"}, "NEW is parked: accept it first"),
        ({"kind": "reset", "target": "CP0", "args": {"how": "gently"}}, "how must be one of soft, hard, not 'gently'"),
        ({"kind": "reset", "target": "CP0", "args": {"hard": True}}, "argument 'hard' is not known; there are how"),
        ({"kind": "unlock", "target": "CP0"}, "unlock: evse is missing"),
        ({"kind": "unlock", "target": "CP0", "args": {"evse": True}}, "evse must be a whole number"),
        ({"kind": "close_transaction", "target": "x"}, "'x' is no transaction's number"),
        ({"kind": "set_tariff", "target": "T", "args": {"elements": []}}, "at least one element"),
        ({"kind": "set_station", "target": "CP0", "args": {"place_id": "?"}}, "there is no place '?'"),
        ({"kind": "reserve", "target": "CP0", "args": {"token": "A", "until": "soon"}}, "until must be an instant"),
        ({"kind": "run_campaign", "target": "new", "args": {"do": "start"}}, "kind None is no kind of order"),
        ({"kind": "reset", "target": "CP0", "colour": "red"}, "'colour' is not known"),
        ({"kind": "reset", "target": "CP0", "expires_in_s": 1e9}, "expires_in_s must be"),
        ("reset", "an order is an object"),
        ([], "give 1 to"),
    ],
)
async def test_what_cannot_be_ordered_is_refused_in_one_line(writer: Writer, store: Store, order, said):
    """422, the argument and the mend; nothing of a list is placed when one is wrong."""
    async with client_of(writer) as client:
        good = {"kind": "reset", "target": "CP0"}
        body = order if isinstance(order, list) and not order else [good, order]
        answer = await client.post("/api/v1/orders", headers=BEARER, json=body)
        alone = await client.post("/api/v1/orders", headers=BEARER, json=order)
    assert (answer.status_code, alone.status_code) == (422, 422)
    assert said in alone.json()["error"]
    assert "\n" not in alone.json()["error"]
    with store.read() as work:
        assert work.orders.newest() == []


async def test_orders_are_for_those_with_the_token(writer: Writer):
    """No token in the settings: closed to all. A wrong one: 401. Rubbish: 400, never 500."""
    async with client_of(writer, order_token="") as client:
        assert (await client.post("/api/v1/orders", json={})).status_code == 403
    async with client_of(writer) as client:
        assert (await client.post("/api/v1/orders", json={})).status_code == 401
        assert (await client.get("/api/v1/orders", headers={"Authorization": "Bearer no"})).status_code == 401
        assert (await client.post("/api/v1/orders", headers=BEARER, content=b"[" * 50_000)).status_code == 400
        assert (await client.post("/api/v1/orders", headers=BEARER, content=b"x" * 2_000_000)).status_code == 413


async def test_a_sites_meter_is_kept(writer: Writer, store: Store, clock: FixedClock):
    """In W or kW; the same instant twice is one row; a place nobody knows is 404."""
    async with client_of(writer) as client:
        for _ in range(2):
            given = {"power_kw": 41.25, "at": clock.at.isoformat()}
            assert (await client.post("/api/v1/sites/MALL/meter", headers=BEARER, json=given)).status_code == 201
        unknown = await client.post("/api/v1/sites/NOWHERE/meter", headers=BEARER, json={"power_w": 1})
        ahead = {"power_w": 1, "at": "2099-01-01T00:00:00+00:00"}
        wrong = await client.post("/api/v1/sites/MALL/meter", headers=BEARER, json=ahead)
        empty = await client.post("/api/v1/sites/MALL/meter", headers=BEARER, json={})
    assert (unknown.status_code, wrong.status_code, empty.status_code) == (404, 422, 422)
    with store.read() as work:
        assert work.sites.newest_meter("MALL").power_w == 41250.0


async def test_public_stations_as_ocpi_locations(writer: Writer, store: Store):
    """Only public ones, a site or a station without one; pages with their headers; objects by path; tariffs named."""
    with store.begin() as work:
        work.money.put_tariff("DAY", {"elements": PRICES}, [{"station_group": "centre"}])
    async with client_of(writer, public_url="https://city.example") as client:
        versions = (await client.get("/ocpi/versions")).json()["data"]
        details = (await client.get(versions[0]["url"].removeprefix("https://city.example"))).json()["data"]
        url = details["endpoints"][0]["url"].removeprefix("https://city.example")
        page = await client.get(url, params={"limit": 1})
        rest = await client.get(url, params={"limit": 1, "offset": 1})
        evse = (await client.get(f"{url}/CP2/CP2*1")).json()["data"]
        plug = (await client.get(f"{url}/CP2/CP2*1/1")).json()["data"]
        missing = await client.get(f"{url}/CP1")
        none = (await client.get(url, params={"date_from": "2099-01-01T00:00:00Z"})).json()["data"]
    assert (page.headers["X-Total-Count"], page.headers["X-Limit"]) == ("2", "1")
    assert page.headers["Link"] == '<https://city.example/ocpi/cpo/2.2.1/locations?limit=1&offset=1>; rel="next"'
    assert "Link" not in rest.headers
    first, second = page.json()["data"][0], rest.json()["data"][0]
    assert (first["id"], second["id"]) == ("CP2", "MALL")
    assert [one["uid"] for one in second["evses"]] == ["CP0*1"]
    assert (evse["status"], second["evses"][0]["status"]) == ("AVAILABLE", "UNKNOWN")
    assert (plug["power_type"], plug["max_amperage"], plug["tariff_ids"]) == ("AC_3_PHASE", 32, ["DAY"])
    assert (missing.status_code, missing.json()["status_code"]) == (404, 2003)
    assert none == []


async def test_ocpi_asks_for_its_token_and_the_map_for_none(writer: Writer):
    """In base64 as OCPI 2.2.1 wants it, or plain; GeoJSON is open data."""
    async with client_of(writer, public_token="read-only") as client:
        assert (await client.get("/ocpi/versions")).status_code == 401
        for shown in (base64.b64encode(b"read-only").decode(), "read-only"):
            answer = await client.get("/ocpi/versions", headers={"Authorization": f"Token {shown}"})
            assert answer.status_code == 200
        points = (await client.get("/open/stations.geojson")).json()["features"]
    assert [(point["id"], point["geometry"]["coordinates"]) for point in points] == [
        ("CP0", [-2.32, 34.92]),
        ("CP2", [-2.3, 34.9]),
    ]
    assert points[1]["properties"]["available"] == 1


async def place(client: httpx.AsyncClient, what: str, target: str, **args: object) -> int:
    answer = await client.post("/api/v1/orders", headers=BEARER, json={"kind": what, "target": target, "args": args})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["orders"][0])


async def test_store_orders_are_carried_out_once(writer: Writer, store: Store, clock: FixedClock):
    """A card, a tariff, a station, a campaign, a lost end: each done, and its answer told."""
    with store.begin() as work:
        work.session.add(Transaction(station_id="CP0", evse=1, ref="7", started_at=clock.at, start_wh=100.0))
    async with client_of(writer) as client:
        numbers = [
            await place(
                client, "set_token", "CARD", status="Accepted", group_id="staff", expires_at="2027-01-01T00:00Z"
            ),
            await place(client, "set_tariff", "T", elements=PRICES, rules=[{"token_group": "staff"}]),
            await place(client, "set_station", "CP1", public=True, groups="centre", priority=2),
            await place(client, "run_campaign", "new", do="start", kind="reset", stations=["CP0", "CP2"]),
            await place(client, "close_transaction", "1", end_wh=600),
            await place(client, "close_transaction", "99"),
            await place(client, "clear_fault", "CP0"),
            await place(client, "run_campaign", "1", do="retry"),
        ]
        assert await writer.do(carry_out_all) == len(numbers)
        assert await writer.do(carry_out_all) == 0
    with store.read() as work:
        states = [work.orders.get(number).state for number in numbers]
        assert states == [OrderState.ACCEPTED] * 5 + [OrderState.REJECTED, OrderState.ACCEPTED, OrderState.REJECTED]
        assert work.orders.get(numbers[-1]).answer == {"why": "no station of campaign 1 failed"}
        assert work.stations.token("CARD").group_id == "staff"
        assert [rule.token_group for rule in work.money.rules("T")] == ["staff"]
        assert (work.stations.get("CP1").public, work.stations.get("CP1").priority) == (True, 2)
        assert work.campaigns.progress(1).waiting == 2
        assert work.charging.transaction("CP0", "7").end_wh == 600
        assert work.orders.get(numbers[5]).answer == {"why": "there is no transaction 99"}


def test_every_order_of_the_store_is_carried_out_and_checked():
    """Kinds the clerk carries out, the plan job's apart; and each kind's arguments are known, but a street rule's."""
    plan_jobs = {
        OrderKind.MAKE_PLAN,
        OrderKind.PUBLISH_PLAN,
        OrderKind.WITHDRAW_PLAN,
        OrderKind.WITHDRAW_ORDER,
        OrderKind.RULE_STREET,
    }
    assert set(DEEDS) == STORE_KINDS - plan_jobs
    assert set(OrderKind) - set(ARGUMENTS) == {OrderKind.RULE_STREET}
