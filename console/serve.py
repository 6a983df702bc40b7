"""`binwatt serve`: the central system, the webhooks and the clerk in one process over one writer."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn

from chargers.central import CentralSystem
from console.api import make_api
from console.api.files import FOLDER, make_files
from console.api.orders import make_orders
from console.api.public import make_ocpi, make_open
from console.api.sites import make_sites
from console.clerk import Clerk
from console.errors import PortTaken
from fleet.events import Kind
from fleet.migrations import KNOWN
from fleet.settings import Settings
from fleet.store import Store, Writer

if TYPE_CHECKING:
    from chargers.trust import Authority

END_SECONDS = 5
GARBAGE = 20_000, 20, 50
"""Cycles are rare here and every message makes many small objects: looked for
less often, a heartbeat costs a third less."""
log = structlog.get_logger("console.serve")


def run(settings: Settings, store: Store, ready: Callable[[dict[str, Any]], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the ports, and at the end the figures, as JSON values.

    Raises:
        PortTaken: another program listens on one of the ports.
    """
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:
        runner = asyncio.Runner()
    with runner:
        runner.run(_serve(settings, store, ready))


async def _serve(settings: Settings, store: Store, ready: Callable[[dict[str, Any]], None]) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    listening = _listen(settings.http.host, settings.http.port)
    web = replace(settings.http, port=listening.getsockname()[1])  # a file's address with port 0 is none
    writer = Writer(store)
    writer.start()
    try:
        authority = open_authority(settings)
        central = CentralSystem(store, writer, settings.ocpp, http=web, authority=authority)
        await central.start()
    except BaseException:
        await writer.stop()
        listening.close()
        raise
    clerk = Clerk(store, writer, settings, os.environ)
    central.tell_prices(clerk.books.price)

    def health() -> dict[str, Any]:
        with store.read() as work:
            counts = work.bins.counts()
        return {"store": "ready", "schema": KNOWN[-1], **counts, "messages": central.counts()}

    rooms = (
        make_orders(writer, token=settings.http.order_token),
        make_sites(writer, token=settings.http.order_token or settings.http.ingest_token),
        make_ocpi(writer, settings),
        make_open(writer),
        make_files(writer, settings.data_dir / FOLDER),
    )
    api = make_api(writer, token=settings.http.ingest_token or None, health=health, rooms=rooms)
    http = _Http(uvicorn.Config(api, log_config=None, access_log=False, lifespan="off"))
    tasks = [asyncio.create_task(http.serve(sockets=[listening])), asyncio.create_task(clerk.attend())]
    ports: dict[str, Any] = {"ocpp_port": central.port, "http_port": web.port}
    if central.tls_port:
        ports["tls_port"] = central.tls_port
    await writer.do(lambda work: work.events.append(Kind.SERVER_STARTED, "server", **ports))
    ready(ports)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    over = asyncio.create_task(ending.wait())
    await asyncio.wait([over, *tasks], return_when=asyncio.FIRST_COMPLETED)
    http.should_exit = True
    over.cancel()
    tasks[1].cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    await central.stop()
    await writer.do(lambda work: work.events.append(Kind.SERVER_STOPPED, "server"))
    await writer.stop()
    failures = [repr(error) for error in ended if isinstance(error, Exception)]
    ready({"messages": central.counts(), "errors": [*clerk.errors, *failures]})


def open_authority(settings: Settings) -> Authority | None:
    """Our certificate authority, where stations connect over TLS.

    Raises:
        AuthorityBroken: its folder cannot be used.
    """
    if not settings.ocpp.tls_port:
        return None
    from chargers.trust import Authority

    return Authority(settings.data_dir / "trust")


class _Http(uvicorn.Server):
    """uvicorn inside our loop: the signals are ours."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise _taken(error, "http", host, port) from None
    return listening


def _taken(error: OSError, what: str, host: str, port: int) -> PortTaken:
    why = "is in use by another program" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
    variable = f"BINWATT_{what.upper()}_PORT"
    return PortTaken(f"{host}:{port} {why}; end it, or set another {variable}")
