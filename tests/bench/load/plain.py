"""What anyone would write first: the `ocpp` package on `websockets`, both with their defaults. It stores nothing.

Prints its port.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


def now() -> str:
    """The time as OCPP writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Station(ChargePoint):
    """A station's side of the server."""

    @on("BootNotification")
    def boot(self, **_rest: object) -> call_result.BootNotification:
        """Accept it."""
        return call_result.BootNotification(current_time=now(), interval=300, status="Accepted")

    @on("Heartbeat")
    def heartbeat(self) -> call_result.Heartbeat:
        """Tell the time."""
        return call_result.Heartbeat(current_time=now())

    @on("MeterValues")
    def meter_values(self, **_rest: object) -> call_result.MeterValues:
        """Thank for them."""
        return call_result.MeterValues()


async def serve_station(connection: ServerConnection) -> None:
    """Answer one station until it leaves."""
    assert connection.request is not None
    try:
        await Station(connection.request.path.rpartition("/")[2], connection).start()
    except ConnectionClosed:
        return


async def main() -> None:
    """Serve until killed."""
    logging.getLogger("ocpp").setLevel(logging.WARNING)  # the package logs every message at INFO; nobody asks for it
    async with serve(serve_station, "127.0.0.1", 0, subprotocols=["ocpp1.6"], backlog=1024) as server:
        print(json.dumps({"ocpp_port": next(iter(server.sockets)).getsockname()[1]}), flush=True)
        await server.serve_forever()


asyncio.run(main())
