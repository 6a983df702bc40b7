"""The floor of the ordinary stack: a bare `websockets` server that sends every frame back. Prints its port."""

from __future__ import annotations

import asyncio
import json

from websockets.asyncio.server import ServerConnection, serve


async def echo(connection: ServerConnection) -> None:
    """Send back what comes."""
    async for message in connection:
        await connection.send(message)


async def main() -> None:
    """Serve until killed."""
    async with serve(echo, "127.0.0.1", 0, backlog=1024) as server:
        print(json.dumps({"ocpp_port": next(iter(server.sockets)).getsockname()[1]}), flush=True)
        await server.serve_forever()


asyncio.run(main())
