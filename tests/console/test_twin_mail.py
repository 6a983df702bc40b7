"""What the twin's sensors and trucks post, against a real HTTP server that has its moods."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from console.twin.mail import Mail, Posted, Queue


@dataclass
class Office:
    """A server that keeps what it took, and answers what it is told to; 200 when it is told nothing."""

    answers: list[int] = field(default_factory=list)
    taken: list[tuple[str, object]] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    requests: int = 0

    def app(self) -> FastAPI:
        api = FastAPI()

        @api.post("/{path:path}")
        async def take(path: str, request: Request) -> JSONResponse:
            self.requests += 1
            self.tokens.add(request.headers.get("authorization"))
            status = self.answers.pop(0) if self.answers else 200
            if status < 300:
                self.taken.append((path, json.loads(await request.body())))
            return JSONResponse({"error": "not today"} if status != 200 else {}, status_code=status)

        return api

    @property
    def told(self) -> list[object]:
        """What trucks said, in order."""
        return [message for path, body in self.taken if path == "ingest/trucks/twin" for message in body]


class Quiet(uvicorn.Server):
    """A server that leaves the test's signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def opened(office: Office, listening: socket.socket) -> AsyncIterator[None]:
    server = Quiet(uvicorn.Config(office.app(), log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def posting(mail: Mail) -> AsyncIterator[None]:
    task = asyncio.create_task(mail.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A port of our own; nobody answers there until a server takes it over."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        yield held


def address(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}/"


async def test_what_trucks_say_together_is_one_request(listening) -> None:
    office, mail = Office(), Mail(address(listening), token="secret")
    async with opened(office, listening), posting(mail):
        for number in range(5):
            mail.truck({"truck": f"T0{number}"})
        mail.truck({"truck": "T01", "emptied": "BK-0001"})
        await mail.drain(5)
    assert office.requests == 1
    assert len(office.told) == 6
    assert (mail.posted.truck_reports, mail.posted.emptyings) == (5, 1)
    assert office.tokens == {"Bearer secret"}


async def test_messages_wait_in_order_until_a_server_answers(listening) -> None:
    office, mail = Office(answers=[503, 500]), Mail(address(listening))
    url = listening.getsockname()
    listening.close()
    async with posting(mail):
        for number in range(400):
            mail.truck({"number": number})
        mail.uplink(b'{"frame": 1}')
        await mail.drain(0.5)
        assert mail.waiting == 401
        with socket.create_server(url) as reopened:
            async with opened(office, reopened):
                await mail.drain(8)
    assert [message["number"] for message in office.told] == list(range(400))
    assert ("ingest/ttn/twin", {"frame": 1}) in office.taken
    assert mail.posted.truck_reports == 400
    assert mail.posted.uplinks == 1
    assert mail.waiting == 0
    assert mail.posted.errors == []


async def test_a_message_kept_without_a_reading_counts_and_is_noted_once(listening) -> None:
    office, mail = Office(answers=[202, 202]), Mail(address(listening))
    async with opened(office, listening), posting(mail):
        mail.uplink(b"{}")
        mail.uplink(b"{}")
        await mail.drain(5)
    assert mail.posted.uplinks == 2
    assert mail.posted.errors == ["POST /ingest/ttn/twin: 202: not today"]


async def test_a_message_the_server_will_never_take_is_given_up_and_noted(listening) -> None:
    office, mail = Office(answers=[401]), Mail(address(listening))
    async with opened(office, listening), posting(mail):
        mail.uplink(b"{}")
        await mail.drain(5)
    assert office.requests == 1
    assert mail.posted.uplinks == 0
    assert mail.waiting == 0
    assert mail.posted.errors == ["POST /ingest/ttn/twin: 401: not today"]


async def test_a_full_queue_lets_the_oldest_go_and_counts_it() -> None:
    posted = Posted()
    queue = Queue(posted, most=2)
    for number in range(5):
        queue.put(number)
    assert await queue.take(5) == [3, 4]
    assert posted.dropped == 3
