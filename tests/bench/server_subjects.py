"""The servers the benchmark compares, each run as a process of its own: `python server_subjects.py NAME FOLDER STATIONS`.

echo: raw `websockets`, gives back what it gets. plain: the `ocpp` package over `websockets` as its documentation shows.
ours: the central system on SQLite with synchronous=FULL, every MeterValues on disk before it is answered.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


async def echo(_folder: Path, _stations: int) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    async def answer(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(answer, "127.0.0.1", 0, subprotocols=["ocpp1.6"], compression=None, backlog=1024) as server:
        announce(server.sockets[0].getsockname()[1])
        await server.serve_forever()


async def plain(_folder: Path, _stations: int) -> None:
    from ocpp.routing import on
    from ocpp.v16 import ChargePoint, call_result
    from websockets.asyncio.server import ServerConnection, serve

    class Station(ChargePoint):
        @on("BootNotification")
        def boot(self, **_payload: Any) -> call_result.BootNotification:
            return call_result.BootNotification(current_time=now_text(), interval=300, status="Accepted")

        @on("Heartbeat")
        def heartbeat(self) -> call_result.Heartbeat:
            return call_result.Heartbeat(current_time=now_text())

        @on("MeterValues")
        def meter_values(self, **_payload: Any) -> call_result.MeterValues:
            return call_result.MeterValues()

    async def answer(connection: ServerConnection) -> None:
        assert connection.request is not None
        await Station(connection.request.path.rsplit("/", 1)[1], connection).start()

    async with serve(answer, "127.0.0.1", 0, subprotocols=["ocpp1.6"], backlog=1024) as server:
        announce(server.sockets[0].getsockname()[1])
        await server.serve_forever()


async def ours(folder: Path, stations: int) -> None:

    import structlog

    from chargers.central import CentralSystem
    from fleet.settings import OcppSettings
    from fleet.store import Store, Writer
    from fleet.tables import Station

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    store = Store.create(f"sqlite:///{folder / 'bench.db'}")
    with store.begin() as work:
        for number in range(stations):
            work.session.add(Station(station_id=f"CP{number:05d}"))
    writer = Writer(store)
    writer.start()
    central = CentralSystem(store, writer, OcppSettings(port=0, open_stations=True), ping_seconds=0)
    await central.start()
    announce(central.port)
    await asyncio.Event().wait()


def now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def announce(port: int) -> None:
    print(f"PORT {port}", flush=True)


def main() -> None:
    """Run one of them until it is killed."""
    logging.disable(logging.ERROR)  # stations that leave without goodbye fill no terminal
    name, folder, stations = sys.argv[1:4]
    subject = {"echo": echo, "plain": plain, "ours": ours}[name](Path(folder), int(stations))
    if name == "ours":
        import uvloop

        uvloop.run(subject)
    else:
        asyncio.run(subject)


if __name__ == "__main__":
    main()
