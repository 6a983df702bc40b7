"""One sensor message, whichever network brought it, and when its figure was measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from fleet.errors import UplinkRefused

GATEWAY_TRUST = timedelta(minutes=5)
"""A gateway whose clock is further than this from its network's is not believed."""
FUTURE = timedelta(minutes=10)
"""A figure measured later than this after now is refused."""
LATE = timedelta(days=7)
"""A figure older than this is kept, marked late."""
LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Message:
    """An uplink as its network tells it.

    `key` is the same for the same message sent again. `device_ids` are the names the network has for the sensor, the
    most usual first. `decoded` is the payload as the network's codec left it, None without one; then `payload` and
    `port` say what came over the air. `body` is the text as received.
    """

    network: str
    source: str
    key: str
    device_ids: tuple[str, ...]
    dev_eui: str | None
    measured_at: datetime
    received_at: datetime
    body: str
    decoded: dict[str, Any] | None = None
    payload: bytes = b""
    port: int = 0
    simulated: bool = False

    @property
    def device_id(self) -> str:
        """The sensor's most usual name."""
        return self.device_ids[0]


def choose_time(server_at: datetime, gateways: Iterable[str | None]) -> datetime:
    """When it was measured: the earliest gateway time within 5 minutes of the network server's, else the server's."""
    told = [at for at in map(_read_time, gateways) if at is not None and abs(at - server_at) < GATEWAY_TRUST]
    return min(told, default=server_at)


def need_zone(at: datetime, name: str) -> datetime:
    """`at` in UTC.

    Raises:
        UplinkRefused: it has no zone.
    """
    if at.tzinfo is None:
        raise UplinkRefused(f"{name}: a time without a zone; end it with Z or an offset like +01:00")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise UplinkRefused(f"{name}: no time a sensor can have measured at") from None


def clean_id(text: str, name: str) -> str:
    """A device id fit for the store and the screen.

    Raises:
        UplinkRefused: empty, too long, or not printable.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_ID or not text.isprintable():
        raise UplinkRefused(f"{name}: a device id has 1 to {LONGEST_ID} printable characters")
    return text


def _read_time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None and at.year > 1 else None
