"""Who failed to log in, and how long they must wait: by station and address together, and by address alone.

Memory is bounded: the entries longest without a failure are forgotten first.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE = 5
"""Failures of one station at one address before it has to wait: somebody is typing a password in."""
FREE_OF_ADDRESS = 100
"""Failures of one address, whatever it calls itself: many stations may stand behind one router."""
FIRST_SECONDS, MOST_SECONDS = 1.0, 60.0
"""The wait doubles with each failure; a password put right is taken within a minute."""
FORGET_SECONDS = 900.0
MOST_KEPT = 10_000


@dataclass(slots=True)
class _Record:
    failures: int = 0
    last: float = 0.0
    until: float = 0.0


class Attempts:
    """Failed attempts of one process. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records: OrderedDict[tuple[str, str], _Record] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    def wait_seconds(self, identity: str, address: str) -> float:
        """How long this station at this address is to wait; 0: it may try."""
        now = self._clock()
        keys = ((identity, _network(address)), ("", _network(address)))
        return max(0.0, *(record.until - now for key in keys if (record := self._records.get(key)) is not None), 0.0)

    def note_failure(self, identity: str, address: str) -> None:
        """It failed. An empty identity: it did not come as far as telling one."""
        network = _network(address)
        if identity:
            self._note((identity, network), FREE)
        self._note(("", network), FREE_OF_ADDRESS)

    def note_success(self, identity: str, address: str) -> None:
        """It is who it says: what it failed before is forgotten, though not what its address did."""
        self._records.pop((identity, _network(address)), None)

    def _note(self, key: tuple[str, str], free: int) -> None:
        now = self._clock()
        record = self._records.setdefault(key, _Record())
        if now - record.last > FORGET_SECONDS:
            record.failures = 0
        record.failures += 1
        record.last = now
        if record.failures > free:
            record.until = now + min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(record.failures - free - 1, 10))
        self._records.move_to_end(key)
        if len(self._records) > MOST_KEPT:
            self._records.popitem(last=False)


def _network(address: str) -> str:
    """The address; of IPv6 its network of 64 bits, for whoever has one address there has them all."""
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv4Address):
        return address
    return str(read.ipv4_mapped or ipaddress.ip_network((int(read) >> 64 << 64, 64)))
