"""What every station's session shares: the store and its writer, the clock, the settings, the counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from chargers.central.contracts import ContractProvider
from chargers.central.frames import FrameLog
from chargers.central.reboots import Reboots
from fleet.settings import HttpSettings, OcppSettings
from fleet.store import Store, Writer
from fleet.tables import Transaction


@dataclass(slots=True)
class Counts:
    """Messages since the central system started, by action."""

    received: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    """CALLs answered with a CALLERROR."""
    tolerated: int = 0
    """CALLs that break their schema in ways that do not matter, answered all the same."""
    unasked: int = 0
    """Results and errors nobody waited for: late, or invented."""
    refused: int = 0
    """Handshakes refused."""

    def as_json(self) -> dict[str, Any]:
        """For health and for the demo's report."""
        return {
            "received": dict(sorted(self.received.items())),
            "sent": dict(sorted(self.sent.items())),
            "rejected": self.rejected,
            "tolerated": self.tolerated,
            "unasked": self.unasked,
            "refused": self.refused,
        }


class Authority(Protocol):
    """Signs stations' certificates."""

    def sign(self, csr_pem: str, station_id: str) -> str:
        """The certificate and what leads to its root, PEM; a ChargersError says why it may not be signed."""
        ...

    @property
    def organisation(self) -> str:
        """What stands as organisation in its certificates."""
        ...

    @property
    def root_pem(self) -> str:
        """Its root certificate."""
        ...

    def tell_status(self, serial: str, algorithm: str, name_hash: str, key_hash: str, state: str) -> bytes:
        """A signed OCSP answer (RFC 6960), DER, on one of its certificates."""
        ...

    def revoke(self, serial: str) -> None:
        """Revoke one of its certificates by its serial number (hexadecimal); twice is once."""
        ...

    def is_revoked(self, serial: str) -> bool:
        """Whether a certificate of its own was revoked, by its serial number (hexadecimal)."""
        ...


class Desk:
    """Shared by all sessions of one central system."""

    def __init__(self, store: Store, writer: Writer, settings: OcppSettings, http: HttpSettings | None = None) -> None:
        self.store = store
        self.writer = writer
        self.clock = store.clock
        self.settings = settings
        self.http = http or HttpSettings()
        self.authority: Authority | None = None
        """None: nobody here signs certificates."""
        self.contracts: ContractProvider | None = None
        """None: vehicles get no contract certificates here."""
        self.counts = Counts()
        self.reboots = Reboots()
        self.frames = FrameLog(writer, on=settings.frames_days > 0)
        self.price: Callable[[Transaction], float | None] = costs_nothing
        """What a charge comes to as it stands; set by whoever keeps the books."""
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside the reading of messages; kept until it ends, cancelled with the central system."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        """Cancel what still runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.frames.stop()


def costs_nothing(_row: Transaction) -> float | None:
    """The price where nobody keeps books."""
    return None
