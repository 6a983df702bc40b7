"""Road engines over HTTP: recorded answers of real servers, and servers that refuse, hang and lie."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from routing.errors import RoadsError, RouterError
from routing.roads import Network, Profile, VehicleClass, make_router, measure_matrix, route_geometry
from routing.roads.matrix import UNREACHABLE
from routing.roads.openrouteservice import OpenRouteService
from routing.roads.osrm import Osrm
from routing.roads.remote import Line, TooBig, read_polyline
from routing.roads.valhalla import Valhalla

PROFILE = Profile(VehicleClass())
POINTS = np.array([(34.92, -2.32), (34.93, -2.32), (34.93, -2.31), (34.92, -2.31)])
ENGINES = {"osrm": Osrm, "valhalla": Valhalla, "openrouteservice": OpenRouteService}
Answer = Callable[[httpx.Request], httpx.Response]


def line(answer: Answer, name: str = "osrm", **given: Any) -> Line:
    """A line to a server that answers as told; waits are not slept."""
    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://roads.test")
    return Line(name, client, sleep=lambda _s: None, jitter=lambda: 0.5, **given)


def crow_tables(coordinates: list[list[float]], sources: list[int], goals: list[int]) -> tuple[Any, Any]:
    """Seconds and metres along a grid between [lon, lat] pairs."""
    table = np.array(coordinates)
    gap = np.abs(table[sources][:, None] - table[goals][None]) * (91_300, 111_000)
    metres = gap.sum(axis=2)
    return (metres / 8).round(1).tolist(), metres.round(1).tolist()


def osrm(request: httpx.Request, most: int = 10_000, posts: bool = True) -> dict[str, Any]:
    """An OSRM server's table."""
    if request.method == "POST":
        if not posts:
            return {"code": "InvalidUrl", "message": "URL string malformed"}
        body = json.loads(request.content)
        coordinates, sources, goals = body["coordinates"], body["sources"], body["destinations"]
    else:
        coordinates = [[float(x) for x in pair.split(",")] for pair in request.url.path.split("/")[-1].split(";")]
        sources, goals = ([int(x) for x in request.url.params[n].split(";")] for n in ("sources", "destinations"))
    if len(sources) * len(goals) > most:
        return {"code": "TooBig", "message": "Too many table coordinates"}
    seconds, metres = crow_tables(coordinates, sources, goals)
    return {
        "code": "Ok",
        "durations": seconds,
        "distances": metres,
        "sources": [{"distance": 3.0} for _ in sources],
        "destinations": [{"distance": 3.0} for _ in goals],
    }


def valhalla(request: httpx.Request, most: int = 2500) -> dict[str, Any]:
    """A Valhalla server's matrix."""
    body = json.loads(request.content)
    assert body["costing"] == "truck"
    assert body["costing_options"]["truck"] == {"height": 3.6, "width": 2.55, "length": 9.0, "weight": 19.0}
    sources, goals = ([[p["lon"], p["lat"]] for p in body[name]] for name in ("sources", "targets"))
    if len(sources) * len(goals) > most:
        return {"error_code": 150, "error": "Exceeded max locations", "status_code": 400}
    every = list(range(len(sources) + len(goals)))
    seconds, metres = crow_tables(sources + goals, every[: len(sources)], every[len(sources) :])
    kilometres = [[cell / 1000 for cell in row] for row in metres]
    return {"units": "kilometers", "sources_to_targets": {"durations": seconds, "distances": kilometres}}


def openrouteservice(request: httpx.Request, most: int = 2500) -> dict[str, Any]:
    """An openrouteservice server's matrix."""
    body = json.loads(request.content)
    if len(body["sources"]) * len(body["destinations"]) > most:
        return {"error": {"code": 6004, "message": "Search exceeds the limit of visited nodes."}}
    seconds, metres = crow_tables(body["locations"], body["sources"], body["destinations"])
    places = [{"snapped_distance": 4.0} for _ in body["locations"]]
    return {
        "durations": seconds,
        "distances": metres,
        "sources": places[: len(body["sources"])],
        "destinations": places[: len(body["destinations"])],
    }


SERVERS: dict[str, Callable[..., dict[str, Any]]] = {
    "osrm": osrm,
    "valhalla": valhalla,
    "openrouteservice": openrouteservice,
}


@pytest.mark.parametrize("name", ["babezzouar", "porto"])
def test_osrm_agrees_with_the_built_in_network(name: str, city: Callable[[str], Network]) -> None:
    """Recorded tables of OSRM 26.10: the median ratio of distances lies in 0.98 to 1.02; legs start where ours do."""
    recorded = json.loads((Path(__file__).parent / "fixtures" / f"osrm_{name}.json").read_text())
    assert "OpenStreetMap contributors" in recorded["attribution"]
    exchanges = iter(recorded["exchanges"])

    def answer(asked: httpx.Request) -> httpx.Response:
        exchange = next(exchanges)
        assert (asked.method, asked.url.raw_path.decode()) == (exchange["method"], exchange["path"])
        return httpx.Response(exchange["status"], json=exchange["answer"])

    router = Osrm(line(answer))
    points = np.array(recorded["points"])
    cells = router.matrix(points, PROFILE)
    legs = router.route(points[:6], PROFILE)
    assert len(legs) == 5
    network = city(name)
    ours = measure_matrix(network, points)
    apart = ~np.eye(len(points), dtype=bool) & (cells.metres < UNREACHABLE)
    assert apart.mean() > 0.9
    ratio = ours.metres[apart] / cells.metres[apart]
    assert 0.98 <= np.median(ratio) <= 1.02
    assert np.corrcoef(ours.metres[apart], cells.metres[apart])[0, 1] > 0.95
    assert sum(leg.metres for leg in legs) == pytest.approx(cells.metres[range(5), range(1, 6)].sum(), rel=0.1)
    for leg, own in zip(legs, route_geometry(network, points[:6]), strict=True):
        assert abs(leg.line[0][0] - own.line[0][0]) < 1e-3


def test_valhalla_agrees_with_the_built_in_network(city: Callable[[str], Network]) -> None:
    """Recorded answers of Valhalla 3.9.1 with its truck costing: its refusal teaches the limit, distances agree."""
    recorded = json.loads((Path(__file__).parent / "fixtures" / "valhalla_babezzouar.json").read_text())
    assert "OpenStreetMap contributors" in recorded["attribution"]
    exchanges = iter([recorded["too_big"], *recorded["exchanges"]])

    def answer(asked: httpx.Request) -> httpx.Response:
        exchange = next(exchanges)
        assert asked.url.path == exchange["path"]
        return httpx.Response(exchange["status"], json=exchange["answer"])

    router = Valhalla(line(answer, "valhalla"))
    points = np.array(recorded["points"])
    with pytest.raises(TooBig, match="2500"):
        router._ask_block(points, points, PROFILE)
    cells = router.matrix(points, PROFILE)
    legs = router.route(points[:5], PROFILE)
    ours = measure_matrix(city("babezzouar"), points)
    apart = ~np.eye(len(points), dtype=bool)
    assert 0.98 <= np.median(ours.metres[apart] / cells.metres[apart]) <= 1.02
    assert sum(leg.metres for leg in legs) == pytest.approx(cells.metres[range(4), range(1, 5)].sum(), rel=0.1)


@pytest.mark.parametrize("name", SERVERS)
def test_every_engine_measures_through_the_one_protocol(name: str) -> None:
    """Four points: whole seconds and metres of each pair, the same from each engine."""
    router = ENGINES[name](line(lambda request: httpx.Response(200, json=SERVERS[name](request)), name))
    cells = router.matrix(POINTS, PROFILE)
    assert cells.metres[0].tolist() == [0, 1110, 2023, 913]
    assert cells.seconds[0, 1] == 139
    part = router.cells(POINTS, np.array([2]), np.array([0, 3]), PROFILE)
    assert part.metres.tolist() == [[2023, 1110]]


@pytest.mark.parametrize(("name", "most"), [("osrm", 350), ("valhalla", 350), ("openrouteservice", 350)])
def test_limits_are_learned(name: str, most: int) -> None:
    """A server that takes less than usual: blocks are halved until they fit; the next matrix starts so."""
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        said = SERVERS[name](request, most)
        asked.append("error" in said or said.get("code") == "TooBig")
        return httpx.Response(400 if asked[-1] else 200, json=said)

    rng = np.random.default_rng(3)
    points = POINTS[0] + rng.uniform(0, 0.02, (60, 2))
    router = ENGINES[name](line(answer, name))
    first = router.matrix(points, PROFILE)
    assert sum(asked) >= 1
    asked.clear()
    again = router.matrix(points, PROFILE)
    assert sum(asked) == 0
    assert (first.metres == again.metres).all()
    assert (first.metres < UNREACHABLE).all()


def test_an_older_osrm_is_asked_by_get() -> None:
    """POST is tried once; then addresses short enough for any proxy."""
    methods: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        assert len(str(request.url)) < 8000
        return httpx.Response(200, json=osrm(request, posts=False))

    rng = np.random.default_rng(3)
    points = POINTS[0] + rng.uniform(0, 0.02, (400, 2))
    cells = Osrm(line(answer)).matrix(points, PROFILE)
    assert (cells.metres < UNREACHABLE).all()
    assert methods.count("POST") == 1


def spoil(name: str, said: dict[str, Any], how: str) -> dict[str, Any]:
    """An answer that cannot be true."""
    table = said["sources_to_targets"] if name == "valhalla" else said
    match how:
        case "shape":
            table["durations"] = table["durations"][:-1]
        case "ragged":
            table["durations"][0] = table["durations"][0][:-1]
        case "negative":
            table["distances"][0][1] = -5.0
        case "zero":
            table["durations"][0][1] = 0
        case "near":
            table["distances"][0][2] = 1 / 1000
        case "nan":
            table["durations"][1][0] = float("nan")
        case "words":
            table["durations"][1][0] = "12"
        case "endless":
            table["distances"][1][0] = 1e300
        case "nothing":
            table["durations"] = [[None] * len(row) for row in table["durations"]]
        case "missing":
            del table["distances"]
    return said


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize(
    "how", ["shape", "ragged", "negative", "zero", "near", "nan", "words", "endless", "nothing", "missing"]
)
def test_lies_are_refused(name: str, how: str) -> None:
    """An answer that cannot be true is no answer."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(spoil(name, SERVERS[name](request), how)))

    with pytest.raises(RouterError, match=name):
        ENGINES[name](line(answer, name)).matrix(POINTS, PROFILE)


@pytest.mark.parametrize("name", SERVERS)
def test_a_null_cell_is_no_way(name: str) -> None:
    """One pair without a way is marked, the others stand."""

    def answer(request: httpx.Request) -> httpx.Response:
        said = SERVERS[name](request)
        table = said["sources_to_targets"] if name == "valhalla" else said
        table["durations"][0][2] = table["distances"][0][2] = None
        return httpx.Response(200, json=said)

    cells = ENGINES[name](line(answer, name)).matrix(POINTS, PROFILE)
    assert np.argwhere(cells.seconds == UNREACHABLE).tolist() == [[0, 2]]
    assert np.argwhere(cells.metres == UNREACHABLE).tolist() == [[0, 2]]


@pytest.mark.parametrize("name", ["osrm", "openrouteservice"])
def test_points_put_on_far_streets_are_out_of_reach(name: str) -> None:
    """OSRM snaps without limit: a point moved 151 m or more has no ways."""

    def answer(request: httpx.Request) -> httpx.Response:
        said = SERVERS[name](request)
        for what in ("sources", "destinations"):
            said[what][1] = {"distance": 151.0, "snapped_distance": 151.0}
        return httpx.Response(200, json=said)

    cells = ENGINES[name](line(answer, name)).matrix(POINTS, PROFILE)
    lost = cells.seconds == UNREACHABLE
    assert lost[1].all()
    assert lost[:, 1].all()
    assert lost.sum() == 7


def test_a_busy_server_is_asked_again() -> None:
    """503, then 429 with its Retry-After honoured, then an answer."""
    slept: list[float] = []
    answers = iter([httpx.Response(503), httpx.Response(429, headers={"Retry-After": "7"})])
    router = Osrm(line(lambda request: next(answers, None) or httpx.Response(200, json=osrm(request))))
    router._line.sleep = slept.append
    assert router.matrix(POINTS, PROFILE).metres[0, 1] == 1110
    assert slept == [0.5, 7.0]


def test_patience_ends() -> None:
    """A server that is always busy: the bound of time holds over all tries and blocks."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    busy = line(lambda _request: httpx.Response(503, headers={"Retry-After": "9"}), total_seconds=20)
    busy.now, busy.sleep = lambda: clock[0], sleep
    with pytest.raises(RouterError, match="does not answer"):
        Osrm(busy).matrix(POINTS, PROFILE)
    assert clock[0] <= 20


class Rogue(BaseHTTPRequestHandler):
    """A server on loopback that behaves as its `manner` says."""

    manner = "hang"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        request = httpx.Request("POST", f"http://roads.test{self.path}", content=body)
        match self.manner:
            case "hang":
                time.sleep(1.5)
            case "cut":
                self.send_response(200)
                self.send_header("content-length", "5000")
                self.end_headers()
                self.wfile.write(b'{"code":')
            case "page":
                self._say(b"<html>maintenance</html>")
            case "honest":
                self._say(json.dumps(osrm(request)).encode())

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def rogue() -> Iterator[tuple[type[Rogue], str]]:
    """Its class, whose manner may be set, and its address."""
    manner = type("Manner", (Rogue,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), manner)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield manner, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("manner", ["hang", "cut", "page"])
def test_a_server_that_hangs_cuts_off_or_talks_html_is_given_up_in_time(rogue, manner: str) -> None:
    """Within a second and a half, one clear error."""
    kind, address = rogue
    kind.manner = manner
    with httpx.Client(base_url=address) as client:
        router = Osrm(Line("osrm", client, total_seconds=0.6))
        since = time.monotonic()
        with pytest.raises(RouterError, match="osrm"):
            router.matrix(POINTS, PROFILE)
        assert time.monotonic() - since < 1.5


def test_a_real_server_on_loopback_is_measured(rogue) -> None:
    """The whole way over a socket."""
    kind, address = rogue
    kind.manner = "honest"
    with httpx.Client(base_url=address) as client:
        router = make_router("osrm", address, client=client)
        assert router is not None
        assert router.matrix(POINTS, PROFILE).metres[0, 1] == 1110


def test_nobody_at_the_address_is_told() -> None:
    """A refused connection names the address."""
    with httpx.Client(base_url="http://127.0.0.1:9") as client:
        nobody = Line("valhalla", client, total_seconds=5, sleep=lambda _s: None)
        with pytest.raises(RouterError, match=r"valhalla at http://127\.0\.0\.1:9"):
            Valhalla(nobody).matrix(POINTS, PROFILE)


def test_settings_name_the_engine() -> None:
    """The built-in one needs no router; an unknown name or a missing address is refused with the mend."""
    assert make_router("built-in", "") is None
    with pytest.raises(RoadsError, match="known: built-in, osrm"):
        make_router("graphhopper", "http://127.0.0.1:1")
    with pytest.raises(RoadsError, match="give the address of osrm"):
        make_router("osrm", "")


def test_polylines_are_read() -> None:
    """The example of the format's own description."""
    assert read_polyline("_p~iF~ps|U_ulLnnqC_mqNvxq`@", 5) == ((38.5, -120.2), (40.7, -120.95), (43.252, -126.453))
