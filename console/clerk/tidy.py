"""What has grown old: frames are forgotten, meter values become hours. A little at a time, so that nobody waits."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from fleet.errors import StoreError
from fleet.settings import OcppSettings
from fleet.store import Writer

EVERY_SECONDS = 600.0
REST_SECONDS = 0.2
"""Between two pieces of work, so that stations are answered meanwhile."""
BLOCKS = 500
MOST_HOURS = 100
"""Rolled up in one round."""
log = structlog.get_logger("console.clerk")


class Tidying:
    """Keeps the store's growth within its settings."""

    def __init__(self, writer: Writer, settings: OcppSettings) -> None:
        self._writer = writer
        self._frames = timedelta(days=settings.frames_days)
        self._meters = timedelta(days=settings.meter_days)

    async def run(self) -> None:
        """Tidy up every ten minutes, for ever."""
        while True:
            try:
                await self.tidy()
            except StoreError as error:
                log.warning("not tidied up", why=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def tidy(self) -> tuple[int, int]:
        """Forget and roll up what is too old; gives blocks of frames forgotten and meter values rolled up."""
        now = self._writer.clock.now()
        blocks = values = 0
        while gone := await self._writer.do(lambda work: work.frames.forget(now - self._frames, BLOCKS)):
            blocks += gone
            await asyncio.sleep(REST_SECONDS)
        for _ in range(MOST_HOURS):
            rolled = await self._writer.do(lambda work: work.meters.roll_up(now - self._meters))
            if rolled is None:
                break
            values += rolled
            await asyncio.sleep(REST_SECONDS)
        return blocks, values
