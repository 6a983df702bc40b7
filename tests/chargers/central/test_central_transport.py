"""Both WebSocket libraries behave alike behind the seam."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chargers.central.socket import MAX_MESSAGE_BYTES, CloseCode, Entry, Refusal, Socket, Upgrade
from chargers.central.transport import listen
from chargers.errors import PortUnavailable

PATIENCE = 5.0


class Echo:
    """Gives back what it gets; says goodbye when asked to."""

    def __init__(self, sock: Socket, lost: asyncio.Event) -> None:
        self.sock = sock
        self._lost = lost

    def receive(self, text: bytes) -> None:
        if text == b"close":
            self.sock.close(CloseCode.GOING_AWAY, "as asked")
        elif text == b"pause":
            self.sock.pause()
            asyncio.get_running_loop().call_later(0.1, self.sock.resume)
        else:
            self.sock.send(text)

    def lost(self) -> None:
        self._lost.set()


@pytest.fixture(params=["picows", "websockets"])
async def served(
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[Callable[..., Any], asyncio.Event, list[Upgrade]]]:
    """An echo over one of the libraries: a way to connect, the event of loss, the upgrades seen."""
    lost, seen = asyncio.Event(), []

    async def gate(upgrade: Upgrade) -> Refusal | Entry:
        await asyncio.sleep(0.01)
        seen.append(upgrade)
        if upgrade.path.startswith("/refuse/"):
            return Refusal(int(upgrade.path.rsplit("/", 1)[1]), "not here")
        known = [name for name in upgrade.offered if name.startswith("ocpp")]
        return Entry(known[0] if known else None, lambda sock: Echo(sock, lost))

    listener = await listen(gate, "127.0.0.1", 0, request.param, 20.0, deflate=False)

    def dial(path: str = "/x", **options: Any) -> Any:
        return connect(f"ws://127.0.0.1:{listener.port}{path}", **{"subprotocols": ["ocpp1.6"], **options})

    yield dial, lost, seen
    await listener.stop()


async def test_text_goes_both_ways(served):
    """Messages short and long come back whole, and the loss is told."""
    dial, lost, _ = served
    async with dial() as line:
        assert line.subprotocol == "ocpp1.6"
        for size in (1, 125, 126, 2048, 65536, 200_000):
            await line.send("é" * (size // 2))
            assert await line.recv() == "é" * (size // 2)
    async with asyncio.timeout(PATIENCE):
        await lost.wait()


async def test_fragments_are_joined(served):
    """A message in several frames is one message."""
    dial, _, _ = served
    async with dial() as line:
        await line.send(["one ", "two ", "", "three"])
        assert await line.recv() == "one two three"


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"\x00\x01", 1003), ("x" * (MAX_MESSAGE_BYTES + 1), 1009), (["x" * 100_000] * 3, 1009)],
    ids=["binary", "too long", "too long in parts"],
)
async def test_what_ocpp_does_not_have_closes_the_connection(served, message, code):
    """Binary messages and endless ones are not taken."""
    dial, _, _ = served
    async with dial() as line, asyncio.timeout(PATIENCE):
        with suppress(ConnectionClosed):
            await line.send(message)
        with pytest.raises(ConnectionClosed):
            await line.recv()
        assert line.close_code == code


async def test_a_close_from_here_carries_its_reason(served):
    """The station is told why."""
    dial, _, _ = served
    async with dial() as line, asyncio.timeout(PATIENCE):
        await line.send("close")
        with pytest.raises(ConnectionClosed):
            await line.recv()
        assert (line.close_code, line.close_reason) == (1001, "as asked")


@pytest.mark.parametrize("status", [401, 403, 404, 503])
async def test_a_refusal_is_an_http_error(served, status):
    """The gate's status reaches the station; 401 says how to log in."""
    dial, _, _ = served
    with pytest.raises(InvalidStatus) as refused:
        await dial(f"/refuse/{status}")
    assert refused.value.response.status_code == status
    assert ("WWW-Authenticate" in refused.value.response.headers) == (status == 401)


async def test_no_subprotocol_in_common_closes_after_the_handshake(served):
    """The handshake succeeds without a subprotocol, then the connection is closed."""
    dial, _, _ = served
    async with dial(subprotocols=["soap"]) as line, asyncio.timeout(PATIENCE):
        with pytest.raises(ConnectionClosed):
            await line.recv()
        assert (line.subprotocol, line.close_code) == (None, 1002)


async def test_the_gate_sees_what_the_station_sent(served):
    """Path as sent, subprotocols by preference, credentials, address."""
    dial, _, seen = served
    headers = {"Authorization": "Basic eDp5"}
    async with dial("/a%20b?c=d", subprotocols=["ocpp2.0.1", "ocpp1.6"], additional_headers=headers):
        pass
    assert seen == [Upgrade("/a%20b?c=d", "Basic eDp5", ("ocpp2.0.1", "ocpp1.6"), "127.0.0.1")]


async def test_pings_are_answered(served):
    """A station's own ping gets its pong."""
    dial, _, _ = served
    async with dial() as line, asyncio.timeout(PATIENCE):
        await (await line.ping())


async def test_a_paused_station_is_held_back_and_loses_nothing(served):
    """While paused nothing is read; afterwards everything comes, in order."""
    dial, _, _ = served
    async with dial() as line, asyncio.timeout(PATIENCE):
        await line.send("pause")
        for number in range(50):
            await line.send(str(number))
        assert [await line.recv() for _ in range(50)] == [str(number) for number in range(50)]


@pytest.mark.parametrize(
    "text", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n"]
)
async def test_other_talk_on_the_port_is_turned_away(served, text):
    """What is no WebSocket handshake gets an HTTP error or a closed line, not a hanging one."""
    dial, _, _ = served
    reader, writer = await asyncio.open_connection("127.0.0.1", _port(dial))
    writer.write(text)
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


def _port(dial: Callable[..., Any]) -> int:
    return int(dial().uri.rsplit(":", 1)[1].split("/")[0])


async def test_a_port_in_use_gives_one_clear_line():
    """The message names host, port and the mend."""

    async def gate(_upgrade: Upgrade) -> Refusal | Entry:
        return Refusal(404, "")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for transport in ("picows", "websockets"):
            with pytest.raises(PortUnavailable, match=f"port {port} on 127.0.0.1 is in use; .*choose another") as told:
                await listen(gate, "127.0.0.1", port, transport, 20.0, deflate=False)
            assert "\n" not in str(told.value)


async def test_compression_is_granted_to_whoever_asks():
    """With the setting, `auto` takes the library that has permessage-deflate, and grants it."""
    lost = asyncio.Event()

    async def gate(upgrade: Upgrade) -> Refusal | Entry:
        return Entry(upgrade.offered[0], lambda sock: Echo(sock, lost))

    listener = await listen(gate, "127.0.0.1", 0, "auto", 20.0, deflate=True)
    url = f"ws://127.0.0.1:{listener.port}/x"
    async with connect(url, subprotocols=["ocpp2.0.1"], compression="deflate") as line:
        assert "permessage-deflate" in line.response.headers["Sec-WebSocket-Extensions"]
        await line.send("a" * 5000)
        assert await line.recv() == "a" * 5000
    await listener.stop()
