"""The message log's writing end: frames are noted in memory and go to the store a block at a time.

Noting one costs less than a microsecond of the event loop; packing is done beside it. Nobody waits for a block: what
money and energy rest on is stored by its own rules, and a crash loses at most the last second of this log.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import structlog

from fleet.errors import StoreError
from fleet.frames import Noted, pack
from fleet.store import Writer
from fleet.tables import WireBlock

BLOCK_SECONDS = 1.0
BLOCK_BYTES = 512 * 1024
MOST_BEING_PACKED = 8
"""Blocks; what comes while so many wait is not kept, and counted."""
log = structlog.get_logger("binwatt.central")


class FrameLog:
    """Frames of all stations, noted as they come and go. `on` False: nothing is kept."""

    def __init__(self, writer: Writer, *, on: bool = True) -> None:
        self._writer = writer
        self._on = on
        self._frames: list[Noted] = []
        self._bytes = 0
        self._began = 0.0
        self._since = writer.clock.now()
        self._timer: asyncio.TimerHandle | None = None
        self._packing: set[asyncio.Future[None]] = set()
        self.lost = 0
        """Frames not kept because the store did not keep up."""

    def note(self, station_id: str, sent: bool, frame: bytes) -> None:
        """A frame came from a station, or was sent to it."""
        if not self._on:
            return
        now = time.monotonic()
        frames = self._frames
        if not frames:
            self._begin(now)
        frames.append((station_id, now - self._began, sent, frame))
        self._bytes += len(frame)
        if self._bytes > BLOCK_BYTES:
            self._hand_over()

    async def stop(self) -> None:
        """Hand the last block to the writer."""
        self._hand_over()
        if self._packing:
            await asyncio.gather(*self._packing)

    def _begin(self, now: float) -> None:
        self._began, self._since = now, self._writer.clock.now()
        self._timer = asyncio.get_running_loop().call_later(BLOCK_SECONDS, self._hand_over)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        frames, self._frames, self._bytes = self._frames, [], 0
        if not frames:
            return
        if len(self._packing) >= MOST_BEING_PACKED:
            self.lost += len(frames)
            return
        until = self._writer.clock.now()
        loop = asyncio.get_running_loop()
        packing = loop.run_in_executor(None, self._pack, frames, self._since, until)
        self._packing.add(packing)
        packing.add_done_callback(self._packing.discard)

    def _pack(self, frames: list[Noted], since: datetime, until: datetime) -> None:
        """On a thread of its own: compressing leaves the event loop free."""
        row = {
            "since": since,
            "until": until,
            "stations": f"|{'|'.join(sorted({frame[0] for frame in frames}))}|",
            "frames": len(frames),
            "body": pack(frames),
        }
        try:
            self._writer.put(WireBlock, row)
        except StoreError as error:
            self.lost += len(frames)
            log.warning("message log not kept", frames=len(frames), why=str(error))
