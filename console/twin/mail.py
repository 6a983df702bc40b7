"""What sensors and trucks post: at least once, in order, and with patience when nobody answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

GATHER_SECONDS = 0.2
"""Trucks speak up together: what is said within this time is one request."""
TRUCK_MESSAGES = 150
"""At most in one request, about half of the 64 kB a server takes."""
SENSOR_POSTS = 3
"""Requests of the sensor network under way at once."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
"""Wall seconds before a failed request is made again: doubled each time."""
MOST_KEPT = 20_000
"""Of messages nobody took; the oldest are dropped then."""
MOST_ERRORS = 50
ANSWER_SECONDS = 15.0
AGAIN = frozenset({408, 425, 429})
"""Answers besides 5xx after which the same request may succeed."""

Json = dict[str, Any]


@dataclass(slots=True)
class Posted:
    """What was taken by the server, and what it did not like."""

    uplinks: int = 0
    truck_reports: int = 0
    emptyings: int = 0
    dropped: int = 0
    errors: list[str] = field(default_factory=list)
    """Each said once."""

    def note(self, what: str) -> None:
        """Keep an error, once."""
        if what not in self.errors and len(self.errors) < MOST_ERRORS:
            self.errors.append(what)


class Queue:
    """Messages waiting to be posted, oldest first. `empty` is set while none waits and none is under way."""

    def __init__(self, posted: Posted, most: int = MOST_KEPT) -> None:
        self._posted, self._most = posted, most
        self._waiting: deque[Any] = deque()
        self._under_way = 0
        self._filled = asyncio.Event()
        self.empty = asyncio.Event()
        self.empty.set()

    def __len__(self) -> int:
        return len(self._waiting) + self._under_way

    def put(self, message: Any) -> None:
        """Add one."""
        if len(self._waiting) >= self._most:
            self._waiting.popleft()
            self._posted.dropped += 1
        self._waiting.append(message)
        self._filled.set()
        self.empty.clear()

    async def take(self, many: int, gather_seconds: float = 0.0) -> list[Any]:
        """The next up to `many`, as soon as there is one."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        if gather_seconds and len(self._waiting) < many:
            await asyncio.sleep(gather_seconds)
        taken = [self._waiting.popleft() for _ in range(min(many, len(self._waiting)))]
        self._under_way += len(taken)
        return taken

    def done(self, taken: Sequence[Any]) -> None:
        """What was taken is posted, or never will be."""
        self._under_way -= len(taken)
        if not len(self):
            self.empty.set()


class Mail:
    """The way to the server. `run` it in a task; `uplink` and `truck` may be called at any time in the same loop."""

    def __init__(self, url: str, token: str = "") -> None:
        """url: of the server, without a path. token: what senders must show; empty: nothing is asked."""
        self.posted = Posted()
        self._url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        self._uplinks, self._trucks = Queue(self.posted), Queue(self.posted)

    def uplink(self, body: bytes) -> None:
        """A sensor network's webhook request."""
        self._uplinks.put(body)

    def truck(self, message: Json) -> None:
        """What a truck says."""
        self._trucks.put(message)

    @property
    def waiting(self) -> int:
        """Messages nobody has taken yet."""
        return len(self._uplinks) + len(self._trucks)

    async def run(self) -> None:
        """Post what comes until cancelled."""
        limits = httpx.Limits(max_connections=SENSOR_POSTS + 1, keepalive_expiry=30.0)
        async with (
            httpx.AsyncClient(headers=self._headers, timeout=ANSWER_SECONDS, limits=limits, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(SENSOR_POSTS):
                group.create_task(self._post_uplinks(client))
            group.create_task(self._post_trucks(client))

    async def drain(self, seconds: float) -> None:
        """Wait until everything is posted, at most so many wall seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._uplinks.empty.wait()
                await self._trucks.empty.wait()

    async def _post_uplinks(self, client: httpx.AsyncClient) -> None:
        while True:
            taken = await self._uplinks.take(1)
            if await self._deliver(client, "/ingest/ttn/twin", taken[0]):
                self.posted.uplinks += 1
            self._uplinks.done(taken)

    async def _post_trucks(self, client: httpx.AsyncClient) -> None:
        while True:
            taken: list[Json] = await self._trucks.take(TRUCK_MESSAGES, GATHER_SECONDS)
            if await self._deliver(client, "/ingest/trucks/twin", msgspec.json.encode(taken)):
                emptied = sum("emptied" in message for message in taken)
                self.posted.emptyings += emptied
                self.posted.truck_reports += len(taken) - emptied
            self._trucks.done(taken)

    async def _deliver(self, client: httpx.AsyncClient, path: str, body: bytes) -> bool:
        """Post until it is taken; False where the server will never take it."""
        pause = FIRST_PAUSE
        while True:
            try:
                answer = await client.post(self._url + path, content=body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500 and answer.status_code not in AGAIN:
                return self._judge(path, answer)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _judge(self, path: str, answer: httpx.Response) -> bool:
        if answer.status_code in {200, 201, 204}:
            return True
        self.posted.note(f"POST {path}: {answer.status_code}: {_what_was_wrong(answer)}")
        return answer.is_success


def _what_was_wrong(answer: httpx.Response) -> str:
    try:
        said = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return answer.text[:200]
    return str(said.get("error", said))[:200] if isinstance(said, dict) else str(said)[:200]
