"""A central system in a process of its own, to be killed: `python crash_server.py SQLALCHEMY_URL PORT`."""

from __future__ import annotations

import asyncio
import sys

from chargers.central import CentralSystem
from fleet.settings import OcppSettings
from fleet.store import Store, Writer


async def main() -> None:
    """Serve until killed."""
    store = Store.open(sys.argv[1])
    writer = Writer(store)
    writer.start()
    central = CentralSystem(store, writer, OcppSettings(port=int(sys.argv[2]), open_stations=True))
    await central.start()
    print(f"PORT {central.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
