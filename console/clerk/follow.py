"""The store's tail in an event loop: a thread waits, the loop gets batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog

from fleet.errors import StoreError
from fleet.events import Event
from fleet.store import Source, Store, Tail

WAIT_SECONDS = 0.5
REST_SECONDS = 0.2
"""Between two looks: under load every one finds that somebody has written."""
FOLLOWED = frozenset({Source.EVENTS, Source.READINGS})
"""Meter values by the hundred a second tell the clerk nothing."""
log = structlog.get_logger("console.clerk")


async def follow(store: Store) -> AsyncIterator[list[Event]]:
    """Batches of events and readings from now on, for ever. A store that is away for a while is waited for."""
    tail = await asyncio.to_thread(lambda: store.tail(sources=FOLLOWED))
    try:
        while True:
            try:
                events = await asyncio.to_thread(_next, tail)
            except StoreError as error:
                log.warning("the store cannot be followed", why=str(error))
                await asyncio.sleep(WAIT_SECONDS)
                continue
            if events:
                yield events
            await asyncio.sleep(REST_SECONDS)
    finally:
        tail.close()


def _next(tail: Tail) -> list[Event]:
    return tail.read() if tail.wait(WAIT_SECONDS) else []
