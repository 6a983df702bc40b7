"""Files of stations over HTTP: firmware fetched in ranges, logs left in every form, and everything that goes wrong."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from console.api import files as api_files
from console.api import make_api
from console.api.files import make_files
from fleet.clock import FixedClock
from fleet.events import Kind
from fleet.store import Store, Writer

FIRMWARE = bytes(range(256)) * 400
HOUR = timedelta(hours=1)


@pytest.fixture
async def writer(store: Store) -> AsyncIterator[Writer]:
    writer = Writer(store, gather_seconds=0)
    writer.start()
    yield writer
    await writer.stop()


@pytest.fixture
async def http(writer: Writer, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path / "files"
    (folder / "firmware").mkdir(parents=True)
    (folder / "firmware" / "fw.bin").write_bytes(FIRMWARE)
    (tmp_path / "secret.txt").write_text("secret")
    api = make_api(writer, token=None, health=dict, rooms=(make_files(writer, folder),))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://binwatt.test") as client:
        yield client


def a_name(store: Store, direction: str = "up", path: str = "CP1/log.txt", most: int = 200_000) -> str:
    with store.begin() as work:
        what = "firmware" if direction == "down" else "diagnostics"
        return work.files.make("CP1", direction, what, path, most, HOUR, 7)


def left(tmp_path: Path, path: str = "CP1/log.txt") -> bytes | None:
    found = tmp_path / "files" / path
    rest = [one for one in (tmp_path / "files").rglob("*") if one.name.endswith(".part")]
    assert rest == [], "nothing half done stays"
    return found.read_bytes() if found.exists() else None


async def test_a_firmware_is_fetched_whole_and_in_ranges(http, store, clock: FixedClock):
    """A download that broke off goes on; the name is used when the last byte has gone, and holds an hour more."""
    name = a_name(store, "down", "firmware/fw.bin")
    part = await http.get(f"/files/{name}", headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.content) == (206, FIRMWARE[:100])
    with store.read() as work:
        assert work.files.find(name).used_at is None
    rest = await http.get(f"/files/{name}", headers={"Range": "bytes=100-"})
    assert rest.content == FIRMWARE[100:]
    assert rest.headers["content-range"] == f"bytes 100-{len(FIRMWARE) - 1}/{len(FIRMWARE)}"
    with store.read() as work:
        assert work.files.find(name).used_at is not None
    assert (await http.get(f"/files/{name}")).content == FIRMWARE
    assert (await http.head(f"/files/{name}")).headers["content-length"] == str(len(FIRMWARE))
    assert (await http.get(f"/files/{name}", headers={"Range": "bytes=999999-"})).status_code == 416
    clock.advance(HOUR / 2)
    assert (await http.get(f"/files/{name}")).status_code == 200
    clock.advance(HOUR)
    assert (await http.get(f"/files/{name}")).status_code == 410


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("rest", ["", "/diagnostics-2026.log"])
async def test_a_log_is_left_as_it_is(http, store, tmp_path, method, rest):
    """Raw, by PUT or POST, with or without a file name behind: on disk, once, and told."""
    name = a_name(store)
    answer = await http.request(method, f"/files/{name}{rest}", content=b"line\n" * 1000)
    assert (answer.status_code, answer.json()) == (201, {"bytes": 5000})
    assert left(tmp_path) == b"line\n" * 1000
    with store.read() as work:
        assert [row.bytes for row in work.files.left("CP1")] == [5000]
        told = work.events.newest(kinds=[Kind.LOG_PROGRESSED])
    assert (told[0].data["status"], told[0].data["request_id"]) == ("Received", 7)
    again = await http.request(method, f"/files/{name}{rest}", content=b"other")
    assert again.status_code == 410
    assert left(tmp_path) == b"line\n" * 1000


@pytest.mark.parametrize("content", [b"", b"x", b"\r\n--no\r\n" * 500, os.urandom(70_000), b"--BOUND\r\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 7, 4096])
async def test_a_log_is_left_as_a_forms_file(http, store, tmp_path, content, size):
    """Multipart, with a field before it, in pieces of any size: the file's bytes and no others."""
    if size == 1 and len(content) > 10_000:
        pytest.skip("the same in bigger pieces")
    name = a_name(store)
    body = (
        (
            b'--BOUND\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
            b'--BOUND\r\nContent-Disposition: form-data; name="file"; filename="a.log"\r\nX: y\r\n\r\n'
        )
        + content.replace(b"--BOUND", b"--BOUNS")
        + b"\r\n--BOUND--\r\n"
    )
    expected = content.replace(b"--BOUND", b"--BOUNS")

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    headers = {"Content-Type": 'multipart/form-data; charset=utf-8; boundary="BOUND"'}
    answer = await http.post(f"/files/{name}", content=pieces(), headers=headers)
    if not expected:
        assert (answer.status_code, answer.json()) == (400, {"error": "nothing came"})
        return
    assert answer.status_code == 201, answer.text
    assert left(tmp_path) == expected


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("multipart/form-data", b"x", "without a boundary"),
        ("multipart/form-data; boundary=" + "b" * 71, b"x", "without a boundary"),
        ("multipart/form-data; boundary=B", b"nothing of the kind", "middle of a part"),
        ("multipart/form-data; boundary=B", b"x" * 60_000, "no file begins"),
        ("multipart/form-data; boundary=B", b"--B--\r\n", "no file in the body"),
        ("multipart/form-data; boundary=B", b'--B\r\nX: filename="a"\r\n\r\ncut off', "middle of a part"),
        ("text/plain", b"", "nothing came"),
    ],
)
async def test_a_broken_body_leaves_nothing(http, store, tmp_path, kind, body, why):
    """What is not what it says is 400 in one line; the name can be used again."""
    name = a_name(store)

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 20_000):
            yield body[at : at + 20_000]

    answer = await http.post(f"/files/{name}", content=pieces(), headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert why in answer.json()["error"]
    assert left(tmp_path) is None
    assert (await http.put(f"/files/{name}", content=b"good")).status_code == 201


async def test_too_much_is_refused(http, store, tmp_path):
    """Larger than allowed is 413: at once where it is declared, on the way where it is not."""
    name = a_name(store, most=1000)
    assert (await http.put(f"/files/{name}", content=b"x" * 10_000)).status_code == 413
    drawn = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal drawn
        for _ in range(1000):
            drawn += 1
            yield b"x" * 600

    assert (await http.put(f"/files/{name}", content=endless())).status_code == 413
    assert left(tmp_path) is None


async def test_a_connection_that_breaks_off(writer, store, tmp_path):
    """A station that goes away in the middle leaves nothing, and may try again."""
    name = a_name(store)
    api = make_api(writer, token=None, health=dict, rooms=(make_files(writer, tmp_path / "files"),))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PUT", "path": f"/files/{name}",
        "raw_path": b"", "query_string": b"", "headers": [], "scheme": "http", "root_path": "",
        "server": ("t", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    messages = [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    await api(scope, receive, send)
    assert sent[0]["status"] == 400
    assert left(tmp_path) is None
    with store.read() as work:
        assert work.files.find(name).used_at is None


async def test_two_at_once_and_a_full_disk(http, store, tmp_path, monkeypatch):
    """A second upload under the same name meanwhile is 409; without room on the disk it is 507."""
    name = a_name(store)
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"first"
        begun.set()
        await go.wait()

    first = asyncio.create_task(http.put(f"/files/{name}", content=slow()))
    async with asyncio.timeout(5):
        await begun.wait()
        second = await http.put(f"/files/{name}", content=b"second")
        go.set()
        assert (await first).status_code == 201
    assert second.status_code == 409
    assert left(tmp_path) == b"first"

    def full(_file) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(api_files, "_settle", full)
    answer = await http.put(f"/files/{a_name(store, path='CP1/more')}", content=b"x")
    assert (answer.status_code, answer.json()) == (507, {"error": "the disk is full"})
    assert left(tmp_path, "CP1/more") is None


async def test_wrong_names(http, store, clock: FixedClock):
    """Never a name: 404. The other direction: 405. Past its time: 410. Outside the folder: never, whatever is asked."""
    for path in ("/files/nothing", "/files/..%2Fsecret.txt", "/files/%2e%2e/secret.txt", "/files/a/../../secret.txt"):
        assert (await http.get(path)).status_code in (404, 405)
        assert (await http.put(path, content=b"x")).status_code in (404, 405)
    up, down = a_name(store), a_name(store, "down", "firmware/fw.bin")
    wrong = await http.get(f"/files/{up}")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "PUT, POST")
    assert (await http.put(f"/files/{down}", content=b"x")).status_code == 405
    outside = [a_name(store, "down", path) for path in ("../secret.txt", "/etc/hostname", "firmware/../../secret.txt")]
    for name in outside:
        assert (await http.get(f"/files/{name}")).status_code == 404
    assert (await http.put(f"/files/{a_name(store, path='../evil')}", content=b"x")).status_code == 404
    assert (await http.get(f"/files/{a_name(store, 'down', 'firmware/gone.bin')}")).status_code == 404
    clock.advance(2 * HOUR)
    for name in (up, down):
        method = "PUT" if name == up else "GET"
        assert (await http.request(method, f"/files/{name}")).status_code == 410
